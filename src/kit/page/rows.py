"""Says in words where a row reads its value, and what it does with it."""

from __future__ import annotations

from typing import Any

from .conditions import condition
from .functions import function
from .markdown import code, codes, scalar_code, series, value_code
from .paths import Lists, place


def origin_of(value: Any, lists: Lists = (), *, members: str = "") -> str:
    """Say where the value of a row is read, or of a constant in its place; `members` are those of an object."""
    if not isinstance(value, dict):
        return _constant(value)
    places = [place(path, lists) for path in (*as_list(value.get("from", [])), *value.get("all", []))]
    if "all" in value:
        words = f"those of {series(places, 'and')} that have a value"
    elif places:
        words = places[0] if len(places) == 1 else f"the first of these with a value: {series(places, 'or')}"
    elif "template" in value:
        words = f"the text {code(value['template'])}"
    elif "object" in value:
        words = f"an object with {members}" if members else "an object"
    else:
        words = _constant(value["value"])
    when = condition(value.get("when", {}), lists)
    return f"{words}, if {when}" if when else words


def changes_of(value: Any, lists: Lists = ()) -> str:
    """Say what a row does with the value it reads, in the order in which it is done."""
    if not isinstance(value, dict):
        return ""
    omitted, picked = (codes(as_list(value.get(key, [])), "and") for key in ("omit", "pick"))
    words = [
        f"without {omitted}" if omitted else "",
        f"only {picked}" if picked else "",
        "every element as an object" if "each" in value else "",
        *(function(call) for call in as_list(value.get("apply", []))),
        f"looked up in {code(value['lookup'])}" if "lookup" in value else "",
    ]
    otherwise = f"otherwise {described(value['else'], lists)}" if "else" in value else ""
    return "; ".join(filter(None, (", then ".join(filter(None, words)), otherwise)))


def described(value: Any, lists: Lists = ()) -> str:
    """Say in one phrase where a value is read and what is done with it."""
    inside = value.get("object", {}) if isinstance(value, dict) else {}
    members = [f"{code(name)}: {described(member, lists)}" for name, member in inside.items()]
    origin, changes = origin_of(value, lists, members=series(members)), changes_of(value, lists)
    return f"{origin} ({changes})" if changes else origin


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and anything else as a list of it."""
    return value if isinstance(value, list) else [value]


def _constant(value: Any) -> str:
    return f"always {value_code(value) if isinstance(value, dict | list) else scalar_code(value)}"
