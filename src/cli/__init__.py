"""The `springhead` command line: one module per command, none with rules of its own."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["serve"]:  # a SIGHUP waits for the supervisor, even one that comes during the imports
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from .commands import run  # noqa: PLC0415 - as above

    run()
