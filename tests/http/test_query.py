"""Queries are read as rudder-server reads them."""

from __future__ import annotations

from springhead.http.query import is_malformed, parse_query


def test_malformed_pairs_are_left_out() -> None:
    """A `;` or a `%` without two digits makes a pair malformed."""
    assert parse_query(b"a=1&a=%C3%A4&b=%zz&c=1;2&d&=x") == {"a": ["1", "ä"], "d": [""], "": ["x"]}
    assert [is_malformed(pair) for pair in (b"a=%4", b";", b"%20")] == [True, True, False]
