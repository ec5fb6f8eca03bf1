"""Paths: the text an author writes to say where a value is read or written, and how it is followed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .mask import Mask

ROOTS = ("$item", "$request", "$config", "$parent", "$event")
REQUEST_PARTS = ("headers", "query", "method", "url")
LAST_INDEX = 999
"""The highest list index a row may write: a typing error must not allocate a million nulls."""

_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[^."]+')


class PathError(ValueError):
    """A path that cannot be read; the message says why and what to write instead."""


@dataclass(frozen=True, slots=True)
class Path:
    """Where a value is read: a root (`""` is the record), and the keys to follow from it.

    `exact` paths hold a quoted step; the others may also meet keys that contain dots.
    """

    text: str
    root: str
    keys: tuple[str, ...]
    exact: bool = False
    mask: Mask | None = None

    def masked(self, mask: Mask | None) -> Path:
        """The same path, whose value is masked after it is read."""
        return replace(self, mask=mask)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value is written: keys from the event, and whether it is appended to the list there."""

    text: str
    keys: tuple[str, ...]
    append: bool = False


def parse_path(text: str) -> Path:
    """Read a path such as `details.request.path`, `$item.log_id`, `tags.0` or `"a.b".c`.

    `$` alone is what the row reads: the record, or inside `each` the element.

    Raises:
        PathError: the text is no path.
    """
    if text == "$":
        return Path(text, "", ())
    steps, quoted = _steps(text)
    root = ""
    if steps[0].startswith("$") and not quoted[0]:
        root, *steps = steps
        if root not in ROOTS:
            raise PathError(
                f"{root} is no root: use one of {', '.join(ROOTS)}, or quote a key that starts with $"
            )
        if root == "$request":
            steps = _request_steps(steps)
    return Path(text, root, tuple(steps), exact=any(quoted))


def parse_target(text: str) -> Target:
    """Read where a row writes: `properties.id`, `context.ids.0.type`, `properties.tags[]`.

    Raises:
        PathError: the text is no target.
    """
    append = text.endswith("[]")
    steps, quoted = _steps(text[:-2] if append else text)
    if steps[0].startswith("$") and not quoted[0]:
        raise PathError(f"{steps[0]} is read-only: a row writes into the event, for example properties.id")
    if any(is_index(step) and int(step) > LAST_INDEX for step in steps[1:]):
        raise PathError(f"a list index above {LAST_INDEX}: append with [] instead")
    return Target(text, tuple(steps), append)


def is_index(key: str) -> bool:
    """Whether this key can point into a list: `0`, `7`, not `01` or `-1`."""
    return key.isascii() and key.isdigit() and (key == "0" or key[0] != "0") and len(key) < 10  # noqa: PLR2004 - past any list


def read(value: Any, path: Path) -> Any:
    """The value at `path.keys` of `value`; null and absent are both None.

    Own data only: object members and list elements, never an attribute. Unless the path is exact, a key that
    holds the dots literally is found too: the whole path first, then at each level the next step, then the
    next steps joined.
    """
    keys = path.keys
    if path.exact:
        for key in keys:
            value = member(value, key)
        return value
    if len(keys) > 1 and isinstance(value, dict):
        whole = value.get(".".join(keys))
        if whole is not None:
            return whole
    return follow(value, keys)


def follow(value: Any, keys: tuple[str, ...]) -> Any:
    """Follow `keys` from `value`, joining steps where a key holds dots."""
    start = 0
    while start < len(keys) and value is not None:
        for end in range(start + 1, len(keys) + 1):
            found = member(value, ".".join(keys[start:end]))
            if found is not None:
                break
        else:
            return None
        value, start = found, end
    return value


def member(value: Any, key: str) -> Any:
    """An object's member, or a list's element where the key is an index; else None."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and is_index(key) and int(key) < len(value):
        return value[int(key)]
    return None


def _steps(text: str) -> tuple[list[str], list[bool]]:
    steps: list[str] = []
    quoted: list[bool] = []
    at = 0
    while True:
        match = _STEP.match(text, at)
        if match is None and text[at : at + 1] == '"':
            raise PathError(f"the quote at character {at + 1} of {text!r} does not close")
        if match is None:
            raise PathError(f"a step is missing at character {at + 1} of {text!r}: steps stand between dots")
        step = match.group()
        quoted.append(step[0] == '"')
        steps.append(_unquoted(step) if step[0] == '"' else step)
        at = match.end()
        if at == len(text):
            return steps, quoted
        if text[at] != ".":
            raise PathError(f"a dot is missing at character {at + 1} of {text!r}")
        at += 1


def _unquoted(step: str) -> str:
    try:
        return str(json.loads(step))
    except ValueError:
        raise PathError(f'{step} is not a quoted key: inside it, write \\" and \\\\') from None


def _request_steps(steps: list[str]) -> list[str]:
    if not steps or steps[0] not in REQUEST_PARTS:
        raise PathError(f"$request has {', '.join(REQUEST_PARTS)}: for example $request.headers.x-event")
    if steps[0] == "headers":
        return [step.lower() for step in steps]
    return steps
