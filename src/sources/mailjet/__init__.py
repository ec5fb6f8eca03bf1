"""Mailjet's Event API: what happens to the e-mails that Mailjet sends."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Mailjet source."""
    return [load_source(Path(__file__).parent)]
