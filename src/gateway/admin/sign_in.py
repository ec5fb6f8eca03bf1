"""Asks for the admin token, and reads it from the posted form."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope

from ...server.deadline import Deadline

FORM_LIMIT = 4096
"""Bytes of the longest form read, since anybody may post one."""
FORM_SECONDS = 5.0
"""Seconds within which it must arrive."""


class SignInPage:
    """The page with the form."""

    def __init__(self) -> None:
        page = Template(files(__package__).joinpath("page", "sign_in.html").read_text("utf-8"))
        self._first, self._after_failure = (
            page.substitute(error=""),
            page.substitute(error="The token is wrong."),
        )
        self._deadline = Deadline(FORM_SECONDS)

    def response(self, *, has_failed: bool) -> Response:
        """The page; `has_failed` after a wrong token."""
        content = self._after_failure if has_failed else self._first
        return HTMLResponse(content, 401, {"www-authenticate": "Bearer"})

    async def posted_token(self, scope: Scope, receive: Receive) -> bytes:
        """The token in a posted form; empty if the form has none, is too long or slow, or is cut off."""
        try:
            form = await self._deadline.within(_form(Request(scope, receive)))
        except (ClientDisconnect, TimeoutError):
            return b""
        return parse_qs(form.decode("latin-1")).get("token", [""])[0].encode()


async def _form(request: Request) -> bytes:
    """A posted form; empty if it is too long."""
    form = b""
    async for chunk in request.stream():
        form += chunk
        if len(form) > FORM_LIMIT:
            return b""
    return form
