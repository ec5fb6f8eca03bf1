"""The operator's `signing_secret`: what it may be, and that nothing shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from springhead import Host, InvalidConfig, Request, encode
from support.distributions import SOURCE, Install
from support.folders import source_folder
from support.hosts import folder_host
from support.signatures import BODY, GITHUB, SECRET, SIGNED, signing_host

SIGNED_REQUEST = Request(BODY, {"X-Hub-Signature-256": SIGNED})


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"signing_secret": ""}, "signing_secret is blank: give the secret that the vendor shows"),
        ({"signing_secret": " \t"}, "signing_secret is blank: give the secret that the vendor shows"),
        ({"signing_secret": [SECRET, ""]}, "signing_secret is blank: give the secret that the vendor shows"),
        ({"signing_secret": f"{SECRET}\n"}, "signing_secret begins or ends with white space: remove it"),
        ({"signing_secret": f"{SECRET}\ud800"}, "signing_secret cannot be encoded as UTF-8"),
        ({"signing_secret": []}, "signing_secret is an empty list: give at least one secret"),
        ({"signing_secret": None}, "signing_secret is null: give text or a list of texts"),
        ({"signing_secret": 7}, "signing_secret is a number: give text or a list of texts"),
        ({"signing_secret": {"a": SECRET}}, "signing_secret is an object: give text or a list of texts"),
        ({"signing_secret": [[SECRET]]}, "signing_secret is a list: give text or a list of texts"),
        ({"signing_secert": SECRET}, "there is no 'signing_secert': did you mean signing_secret?"),
        ({"signingSecret": SECRET}, "there is no 'signingSecret': did you mean signing_secret?"),
        ({"signing_secrets": [SECRET]}, "there is no 'signing_secrets': did you mean signing_secret?"),
        (
            {"signing_secret": SECRET, "Signing-Secret": SECRET},
            "there is no 'Signing-Secret': did you mean signing_secret?",
        ),
    ],
)
def test_a_wrong_secret_is_an_error_at_once(tmp_path: Path, config: dict[str, Any], reason: str) -> None:
    """No slip may let an unsigned request through. The error does not quote the secret."""
    host = signing_host(tmp_path, GITHUB)

    for prepare in (host.receiver, host.verifier):
        with pytest.raises(InvalidConfig) as error:
            prepare("acme", config)
        assert str(error.value) == f"the settings of source 'acme' are wrong: {reason}"


def test_a_setting_of_the_mapping_may_have_nearly_that_name(tmp_path: Path) -> None:
    """It is what its operator means."""
    rows = [{"from": "$config.signing_secret_id", "to": "properties.id"}]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    host = folder_host(source_folder(tmp_path, mapping=mapping))

    (event,) = host.receive("acme", Request(b"{}"), {"signing_secret_id": 7}).events

    assert event["properties"] == {"id": 7}


def test_a_secret_that_nothing_would_use_is_an_error(tmp_path: Path) -> None:
    """Its operator believes that requests are verified."""
    host = folder_host(source_folder(tmp_path))

    with pytest.raises(InvalidConfig, match=r"source.json has no signature, and no plugin verifies requests"):
        host.receive("acme", Request(b"{}"), {"signing_secret": SECRET})


def test_a_plugin_may_use_the_secret(install: Install) -> None:
    """A source that signs in a way which only Python can verify takes the same setting."""
    code = SOURCE + (
        "\n@hookimpl\ndef springhead_verify(request, config):\n"
        "    return None if request.headers.get('x-key') in config['signing_secret'] else 'no'\n"
    )
    install("springhead-source-acme", code)
    host = Host()
    config = {"signing_secret": SECRET}

    assert host.receive("acme", Request(b"{}", {"x-key": SECRET}), config).refused is None
    assert host.receive("acme", Request(b"{}", {"x-key": "another"}), config).refused == "no"


def test_without_a_secret_nothing_is_verified(tmp_path: Path) -> None:
    """The operator decides."""
    host = signing_host(tmp_path, GITHUB)

    assert len(host.receive("acme", Request(b"{}")).events) == 1
    assert host.verifier("acme") is None
    assert host.reads_request("acme")


def test_no_mapping_sees_the_secret(tmp_path: Path) -> None:
    """Not even one that copies all settings, or names it; nor does it see the signature."""
    rows = [
        {"from": "$config", "to": "properties.config"},
        {"from": "$config.signing_secret", "to": "properties.secret"},
        {"from": "$request.headers", "to": "properties.headers"},
        {"from": "$request.headers.x-hub-signature-256", "to": "properties.signature"},
    ]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    source = {"name": "acme", "signature": GITHUB, "id": ["$request.headers.x-hub-signature-256"]}
    host = folder_host(source_folder(tmp_path, source=source, mapping=mapping))
    config = {"signing_secret": SECRET, "a": 1, "allow_headers": ["X-Hub-Signature-256"]}

    outcome = host.receive("acme", SIGNED_REQUEST, config)

    (event,) = outcome.events
    assert event["properties"]["config"] == {"a": 1, "allow_headers": ["X-Hub-Signature-256"]}
    assert SECRET.encode() not in encode(event)
    assert SIGNED.encode() not in encode(event)


@pytest.mark.parametrize(
    ("signature", "headers"),
    [
        (GITHUB, ["x-hub-signature-256"]),
        ({**GITHUB, "header": "X-Acme-Event"}, ["x-acme-event"]),
        ({"scheme": "standard-webhooks"}, ["webhook-signature", "svix-signature"]),
    ],
)
def test_a_signature_is_not_kept(tmp_path: Path, signature: Any, headers: list[str]) -> None:
    """Whatever its header is called, and whatever the operator allows: with it, a request could be repeated."""
    request = Request(b"{}", {"User-Agent": "Acme", **{name.title(): "a" for name in headers}})

    filtered = signing_host(tmp_path, signature).request_filter("acme", {"allow_headers": headers})

    assert filtered.apply(request).headers == {"user-agent": "Acme"}


def test_a_file_needs_no_signature(tmp_path: Path) -> None:
    """It is the operator's own, even if the settings have a secret."""
    file = tmp_path / "body.json"
    file.write_bytes(BODY)
    host = signing_host(tmp_path, GITHUB)

    with file.open("rb") as body:
        (outcome,) = host.stream("acme", body, config={"signing_secret": SECRET})

    assert len(outcome.events) == 1


def test_a_request_that_was_verified_before_needs_no_signature(tmp_path: Path) -> None:
    """Neither the JSON of a form nor a replay has one."""
    host = signing_host(tmp_path, GITHUB)
    config = {"signing_secret": SECRET}

    for receive in (host.receiver("acme", config, verified=True), host.receiver("acme", config, replay=True)):
        assert len(receive(Request(b"{}")).events) == 1


def test_a_source_does_not_hold_the_secret(tmp_path: Path) -> None:
    """It is the same for all its operators; what verifies for one of them does not show it."""
    host = signing_host(tmp_path, GITHUB)
    config = {"signing_secret": SECRET}
    verify, receive = host.verifier("acme", config), host.receiver("acme", config)

    assert SECRET not in repr((host, host.sources, host.plugins, verify, receive))


@pytest.mark.parametrize("received_at", ["2024-03-15T10:15:30Z", b"1"])
def test_a_time_of_receipt_is_a_number(received_at: Any) -> None:
    """A caller's slip shows where it was made."""
    with pytest.raises(TypeError, match="received_at of a Request must be a number of epoch seconds, not "):
        Request(b"{}", received_at=received_at)
