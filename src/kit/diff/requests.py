"""Collects the requests that two versions of a source are compared with, and runs them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...core.errors import InvalidConfig, InvalidFixture
from ...core.outcome import Outcome
from ...core.request import Request
from ..case import Case
from .versions import Version


class NamedRequest(msgspec.Struct, frozen=True):
    """A request, and the operator's settings for it; a file may be of any size, and is not verified."""

    name: str
    request: Request
    config: dict[str, Any]
    is_file: bool = False

    def outcomes(self, old: Version, new: Version) -> Iterator[tuple[Outcome, Outcome]]:
        """Run both versions; a file chunk by chunk, if both find the same items in it."""
        if not self.is_file:
            yield self._receive(old), self._receive(new)
        elif old.framing() == new.framing():
            yield from zip(self._stream(old), self._stream(new), strict=True)
        else:
            yield _joined(self._stream(old)), _joined(self._stream(new))

    def _receive(self, version: Version) -> Outcome:
        """Return what a version makes of it; settings that the version does not accept refuse it."""
        try:
            return version.host.receive(version.source.name, self.request, self.config)
        except InvalidConfig as error:
            return Outcome(refused=str(error))

    def _stream(self, version: Version) -> Iterator[Outcome]:
        return version.host.stream(version.source.name, io.BytesIO(self.request.body))


def _joined(chunks: Iterable[Outcome]) -> Outcome:
    outcomes = list(chunks)
    return Outcome(
        [event for outcome in outcomes for event in outcome.events],
        [rejection for outcome in outcomes for rejection in outcome.rejections],
        sum(outcome.dropped for outcome in outcomes),
        next((outcome.reply for outcome in outcomes if outcome.reply), None),
    )


def collect_requests(old: Version, new: Version, samples: Sequence[Path]) -> list[NamedRequest]:
    """Collect the fixtures of both versions, each request once, and samples: bodies, or folders of fixtures.

    Raises:
        InvalidFixture: a fixture cannot be read, or there is nothing to compare with.
        OSError: a sample cannot be read.
    """
    requests = [_of_case(case.folder.name, case) for case in new.cases]
    for case in old.cases:
        before = _of_case(f"{case.folder.name} (old)", case)
        if not any(before.request == now.request and before.config == now.config for now in requests):
            requests.append(before)
    for path in samples:
        is_case = path.is_dir()
        file = NamedRequest(str(path), Request(b"" if is_case else path.read_bytes()), {}, is_file=True)
        requests.append(_of_case(str(path), Case("", path)) if is_case else file)
    if not requests:
        raise InvalidFixture(new.source.name, "has no fixtures", "name captured bodies with --samples")
    return requests


def _of_case(name: str, case: Case) -> NamedRequest:
    return NamedRequest(name, case.request(), case.config)
