"""The log of a server: no line fails what it reports, even if stderr cannot be written."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import logging, multiprocessing, sys
import structlog
from springhead.server import log
log.configure({format!r}, "info")
structlog.get_logger().error("from the server")
logging.getLogger("another.library").error("from a library")
print("from a plugin", file=sys.stderr)
process = multiprocessing.get_context("fork").Process
worker = process(target=structlog.get_logger().error, args=["from a worker"])
worker.start()
worker.join()
print(worker.exitcode)
"""


@pytest.mark.parametrize("format_", ["json", "console"])
@pytest.mark.parametrize("stderr", ["/dev/full", "&-", " >(exit)"])
def test_a_log_that_cannot_be_written_fails_nothing(format_: str, stderr: str) -> None:
    """Neither where a line is logged, nor in a worker, nor at the exit."""
    command = f'exec "$0" -c "$1" 2>{stderr}'
    script = SCRIPT.format(format=format_)

    done = subprocess.run(
        ["bash", "-c", command, sys.executable, script], stdout=subprocess.PIPE, check=False, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, b"0\n")


ODD = """
import logging
import structlog
from springhead.server import log
log.configure("json", "info")
structlog.get_logger().warning("odd", reason="\\ud800", value=object)
logging.getLogger("a.library").warning("%s of %s", 1)
logging.getLogger("a.library").log(35, "between two levels")
"""


def test_no_log_line_raises_an_error() -> None:
    """Whatever its values are, and however a library logs."""
    done = subprocess.run([sys.executable, "-c", ODD], capture_output=True, text=True, check=False, timeout=60)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["odd", "%s of %s", "between two levels"]
    assert (lines[0]["reason"], lines[0]["value"]) == ("\ud800", "<class 'object'>")
