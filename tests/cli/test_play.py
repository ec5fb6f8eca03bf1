"""`springhead play`: which sources it opens, and what it prints. The page is tested in tests/kit/play."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from support.commands import springhead
from support.playgrounds import MAPPING, acme_folder, playground
from support.servers import SPRINGHEAD

pytestmark = pytest.mark.slow


def test_a_source_that_does_not_load_is_opened(tmp_path: Path) -> None:
    """To be mended; its problems are what the page shows."""
    folder = acme_folder(tmp_path)
    (folder / "mapping.json").write_text(MAPPING[:-3])
    with playground(tmp_path, "./acme") as one:
        files = one.call("source", source="./acme").json()["files"]
        texts = {name: file["text"] for name, file in files.items()}
        (problem,) = one.call("try", {"files": texts}, source="./acme").json()["problems"]

    assert (problem["file"], problem["reason"]) == (
        "mapping.json",
        "not JSON: the file ends too early (column 4)",
    )


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    """With exit code 0, also while a source is tried."""
    acme_folder(tmp_path)
    with playground(tmp_path) as one:
        one.process.send_signal(signal.SIGINT)
        assert one.process.wait(30) == 0


def test_a_port_that_is_taken_ends_it(tmp_path: Path) -> None:
    """With the reason."""
    acme_folder(tmp_path)
    with playground(tmp_path) as one:
        port = str(httpx.URL(one.url).port)
        command = [SPRINGHEAD, "play", "acme", "--no-browser", "--port", port]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 2
    assert done.stdout == ""
    assert f"cannot listen on 127.0.0.1:{port}: another process listens there" in done.stderr


def test_a_name_that_is_no_source_ends_it(tmp_path: Path) -> None:
    """As in every command."""
    done = springhead(tmp_path, "play", "./nowhere")

    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no folder" in done.stderr
