"""Settings of the whole suite, and the fixture that installs plugins."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from support.distributions import Install
from support.folders import source_folder

# Whatever else is installed, the suite sees the plugins of this repository.
os.environ.setdefault("SPRINGHEAD_PLUGINS", "springhead")
# A shell ignores SIGINT in a background job such as `make test &`, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
        module = distribution.replace("-", "_")
        package = site / module
        source_folder(package, source={"api": api, "name": source})
        (package / "__init__.py").write_text(code)
        info = site / f"{module}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_bytes(entries or f"[springhead]\n{entry} = {module}\n".encode())
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install
