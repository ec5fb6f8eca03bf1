"""A running server and its OpenAPI description: whether the one does what the other says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.servers import SPRINGHEAD

_ALWAYS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def assert_described(url: str, *, checks: tuple[str, ...], phases: str, options: tuple[str, ...] = ()) -> None:
    """Let schemathesis call the server as its description says, and nearly so; fail with what it found."""
    schemathesis = str(Path(SPRINGHEAD).parent / "st")
    command = [schemathesis, "run", f"{url}/openapi.json", "--checks", ",".join((*_ALWAYS, *checks))]
    how = ["--phases", phases, "--max-examples", "60", "--generation-deterministic", "--no-color", *options]

    done = subprocess.run([*command, *how], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout, done.stdout
