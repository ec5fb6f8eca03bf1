"""`capture`: which expressions it accepts, what they find, and that no text makes one slow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from springhead.core.errors import InvalidRegex
from springhead.core.mapping.capture import compile_capture
from springhead.core.regex import compile_regex
from support.effort import scaled

ACCEPTED = [
    "(?:^|/)(org_[^/?#]+)",
    "/organizations/([^/?#]+)/members",
    "/orders/([0-9]+)",
    "/orders/(.+)",
    "[0-9]+",
    "^([^@]+)@",
    "^([0-9]+)$",
    "@([^@]*)$",
    r"a(\d{3})-b",
    "a([bc]{1,2})d[bc]*a",
    "a([^ab]*)b[^bc]*c",
    "/([a-c]*)(?:/|$)",
    "aab?ca*",
    r"\((\w+)\)",
    r"\[([^\[\]]*)\]",
    "=([^&=]*)&",
    r"a[\s\-.]*b",
    r"(\D)a",
    r"x\|",
]


@pytest.mark.parametrize("expression", ACCEPTED)
@given(
    text=st.text("abcd/?#=&@()[]|-._012orgsmebd\n é٣", max_size=20) | st.sampled_from(["/org_1/members", ""])
)
def test_it_finds_what_any_engine_finds(expression: str, text: str) -> None:
    """It finds the same part as a backtracking search, in the same texts as `matches`."""
    plain = re.compile(expression.replace("$", r"\Z"), re.ASCII)
    found = plain.search(text)

    captured = compile_capture(expression)(text)

    assert captured == (found and found[plain.groups])
    assert (captured is not None) is compile_regex(expression)(text)


tokens = st.tuples(
    st.sampled_from(["a", "b", "c", "[ab]", "[^a]", "[^bc]", "."]),
    st.sampled_from([("", 1, 1), ("*", 0, 999), ("+", 1, 999), ("?", 0, 1), ("{2}", 2, 2), ("{1,2}", 1, 2)]),
)


def steps(parts: list[tuple[set[str], int, int]], text: str) -> int:
    """Count the characters looked at in a search for sets of characters, with their least and most."""
    count = 0
    for start in range(len(text)):
        position = start
        for characters, least, most in parts:
            end = position
            while end < len(text) and end - position < most and text[end] in characters:
                end += 1
            count += end - position + 1
            if end - position < least:
                break
            position = end
        else:
            break
    return count


@settings(max_examples=scaled(300), deadline=None)
@given(parts=st.lists(tokens, min_size=1, max_size=5), unit=st.text("abc", min_size=1, max_size=4))
def test_every_expression_it_accepts_is_linear(
    parts: list[tuple[str, tuple[str, int, int]]], unit: str
) -> None:
    """A search looks at no character more than a few times for each part, and finds what `re` finds."""
    expression = "".join(regex + repeat for regex, (repeat, _, _) in parts)
    try:
        capture = compile_capture(expression)
    except InvalidRegex:
        reject()
    text = unit * 100
    found = re.search(expression, text)

    assert capture(text) == (found and found[0])

    sets = [({c for c in "abc" if re.match(regex, c)}, least, most) for regex, (_, least, most) in parts]
    assert steps(sets, text) <= 4 * len(sets) * len(text)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("[0-9]+x", "write a character that it does not match before it"),
        ("[0-9]+$", "write a character that it does not match before it"),
        ("a[a-z]+1", "write a character that it does not match before it"),
        ("/(.*)/", "write a character that it does not match before it"),
        ("/[^/]+[a-z]", "write a character that it does not match after it"),
        ("^.*x", "write a character that it does not match after it"),
        ("/[a-z]*[0-9]*/", "write a character that it does not match after it"),
        ("a(b)?", "capture does not support"),
        ("a{0}[0-9]+x", "capture does not support"),
        ("(a|b)", "capture does not support"),
        ("/(.+?)/", "capture does not support"),
        ("a^", "capture does not support"),
        ("a$b", "capture does not support"),
        ("(?i)a", "capture does not support"),
        (r"(\p{L}+)", "capture does not support"),
        (r"\bx", "capture does not support"),
        ("(a)(b)", "capture takes one group"),
        ("(a", "missing )"),
        ("(?=a)", "look-around"),
        ("[[:digit:]]", "classes such as [:alpha:]"),
    ],
)
def test_what_could_be_slow_is_refused_with_advice(expression: str, reason: str) -> None:
    """A repetition must stand between characters it cannot match, and alternatives are two rows."""
    with pytest.raises(InvalidRegex) as error:
        compile_capture(expression)

    assert reason in str(error.value)
