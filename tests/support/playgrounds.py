"""Runs `springhead play`, and calls it as its page does."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from springhead.kit.suite import find_suites
from support.servers import LOCAL, SPRINGHEAD

BODY = {
    "id": "evt_81",
    "type": "order.paid",
    "customer": {"id": 7, "email": "Ada@Example.com"},
    "order": {"amount": 1999, "lines": [{"sku": "tea", "count": 2}, {"sku": "cup", "count": 1}]},
}
MAPPING = """{
  "integration": "Acme",
  "events": [{"type": "track", "event": {"from": "type"}}],
  "map": [
    {"from": "customer.id", "to": "userId"},
    {"from": "customer.email", "apply": ["lower"], "to": "context.traits.email"},
    {"from": "$request.headers.x-acme-shop", "to": "properties.shop"},
    {"from": "order.lines", "each": [{"from": "sku", "to": "sku"}], "to": "properties.products"},
    {"from": "order.coupon", "to": "properties.coupon"}
  ]
}
"""


@dataclass(frozen=True)
class Playground:
    """A running playground: the URL of its page, with the token, its process, and the folder it runs in."""

    url: str
    process: subprocess.Popen[str]
    folder: Path

    @property
    def token(self) -> str:
        """What the page presents."""
        return self.url.partition("#")[2]

    def call(self, path: str, data: Any = None, *, source: str = "acme", **more: Any) -> httpx.Response:
        """Call the API as the page does; with `data` it is a POST."""
        headers = {"Authorization": f"Bearer {self.token}", "X-Springhead": "1", **more.pop("headers", {})}
        url = f"{self.url.partition('#')[0]}api/{path}"
        parameters = {"source": source, **more.pop("params", {})}
        method = "GET" if data is None else "POST"
        return httpx.request(
            method, url, json=data, params=parameters, headers=headers, timeout=60, **LOCAL, **more
        )


@contextmanager
def playground(folder: Path, *arguments: str) -> Iterator[Playground]:
    """Run `springhead play ARGUMENTS` in a folder until the end of the block, and expect exit code 0."""
    command = [SPRINGHEAD, "play", *arguments, "--no-browser", "--port", "0"]
    log = folder / "playground.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ}
        ) as process,
    ):
        try:
            assert process.stdout is not None
            started = re.fullmatch(r"The playground is at (\S+)\n", process.stdout.readline())
            assert started, log.read_text()
            yield Playground(started[1], process, folder)
            process.terminate()
            assert process.wait(30) == 0, log.read_text()
            assert "Traceback" not in log.read_text()
        finally:
            process.kill()


def acme_folder(parent: Path) -> Path:
    """Make a source folder `acme` with a mapping laid out by hand, and one fixture that lacks a coupon."""
    folder = parent / "acme"
    (folder / "fixtures" / "paid").mkdir(parents=True)
    (folder / "mapping.json").write_text(MAPPING)
    (folder / "source.json").write_text('{\n  "api": 1,\n  "name": "acme",\n  "id": ["id"]\n}\n')
    (folder / "schema.json").write_text(
        '{\n  "type": "object",\n  "properties": {"type": {"type": "string"}},\n  "required": ["type"]\n}\n'
    )
    case = folder / "fixtures" / "paid"
    case.joinpath("request.json").write_text(json.dumps(BODY, indent=2) + "\n")
    case.joinpath("request.meta.json").write_text('{"headers": {"X-Acme-Shop": "Leeds"}}')
    (suite,) = find_suites([str(folder)], folder)
    suite.write(suite.cases[0])
    return folder
