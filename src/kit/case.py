"""Reads the fixtures of sources: requests as posted, each with the outcome expected of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ..core.array_splitter import split_array
from ..core.codec import encode, parse
from ..core.errors import InvalidFixture, InvalidJson
from ..core.outcome import Outcome
from ..core.request import Request
from ..core.source import Source
from ..core.suggest import suggest

BODIES = ("request.json", "request.jsonl", "request.txt")
META = "request.meta.json"
EXPECTED = "expected.json"

_META_KEYS = (*(name for name in Request.__struct_fields__ if name != "body"), "config")


class Case(msgspec.Struct, frozen=True):
    """One fixture of a source."""

    source: str
    folder: Path

    @property
    def name(self) -> str:
        """What `-k` finds it by: `source/case`."""
        return f"{self.source}/{self.folder.name}"

    @property
    def body_path(self) -> Path:
        """The file that holds the bytes as posted."""
        paths = [self.folder / name for name in BODIES if (self.folder / name).is_file()]
        if len(paths) != 1:
            reason = f"has {len(paths)} requests" if paths else "has no request"
            raise InvalidFixture(str(self.folder), reason, f"there must be one of {', '.join(BODIES)}")
        return paths[0]

    @property
    def body(self) -> bytes:
        """The bytes as posted."""
        return self.body_path.read_bytes()

    @property
    def meta(self) -> dict[str, Any]:
        """What came with the body, and the operator's config."""
        path = self.folder / META
        if not path.exists():
            return {}
        try:
            meta = msgspec.convert(json.loads(path.read_bytes()), dict[str, Any])
        except (OSError, ValueError, RecursionError) as error:
            reason = f"has a {META} that is not a JSON object"
            raise InvalidFixture(str(self.folder), reason, str(error)) from None
        for key in meta.keys() - set(_META_KEYS):
            reason = f"has an unknown key {key!r} in {META}"
            raise InvalidFixture(str(self.folder), reason, suggest(key, list(_META_KEYS)))
        return meta

    @property
    def config(self) -> dict[str, Any]:
        """The operator's settings."""
        config = self.meta.get("config", {})
        if not isinstance(config, dict):
            reason, advice = "has a config that is not an object", "write settings by name"
            raise InvalidFixture(str(self.folder), reason, advice)
        return config

    @property
    def expected(self) -> str | None:
        """The text of expected.json; None if it is not written yet."""
        path = self.folder / EXPECTED
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None

    def request(self, body: bytes | None = None) -> Request:
        """Make the request, or the same with another body."""
        meta = {key: value for key, value in self.meta.items() if key != "config"}
        try:
            request = msgspec.convert(meta, Request)
        except msgspec.ValidationError as error:
            raise InvalidFixture(str(self.folder), f"has a mistake in {META}", str(error)) from None
        return replace(request, body=self.body if body is None else body)

    def reversed_body(self, source: Source) -> bytes | None:
        """Return the body with its batch in reverse; None if it is not a batch."""
        body = self.body
        if source.framing.body_is_item:
            return None
        if (self.folder / "request.jsonl").is_file():
            return b"\n".join(reversed(body.split(b"\n")))
        if elements := split_array(body.strip(), len(body)):
            return b"[" + b",".join(reversed(elements)) + b"]"
        try:
            value = parse(body)
        except InvalidJson:
            return None
        batch = source.framing.find_batch(value) if isinstance(value, dict) else None
        if batch is None or not isinstance(batch[0], list):
            return None
        batch[0].reverse()  # the list inside the value
        return encode(value)


def find_cases(folder: Path, source: str) -> list[Case]:
    """Find the cases of a source in a folder, in the order of their names."""
    return [Case(source, path) for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []


def case_folder(source: Source, nearby: Path) -> Path:
    """Return the folder of a source's cases: `tests/fixtures/NAME` of its project, else `fixtures` inside it.

    The project is the nearest folder above the source that has a pyproject.toml. A source without either, such
    as an installed package, belongs to the project nearest above `nearby`.
    """
    return fixtures_folder(source.folder, source.name, nearby)


def fixtures_folder(folder: Path, name: str, nearby: Path) -> Path:
    """Return the folder of the cases of a source with this folder and name, as `case_folder` does."""
    inside = folder / "fixtures"
    project = project_of(folder) or (None if inside.is_dir() else project_of(nearby))
    return project / "tests" / "fixtures" / name if project else inside


def project_of(path: Path) -> Path | None:
    """Return the nearest folder above a path, or the path itself, that has a pyproject.toml."""
    folders = (path.resolve(), *path.resolve().parents)
    return next((folder for folder in folders if (folder / "pyproject.toml").is_file()), None)


def find_case(source: Source, name: str, nearby: Path) -> Case:
    """Find a case by its folder, or among those of the source by its name.

    Raises:
        InvalidFixture: there is none.
    """
    if Path(name).is_dir():
        return Case(source.name, Path(name))
    cases = find_cases(case_folder(source, nearby), source.name)
    for case in cases:
        if name in (case.name, case.folder.name):
            return case
    advice = suggest(name, [case.folder.name for case in cases]) or f"{source.name} has no case"
    raise InvalidFixture(name, "is neither a file nor a case", advice)


def outcome_text(outcome: Outcome) -> str:
    """Write an outcome as in expected.json."""
    reply = outcome.reply
    value = {
        "events": outcome.events,
        "rejections": [rejection.as_json() for rejection in outcome.rejections],
        "dropped": outcome.dropped,
        "reply": reply and {"body": reply.body.decode(), "content_type": reply.content_type},
        **({} if outcome.refused is None else {"refused": outcome.refused}),
    }
    return json.dumps(json.loads(encode(value)), indent=2, ensure_ascii=False) + "\n"
