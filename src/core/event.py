"""Turns the fields a mapping wrote into events: adds envelope and ids, and checks the rules for all events.

The common fields: https://www.rudderstack.com/docs/event-spec/standard-events/common-fields/
"""

from __future__ import annotations

from typing import Any

import msgspec

from .codec import Object
from .errors import InvalidEvent
from .ids import Namespace, is_blank
from .json_value import type_name
from .mapping.convert import text
from .mapping.masking import MASKED
from .mapping.model import EVENT_TYPES, Rule


class Identity(msgspec.Struct, frozen=True):
    """Identifies an event: the same for a sender's retry, different for any other event of the rule.

    Attributes:
        record: the sender's own id of the record, or else its content.
        version: what tells apart events of one record id and one name: their time, or else their content.
    """

    record: str
    version: str


class Envelope(msgspec.Struct, frozen=True):
    """What all events of a source have in common: the integration's name, and the namespace of their ids."""

    integration: str
    namespace: Namespace

    def finish(self, rule: Rule, name: Any, fields: Object, position: int, identity: Identity) -> Object:
        """Make an event of the fields a rule wrote.

        Args:
            rule: the rule.
            name: the event's name, which only `track` has.
            fields: what the rule wrote; becomes part of the event.
            position: counts the events the rule makes of one record.
            identity: identifies the event.

        Raises:
            InvalidEvent: rule `event/type`, `event/name`, `event/identity` or `event/shape`.
        """
        event = _with_type_and_name(rule, name, fields)
        for field in rule.ids:
            if field in event:
                _set_id(event, field)
        for keys in rule.objects:
            _check_object(event, keys)
        if rule.redacted:
            _remove_masked_addresses(event)
            _remove_masked_ids(event)
        self._add_ids(event, rule, position, identity)
        self._add_envelope(event)
        return event

    def _add_ids(self, event: Object, rule: Rule, position: int, identity: Identity) -> None:
        uuid = self.namespace.uuid
        if "anonymousId" not in event:
            user = event.get("userId")
            event["anonymousId"] = uuid(f"record/{identity.record}" if user is None else f"user/{user}")
        message = event.get("messageId")
        if message.__class__ is not str or is_blank(message):
            # Quoted, so that no part runs into the next.
            parts = (
                f"{rule.label!a}, {event.get('event')!a}, {position}, {identity.record!a}, {identity.version!a}"
            )
            event["messageId"] = uuid(f"message/({parts})")

    def _add_envelope(self, event: Object) -> None:
        """Add what every event carries to context and integrations, if the mapping wrote nothing else."""
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


def _with_type_and_name(rule: Rule, name: Any, fields: Object) -> Object:
    event_type = rule.type
    if rule.passthrough is not None:  # an event passed through may bring its own type and name
        event_type = fields["type"] = event_type or fields.get("type")
        if event_type not in EVENT_TYPES:
            raise InvalidEvent("event/type", f"type must be one of {', '.join(EVENT_TYPES)}")
        name = fields.pop("event", None) if name is None else name
        fields.pop("event", None)
    if event_type == "track" and (name.__class__ is not str or is_blank(name)):
        found = "blank text" if name.__class__ is str and name else type_name(name)
        raise InvalidEvent("event/name", f"a track event needs a name: event is {found}")
    if name is None:
        return {"type": event_type, **fields}
    return {"type": event_type, "event": name, **fields}


def _check_object(event: Object, keys: tuple[str, ...]) -> None:
    value: Any = event
    for key in keys:
        value = value.get(key)
        if value is None:
            return
    if value.__class__ is not dict:
        raise InvalidEvent("event/shape", f"{'.'.join(keys)} must be an object: it is {type_name(value)}")


def _remove_masked_addresses(event: Object) -> None:
    """Remove addresses that are masked, because RudderStack would look up what place they are in.

    A row may have cut a mask or added to it, but no address has an asterisk.
    """
    context = event.get("context") or {}
    for holder, key in ((event, "request_ip"), (context, "ip"), (context, "request_ip")):
        value = holder.get(key)
        if value.__class__ is str and "*" in value:
            del holder[key]


def _remove_masked_ids(event: Object) -> None:
    """Remove external ids that are masked, because everybody would have the same one."""
    context = event.get("context") or {}
    ids = context.get("externalId")
    ids = ids if ids.__class__ is list else [ids]
    visible = [entry for entry in ids if not _is_masked(entry)]
    if len(visible) == len(ids):
        return
    if visible:
        context["externalId"] = visible
    else:
        del context["externalId"]


def _is_masked(external_id: Any) -> bool:
    """Whether an external id is masked, as a whole or in a part."""
    value = external_id.get("id") if external_id.__class__ is dict else external_id
    return value.__class__ is str and MASKED in value


def _set_id(event: Object, field: str) -> None:
    """Write a number as its decimal digits and leave out blank text, as which ids are read downstream."""
    value = event[field]
    if value.__class__ is str:
        if is_blank(value):
            del event[field]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        event[field] = text(value)
    else:
        raise InvalidEvent("event/identity", f"{field} must be text or a number: it is {type_name(value)}")
