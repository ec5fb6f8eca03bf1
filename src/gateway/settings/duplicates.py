"""Finds names and write keys that two sources share: either must identify one source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .problems import SettingsProblem
from .toml_file import SettingsFile
from .values import as_list


def find_duplicates(file: SettingsFile) -> Iterator[SettingsProblem]:
    """A problem for each name or write key of a source that an earlier source has."""
    sources = file.values.get("source")
    first: dict[tuple[str, str], int] = {}
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        for key, value in _identities(source):
            earlier = first.setdefault((key, value), index)
            if earlier != index:
                reason = f"[[source]] {earlier + 1} has the same {key}"
                yield file.problem(("source", index, key), reason, "give each source its own")


def _identities(source: Any) -> Iterator[tuple[str, str]]:
    """The name and the write keys of a source, none of which has been validated yet."""
    if not isinstance(source, dict):
        return
    keys = as_list(source.get("write_key"))
    keys = keys if isinstance(keys, list) else []
    for key, value in [("name", source.get("name")), *(("write_key", value) for value in keys)]:
        if isinstance(value, str) and value:
            yield key, value
