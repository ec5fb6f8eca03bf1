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
    """Name what a row starts from: `customer.id`, `isMobile or is_mobile`."""
    origin = row.get("from", row.get("all", "it"))
    return " or ".join(origin) if isinstance(origin, list) else str(origin)


def lacking(row: dict[str, Any]) -> str:
    """Say what a record holds for which a row has no value before its `else`."""
    if "lookup" in row:
        return f"{origin_text(row)} is not in {row['lookup']}.json"
    if "apply" in row:
        return f"{origin_text(row)} is absent, or is not what the functions take"
    return f"{origin_text(row)} is absent"


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
