"""Dead letters over HTTP, for the admin address: to be looked through, replayed and dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..app import Gateway
from ..replay import Replay

LIMIT = 100
"""The most dead letters of one answer."""

_MOST = 2**63 - 1
_SLIP = "older_than and younger_than are seconds, after and limit whole numbers, and order is oldest or newest"


def _whole(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _MOST:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= _MOST:  # NaN neither
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
    "after": _whole,
    "limit": _whole,
    "order": _is_newest,
}


class DeadLetters:
    """The routes below `/api/dead`."""

    def __init__(self, gateway: Gateway) -> None:
        self._store = gateway.store
        self._replay = Replay(gateway.host, gateway.settings, gateway.store)
        self._wake = gateway.delivery.wake
        self.routes = [
            Route("/api/dead", self.find),
            Route("/api/dead/{id}/replay", self.replay, methods=["POST"]),
            Route("/api/dead/{id}", self.drop, methods=["DELETE"]),
        ]

    async def find(self, request: Request) -> Response:
        """Dead letters, the oldest first or the newest; `next` is what `after` is for more of them."""
        try:
            asked = {name: _FILTERS[name](value) for name, value in request.query_params.items()}
        except KeyError as error:
            return _error(400, f"there is no filter {error.args[0]!r}: there are {', '.join(_FILTERS)}")
        except ValueError:
            return _error(400, _SLIP)
        limit, newest = min(max(asked.pop("limit", LIMIT), 1), LIMIT), asked.pop("order", False)
        letters = await self._store.dead(**asked, newest=newest, limit=limit)
        more = letters[-1].id if len(letters) == limit else None
        return JSONResponse({"letters": [msgspec.to_builtins(letter) for letter in letters], "next": more})

    async def replay(self, request: Request) -> Response:
        """What became of a letter; with `dry_run=1` what would."""
        letter = await self._store.letter(_id(request))
        if letter is None:
            return _gone(request)
        dry_run = request.query_params.get("dry_run", "0") not in ("", "0", "false")
        replayed = await self._replay.one(letter, dry_run=dry_run)
        if replayed.gone and not dry_run:
            self._wake()
        said = {"id": replayed.id, "gone": replayed.gone, "events": replayed.events, "said": replayed.said}
        return JSONResponse({**said, "dry_run": dry_run})

    async def drop(self, request: Request) -> Response:
        """Forget a letter."""
        if not await self._store.drop([_id(request)]):
            return _gone(request)
        return JSONResponse({"id": _id(request), "gone": True})


def _id(request: Request) -> int:
    """The id in the path; 0, which is no letter's, where there is none."""
    try:
        return _whole(request.path_params["id"])
    except ValueError:
        return 0


def _gone(request: Request) -> Response:
    return _error(404, f"there is no dead letter {request.path_params['id'][:20]}: it was replayed or dropped")


def _error(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status)
