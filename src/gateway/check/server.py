"""Checks that a gateway answers at its address, or that its addresses are free for one to start."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from ...server.plain_http import no_trust
from ...server.sockets import close, join_address, listen
from ..settings import Settings
from .result import CheckResult

_TIMEOUT = 3.0
"""Seconds to wait for a gateway on this machine."""
_SHOWN = 300
"""Characters of an answer that are shown at most."""


def check_server(settings: Settings) -> Iterator[CheckResult]:
    """Report a gateway that runs and whether it is ready; if none does, each address it would listen on."""
    url = settings.gateway.local_url
    try:
        response = httpx.get(f"{url}/ready", timeout=_TIMEOUT, trust_env=False, verify=no_trust())
    except (httpx.ConnectError, httpx.ConnectTimeout):
        yield _check_address(settings.gateway.host, settings.gateway.port)
        yield _check_address(*settings.gateway.admin_address)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield CheckResult(
            "server", "problem", f"{url} does not answer as a gateway does: {type(error).__name__}"
        )
    else:
        yield _describe(url, response)


def _check_address(host: str, port: int) -> CheckResult:
    try:
        close(listen(host, port))
    except OSError as error:
        reason, _, advice = str(error).partition("; ")
        return CheckResult("server", "problem", reason, advice)
    return CheckResult("server", "ok", f"{join_address(host, port)} is free: no gateway runs")


def _describe(url: str, response: httpx.Response) -> CheckResult:
    if response.is_success and response.text == "ready\n":
        return CheckResult("server", "ok", f"a gateway runs at {url} and is ready")
    shown = " ".join(response.text[:_SHOWN].split())
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return CheckResult("server", "problem", f"the gateway at {url} is not ready: {shown}")
    advice = "stop it, or choose another port for the gateway"
    return CheckResult("server", "problem", f"another program answers at {url}", advice)
