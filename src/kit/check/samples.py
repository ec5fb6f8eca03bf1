"""Reads the fixtures of a source as records, so that what a mapping reads can be held against them."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.decode import decode
from ...core.errors import InvalidFixture
from ...core.framing import Framing
from ...core.mapping.interpret import Scope
from ...core.source import Source
from ...core.source_file import SourceFile
from ..case import META, Case, case_folder, find_cases
from .finding import Finding


@dataclass
class Samples:
    """What the fixtures of a source hold.

    Attributes:
        folder: the folder of the cases, which may not exist.
        installed: whether the source was installed, in which case its fixtures stayed behind.
        files: the files of the cases, on which checks record what they find.
        documents: the JSON documents of the bodies, before a batch is taken apart.
        items: the items, before unwrapping.
        received: what the paths of a row reach in each record that arrived.
        accepted: the same for the records that satisfy schema.json.
    """

    folder: Path
    installed: bool = False
    files: list[SourceFile] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    received: list[Scope] = field(default_factory=list)
    accepted: list[Scope] = field(default_factory=list)

    @property
    def show_records(self) -> bool:
        """Whether a mapping can be held against the fixtures: some record in them becomes an event."""
        return bool(self.accepted)

    def advice(self) -> list[Finding]:
        """List what the checks have recorded of the fixtures."""
        return [
            Finding.of(problem, "advice", self.folder / Path(file.name).relative_to("fixtures"))
            for file in self.files
            for problem in file.problems
        ]


def read_samples(source: Source) -> Samples:
    """Read the fixtures of a source; one that cannot be read is recorded as a problem."""
    folder = case_folder(source, source.folder)
    site = Path(sysconfig.get_paths()["purelib"])
    samples = Samples(folder, installed=source.folder.resolve().is_relative_to(site))
    for case in find_cases(folder, source.name):
        try:
            _read_case(samples, source, case)
        except InvalidFixture as error:
            file = SourceFile(f"fixtures/{case.folder.name}")
            file.add_problem((), "bad-fixture", error.reason, error.advice)
            samples.files.append(file)
    return samples


def _read_case(samples: Samples, source: Source, case: Case) -> None:
    request, config = case.request(), case.config
    for path in (case.body_path, case.folder / META):
        text = path.read_bytes().decode("utf-8-sig", "replace") if path.exists() else ""
        samples.files.append(SourceFile(f"fixtures/{case.folder.name}/{path.name}", text=text))
    shown = request.as_json()
    whole = Framing(source.framing.formats, lambda _: None)
    samples.documents += _objects(decode(request, whole))
    for item in _objects(decode(request, source.framing)):
        record, _ = source.unwrap(item) or (item, ())
        if not isinstance(record, dict):
            continue
        scope = Scope(record, item, shown, config)
        samples.items.append(item)
        samples.received.append(scope)
        if source.schema.accepts(record):
            samples.accepted.append(scope)


def _objects(located: list[Any]) -> Iterator[dict[str, Any]]:
    return (item for _, item in located if isinstance(item, dict))
