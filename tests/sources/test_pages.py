"""The pages of all bundled sources, in docs/sources/."""

from __future__ import annotations

import pytest

from springhead.kit.page.page import write_page
from support.hosts import HOST
from support.paths import DOCS, ROOT

PAGES = DOCS / "sources"


@pytest.mark.parametrize("name", sorted(HOST.sources))
def test_the_page_of_a_source_is_up_to_date(name: str) -> None:
    """It is what `springhead docs` writes; `make pages` writes all of them."""
    page = PAGES / f"{name}.md"

    assert page.exists(), f"{page} is missing: run make pages"
    assert page.read_text() == write_page(HOST.sources[name], ROOT), f"{page} is stale: run make pages"


def test_every_page_is_of_a_source() -> None:
    """A source that is gone leaves no page behind; the index of the pages is written by hand."""
    pages = {path.stem for path in PAGES.glob("*.md")} - {"index", "README"}

    assert pages == set(HOST.sources)
