"""Checks what every source promises, with each of its fixtures."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from functools import cache
from itertools import islice
from pathlib import Path

import msgspec

from ..core.codec import Object, encode, encode_sorted
from ..core.decode import decode
from ..core.errors import InvalidFixture, SpringheadError
from ..core.framing import Undecodable
from ..core.host import Host
from ..core.outcome import Outcome
from ..core.source import Source
from .case import EXPECTED, Case, case_folder, find_cases, outcome_text
from .find_source import find_sources

_MAX_LINES = 80
"""Lines of a difference that are shown."""


class Failure(msgspec.Struct, frozen=True):
    """One promise that a case breaks, and the difference that shows it."""

    promise: str
    difference: str

    def __str__(self) -> str:
        return f"{self.promise}\n{self.difference}".rstrip()


class Suite(msgspec.Struct, frozen=True):
    """Checks the cases of one source.

    Attributes:
        source: the source.
        cases: its fixtures.
        host: runs it.
        restarted: another host that runs it, as after a restart.
    """

    source: Source
    cases: tuple[Case, ...]
    host: Host
    restarted: Host

    def failures(self, case: Case) -> list[Failure]:
        """Find the promises that a case breaks."""
        try:
            return [*self._outcome(case), *self._retry(case), *self._batch(case), *self._file(case)]
        except SpringheadError as error:
            return [Failure(str(error), "")]

    def outcome(self, case: Case) -> str:
        """Run a case; returns the outcome as in expected.json."""
        return outcome_text(self.host.receive(case.source, case.request(), case.config))

    def write(self, case: Case) -> bool:
        """Write the outcome of a case to its expected.json; returns whether that changed the file."""
        actual = self.outcome(case)
        if actual == case.expected:
            return False
        (case.folder / EXPECTED).write_text(actual, encoding="utf-8")
        return True

    def _outcome(self, case: Case) -> Iterator[Failure]:
        actual = self.outcome(case)
        if case.expected is None:
            advice = "write it with --update (--snapshot-update of pytest), and read it"
            yield Failure(f"{case.folder} has no {EXPECTED}: {advice}", "")
        elif case.expected != actual:
            yield Failure(f"the outcome is not {case.folder / EXPECTED}", _difference(case.expected, actual))

    def _retry(self, case: Case) -> Iterator[Failure]:
        """A sender's retry is the same message, byte for byte, also after a restart."""
        first = self.outcome(case)
        for host in (self.host, self.restarted):
            retry = outcome_text(host.receive(case.source, case.request(), case.config))
            if retry != first:
                yield Failure("the same request sent twice has another outcome", _difference(first, retry))
                return

    def _batch(self, case: Case) -> Iterator[Failure]:
        """A batch in reverse, and its items sent one by one, have the same events with the same ids."""
        receive = self.host.receiver(case.source, case.config, verified=True)  # the sender signed another body
        received = receive(case.request())
        body = case.reversed_body(self.source)
        if body is not None:
            backward = receive(case.request(body))
            if _counts(backward) != _counts(received):
                yield Failure(f"the batch in reverse has {_counts(backward)}, not {_counts(received)}", "")
            yield from _events_differ("the batch in reverse", received.events, backward.events)
        items = [item for _, item in decode(case.request(), self.source.framing)]
        if _are_told_apart(items):
            receive_item = self.host.receiver(case.source, case.config, verified=True, body_is_item=True)
            alone = [receive_item(case.request(encode(item))) for item in items]
            events = [event for outcome in alone for event in outcome.events]
            yield from _events_differ("the batch split into its items", received.events, events)

    def _file(self, case: Case) -> Iterator[Failure]:
        """What `receive` makes of a body, `stream` makes of a file."""
        received = self.host.receiver(case.source, case.config, verified=True)(case.request())
        outcomes = list(self.host.stream(case.source, io.BytesIO(case.body), case.request(), case.config))
        streamed = Outcome(
            [event for outcome in outcomes for event in outcome.events],
            [rejection for outcome in outcomes for rejection in outcome.rejections],
            sum(outcome.dropped for outcome in outcomes),
            next((outcome.reply for outcome in outcomes if outcome.reply), None),
        )
        if streamed != received:
            difference = _difference(outcome_text(received), outcome_text(streamed))
            yield Failure("the body streamed as a file has another outcome", difference)


def find_suites(names: Sequence[str], nearby: Path) -> list[Suite]:
    """Make the suites of the sources with these names; without a name, of all sources that have cases.

    Args:
        names: as for `find_sources`; relative paths start at `nearby`.
        nearby: as for `case_folder`.

    Raises:
        UnknownSource: a source is not found.
        InvalidFixture: a source has no case, or if no name is given, none of them has.
    """
    if not names:
        host, restarted = Host(), Host()
        suites = [_suite(source, host, restarted, nearby) for source in host.sources.values()]
        suites = [suite for suite in suites if suite.cases]
        if not suites:
            raise InvalidFixture(str(nearby), "has no case of any source", "name a source or its folder")
        return suites
    suites = []
    installed, reinstalled = cache(Host), cache(Host)
    for name in names:
        host, sources = find_sources(name, nearby, installed)
        restarted, _ = find_sources(name, nearby, reinstalled)
        suites += [_suite(source, host, restarted, nearby) for source in sources]
    for suite in suites:
        if not suite.cases:
            folder = case_folder(suite.source, nearby)
            raise InvalidFixture(str(folder), "has no case", "add a folder with a request")
    return suites


def _suite(source: Source, host: Host, restarted: Host, nearby: Path) -> Suite:
    folder = case_folder(source, nearby)
    return Suite(source, tuple(find_cases(folder, source.name)), host, restarted)


def _are_told_apart(items: list[object]) -> bool:
    """Whether all items can be sent alone, and no two are equal: ids count those that are."""
    if any(isinstance(item, Undecodable) for item in items):
        return False
    return len(items) > 1 and len(set(map(encode_sorted, items))) == len(items)


def _counts(outcome: Outcome) -> str:
    return f"{len(outcome.rejections)} rejected and {outcome.dropped} dropped"


def _events_differ(how: str, expected: Iterable[Object], actual: Iterable[Object]) -> Iterator[Failure]:
    before, after = sorted(map(encode_sorted, expected)), sorted(map(encode_sorted, actual))
    if before != after:
        yield Failure(f"{how} has other events", _difference(_pretty(before), _pretty(after)))


def _pretty(events: list[bytes]) -> str:
    return json.dumps(list(map(json.loads, events)), indent=2, ensure_ascii=False)


def _difference(expected: str, actual: str) -> str:
    """Show where two texts differ, line by line: `-` is expected, `+` is actual."""
    lines = unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="")
    shown = list(islice(lines, _MAX_LINES + 1))
    return "\n".join(shown[:_MAX_LINES] + (["..."] if len(shown) > _MAX_LINES else []))
