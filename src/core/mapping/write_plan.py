"""Plans how a block of rows writes: by plain assignment wherever no two rows write to the same place.

Where rows write to places nobody else writes to, the objects on the way are variables, and a write is an
assignment. Everything else (lists, appended values, places that overlap) goes through `write`, as in the
interpreter.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from .model import ENVELOPE, Row
from .path import Target, is_index


class WritePlan(msgspec.Struct, frozen=True):
    """How the targets of some rows are written.

    Attributes:
        through_write: the top-level fields that are written through `write`.
        containers: the objects that are variables, as the keys that lead to them.
    """

    through_write: frozenset[str]
    containers: tuple[tuple[str, ...], ...]

    def variable(self, container: tuple[str, ...]) -> str:
        """Name the variable of a container; that of the event itself is `event`."""
        return "_".join(["event", *(f"{len(key)}{_identifier(key)}" for key in container)])


def plan_writes(rows: tuple[Row, ...], *, passes: bool) -> WritePlan:
    """Plan the writes of these rows; `passes` if they write into an event that is passed through."""
    targets = [target for row in rows for target in row.to]
    counts = Counter(target.keys for target in targets)
    read, reads_whole = _fields_read(rows)

    def is_shared(target: Target) -> bool:
        is_read = target.keys[0] in read and len(target.keys) > 1  # a variable is not part of the event yet
        return passes or reads_whole or is_read or not _is_alone(target, counts)

    shared = {target.keys[0] for target in targets if is_shared(target)}
    containers: dict[tuple[str, ...], None] = {}
    for target in targets:
        if target.keys[0] not in shared:
            containers |= dict.fromkeys(target.keys[:end] for end in range(1, len(target.keys)))
    return WritePlan(frozenset(shared), tuple(containers))


def _fields_read(rows: tuple[Row, ...]) -> tuple[set[str], bool]:
    """The fields that rows read of the event, which may have dots in their names; and whether one reads all."""
    paths = [path.keys for row in rows for path in row.paths(inner=False) if path.root == "$event"]
    return {".".join(keys[:end]) for keys in paths for end in range(1, len(keys) + 1)}, () in paths


def _is_alone(target: Target, counts: Counter[tuple[str, ...]]) -> bool:
    """Whether nothing else writes to this place or above it, and no list is on the way."""
    keys = target.keys
    alone = counts[keys] == 1 and not any(counts[keys[:end]] for end in range(1, len(keys)))
    in_envelope = len(keys) == 1 and keys[0] in ENVELOPE  # finishing adds to it, so it must be a copy
    return alone and not in_envelope and not target.append and not any(map(is_index, keys[1:]))


def _identifier(key: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in key)
