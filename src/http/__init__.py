"""Connects a host to the web framework of whoever embeds it: requests for the host, answers to senders.

It needs no web framework: `docs/embedding.md` shows it in several.
"""

from .answers import Answer, answer
from .body_error import BodyError, EncodingError
from .content_encoding import inflate
from .request import read_chunks, request_from_asgi, request_from_wsgi

__all__ = [
    "Answer",
    "BodyError",
    "EncodingError",
    "answer",
    "inflate",
    "read_chunks",
    "request_from_asgi",
    "request_from_wsgi",
]
