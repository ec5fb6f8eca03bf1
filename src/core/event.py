"""Finishing: the fields a mapping gave in, a RudderStack event out, with its envelope, ids and invariants.

The common fields: https://www.rudderstack.com/docs/event-spec/standard-events/common-fields/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .codec import Object, kind
from .ids import Namespace, visible
from .mapping.convert import text
from .mapping.model import EVENT_TYPES, Rule


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

    def finish(self, rule: Rule, name: Any, fields: Object, position: int, seed: str) -> Object:
        """The finished event.

        Args:
            rule: the one that gave the fields.
            name: the event's name; only `track` has one.
            fields: what the mapping wrote; becomes part of the event.
            position: which of the rule's events of the record this is.
            seed: which record this is: the same for a sender's retry, different for any other.

        Raises:
            Unfinished: rule `event/type`, `event/name`, `event/identity` or `event/shape`.
        """
        event = _named(rule, name, fields)
        for field in rule.ids:
            if field in event and event[field].__class__ is not str:
                event[field] = _id(field, event[field])
        for field in rule.objects:
            if field in event and event[field].__class__ is not dict:
                raise Unfinished("event/shape", f"{field} must be an object: it is {kind(event[field])}")
        uuid = self.namespace.uuid
        anonymous = event.get("anonymousId")
        if not (anonymous and visible(anonymous)):  # blank text is no id downstream
            user = event.get("userId")
            event["anonymousId"] = uuid(f"user/{user}" if user and visible(user) else f"record/{seed}")
        message = event.get("messageId")
        if message.__class__ is not str or not visible(message):
            event["messageId"] = uuid(f"message/{rule.label}/{position}/{seed}")
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


def _named(rule: Rule, name: Any, fields: Object) -> Object:
    """The fields, behind their type and name."""
    type_ = rule.type
    if rule.passed is not None:  # what passes through may bring its own, where the rule has none
        type_ = fields["type"] = type_ or fields.get("type")
        if type_ not in EVENT_TYPES:
            raise Unfinished("event/type", f"type must be one of {', '.join(EVENT_TYPES)}")
        name = fields.pop("event", None) if name is None else name
        fields.pop("event", None)
    if type_ == "track" and (name.__class__ is not str or not name):
        raise Unfinished("event/name", f"a track event needs a name: event is {kind(name)}")
    return {"type": type_, **fields} if name is None else {"type": type_, "event": name, **fields}


def _id(field: str, value: Any) -> str | None:
    """Ids are text downstream: a number becomes its decimal text, anything else is no id."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfinished("event/identity", f"{field} must be text or a number: it is {kind(value)}")
    return text(value)
