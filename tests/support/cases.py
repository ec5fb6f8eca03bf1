"""Fixture cases: a request as posted, and the outcome expected of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from springhead import Outcome, Request, Source, encode
from springhead.core.array_splitter import split_array

_BODIES = ("request.json", "request.jsonl", "request.txt")


@dataclass(frozen=True)
class Case:
    """One folder of fixtures: `request.*` as posted, `request.meta.json` around it, `expected.json`."""

    folder: Path

    @property
    def name(self) -> str:
        """`source/case`, what `-k` picks it by."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def body(self) -> bytes:
        """The bytes as posted."""
        (path,) = (self.folder / name for name in _BODIES if (self.folder / name).exists())
        return path.read_bytes()

    @property
    def meta(self) -> dict[str, Any]:
        """What came with the body: headers, query, method, url, id, and the operator's config."""
        path = self.folder / "request.meta.json"
        meta: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return meta

    @property
    def config(self) -> dict[str, Any]:
        """The operator's settings."""
        config: dict[str, Any] = self.meta.get("config", {})
        return config

    def request(self, body: bytes | None = None) -> Request:
        """The request, or the same with another body."""
        around = {key: value for key, value in self.meta.items() if key != "config"}
        return Request(body=self.body if body is None else body, **around)


def cases(folder: Path) -> list[Case]:
    """All cases below a source's folder of fixtures; none where there is no such folder."""
    return [Case(path) for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []


def written(outcome: Outcome) -> str:
    """An outcome as `expected.json` has it."""
    reply = outcome.reply
    value = {
        "events": outcome.events,
        "rejections": [rejection.as_json() for rejection in outcome.rejections],
        "dropped": outcome.dropped,
        "reply": reply and {"body": reply.body.decode(), "content_type": reply.content_type},
    }
    return json.dumps(json.loads(encode(value)), indent=2, ensure_ascii=False) + "\n"


def reversed_body(case: Case, source: Source) -> bytes | None:
    """The same batch in reverse order; None where the body is no batch."""
    body = case.body
    if (case.folder / "request.jsonl").exists():
        return b"\n".join(reversed(body.split(b"\n")))
    if elements := split_array(body.strip(), len(body)):
        return b"[" + b",".join(reversed(elements)) + b"]"
    try:
        value = json.loads(body)
    except ValueError:
        return None
    found = source.framing.find_batch(value) if isinstance(value, dict) else None
    if found is None:
        return None
    found[0].reverse()  # in its place inside the value
    return encode(value)
