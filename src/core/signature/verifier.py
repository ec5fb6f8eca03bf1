"""Verifies the signature of a request over its body as posted, in constant time."""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from ..array_splitter import first_element
from ..request import Request
from .model import Signature
from .secret import signing_key
from .timestamp import epoch_seconds

MAX_PIECES = 64
"""Pieces of the longest header accepted: far more than any vendor sends, and a limit to what one can cost."""

_Headers: TypeAlias = Mapping[str, list[str]]


def signature_verifier(
    signatures: Sequence[Signature], secrets: Sequence[str]
) -> Callable[[Request], str | None]:
    """Make the function that returns why a request is refused, or None.

    Args:
        signatures: how the vendor may sign; the first whose header was sent counts.
        secrets: any of them may have signed.

    Raises:
        ValueError: a secret cannot be used.
    """
    verifiers = [_SignatureVerifier(signature, secrets) for signature in signatures]

    def verify(request: Request) -> str | None:
        headers = _by_name(request)
        sent = (verifier for verifier in verifiers if verifier.signature.header in headers)
        return next(sent, verifiers[0]).verify(request, headers)

    return verify


class _SignatureVerifier:
    """Verifies one kind of signature."""

    __slots__ = ("_macs", "_signed_headers", "signature")

    def __init__(self, signature: Signature, secrets: Sequence[str]) -> None:
        keys = [signing_key(secret, is_base64=signature.has_base64_secret) for secret in secrets]
        self._macs = [hmac.new(key, digestmod=signature.algorithm) for key in keys]
        names = [part for part in signature.signed if isinstance(part, str)]
        self._signed_headers = [name for name in names if name.startswith("header.")]
        self.signature = signature

    def verify(self, request: Request, headers: _Headers) -> str | None:
        claims = self._read(headers)
        if isinstance(claims, str):
            return claims
        candidates, values = claims
        values["body"] = request.body
        if "first_item" in self.signature.signed:
            values["first_item"] = first_element(request.body) or request.body
        if not self._matches(candidates, values):
            return f"no signature in the header {self.signature.header} matches: check signing_secret"
        if self.signature.tolerance is None:
            return None
        received_at = time.time() if request.received_at is None else request.received_at
        return _time_problem(values[self.signature.timestamp].decode(), received_at, self.signature.tolerance)

    def _read(self, headers: _Headers) -> tuple[list[str], dict[str, bytes]] | str:
        """Read the signatures in the header, and what the headers say was signed; else return the reason."""
        name, forms = self.signature.header, self.signature.forms
        if name not in headers:
            return f"the header {name} is missing"
        pieces = self.signature.separator.split(" ".join(headers[name]), MAX_PIECES)
        if len(pieces) > MAX_PIECES:
            return f"the header {name} has more than {MAX_PIECES} pieces"
        matches = [match for piece in pieces for form in forms if (match := form.fullmatch(piece))]
        groups = [match.groupdict() for match in matches]
        candidates = [group["signature"] for group in groups if "signature" in group]
        timestamps = [group["timestamp"].encode() for group in groups if "timestamp" in group]
        if not candidates or (self.signature.timestamp == "timestamp" and not timestamps):
            return f"the header {name} is not of the form {self.signature.format}"
        values = {"timestamp": timestamps[0]} if timestamps else {}
        for part in self._signed_headers:
            texts = headers.get(part.removeprefix("header."), [])
            if len(texts) != 1 or not texts[0].isascii():
                return f"the header {part.removeprefix('header.')} {_header_problem(texts)}"
            values[part] = texts[0].encode()
        return candidates, values

    def _matches(self, candidates: list[str], values: Mapping[str, bytes]) -> bool:
        """Compare each signature that was sent with that of each secret, in constant time."""
        is_hex = self.signature.encoding == "hex"
        candidates = [candidate.lower() for candidate in candidates] if is_hex else candidates
        matches = []
        for keyed in self._macs:
            mac = keyed.copy()
            for part in self.signature.signed:
                mac.update(part if isinstance(part, bytes) else values[part])
            expected = mac.hexdigest() if is_hex else b64encode(mac.digest()).decode()
            matches += [hmac.compare_digest(expected, candidate) for candidate in candidates]
        return any(matches)


def _by_name(request: Request) -> dict[str, list[str]]:
    """The request's headers by name in lower case."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        if value or isinstance(value, str):
            headers.setdefault(name.lower(), []).extend([value] if isinstance(value, str) else value)
    return headers


def _header_problem(texts: list[str]) -> str:
    if not texts:
        return "is missing"
    return "is not ASCII" if len(texts) == 1 else "was sent more than once"


def _time_problem(timestamp: str, received_at: float, tolerance: float) -> str | None:
    signed_at = epoch_seconds(timestamp)
    if signed_at is None:
        return "the timestamp is neither seconds, milliseconds nor ISO 8601"
    age = received_at - signed_at
    if abs(age) <= tolerance:
        return None
    tense = "past" if age > 0 else "future"
    return f"the timestamp is {abs(age):.0f} s in the {tense}, the tolerance is {tolerance:g} s"
