"""Derives stable ids, so that a sender's retry is the same message."""

from __future__ import annotations

import re

from uuid_utils import UUID, uuid5

SPRINGHEAD = UUID("5b0f7d3a-52c1-5d0e-9a51-3f1d2c7e8a60")
"""The namespace above those of all sources. Changing it changes every id ever derived."""

_INVISIBLE = re.compile("[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def strip_invisible(text: str) -> str:
    """Strip invisible characters and surrounding space from an id, as is done downstream."""
    return text.strip() if text.isprintable() else _INVISIBLE.sub("", text).strip()


def is_blank(text: str) -> bool:
    """Whether nothing of a text is visible; downstream, such an id counts as absent."""
    return not text[:1].isalnum() and not strip_invisible(text)


class Namespace:
    """A UUIDv5 namespace (RFC 9562, section 5.5), derived from a source's name and, if given, a scope."""

    __slots__ = ("id",)

    def __init__(self, source: str, scope: str = "") -> None:
        self.id: UUID = _uuid5(SPRINGHEAD, source)
        if scope:
            self.id = _uuid5(self.id, scope)

    def uuid(self, name: str) -> str:
        """Derive the UUIDv5 of a name, as text."""
        return str(_uuid5(self.id, name))


def _uuid5(namespace: UUID, name: str) -> UUID:
    if name.isascii():  # bytes take four times as long
        return uuid5(namespace, name)
    return uuid5(namespace, name.encode("utf-8", "surrogatepass"))  # type: ignore[arg-type] # takes bytes, too
