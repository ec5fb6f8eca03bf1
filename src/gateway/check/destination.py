"""Checks that the destination can be reached and knows the write keys, without sending an event."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..delivery import open_destination
from ..delivery.destination import Accepted, Answer, Failed, Refused, Throttled, Unauthorized, Unreachable
from ..settings import Settings, SourceSettings
from .paths import writing_problem
from .result import CheckResult

_INVENTED = ""
"""Stands for a source whose write key no data plane knows: no source of the settings has an empty name."""
_UNKNOWN_KEY, _DISABLED = "status 401", "status 404"
_EMPTY_BATCH = {400, 422}
"""How a data plane refuses a batch without events, once it knows the key."""


def check_destination(settings: Settings) -> Iterator[CheckResult]:
    """Report the destination, and the write key of each source there."""
    to = settings.delivery.to
    if to == "stdout:":
        yield CheckResult("destination", "ok", "events are written to stdout")
    elif to.startswith("file:"):
        yield _check_file(Path(to.removeprefix("file:")))
    else:
        answers = asyncio.run(_send_empty_batches(settings))
        invented = answers.pop(_INVENTED)
        destination = _check_data_plane(to, invented)
        yield destination
        if destination.status == "ok":
            yield from _check_keys(settings, invented, answers)


def _check_file(path: Path) -> CheckResult:
    if problem := writing_problem(path):
        return CheckResult("destination", "problem", problem, "choose another file for [delivery] to")
    return CheckResult("destination", "ok", f"events are appended to {path}")


async def _send_empty_batches(settings: Settings) -> dict[str, Answer]:
    """What the data plane answers to a batch without events, with each source's key and an invented one."""
    keys = {source.name: source.destination_key.get_secret_value() for source in settings.source}
    keys[_INVENTED] = secrets.token_urlsafe(20)
    destination = open_destination(settings.delivery, keys)
    try:
        answers = await asyncio.gather(*(destination.send(source, []) for source in keys))
    finally:
        await destination.close()
    return dict(zip(keys, answers, strict=True))


def _check_data_plane(to: str, invented: Answer) -> CheckResult:
    """What the answer to an invented key tells of the data plane."""
    match invented:
        case Unreachable():
            advice = "check [delivery] to, and whether a firewall or a proxy is in between"
            return CheckResult("destination", "problem", f"{to} cannot be reached: {invented.reason}", advice)
        case Unauthorized() if invented.reason != _UNKNOWN_KEY:
            advice = "check [delivery] to: /v1/batch is appended to it"
            return CheckResult("destination", "problem", f"{to} is not a data plane: {invented.reason}", advice)
        case Failed() | Throttled():
            advice = "try again later: events are kept until it accepts them"
            return CheckResult("destination", "problem", f"{to} accepts nothing: {invented.reason}", advice)
    return CheckResult("destination", "ok", f"{to} answers")


def _check_keys(settings: Settings, invented: Answer, answers: Mapping[str, Answer]) -> Iterator[CheckResult]:
    if isinstance(invented, Unauthorized):
        for source in settings.source:
            yield _check_key(source, answers[source.name])
        return
    reason = "the data plane does not refuse an invented key: keys can only be tried with events"
    advice = "after the first events, springhead gateway status says which sources are held"
    yield CheckResult("write key", "advice", reason, advice)


def _check_key(source: SourceSettings, answer: Answer) -> CheckResult:
    if isinstance(answer, Accepted) or (isinstance(answer, Refused) and answer.status in _EMPTY_BATCH):
        return CheckResult("write key", "ok", f"the data plane knows the write key of {source.name}")
    if answer.reason == _UNKNOWN_KEY:
        change = "correct" if source.destination_write_key else "give its [[source]]"
        reason = f"the data plane does not know the write key of {source.name}"
        return CheckResult("write key", "problem", reason, f"{change} destination_write_key")
    if answer.reason == _DISABLED:
        reason = f"the data plane has disabled the source of the write key of {source.name}"
        return CheckResult("write key", "problem", reason, "enable the source there")
    reason = f"the write key of {source.name} cannot be tried now: {answer.reason}"
    return CheckResult("write key", "advice", reason, "try again later")
