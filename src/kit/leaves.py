"""Takes JSON values apart into their leaves, by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.json_value import Steps


def leaves(value: Any) -> dict[str, Any]:
    """Return the scalars and empty containers of a value by their dotted paths."""
    return {dotted(steps): leaf for steps, leaf in leaf_steps(value)}


def leaf_steps(value: Any, above: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """List the scalars and empty containers of a value, each with the steps to it."""
    if not value or not isinstance(value, dict | list):
        yield above, value
        return
    for step, member in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaf_steps(member, (*above, step))


def without(value: Any, steps: Steps) -> Any:
    """Return a copy of a value that lacks what is at these steps; in a list, null takes its place."""
    *above, last = steps
    if not above:
        if isinstance(value, dict):
            return {key: member for key, member in value.items() if key != last}
        return [*value[: int(last)], *([] if value[last] is None else [None]), *value[int(last) + 1 :]]
    return _with_member(value, steps[0], without(value[steps[0]], steps[1:]))


def with_leaf(value: Any, steps: Steps, leaf: Any) -> Any:
    """Return a copy of a value with another leaf at these steps."""
    return _with_member(value, steps[0], with_leaf(value[steps[0]], steps[1:], leaf)) if steps else leaf


def changed_leaf(leaf: Any) -> Any:
    """Return another leaf of the same type; an empty container or null stays as it is."""
    if isinstance(leaf, bool):
        return not leaf
    if isinstance(leaf, str):
        return f"{leaf}x"
    return leaf + 1 if isinstance(leaf, int | float) else leaf


def _with_member(value: Any, step: str | int, member: Any) -> Any:
    copy = value.copy()
    copy[step] = member
    return copy


def paths_overlap(path: str, other: str) -> bool:
    """Whether one of two dotted paths is the other, or leads to it."""
    shorter, longer = sorted((path, other), key=len)
    return longer == shorter or longer.startswith(f"{shorter}.")


def dotted(steps: Steps) -> str:
    """Write steps as a dotted path."""
    return ".".join(map(str, steps))
