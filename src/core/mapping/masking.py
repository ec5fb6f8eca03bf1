"""Masks values: puts `*****` in place of what must not get into an event."""

from __future__ import annotations

from typing import Any

from ..array_splitter import split_array
from ..codec import encode, parse
from ..errors import InvalidJson
from ..framing import MAX_ITEMS, parse_item
from .mask import Mask

MASKED = "*****"
"""Takes the place of a masked value, as it does in vendors' own logs."""
JSON_STARTS = '{[" \t\r\n\ufeff'
"""Characters that JSON in text may start with, if it is an object, a list, or text that may be JSON again."""

_PLAIN = frozenset((int, float, bool, None.__class__))
"""Types of scalars that hold nothing else."""


def apply_mask(value: Any, mask: Mask) -> Any:
    """Return a value with `*****` in place of all that the mask covers, except empty text and null.

    The value is not changed; parts of it that nothing covers are shared with the result. Text that is JSON is
    masked inside.
    """
    kind = value.__class__
    if kind is dict and not mask.covers_all:
        return _masked_object(value, mask)
    if kind is list and not mask.covers_all:
        elements = mask.elements
        return [apply_mask(element, elements) for element in value]
    if mask.covers_scalars:
        return value if value is None or value == "" else MASKED
    return _masked_text(value, mask) if kind is str else value


def _masked_object(value: dict[str, Any], mask: Mask) -> dict[str, Any]:
    masked = value
    named, others = mask.named, mask.others
    keeps_scalars = others is None or not others.covers_scalars
    for key, member in value.items():
        kind = member.__class__
        if key in named:
            inner = named[key]
        elif not key.isidentifier():
            inner = mask.member(key)
        elif keeps_scalars and (member[:1] not in JSON_STARTS if kind is str else kind in _PLAIN):
            continue  # the most common case, which need not call anything
        else:
            inner = others
        masked_member = member if inner is None else apply_mask(member, inner)
        if masked_member is not member:
            if masked is value:
                masked = value.copy()
            masked[key] = masked_member
    return masked


def _masked_text(text: str, mask: Mask) -> str:
    stripped = text.removeprefix("\ufeff").strip()
    if stripped[:1] + stripped[-1:] not in ("{}", "[]", '""'):
        return text
    try:
        value = parse(stripped.encode())
        masked = apply_mask(value, mask)
    except InvalidJson as error:
        return MASKED if error.rule == "json/depth" or _holds_items(stripped) else text
    except RecursionError:  # JSON inside JSON inside JSON: only an attacker writes it
        return MASKED
    return text if masked == value else encode(masked).decode()


def _holds_items(text: str) -> bool:
    """Whether text that is not JSON is a list with some good elements, which a batch may be."""
    elements = split_array(text.encode(), MAX_ITEMS)
    return any(isinstance(parse_item(element), dict | list) for element in elements)
