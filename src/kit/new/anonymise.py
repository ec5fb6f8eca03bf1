"""Replaces people and secrets in captured bodies by obvious examples, the same value by the same example."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ...core.codec import encode
from .captured import Captured, parse_text
from .fields import words_of
from .privacy import SECRET_IN_TEXT, Kind, is_ip, kind_of

_EXAMPLES = {
    Kind.SECRET: ((), "example-secret-{}"),
    Kind.EMAIL: (("ada@example.com", "grace@example.com", "katherine@example.com"), "person{}@example.com"),
    Kind.PHONE: ((), "+1 555 01{:02}"),
    Kind.FIRST_NAME: (("Ada", "Grace", "Katherine"), "Person{}"),
    Kind.LAST_NAME: (("Example", "Sample", "Specimen"), "Example{}"),
    Kind.NAME: (("Ada Example", "Grace Example", "Katherine Example"), "Person{} Example"),
    Kind.USERNAME: (("ada", "grace", "katherine"), "person{}"),
    Kind.USER_AGENT: ((), "Mozilla/5.0 (example {})"),
    Kind.ADDRESS: ((), "{} Example Street"),
    Kind.BIRTHDAY: ((), "1815-12-10"),
}
"""The first examples of a kind, and the pattern of those after them."""
_IN_TEXT = {
    Kind.EMAIL: re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b"),
    Kind.IP: re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
    Kind.SECRET: SECRET_IN_TEXT,
}
"""What is recognised inside other text."""
_INVENTED = re.compile(
    r"[^@]*@(?:.*\.)?(?:example(?:\.(?:com|org|net|edu))?|test|invalid)"
    r"|(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+|2001:db8:.*|example.*|.*\bExample|.*555.?01.*"
)
"""Values that are obviously invented already."""
_SHORTEST = 6
"""A shorter value is replaced where it stands alone, not inside text, where it may mean anything."""


_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
"""The networks set aside for documentation (RFC 5737)."""
_HOSTS = 254


def anonymise(captured: Sequence[Captured]) -> list[Captured]:
    """Replace people and secrets in bodies and headers."""
    examples = _Examples()
    for body in captured:
        body.rewritten(examples.collect)
        for name, value in body.request.headers.items():
            examples.collect(value, (name,))
    return [_with_headers(body.rewritten(examples.rewrite), examples) for body in captured]


def _with_headers(body: Captured, examples: _Examples) -> Captured:
    headers = {name: examples.rewrite(value, (name,)) for name, value in body.request.headers.items()}
    return replace(body, request=replace(body.request, headers=headers))


class _Examples:
    """The examples given so far."""

    def __init__(self) -> None:
        self._given: dict[Kind, dict[str, str]] = {kind: {} for kind in Kind}
        self._in_text: Callable[[str], str] | None = None

    def collect(self, value: Any, keys: tuple[str, ...]) -> Any:
        """Give an example to everything in a value that needs one; returns the value."""
        if isinstance(value, dict):
            for key, member in value.items():
                self.collect(member, (*keys, key))
        elif isinstance(value, list):
            for element in value:
                self.collect(element, keys)
        elif isinstance(value, str) and (inner := parse_text(value)) is not value:
            self.collect(inner, keys)
        elif kind := kind_of(words_of(keys), value):
            self._give(kind, str(value))
        elif isinstance(value, str):
            self._collect_in_text(value)
        return value

    def _collect_in_text(self, text: str) -> None:
        for kind, pattern in _IN_TEXT.items():
            for match in pattern.finditer(text):
                if kind is not Kind.IP or is_ip(match[0]):
                    self._give(kind, match[0])

    def rewrite(self, value: Any, keys: tuple[str, ...]) -> Any:
        """Return a value in which everything has its example."""
        if isinstance(value, dict):
            return {key: self.rewrite(member, (*keys, key)) for key, member in value.items()}
        if isinstance(value, list):
            return [self.rewrite(element, keys) for element in value]
        if isinstance(value, str) and (inner := parse_text(value)) is not value:
            return encode(self.rewrite(inner, keys)).decode()
        if kind := kind_of(words_of(keys), value):
            example = self._given[kind].get(str(value), str(value))
            return int(re.sub(r"\D", "", example)) if isinstance(value, int) else example
        if not isinstance(value, str):
            return value
        if self._in_text is None:
            self._in_text = _replacing(self._given)
        return self._in_text(value)

    def _give(self, kind: Kind, value: str) -> None:
        given = self._given[kind]
        if value in given:
            return
        if _INVENTED.fullmatch(value):
            given[value] = value
            return
        number = len(given) + 1
        if kind is Kind.IP:
            given[value] = f"2001:db8::{number:x}" if ":" in value else _address(number)
            return
        first, pattern = _EXAMPLES[kind]
        unused = (example for example in first if example not in given.values())
        given[value] = next(unused, pattern.format(number))


def _address(number: int) -> str:
    network, host = divmod(number - 1, _HOSTS)
    return f"{_NETWORKS[network % len(_NETWORKS)]}.{host + 1}"


def _replacing(given: Mapping[Kind, Mapping[str, str]]) -> Callable[[str], str]:
    """Make what replaces values inside text, the longest first; usernames only where a URL has them."""
    examples = {
        value: example
        for kind in (Kind.SECRET, Kind.NAME)
        for value, example in given[kind].items()
        if len(value) >= _SHORTEST
    }
    users = given[Kind.USERNAME]
    patterns = [rf"(?<!\w){re.escape(value)}(?!\w)" for value in sorted(examples, key=len, reverse=True)]
    patterns += [rf"(?<=[/@]){re.escape(user)}(?!\w)" for user in users]
    pattern = re.compile("|".join(patterns) or r"(?!)")

    def replaced(text: str) -> str:
        for kind, part in _IN_TEXT.items():
            found = given[kind]
            text = part.sub(lambda match: found.get(match[0], match[0]), text)  # noqa: B023 - now
        return pattern.sub(lambda match: examples.get(match[0]) or users[match[0]], text)

    return replaced
