"""Turns the repository's documents into the pages of a site: `mkdocs.yml` has the rest of its settings."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {document.name: f"project/{document.stem.lower()}.md" for document in sorted(ROOT.glob("*.md"))} | {
    "README.md": "index.md"
}
"""Documents outside of docs, and where they are on the site."""

API = {
    "api/host.md": ("springhead", "springhead"),
    "api/http.md": ("springhead.http", "springhead.http"),
    "api/testing.md": ("springhead.testing", "springhead.testing"),
    "api/hooks.md": ("springhead.core.hooks", "Hooks"),
}
"""Modules whose docstrings become a page."""

GENERATED = re.compile(r"\A<!--.*?-->\s*", re.DOTALL)
"""What stands before the title of a generated page; MkDocs takes a title only from the first line."""

LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs, and find those that the navigation names by a pattern."""
    for document, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / document)))
    for uri, (module, title) in API.items():
        content = f"# {title}\n\n::: {module}\n"
        files.append(File.generated(config, uri, content=content))
    config.nav = expand(config.nav, [file.src_uri for file in files.documentation_pages()])
    return files


def expand(nav: Any, uris: list[str]) -> Any:
    """Replace a pattern by the pages that match it."""
    if isinstance(nav, list):
        return [expand(entry, uris) for entry in nav]
    if isinstance(nav, dict):
        return {title: expand(entry, uris) for title, entry in nav.items()}
    return [uri for uri in uris if fnmatch(uri, nav)] if "*" in nav else nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Let the links of a document lead to pages, and to the repository where a file is not on the site."""
    source = page.file.abs_src_path
    if source is None:
        return markdown
    folder = Path(source).relative_to(ROOT).parent

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(folder / match[1])
        uri = PAGES.get(target, target.removeprefix("docs/"))
        if uri == target:
            return f"{config.repo_url}/blob/main/{target}"
        return posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")

    return LINK.sub(link, GENERATED.sub("", markdown))
