"""The examples of docs/embedding.md answer alike, each in its own framework."""

from __future__ import annotations

import base64
import gzip
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple

import httpx
import pytest

from springhead.core.host import BODY_LIMIT
from support.embedders import EXAMPLES, SERVERS, install_examples, serving_example
from support.servers import LOCAL

LOG = {"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}
GOOD = json.dumps(LOG).encode()
GZIP = {"Content-Encoding": "gzip"}
TOO_LONG = gzip.compress(bytes(2**20)) * (BODY_LIMIT // 2**20) + gzip.compress(b" ")


class Call(NamedTuple):
    """A call of a sender, and the status and text it is answered with."""

    body: bytes
    headers: dict[str, str]
    status: int
    text: str
    source: str = "auth0"


CALLS = {
    "an event": Call(GOOD, {}, 200, "ok"),
    "an event, gzipped": Call(gzip.compress(GOOD), GZIP, 200, "ok"),
    "a rejection": Call(
        b'[{"data": {"type": 7}}]', {}, 400, "/0/data/type: type must be text: it is a number\n"
    ),
    "no JSON": Call(b"hello", {}, 400, "Malformed JSON in request body\n"),
    "no gzip": Call(GOOD, GZIP, 400, "the body is not encoded as its header says\n"),
    "forged": Call(GOOD, {"X-Acme-Signature": "forged"}, 401, "request refused as not authentic\n"),
    "no source": Call(GOOD, {}, 404, "404 page not found\n", "nobody"),
    "too long": Call(TOO_LONG, GZIP, 413, "request size exceeds max limit\n"),
    "brotli": Call(GOOD, {"Content-Encoding": "br"}, 415, "send the body as it is, gzip or deflate\n"),
    "not verified": Call(GOOD, {"X-Acme-Signature": "broken"}, 500, "internal error\n"),
}
EXPECTED = {name: (call.status, call.text) for name, call in CALLS.items()}


def post(client: httpx.Client, call: Call) -> httpx.Response:
    """Make a call."""
    return client.post(f"/{call.source}", content=call.body, headers=call.headers)


def test_an_example_is_short() -> None:
    """Fewer than 25 lines that are not blank."""
    lines = {name: sum(map(bool, text.splitlines())) for name, text in EXAMPLES.items()}

    assert {name: count for name, count in lines.items() if count >= 25} == {}


@pytest.mark.slow
@pytest.mark.parametrize("framework", SERVERS)
def test_a_sender_is_answered_as_by_the_gateway(framework: str, tmp_path: Path) -> None:
    """Whatever it posts; good events and rejections are stored."""
    with (
        serving_example(framework, tmp_path) as app,
        httpx.Client(base_url=app.url, **LOCAL, timeout=60) as client,
    ):
        responses = {name: post(client, call) for name, call in CALLS.items()}
        chunked = client.post("/auth0", content=iter([GOOD[:9], GOOD[9:]]))

        assert {name: (got.status_code, got.text) for name, got in responses.items()} == EXPECTED
        assert (chunked.status_code, chunked.text) == (200, "ok")
        types = {got.headers["content-type"] for got in responses.values()}
        assert types == {"text/plain; charset=utf-8"}
        assert [json.loads(event)["userId"] for event in app.printed("event")] == ["auth0|1"] * 3
        rules = [json.loads(rejection)["rule"] for rejection in app.printed("rejection")]
        assert rules == ["schema/type", "json/syntax"]


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder from which this process may import the examples."""
    folder = tmp_path / "examples"
    environment = install_examples(folder)
    monkeypatch.setenv("SPRINGHEAD_PLUGINS", environment["SPRINGHEAD_PLUGINS"])
    monkeypatch.syspath_prepend(str(folder))
    for name in ("store", "verifier", "lambda_function", "worker"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


def lambda_event(call: Call) -> dict[str, Any]:
    """The event for a call, in format 2.0: text as it is, and what has an encoding as base64."""
    is_encoded = "Content-Encoding" in call.headers
    return {
        "rawPath": f"/{call.source}",
        "rawQueryString": "a=1",
        "headers": {name.lower(): value for name, value in call.headers.items()},
        "requestContext": {"http": {"method": "POST", "path": f"/{call.source}"}},
        "body": base64.b64encode(call.body).decode() if is_encoded else call.body.decode(),
        "isBase64Encoded": is_encoded,
    }


@pytest.mark.usefixtures("examples")
def test_a_lambda_function_answers_as_the_gateway(capsys: pytest.CaptureFixture[str]) -> None:
    """Also to events whose body is base64, and to one without a body."""
    handler = import_module("lambda_function").handler

    answers = {name: handler(lambda_event(call), None) for name, call in CALLS.items()}
    empty = lambda_event(CALLS["an event"])
    del empty["body"]

    assert {name: (got["statusCode"], got["body"]) for name, got in answers.items()} == EXPECTED
    assert handler(empty, None)["statusCode"] == 400
    assert capsys.readouterr().out.count("event {") == 2


@pytest.mark.usefixtures("examples")
def test_a_worker_keeps_only_what_may_succeed_later(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is refused is logged, and gone from the queue."""
    worker = import_module("worker")
    queue: Queue[dict[str, Any] | None] = Queue()
    for name, call in CALLS.items():
        headers = {name.lower(): value for name, value in call.headers.items()}
        queue.put(
            {
                "id": name,
                "source": call.source,
                "headers": headers,
                "body": call.body,
                "received_at": time.time(),
            }
        )
    queue.put(None)

    worker.work(queue)

    left = [queue.get_nowait() for _ in range(queue.qsize())]
    assert [message and message["id"] for message in left] == ["no source", "not verified"]
    printed = capsys.readouterr().out
    assert printed.count("event {") == 2
    assert "refused forged the signature is wrong" in printed
    assert "refused too long request size exceeds max limit" in printed
