"""RevenueCat webhooks: purchases, subscriptions and what else happens to the customers of apps."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The RevenueCat source."""
    return [load_source(Path(__file__).parent)]
