"""What the tests of the webhook endpoint post: to which sources, with which keys, and what they expect back."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import httpx

NEW_KEY = "key-that-takes-over-next-week"
ODD_KEY = "odd/key+with=signs&more%20?#;~"
OFF_KEY = "key-of-a-tenant-that-left"
GUARDED_KEY = "key-of-the-guarded-tenant"
ACME_KEY = "key-of-the-acme-workspace"
AUTHORIZATION = "Bearer invented-authorization"
NEW_AUTHORIZATION = "Bearer authorization-that-takes-over"
COOKIE = "session=invented-cookie"

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ERROR = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}

ACME: dict[str, Any] = {
    "source": {"api": 1, "name": "acme", "formats": ["json", "form", "query"], "id": ["id"]},
    "mapping": {
        "integration": "Acme",
        "reply": [
            {"when": {"type": "url_verification"}, "body": {"object": {"challenge": {"from": "challenge"}}}},
            {"when": {"type": "hello"}, "body": "hello yourself", "content_type": "text/plain"},
        ],
        "events": [
            {"type": "drop", "when": {"type": "heartbeat"}},
            {"when": {"event": {"exists": True}, "type": "ready"}, "pass": "event"},
            {
                "type": "track",
                "event": "Taken",
                "map": [
                    {"from": "$", "to": "properties"},
                    {"from": "$request.headers", "to": "context.headers"},
                    {"from": "$request.headers.x-original-url", "to": "context.original_url"},
                    {"from": "$request.query.a", "to": "context.a"},
                    {"from": "$request.query", "to": "context.query"},
                    {"from": "$request.url", "to": "context.url"},
                ],
            },
        ],
    },
}
"""A source that takes JSON, forms and queries, and replies to a challenge."""


def log(**data: Any) -> dict[str, Any]:
    """An Auth0 log with an id of its own."""
    return {"log_id": str(uuid.uuid4()), "data": {"type": "s", "user_id": "auth0|1", **data}}


def ready(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A record with an event that Acme's mapping passes on."""
    return {"id": str(uuid.uuid4()), "type": "ready", "event": {"type": "identify", **event}, **more}


def basic(user: str, password: str = "") -> dict[str, str]:
    """Headers with Basic authentication."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def multipart(*parts: str, end: str = "--x--\r\n") -> bytes:
    """A multipart body of these parts, with the boundary `x`."""
    bodies = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    return bodies.encode() + end.encode()


def is_busy(response: httpx.Response) -> bool:
    """Whether a response asks the sender to try again later."""
    return response.status_code == 503 and int(response.headers["retry-after"]) > 0
