"""Webhooks of any sender, each body as one event."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Webhook source."""
    return [load_source(Path(__file__).parent)]
