"""Holds how a vendor signs its requests."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

Encoding: TypeAlias = Literal["hex", "base64"]

Parts: TypeAlias = tuple[bytes | str, ...]
"""The parts of a template: bytes as they are written, and the names between braces."""


class Signature(msgspec.Struct, frozen=True):
    """How a vendor signs its requests: an HMAC in a header.

    Attributes:
        header: the header that holds the signature, in lower case.
        algorithm: of the HMAC: `sha1`, `sha256` or `sha512`.
        encoding: of the signature.
        format: as the author writes it.
        separator: what the header is split at.
        forms: expressions for its pieces, with the groups `signature` and `timestamp`.
        signed: what is signed: bytes, and the names `body`, `first_item`, `timestamp` and `header.NAME`.
        timestamp: which of these names holds the time of signing; empty if none does.
        tolerance: how many seconds that time may be before or after receipt; None if it is not checked.
        has_base64_secret: whether the secret is base64, after an optional `whsec_`; else it is the key itself.
    """

    header: str
    algorithm: str
    encoding: Encoding
    format: str
    separator: re.Pattern[str]
    forms: tuple[re.Pattern[str], ...]
    signed: Parts
    timestamp: str = ""
    tolerance: float | None = None
    has_base64_secret: bool = False
