"""`springhead serve`: how a server starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HANGS_UP_DURING_THE_IMPORTS = """
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGHUP)

from springhead.cli import main
sys.meta_path.insert(0, Finder())
main()
"""


@pytest.mark.parametrize(("arguments", "code"), [(("serve", "gateway"), 2), (("sources",), -1)])
def test_an_early_hangup_ends_no_server(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    """It waits for the supervisor, even before there is one; other commands end with their terminal."""
    command = [sys.executable, "-c", HANGS_UP_DURING_THE_IMPORTS, *arguments]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == code, done.stderr
