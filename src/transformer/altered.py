"""Refuses requests whose signature cannot be verified, because rudder-server has altered the body."""

from __future__ import annotations

from ..core.host import Receiver
from ..core.outcome import Outcome
from ..core.request import Request

ALTERED = (
    "the body is not as long as the one posted (rudder-server turns forms into JSON), so its signature cannot"
    " be verified: send this vendor's webhooks to springhead's gateway"
)


def refuse_altered(receive: Receiver) -> Receiver:
    """Wrap a receiver so that it refuses requests whose body was altered."""

    def receive_unaltered(request: Request) -> Outcome:
        return Outcome(refused=ALTERED) if _is_altered(request) else receive(request)

    return receive_unaltered


def _is_altered(request: Request) -> bool:
    """Whether the body is not as long as its Content-Length says; that of an inflated body tells nothing."""
    if "gzip" in _header(request, "content-encoding"):
        return False
    length = str(len(request.body))
    return any(value != length for value in _header(request, "content-length"))


def _header(request: Request, name: str) -> list[str]:
    """The values of a header, by its name in lower case."""
    values = [value for key, value in request.headers.items() if key.lower() == name]
    return [text for value in values for text in ([value] if isinstance(value, str) else value)]
