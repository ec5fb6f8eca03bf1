"""Opens the store that the settings choose: the only place that knows which stores there are."""

from __future__ import annotations

from .settings import Settings
from .storage.sqlite import SqliteStore
from .storage.store import Store

_DAY = 86_400


def open_store(settings: Settings, *, create: bool = True) -> Store:
    """Open the store of these settings.

    Raises:
        StoreUnusable, StoreBusy: it cannot be opened, or does not exist and `create` is False.
    """
    retention = settings.store
    return SqliteStore(
        settings.gateway.data,
        window=retention.window_days * _DAY,
        keep_calls=retention.keep_requests,
        dead_letter_age=retention.keep_days * _DAY,
        dead_letter_bytes=retention.keep_bytes,
        max_bytes=retention.max_bytes,
        max_waiting=settings.limits.waiting * max(len(settings.source), 1),  # no source shuts another out
        create=create,
    )
