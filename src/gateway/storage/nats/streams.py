"""Makes the streams of a store, or compares those that are there with what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client

from ..records import StoreBusy, StoreUnusable
from .api import NOT_FOUND, ApiError, ask
from .options import NatsOptions

_LAYOUT_KEY, _LAYOUT = "springhead-layout", "1"
"""What streams are marked with: how their messages are written."""
_NO_PEERS = 10005
"""The code of a stream for which there are not enough servers: too few run, or too few are meant to."""
_SECOND = 1_000_000_000
"""Nanoseconds, in which JetStream counts."""
_STATE_BYTES = 2**26
"""Bytes for how far each source is delivered: kilobytes for most, a megabyte where many events are refused."""
_SPARE_BYTES = 2**24
"""Bytes for who delivers what; and what dead letters may take more than they should until they are swept."""
RETRY_SECONDS = 120.0
"""How long a publish that is tried again is recognised by its id."""


@dataclass(frozen=True, slots=True)
class Streams:
    """The names of a store's streams; the subjects of each begin with its name and a dot."""

    events: str
    seen: str
    state: str
    leases: str
    dead: str


def streams_of(name: str) -> Streams:
    """The streams of the store with this name."""
    return Streams(*(f"{name}-{stream}" for stream in ("events", "seen", "state", "leases", "dead")))


def configurations(options: NatsOptions) -> list[dict[str, Any]]:
    """What each stream must be, as the API has it."""
    streams = streams_of(options.name)
    one_each: dict[str, Any] = {"max_msgs_per_subject": 1}
    events = options.max_bytes or -1
    special: dict[str, dict[str, Any]] = {
        streams.events: {"max_bytes": events},
        streams.seen: {
            "max_age": int(max(options.window, 120.0) * _SECOND),
            "max_bytes": max(events // 2, -1),
        },
        streams.state: {**one_each, "max_bytes": _STATE_BYTES},
        streams.leases: {**one_each, "allow_msg_ttl": True, "max_bytes": _SPARE_BYTES},
        streams.dead: {**one_each, "max_bytes": options.dead_letter_bytes * 5 // 4 + _SPARE_BYTES},
    }
    return [
        {
            "name": name,
            "subjects": [f"{name}.>"],
            "num_replicas": options.replicas,
            "storage": "file",
            "retention": "limits",
            "discard": "new" if name == streams.events else "old",
            "allow_direct": True,
            "duplicate_window": int(RETRY_SECONDS * _SECOND),
            "metadata": {_LAYOUT_KEY: _LAYOUT},
            **settings,
        }
        for name, settings in special.items()
    ]


async def ensure(client: Client, options: NatsOptions) -> None:
    """Make the streams that are missing.

    Raises:
        StoreBusy: nobody answers, or too few servers run.
        StoreUnusable: one is there, and is not what the store needs; or one cannot be made.
    """
    for wanted in configurations(options):
        try:
            found = (await ask(client, f"STREAM.INFO.{wanted['name']}"))["config"]
        except ApiError as error:
            if error.code not in NOT_FOUND:
                raise StoreUnusable(f"JetStream cannot be used: {error}; enable it in the servers") from None
            if not options.create:
                advice = "start the gateway, or check store.name"
                raise StoreUnusable(f"{options.location} has no stream {wanted['name']}; {advice}") from None
            await _make(client, wanted)
            continue
        differences = [
            f"{key} is {found.get(key)!r}, not {value!r}"
            for key, value in wanted.items()
            if key not in {"subjects", "metadata"} and found.get(key, -1) != value
        ]
        if differences:
            advice = "change it with `nats stream edit`, or set another store.name"
            raise StoreUnusable(f"the stream {wanted['name']} differs: {', '.join(differences)}; {advice}")
        _check_layout(found)


def _check_layout(found: dict[str, Any]) -> None:
    """Refuse a stream whose messages another version writes in another way."""
    layout = found.get("metadata", {}).get(_LAYOUT_KEY)
    if layout != _LAYOUT:
        advice = "move what it holds to a folder with the version that made it, or set another store.name"
        raise StoreUnusable(f"the stream {found['name']} has layout {layout}, not {_LAYOUT}; {advice}")


async def _make(client: Client, wanted: dict[str, Any]) -> None:
    try:
        await ask(client, f"STREAM.CREATE.{wanted['name']}", **wanted)
    except ApiError as error:
        if error.code == _NO_PEERS and "offline" in str(error):
            raise StoreBusy(str(error)) from None
        advice = "check store.replicas, store.max_bytes and store.keep_bytes, and the limits of the servers"
        raise StoreUnusable(f"the stream {wanted['name']} cannot be made: {error}; {advice}") from None
