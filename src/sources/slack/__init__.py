"""Slack's events, interactions and slash commands."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Slack source."""
    return [load_source(Path(__file__).parent)]
