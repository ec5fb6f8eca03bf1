"""A file that is not JSON is explained to the person who wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead.core.source_file import read_source_file


@pytest.mark.parametrize(
    ("text", "line", "reason", "advice"),
    [
        ('{"a": 1,\n}', 1, "a comma stands before the closing bracket (column 8)", "remove the comma"),
        ('{"a": [1,\n\n2, ]}', 3, "a comma stands before the closing bracket (column 2)", "remove the comma"),
        ('{\n"a": 1 // one\n}', 2, "JSON has no comments (column 8)", "remove it"),
        ("{'a': 1}", 1, "text stands in double quotes, not in ' (column 2)", 'write "text"'),
        ('{"a": “x”}', 1, "text stands in double quotes, not in “ (column 7)", 'write "text"'),
        ('{"a": 1\n"b": 2}', 2, "a comma is missing before this (column 1)", "put one behind the value before"),
        ('{"a" 1}', 1, "a colon is missing after the key (column 6)", ""),
        ('{"a": "\\d"}', 1, "this backslash begins no escape (column 8)", r"double it: \\d"),
        ('{"a": "x\ny"}', 1, "a line ends inside text (column 9)", r"close the quote, or write \n"),
        ('{"a": True}', 1, "True is not JSON (column 7)", "write true"),
        ("{a: 1}", 1, "a is not JSON (column 2)", 'put it in double quotes: "a"'),
        ('{"a": {"b": 1}', 1, "the file ends too early (column 15)", "close every bracket and every quote"),
        ('{"a": 1}\n}', 2, "there is more behind the end (column 1)", "a file holds one object"),
        ("", 1, "the file ends too early (column 1)", "close every bracket and every quote"),
    ],
)
def test_a_mistake_is_named_where_it_is(tmp_path: Path, text: str, line: int, reason: str, advice: str) -> None:
    """Whatever Python's own decoder calls it."""
    path = tmp_path / "mapping.json"
    path.write_text(text)

    (problem,) = read_source_file(path).problems

    assert (problem.line, problem.reason, problem.advice) == (line, f"not JSON: {reason}", advice)
