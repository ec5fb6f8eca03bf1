"""Distributions with plugins, installed for a test."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from support.folders import source_folder
from support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
Install = Callable[..., None]

SOURCE = """
from pathlib import Path
from springhead import hookimpl, load_source

@hookimpl
def springhead_sources():
    return [load_source(Path(__file__).parent / "acme")]
"""
"""The code of a plugin that brings the source in the folder `acme` beside it."""


def write_distribution(  # noqa: PLR0913 - what a distribution holds, each with a default
    site: Path,
    distribution: str,
    code: str = SOURCE,
    *,
    entry: str = "acme",
    entries: bytes = b"",
    source: str = "acme",
    api: int = 1,
) -> None:
    """Put a distribution into a folder of them: its metadata, its module, and a source folder `acme` in it."""
    module = distribution.replace("-", "_")
    package = site / module
    source_folder(package, source={"api": api, "name": source})
    (package / "__init__.py").write_text(code)
    info = site / f"{module}-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
    (info / "entry_points.txt").write_bytes(entries or f"[springhead]\n{entry} = {module}\n".encode())


def link_distributions(site: Path, *extras: str) -> None:
    """Link all that springhead needs with these extras, but not itself, as pip would install it."""
    needed = list(PROJECT["dependencies"])
    for extra in extras:
        needed += PROJECT["optional-dependencies"][extra]
    for name in installed_for(needed):
        distribution = importlib.metadata.distribution(name)
        for file in distribution.files or []:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))))


def installed_for(names: list[str]) -> set[str]:
    """Distributions that are installed with these, the ones they need included."""
    found: set[str] = set()
    while names:
        name = re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[(]", names.pop())[0]).lower()
        if name not in found and (requires := required_by(name)) is not None:
            found.add(name)
            names += [one for one in requires if "extra ==" not in one]
    return found


def required_by(name: str) -> list[str] | None:
    """What a distribution requires; None where it is not installed, as it is for another platform."""
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return None
