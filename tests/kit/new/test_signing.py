"""Signatures are recognised by the headers of a request."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from springhead.kit.new.signing import find_signing
from support.paths import ROOT
from support.signatures import documented

KNOWN: dict[str, dict[str, Any]] = json.loads((ROOT / "src" / "kit" / "new" / "signatures.json").read_text())


def test_the_vendors_are_those_of_the_documents() -> None:
    """docs/signatures.md shows the same."""
    assert documented() == KNOWN


@pytest.mark.parametrize("vendor", KNOWN)
def test_a_vendor_is_recognised(vendor: str) -> None:
    """By the headers that its scheme needs, in any case."""
    signature = KNOWN[vendor]
    names = [
        signature.get("header", "webhook-signature"),
        *re.findall(r"\{header\.(.+)\}", signature.get("timestamp", "")),
    ]

    signing = find_signing({name.upper(): "x" for name in names})

    assert signing is not None
    assert signing.signature == signature


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("X-Acme-Signature", "0a" * 32, {"hmac": "sha256", "format": "{hex}"}),
        ("X-Acme-Signature", f"sha512={'0a' * 64}", {"hmac": "sha512", "format": "sha512={hex}"}),
        ("X-Sig", "0a" * 64, {"hmac": "sha512", "format": "{hex}"}),
        ("X-Acme-Hmac-Sha1", "QUJDREVGR0hJSktMTU5PUFFSU1Q=", {"hmac": "sha1", "format": "{base64}"}),
        (
            "Acme-Signature",
            f"t=1710497730,v2={'0a' * 32},v1={'0b' * 32}",
            {
                "hmac": "sha256",
                "format": ["t={timestamp}", "v2={hex}"],
                "signed": "{timestamp}.{body}",
                "tolerance": 300,
            },
        ),
    ],
)
def test_an_unknown_header_is_described_by_its_value(header: str, value: str, expected: dict[str, Any]) -> None:
    """Its length tells the hash."""
    signing = find_signing({header: value})

    assert signing is not None
    assert signing.signature == {"header": header.lower(), **expected}


def test_a_timestamp_header_beside_a_signature_is_said() -> None:
    """What a vendor signs cannot be seen in a header."""
    signing = find_signing({"X-Helpo-Signature": "0a" * 32, "X-Helpo-Timestamp": "1710497730"})

    assert signing is not None
    assert signing.guess == (
        "X-Helpo-Signature signs the body with HMAC-SHA256; verified where signing_secret is set; "
        "X-Helpo-Timestamp may be signed as well"
    )


def test_a_signature_of_another_kind_is_left_to_the_author() -> None:
    """It is said, and nothing is written."""
    signing = find_signing({"X-Acme-Signature": "keyId=1;alg=ed25519"})

    assert signing is not None
    assert (signing.signature, signing.guess) == (
        None,
        "X-Acme-Signature is a signature of another kind: describe it in source.json",
    )


def test_other_headers_sign_nothing() -> None:
    """Neither the name nor the value of one is enough alone."""
    assert (
        find_signing({"X-Acme-Checksum": "0a" * 32, "Signature-Version": "1", "X-Request-Id": "0a" * 20})
        is None
    )
