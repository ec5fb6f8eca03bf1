"""Shopify webhooks: orders, checkouts, carts, customers, products and what else happens in a shop."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The Shopify source."""
    return [load_source(Path(__file__).parent)]
