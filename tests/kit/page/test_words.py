"""What the words of a mapping are called on a page."""

from __future__ import annotations

from typing import Any

import pytest

from springhead.core.mapping.functions import FUNCTIONS
from springhead.kit.page.conditions import condition
from springhead.kit.page.fields import fields_of
from springhead.kit.page.functions import WITH_ARGUMENT, WITHOUT_ARGUMENT, function
from springhead.kit.page.paths import place
from springhead.kit.page.rows import described


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("user.id", "`user.id`"),
        ("$", "the record"),
        ("$item", "the item"),
        ("$item.log_id", "`log_id` of the item"),
        ("$request.headers.x-topic", "the header `x-topic`"),
        ("$request.query.shop", "the query value `shop`"),
        ("$request.url", "the URL"),
        ("$config.region", "the setting `region`"),
        ("$parent.id", "`id` outside the list"),
        ("$event.properties.id", "`properties.id` of the event"),
        ('"$ref".a', '`"$ref".a`'),
    ],
)
def test_every_root_has_a_name(path: str, words: str) -> None:
    """An operator need not know the roots of the language."""
    assert place(path) == words


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"a": "x"}, "`a` is `x`"),
        ({"a": None}, "`a` has no value"),
        ({"a": ["x", 1, None]}, "`a` is `x` or `1` or has no value"),
        ({"a": {"not": ["x", None]}}, "`a` is not `x` and has a value"),
        ({"a": {"not": ["x", "y"]}}, "`a` is none of `x` and `y`"),
        ({"a": {"exists": False}}, "`a` has no value"),
        ({"a": {"not": {"exists": False}}}, "`a` has a value"),
        ({"a": {"prefix": ["x", "y"]}}, "`a` starts with `x` or `y`"),
        (
            {"a": {"not": {"prefix": "x", "matches": "y$"}}},
            "`a` does not start with `x` or does not match `y$`",
        ),
        ({"a": {"ignore_case": "x"}}, "`a` is `x` (ignoring case)"),
        ({"a": ["x", {"prefix": "y"}]}, "`a` is `x` or starts with `y`"),
        ({"a": "x", "b": True}, "`a` is `x`, and `b` is `true`"),
        ({"any": [{"a": "x"}]}, "`a` is `x`"),
        (
            {"a": "x", "any": [{"b": 1}, {"c": 2}]},
            "`a` is `x`, and any of these: (`b` is `1`); (`c` is `2`)",
        ),
        ({"a.*.b": "x"}, "one of `a.*.b` is `x`"),
        ({"a.*.b": {"not": "x"}}, "none of `a.*.b` is `x`"),
        ({"a.*.b": None}, "none of `a.*.b` has a value"),
        ({"a.*.b": {"exists": False}}, "none of `a.*.b` has a value"),
        ({"a.*.b": {"exists": True}}, "one of `a.*.b` has a value"),
    ],
)
def test_a_condition_is_said_in_words(when: dict[str, Any], words: str) -> None:
    """With `not` turned around where it stands."""
    assert condition(when) == words


def test_every_function_has_words() -> None:
    """With an argument, without one, or both."""
    assert {*WITH_ARGUMENT, *WITHOUT_ARGUMENT} == {*FUNCTIONS}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("lower", "in lower case"),
        ({"lower": None}, "in lower case"),
        ({"time": "s"}, "as a time, from seconds since 1970"),
        ({"time": "%d/%m/%Y"}, "as a time, from `%d/%m/%Y`"),
        ({"split": ", "}, 'split at `", "`'),
        ({"join": ""}, "joined"),
        ({"at": 0}, "the first element"),
        ({"at": 2}, "element 3"),
        ({"at": -2}, "element 2 from the end"),
        ({"slice": 3}, "the part from position 3 to the end"),
        ({"slice": [None, 8]}, "the part from the start to position 8"),
        ({"replace": ["-", ""]}, "without `-`"),
        ({"replace": ["-", "_"]}, "with `-` replaced by `_`"),
        ({"shift": 1}, "with the decimal point 1 place to the right"),
        ({"capture": "a|b"}, "the part captured by <code>a&#124;b</code>"),
    ],
)
def test_a_function_is_said_in_words(call: Any, words: str) -> None:
    """Its argument included."""
    assert function(call) == words


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Order Paid", "always `Order Paid`"),
        ({"value": [1]}, "always `[1]`"),
        ({"from": ["a", "b"]}, "the first of these with a value: `a` or `b`"),
        (
            {"all": ["a", "b"], "apply": {"join": "-"}},
            "those of `a` and `b` that have a value (joined with `-`)",
        ),
        ({"template": "{a}|{b}"}, "the text <code>&#123;a&#125;&#124;&#123;b&#125;</code>"),
        ({"object": {"a": {"from": "b"}, "c": 1}}, "an object with `a`: `b`, `c`: always `1`"),
        ({"from": "a", "when": {"b": 1}}, "`a`, if `b` is `1`"),
        ({"from": "a", "omit": "b", "apply": ["compact"]}, "`a` (without `b`, then without nulls)"),
        ({"from": "a", "lookup": "names", "else": "?"}, "`a` (looked up in `names`; otherwise always `?`)"),
    ],
)
def test_a_row_is_said_in_words(row: Any, words: str) -> None:
    """Where its value is read, then what is done with it."""
    assert described(row) == words


def test_the_rows_of_a_list_are_fields_of_their_own() -> None:
    """With the whole path of what they read, `$parent` included."""
    row = {
        "from": "items",
        "to": "properties.products",
        "each": [
            {"from": "sku", "to": "id"},
            {"from": "$parent.currency", "to": "currency"},
            {"from": "parts.*", "to": "parts", "each": [{"from": "$", "to": "value"}]},
        ],
    }

    assert [(field.targets, field.origin) for field in fields_of(row, ("map", 0))] == [
        (("properties.products",), "`items`"),
        (("properties.products.*.id",), "`items.*.sku`"),
        (("properties.products.*.currency",), "`currency`"),
        (("properties.products.*.parts",), "`items.*.parts.*`"),
        (("properties.products.*.parts.*.value",), "`items.*.parts.*`"),
    ]


def test_the_members_of_an_object_are_fields_of_their_own() -> None:
    """Constants among them."""
    row = {"object": {"id": {"from": "id"}, "type": "user"}, "to": "context.actor"}

    assert [(field.targets, field.below, field.origin) for field in fields_of(row, ())] == [
        (("context.actor",), (), "an object"),
        (("context.actor.id",), ("id",), "`id`"),
        (("context.actor.type",), ("type",), "always `user`"),
    ]
