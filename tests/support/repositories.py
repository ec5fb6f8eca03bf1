"""Makes git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; returns what it prints."""
    environment = {**os.environ, **_AUTHOR}
    done = subprocess.run(
        ["git", "-C", folder, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit_all(folder: Path, tag: str) -> None:
    """Commit everything in a folder, which becomes a repository if it is not one, under a tag."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", tag)
    git(folder, "tag", tag)
