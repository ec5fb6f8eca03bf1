"""Follows the stream of events at a gateway's admin address, and prints each as it is accepted."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import typer

from ..core.codec import encode
from .context import admin_client, fail
from .dead.render import located_reason
from .format import plural, printable, utc_milliseconds, utc_seconds

if TYPE_CHECKING:
    from ..gateway.settings import Settings

_RECONNECT_SECONDS = 1.0
_SILENCE_SECONDS = 60.0
"""A connection that is silent for this long may be dead, and is replaced: the server sends its status often."""


def follow(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield each accepted request once, beginning with those the server remembers; reconnect forever."""
    import httpx  # noqa: PLC0415

    latest: dict[str, float] = {}
    warned = False
    with admin_client(settings, _SILENCE_SECONDS) as client:
        address = client.base_url.netloc.decode()
        while True:
            try:
                with client.stream("GET", "/api/events") as response:
                    _check_status(response.status_code, address)
                    response.raise_for_status()
                    if not response.headers.get("content-type", "").startswith("text/event-stream"):
                        fail(f"{address} has no stream of events: is it this gateway's admin address?")
                    warned = False
                    for name, data in _messages(response.iter_bytes()):
                        yield from _new_request(name, data, latest)
            except httpx.ReadTimeout:
                continue
            except httpx.HTTPError:
                if not warned:
                    typer.echo(f"{address} does not answer: waiting for it", err=True)
                warned = True
            time.sleep(_RECONNECT_SECONDS)


def print_request(request: dict[str, Any], width: int, *, as_json: bool) -> None:
    """Print a request: one line per event and rejection, or one JSON object for all of it.

    `width` is that of the column with the source's name.
    """
    if as_json:
        lines: list[str | bytes] = [encode({**request, "at": utc_milliseconds(request["at"])})]
    else:
        head = f"{utc_seconds(request['at'])}  {printable(request['source']):<{width}}"
        lines = [f"{head}  {line}" for line in _lines(request)]
    for line in lines:
        typer.echo(line)
    sys.stdout.flush()


def _lines(request: dict[str, Any]) -> Iterator[str]:
    duplicates = request.get("duplicate_events", [])
    for position, event in enumerate(request["events"]):
        suffix = "(duplicate)" if position in duplicates else ""
        name = event.get("event") or event.get("name") or ""
        user = event.get("userId") or event.get("anonymousId") or ""
        yield "  ".join(
            [f"{event['type']:<8}", *(printable(str(text)) for text in (name, user, suffix) if text)]
        )
    if hidden := request["accepted"] - len(request["events"]):
        hidden_duplicates = request.get("duplicates", 0) - len(duplicates)
        suffix = f", {hidden_duplicates} of them duplicates" if hidden_duplicates else ""
        yield f"and {plural(hidden, 'event')} too many or too long to be shown{suffix}"
    for rejection in request["rejections"]:
        reason = located_reason(rejection.get("line"), rejection["pointer"], rejection["reason"])
        yield printable(f"{'rejected':<8}  {rejection['rule']}  {reason}")


def _check_status(status: int, address: str) -> None:
    """End the command on an answer that will not change."""
    if status in (401, 403):
        fail(f"{address} refuses the admin_token of these settings: it was started with another")
    if 300 <= status < 500:  # noqa: PLR2004
        fail(f"{address} has no stream of events (status {status}): is it this gateway's admin address?")


def _new_request(name: str, data: bytes, latest: dict[str, float]) -> Iterator[dict[str, Any]]:
    """Yield the request in a message, unless an earlier connection already brought it."""
    if name == "skipped":
        typer.echo(f"{plural(json.loads(data)['requests'], 'request')} came too fast to be shown", err=True)
    elif name == "accepted":
        request = json.loads(data)
        at, source = request["at"], request["source"]
        if not request.get("past") or at > latest.get(source, 0.0):
            latest[source] = at
            yield request


def _messages(chunks: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Parse server-sent events into names and data.

    Lines are split as bytes: a line separator such as U+2028 inside a text does not end one.
    https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    """
    rest, name, data = b"", "", list[bytes]()
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            field, _, value = line.removesuffix(b"\r").partition(b":")
            if field == b"event":
                name = value.decode().strip()
            elif field == b"data":
                data.append(value.removeprefix(b" "))
            elif not field and not value:
                if data:
                    yield name, b"\n".join(data)
                name, data = "", []
