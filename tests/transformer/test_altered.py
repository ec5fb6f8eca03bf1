"""Signed requests behind rudder-server, which alters some bodies before it passes them on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from springhead import Host
from springhead.transformer import TransformerOptions, transformer_app
from springhead.transformer.altered import ALTERED
from support.signatures import BODY, GITHUB, SECRET, SIGNED, signing_host

LENGTH = str(len(BODY))
FORGED = "sha256=" + "0" * 64
CONFIG = {"signing_secret": SECRET}
REFUSED = (401, "request refused as not authentic")


def element(headers: dict[str, list[str]], config: Any = CONFIG) -> dict[str, Any]:
    """An element as rudder-server posts it."""
    return {"request": {"body": BODY.decode(), "headers": headers}, "source": {"ID": "1", "Config": config}}


def answers(host: Host, rejected: Path, *array: dict[str, Any]) -> tuple[list[Any], str]:
    """What the elements are answered, and the metrics after that."""
    app = transformer_app(host, TransformerOptions(rejected=rejected))

    async def scenario() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.post("/v2/sources/acme", json=list(array)), await client.get("/metrics")

    response, metrics = asyncio.run(scenario())
    return response.json(), metrics.text


def test_a_signed_element_is_accepted(tmp_path: Path) -> None:
    """If its body is what was posted; where its length is not known, the signature alone decides."""
    signed = {"X-Hub-Signature-256": [SIGNED]}

    array, _ = answers(
        signing_host(tmp_path, GITHUB),
        tmp_path / "rejected",
        element({**signed, "Content-Length": [LENGTH]}),
        element(signed),
        element({**signed, "Content-Length": ["11"], "Content-Encoding": ["gzip"]}),
        element(signed, {"signing_secret": ["another secret", SECRET]}),
    )

    assert [len(answer["output"]["batch"]) for answer in array] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"X-Hub-Signature-256": [SIGNED], "Content-Length": ["11"]}, ALTERED),
        ({"X-Hub-Signature-256": [SIGNED], "content-length": ["11"]}, ALTERED),
        ({"X-Hub-Signature-256": [SIGNED], "Content-Length": ["0"]}, ALTERED),
        ({"X-Hub-Signature-256": [SIGNED], "Content-Length": [LENGTH, "11"]}, ALTERED),
        ({"Content-Length": [LENGTH]}, "the header x-hub-signature-256 is missing"),
        (
            {"X-Hub-Signature-256": [FORGED], "Content-Length": ["11"], "content-encoding": ["gzip"]},
            "no signature in the header x-hub-signature-256 matches",
        ),
        (
            {"X-Hub-Signature-256": [FORGED]},
            "no signature in the header x-hub-signature-256 matches",
        ),
    ],
)
def test_any_other_is_refused(
    tmp_path: Path, headers: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is counted and kept nowhere; the log says why, and where the vendor should post."""
    rejected = tmp_path / "rejected"

    (answer,), metrics = answers(signing_host(tmp_path, GITHUB), rejected, element(headers))

    assert (answer["statusCode"], answer["error"]) == REFUSED
    assert 'springhead_refused_total{source="acme"} 1.0' in metrics
    assert rejected.read_text() == ""
    logged = capsys.readouterr().out
    assert reason in logged
    assert SECRET not in logged + json.dumps(answer)


def test_without_a_secret_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The log warns of it once: rudder-server tells a source's configuration only with an element."""
    array, _ = answers(
        signing_host(tmp_path, GITHUB),
        tmp_path / "rejected",
        element({"Content-Length": ["11"]}, {}),
        element({}, {"a": 1}),
        element({}, None),
    )

    assert [len(answer["output"]["batch"]) for answer in array] == [1, 1, 1]
    assert capsys.readouterr().out.count("source without a signing_secret") == 1


@pytest.mark.parametrize("config", [{"signing_secret": " "}, {"signing_secret": []}, {"signingSecret": SECRET}])
def test_a_wrong_secret_is_the_operators_mistake(
    tmp_path: Path, config: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sender tries again."""
    (answer,), _ = answers(signing_host(tmp_path, GITHUB), tmp_path / "rejected", element({}, config))

    assert answer["statusCode"] == 500
    assert "signing_secret" in answer["error"]
    assert SECRET not in answer["error"] + capsys.readouterr().out
