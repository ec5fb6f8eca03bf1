"""Builds the answer to each element, in the shape rudder-server decodes.

That is `{"output": {"batch": [...]}}`, `{"outputToSource": {"body", "contentType"}, "statusCode": 200}` or
`{"error", "statusCode", "statTags"}`. The array is decoded strictly as a whole, and one badly typed element
would fail all others: `error` is always text, `statusCode` an integer, and `body` padded base64.
"""

from __future__ import annotations

import base64

from ..core.codec import Object
from ..core.outcome import Outcome
from ..http.error_text import error_text

INVALID_EVENTS = "Invalid source events"
"""The text of rudder-server's own transformer for a body that is not an array."""


def outcome_answer(source: str, outcome: Outcome) -> Object:
    """The answer for an outcome.

    Events are answered even if other records were rejected; rejections alone are an error. If all records were
    dropped, the sender gets an empty reply: rudder-server would turn an empty `output.batch` into a 400.
    """
    reply = outcome.reply
    if outcome.events and reply is None:
        return {"output": {"batch": outcome.events}}
    if outcome.rejections and not (outcome.events or outcome.dropped or reply):
        return error_answer(source, error_text(outcome.rejections), 400, "dataValidation", "instrumentation")
    body, content_type = (reply.body, reply.content_type) if reply else (b"", "text/plain")
    answer: Object = {"output": {"batch": outcome.events}} if outcome.events else {}
    answer["outputToSource"] = {"body": base64.b64encode(body).decode(), "contentType": content_type}
    answer["statusCode"] = 200
    return answer


def error_answer(
    source: str | None, text: str, status: int, category: str = "transformation", type_: str | None = None
) -> Object:
    """An error; its tags name the source if the host has it."""
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
