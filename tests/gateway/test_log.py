"""A gateway whose log or output has lost its reader."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.dataplanes import OK, Batch, Reply, data_plane_in_thread
from support.distributions import Install
from support.gateways import KEY, LOG, SOURCE, Gateway, write_settings
from support.servers import LOCAL, free_port, serving, until


@contextmanager
def gateway_without_log(folder: Path, to: str) -> Iterator[Gateway]:
    """Run a gateway whose stderr is a pipe that nobody reads."""
    port, admin = free_port(), f"127.0.0.1:{free_port()}"
    addresses = {"port": port, "admin": admin}
    config = write_settings(folder, SOURCE, gateway=addresses, delivery={"to": to, "retry_max": 0.2})
    reader, pipe = os.pipe()
    os.close(reader)
    try:
        with serving(folder, "gateway", "--config", str(config), port=port, stderr=pipe) as server:
            yield Gateway(server.url, server.process, server.log, folder, f"http://{admin}")
    finally:
        os.close(pipe)


def test_a_log_without_a_reader_stops_nothing(tmp_path: Path) -> None:
    """Calls are answered, deliveries retried, settings reloaded, workers replaced; SIGTERM ends it with 0."""
    refusals = [500, 500, 500]

    def answer(_: Batch) -> Reply:
        return (refusals.pop(), {}, "") if refusals else OK

    with data_plane_in_thread(answer) as plane, gateway_without_log(tmp_path, plane.url) as gateway:
        assert gateway.post({"data": {"type": 7}}).status_code == 400
        assert gateway.post(LOG, "a-wrong-key-for-this-gateway").status_code == 401
        assert gateway.post(LOG).text == "ok"
        until(lambda: plane.taken)

        (worker,) = gateway.workers()
        gateway.process.send_signal(signal.SIGHUP)
        os.kill(worker, signal.SIGKILL)
        until(lambda: gateway.workers() not in ([], [worker]))


PRINTS = """
from springhead import hookimpl

@hookimpl
def springhead_event(source, event):
    print("printed by a plugin")
"""


@pytest.mark.parametrize("to", ["stdout:", "file:delivered.jsonl"])
def test_what_a_plugin_prints_spoils_no_event(tmp_path: Path, install: Install, to: str) -> None:
    """It goes to stderr: stdout has only events, and a stdout without a reader rejects none."""
    install("springhead-source-acme", PRINTS)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "springhead-source-acme")}
    config = write_settings(
        tmp_path, SOURCE, gateway={"admin": f"127.0.0.1:{free_port()}"}, delivery={"to": to}
    )
    output = tmp_path / "output"
    reader, pipe = os.pipe()
    os.close(reader)
    with output.open("wb") as file:
        stdout = file if to == "stdout:" else pipe
        with serving(tmp_path, "gateway", "--config", str(config), env=environ, stdout=stdout) as server:
            url = f"{server.url}/v1/webhook?writeKey={KEY}"
            assert httpx.post(url, json=LOG, **LOCAL).text == "ok"
            delivered = output if to == "stdout:" else tmp_path / "delivered.jsonl"
            until(lambda: delivered.exists() and delivered.read_bytes())
    os.close(pipe)

    assert [event["event"] for event in map(json.loads, delivered.read_bytes().splitlines())] == [
        "Success Login"
    ]
    assert "printed by a plugin" in server.log.read_text()
