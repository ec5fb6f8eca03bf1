"""Prepares encrypted connections to NATS, and explains those that fail."""

from __future__ import annotations

import ssl

from ..records import StoreUnusable
from .options import NatsOptions

_EXPIRED = 10
_OTHER_NAME = (62, 64)
"""OpenSSL's codes of a certificate for another host name, and for another address."""


def tls_context(options: NatsOptions) -> ssl.SSLContext | None:
    """What certificates are checked with, and the gateway's own; None if nothing is to be encrypted.

    Raises:
        StoreUnusable: a file of certificates or of a key cannot be used.
    """
    if not options.uses_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=options.ca)
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise StoreUnusable(f"store.ca: {options.ca} cannot be used: {reason}; it must be in PEM") from None
    if options.tls_cert is not None:
        try:
            context.load_cert_chain(options.tls_cert, options.tls_key, password="")
        except OSError as error:
            is_ssl = isinstance(error, ssl.SSLError)
            reason = "it does not hold a certificate and its key" if is_ssl else error.strerror
            files = " and ".join(map(str, filter(None, (options.tls_cert, options.tls_key))))
            advice = "they must be in PEM, and the key without a passphrase"
            raise StoreUnusable(f"store.tls_cert: {files} cannot be used: {reason}; {advice}") from None
    return context


def explain_handshake(error: ssl.SSLError) -> str:
    """Why no encrypted connection was made, and what to do."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return f"the TLS handshake failed: {error.reason}; check the tls block of the servers"
    if error.verify_code == _EXPIRED:
        return "the certificate of a server has expired; renew it"
    if error.verify_code in _OTHER_NAME:
        reason = error.verify_message.partition(", ")[2].rstrip(".")
        return f"a server's {reason}; write the name that it is for into store.url"
    advice = "set store.ca to the certificates that sign those of the servers"
    return f"the certificate of a server is not trusted: {error.verify_message}; {advice}"
