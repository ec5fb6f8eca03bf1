"""Mutants: a source with one thing removed or changed."""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.json_value import Steps

MUTATIONS = (
    *("remove-rule", "remove-row", "remove-condition", "change-condition", "remove-path", "remove-member"),
    *("remove-else", "remove-function", "change-argument", "remove-lookup", "remove-target", "remove-entry"),
    *("remove-setting", "remove-keyword"),
)
"""The codes of what is changed. They stay the same from release to release, because waivers name them."""


class Mutant(msgspec.Struct, frozen=True):
    """One change of a file.

    Attributes:
        code: one of `MUTATIONS`.
        file: the file that is changed.
        steps: the place of the change.
        content: the file as it is then; empty for `remove-entry`, which takes the entry out of a loaded table.
        change: the change, as in `without lower`.
        record: what a fixture must hold for its outcome to change.
        tests: the place whose points a fixture runs that is likely to notice.
        listed: the path of secrets or pii that is removed.
    """

    code: str
    file: str
    steps: Steps
    content: dict[str, Any]
    change: str
    record: str
    tests: Steps = ()
    listed: str = ""


def removed(value: Any, steps: Steps) -> Any:
    """Return a JSON value without what these steps lead to. It shares all else with the value."""
    return _changed(value, steps, lambda copy, step: copy.pop(step))


def replaced(value: Any, steps: Steps, other: Any) -> Any:
    """Return a JSON value with another value at these steps. It shares all else with the value."""
    return _changed(value, steps, lambda copy, step: copy.__setitem__(step, other))


def _changed(value: Any, steps: Steps, change: Any) -> Any:
    step, *below = steps
    copy = value.copy()
    if below:
        copy[step] = _changed(value[step], tuple(below), change)
    else:
        change(copy, step)
    return copy
