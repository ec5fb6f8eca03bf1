"""Calls the hooks that plugins implement, so that no plugin can break a request or another plugin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from .codec import Object, encode, parse
from .errors import InvalidEvent, InvalidJson, VerificationFailed
from .ids import is_blank
from .implementations import Implementations
from .json_value import type_name
from .outcome import Rejection
from .request import Request
from .source import Source

EventHook: TypeAlias = Callable[[Object], "Object | None"]
"""Changes, replaces or drops (None) a finished event. Raises InvalidEvent if the result is not an event."""

Verifier: TypeAlias = Callable[[Request], "str | None"]
"""Returns why a request of one source is refused as not authentic, or None. Raises VerificationFailed."""

_log = logging.getLogger("springhead.plugins")


class HookCalls(msgspec.Struct, frozen=True):
    """Calls the implementations of each hook, one by one."""

    implementations: Mapping[str, Implementations]

    def verifier(self, source: Source, config: Object) -> Verifier | None:
        """Combine the plugins that verify the requests of a source; None if none does.

        Args:
            source: the source.
            config: what they are given: the operator's settings, with a list of secrets as `signing_secret`.
        """
        implementations = self.implementations["springhead_verify"]
        if not implementations:
            return None

        def verify(request: Request) -> str | None:
            for plugin, implementation in implementations:
                try:
                    reason = implementation(source=source, request=request, config=config)
                except (Exception, SystemExit) as error:
                    raise VerificationFailed(plugin, f"raised {type(error).__name__}") from error
                if isinstance(reason, str) and reason.strip():
                    return reason
                if reason is not None:
                    raise VerificationFailed(plugin, f"returned {_odd_reason(reason)}")
            return None

        return verify

    def event_hook(self, source: Source) -> EventHook | None:
        """Combine what the plugins do to an event; None if none does anything."""
        implementations = self.implementations["springhead_event"]
        if not implementations:
            return None

        def hook(event: Object) -> Object | None:
            for plugin, implementation in implementations:
                try:
                    result = implementation(source=source, event=event)
                except (Exception, SystemExit) as error:
                    _log_exception(plugin, "springhead_event", error)
                    raise InvalidEvent("plugin", f"plugin {plugin} raised {type(error).__name__}") from error
                if result is False:
                    return None
                if isinstance(result, dict):
                    event = result
                elif result is not None:
                    reason = f"plugin {plugin} returned {type_name(result)}: return an object, False or None"
                    raise InvalidEvent("plugin", reason)
            return _checked(event)

        return hook

    def report(self, source: Source, rejections: Iterable[Rejection]) -> None:
        """Report rejections to the plugins."""
        implementations = self.implementations["springhead_rejected"]
        for rejection in rejections if implementations else ():
            for plugin, implementation in implementations:
                try:
                    implementation(source=source, rejection=rejection)
                except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
                    _log_exception(plugin, "springhead_rejected", error)


def _odd_reason(reason: Any) -> str:
    name = "blank text" if isinstance(reason, str) else type_name(reason)
    return f"{name}: return why the request is refused, or None"


def _log_exception(plugin: str, hook: str, error: BaseException) -> None:
    # The message may quote the record.
    _log.warning("plugin %s raised in %s: %s", plugin, hook, type(error).__name__)


def _checked(event: Object) -> Object:
    """Check that an event changed by plugins is still JSON for any serialiser, with an id of its user."""
    try:
        checked: Object = parse(encode(event))
    except (TypeError, ValueError, RecursionError, InvalidJson) as error:
        reason = f"the plugins left an event that is not JSON ({type(error).__name__})"
        raise InvalidEvent("plugin", reason) from error
    ids = (checked.get("userId"), checked.get("anonymousId"))
    if all(not isinstance(value, str) or is_blank(value) for value in ids):
        raise InvalidEvent("plugin", "the plugins left the event with neither userId nor anonymousId")
    return checked
