"""Serves dead letters on the admin address: lists, replays and drops them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..app import Gateway
from ..replay import Replayer

LIMIT = 100
"""The most dead letters in one response."""

_LARGEST = 2**63 - 1
_WRONG_FILTER = (
    "older_than and younger_than are seconds, after and limit are whole numbers, order is oldest or newest"
)


def _integer(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _LARGEST:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= _LARGEST:  # nor NaN
        raise ValueError
    return number


def _is_newest(text: str) -> bool:
    if text not in ("newest", "oldest"):
        raise ValueError
    return text == "newest"


_FILTERS: dict[str, Callable[[str], Any]] = {
    "source": str,
    "rule": str,
    "older_than": _seconds,
    "younger_than": _seconds,
    "after": _integer,
    "limit": _integer,
    "order": _is_newest,
}


class DeadLetters:
    """The routes below `/api/dead`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._store = gateway.store
        self.routes = [
            Route("/api/dead", self.find),
            Route("/api/dead/{id}/replay", self.replay, methods=["POST"]),
            Route("/api/dead/{id}", self.drop, methods=["DELETE"]),
        ]

    async def find(self, request: Request) -> Response:
        """Dead letters, the oldest or the newest first; `next` is the value of `after` for the next page."""
        try:
            filters = {name: _FILTERS[name](value) for name, value in request.query_params.items()}
        except KeyError as error:
            return _error(400, f"there is no filter {error.args[0]!r}: the filters are {', '.join(_FILTERS)}")
        except ValueError:
            return _error(400, _WRONG_FILTER)
        limit = min(max(filters.pop("limit", LIMIT), 1), LIMIT)
        newest = filters.pop("order", False)
        letters = await self._store.dead_letters(**filters, newest=newest, limit=limit)
        next_ = letters[-1].id if len(letters) == limit else None
        return JSONResponse({"letters": [msgspec.to_builtins(letter) for letter in letters], "next": next_})

    async def replay(self, request: Request) -> Response:
        """What became of a letter, or with `dry_run=1` what would become of it."""
        letter = await self._store.dead_letter(_id(request))
        if letter is None:
            return _gone(request)
        dry_run = request.query_params.get("dry_run", "0") not in ("", "0", "false")
        replayer = Replayer(self._gateway.host, self._gateway.settings, self._store)  # settings may be reloaded
        replayed = await replayer.replay(letter, dry_run=dry_run)
        return JSONResponse({**dataclasses.asdict(replayed), "dry_run": dry_run})

    async def drop(self, request: Request) -> Response:
        """Drop a letter."""
        if not await self._store.drop([_id(request)]):
            return _gone(request)
        return JSONResponse({"id": _id(request), "gone": True})


def _id(request: Request) -> int:
    """The id in the path; 0, which no letter has, if it is not a number."""
    try:
        return _integer(request.path_params["id"])
    except ValueError:
        return 0


def _gone(request: Request) -> Response:
    return _error(404, f"there is no dead letter {request.path_params['id'][:20]}: it was replayed or dropped")


def _error(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status)
