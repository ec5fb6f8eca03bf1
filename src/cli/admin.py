"""The admin address of a running gateway: settings in, a client that may ask it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from ..gateway.settings import Settings


def admin_of(settings: Settings, seconds: float) -> httpx.Client:
    """A client of the admin address, with its token; it waits so long for an answer."""
    import httpx  # noqa: PLC0415

    host, port = settings.gateway.admin_address
    token = settings.gateway.admin_token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return httpx.Client(base_url=address, headers=headers, timeout=seconds, trust_env=False)
