from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from springhead.server import metrics
from support.servers import free_port

SCRIPT = """
{setup}
from starlette.routing import Router
from springhead.server.run import Worker, serve_app

def app(number):
    {body}

serve_app(Worker(app, "json", "info"), host="127.0.0.1", port={port}, workers={workers})
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
    script.write_text(SCRIPT.format(setup="", body=body, port=free_port(), workers=2))

    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60
    )

    assert "the disk is on fire" in done.stderr
    assert done.returncode == 1


def test_one_worker_needs_no_temporary_folder(tmp_path: Path) -> None:
    """It starts on a read-only file system."""
    script = tmp_path / "serve.py"
    setup = "import tempfile\ntempfile.tempdir = '/nowhere'"
    script.write_text(SCRIPT.format(setup=setup, body=FAILS, port=free_port(), workers=1))

    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60
    )

    assert "serving" in done.stderr
    assert "/nowhere" not in done.stderr


def test_several_workers_share_memory_without_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not even memory is shared, the error says what is missing."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    monkeypatch.setattr(metrics, "_SHARED_MEMORY", str(tmp_path))
    with metrics.temporary_folder() as folder:
        assert Path(folder).parent == tmp_path

    monkeypatch.setattr(metrics, "_SHARED_MEMORY", "/nowhere")
    with pytest.raises(OSError, match="none can be written: set TMPDIR to one"):
        metrics.temporary_folder()
