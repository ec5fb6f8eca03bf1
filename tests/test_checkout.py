"""What git does to the files of a checkout."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from support.paths import FIXTURES, ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(),
    reason="needs git and a checkout",
)


def test_git_leaves_fixtures_as_they_are() -> None:
    """No fixture gets other line endings, whatever the machine and its `core.autocrlf`."""
    fixtures = [str(path.relative_to(ROOT)) for path in FIXTURES.rglob("*") if path.is_file()]
    command = ["git", "check-attr", "-z", "--stdin", "text"]

    done = subprocess.run(
        command, input="\0".join(fixtures), cwd=ROOT, capture_output=True, text=True, check=True
    )

    paths, _, values = (done.stdout.split("\0")[index:-1:3] for index in range(3))
    assert fixtures == paths
    assert {"unset"} == set(values)
