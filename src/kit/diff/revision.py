"""Takes files out of a git revision, byte for byte as they were committed; nothing in it is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ...core.errors import InvalidRevision

_FILE = "100"
"""How the mode of a file begins; links and submodules are left out."""

_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
"""Variables that git sets for its hooks. They take precedence over the folder that is asked about."""


def find_repository(folder: Path, revision: str) -> Path:
    """Find the git repository that a folder is in.

    Raises:
        InvalidRevision: git is not installed, or the folder is in no repository.
    """
    try:
        return Path(_git(folder, revision, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    except InvalidRevision as error:
        if "not a git repository" in error.reason:
            reason = f"is not a folder, and {folder} is not in a git repository"
            raise InvalidRevision(revision, reason) from None
        raise


def extract(repository: Path, revision: str, paths: Sequence[Path], into: Path) -> None:
    """Write the files below some paths of a repository, as they are in a revision, into a folder.

    Raises:
        InvalidRevision: there is no such revision, or git fails.
    """
    if revision.startswith("-") or not revision:
        raise InvalidRevision(revision, "is not a revision")
    commit = _git(repository, revision, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    listed = _git(repository, revision, "ls-tree", "-r", "-z", "--full-tree", commit.decode().strip())
    files = list(_files(listed, [PurePosixPath(path) for path in paths]))
    contents = _git(repository, revision, "cat-file", "--batch", stdin="".join(f"{sha}\n" for sha, _ in files))
    for (_, path), content in zip(files, _blobs(contents), strict=True):
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _files(listed: bytes, below: Sequence[PurePosixPath]) -> Iterator[tuple[str, str]]:
    """List the files below some paths, from the output of ls-tree: their hashes and paths."""
    for entry in listed.split(b"\0")[:-1]:
        about, _, name = entry.partition(b"\t")
        mode, _, sha = about.decode().split()
        path = PurePosixPath(name.decode("utf-8", "surrogateescape"))
        if mode.startswith(_FILE) and ".." not in path.parts and any(map(path.is_relative_to, below)):
            yield sha, str(path)


def _blobs(contents: bytes) -> Iterator[bytes]:
    """Split the output of cat-file: each file after a line that ends with its length."""
    offset = 0
    while offset < len(contents):
        end = contents.index(b"\n", offset)
        length = int(contents[offset:end].split()[-1])
        yield contents[end + 1 : end + 1 + length]
        offset = end + length + 2


def _git(folder: Path, revision: str, *arguments: str, stdin: str = "") -> bytes:
    git = shutil.which("git")
    if git is None:
        raise InvalidRevision(revision, "is not a folder, and git is not installed to read it as a revision")
    command = [git, "-C", str(folder), *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK} | {
        "LC_ALL": "C"
    }
    done = subprocess.run(  # noqa: S603 - git itself
        command, env=environment, input=stdin.encode(), capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise InvalidRevision(revision, said or f"is neither a folder nor a revision of {folder}")
    return done.stdout
