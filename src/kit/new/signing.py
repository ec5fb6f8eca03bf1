"""Recognises how requests are signed: as a vendor we know of does, else by what the header holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

_KNOWN = Path(__file__).parent / "signatures.json"
"""How vendors sign, as docs/signatures.md has it."""
_SIGNATURE = re.compile(r"(?:.*-)?(?:signature|sig|hmac)(?:-sha-?[0-9]+|-v[0-9]+)?")
_WHEN = "verified where signing_secret is set"
_HEX = {40: "sha1", 64: "sha256", 128: "sha512"}
_BASE64 = {28: "sha1", 44: "sha256", 88: "sha512"}
_TIMESTAMPED = re.compile(r"t=[0-9]+,\s*(\w+)=([0-9a-f]+)(?:,.*)?")
_PREFIXED = re.compile(r"((?:[a-z]+[0-9]*=)?)([0-9a-f]+|[A-Za-z0-9+/]+={0,2})")


class Signing(msgspec.Struct, frozen=True):
    """The value of `signature` in source.json, if there is one, and one line about it."""

    signature: dict[str, Any] | None
    guess: str


def find_signing(headers: Mapping[str, str]) -> Signing | None:
    """Find how a request with these headers is signed; None if it does not seem to be."""
    by_name = {name.lower(): (name, value) for name, value in headers.items()}
    for vendor, signature in json.loads(_KNOWN.read_bytes()).items():
        if name := _header_of(signature, by_name):
            guess = f"requests are signed as those of {vendor} are: {by_name[name][0]}; {_WHEN}"
            return Signing(signature, guess)
    for name, value in by_name.values():
        if _SIGNATURE.fullmatch(name.lower()):
            signing = _by_value(name, value)
            return _with_timestamp(signing, [other for other, _ in by_name.values()])
    return None


def _with_timestamp(signing: Signing, names: Iterable[str]) -> Signing:
    """Say that a header has a time that may be signed too, where only the body is described as signed."""
    timestamp = next((name for name in names if name.lower().endswith("timestamp")), None)
    if timestamp is None or (signing.signature and "signed" in signing.signature):
        return signing
    return replace(signing, guess=f"{signing.guess}; {timestamp} may be signed as well")


def _header_of(signature: dict[str, Any], names: Iterable[str]) -> str | None:
    """Return the header that holds such a signature, if all that the scheme needs is there."""
    if "scheme" in signature:
        return next((name for name in ("webhook-signature", "svix-signature") if name in names), None)
    timestamp = re.fullmatch(r"\{header\.(.+)\}", signature.get("timestamp", ""))
    needed = [signature["header"], *([timestamp[1]] if timestamp else [])]
    return needed[0] if all(name in names for name in needed) else None


def _by_value(name: str, value: str) -> Signing:
    if match := _TIMESTAMPED.fullmatch(value):
        if hash_ := _HEX.get(len(match[2])):
            signature = {
                "header": name.lower(),
                "hmac": hash_,
                "format": ["t={timestamp}", f"{match[1]}={{hex}}"],
                "signed": "{timestamp}.{body}",
                "tolerance": 300,
            }
            return Signing(signature, f"{name} signs its time and the body with HMAC-{hash_.upper()}; {_WHEN}")
    elif match := _PREFIXED.fullmatch(value):
        is_hex = re.fullmatch("[0-9a-f]+", match[2])
        if hash_ := (_HEX if is_hex else _BASE64).get(len(match[2])):
            digest = "{hex}" if is_hex else "{base64}"
            signature = {"header": name.lower(), "hmac": hash_, "format": f"{match[1]}{digest}"}
            return Signing(signature, f"{name} signs the body with HMAC-{hash_.upper()}; {_WHEN}")
    return Signing(None, f"{name} is a signature of another kind: describe it in source.json")
