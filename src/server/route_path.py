"""Finds the path by which an app chooses what answers a request."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import Scope


def route_path(scope: Scope) -> str:
    """The path below the one the app is mounted at, with its escapes: `%2F` separates no segments."""
    raw: bytes | None = scope.get("raw_path")
    path = quote(scope["path"]) if raw is None else raw.decode("latin-1")
    root = scope.get("root_path")
    below = path.removeprefix(quote(root)) if root else path
    return below if below[:1] in ("", "/") else path
