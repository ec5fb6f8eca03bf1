"""Auth0 tenant logs, as log streams and the webhooks extension send them."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Auth0 source."""
    return [load_source(Path(__file__).parent)]
