"""Opens the sockets a server listens on, one for each address of its host name."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

_BACKLOG = 2_048
"""Connections the system holds until a worker accepts them."""
_NOT_ON_THIS_MACHINE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def join_address(host: str, port: int) -> str:
    """`host:port`, as in a URL: an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on a host and port; `localhost` is both IPv4 and IPv6 if the machine has both.

    Raises:
        OSError: the address is taken, or is not an address of this machine.
    """
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                sockets.append(_listening(family, address, alone=len(found) == 1))
            except OSError as error:
                if error.errno not in _NOT_ON_THIS_MACHINE:
                    raise
                missing = error
        if missing and not sockets:
            raise missing
    except OSError as error:
        close(sockets)
        raise OSError(f"cannot listen on {join_address(host, port)}: {_reason(error)}") from None
    return sockets


def close(sockets: list[socket.socket]) -> None:
    """Stop listening."""
    for one in sockets:
        one.close()


def _listening(family: socket.AddressFamily, address: Any, *, alone: bool) -> socket.socket:
    dual_stack = alone and family == socket.AF_INET6  # `::` accepts IPv4 calls as well
    return socket.create_server(address, family=family, backlog=_BACKLOG, dualstack_ipv6=dual_stack)


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another process listens there; stop it, or choose another address"
    reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
    return f"{str(reason).lower()}; choose an address of this machine"
