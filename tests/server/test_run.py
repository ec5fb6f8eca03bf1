from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.servers import free_port

SCRIPT = """
from starlette.routing import Router
from springhead.server.run import Worker, serve_app

def app():
    {body}

serve_app(Worker(app, "json", "info"), host="127.0.0.1", port={port}, workers=2)
"""
FAILS = "raise OSError('the disk is on fire')"
FAILS_LATER = """
    async def lifespan(app):
        raise OSError('the disk is on fire')
        yield
    from contextlib import asynccontextmanager
    return Router(lifespan=asynccontextmanager(lifespan))
"""


@pytest.mark.parametrize("body", [FAILS, FAILS_LATER], ids=["app", "lifespan"])
def test_an_app_that_cannot_start_is_not_tried_again(tmp_path: Path, body: str) -> None:
    """The log says why, and the exit code is 1."""
    script = tmp_path / "serve.py"
    script.write_text(SCRIPT.format(body=body, port=free_port()))

    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60
    )

    assert "the disk is on fire" in done.stderr
    assert done.returncode == 1
