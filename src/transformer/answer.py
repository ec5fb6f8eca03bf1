"""Words the answer to each element in the shape rudder-server decodes.

That is `{"output": {"batch": [...]}}`, `{"outputToSource": {"body", "contentType"}, "statusCode": 200}` or
`{"error", "statusCode", "statTags"}`. The array is decoded strictly as a whole, and one badly typed element
would fail all others: `error` is always text, `statusCode` an integer, and `body` padded base64.
"""

from __future__ import annotations

import base64

from ..core.codec import Object
from ..core.outcome import Outcome
from ..server.error_text import error_text

INVALID_EVENTS = "Invalid source events"
"""What rudder-server's own transformer says of a body that is not an array."""


def outcome_answer(source: str, outcome: Outcome) -> Object:
    """The answer that stands for an outcome.

    Events are answered whatever else was rejected; rejections alone are an error. Where all records were left
    out on purpose, the sender gets an empty reply: rudder-server would make a 400 of an empty `output.batch`.
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
