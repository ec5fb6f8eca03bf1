"""Auth0 tenant logs, as sent by log streams and by the webhooks extension."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Auth0 source."""
    return [load_source(Path(__file__).parent)]
