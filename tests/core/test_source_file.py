"""The files of a source folder: every problem is on its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead.core.json_value import Steps
from springhead.core.source_file import SourceFile, read_source_file

TEXT = """{
  "api": 1,
  "a/b": {"~": [
    "x, {",
    [[], {"deep": null}]
  ]},
  "last": true
}
"""


def read(tmp_path: Path, text: str) -> SourceFile:
    """Write a file and read it."""
    path = tmp_path / "source.json"
    path.write_text(text)
    return read_source_file(path)


@pytest.mark.parametrize(
    ("steps", "line", "pointer"),
    [
        ((), 1, ""),
        (("api",), 2, "/api"),
        (("a/b",), 3, "/a~1b"),
        (("a/b", "~"), 3, "/a~1b/~0"),
        (("a/b", "~", 0), 4, "/a~1b/~0/0"),
        (("a/b", "~", 1, 1, "deep"), 5, "/a~1b/~0/1/1/deep"),
        (("last",), 7, "/last"),
        (("nothing",), 1, "/nothing"),
    ],
)
def test_a_problem_has_the_line_of_its_value(tmp_path: Path, steps: Steps, line: int, pointer: str) -> None:
    """Brackets and commas inside text do not count; what is not in the file is at its top."""
    file = read(tmp_path, TEXT)

    file.add_problem(steps, "rule", "is wrong")

    assert [(problem.line, problem.pointer) for problem in file.problems] == [(line, pointer)]


def test_every_repeated_key_is_a_problem(tmp_path: Path) -> None:
    """JSON parsers keep the last one without a word."""
    file = read(tmp_path, '{"a": 1,\n"b": {"c": 1,\n"c": 2},\n"a": {"c": 3}}')

    assert [(problem.line, problem.pointer, problem.rule) for problem in file.problems] == [
        (3, "/b/c", "duplicate-key"),
        (4, "/a", "duplicate-key"),
    ]


def test_a_usable_value_has_no_parts_with_problems(tmp_path: Path) -> None:
    """Members are left out, and elements become null, so that the others keep their indexes."""
    file = read(tmp_path, '{"rows": [{"to": 1, "from": "a"}, 7, {}]}')
    file.add_problem(("rows", 0, "to"), "wrong-type", "must be text")
    file.add_problem(("rows", 1), "wrong-type", "must be an object")
    file.add_problem(("rows", 2), "missing-key", "to is missing")

    assert file.usable_value() == {"rows": [{"from": "a"}, None, {}]}
    assert file.has_problem(("rows", 0))
    assert not file.has_problem(("ro",))
