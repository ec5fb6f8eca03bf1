"""Signing in: the form as it was posted in, the token in it out; and the page that asks for it."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope

LONGEST = 4096
"""Bytes of the longest form that is read: whoever posts it is not known yet."""
_WRONG = "That is not the token."


class SignIn:
    """The page that asks for the token."""

    def __init__(self, style: str) -> None:
        """`style` is the admin page's: the policy lets no other one through."""
        page = Template(files(__package__).joinpath("sign_in.html").read_text("utf-8"))
        self._asks = page.substitute(style=style, wrong="")
        self._asks_again = page.substitute(style=style, wrong=_WRONG)

    def page(self, *, again: bool) -> Response:
        """The page; `again` after a wrong token."""
        content = self._asks_again if again else self._asks
        return HTMLResponse(content, 401, {"www-authenticate": "Bearer"})


async def posted_token(scope: Scope, receive: Receive) -> bytes:
    """The token of a posted form; empty where it has none, is too long, or breaks off."""
    form = bytearray()
    try:
        async for chunk in Request(scope, receive).stream():
            form += chunk
            if len(form) > LONGEST:
                return b""
    except ClientDisconnect:
        return b""
    return parse_qs(form.decode("latin-1")).get("token", [""])[0].encode()
