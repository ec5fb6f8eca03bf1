"""Recognises who an event is about, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from .fields import Field
from .privacy import PEOPLE, Kind, kind_of

_USER_IDS = (
    *("user_id", "userid", "customer_id", "app_user_id", "external_user_id", "contact_id", "member_id"),
    *("subscriber_id", "uid", "subscriber_key"),
)
_IDS_OF_PEOPLE = ("id", "user_id", "uid", "external_id", "uuid", "_id", "")
_MAX_ALTERNATIVES = 3

_TRAITS: dict[Kind, tuple[str, list[Any]]] = {
    Kind.EMAIL: ("context.traits.email", ["lower"]),
    Kind.NAME: ("context.traits.name", []),
    Kind.FIRST_NAME: ("context.traits.firstName", []),
    Kind.LAST_NAME: ("context.traits.lastName", []),
    Kind.PHONE: ("context.traits.phone", []),
    Kind.IP: ("context.ip", []),
    Kind.USER_AGENT: ("context.userAgent", []),
}
"""Where a kind of value goes, and the functions applied to it."""


class Recognised(msgspec.Struct, frozen=True):
    """A target, and the fields that hold its value: those after the first where it has none."""

    target: str
    fields: tuple[Field, ...]
    apply: list[Any]


def find_people(fields: Sequence[Field], count: int) -> list[Recognised]:
    """Find the user's id, then what is known of the user."""
    ids = _best([field for field in fields if _is_user_id(field)], count, _id_rank)
    found = [Recognised("userId", ids, [])] if ids else []
    owner = ids[0].owner if ids else ""
    for kind, (target, apply) in _TRAITS.items():
        candidates = [field for field in fields if _is(field, kind)]
        if chosen := _best(candidates, count, lambda field: _rank(field, owner)):
            found.append(Recognised(target, chosen, apply))
    return found


def _is_user_id(field: Field) -> bool:
    if not field.holds(str, int) or len(field.words) > 3:  # noqa: PLR2004 - deeper ones are of something else
        return False
    return field.name in _USER_IDS or (field.owner in PEOPLE and field.name in _IDS_OF_PEOPLE)


def _is(field: Field, kind: Kind) -> bool:
    return all(kind_of(field.words, value) is kind for value in field.values.values())


def _id_rank(field: Field) -> tuple[Any, ...]:
    order = _USER_IDS.index(field.name) if field.name in _USER_IDS else len(_USER_IDS)
    return (len(field.words), order)


def _rank(field: Field, owner: str) -> tuple[Any, ...]:
    return (field.owner != owner, field.owner not in (*PEOPLE, ""), len(field.words), len(field.name))


def _best(
    candidates: Sequence[Field], count: int, rank: Callable[[Field], tuple[Any, ...]]
) -> tuple[Field, ...]:
    """Choose the best candidate, and those that have a value in records where it has none."""
    chosen: list[Field] = []
    seen: set[int] = set()
    for field in sorted(candidates, key=lambda field: (len(field.values) < count, *rank(field))):
        if not field.values.keys() <= seen and len(chosen) < _MAX_ALTERNATIVES:
            chosen.append(field)
            seen |= field.values.keys()
    return tuple(chosen)
