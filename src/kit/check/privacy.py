"""Finds secrets in fixtures, and people who look real."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from ..tokens import TOKENS
from .subject import Subject

_SECRET = re.compile(rf"-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:{TOKENS})")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})\b")
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_PHONE = re.compile(r'"(\+[1-9][\d ()-]{8,18}\d)"')
_INVENTED = re.compile(
    r"(?:^|\.)(?:example\.(?:com|org|net|edu)|example|test|invalid|localhost)$", re.IGNORECASE
)
_DOCUMENTATION = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))


def _is_public(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return address.is_global and not any(address in network for network in _DOCUMENTATION)


class _Kind(NamedTuple):
    """What a fixture should not hold: what it looks like, unless it is invented, and what to do."""

    code: str
    name: str
    advice: str
    regex: re.Pattern[str]
    is_invented: Callable[[re.Match[str]], bool] = lambda _: False

    def offset(self, text: str) -> int | None:
        """Return where the first of this kind is in a text."""
        found = (match.start() for match in self.regex.finditer(text) if not self.is_invented(match))
        return next(found, None)


_KINDS = (
    _Kind("secret-in-fixture", "what looks like a live secret", "revoke it, and invent one", _SECRET),
    _Kind(
        "person-in-fixture",
        "an e-mail address that may be somebody's",
        "invent one, such as ada@example.com",
        _EMAIL,
        lambda match: bool(_INVENTED.search(match[1])),
    ),
    _Kind(
        "person-in-fixture",
        "an IP address that may be somebody's",
        "invent one, such as 203.0.113.7",
        _ADDRESS,
        lambda match: not _is_public(match[0]),
    ),
    _Kind(
        "person-in-fixture",
        "a phone number that may be somebody's",
        "invent one, such as +1 555 0100",
        _PHONE,
        lambda match: "555" in match[1],
    ),
)


def check(subject: Subject) -> None:
    """Record the first of each kind in each file of a fixture, on its line, without quoting it."""
    for file in subject.samples.files:
        for kind in _KINDS:
            if (offset := kind.offset(file.text)) is not None:
                line = file.text.count("\n", 0, offset) + 1
                file.add_problem((), kind.code, f"holds {kind.name}", kind.advice, line)
