"""Notices that a write-ahead log was damaged while no process had the store open: SQLite does not say so.

It recovers the transactions before the damage, and takes those after it for remains of an older log.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

_HEADER, _FRAME_HEADER = 32, 24
LOG_BEGINS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""The first bytes of a log: https://www.sqlite.org/fileformat2.html#the_write_ahead_log"""


def header_of(log: Path) -> bytes:
    """The header of a log, which is another one once the log was emptied; empty if there is no log."""
    try:
        with log.open("rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        return b""


def written_frames(log: Path) -> int:
    """Frames up to the end of the last transaction that was written to the log, sound or not."""
    try:
        with log.open("rb") as file:
            header = file.read(_HEADER)
            if header[:4] not in LOG_BEGINS:
                return int(any(header))  # SQLite recovers nothing
            page, salts = int.from_bytes(header[8:12]), header[16:24]
            last = number = 0
            while len(frame := file.read(_FRAME_HEADER)) == _FRAME_HEADER:
                number += 1
                ends_transaction = any(frame[4:8])
                if ends_transaction and frame[8:16] == salts:
                    last = number
                file.seek(page, 1)
            return last
    except FileNotFoundError:
        return 0


def lost_frames(connection: sqlite3.Connection, log: Path, header: bytes, written: int) -> int:
    """How many of the frames in the log with this header SQLite did not recover when the connection was opened.

    Frames that another process commits or takes out of the log at this moment are not lost.
    """
    if not written:
        return 0
    connection.execute("BEGIN IMMEDIATE")  # waits for what another process commits
    connection.execute("ROLLBACK")
    _, recovered, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if recovered < 0 or header_of(log) != header:  # another process empties the log, or has done so
        return 0
    return max(written - int(recovered), 0)
