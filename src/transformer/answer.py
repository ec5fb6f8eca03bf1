"""Answers: what one element came to, in the shape rudder-server decodes.

An element is `{"output": {"batch": [...]}}`, `{"outputToSource": {"body", "contentType"}, "statusCode": 200}`
or `{"error", "statusCode", "statTags"}`. The array is decoded strictly as a whole, and one badly typed element
would cost all its neighbours: `error` is always text, `statusCode` an integer, and `body` padded base64.
"""

from __future__ import annotations

import base64

from ..core.codec import Object
from ..core.outcome import Outcome
from ..server.error_text import error_text

INVALID_EVENTS = "Invalid source events"
"""What rudder-server's own transformer says of a body that is no array."""


def answered(source: str, outcome: Outcome) -> Object:
    """What an outcome is to rudder-server.

    Where there are events, they go out, whatever else was rejected. Where there are only rejections it is an
    error. Where all was left out on purpose it is an empty answer to the sender, for an empty `output.batch`
    would come out as a 400.
    """
    reply = outcome.reply
    if outcome.events and reply is None:
        return {"output": {"batch": outcome.events}}
    if outcome.rejections and not (outcome.events or outcome.dropped or reply):
        return error(source, error_text(outcome.rejections), 400, "dataValidation", "instrumentation")
    body, content_type = (reply.body, reply.content_type) if reply else (b"", "text/plain")
    answer: Object = {"output": {"batch": outcome.events}} if outcome.events else {}
    answer["outputToSource"] = {"body": base64.b64encode(body).decode(), "contentType": content_type}
    answer["statusCode"] = 200
    return answer


def error(
    source: str | None, text: str, status: int, category: str = "transformation", type_: str | None = None
) -> Object:
    """An error element; `source` is named in its tags where it is one of ours."""
    tags = {
        "errorCategory": category,
        "module": "source",
        "implementation": "native",
        "destinationId": "Non determinable",
        "workspaceId": "Non determinable",
    }
    if type_ is not None:
        tags["errorType"] = type_
    if source is not None:
        tags["srcType"] = source
    return {"statusCode": status, "error": text, "statTags": tags}
