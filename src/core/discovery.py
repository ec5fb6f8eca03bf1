"""Finds the bundled and installed plugins, without loading them."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeAlias

from .loader import load_source
from .source import Source

GROUP = "springhead"
"""The entry-point group of plugins."""
BUNDLED = "springhead.sources"
"""The package whose subpackages are the bundled plugins; each is a plugin like any other."""

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


def _installed() -> Iterator[tuple[Plugin, Loader]]:
    entries = metadata.entry_points(group=GROUP)
    for entry in sorted(entries, key=lambda entry: (entry.name, _distribution(entry))):
        yield Plugin(entry.name, *_distribution(entry), entry.value), entry.load


def _by_path(folders: Iterable[str | Path]) -> Iterator[tuple[Plugin, Loader]]:
    for folder in map(Path, folders):
        yield Plugin(folder.resolve().name, "", "", str(folder)), partial(load_source, folder)


def _distribution(entry: metadata.EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("", "")


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
