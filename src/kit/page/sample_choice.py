"""Chooses the fixtures that show most of a source: the sample of a page, and where its examples are from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import isinf
from typing import Any

from ...core.codec import Object
from ...core.errors import InvalidFixture, SpringheadError
from ...core.host import Host
from ...core.signature import without_secrets
from ...core.suggest import suggest
from ..case import Case
from ..leaves import leaf_steps
from .source_files import SourceFiles

_MAX_BODY = 4_000
"""Bytes of a body that is easily read."""


def rank_cases(host: Host, cases: Iterable[Case]) -> list[Case]:
    """Sort the fixtures that become events, the one that shows most first; others are left out."""
    ranked = [(rank, case.name, case) for case in cases if (rank := _rank(host, case)) is not None]
    return [case for *_, case in sorted(ranked, key=lambda entry: entry[:2])]


def find_sample(files: SourceFiles, ranked: Sequence[Case]) -> Case | None:
    """Find the fixture that source.json names, else the first of those that are ranked.

    Raises:
        InvalidFixture: source.json names a fixture that does not exist.
    """
    by_name = {case.folder.name: case for case in files.cases}
    name = files.about.get("sample")
    if name is None or not by_name:  # an installed source has left its fixtures behind
        return next(iter(ranked), None)
    if name not in by_name:
        advice = f"it is the sample of source.json: {suggest(name, list(by_name))}"
        raise InvalidFixture(name, "is not a fixture", advice)
    return by_name[name]


def _rank(host: Host, case: Case) -> tuple[Any, ...] | None:
    """Rank a fixture, the lowest first; None if it has no event, or something is rejected.

    Those without settings come first, whose bodies are plain JSON and not long. Of these, the one whose only
    event has the most fields shows most, and of equal ones the shortest.
    """
    try:
        outcome = host.receive(case.source, case.request(), case.config)
    except SpringheadError:  # `springhead test` says what is wrong with it
        return None
    if not outcome.events or outcome.rejections:
        return None
    unusual = bool(without_secrets(case.config)), not is_plain_json(case.body), len(case.body) > _MAX_BODY
    return *unusual, len(outcome.events), -_count_fields(outcome.events[0]), len(case.body)


def _count_fields(event: Object) -> int:
    """Count the fields of an event: its members, and those of its objects."""
    objects = (event.get("context", {}).get("traits"), *event.values())
    return len(event) + sum(len(value) for value in objects if isinstance(value, dict))


def is_plain_json(body: bytes) -> bool:
    """Whether a body is JSON whose texts and numbers can all be shown."""
    try:
        values = [leaf for _, leaf in leaf_steps(json.loads(body))]
    except (ValueError, RecursionError):
        return False
    texts = [value for value in values if isinstance(value, str)]
    return all(text.isprintable() for text in texts) and not any(_is_infinite(value) for value in values)


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and isinf(value)
