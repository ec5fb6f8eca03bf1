"""Decides what a sender is answered, in the words of RudderStack's own gateway.

Every error is plain text that ends in a newline; success is `ok`, without one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus

from ..core.errors import SpringheadError, UnknownSource
from ..core.outcome import Outcome
from .body_error import BodyError
from .error_text import NOT_AUTHENTIC, error_text

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer to a sender.

    Attributes:
        status: its status.
        body: its body.
        media_type: the media type of the body; empty if there is no body.
        retry_after: in how many seconds to try again, if that would help.
        reason: for your log, what is wrong; empty if nothing is.
    """

    status: int
    body: bytes
    media_type: str = _TEXT
    retry_after: int | None = None
    reason: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, without a length.

        An error may repeat keys of the sender's JSON, which no browser must take for HTML.
        """
        headers = {"content-type": self.media_type} if self.media_type else {}
        if self.status >= HTTPStatus.BAD_REQUEST:
            headers["x-content-type-options"] = "nosniff"
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        return headers


def error(status: int, text: str, *, retry_after: int | None = None) -> Answer:
    """Return an error with this text, which the log gets as well."""
    return Answer(status, f"{text}\n".encode(), retry_after=retry_after, reason=text)


OK = Answer(200, b"ok")
REFUSED = error(401, NOT_AUTHENTIC)
NOT_FOUND = error(404, "404 page not found")
TOO_LONG = error(413, "request size exceeds max limit")
FAILED = error(500, "internal error")


def answer(result: Outcome | SpringheadError) -> Answer:
    """Return what to answer for an outcome, once its events are stored, or for an error raised instead of one.

    | result | answer |
    | --- | --- |
    | an outcome with a reply | 200, the reply |
    | an outcome that was refused | 401 |
    | an outcome with nothing but rejections | 400, with the first one's pointer and reason |
    | any other outcome | 200 `ok` |
    | BodyError | 400, 411, 413 or 415: the error's own status |
    | UnknownSource | 404 |
    | any other error, such as VerificationFailed | 500, so that the sender tries again |
    """
    if isinstance(result, Outcome):
        return _answer_to_outcome(result)
    if isinstance(result, BodyError):
        return _answer_to_body_error(result)
    return replace(NOT_FOUND if isinstance(result, UnknownSource) else FAILED, reason=str(result))


def _answer_to_outcome(outcome: Outcome) -> Answer:
    if outcome.refused is not None:
        return replace(REFUSED, reason=outcome.refused)
    if outcome.reply is not None:
        return Answer(200, outcome.reply.body, outcome.reply.content_type)
    if outcome.rejections and not (outcome.events or outcome.dropped):
        return error(400, error_text(outcome.rejections))
    return OK


def _answer_to_body_error(problem: BodyError) -> Answer:
    if problem.status == TOO_LONG.status:
        return TOO_LONG
    return error(problem.status, problem.message, retry_after=problem.retry_after)
