"""Answers the calls of the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...core.codec import Object
from ..new.write import is_name
from .calls import Drafted, Named, Saved, Tried, Updated, read_call
from .drafting import write_draft
from .errors import BadCall, NotWritten
from .evaluator import Evaluator
from .fixtures import without_credentials
from .snapshot import Snapshot
from .worker import Task
from .workspace import Workspace


class Api:
    """The calls of one playground.

    Args:
        sources: what can be opened, by name.
        start: the one that the page shows first; None if one is chosen there.
        into: where new source folders are made.
        live: tries sources as one types.
        review: checks them, which takes longer.
    """

    def __init__(
        self,
        sources: Mapping[str, Workspace],
        start: str | None,
        into: Path,
        *,
        live: Evaluator,
        review: Evaluator,
    ) -> None:
        self._sources = dict(sources)
        self._start = start
        self._into = into
        self._live = live
        self._review = review

    @property
    def routes(self) -> list[Route]:
        """The routes of the API."""
        return [
            Route("/api/sources", self._list),
            Route("/api/source", self._open),
            Route("/api/fixture", self._fixture),
            Route("/api/try", self._try, methods=["POST"]),
            Route("/api/review", self._review_source, methods=["POST"]),
            Route("/api/save", self._save, methods=["POST"]),
            Route("/api/keep", self._keep, methods=["POST"]),
            Route("/api/update", self._update, methods=["POST"]),
            Route("/api/copy", self._copy, methods=["POST"]),
            Route("/api/draft", self._draft, methods=["POST"]),
        ]

    async def _list(self, _: Request) -> Response:
        sources = [{"name": name, "writable": source.writable} for name, source in self._sources.items()]
        return _json({"sources": sources, "start": self._start, "into": str(self._into)})

    async def _open(self, request: Request) -> Response:
        return _json(await asyncio.to_thread(_opened, self._source(request)))

    async def _fixture(self, request: Request) -> Response:
        fixtures = self._source(request).fixtures
        return _json(await asyncio.to_thread(fixtures.request, request.query_params.get("name", "")))

    async def _try(self, request: Request) -> Response:
        tried = await read_call(request, Tried)
        snapshot = self._source(request).snapshot(tried.files, tried.request)
        return await self._run(self._live, "try", snapshot)

    async def _review_source(self, request: Request) -> Response:
        tried = await read_call(request, Tried)
        snapshot = self._source(request).snapshot(tried.files, tried.request)
        return await self._run(self._review, "review", snapshot)

    async def _save(self, request: Request) -> Response:
        source, saved = self._source(request), await read_call(request, Saved)
        await asyncio.to_thread(source.save, saved.edits)
        return _json(await asyncio.to_thread(_opened, source))

    async def _keep(self, request: Request) -> Response:
        source, named = self._source(request), await read_call(request, Named)
        source.check_writable()
        fixtures, tried = source.fixtures, without_credentials(named.request)
        fixtures.check_new(named.name)
        task = Task("expect", source.snapshot(named.files, tried))
        outcome = msgspec.json.decode(await asyncio.to_thread(self._live.run, task))
        if "error" in outcome:
            raise NotWritten(outcome["error"])
        folder = await asyncio.to_thread(fixtures.keep, named.name, tried, outcome["expected"])
        return _json({"folder": str(folder), "fixtures": fixtures.names()})

    async def _update(self, request: Request) -> Response:
        source, updated = self._source(request), await read_call(request, Updated)
        source.check_writable()
        await asyncio.to_thread(source.fixtures.update, updated.name, updated.expected)
        return _json({})

    async def _copy(self, request: Request) -> Response:
        source, named = self._source(request), await read_call(request, Named)
        folder = self._new_folder(named.name)
        await asyncio.to_thread(source.copy_to, folder, named.files)
        return self._added(folder, ())

    async def _draft(self, request: Request) -> Response:
        drafted = await read_call(request, Drafted)
        folder = self._new_folder(drafted.name)
        task = Task("draft", Snapshot({}, drafted.request, drafted.name))
        result = msgspec.json.decode(await asyncio.to_thread(self._review.run, task))
        guesses = await asyncio.to_thread(write_draft, result, self._into)
        return self._added(folder, guesses)

    def _source(self, request: Request) -> Workspace:
        name = request.query_params.get("source", "")
        if name not in self._sources:
            raise BadCall(404, f"no source is open as {name!r}")
        return self._sources[name]

    def _new_folder(self, name: str) -> Path:
        if not is_name(name):
            raise NotWritten(f"{name!r} is not a name: use lower-case letters, digits, - and _")
        return self._into / name

    def _added(self, folder: Path, guesses: tuple[str, ...]) -> Response:
        self._sources[folder.name] = Workspace(folder, writable=True)
        return _json({"source": folder.name, "guesses": guesses})

    async def _run(self, evaluator: Evaluator, task: str, snapshot: Snapshot) -> Response:
        result = await asyncio.to_thread(evaluator.run, Task(task, snapshot))
        return Response(result, media_type="application/json")


def _opened(source: Workspace) -> Object:
    fixtures = source.fixtures
    return {
        "folder": str(source.folder),
        "writable": source.writable,
        "files": source.files(),
        "fixtures": fixtures.names(),
        "example": fixtures.example(),
    }


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
