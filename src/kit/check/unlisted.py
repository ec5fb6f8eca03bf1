"""Finds members of records that are named like secrets, and that source.json does not list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...core.mapping.mask import build_mask, parse_listed_path
from .subject import Subject

_SECRET = re.compile(
    r"password|passwd|secret|token|(?:access|refresh|id|auth|bearer|bot_access)_?token"
    r"|(?:client|signing|webhook)_?secret|(?:api|private)_?key|authorization|card_?number|cvc|cvv|otp",
    re.IGNORECASE,
)


def check(subject: Subject) -> None:
    """Record members that are named like a secret, and that `redact` would not mask."""
    about = subject.about.value or {}
    mask = build_mask(map(parse_listed_path, [*about.get("secrets", ()), *about.get("pii", ())]))
    unlisted = {keys: None for value in _values(subject) for keys in _secrets(value, ())}
    for keys in unlisted:
        found = mask.at(keys) if mask else None
        if found is None or not found.covers_scalars:
            path = ".".join(keys)
            reason = f"{path} is named like a secret, and secrets does not list it"
            subject.about.add_problem(("secrets",), "unlisted-secret", reason, f'list it: "{path}"')


def _values(subject: Subject) -> Iterator[Any]:
    """List the records, then the scalars of the items around them: a row may read both."""
    yield from (scope.record for scope in subject.samples.accepted)
    for scope in subject.samples.accepted:
        yield {key: member for key, member in scope.item.items() if not isinstance(member, dict | list)}


def _secrets(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """List the keys that lead to texts named like secrets; lists need no key."""
    if isinstance(value, list):
        for element in value:
            yield from _secrets(element, keys)
    for key, member in value.items() if isinstance(value, dict) else ():
        if isinstance(member, str) and member and _SECRET.fullmatch(key):
            yield (*keys, key)
        yield from _secrets(member, (*keys, key))
