"""Signed calls: verified as posted, refused without a trace, with secrets that stay where they are."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from springhead import Host
from springhead.gateway.app import Gateway
from springhead.gateway.settings import InvalidSettings, load_settings
from springhead.gateway.storage.records import DeadLetter
from support.folders import source_folder
from support.gateways import KEY, toml
from support.signatures import GITHUB, SECRET, documented
from support.stores import letters, rows
from support.webhooks import FORM

SLACK = documented()["slack"]
OTHER_SECRET = "another-invented-secret"  # noqa: S105 - an invented one
URL = f"/v1/webhook?writeKey={KEY}"
REFUSED = (401, "request refused as not authentic\n")
SOURCE = {"name": "Acme", "type": "acme", "write_key": [KEY], "signing_secret": [SECRET]}

Scenario = Callable[[Gateway, httpx.AsyncClient], Coroutine[Any, Any, Any]]


def write(folder: Path, source: Mapping[str, Any] = SOURCE, **sections: Mapping[str, Any]) -> Path:
    """Write a settings file with one source."""
    config = folder / "springhead.toml"
    config.write_text(toml(sections, source))
    return config


def run(folder: Path, scenario: Scenario, signature: Any = GITHUB, config: Path | None = None) -> Any:
    """Run a scenario with a gateway that has one source, Acme, which signs so, and with a client of it."""
    rule = {"type": "track", "event": "E", "map": [{"from": "$", "to": "properties"}]}
    host = Host(
        folders=[
            source_folder(
                folder,
                source={"name": "acme", "formats": ["json", "form"], "signature": signature},
                mapping={"integration": "Acme", "events": [rule]},
                schema={"type": "object", "properties": {"bad": {"type": "string"}}},
            )
        ]
    )

    async def running() -> Any:
        gateway = Gateway(host, load_settings(config or write(folder)))
        transport = httpx.ASGITransport(gateway.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with gateway.app.lifespan_context(gateway.app), client:
            return await scenario(gateway, client)

    return asyncio.run(running())


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The header with which GitHub would sign a body."""
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def slack(body: bytes, at: int) -> dict[str, str]:
    """The headers with which Slack would sign a form."""
    text = b"v0:%d:%b" % (at, body)
    mac = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    return {**FORM, "X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={mac}"}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@pytest.mark.parametrize("size", [1, 100_000], ids=["small", "large"])
def test_a_form_is_verified_as_posted(tmp_path: Path, pack: Callable[[bytes], bytes], size: int) -> None:
    """Inflated, but not yet turned into JSON; the time in it is held against the gateway's clock."""
    body = b"command=%2Fgo&text=" + b"x" * size
    encoding = {} if pack is bytes else {"Content-Encoding": "gzip"}

    async def scenario(_: Gateway, client: httpx.AsyncClient) -> list[tuple[int, str]]:
        answers = [
            await client.post(URL, content=pack(body), headers={**slack(body, at), **encoding})
            for at in (int(time.time()) + seconds for seconds in (0, -3_600, 3_600))
        ]
        return [(answer.status_code, answer.text) for answer in answers]

    assert run(tmp_path, scenario, SLACK) == [(200, "ok"), REFUSED, REFUSED]


def test_an_unsigned_call_is_counted_logged_and_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither decoded nor kept, whatever the settings keep."""

    async def scenario(gateway: Gateway, client: httpx.AsyncClient) -> tuple[list[httpx.Response], str]:
        answers = [
            await client.post(URL, content=b"[7, ", headers=headers)
            for headers in ({}, signed(b"[7, ", OTHER_SECRET), {**signed(b"[7, "), "Content-Encoding": "gzip"})
        ]
        return answers, (await gateway.metrics_text()).decode()

    answers, metrics = run(tmp_path, scenario, config=write(tmp_path, store={"keep_requests": True}))

    assert [(answer.status_code, answer.text) for answer in answers] == [REFUSED] * 3
    assert 'springhead_gateway_refused_total{source="Acme"} 3.0' in metrics
    data = tmp_path / "springhead-data"
    assert rows(data, "SELECT (SELECT count(*) FROM call) + (SELECT count(*) FROM dead_letter)") == [(0,)]
    logged = capsys.readouterr().out
    assert "the header x-hub-signature-256 is missing" in logged
    assert SECRET not in logged


def test_neither_secret_nor_signature_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not with a dead letter either, even if the operator allows the header; nor is it shown in a repr."""
    settings = {"allow_headers": ["x-hub-signature-256"]}
    config = write(tmp_path, {**SOURCE, "settings": settings}, store={"keep_requests": True})
    bodies = (b'{"id": 1}', b'{"bad": 1}', b"not JSON")

    async def scenario(gateway: Gateway, client: httpx.AsyncClient) -> tuple[list[DeadLetter], str]:
        for body in bodies:
            await client.post(URL, content=body, headers=signed(body))
        return await letters(gateway.store), repr((gateway.settings, gateway.host.sources))

    kept, shown = run(tmp_path, scenario, config=config)

    assert [letter.rule for letter in kept] == ["schema/type", "json/syntax"]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "springhead-data").rglob("*") if path.is_file())
    for secret in (SECRET, *(signed(body)["X-Hub-Signature-256"] for body in bodies)):
        assert secret.encode() not in stored
        assert secret not in shown + capsys.readouterr().out


def test_a_secret_is_replaced_without_a_restart(tmp_path: Path) -> None:
    """Both are accepted for as long as both are in the settings."""

    async def scenario(gateway: Gateway, client: httpx.AsyncClient) -> list[list[int]]:
        statuses = []
        for secrets in ([SECRET], [SECRET, OTHER_SECRET], [OTHER_SECRET]):
            gateway.use_sources_of(load_settings(write(tmp_path, {**SOURCE, "signing_secret": secrets})))
            answers = [
                await client.post(URL, content=b"{}", headers=signed(b"{}", secret))
                for secret in (SECRET, OTHER_SECRET)
            ]
            statuses.append([answer.status_code for answer in answers])
        return statuses

    assert run(tmp_path, scenario) == [[200, 401], [200, 200], [401, 200]]


def test_a_source_that_signs_and_has_no_secret_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """When the gateway starts, and when its sources are reloaded; one that is disabled accepts nothing."""
    without = {key: value for key, value in SOURCE.items() if key != "signing_secret"}

    async def scenario(gateway: Gateway, client: httpx.AsyncClient) -> list[int]:
        warnings = [capsys.readouterr().out.count("source without a signing_secret")]
        status = (await client.post(URL, content=b"{}")).status_code
        for source in (SOURCE, without, {**without, "enabled": False}):
            gateway.use_sources_of(load_settings(write(tmp_path, source)))
            warnings.append(capsys.readouterr().out.count("source without a signing_secret"))
        return [status, *warnings]

    assert run(tmp_path, scenario, config=write(tmp_path, without)) == [200, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("signature", "source", "reason"),
    [
        (
            {"scheme": "standard-webhooks"},
            {},
            "springhead.toml:5: [[source]] 1 signing_secret: is not base64: give it as the vendor shows it",
        ),
        (
            GITHUB,
            {"settings": {"signing_secert": "x"}},
            "springhead.toml:6: [[source]] 1 settings: there is no 'signing_secert': did you mean signing_",
        ),
    ],
)
def test_a_secret_that_does_not_fit_the_source_stops_the_start(
    tmp_path: Path, signature: Any, source: Mapping[str, Any], reason: str
) -> None:
    """The problem has its line, and no value."""

    async def scenario(*_: Any) -> None:
        raise AssertionError("it started")

    with pytest.raises(InvalidSettings) as error:
        run(tmp_path, scenario, signature, write(tmp_path, {**SOURCE, **source}))

    assert reason in str(error.value)
    assert SECRET not in str(error.value)
