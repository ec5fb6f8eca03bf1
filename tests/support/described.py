"""Checks a running server against its OpenAPI description."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.effort import scaled
from support.servers import SPRINGHEAD

_ALWAYS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def assert_described(url: str, *, checks: tuple[str, ...], phases: str, options: tuple[str, ...] = ()) -> None:
    """Let schemathesis send requests, valid and invalid, and fail if an answer is not as described."""
    schemathesis = str(Path(SPRINGHEAD).parent / "st")
    checked = ",".join((*_ALWAYS, *checks))
    command = [schemathesis, "run", f"{url}/openapi.json", "--checks", checked, "--phases", phases]
    fixed = ["--max-examples", str(scaled(20)), "--generation-deterministic", "--no-color"]

    done = subprocess.run([*command, *fixed, *options], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout, done.stdout
