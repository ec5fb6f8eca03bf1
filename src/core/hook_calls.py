"""Calls the hooks that plugins implement, so that no plugin can break a request or another plugin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from .codec import Object, encode, parse
from .errors import InvalidEvent, InvalidJson
from .ids import strip_invisible
from .json_value import type_name
from .outcome import Rejection
from .request import Request
from .source import Source

EventHook: TypeAlias = Callable[[Object], "Object | None"]
"""Changes, replaces or drops (None) a finished event. Raises InvalidEvent if the result is not an event."""

Implementations: TypeAlias = Sequence[tuple[str, Callable[..., Any]]]
"""What implements a hook, with the ids of the plugins, in the order of the ids."""

_log = logging.getLogger("springhead.plugins")


class HookCalls(msgspec.Struct, frozen=True):
    """Calls the implementations of each hook, one by one."""

    implementations: Mapping[str, Implementations]

    @property
    def verify_requests(self) -> bool:
        """Whether any plugin verifies requests."""
        return bool(self.implementations["springhead_verify"])

    def verify(self, source: Source, request: Request) -> str | None:
        """Return why a plugin refuses the request, or None."""
        for plugin, implementation in self.implementations["springhead_verify"]:
            try:
                reason = implementation(source=source, request=request)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
                _log_exception(plugin, "springhead_verify", error)
                return f"plugin {plugin} could not verify the request"
            if reason is not None:
                return str(reason)
        return None

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
    if not any(isinstance(value, str) and strip_invisible(value) for value in ids):
        raise InvalidEvent("plugin", "the plugins left the event with neither userId nor anonymousId")
    return checked
