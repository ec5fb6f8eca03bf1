"""The playground as an ASGI app: the page, and the calls it makes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...core.errors import SpringheadError
from ...server.page_security import refusal
from .api import Api
from .errors import BadCall, NotWritten
from .guard import Guard

_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def playground_app(api: Api, token: str) -> Guard:
    """The page, whose calls the API answers if they present the token."""
    handlers = {SpringheadError: _failed, OSError: _failed}
    return Guard(Starlette(routes=[*_page(), *api.routes], exception_handlers=handlers), token)


def _page() -> list[Route]:
    folder = files(__package__).joinpath("page")
    assets = {f"/{asset.name}": asset.read_bytes() for asset in folder.iterdir() if asset.is_file()}
    assets["/"] = assets.pop("/page.html")
    return [_asset(path, content) for path, content in sorted(assets.items())]


def _asset(path: str, content: bytes) -> Route:
    media_type = _MEDIA_TYPES[Path(path).suffix or ".html"]

    async def asset(_: Request) -> Response:
        return Response(content, media_type=media_type)

    return Route(path, asset)


async def _failed(_: Request, error: Exception) -> Response:
    if isinstance(error, NotWritten):
        return JSONResponse({"error": str(error), "conflicts": error.conflicts}, 409)
    if isinstance(error, OSError):
        return refusal(422, f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror))
    return refusal(error.status if isinstance(error, BadCall) else 422, str(error))
