"""Customer.io reporting webhooks: what happens to the messages that Customer.io sends, and to subscriptions."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Customer.io source."""
    return [load_source(Path(__file__).parent)]
