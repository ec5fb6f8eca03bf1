"""What the document about a cluster says of its size holds."""

from __future__ import annotations

import re

import msgspec
import pytest

from springhead.gateway.settings.model import LimitSettings, StoreSettings
from springhead.gateway.storage.nats import NatsOptions
from springhead.gateway.storage.nats.accepted import Accepted
from springhead.gateway.storage.nats.chunk import PackedEvent, encode, number_of, pack
from springhead.gateway.storage.nats.streams import configurations
from support.markdown import rows_below
from support.paths import ROOT

DOCUMENT = ROOT / "docs" / "cluster.md"
CONFIG = (ROOT / "deploy" / "nats" / "nats.conf").read_text()
DAY = 86_400
ID = 40
"""Bytes of the id of a delivered event, as the document says."""


def test_an_id_takes_no_more_than_the_document_says() -> None:
    """As it is published when the event was delivered."""
    accepted = [Accepted(b"0123456789abcdef", number_of(10**9, index), 1.7e9) for index in range(100)]

    assert 0.8 * ID < len(msgspec.msgpack.encode(accepted)) / len(accepted) <= ID


def test_an_event_takes_a_hundred_bytes_more() -> None:
    """With a messageId and a user of the usual length."""
    events = [
        PackedEvent("0e3c0a63-6c6c-5b0e-a3a5-4f2b2e9c0a11", f"auth0|{index:024}", b" " * 2_000, b"0" * 16)
        for index in range(64)
    ]
    (packed,) = pack(events, [None] * len(events), 10**6)

    assert 2_050 < len(encode(packed)) / len(events) < 2_150


def test_the_table_of_ids_follows_from_their_size() -> None:
    """For each rate: what is wanted, and how long what is allowed reaches."""
    settings = StoreSettings()
    rows = rows_below(DOCUMENT, "events a second", "ids of 7 days", "5 GB are the ids of")

    assert len(rows) == 3
    for rate, size, time in rows:
        each_day = int(rate.replace(",", "")) * DAY * ID
        number, unit = time.split()
        days = float(number) / {"days": 1, "hours": 24}[unit]
        assert float(size.removesuffix(" GB")) == pytest.approx(settings.window_days * each_day / 1e9, rel=0.02)
        assert days == pytest.approx(settings.max_bytes / 2 / each_day, rel=0.05)


def test_the_deployed_servers_have_room_for_the_defaults() -> None:
    """For all that the streams reserve, and for the longest message; the disk is twice that."""
    (room,) = re.findall(r"max_file_store: (\d+)GB", CONFIG)
    (payload,) = re.findall(r"max_payload: (\d+)MB", CONFIG)
    settings = StoreSettings()
    options = NatsOptions((), max_bytes=settings.max_bytes, dead_letter_bytes=settings.keep_bytes)
    reserved = sum(stream["max_bytes"] for stream in configurations(options))

    assert f"{reserved / 1e9:.0f} GB for the defaults" in DOCUMENT.read_text()
    assert reserved < int(room) * 1e9
    assert LimitSettings().body + 65_536 < int(payload) * 1e6
    volume = (ROOT / "deploy" / "kubernetes" / "nats" / "nats.yaml").read_text()
    assert f"storage: {2 * int(room)}Gi" in volume
