"""Discovery: every plugin there is, as a name, where it is from, and how to load it; nothing is loaded here."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeAlias

from .source import Source, load_source

GROUP = "springhead"
"""The entry-point group of plugins."""
BUNDLED = "springhead.sources"
"""The package whose subpackages are the bundled plugins; each is a plugin like any other."""

Status: TypeAlias = Literal["active", "failed", "conflict", "incompatible", "disabled"]


@dataclass(slots=True)
class Plugin:
    """A plugin that was found, and what became of it.

    Attributes:
        name: of its entry point, its bundled folder, or its folder by path.
        distribution, version: of the package it came in; empty for a folder by path.
        origin: the module, or the folder.
        sources: the names of the sources it brings.
        reason: why it is not active.
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

    def stop(self, status: Status, reason: str) -> None:
        """Note why the plugin is not active."""
        self.status, self.reason = status, reason


Load: TypeAlias = Callable[[], "ModuleType | Source"]
"""Loads a plugin: its module with the hooks, or the source of a folder by path. May raise anything."""


def discover(folders: Iterable[str | Path]) -> list[tuple[Plugin, Load]]:
    """The bundled plugins and the installed ones in the order of their names, then one for each folder."""
    return [*_bundled(), *_installed(), *_folders(folders)]


def _bundled() -> Iterator[tuple[Plugin, Load]]:
    spec = find_spec(BUNDLED)
    version = _version(BUNDLED.partition(".")[0])
    where = spec.submodule_search_locations if spec else []
    for name in sorted(module.name for module in pkgutil.iter_modules(where)):
        origin = f"{BUNDLED}.{name}"
        yield Plugin(name, "springhead", version, origin), _importing(origin)


def _installed() -> Iterator[tuple[Plugin, Load]]:
    entries = metadata.entry_points(group=GROUP)
    for entry in sorted(entries, key=lambda entry: (entry.name, _distribution(entry))):
        yield Plugin(entry.name, *_distribution(entry), entry.value), entry.load


def _folders(folders: Iterable[str | Path]) -> Iterator[tuple[Plugin, Load]]:
    for folder in map(Path, folders):
        yield Plugin(folder.resolve().name, "", "", str(folder)), _loading(folder)


def _importing(module: str) -> Load:
    return lambda: import_module(module)


def _loading(folder: Path) -> Load:
    return lambda: load_source(folder)


def _distribution(entry: metadata.EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("", "")


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
