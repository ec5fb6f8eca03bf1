"""Filters requests down to what mappings may read and stores may keep: anything else may be a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote_plus

import msgspec
from msgspec.structs import replace

from .json_value import type_name
from .mapping.path import Path
from .request import Request, is_credential

HARMLESS = frozenset(
    {
        *("content-encoding", "content-length", "content-type", "date", "user-agent"),
        *("request-id", "traceparent", "webhook-id", "webhook-timestamp"),
    }
)
"""Headers that hold no secret, whoever sends them."""
HARMLESS_ENDINGS = (
    *("-event", "-event-id", "-event-type", "-topic", "-delivery", "-delivery-id"),
    *("-webhook-id", "-request-id", "-correlation-id", "-timestamp"),
)
"""How vendors end the names of headers that say what a delivery is, or which."""
SETTINGS = {"allow_headers": "headers", "allow_query": "query"}
"""The operator's settings that add names, and to which part of a request."""

T = TypeVar("T")


class RequestFilter(msgspec.Struct, frozen=True):
    """Filters the headers, the query and the URL of a source's requests by name.

    Attributes:
        headers: the headers that pass besides the harmless ones, in lower case.
        query: the query values that pass, also in the URL.
        signatures: the headers that hold signatures, and never pass: with its signature a request could be
            sent again.
    """

    headers: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    signatures: frozenset[str] = frozenset()

    def apply(self, request: Request) -> Request:
        """Return the request with what passes; the body always does."""
        headers, query = self.select_headers(request.headers), self.select_query(request.query)
        return replace(request, headers=headers, query=query, url=self.select_url(request.url))

    def select_headers(self, headers: Mapping[str, T]) -> dict[str, T]:
        """Return the headers that pass, with their names in lower case."""
        lowered = {name.lower(): value for name, value in headers.items()}
        return {name: value for name, value in lowered.items() if self._passes(name)}

    def select_query(self, query: Mapping[str, T]) -> dict[str, T]:
        """Return the query values that pass."""
        return {name: value for name, value in query.items() if name in self.query}

    def select_url(self, url: str) -> str:
        """Return the URL with the query values that pass."""
        path, _, query = url.partition("?")
        pairs = [pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) in self.query]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    def with_settings(self, config: dict[str, Any]) -> RequestFilter:
        """Return a filter that also passes what the operator's settings name."""
        if SETTINGS.keys().isdisjoint(config):
            return self
        headers = {name.lower() for name in config.get("allow_headers", ())}
        return RequestFilter(
            self.headers | headers, self.query | {*config.get("allow_query", ())}, self.signatures
        )

    def _passes(self, name: str) -> bool:
        passes = name in HARMLESS or name in self.headers or name.endswith(HARMLESS_ENDINGS)
        return passes and name not in self.signatures


def filter_for(paths: Iterable[Path], signatures: Iterable[str] = ()) -> RequestFilter:
    """Return the filter that passes what these paths read by name, except for headers with signatures."""
    names: dict[str, set[str]] = {"headers": set(), "query": set()}
    for path in paths:
        part, *steps = path.keys or ("",)
        if path.root == "$request" and part in names:
            # A name may have dots in it, and steps may follow it: a.0 is the header "a.0", or the first of "a".
            joined = {".".join(steps[:end]) for end in range(1, len(steps) + 1)}
            names[part] |= {name for name in joined if not is_credential(part, name)}
    return RequestFilter(frozenset(names["headers"]), frozenset(names["query"]), frozenset(signatures))


def settings_problem(config: dict[str, Any]) -> str | None:
    """Say what is wrong with the settings that add names; None if nothing is."""
    for setting, part in SETTINGS.items():
        names = config.get(setting, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return f"{setting} is {type_name(names)}: give a list of names"
        for name in names:
            if is_credential(part, name):
                return f"{setting} lists {name!r}, which is a credential: it is never read or kept"
    return None
