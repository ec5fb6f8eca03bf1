"""Drafts the files of a source from captured bodies, and says what is a guess."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from .anonymise import anonymise
from .captured import Captured
from .deliveries import find_delivery_id
from .event_name import EventName, find_event_name
from .fields import Field, Sample, fields_of, path_text, words_of
from .framing import guess_framing
from .mapping import Findings, are_events, write_mapping, write_passing
from .money import find_money
from .people import find_people
from .privacy import Kind, is_named, sensitive_members
from .readme import write_readme
from .schema import write_schema
from .signing import find_signing
from .times import find_time


class Draft(msgspec.Struct, frozen=True):
    """A source as drafted.

    Attributes:
        name: the source's name.
        title: the vendor's name, for people.
        files: the texts and JSON values of its folder, by file name.
        fixtures: the bodies without people and secrets.
        guesses: one line about each guess.
    """

    name: str
    title: str
    files: dict[str, Any]
    fixtures: tuple[Captured, ...]
    guesses: tuple[str, ...]


def draft_source(name: str, captured: Sequence[Captured]) -> Draft:
    """Draft a source from bodies that all came with the same headers.

    Raises:
        InvalidDraft: a body has lines that are not objects.
        ModuleNotFoundError: genson is not installed.
    """
    title = name.replace("-", " ").replace("_", " ").title()
    headers = captured[0].request.headers
    signing = find_signing(
        {key: value if isinstance(value, str) else value[0] for key, value in headers.items()}
    )
    fixtures = anonymise(captured)
    framing = guess_framing(fixtures)
    samples = framing.samples
    fields = fields_of(samples)
    passes = are_events(samples)
    event = find_event_name(fields, headers, len(samples), title)
    findings = Findings(event) if passes else _findings(event, fields, len(samples))
    is_batch = len(samples) > len(fixtures) or "batch" in framing.settings
    has_time = passes or findings.time is not None
    delivery = find_delivery_id(fields, headers, len(samples), is_batch=is_batch, has_time=has_time)
    about: dict[str, Any] = {
        "api": 1,
        "name": name,
        "title": title,
        "version": "0.1.0",
        **framing.settings,
        **({"id": delivery.entries} if delivery.entries else {}),
        **({"signature": signing.signature} if signing and signing.signature else {}),
        **_privacy(samples),
    }
    mapping = write_passing(title) if passes else write_mapping(title, findings, samples)
    files = {
        "source.json": about,
        "schema.json": write_schema(title, findings, samples),
        "mapping.json": mapping,
        "README.md": write_readme(title, about, mapping),
    }
    guesses = (
        *framing.guesses,
        *([] if passes else [findings.event.guess]),
        *delivery.guesses,
        *(["the records are events already, and pass as they are"] if passes else _guesses(findings)),
        *([signing.guess] if signing else []),
        *(f"{key} are {', '.join(about[key])}" for key in ("secrets", "pii") if key in about),
    )
    return Draft(name, title, files, tuple(fixtures), guesses)


def _findings(event: EventName, fields: Sequence[Field], count: int) -> Findings:
    people = find_people(fields, count)
    return Findings(event, find_time(fields, count), people, find_money(fields, count))


def _guesses(findings: Findings) -> Iterator[str]:
    if findings.time:
        yield f"{_paths(findings.time.fields)} is when it happened ({_functions(findings.time.apply)})"
    else:
        yield "nothing says when it happened, so the time of receipt is the event's"
    if not any(known.target == "userId" for known in findings.people):
        yield "nothing says whose event it is: each gets a derived anonymousId"
    for known in findings.people:
        yield f"{_paths(known.fields)} is {known.target}"
    if findings.money:
        yield findings.money.guess


def _paths(fields: Iterable[Any]) -> str:
    return ", else ".join(field.path for field in fields)


def _functions(apply: Sequence[Any]) -> str:
    named = [function for function in apply if isinstance(function, dict)]
    return ", ".join(f'{name} "{argument}"' for function in named for name, argument in function.items())


def _privacy(samples: Sequence[Sample]) -> dict[str, list[str]]:
    """List what `redact` masks: a member at any depth if its name alone tells, else where it is."""
    found: dict[str, dict[str, None]] = {"secrets": {}, "pii": {}}
    for sample in samples:
        for keys, kind in chain(sensitive_members(sample.record), sensitive_members(sample.around())):
            path = f"**.{path_text(keys[-1:])}" if is_named(words_of(keys), kind) else path_text(keys)
            found["secrets" if kind is Kind.SECRET else "pii"][path] = None
    return {name: list(paths) for name, paths in found.items() if paths}
