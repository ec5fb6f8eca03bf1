"""Sources of vendors that sign, and requests with signatures of theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from springhead import Host, Request
from support.folders import source_folder
from support.hosts import folder_host
from support.markdown import file_block
from support.paths import DOCS

SECRET = "an-invented-signing-secret"  # noqa: S105 - an invented one
GITHUB = {"header": "x-hub-signature-256", "hmac": "sha256", "format": "sha256={hex}"}
BODY = b'{"action": "opened"}'
SIGNED = "sha256=a310d7145e93b076b914754403e8814127d419d4874db564ac6bd13a10c37a44"
"""What GitHub would send in `X-Hub-Signature-256` with that body, made with openssl."""


def documented() -> dict[str, Any]:
    """The signatures that the documents show, by vendor."""
    signatures: dict[str, Any] = json.loads(file_block(DOCS / "signatures.md", "signatures.json"))
    return signatures


def signing_folder(folder: Path, signature: Any, **source: Any) -> Path:
    """The source folder `acme`, whose vendor signs so."""
    about = {"api": 1, "name": "acme", "formats": ["json", "form"], "signature": signature, **source}
    return source_folder(folder, source=about)


def signing_host(folder: Path, signature: Any, **source: Any) -> Host:
    """A host with that folder."""
    return folder_host(signing_folder(folder, signature, **source))


def refusal(host: Host, request: Request, *secrets: str) -> str | None:
    """Why a host with these secrets refuses a request to `acme`."""
    return host.receive("acme", request, {"signing_secret": list(secrets)}).refused
