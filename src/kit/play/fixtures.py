"""Reads the fixtures of a source as requests to try, and keeps a request as a new one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ...core.errors import InvalidDraft, InvalidFixture
from ...core.request import Request, is_credential
from ..case import EXPECTED, META, Case, find_cases
from ..new.captured import FORMATS, capture
from ..new.write import text_of
from .errors import NotWritten
from .files import Edit, is_unchanged, write_files
from .snapshot import TriedRequest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


class Fixtures(msgspec.Struct, frozen=True):
    """The fixtures in a folder, which need not exist."""

    folder: Path

    def names(self) -> list[str]:
        """List them."""
        return [case.folder.name for case in find_cases(self.folder, "")]

    def example(self) -> str:
        """Name the first fixture that becomes an event, else the first; `""` if there is none."""
        cases = find_cases(self.folder, "")
        examples = (case for case in cases if '"messageId"' in (case.expected or ""))
        example = next(examples, next(iter(cases), None))
        return example.folder.name if example else ""

    def request(self, name: str) -> TriedRequest:
        """Read the request of a fixture.

        Raises:
            InvalidFixture: there is none of this name, or it cannot be read.
        """
        if name not in self.names():
            raise InvalidFixture(name, "is not a fixture of this source", "choose another")
        case = Case("", self.folder / name)
        values = msgspec.structs.asdict(case.request())
        try:
            return TriedRequest(values.pop("body").decode(), **values, config=case.config)
        except ValueError as error:  # it is too long, or not UTF-8
            raise InvalidFixture(name, "cannot be shown here", str(error)) from None

    def check_new(self, name: str) -> None:
        """Check that a new fixture may have this name.

        Raises:
            NotWritten: it may not.
        """
        if not _NAME.fullmatch(name):
            raise NotWritten("a fixture's name has letters, digits, - and _")
        if self.folder.resolve() != self.folder:
            raise NotWritten(f"{self.folder} leads elsewhere through a link")
        if (self.folder / name).exists():
            raise NotWritten(f"there is a fixture {name}: choose another name")

    def keep(self, name: str, request: TriedRequest, expected: str) -> Path:
        """Write a fixture, as `springhead test` reads it; returns its folder.

        Raises:
            NotWritten: the name cannot be used.
            OSError: it cannot be written.
        """
        self.check_new(name)
        meta = _meta(request)
        files = {_body_file(request): request.body, EXPECTED: expected}
        if meta:
            files[META] = text_of(meta)
        case = self.folder / name
        case.mkdir(parents=True)
        try:
            for file, text in files.items():
                (case / file).write_bytes(text.encode())
        except BaseException:
            shutil.rmtree(case, ignore_errors=True)
            raise
        return case

    def update(self, name: str, expected: Edit) -> None:
        """Write the expected.json of a fixture.

        Raises:
            NotWritten: there is no such fixture, or the file has changed on disk.
            OSError: it cannot be written.
        """
        case = self.folder / name
        if name not in self.names() or case.resolve() != case:
            raise NotWritten(f"{name!r} is not a fixture of this source")
        if not is_unchanged(case / EXPECTED, expected):
            raise NotWritten(f"{name}/{EXPECTED} changed on disk meanwhile")
        write_files(case, {EXPECTED: expected.text})


def without_credentials(request: TriedRequest) -> TriedRequest:
    """Return a request without what says who may call, which belongs in no file."""
    return replace(
        request,
        headers={name: value for name, value in request.headers.items() if not is_credential("headers", name)},
        query={name: value for name, value in request.query.items() if not is_credential("query", name)},
        config={name: value for name, value in request.config.items() if name != "signing_secret"},
    )


def _body_file(request: TriedRequest) -> str:
    try:
        return FORMATS[capture("request", Request(request.body.encode())).format]
    except InvalidDraft:
        return FORMATS["form"]


def _meta(request: TriedRequest) -> dict[str, Any]:
    """What came with a body, without what is as in any request."""
    usual, values = msgspec.structs.asdict(TriedRequest()), msgspec.structs.asdict(request)
    return {name: value for name, value in values.items() if name != "body" and value != usual[name]}
