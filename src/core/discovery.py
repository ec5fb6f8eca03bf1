"""Finds the bundled and installed plugins, without loading them."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal, NoReturn, TypeAlias

from .loader import load_source
from .source import Source

GROUP = "springhead"
"""The entry-point group of plugins."""
BUNDLED = "springhead.sources"
"""The package whose subpackages are the bundled plugins; each is a plugin like any other."""

_HEADING = re.compile(rf"(?m)^\s*\[\s*{GROUP}\s*\]")

Status: TypeAlias = Literal["active", "failed", "conflict", "incompatible", "disabled"]


@dataclass(slots=True)
class Plugin:
    """A plugin that was found, and whether it is in use.

    Attributes:
        name: the name of its entry point, or of its folder.
        distribution, version: of the package it came in; empty for a folder given by path.
        origin: the module, or the folder.
        status: `active`, or why it is not.
        sources: the names of the sources it brings.
        reason: why it is not active, as a sentence.
    """

    name: str
    distribution: str
    version: str
    origin: str
    status: Status = "active"
    sources: list[str] = field(default_factory=list)
    reason: str = ""

    @property
    def id(self) -> str:
        """A name no other plugin has: `distribution:name`, or the folder."""
        return f"{self.distribution}:{self.name}" if self.distribution else self.origin

    def deactivate(self, status: Status, reason: str) -> None:
        """Record why the plugin is not active."""
        self.status, self.reason = status, reason


Loader: TypeAlias = Callable[[], "ModuleType | Source"]
"""Loads a plugin: the module with its hooks, or the source of a folder given by path. It may raise anything."""


def discover(folders: Iterable[str | Path]) -> list[tuple[Plugin, Loader]]:
    """Find the bundled plugins and the installed ones, each in the order of their names, then the folders."""
    return [*_bundled(), *_installed(), *_by_path(folders)]


def _bundled() -> Iterator[tuple[Plugin, Loader]]:
    spec = find_spec(BUNDLED)
    version = _version(BUNDLED.partition(".")[0])
    locations = spec.submodule_search_locations if spec else []
    for name in sorted(module.name for module in pkgutil.iter_modules(locations)):
        origin = f"{BUNDLED}.{name}"
        yield Plugin(name, "springhead", version, origin), partial(import_module, origin)


def _installed() -> list[tuple[Plugin, Loader]]:
    found = [plugin for distribution in _distributions() for plugin in _of_distribution(distribution)]
    return sorted(found, key=lambda candidate: (candidate[0].name, candidate[0].distribution))


def _distributions() -> Iterator[metadata.Distribution]:
    """The installed distributions with plugins of ours, each the first of its name on the path.

    `metadata.entry_points` would raise if any file of entry points is malformed, whoever it belongs to.
    """
    installed = metadata.distributions()
    names = {distribution.name for distribution in installed if _has_our_group(distribution)}
    return map(metadata.distribution, sorted(filter(None, names)))


def _has_our_group(distribution: metadata.Distribution) -> bool:
    try:
        text = distribution.read_text("entry_points.txt") or ""
    except ValueError:  # it is not UTF-8
        return False
    return _HEADING.search(text) is not None


def _of_distribution(distribution: metadata.Distribution) -> Iterator[tuple[Plugin, Loader]]:
    name, version = distribution.name, distribution.version
    try:
        entries = distribution.entry_points.select(group=GROUP)
    except Exception as error:  # noqa: BLE001 - what it raises depends on the version of Python
        yield Plugin(name, name, version, "entry_points.txt"), partial(_raise_malformed, error)
        return
    for entry in entries:
        yield Plugin(entry.name, name, version, entry.value), entry.load


def _raise_malformed(error: Exception) -> NoReturn:
    raise ValueError(f"entry_points.txt is malformed ({error})")


def _by_path(folders: Iterable[str | Path]) -> Iterator[tuple[Plugin, Loader]]:
    for folder in map(Path, folders):
        yield Plugin(folder.resolve().name, "", "", str(folder)), partial(load_source, folder)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
