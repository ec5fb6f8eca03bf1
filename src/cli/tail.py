"""The feed of a running gateway: its admin address in, requests as they are accepted out, without end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import typer

from ..core.codec import encode
from . import format as shown
from .admin import admin_of
from .dead import render as letter
from .misuse import misuse

if TYPE_CHECKING:
    from ..gateway.settings import Settings

_AGAIN_SECONDS = 1.0
_QUIET_SECONDS = 60.0
"""A connection on which nothing came for so long may be dead, and is made anew."""


def follow(settings: Settings) -> Iterator[dict[str, Any]]:
    """Accepted requests, each once: first those the server remembers, then new ones, through its restarts."""
    import httpx  # noqa: PLC0415

    latest: dict[str, float] = {}
    told = False
    with admin_of(settings, _QUIET_SECONDS) as client:
        address = client.base_url.netloc.decode()
        while True:
            try:
                with client.stream("GET", "/api/events") as answer:
                    _check(answer.status_code, address)
                    answer.raise_for_status()
                    told = False
                    for name, data in _messages(answer.iter_bytes()):
                        yield from _told(name, data, latest)
            except httpx.ReadTimeout:
                continue
            except httpx.HTTPError:
                if not told:
                    typer.echo(f"{address} does not answer: waiting for it", err=True)
                told = True
            time.sleep(_AGAIN_SECONDS)


def written(accepted: dict[str, Any], width: int, *, as_json: bool) -> None:
    """Write a request to stdout: a line for each event and rejection, or all of it as one JSON object."""
    if as_json:
        lines: list[str | bytes] = [encode({**accepted, "at": shown.instant(accepted["at"])})]
    else:
        head = f"{shown.moment(accepted['at'])}  {shown.printable(accepted['source']):<{width}}"
        lines = [f"{head}  {line}" for line in _lines(accepted)]
    for line in lines:
        typer.echo(line)
    sys.stdout.flush()


def _lines(accepted: dict[str, Any]) -> Iterator[str]:
    for event in accepted["events"]:
        user = event.get("userId") or event.get("anonymousId") or ""
        what = (event.get("event") or event.get("name") or "", user)
        yield "  ".join([f"{event['type']:<8}", *(shown.printable(str(each)) for each in what if each)])
    if more := accepted["accepted"] - len(accepted["events"]):
        yield f"and {more} event{'' if more == 1 else 's'} too many or too long to be shown"
    for each in accepted["rejections"]:
        why = letter.why(each.get("line"), each["pointer"], each["reason"])
        yield shown.printable(f"{'rejected':<8}  {each['rule']}  {why}")


def _check(status: int, address: str) -> None:
    if status in (401, 403):
        misuse(f"{address} wants another token: the settings' admin_token is not the server's")
    if 300 <= status < 500:  # noqa: PLR2004 - what waiting does not change
        misuse(f"{address} has no feed (status {status}): is it this gateway's admin address?")


def _told(name: str, data: bytes, latest: dict[str, float]) -> Iterator[dict[str, Any]]:
    """The request that a message tells of, unless it was told before the connection was made anew."""
    if name == "skipped":
        typer.echo(f"{json.loads(data)['requests']} requests came too fast to be shown", err=True)
    elif name == "accepted":
        accepted = json.loads(data)
        at, source = accepted["at"], accepted["source"]
        if not accepted.get("past") or at > latest.get(source, 0.0):
            latest[source] = at
            yield accepted


def _messages(chunks: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Names and data of server-sent events.

    Lines end where bytes say so: a text's own line separators (U+2028) do not end one.
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
