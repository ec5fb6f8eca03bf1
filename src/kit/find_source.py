"""Finds the sources that an author names: by their name, their package or their folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ..core.errors import UnknownSource
from ..core.host import Host
from ..core.source import Source


def find_sources(
    name: str, nearby: Path = Path(), installed: Callable[[], Host] = Host
) -> tuple[Host, list[Source]]:
    """Find the source or sources that are called this, and a host that runs them.

    Args:
        name: a source's name, an installed package's (`springhead_source_acme`), or the path of a source
            folder, which gets a host of its own, so that no other plugin matters.
        nearby: the folder from which a relative path starts.
        installed: makes the host of the sources that are installed, where it is needed.

    Raises:
        UnknownSource: nothing active is called this.
    """
    folder = nearby / name
    if "/" in name or (folder / "source.json").exists():
        return _of_folder(name, folder)
    host = installed()
    if name in host.sources:
        return host, [host.sources[name]]
    sources = [host.sources[source] for source in _of_package(host, name)]
    if not sources and folder.is_dir():
        return _of_folder(name, folder)  # raises UnknownSource, as source.json is missing
    if not sources:
        host.verifier(name)  # raises UnknownSource, with advice
    return host, sources


def find_source(name: str) -> tuple[Host, Source]:
    """Find one source, as `find_sources` does.

    Raises:
        UnknownSource: nothing active is called this, or it is a package with several sources.
    """
    host, sources = find_sources(name)
    if len(sources) > 1:
        raise UnknownSource(name, f"it is a package with the sources {', '.join(x.name for x in sources)}")
    return host, sources[0]


def _of_folder(name: str, folder: Path) -> tuple[Host, list[Source]]:
    only = str(folder.absolute())  # which no installed plugin is called
    host = Host(folders=[folder], environ={"SPRINGHEAD_PLUGINS": only})
    plugin = host.plugins[-1]
    if plugin.status != "active":
        raise UnknownSource(name, plugin.reason)
    return host, [host.sources[plugin.sources[0]]]


def _of_package(host: Host, name: str) -> list[str]:
    wanted = _normalized(name)
    packages = (plugin for plugin in host.plugins if plugin.status == "active" and plugin.distribution)
    return [
        source
        for plugin in packages
        if wanted in (_normalized(plugin.distribution), _normalized(plugin.origin.partition(":")[0]))
        for source in plugin.sources
    ]


def _normalized(name: str) -> str:
    return re.sub("[-_]+", "-", name).lower()
