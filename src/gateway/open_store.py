"""Chooses the store that the settings name: the only place that knows which stores there are."""

from __future__ import annotations

from pathlib import Path

from .settings import Settings
from .storage.records import StoreUnusable
from .storage.sqlite import SqliteStore
from .storage.store import Store

_DAY = 86_400
_OVERHEAD = 65_536
"""Bytes that a message may have besides what a sender posted."""


def open_store(settings: Settings, *, create: bool = True) -> Store:
    """The store of these settings; `Store.open` makes it ready.

    Raises:
        StoreUnusable, StoreBusy: it cannot be opened, or does not exist and `create` is False.
    """
    retention = settings.store
    waiting = settings.limits.waiting * max(len(settings.source), 1)  # no source shuts another out
    if retention.url:
        return _nats_store(settings, waiting)
    return SqliteStore(
        settings.gateway.data,
        window=retention.window_days * _DAY,
        keep_calls=retention.keep_requests,
        dead_letter_age=retention.keep_days * _DAY,
        dead_letter_bytes=retention.keep_bytes,
        max_bytes=retention.max_bytes,
        max_waiting=waiting,
        create=create,
    )


def _nats_store(settings: Settings, waiting: int) -> Store:
    try:
        from .storage.nats import NatsOptions, NatsStore  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise StoreUnusable("store.url needs nats-py: pip install 'springhead[nats]'") from None
    store = settings.store
    options = NatsOptions(
        store.servers,
        name=store.name,
        replicas=store.replicas,
        user=store.user,
        password=store.password.get_secret_value(),
        credentials=_path(store.credentials),
        ca=_path(store.ca),
        tls_cert=_path(store.tls_cert),
        tls_key=_path(store.tls_key),
        folder=settings.gateway.data,
        window=store.window_days * _DAY,
        keep_calls=store.keep_requests,
        dead_letter_age=store.keep_days * _DAY,
        dead_letter_bytes=store.keep_bytes,
        max_bytes=store.max_bytes,
        max_waiting=waiting,
        max_message=settings.limits.body + _OVERHEAD,
        patience=store.patience,
    )
    return NatsStore(options)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
