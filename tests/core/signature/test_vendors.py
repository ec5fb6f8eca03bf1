"""The signatures of vendors, each with an example: the vendor's own, or one made with openssl."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from springhead import Request
from support.markdown import file_block
from support.paths import DOCS
from support.signatures import documented, refusal, signing_host

VENDORS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "vendors.json").read_bytes())
TIMED = [name for name, vendor in VENDORS.items() if "received_at" in vendor]

each_vendor = pytest.mark.parametrize("name", VENDORS)
each_timed_vendor = pytest.mark.parametrize("name", TIMED)


def signature(name: str) -> Any:
    """How a vendor signs, as the documents show it."""
    return documented()["standard-webhooks" if name == "svix" else name]


def posted(name: str) -> Request:
    """The request of a vendor's example."""
    vendor = VENDORS[name]
    return Request(vendor["body"].encode(), vendor["headers"], received_at=vendor.get("received_at"))


def flipped(data: bytes) -> bytes:
    """Data with its eighth bit flipped."""
    return bytes([data[0] ^ 1]) + data[1:]


def secret(name: str) -> str:
    """The secret of a vendor's example."""
    return str(VENDORS[name]["secret"])


@each_vendor
def test_a_request_that_the_vendor_signed_is_accepted(name: str, tmp_path: Path) -> None:
    """Whether its body is JSON, a form or other text."""
    assert refusal(signing_host(tmp_path, signature(name)), posted(name), secret(name)) is None


@each_vendor
def test_a_request_with_one_bit_flipped_is_refused(name: str, tmp_path: Path) -> None:
    """Be it in the body or in the signature."""
    host, request = signing_host(tmp_path, signature(name)), posted(name)
    headers = {
        key: re.sub("[0-9A-Za-z+/]{27,}", lambda match: flipped(match[0].encode()).decode(), str(value))
        for key, value in request.headers.items()
    }

    assert headers != request.headers
    assert refusal(host, replace(request, headers=headers), secret(name)) is not None
    assert "matches" in str(refusal(host, replace(request, body=flipped(request.body)), secret(name)))


@each_vendor
def test_any_of_several_secrets_will_do(name: str, tmp_path: Path) -> None:
    """One replaces another without a request being lost."""
    host, request = signing_host(tmp_path, signature(name)), posted(name)
    other = "whsec_" + base64.b64encode(b"another secret").decode()

    assert refusal(host, request, other, secret(name)) is None
    assert refusal(host, request, secret(name), other) is None
    assert "no signature" in str(refusal(host, request, other))


@each_vendor
def test_every_header_that_the_vendor_sends_is_needed(name: str, tmp_path: Path) -> None:
    """The reason names the one that is missing."""
    host, request = signing_host(tmp_path, signature(name)), posted(name)

    for missing in request.headers:
        headers = {key: value for key, value in request.headers.items() if key != missing}
        reason = refusal(host, replace(request, headers=headers), secret(name))
        named = "webhook-signature" if missing == "svix-signature" else missing.lower()
        assert reason == f"the header {named} is missing"


@each_timed_vendor
def test_a_request_signed_long_ago_or_in_the_future_is_refused(name: str, tmp_path: Path) -> None:
    """Whoever saw a request cannot send it again later. What the clock shows now does not matter."""
    host, request = signing_host(tmp_path, signature(name)), posted(name)
    tolerance = signature(name).get("tolerance", 300)
    assert request.received_at is not None
    reasons = [
        refusal(host, replace(request, received_at=request.received_at + seconds), secret(name))
        for seconds in (-tolerance - 2, 2 - tolerance, tolerance - 2, tolerance + 2)
    ]

    past, future = (f"s in the {tense}, the tolerance is {tolerance} s" for tense in ("past", "future"))
    assert reasons[1:3] == [None, None]
    assert future in str(reasons[0])
    assert past in str(reasons[3])


@each_timed_vendor
def test_the_clock_counts_where_no_time_of_receipt_is_given(name: str, tmp_path: Path) -> None:
    """The examples are years old."""
    request = replace(posted(name), received_at=None)

    assert "s in the past" in str(refusal(signing_host(tmp_path, signature(name)), request, secret(name)))


def test_the_documents_show_no_other_signature() -> None:
    """Each that they show is tested here."""
    assert set(documented()) == set(VENDORS) - {"svix"}


def test_the_fixture_that_the_documents_show_is_accepted(tmp_path: Path) -> None:
    """With the time of receipt and the secret that it gives."""
    body, meta = (
        file_block(DOCS / "signatures.md", f"stripe/fixtures/paid/{file}")
        for file in ("request.json", "request.meta.json")
    )
    given = json.loads(meta)
    config = given.pop("config")

    outcome = signing_host(tmp_path, documented()["stripe"]).receive(
        "acme", Request(body.strip().encode(), **given), config
    )

    assert len(outcome.events) == 1
