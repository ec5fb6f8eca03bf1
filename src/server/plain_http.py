"""Spares clients that call over plain HTTP the authorities that certificates are checked against."""

from __future__ import annotations

import ssl


def no_trust() -> ssl.SSLContext:
    """A context that trusts nobody, for a client that encrypts nothing.

    Without one, httpx reads the certificates of all authorities: that takes longer than a hundred calls.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
