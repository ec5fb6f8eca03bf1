"""Finds secrets in fixtures, and people who look real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

from ...core.mapping.mask import build_mask, parse_listed_path
from ...core.source_file import SourceFile
from .subject import Subject

_SECRET = re.compile(
    r"""
      -----BEGIN\ [A-Z ]*PRIVATE\ KEY
    | \b(?: (?:sk|rk)_live_[0-9A-Za-z]{10,}            # Stripe
          | gh[pousr]_[0-9A-Za-z]{30,}                 # GitHub
          | github_pat_[0-9A-Za-z_]{30,}
          | xox[abeprs]-[0-9A-Za-z-]{10,}              # Slack
          | xapp-[0-9]-[0-9A-Za-z-]{10,}
          | shp(?:at|ss|ca|pa)_[0-9a-fA-F]{20,}        # Shopify
          | (?:AKIA|ASIA)[0-9A-Z]{16}                  # AWS
          | AIza[0-9A-Za-z_-]{30,}                     # Google
          | SG\.[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{15,} # SendGrid
          | whsec_[0-9A-Za-z+/=]{20,}
          | eyJ[0-9A-Za-z_-]{15,}\.eyJ[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{20,}  # a JSON Web Token
      )
    """,
    re.VERBOSE,
)
_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|(?:access|refresh|id|auth|bearer|bot_access)_?token"
    r"|(?:client|signing|webhook)_?secret|(?:api|private)_?key|authorization|card_?number|cvc|cvv|otp",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})\b")
_IP = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_PHONE = re.compile(r'"(\+[1-9][\d ()-]{8,18}\d)"')
_INVENTED = re.compile(
    r"(?:^|\.)(?:example\.(?:com|org|net|edu)|example|test|invalid|localhost)$", re.IGNORECASE
)
_DOCUMENTATION = tuple(map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))


def check(subject: Subject) -> None:
    """Record secrets that are not listed, and the first value of each kind in a fixture, without quoting it."""
    _check_unlisted(subject)
    for case, file in subject.samples.cases:
        meta = SourceFile(file.name, text=str(case.meta) if file.text else "")
        for where, text in ((file, file.text), (meta, meta.text)):
            for code, kind, advice, offset in _findings(text):
                line = text.count("\n", 0, offset) + 1 if where is file else 1
                reason = kind if where is file else f"{kind} in request.meta.json"
                file.add_problem((), code, reason, advice, line=line)


def _check_unlisted(subject: Subject) -> None:
    """Record members that are named like a secret, and that `redact` would not mask."""
    about = subject.about.value or {}
    mask = build_mask(map(parse_listed_path, [*about.get("secrets", ()), *about.get("pii", ())]))
    unlisted = {keys: None for scope in subject.samples.accepted for keys in _secrets(scope.record, ())}
    for keys in unlisted:
        found = mask.at(keys) if mask else None
        if found is None or not found.covers_scalars:
            path = ".".join(keys)
            reason = f"{path} is named like a secret, and secrets does not list it"
            subject.about.add_problem(("secrets",), "unlisted-secret", reason, f'list it: "{path}"')


def _secrets(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """List the keys that lead to texts named like secrets; lists need no key."""
    if isinstance(value, list):
        for element in value:
            yield from _secrets(element, keys)
    for key, member in value.items() if isinstance(value, dict) else ():
        if isinstance(member, str) and member and _SECRET_NAME.fullmatch(key):
            yield (*keys, key)
        yield from _secrets(member, (*keys, key))


def _findings(text: str) -> Iterator[tuple[str, str, str, int]]:
    if found := _SECRET.search(text):
        yield (
            "secret-in-fixture",
            "holds what looks like a live secret",
            "revoke it, and invent one",
            found.start(),
        )
    people = (
        ("an e-mail address", "ada@example.com", (m.start() for m in _EMAIL.finditer(text) if _is_real(m[1]))),
        ("an IP address", "203.0.113.7", (m.start() for m in _IP.finditer(text) if _is_public(m[0]))),
        ("a phone number", "+1 555 0100", (m.start() for m in _PHONE.finditer(text) if "555" not in m[1])),
    )
    for kind, invented, offsets in people:
        if (offset := next(offsets, None)) is not None:
            reason = f"holds {kind} that may be somebody's"
            yield "person-in-fixture", reason, f"invent one, such as {invented}", offset


def _is_real(domain: str) -> bool:
    return not _INVENTED.search(domain)


def _is_public(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return address.is_global and not any(address in network for network in _DOCUMENTATION)
