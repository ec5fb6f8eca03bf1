"""Reads the operator's `signing_secret`, which no mapping sees and no message quotes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from ..codec import Object
from ..json_value import type_name

SIGNING_SECRET = "signing_secret"  # noqa: S105 - the name of a setting
MISSING_SECRET = f"the vendor signs its requests: set {SIGNING_SECRET}, or forged ones are accepted"
"""What an operator is told of a source that could verify requests, and does not."""

_PREFIX = "whsec_"


def signing_secrets(config: Object, others: Iterable[str] = ()) -> list[str]:
    """Return the secrets among the operator's settings: text, or a list of texts; `[]` if there are none.

    Raises:
        ValueError: the setting cannot be used, or there is one with nearly its name that is not among `others`.
    """
    for name in config.keys() - {SIGNING_SECRET, *others}:
        if get_close_matches(name.lower(), [SIGNING_SECRET], 1, 0.8):
            raise ValueError(f"there is no {name!r}: did you mean {SIGNING_SECRET}?")
    if SIGNING_SECRET not in config:
        return []
    value = config[SIGNING_SECRET]
    secrets = value if isinstance(value, list) else [value]
    problems = [secret_problem(secret) for secret in secrets] or ["is an empty list: give at least one secret"]
    if any(problems):
        raise ValueError(f"{SIGNING_SECRET} {next(filter(None, problems))}")
    return secrets


def secret_problem(secret: Any) -> str | None:
    """Say what is wrong with a secret; None if nothing is."""
    if not isinstance(secret, str):
        return f"is {type_name(secret)}: give text or a list of texts"
    if not secret.strip():
        return "is blank: give the secret that the vendor shows"
    if secret != secret.strip():
        return "begins or ends with white space: remove it"
    if any("\ud800" <= character <= "\udfff" for character in secret):
        return "cannot be encoded as UTF-8"
    return None


def without_secrets(config: Object) -> Object:
    """Return the settings that mappings may read."""
    if SIGNING_SECRET not in config:
        return config
    return {name: value for name, value in config.items() if name != SIGNING_SECRET}


def signing_key(secret: str, *, is_base64: bool) -> bytes:
    """Return the key that a secret stands for.

    Raises:
        ValueError: the secret should be base64, and is not.
    """
    if not is_base64:
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError(f"{SIGNING_SECRET} is not base64: give it as the vendor shows it, with {_PREFIX}")
    return key
