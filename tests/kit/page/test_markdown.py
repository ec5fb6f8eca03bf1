"""Text from outside stays text."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from springhead.kit.page.markdown import (
    code,
    fence,
    link,
    printable,
    scalar_code,
    series,
    table,
    text,
    value_code,
)


@given(st.text())
def test_code_shows_what_it_was_given(value: str) -> None:
    """Whatever that is, it neither ends its cell nor its line, and its markup is not markup."""
    written = code(value)

    if written.startswith("<code>"):
        inside = written.removeprefix("<code>").removesuffix("</code>")
        assert html.unescape(inside) == printable(value)
        assert not set(inside) & set("<>`*_[]|\\")
    else:
        assert written == f"`{printable(value)}`"
        assert not set(value) & set("`|")


@given(st.text())
def test_text_stays_in_its_cell(value: str) -> None:
    """It has no pipe, no tag and no line break."""
    written = text(value)

    assert not set(written) & set("|<\n\r")
    assert written.isprintable()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Streams > *New*", r"Streams > \*New\*"),
        ("a|b", "a&#124;b"),
        ("<script>", "&lt;script>"),
        ("set signing_secret", "set signing_secret"),
        ("_so_", r"\_so\_"),
        ("[a](b)", r"\[a\](b)"),
        ("two\nlines", "two lines"),
        ("a {#id}", "a &#123;#id}"),
        ("\u202eright", r"\\u202eright"),
    ],
)
def test_markup_is_escaped(value: str, written: str) -> None:
    """But underscores within a word are none."""
    assert text(value) == written


@pytest.mark.parametrize(("value", "written"), [("# a", r"\# a"), ("1. a", r"1\. a"), ("- a", r"\- a")])
def test_a_line_does_not_become_a_heading_or_a_list(value: str, written: str) -> None:
    """Where text begins a line, its first characters count as well."""
    assert text(value, begins_line=True) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("paid", "`paid`"), ("", '`""`'), ("1", '`"1"`'), (1, "`1`"), (True, "`true`"), (" a", '`" a"`')],
)
def test_a_scalar_is_not_taken_for_another(value: object, written: str) -> None:
    """Text that looks like a number is quoted."""
    assert scalar_code(value) == written


def test_a_long_value_is_cut_off() -> None:
    """So that a table stays readable."""
    assert value_code("x" * 100) == f'`"{"x" * 59}…`'


def test_a_block_of_code_holds_what_would_end_it() -> None:
    """Its marks are longer than any in it."""
    assert fence("```\na") == "````\n```\na\n````"


def test_a_link_holds_nothing_that_ends_it() -> None:
    """What a URL cannot hold is percent-encoded."""
    assert link("https://example.com/a|b>") == "<https://example.com/a%7Cb%3E>"


def test_words_are_joined_as_people_do() -> None:
    """With commas, and one conjunction."""
    assert series(["a"], "or") == "a"
    assert series(["a", "b", "c"], "or") == "a, b or c"


def test_a_table_without_rows_is_not_written() -> None:
    """Nor is its header."""
    assert table(("A",), []) == ""
    assert table(("A", ""), [("x", "")]) == "| A | |\n| --- | --- |\n| x | |"
