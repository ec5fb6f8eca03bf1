"""Finishing: the fields a mapping gave in, a RudderStack event out, with its envelope, ids and invariants.

The common fields: https://www.rudderstack.com/docs/event-spec/standard-events/common-fields/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .codec import Object, kind
from .ids import Namespace
from .mapping.convert import text
from .mapping.spec import EVENT_TYPES, IDENTITY

_OBJECTS = ("context", "properties", "traits", "integrations")


class Unfinished(ValueError):  # noqa: N818 - what the fields are, not what went wrong here
    """Fields that make no event: `rule` names the invariant they break, the message says how."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every event of a source carries: the integration's name, and ids in the source's namespace."""

    integration: str
    namespace: Namespace

    def finish(self, type_: str | None, name: Any, fields: Object, place: str, seed: str) -> Object:
        """The finished event.

        Args:
            type_: the rule's event type; None where the passed-through record brings its own.
            name: the event's name; only `track` has one.
            fields: what the mapping wrote; becomes part of the event.
            place: which event of which record this is: the same for a sender's retry, different for any other.
            seed: which record this is.

        Raises:
            Unfinished: rule `event/type`, `event/name`, `event/identity` or `event/shape`.
        """
        if type_ is None and (type_ := fields.get("type")) not in EVENT_TYPES:
            raise Unfinished("event/type", f"type must be one of {', '.join(EVENT_TYPES)}")
        event: Object = {"type": type_} if name is None else {"type": type_, "event": name}
        event.update(fields)
        event["type"] = type_  # what passes through brings its own, where the rule has none
        if name is not None:
            event["event"] = name
        _check(event)
        if not event.get("anonymousId"):
            user = event.get("userId")
            event["anonymousId"] = self.namespace.uuid(f"user/{user}" if user else f"record/{seed}")
        message = event.get("messageId")
        if message.__class__ is not str or not message:
            event["messageId"] = self.namespace.uuid(f"message/{place}")
        self._wrap(event)
        return event

    def _wrap(self, event: Object) -> None:
        """Add to context and integrations what every event carries, unless the mapping says otherwise."""
        context = event.get("context")
        if context is None:
            context = event["context"] = {}
        if "library" not in context:
            context["library"] = {"name": "unknown", "version": "unknown"}
        if "integration" not in context:
            context["integration"] = {"name": self.integration}
        integrations = event.get("integrations")
        if integrations is None:
            event["integrations"] = {self.integration: False}
        else:
            integrations.setdefault(self.integration, False)


def _check(event: Object) -> None:
    """Make ids text, and refuse what no RudderStack event is."""
    name = event.get("event")
    if event["type"] == "track" and (name.__class__ is not str or not name):
        raise Unfinished("event/name", f"a track event needs a name: event is {kind(name)}")
    for field in IDENTITY:
        if field in event and event[field].__class__ is not str:
            event[field] = _id(field, event[field])
    for field in _OBJECTS:
        if field in event and event[field].__class__ is not dict:
            raise Unfinished("event/shape", f"{field} must be an object: it is {kind(event[field])}")


def _id(field: str, value: Any) -> str | None:
    """Ids are text downstream: a number becomes its decimal text, anything else is no id."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfinished("event/identity", f"{field} must be text or a number: it is {kind(value)}")
    return text(value)
