"""What stands on the page: the files of a source as edited there, and the request to try them with."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from ...core.request import Request
from ..new.write import is_name

MAX_FILES = 50
BODY_LIMIT = 1_000_000
"""Characters of the longest body that is tried."""
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.json")


def is_file_name(name: str) -> bool:
    """Whether a file that is edited on the page may have this name."""
    return _FILE_NAME.fullmatch(name) is not None


def check_file_names(names: Collection[str]) -> None:
    """Raise ValueError unless these may be the files of a source folder."""
    if len(names) > MAX_FILES or not all(map(is_file_name, names)):
        raise ValueError("these are not the files of a source folder")


class TriedRequest(msgspec.Struct, frozen=True):
    """A request as it is entered on the page, with the operator's settings."""

    body: str = ""
    headers: dict[str, str | list[str]] = {}
    query: dict[str, str | list[str]] = {}
    method: str = "POST"
    url: str = ""
    id: str = ""
    received_at: float | None = None
    config: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """Raise ValueError if the body is too long to be tried as one types."""
        if len(self.body) > BODY_LIMIT:
            raise ValueError(f"the body has more than {BODY_LIMIT:,} characters: use springhead explain")

    def as_request(self) -> Request:
        """Return the request as a sender posts it."""
        body = self.body.encode()
        return Request(body, self.headers, self.query, self.method, self.url, self.id, self.received_at)


class Snapshot(msgspec.Struct, frozen=True):
    """The texts of a source's files, by their names, and a request.

    Attributes:
        files: the texts.
        request: the request.
        name: what the source is called if source.json does not say: the name of its folder.
        fixtures: the folder of its fixtures on disk.
        readme: its README.md on disk.
    """

    files: dict[str, str]
    request: TriedRequest = TriedRequest()
    name: str = ""
    fixtures: str = ""
    readme: str = ""

    @contextmanager
    def written(self, parent: Path) -> Iterator[Path]:
        """Write the files to a source folder below `parent` that is gone after the block."""
        with TemporaryDirectory(dir=parent) as temporary:
            folder = Path(temporary) / (self.name if is_name(self.name) else "source")
            folder.mkdir()
            for name, text in self.files.items():
                (folder / name).write_bytes(text.encode())
            for link, target in (("fixtures", self.fixtures), ("README.md", self.readme)):
                if target and Path(target).exists():
                    (folder / link).symlink_to(target)
            yield folder
