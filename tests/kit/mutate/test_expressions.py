"""Regular expressions lose what restricts them, one thing at a time."""

from __future__ import annotations

import pytest

from springhead.kit.mutate.expressions import looser_expressions


@pytest.mark.parametrize(
    ("expression", "changed"),
    [
        ("^/orders", ["/orders"]),
        ("(?:^|/)org_", ["/org_"]),
        ("paid$", ["paid"]),
        ("paid(?:/|$)", ["paid/"]),
        ("a|b(c|d)|[|]|\\|", ["b(c|d)|[|]|\\|", "a|[|]|\\|", "a|b(c|d)|\\|", "a|b(c|d)|[|]"]),
        ("5\\$", []),
        ("plain", []),
    ],
)
def test_anchors_and_alternatives_are_removed(expression: str, changed: list[str]) -> None:
    """Bars in groups and classes, and escaped ones, stay."""
    assert [other for other, _ in looser_expressions(expression)] == changed
