"""Paths: the text with which an author says where a value is read or written, and how it is followed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from ..errors import InvalidPath
from ..request import is_credential

if TYPE_CHECKING:
    from .mask import Mask

ROOTS = ("$item", "$request", "$config", "$parent", "$event")
REQUEST_PARTS = ("headers", "query", "method", "url")
STAR = "*"
"""A step that stands for every element of a list, or every member of an object."""
MAX_INDEX = 999
"""The highest list index a row may write, so that a typing error cannot allocate a million nulls."""

_STAR_ADVICE = 'a * stands for a whole step: quote a key that has one in it, as "a*"'
_STARS_ADVICE = "only secrets and pii take **; a * stands for every element or member"
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[^."]+')
_MAX_INDEX_DIGITS = 9
"""Digits of the longest key that counts as an index: more than any list has elements."""


class Path(msgspec.Struct, frozen=True):
    """Where a value is read: a root (`""` is the record), and the keys to follow from it.

    Attributes:
        text: as written.
        root: one of `ROOTS`, or `""`.
        keys: the steps, up to the first `*`.
        exact: whether a step is quoted; any other path also finds keys that contain dots.
        stars: for each `*`, the path from what it stands for to the next one, or to the end.
        mask: what is masked of the value at `keys`, once it is read.
    """

    text: str
    root: str
    keys: tuple[str, ...]
    exact: bool = False
    stars: tuple[Path, ...] = ()
    mask: Mask | None = None

    def joined(self, inner: Path) -> Path:
        """Return the path that reads `inner`, which has no star, from what this one reads."""
        if self.stars:
            return replace(self, stars=(*self.stars[:-1], self.stars[-1].joined(inner)))
        return Path(f"{self.text}.{inner.text}", self.root, self.keys + inner.keys, self.exact or inner.exact)

    def masked(self, mask: Mask | None) -> Path:
        """Return the same path with a mask."""
        return replace(self, mask=mask)


class Target(msgspec.Struct, frozen=True):
    """Where a value is written: the keys from the event, and whether it is appended to the list there."""

    text: str
    keys: tuple[str, ...]
    append: bool = False

    def replaces(self, keys: tuple[str, ...]) -> bool:
        """Whether what is written may be what these keys lead to, or makes that a list.

        What is written below it makes an object of it.
        """
        below = self.keys[len(keys) :]
        return self.keys == keys[: len(self.keys)] or (self.keys[: len(keys)] == keys and is_index(below[0]))


def parse_path(text: str) -> Path:
    """Parse a path such as `details.request.path`, `$item.log_id`, `tags.0`, `labels.*.name` or `"a.b".c`.

    `$` alone is what the row reads: the record, or inside `each` the element.

    Raises:
        InvalidPath: the text cannot be read as a path.
    """
    path, quoted = _parse(text)
    pieces: list[list[str]] = [[]]
    for key, is_quoted in zip(path.keys, quoted, strict=True):
        if key == STAR and not is_quoted:
            pieces.append([])
        elif STAR in key and not is_quoted:
            raise InvalidPath(f"{key} is not a step", _STARS_ADVICE if key == "**" else _STAR_ADVICE)
        else:
            pieces[-1].append(key)
    keys, *rest = map(tuple, pieces)
    stars = tuple(Path(".".join(piece), "", piece, path.exact) for piece in rest)
    return replace(path, keys=keys, stars=stars)


def parse_single_path(text: str) -> Path:
    """Parse a path that leads to one place: it has no `*`.

    Raises:
        InvalidPath: the text cannot be read as such a path.
    """
    path = parse_path(text)
    if path.stars:
        advice = "from, all, each and patterns take a *"
        raise InvalidPath(f"{text} may lead to many values, and one is needed here", advice)
    return path


def parse_plain_path(text: str) -> Path:
    """Parse a path in which a star is a key like any other.

    Raises:
        InvalidPath: the text cannot be read as a path.
    """
    return _parse(text)[0]


def _parse(text: str) -> tuple[Path, list[bool]]:
    """Parse a path as it is written; returns it, and whether each of its keys was quoted."""
    if text == "$":
        return Path(text, "", ()), []
    steps, quoted = _steps(text)
    root = ""
    if steps[0].startswith("$") and not quoted[0]:
        root, *steps = steps
        del quoted[0]
        if root not in ROOTS:
            advice = f"use one of {', '.join(ROOTS)}, or quote a key that starts with $"
            raise InvalidPath(f"there is no root {root}", advice)
        if root == "$request":
            steps = _request_steps(steps)
    return Path(text, root, tuple(steps), exact=any(quoted)), quoted


def parse_target(text: str) -> Target:
    """Parse where a row writes: `properties.id`, `context.ids.0.type`, `properties.tags[]`.

    Raises:
        InvalidPath: the text cannot be read as a target.
    """
    append = text.endswith("[]")
    steps, quoted = _steps(text[:-2] if append else text)
    if steps[0].startswith("$") and not quoted[0]:
        raise InvalidPath(f"{steps[0]} is read-only", "a row writes into the event, for example properties.id")
    if any(STAR in step and not is_quoted for step, is_quoted in zip(steps, quoted, strict=True)):
        raise InvalidPath("a row writes to one place, not to *", "write the elements of a list with each")
    if any(is_index(step) and int(step) > MAX_INDEX for step in steps[1:]):
        raise InvalidPath(f"the list index is above {MAX_INDEX}", "append with [] instead")
    return Target(text, tuple(steps), append)


def is_index(key: str) -> bool:
    """Whether a key can be the index of a list element: `0` or `7`, not `01` or `-1`."""
    return key.isascii() and key.isdigit() and (key == "0" or key[0] != "0") and len(key) <= _MAX_INDEX_DIGITS


def read(value: Any, path: Path) -> Any:
    """Read what is at `path.keys` of a value; null and absent are both None.

    Only members of objects and elements of lists are found, never an attribute. Unless the path is exact, keys
    with dots in them are found too: first the whole path as one key, then at each level the next step, then the
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
    """Follow keys from a value, joining them if a key of the value has dots in it."""
    start, length = 0, len(keys)
    while start < length and value is not None:
        found, end = member(value, keys[start]), start + 1
        while found is None and end < length:
            end += 1
            found = member(value, ".".join(keys[start:end]))
        value, start = found, end
    return value


def member(value: Any, key: str) -> Any:
    """Return an object's member, or a list's element if the key is an index; else None."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and is_index(key) and int(key) < len(value):
        return value[int(key)]
    return None


def _steps(text: str) -> tuple[list[str], list[bool]]:
    """Split a path at its dots; returns the steps, and whether each was quoted."""
    steps: list[str] = []
    quoted: list[bool] = []
    offset = 0
    while True:
        match = _STEP.match(text, offset)
        if match is None:
            raise _missing_step(text, offset)
        step = match.group()
        quoted.append(step[0] == '"')
        steps.append(_unquoted(step) if step[0] == '"' else step)
        offset = match.end()
        if offset == len(text):
            return steps, quoted
        if text[offset] != ".":
            raise InvalidPath(f"a dot is missing at character {offset + 1} of {text!r}")
        offset += 1


def _missing_step(text: str, offset: int) -> InvalidPath:
    if text[offset : offset + 1] == '"':
        return InvalidPath(f"the quote at character {offset + 1} of {text!r} does not close")
    return InvalidPath(f"a step is missing at character {offset + 1} of {text!r}", "put steps between the dots")


def _unquoted(step: str) -> str:
    try:
        return str(json.loads(step))
    except ValueError:
        raise InvalidPath(f"{step} is not a quoted key", 'inside the quotes, write \\" and \\\\') from None


def _request_steps(steps: list[str]) -> list[str]:
    if not steps or steps[0] not in REQUEST_PARTS:
        raise InvalidPath(
            f"$request has {', '.join(REQUEST_PARTS)}", "write for example $request.headers.x-event"
        )
    part, *names = steps
    if part in ("headers", "query") and names and is_credential(part, names[0]):
        raise InvalidPath(f"{names[0]} cannot be read", "it is a credential, which no mapping gets to see")
    return [step.lower() for step in steps] if part == "headers" else steps
