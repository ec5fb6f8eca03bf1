"""Events that Segment's Webhooks destinations forward."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Segment source."""
    return [load_source(Path(__file__).parent)]
