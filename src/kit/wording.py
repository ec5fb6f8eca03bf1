"""Says in words what a record must hold to satisfy a condition of a mapping, or to fail it."""

from __future__ import annotations

import json
from typing import Any


def satisfied(when: dict[str, Any]) -> str:
    """Say what a record holds that satisfies a whole `when`: `type is "ss" and user_id is present`."""
    parts = [condition(path, wanted) for path, wanted in when.items() if path != "any"]
    if alternatives := when.get("any"):
        parts.append(f"one of these holds: {'; or '.join(map(satisfied, alternatives))}")
    return " and ".join(parts) or "anything does"


def unsatisfied(when: dict[str, Any]) -> str:
    """Say what a record holds that fails a whole `when`."""
    if len(when) == 1 and "any" not in when:
        ((path, wanted),) = when.items()
        return condition(path, wanted, holds=False)
    return f"this does not hold: {satisfied(when)}"


def condition(path: str, wanted: Any, *, holds: bool = True) -> str:
    """Say what it takes for one entry of a `when` to hold, or to fail: `type is "ss"`, `type is not "ss"`."""
    if not isinstance(wanted, dict):
        values = wanted if isinstance(wanted, list) else [wanted]
        return f"{path} is {'' if holds else 'not '}{_alternatives(values)}"
    parts = [_matcher(path, word, argument, holds=holds) for word, argument in wanted.items()]
    return (" and " if holds else " or ").join(parts)


def origin_text(row: dict[str, Any]) -> str:
    """Name what a row starts from: `customer.id`, `isMobile or is_mobile`, `"{first} {last}"`."""
    if "template" in row:
        return json.dumps(row["template"], ensure_ascii=False)
    origin = row.get("from", row.get("all", "it"))
    return " or ".join(origin) if isinstance(origin, list) else str(origin)


def providing(row: Any) -> str:
    """Say which record gives a row, or a constant in its place, a value before its `else`."""
    if not isinstance(row, dict):
        return "a record that gets to it"
    origin = origin_text(row)
    if "lookup" in row:
        record = f"a record in which {origin} is in {row['lookup']}.json"
    elif "template" in row:
        record = f"a record with a value for every part of {origin}"
    elif "from" in row or "all" in row:
        taken = " that the functions take" if "apply" in row else ""
        record = f"a record with a value at {origin}{taken}"
    else:
        return f"a record in which {satisfied(row['when'])}" if "when" in row else "a record that gets to it"
    return f"{record}, and {satisfied(row['when'])}" if "when" in row else record


def lacking(row: dict[str, Any]) -> str:
    """Say what a record holds for which a row has no value before its `else`."""
    origin = origin_text(row)
    if "lookup" in row:
        return f"{origin} is not in {row['lookup']}.json"
    absent = f"a part of {origin} is absent" if "template" in row else f"{origin} is absent"
    return f"{absent}, or is not what the functions take" if "apply" in row else absent


def _matcher(path: str, word: str, argument: Any, *, holds: bool) -> str:
    negation = "" if holds else "not "
    match word:
        case "exists":
            return f"{path} is {'present' if bool(argument) is holds else 'absent'}"
        case "not":
            return condition(path, argument, holds=not holds)
        case "prefix":
            prefixes = argument if isinstance(argument, list) else [argument]
            return f"{path} {'starts' if holds else 'does not start'} with {_alternatives(prefixes)}"
        case "matches":
            return f"{path} {'matches' if holds else 'does not match'} {json.dumps(argument)}"
        case _:
            return f"{path} is {negation}{json.dumps(argument, ensure_ascii=False)} in any case"


def _alternatives(values: list[Any]) -> str:
    return " or ".join("absent" if value is None else json.dumps(value, ensure_ascii=False) for value in values)
