"""Runs the cases of a source on its mutants."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from ...core.codec import encode_sorted
from ...core.decode import decode
from ...core.errors import InvalidFixture, InvalidSource, SpringheadError
from ...core.loader import load_interpreted
from ...core.pipeline import Pipeline
from ...core.request import Request
from ...core.signature import signature_verifier, signing_secrets, without_secrets
from ...core.source import Source
from ...core.source_file import read_source_file
from ..case import EXPECTED, Case
from ..mapping_file import MappingFile, read_mapping_file
from ..rows import list_rows
from ..suite import Suite
from .mutant import Mutant


class Trial(msgspec.Struct, frozen=True):
    """A case, ready to be run on mutants, and its outcome for the source as it is."""

    name: str
    request: Request
    config: dict[str, Any]
    outcome: bytes


class MutantRunner:
    """Loads mutants one after the other, from a copy of the source's folder.

    They are interpreted: most are noticed by a record or two, in less time than it takes to compile them.
    """

    def __init__(self, suite: Suite, folder: Path) -> None:
        """`folder` holds the copy. Raises SpringheadError if a case cannot be run, or is not as expected."""
        self._folder = folder
        self._suite = suite
        self._loaded = load_interpreted(folder)
        self._tables = _tables(self._loaded, read_mapping_file(folder))
        self._trials = {trial.name: trial for case in suite.cases if (trial := self._trial(case))}

    def noticed_by(self, mutant: Mutant, names: Iterable[str]) -> str | None:
        """Return the first of these cases that has another outcome for a mutant; `""` if none has.

        None means that the mutant cannot be loaded, and is none.
        """
        trials = self._named(names)
        if mutant.code == "remove-entry":
            with _without_entry(self._tables.get(mutant.file, {}), str(mutant.steps[0])):
                return _first_to_differ(self._loaded, trials)
        try:
            return _first_to_differ(self._load(mutant.file, mutant.content), trials)
        except InvalidSource:
            return None

    def masks(self, listed: str, names: Iterable[str]) -> bool:
        """Whether redaction of a listed path, and of no other, changes the outcome of any of these cases."""
        about = read_source_file(self._folder / "source.json").value or {}
        others = {key: value for key, value in about.items() if key != "pii"}
        source = self._load("source.json", {**others, "secrets": [listed]})
        outcomes = (
            [_outcome(source, trial.request, {**trial.config, "redact": level}) for level in ("off", "secrets")]
            for trial in self._named(names)
        )
        return any(plain != redacted for plain, redacted in outcomes)

    def _named(self, names: Iterable[str]) -> list[Trial]:
        return [self._trials[name] for name in names if name in self._trials]

    def _load(self, file: str, content: dict[str, Any]) -> Source:
        path = self._folder / file
        original = path.read_bytes()
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        try:
            return load_interpreted(self._folder)
        finally:
            path.write_bytes(original)

    def _trial(self, case: Case) -> Trial | None:
        """Prepare a case; None if a plugin refuses its request, since plugins take no part in this."""
        request, config, source = case.request(), case.config, self._suite.source
        outcome = self._suite.outcome(case)
        if case.expected is None:
            raise InvalidFixture(
                str(case.folder), f"has no {EXPECTED}", "write it with springhead test --update"
            )
        if outcome != case.expected:
            raise InvalidFixture(str(case.folder), "is not as expected", "see what springhead test says of it")
        alone = _outcome(source, request, config)
        if json.loads(outcome).get("refused") is not None and alone is not None:
            return None
        return Trial(case.folder.name, request, config, alone or b"")


@contextmanager
def mutant_runner(suite: Suite) -> Iterator[MutantRunner]:
    """Make a runner, which has a folder of its own for as long as it is used."""
    with TemporaryDirectory(prefix="springhead-") as temporary:
        folder = Path(temporary) / suite.source.name
        folder.mkdir()
        for path in suite.source.folder.glob("*.json"):
            shutil.copy(path, folder)
        yield MutantRunner(suite, folder)


def _tables(source: Source, file: MappingFile) -> dict[str, dict[str, Any]]:
    """Return the tables in which rows look values up, by the names of their files."""
    rows = [row for row in list_rows(source.mapper.mapping) if row.lookup is not None]
    return {f"{file.at(row.steps)['lookup']}.json": row.lookup or {} for row in rows}


@contextmanager
def _without_entry(table: dict[str, Any], entry: str) -> Iterator[None]:
    """Take an entry out of a table that is loaded: rows look it up when a record comes."""
    value = table.pop(entry, None)
    try:
        yield
    finally:
        table[entry] = value


def _first_to_differ(source: Source, trials: Iterable[Trial]) -> str:
    return next((trial.name for trial in trials if _differs(source, trial)), "")


def _differs(source: Source, trial: Trial) -> bool:
    try:
        return (_outcome(source, trial.request, trial.config) or b"") != trial.outcome
    except SpringheadError:
        return True


def _outcome(source: Source, request: Request, config: dict[str, Any]) -> bytes | None:
    """Run a request without plugins; None if its signature is wrong. The order of members does not count."""
    secrets = signing_secrets(config, source.settings)
    if secrets and source.signatures and signature_verifier(source.signatures, secrets)(request) is not None:
        return None
    pipeline = Pipeline(source, without_secrets(config))
    outcome = pipeline.process(decode(request, source.framing), pipeline.context(request))
    rejections = [rejection.as_json() for rejection in outcome.rejections]
    reply = outcome.reply and [outcome.reply.body.decode(), outcome.reply.content_type]
    return encode_sorted([outcome.events, rejections, outcome.dropped, reply])
