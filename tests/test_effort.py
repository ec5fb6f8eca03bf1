"""How long the tests take that can be scaled."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.effort import scaled
from support.paths import ROOT

EFFORT = re.compile(r"SPRINGHEAD_TEST_EFFORT=(\d+)")


def test_effort_multiplies_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 1 by default."""
    monkeypatch.delenv("SPRINGHEAD_TEST_EFFORT", raising=False)
    assert scaled(6) == 6

    monkeypatch.setenv("SPRINGHEAD_TEST_EFFORT", "20")
    assert scaled(6) == 120


@pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="needs a checkout")
def test_ci_runs_a_tenth_of_what_make_test_long_runs() -> None:
    """It runs the tests that count with `scaled`, and no others."""
    installed = [f"--old-file={Path(sys.prefix) / name}" for name in (".installed", ".installed-dev")]
    command = [str(shutil.which("make")), "--dry-run", f"VENV={sys.prefix}", *installed, "test-long"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    (effort,) = EFFORT.findall(done.stdout)
    (in_ci,) = EFFORT.findall((ROOT / ".ci" / "run").read_text())
    assert 10 * int(in_ci) == int(effort)
    assert {"tests/gateway/test_crash.py", "tests/core/mapping/test_agreement.py"} < set(done.stdout.split())
