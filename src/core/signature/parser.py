"""Parses the `signature` of source.json."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from ..ids import Namespace
from ..json_value import Steps
from ..mapping.terms import TermParser
from ..source_file import SourceFile
from .model import Parts, Signature

_BLANKS, _COMMAS_AND_BLANKS = re.compile(r"[ \t]+"), re.compile(r"[, \t]+")
_HEADER = re.compile(r"header\.[A-Za-z0-9._-]+")
_IN_FORMAT = re.compile("hex|base64|timestamp")
_BODIES = ("body", "first_item")
_IN_SIGNED = re.compile(rf"{'|'.join(_BODIES)}|timestamp|{_HEADER.pattern}")


def parse_signatures(about: SourceFile, namespace: Namespace) -> tuple[Signature, ...]:
    """Parse how the vendor may sign its requests; every problem with that is recorded on the file."""
    value = (about.value or {}).get("signature")
    if value is None or about.has_problem(("signature",)):
        return ()
    parser = _SignatureParser(TermParser(about, {}, namespace))
    scheme = value.get("scheme")
    if scheme is None:
        return parser.signatures([value])
    for key in sorted(value.keys() - {"scheme"}):
        parser.add_problem((key,), f"the scheme {scheme} defines {key}", f"remove {key} or scheme")
    return parser.signatures(_SCHEMES[scheme], has_base64_secret=True)


def _standard_webhooks(prefix: str) -> dict[str, Any]:
    """Version 1 of https://www.standardwebhooks.com, with headers that begin with `prefix`."""
    timestamp = f"{{header.{prefix}-timestamp}}"
    return {
        "header": f"{prefix}-signature",
        "hmac": "sha256",
        "format": "v1,{base64}",
        "signed": f"{{header.{prefix}-id}}.{timestamp}.{{body}}",
        "timestamp": timestamp,
        "tolerance": 300,
    }


_SCHEMES = {"standard-webhooks": [_standard_webhooks("webhook"), _standard_webhooks("svix")]}


class _SignatureParser:
    """Parses signatures that satisfy the schema of source.json."""

    def __init__(self, terms: TermParser) -> None:
        self._terms = terms

    def signatures(
        self, values: list[dict[str, Any]], *, has_base64_secret: bool = False
    ) -> tuple[Signature, ...]:
        """Parse signatures; none if the file has a problem with one."""
        found = [self._signature(value, has_base64_secret=has_base64_secret) for value in values]
        return tuple(signature for signature in found if signature is not None)

    def add_problem(self, place: Steps, reason: str, advice: str) -> None:
        """Record a problem with what is at this place of the signature."""
        self._terms.file.add_problem(("signature", *place), "bad-signature", reason, advice)

    def _signature(self, value: dict[str, Any], *, has_base64_secret: bool) -> Signature | None:
        formats = self._formats(value["format"])
        timestamp = self._timestamp(value, in_format=any("timestamp" in parts for parts in formats))
        signed = self._signed(value, timestamp)
        if self._terms.file.has_problem(("signature",)):
            return None
        size = hashlib.new(value["hmac"]).digest_size
        has_comma = any(isinstance(part, bytes) and b"," in part for parts in formats for part in parts)
        text = value["format"]
        return Signature(
            header=value["header"].lower(),
            algorithm=value["hmac"],
            encoding="base64" if any("base64" in parts for parts in formats) else "hex",
            format=text if isinstance(text, str) else ",".join(text),
            separator=_BLANKS if has_comma else _COMMAS_AND_BLANKS,
            forms=tuple(_form(parts, size) for parts in formats),
            signed=signed,
            timestamp=timestamp,
            tolerance=value.get("tolerance"),
            has_base64_secret=has_base64_secret,
        )

    def _formats(self, value: str | list[str]) -> list[Parts]:
        if isinstance(value, str):
            formats = [self._format(value, ("format",))]
        else:
            formats = [self._format(text, ("format", index)) for index, text in enumerate(value)]
        encodings = {part for parts in formats for part in parts if part in ("hex", "base64")}
        if len(encodings) != 1:
            reason = "the format has both {hex} and {base64}" if encodings else "the format has no signature"
            self.add_problem(("format",), reason, 'put "{hex}" or "{base64}" where the signature is')
        return formats

    def _format(self, text: str, place: Steps) -> Parts:
        parts = self._template(text, place, _IN_FORMAT, "{hex}, {base64} and {timestamp}")
        names = [part for part in parts if isinstance(part, str)]
        if not names:
            self.add_problem(place, "this part has no {hex}, {base64} or {timestamp}", "remove it")
        if len(set(names)) < len(names):
            self.add_problem(
                place, "a name is used twice in one part", "write each piece of the header as a part"
            )
        if any(isinstance(part, bytes) and re.search(rb"[ \t]", part) for part in parts):
            reason = "this part has a blank, but the header is split at blanks"
            self.add_problem(place, reason, "write only what is between the blanks")
        return parts

    def _timestamp(self, value: dict[str, Any], *, in_format: bool) -> str:
        """The name of the time of signing; empty if there is none."""
        parts: Parts = ("timestamp",) if in_format else ()
        if "timestamp" in value:
            if in_format:
                self.add_problem(("timestamp",), "the format already has {timestamp}", "remove one of them")
            parts = self._template(value["timestamp"], ("timestamp",), _HEADER, "{header.NAME}")
            if len(parts) != 1 or isinstance(parts[0], bytes):
                self.add_problem(("timestamp",), "must be one header", 'write "{header.NAME}"')
        elif "tolerance" in value and not in_format:
            advice = 'put {timestamp} into the format, or add "timestamp": "{header.NAME}"'
            self.add_problem(("tolerance",), "there is no timestamp to check", advice)
        return next((part for part in parts if isinstance(part, str)), "")

    def _signed(self, value: dict[str, Any], timestamp: str) -> Parts:
        known = "{body}, {first_item}, {timestamp} and {header.NAME}"
        parts = self._template(value.get("signed", "{body}"), ("signed",), _IN_SIGNED, known)
        if not any(name in parts for name in _BODIES):
            self.add_problem(("signed",), "the body is not signed", 'put "{body}" where the body is')
        if "timestamp" in parts and not timestamp:
            advice = 'put it into the format, or add "timestamp": "{header.NAME}"'
            self.add_problem(("signed",), "nothing defines {timestamp}", advice)
        signed = tuple(timestamp if part == "timestamp" else part for part in parts)
        if timestamp and timestamp not in signed:
            place = ("signed",) if "signed" in value else ()
            reason = "the timestamp is not signed, so anyone could change it"
            self.add_problem(place, reason, "put {timestamp} into signed")
        return signed

    def _template(self, text: str, place: Steps, names: re.Pattern[str], known: str) -> Parts:
        parts: list[bytes | str] = []
        for part in self._terms.template(text, ("signature", *place), in_each=True):
            if isinstance(part, str):
                parts.append(part.encode())
                continue
            name = ".".join(part.keys)
            if part.text and (part.root or not names.fullmatch(name)):
                self.add_problem(place, f"{{{part.text}}} cannot be used here", f"use {known}")
            parts.append(name.lower())
        return tuple(parts)


def _form(parts: Parts, size: int) -> re.Pattern[str]:
    """The expression for a piece of the header, given the bytes of a signature."""
    padding = "=" * (-size % 3)
    groups = {
        "hex": f"(?P<signature>[0-9A-Fa-f]{{{2 * size}}})",
        "base64": f"(?P<signature>[0-9A-Za-z+/]{{{(4 * size + 2) // 3}}}{padding})",
        "timestamp": "(?P<timestamp>[0-9A-Za-z:.+-]{1,40})",
    }
    texts = (groups[part] if isinstance(part, str) else re.escape(part.decode()) for part in parts)
    return re.compile("".join(texts))
