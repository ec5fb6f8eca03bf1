"""Distributions with plugins, installed for a test."""

from __future__ import annotations

from collections.abc import Callable

Install = Callable[..., None]

SOURCE = """
from pathlib import Path
from springhead import hookimpl, load_source

@hookimpl
def springhead_sources():
    return [load_source(Path(__file__).parent / "acme")]
"""
"""The code of a plugin that brings the source in the folder `acme` beside it."""
