"""Stable ids: UUIDv5 in a namespace of the source's own, so that a sender's retry is the same message."""

from __future__ import annotations

import hashlib
import uuid

SPRINGHEAD = uuid.UUID("5b0f7d3a-52c1-5d0e-9a51-3f1d2c7e8a60")
"""The namespace above all sources. Changing it changes every id ever derived."""

_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Namespace:
    """A UUIDv5 namespace (RFC 9562, section 5.5), derived from a source's name."""

    __slots__ = ("_hash", "id")

    def __init__(self, source: str) -> None:
        self.id = uuid.uuid5(SPRINGHEAD, source)
        self._hash = hashlib.sha1(self.id.bytes, usedforsecurity=False)

    def uuid(self, name: str) -> str:
        """`str(uuid.uuid5(self.id, name))`, at a quarter of its cost."""
        state = self._hash.copy()
        state.update(name.encode("utf-8", "surrogatepass"))
        digest = state.hexdigest()
        variant = _VARIANT[digest[16]]
        return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
