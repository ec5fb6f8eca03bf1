"""How an author names sources: by their name, their package or their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead.core.errors import UnknownSource
from springhead.kit.find_source import find_source, find_sources
from support.distributions import SOURCE, Install
from support.folders import source_folder

TWO = """
import json
from pathlib import Path
from springhead import hookimpl, load_source

@hookimpl
def springhead_sources():
    folder = Path(__file__).parent / "acme"
    first = load_source(folder)
    (folder / "source.json").write_text(json.dumps({"name": "acme-two"}))
    return [first, load_source(folder)]
"""


@pytest.mark.parametrize(
    "name", ["acme", "springhead_source_acme", "springhead-source-acme", "Springhead_Source-Acme"]
)
def test_a_source_is_found_by_its_name_and_its_package(install: Install, name: str) -> None:
    """Whether the package is spelt as it is imported or as it is installed."""
    install("springhead-source-acme", SOURCE)

    host, source = find_source(name)

    assert source is host.sources["acme"]


def test_a_folder_is_found_from_where_it_is_named(tmp_path: Path) -> None:
    """It gets a host of its own, whatever else is installed."""
    source_folder(tmp_path / "inner", source={"name": "auth0"})

    host, (source,) = find_sources("./acme", tmp_path / "inner")

    assert (source.name, list(host.sources)) == ("auth0", ["auth0"])


@pytest.mark.parametrize("name", ["auth0", "./auth0"])
def test_a_folder_takes_precedence_over_the_plugin_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also if both have a source of that name."""
    source_folder(tmp_path, source={"name": "auth0"}).rename(tmp_path / "auth0")
    monkeypatch.chdir(tmp_path)

    _, source = find_source(name)

    assert source.folder.resolve() == (tmp_path / "auth0").resolve()


def test_a_package_with_several_sources_is_not_one_source(install: Install) -> None:
    """The sentence lists them."""
    install("springhead-source-acme", TWO)

    with pytest.raises(UnknownSource) as error:
        find_source("springhead_source_acme")

    assert error.value.advice == "it is a package with the sources acme, acme-two"


def test_a_folder_with_problems_says_which(tmp_path: Path) -> None:
    """All of them, as `check` does."""
    source_folder(tmp_path, source={"nme": "acme"})

    with pytest.raises(UnknownSource, match=r"has 1 problem:\n  source.json:1 /nme"):
        find_source(str(tmp_path / "acme"))
