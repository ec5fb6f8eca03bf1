"""A gateway whose log has lost its reader."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.dataplanes import OK, Batch, Reply, data_plane_in_thread
from support.gateways import LOG, SOURCE, Gateway, write_settings
from support.servers import free_port, serving, until


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
