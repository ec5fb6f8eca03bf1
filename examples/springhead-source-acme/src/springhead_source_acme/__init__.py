"""Acme's webhooks."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Acme source."""
    return [load_source(Path(__file__).parent)]
