"""PagerDuty incidents and services, as sent by V3 webhook subscriptions."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The PagerDuty source."""
    return [load_source(Path(__file__).parent)]
