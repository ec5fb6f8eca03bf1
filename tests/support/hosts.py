"""Hosts that tests share, or that load no more than a test needs: nine sources take longer than most tests."""

from pathlib import Path

from springhead import Host

HOST = Host(environ={"SPRINGHEAD_PLUGINS": "springhead"})
"""The host of the bundled sources."""


def folder_host(folder: Path) -> Host:
    """Make a host of a source folder, and of nothing else."""
    return Host(folders=[folder], environ={"SPRINGHEAD_PLUGINS": str(folder)})
