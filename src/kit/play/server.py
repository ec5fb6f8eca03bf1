"""Serves the playground on this machine until Ctrl-C."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import FrameType

from ...server import log
from ...server.asgi import AsgiServer
from ...server.sockets import join_address, listen
from .api import Api
from .app import playground_app
from .evaluator import Evaluator
from .workspace import Workspace

ADDRESS = "127.0.0.1"
_CONNECTIONS = 100


def serve_playground(
    sources: Mapping[str, Workspace],
    start: str | None,
    into: Path,
    *,
    port: int,
    on_start: Callable[[str], None],
) -> None:
    """Serve a page for these sources until SIGINT or SIGTERM.

    Args:
        sources: the sources that can be opened, by name.
        start: the one that the page shows first; None if one is chosen there.
        into: where new source folders are made.
        port: the port to listen on; 0 is any that is free.
        on_start: gets the page's URL, which holds the token of the page.

    Raises:
        OSError: the port is taken.
    """
    log.configure("console", "warning")
    token = secrets.token_urlsafe(24)
    sockets = listen(ADDRESS, port)
    with closing(Evaluator()) as live, closing(Evaluator()) as review:
        app = playground_app(Api(sources, start, into, live=live, review=review), token)
        server = AsgiServer(app, connections=_CONNECTIONS, grace_seconds=5)

        def end(number: int, frame: FrameType | None) -> None:
            live.stop()
            review.stop()
            server.handle_exit(number, frame)

        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a browser that hangs up ends its connection only
        signal.signal(signal.SIGINT, end)
        signal.signal(signal.SIGTERM, end)
        on_start(f"http://{join_address(ADDRESS, sockets[0].getsockname()[1])}/#{token}")
        server.run(sockets)
