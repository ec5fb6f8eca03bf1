"""Tells whether a file could be written, without writing to it."""

from __future__ import annotations

import os
from pathlib import Path


def nearest_existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(candidate for candidate in (path, *path.parents) if candidate.exists())


def writing_problem(file: Path) -> str:
    """Why a file cannot be written, or created with the folders above it; empty if it can."""
    nearest = nearest_existing(file)
    folder = file.parent if nearest == file else nearest
    if not folder.is_dir():
        return f"{folder} is not a folder"
    if nearest == file and not file.is_file():
        return f"{file} is not a file"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} cannot be written by this user"
    return "" if os.access(nearest, os.W_OK) else f"{nearest} cannot be written by this user"
