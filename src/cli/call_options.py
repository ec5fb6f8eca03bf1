"""The options that describe a call besides its body: settings, headers and query values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import typer
from msgspec.structs import replace

from ..core.request import Request
from ..core.source import Source
from ..core.suggest import suggest
from .context import fail

Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the source; may be repeated."),
]
Headers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="NAME:VALUE", help="A header the body came with; may be repeated."),
]
Query: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--query", metavar="NAME=VALUE", help="A query value the body came with; may be repeated."),
]


def parse_settings(source: Source, texts: Sequence[str] | None) -> dict[str, Any]:
    """Parse settings: a value that parses as JSON is JSON, else text. An unknown one ends the command."""
    config = {name: _json_or_text(value) for name, value in _pairs("set", "=", "a setting", texts)}
    for name in config.keys() - set(source.settings):
        fail(f"source {source.name!r} has no setting {name!r}: {suggest(name, list(source.settings))}")
    return config


def with_options(request: Request, headers: Sequence[str] | None, query: Sequence[str] | None) -> Request:
    """Add headers and query values to a request; they replace those of the same name."""
    return replace(
        request,
        headers={**request.headers, **_by_name(_pairs("header", ":", "a header", headers))},
        query={**request.query, **_by_name(_pairs("query", "=", "a query value", query))},
    )


def _pairs(option: str, separator: str, noun: str, texts: Sequence[str] | None) -> list[tuple[str, str]]:
    pairs = []
    for text in texts or []:
        name, found, value = text.partition(separator)
        if not (name and found):
            fail(f"--{option} {text!r} is not {noun}: write NAME{separator}VALUE")
        pairs.append((name, value.strip() if separator == ":" else value))
    return pairs


def _by_name(pairs: Sequence[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Collect values by name; a name that comes several times has a list."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found if len(found) > 1 else found[0] for name, found in values.items()}


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
