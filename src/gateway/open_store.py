"""Chooses the store that the settings name: the only place that knows which stores there are."""

from __future__ import annotations

from pathlib import Path

from .settings import Settings
from .settings.values import nats_servers
from .storage.records import StoreUnusable
from .storage.sqlite import SqliteStore
from .storage.store import Store

_DAY = 86_400
_OVERHEAD = 65_536
"""Bytes that a message may have besides what a sender posted."""


def open_store(settings: Settings, *, create: bool = True, worker: int = 1) -> Store:
    """The store of these settings; `Store.open` makes it ready. Each worker has a number, from 1.

    Raises:
        StoreUnusable, StoreBusy: it cannot be opened, or does not exist and `create` is False.
    """
    retention = settings.store
    waiting = settings.limits.waiting * max(len(settings.source), 1)  # no source shuts another out
    if retention.url:
        return _nats_store(settings, waiting, worker, create=create)
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


def with_store_at(settings: Settings, place: str) -> Settings:
    """These settings with another store: `nats://...` or `tls://...`, or else the folder of one in SQLite.

    Raises:
        StoreUnusable: it is not the URL of a cluster.
    """
    is_url = "://" in place
    if is_url and not nats_servers(place):
        raise StoreUnusable('the other store must be as in "nats://a:4222,b:4222,c:4222", or a folder')
    store = settings.store.model_copy(update={"url": place if is_url else ""})
    gateway = settings.gateway if is_url else settings.gateway.model_copy(update={"data": Path(place)})
    return settings.model_copy(update={"store": store, "gateway": gateway})


def _nats_store(settings: Settings, waiting: int, worker: int, *, create: bool) -> Store:
    try:
        from .storage.nats import NatsOptions, NatsStore  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise StoreUnusable("store.url needs nats-py: pip install 'springhead[nats]'") from None
    store, folder = settings.store, settings.gateway.data
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
        folder=folder if worker == 1 else folder / f"worker-{worker}",
        window=store.window_days * _DAY,
        keep_calls=store.keep_requests,
        dead_letter_age=store.keep_days * _DAY,
        dead_letter_bytes=store.keep_bytes,
        max_bytes=store.max_bytes,
        max_waiting=waiting,
        max_message=settings.limits.body + _OVERHEAD,
        patience=store.patience,
        create=create,
    )
    return NatsStore(options)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
