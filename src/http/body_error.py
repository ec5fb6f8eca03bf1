"""The errors for request bodies that are refused."""

from __future__ import annotations

from ..core.errors import SpringheadError


class BodyError(SpringheadError):
    """A request body that is refused.

    Attributes:
        status: the HTTP status to answer.
        error: the problem in a few words.
        message: what is wrong with this body.
        retry_after: in how many seconds to try again, if that would help.
    """

    def __init__(self, status: int, error: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(status, error, message, retry_after)
        self.status = status
        self.error = error
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message


class EncodingError(BodyError):
    """A whole body that is not encoded as its header says; `body` is what arrived."""

    def __init__(self, error: str, message: str, body: bytes) -> None:
        super().__init__(400, error, message)
        self.body = body


def too_large(limit: int) -> BodyError:
    """The error for a body of more than `limit` bytes."""
    reason = f"the body is longer than {limit:,} bytes: send less at once"
    return BodyError(413, "Request Entity Too Large", reason)


def cut_off() -> BodyError:
    """The error for a body that ends before its length."""
    return BodyError(400, "Request Aborted", "reading request body: it is not whole")
