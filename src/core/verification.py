"""Decides how the requests of a source are verified: by their signature, then by the plugins."""

from __future__ import annotations

from .codec import Object
from .errors import InvalidConfig
from .hook_calls import HookCalls, Verifier
from .request import Request
from .signature import signature_verifier, signing_secrets
from .signature.secret import SIGNING_SECRET
from .source import Source


def source_verifier(source: Source, config: Object, hooks: HookCalls) -> Verifier | None:
    """Combine what verifies the requests of a source with these settings; None if nothing does.

    Raises:
        InvalidConfig: the signing secrets cannot be used, or nothing would use them.
    """
    try:
        secrets = signing_secrets(config, source.settings)
        verify = signature_verifier(source.signatures, secrets) if secrets and source.signatures else None
    except ValueError as error:
        raise InvalidConfig(source.name, str(error)) from None
    verify_by_hooks = hooks.verifier(source, {**config, SIGNING_SECRET: secrets} if secrets else config)
    if secrets and verify is None and verify_by_hooks is None:
        reason = f"{SIGNING_SECRET} is set, but source.json has no signature, and no plugin verifies requests"
        raise InvalidConfig(source.name, reason)
    return _in_turn(verify, verify_by_hooks) if verify and verify_by_hooks else verify or verify_by_hooks


def _in_turn(first: Verifier, second: Verifier) -> Verifier:
    def verify(request: Request) -> str | None:
        reason = first(request)
        return second(request) if reason is None else reason

    return verify
