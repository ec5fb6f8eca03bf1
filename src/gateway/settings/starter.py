"""Writes a first springhead.toml, from the template beside this module."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from importlib.resources import files


def starter_settings(
    type_: str,
    name: str = "",
    folders: Sequence[str] = (),
    public_url: str = "",
    on_rejection: str = "error",
) -> str:
    """The text of a commented settings file with one source and a write key of its own.

    Args:
        type_: the source's type.
        name: what the operator calls it; the type by default.
        folders: source folders to register.
        public_url: the URL at which senders reach the gateway, if it is known.
        on_rejection: what the source's type answers by default if every record was rejected.
    """
    text = files(__package__).joinpath("starter.toml").read_text("utf-8")
    text = text.replace('"KEY"', _toml_text(secrets.token_urlsafe(24)))
    text = text.replace('"TYPE"', _toml_text(type_))
    by_default = 'on_rejection = "error"'
    text = text.replace(by_default, f"on_rejection = {_toml_text(on_rejection)}".ljust(len(by_default)))
    if folders:
        text = text.replace("# folders = []", f"folders = [{', '.join(map(_toml_text, folders))}]")
    if public_url:
        text = text.replace('# public_url = ""', f"public_url = {_toml_text(public_url)}")
    return text.replace('"NAME"', _toml_text(name or type_))  # last, since a name may hold anything


def kept_in(text: str, cluster: str, replicas: int) -> str:
    """The text of a settings file whose events are kept in the NATS cluster of this URL."""
    text = text.replace("# replicas = 3", f"replicas = {replicas}  ")
    return re.sub(r'^# url = "" +', lambda _: f"url = {_toml_text(cluster)}  ", text, flags=re.MULTILINE)


def _toml_text(text: str) -> str:
    """A text as a TOML string, without surrogate pairs, and with its dollars escaped."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)
