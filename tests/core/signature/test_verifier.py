"""Odd headers and bodies: which request is verified, which is refused, and why."""

from __future__ import annotations

import base64
import hmac
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, InvalidConfig, Request
from support.distributions import SOURCE, Install
from support.signatures import BODY, GITHUB, SECRET, SIGNED, documented, refusal, signing_folder, signing_host

STRIPE = documented()["stripe"]
NAME = "x-hub-signature-256"
MAC = SIGNED.removeprefix("sha256=")
WRONG = "sha256=" + "0" * 64
NOT_OF_THE_FORM = f"the header {NAME} is not of the form sha256={{hex}}"


def signed(text: bytes, algorithm: str = "sha256") -> str:
    """The signature of a text, in hex."""
    return hmac.new(SECRET.encode(), text, algorithm).hexdigest()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (SIGNED, None),
        (SIGNED.upper().replace("SHA", "sha"), None),
        ([SIGNED], None),
        ([WRONG, SIGNED], None),
        ([SIGNED, WRONG], None),
        (f"{WRONG},{SIGNED}", None),
        (f"{SIGNED} , {WRONG}", None),
        (f"sha1=00, {SIGNED}", None),
        (" ".join([WRONG] * 63 + [SIGNED]), None),
        (f"{WRONG},{WRONG}", f"no signature in the header {NAME} matches: check signing_secret"),
        (" ".join([WRONG] * 10_000 + [SIGNED]), f"the header {NAME} has more than 64 pieces"),
        ([SIGNED] * 10_000, f"the header {NAME} has more than 64 pieces"),
        ("," * 10_000 + SIGNED, None),
        ("x" * 1_000_000, NOT_OF_THE_FORM),
        ("", NOT_OF_THE_FORM),
        ([], f"the header {NAME} is missing"),
        (MAC, NOT_OF_THE_FORM),
        (f"SHA256={MAC}", NOT_OF_THE_FORM),
        (f"sha256={MAC[:-1]}", NOT_OF_THE_FORM),
        (f"{SIGNED}0", NOT_OF_THE_FORM),
        (f"{SIGNED}\n", NOT_OF_THE_FORM),
        ("sha256=" + base64.b64encode(bytes.fromhex(MAC)).decode(), NOT_OF_THE_FORM),
        (f"sha256={MAC[:-1]}\N{ARABIC-INDIC DIGIT FOUR}", NOT_OF_THE_FORM),
        (f"sha256={MAC[:-1]}\udce4", NOT_OF_THE_FORM),
        (f"{SIGNED}\xa0", NOT_OF_THE_FORM),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_the_header_is_read_piece_by_piece(tmp_path: Path, value: str | list[str], reason: str | None) -> None:
    """Any signature that fits will do; how many are tried is limited."""
    request = Request(BODY, {"X-Hub-Signature-256": value})

    assert refusal(signing_host(tmp_path, GITHUB), request, SECRET) == reason


def test_headers_whose_names_differ_in_case_are_one(tmp_path: Path) -> None:
    """As HTTP has it."""
    request = Request(BODY, {"X-HUB-signature-256": WRONG, "x-hub-signature-256": [SIGNED]})

    assert refusal(signing_host(tmp_path, GITHUB), request, SECRET) is None


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00 not UTF-8", b"x" * 5_000_000], ids=["", "bytes", "long"])
def test_the_bytes_of_the_body_are_signed(tmp_path: Path, algorithm: str, encoding: str, body: bytes) -> None:
    """Whatever they are, with any hash and either encoding."""
    mac = hmac.new(SECRET.encode(), body, algorithm).digest()
    text = mac.hex() if encoding == "hex" else base64.b64encode(mac).decode()
    host = signing_host(tmp_path, {"header": "x-sig", "hmac": algorithm, "format": f"{{{encoding}}}"})

    assert refusal(host, Request(body, {"X-Sig": text}), SECRET) is None
    assert refusal(host, Request(body + b" ", {"X-Sig": text}), SECRET) is not None


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (b'{"n": 1}', b'{"n": 1}'),
        (b'[{"n": [1, "]"]}, {"n": 2}]', b'{"n": [1, "]"]}'),
        (b'[ {"n": 1} ,{"n": 2}', b'{"n": 1}'),
        (b'\n [{"n": 1}]', b'{"n": 1}'),
        (b"[]", b"[]"),
        (b"[1", b"[1"),
        (b"", b""),
    ],
)
def test_the_first_item_of_a_batch_may_be_what_is_signed(tmp_path: Path, body: bytes, signed: bytes) -> None:
    """A body that is not a list, or has no element that is complete, is signed as a whole."""
    signature = {"header": "x-sig", "hmac": "sha1", "format": "{hex}", "signed": "{first_item}"}
    host = signing_host(tmp_path, signature)

    for data, accepted in ((signed, True), (signed + b" ", False)):
        mac = hmac.new(SECRET.encode(), data, "sha1").hexdigest()
        assert (refusal(host, Request(body, {"X-Sig": mac}), SECRET) is None) == accepted


def test_the_other_encoding_is_refused(tmp_path: Path) -> None:
    """The signature is right, but the vendor would not write it so."""
    host = signing_host(tmp_path, {"header": "x-sig", "hmac": "sha256", "format": "{base64}"})

    assert (
        refusal(host, Request(BODY, {"x-sig": MAC}), SECRET) == "the header x-sig is not of the form {base64}"
    )


@pytest.mark.parametrize(
    ("timestamp", "received_at", "reason"),
    [
        ("1710497730", 1710497730, None),
        ("1710497730.25", 1710497730, None),
        ("1710497730250", 1710497730, None),
        ("2024-03-15T10:15:30Z", 1710497730, None),
        ("2024-03-15T11:15:30.123456789+01:00", 1710497730.5, None),
        ("2024-03-15T10:15:30", 1710497730, None),
        ("1710497730", float("nan"), "the timestamp is nan s in the future, the tolerance is 300 s"),
        ("1710497730", 1710498031, "the timestamp is 301 s in the past, the tolerance is 300 s"),
        ("1710497730", 1710497429, "the timestamp is 301 s in the future, the tolerance is 300 s"),
        ("yesterday", 1710497730, "the timestamp is neither seconds, milliseconds nor ISO 8601"),
        ("-1", 1710497730, "the timestamp is neither seconds, milliseconds nor ISO 8601"),
        ("nan", 1710497730, "the timestamp is neither seconds, milliseconds nor ISO 8601"),
        ("1e9", 1710497730, "the timestamp is neither seconds, milliseconds nor ISO 8601"),
        ("0001-01-01T00:00:00+23:59", 0, "the timestamp is 62135683140 s in the past, the tolerance is 300 s"),
        ("9" * 16, 1710497730, "the timestamp is neither seconds, milliseconds nor ISO 8601"),
        ("9" * 41, 1710497730, "the header stripe-signature is not of the form t={timestamp},v1={hex}"),
    ],
)
def test_a_timestamp_is_a_number_or_iso_8601(
    tmp_path: Path, timestamp: str, received_at: float, reason: str | None
) -> None:
    """What cannot be read is refused, even if it is signed."""
    headers = {"Stripe-Signature": f"t={timestamp},v1={signed(timestamp.encode() + b'.' + BODY)}"}
    request = Request(BODY, headers, received_at=received_at)

    assert refusal(signing_host(tmp_path, STRIPE), request, SECRET) == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (["1710497730", "1710497730"], "the header x-slack-request-timestamp was sent more than once"),
        ("1710497730\xb2", "the header x-slack-request-timestamp is not ASCII"),
        ("", "the timestamp is neither seconds, milliseconds nor ISO 8601"),
    ],
)
def test_a_signed_header_comes_once_and_in_ascii(tmp_path: Path, value: str | list[str], reason: str) -> None:
    """Anything else could be read in two ways."""
    text = value if isinstance(value, str) else value[0]
    signature = "v0=" + signed(b"v0:" + text.encode() + b":" + BODY)
    headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": value}
    request = Request(BODY, headers, received_at=1710497730)

    assert refusal(signing_host(tmp_path, documented()["slack"]), request, SECRET) == reason


@pytest.mark.parametrize("secret", ["whsec_not base64", "whsec_", "whsec_=", "not-base64", "whsec_\xe4"])
def test_the_secret_of_standard_webhooks_is_base64(tmp_path: Path, secret: str) -> None:
    """A slip shows when the secret is loaded, not when requests are refused."""
    host = signing_host(tmp_path, {"scheme": "standard-webhooks"})

    with pytest.raises(InvalidConfig, match="is not base64: give it as the vendor shows it, with whsec_"):
        host.receiver("acme", {"signing_secret": secret})


def test_a_request_with_a_wrong_signature_is_not_shown_to_plugins(tmp_path: Path, install: Install) -> None:
    """The signature comes first, then each plugin may refuse as well. They are given the secrets as a list."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(source, config):\n"
        "    return f'a plugin was given {config}' if source.name == 'acme' else None\n"
    )
    install("invented-verifier", code, source="invented")
    host = Host(folders=[signing_folder(tmp_path / "signing", GITHUB)])
    config: dict[str, Any] = {"signing_secret": SECRET, "a": 1}

    wrong = host.receive("acme", Request(BODY, {NAME: WRONG}), config)
    right = host.receive("acme", Request(BODY, {NAME: SIGNED}), config)

    assert "no signature" in str(wrong.refused)
    assert right.refused == f"a plugin was given {{'signing_secret': [{SECRET!r}], 'a': 1}}"
    assert config == {"signing_secret": SECRET, "a": 1}


def test_an_unsigned_body_is_not_decoded(tmp_path: Path) -> None:
    """Nothing else of the request is in the outcome."""
    outcome = signing_host(tmp_path, GITHUB).receive("acme", Request(b"[7, "), {"signing_secret": SECRET})

    assert outcome.refused == f"the header {NAME} is missing"
    assert (outcome.events, outcome.rejections, outcome.reply) == ([], [], None)


def test_the_same_request_is_the_same_outcome(tmp_path: Path) -> None:
    """The secret and the time of receipt leave no trace in it."""
    host = signing_host(tmp_path, GITHUB)
    plain = host.receive("acme", Request(BODY))

    signed_ = host.receive("acme", Request(BODY, {NAME: SIGNED}, received_at=1.0), {"signing_secret": SECRET})

    assert signed_ == plain
