"""A playground shared by tests that change nothing on disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.playgrounds import Playground, acme_folder, playground


@pytest.fixture(scope="package")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """A playground with the source `acme`."""
    folder = tmp_path_factory.mktemp("playground")
    acme_folder(folder)
    with playground(folder, "acme") as one:
        yield one
