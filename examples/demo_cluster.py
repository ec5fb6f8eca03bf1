"""Shows that a cluster loses nothing: a NATS server and a gateway are killed while logs are posted.

python examples/demo_cluster.py [LOGS]
"""

from __future__ import annotations

import itertools
import signal
import sys
import threading
import time
from collections import Counter
from typing import Any

import httpx

from demo_dataplane import DataPlane, running_data_plane
from demo_nodes import Node, running_cluster

SENDERS = 8
"""Senders that post at once, each the logs of users of its own."""
USERS = 40
BATCH = 20
"""Logs of one call."""


def main() -> None:
    """Run the demo; the exit code is 1 if anything is missing."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either ends what was started
    logs = [make_log(number) for number in range(count)]
    print("starting three NATS servers and two gateways")
    with running_data_plane() as (data_plane, url), running_cluster(url) as cluster:
        print(f"{SENDERS} senders post {count:,} logs of {USERS} users to both gateways, {BATCH} a call\n")
        sender = Sender(cluster.gateways, logs)
        sender.start()
        sender.wait(count // 3)
        kill(cluster.servers[1], sender)
        sender.wait(count * 2 // 3)
        kill(cluster.gateways[1], sender)
        sender.wait(count)
        print("all are answered ok; the other gateway delivers what the killed one held\n")
        wait_for_delivery(data_plane, count)
        is_complete = report(logs, data_plane, sender)
    sys.exit(0 if is_complete else 1)


def make_log(number: int) -> dict[str, Any]:
    """A login of one of the users, as Auth0 sends it."""
    return {"log_id": f"{number:06}", "data": {"type": "s", "user_id": f"auth0|user-{number % USERS:02}"}}


class Sender:
    """Posts logs from several threads, each call again until a gateway answers ok.

    Attributes:
        accepted: logs that were answered ok.
        retries: calls that were posted again.
    """

    def __init__(self, gateways: list[Node], logs: list[dict[str, Any]]) -> None:
        self.accepted = 0
        self.retries: Counter[str] = Counter()
        self._gateways = gateways
        self._logs = logs
        self._changed = threading.Condition()

    def start(self) -> None:
        """Begin."""
        for number in range(SENDERS):
            own = [log for index, log in enumerate(self._logs) if index % USERS % SENDERS == number]
            threading.Thread(target=self._post_all, args=(own, number), daemon=True).start()

    def wait(self, accepted: int) -> None:
        """Wait until so many logs are accepted."""
        with self._changed:
            self._changed.wait_for(lambda: self.accepted >= accepted)

    def _post_all(self, logs: list[dict[str, Any]], number: int) -> None:
        turns = itertools.cycle(self._gateways[number % 2 :] + self._gateways[: number % 2])
        with httpx.Client(trust_env=False, timeout=30) as client:
            for start in range(0, len(logs), BATCH):
                batch = logs[start : start + BATCH]
                while reason := post(client, next(turns), batch):
                    self.retries[reason] += 1
                    time.sleep(0.1)
                with self._changed:
                    self.accepted += len(batch)
                    self._changed.notify_all()


def post(client: httpx.Client, gateway: Node, batch: list[dict[str, Any]]) -> str:
    """Post a call, and return why it has to be posted again; empty once it is accepted."""
    try:
        response = client.post(gateway.webhook, json=batch)
    except httpx.TransportError:
        return f"{gateway.name} did not answer"
    return "" if response.text == "ok" else f"{gateway.name} answered {response.status_code}"


def kill(node: Node, sender: Sender) -> None:
    """Kill a node, and say when."""
    node.kill()
    print(f"{sender.accepted:6,} logs are answered ok: kill -9 {node.name}")


def wait_for_delivery(data_plane: DataPlane, count: int) -> None:
    """Wait until so many events have arrived, or nothing has for half a minute."""
    arrived, until = 0, time.monotonic() + 30
    while len(data_plane.events) < count and time.monotonic() < until:
        if len(data_plane.events) > arrived:
            arrived, until = len(data_plane.events), time.monotonic() + 30
        time.sleep(0.1)


def report(logs: list[dict[str, Any]], data_plane: DataPlane, sender: Sender) -> bool:
    """Print what arrived, and return whether it is all, each user's in order."""
    events = list(data_plane.events.values())
    arrived = [event["properties"]["log_id"] for event in events]
    missing = {log["log_id"] for log in logs} - set(arrived)
    by_user: dict[str, list[str]] = {}
    for event, log_id in zip(events, arrived, strict=True):
        by_user.setdefault(event["userId"], []).append(log_id)
    disordered = sum(ids != sorted(ids) for ids in by_user.values())
    for reason, count in sorted(sender.retries.items()):
        print(f"{count:6,} calls were posted again: {reason}")
    print(f"{data_plane.repeated:6,} events came again, with the same messageId\n")
    print(f"{len(logs):6,} logs were answered ok")
    print(f"{len(arrived):6,} events arrived, each counted once")
    print(f"{len(missing):6,} are missing")
    print(f"{disordered:6,} of {len(by_user)} users have events out of order")
    return not missing and len(arrived) == len(logs) and not disordered


if __name__ == "__main__":
    main()
