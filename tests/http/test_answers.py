"""Senders are answered in the gateway's words, whoever answers."""

from __future__ import annotations

from typing import Any

import pytest

from springhead import (
    InvalidConfig,
    Outcome,
    Rejection,
    Reply,
    SpringheadError,
    UnknownSource,
    VerificationFailed,
)
from springhead.http import Answer, BodyError, EncodingError, answer

EVENT: dict[str, Any] = {"type": "track"}
ERROR = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}


def rejection(pointer: str = "/0/type", rule: str = "schema/type") -> Rejection:
    """A rejected record."""
    return Rejection("acme", pointer, None, rule, "type must be text", 7)


@pytest.mark.parametrize(
    ("outcome", "status", "text"),
    [
        (Outcome(), 200, "ok"),
        (Outcome(events=[EVENT]), 200, "ok"),
        (Outcome(events=[EVENT], rejections=[rejection()]), 200, "ok"),
        (Outcome(dropped=1, rejections=[rejection()]), 200, "ok"),
        (Outcome(reply=Reply(b"{}"), rejections=[rejection()]), 200, "{}"),
        (Outcome(rejections=[rejection()]), 400, "/0/type: type must be text\n"),
        (Outcome(rejections=[rejection()] * 3), 400, "/0/type: type must be text (and 2 more rejected)\n"),
        (Outcome(rejections=[rejection("")]), 400, "type must be text\n"),
        (Outcome(rejections=[rejection("", "json/syntax")]), 400, "Malformed JSON in request body\n"),
        (Outcome(refused="the signature is wrong"), 401, "request refused as not authentic\n"),
    ],
)
def test_an_outcome_is_answered(outcome: Outcome, status: int, text: str) -> None:
    """Whatever was accepted beside a rejection makes it a success."""
    found = answer(outcome)

    assert (found.status, found.body.decode()) == (status, text)


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (UnknownSource("acme", "no source is active"), 404, "404 page not found\n"),
        (VerificationFailed("acme", "raised KeyError"), 500, "internal error\n"),
        (InvalidConfig("acme", "redact is 7"), 500, "internal error\n"),
        (BodyError(413, "Too Large", "the body is longer"), 413, "request size exceeds max limit\n"),
        (BodyError(415, "Unsupported", "send it as it is"), 415, "send it as it is\n"),
        (EncodingError("Broken", "it is cut off", b""), 400, "it is cut off\n"),
    ],
)
def test_an_error_is_answered(error: SpringheadError, status: int, text: str) -> None:
    """A mistake of an operator is no fault of the sender, who tries again."""
    found = answer(error)

    assert (found.status, found.body.decode()) == (status, text)
    assert found.headers == ERROR


def test_the_log_learns_what_the_sender_must_not() -> None:
    """Why a request is not authentic, and what failed; nothing if nothing is wrong."""
    failed = VerificationFailed("acme", "raised KeyError")

    assert answer(Outcome(refused="the signature is wrong")).reason == "the signature is wrong"
    assert answer(failed).reason == str(failed)
    assert answer(Outcome(rejections=[rejection()])).reason == "/0/type: type must be text"
    assert answer(Outcome(events=[EVENT])).reason == ""


def test_the_headers_of_an_answer_are_complete() -> None:
    """But for the length, which frameworks add."""
    assert answer(Outcome()).headers == {"content-type": "text/plain; charset=utf-8"}
    assert answer(Outcome(reply=Reply(b"<a>", "text/xml"))).headers == {"content-type": "text/xml"}
    assert Answer(200, b"", "").headers == {}
    assert answer(BodyError(503, "Busy", "try again", 5)).headers == {**ERROR, "retry-after": "5"}
