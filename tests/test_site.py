"""The documents as a site: strict, whole, and without another host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from support.paths import ROOT

pytestmark = pytest.mark.slow
LOADED = re.compile(r"<(?:script|img|iframe)[^>]*\ssrc=\"?(\w+:)?//|<link[^>]*stylesheet[^>]*href=\"?(\w+:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it: a broken link or anchor is an error, and a page without a place."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "website/mkdocs.yml", "-d", str(site)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    return site


def test_every_document_is_a_page(site: Path) -> None:
    """Those in docs at the same place; the README is the first page, others of its folder are in `project`."""
    documents = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    project = {Path("project", path.stem.lower()) for path in ROOT.glob("*.md") if path.stem != "README"}
    pages = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}

    assert documents | project | {Path("index")} <= pages


def test_a_source_is_listed_under_its_title(site: Path) -> None:
    """Not under the name of its file."""
    titles = [re.search(r"<h1[^>]*>([^<]*)", page.read_text()) for page in (site / "sources").glob("*.html")]
    listed = (site / "operating.html").read_text()

    assert [title[1] for title in titles if title and title[1] not in listed] == []
    assert "Customer.io" in listed


@pytest.mark.parametrize(("page", "module"), [("host", "springhead"), ("http", "springhead.http")])
def test_the_api_has_every_public_name(site: Path, page: str, module: str) -> None:
    """Each name of `__all__` has a place that other pages can link to."""
    html = (site / "api" / f"{page}.html").read_text()

    assert [name for name in import_module(module).__all__ if f'id="{module}.{name}"' not in html] == []


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    """Neither scripts nor style sheets, fonts and images."""
    assert [page.name for page in site.rglob("*.html") if LOADED.search(page.read_text())] == []
    assert [
        style.name for style in site.rglob("*.css") if re.search(r"url\(\s*['\"]?(\w+:)?//", style.read_text())
    ] == []
