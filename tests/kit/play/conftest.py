"""Playgrounds shared by tests: one for those that change nothing on disk, and one for those that do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.playgrounds import Playground, acme_folder, playground


@pytest.fixture(scope="package")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """A playground with the source `acme`."""
    folder = tmp_path_factory.mktemp("playground")
    acme_folder(folder)
    with playground(folder, "acme") as one:
        yield one


@pytest.fixture(scope="package")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """A playground with a source `acme` that is written."""
    parent = tmp_path_factory.mktemp("writable")
    acme_folder(parent)
    with playground(parent, "acme") as one:
        yield one


@pytest.fixture
def folder(writable: Playground) -> Path:
    """The folder of that source, as new."""
    shutil.rmtree(writable.folder / "acme")
    return acme_folder(writable.folder)
