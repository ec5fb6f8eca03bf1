"""Settings of the whole suite, and the fixture that installs plugins."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from support.distributions import Install, write_distribution

# Whatever else is installed, the suite sees the plugins of this repository.
os.environ.setdefault("SPRINGHEAD_PLUGINS", "springhead")
# The tests start hundreds of processes that import the same modules: each is compiled once, also in a container
# whose environment forbids it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# What tests write need not survive a power cut: in memory, an fsync costs nothing.
_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes folders of its own there
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
# A shell ignores SIGINT in a background job such as `make test &`, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for a core: what a test waits for is often a process that sleeps."""
    return 2 * len(os.sched_getaffinity(0))


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of every garbage collection that follows."""
    gc.freeze()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution: its metadata, its module, and a source folder `acme` beside it."""
    monkeypatch.delenv("SPRINGHEAD_PLUGINS", raising=False)

    def install(  # noqa: PLR0913 - what a distribution holds, each with a default
        distribution: str,
        code: str,
        *,
        entry: str = "acme",
        entries: bytes = b"",
        source: str = "acme",
        api: int = 1,
    ) -> None:
        site = tmp_path / distribution
        write_distribution(site, distribution, code, entry=entry, entries=entries, source=source, api=api)
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, distribution.replace("-", "_"), raising=False)

    return install
