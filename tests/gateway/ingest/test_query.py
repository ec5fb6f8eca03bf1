"""Queries are read as rudder-server reads them, and lose their write keys."""

from __future__ import annotations

import pytest

from springhead.gateway.ingest.query import without_write_key, write_key


@pytest.mark.parametrize(
    ("query", "key"),
    [
        (b"", ""),
        (b"a=1", ""),
        (b"writeKey=one&writeKey=two", "one"),
        (b"writeKey=&writeKey=two", ""),
        (b"writeKey=%zz&writeKey=two", "two"),
        (b"write%4Bey=a+b%2B", "a b+"),
        (b"WriteKey=one", ""),
    ],
)
def test_the_first_well_formed_write_key_counts(query: bytes, key: str) -> None:
    """Its name is case-sensitive, and may be escaped."""
    assert write_key(query) == key


def test_every_write_key_is_removed() -> None:
    """Malformed and escaped ones as well; the rest of the query stays as it was sent."""
    query = b"a=%zz&writeKey=one&&write%4Bey=two&writeKey=%zz&writeKey&b=1;2"

    assert without_write_key(query) == b"a=%zz&b=1;2"
