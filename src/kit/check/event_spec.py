"""The parts of RudderStack's event spec that the targets of rows are held against.

Source: https://www.rudderstack.com/docs/event-spec/standard-events/
"""

from __future__ import annotations

TYPES_WITH_FIELD = {
    "traits": ("identify", "group", "alias"),
    "properties": ("track", "page", "screen"),
    "name": ("page", "screen"),
    "category": ("page", "screen"),
    "groupId": ("group",),
    "previousId": ("alias",),
}
"""Fields that only some types of events have."""

REQUIRED = {"group": ("groupId",), "alias": ("previousId",)}
"""Fields without which an event of a type means nothing."""

CONTEXT: dict[str, tuple[str, ...]] = {
    "active": (),
    "app": ("name", "namespace", "version", "build"),
    "browser": ("name", "version"),
    "campaign": ("name", "source", "medium", "term", "content", "id"),
    "consentManagement": (),
    "device": (
        *("id", "deviceId", "manufacturer", "model", "name", "type"),
        *("advertisingId", "adTrackingEnabled", "token"),
    ),
    "externalId": (),
    "groupId": (),
    "integration": ("name", "version"),
    "ip": (),
    "library": ("name", "version"),
    "locale": (),
    "location": (),
    "network": ("bluetooth", "carrier", "cellular", "wifi"),
    "os": ("name", "version"),
    "page": (
        *("path", "referrer", "referring_domain", "search", "title", "url"),
        *("initial_referrer", "initial_referring_domain", "tab_url"),
    ),
    "request_ip": (),
    "screen": ("density", "width", "height", "innerWidth", "innerHeight"),
    "sessionId": (),
    "sessionStart": (),
    "sources": ("job_id", "job_run_id", "task_run_id", "version"),
    "timezone": (),
    "traits": (),
    "userAgent": (),
}
"""The contextual fields, each with its members; none are listed where there may be any."""

TRAITS = (
    *("address", "age", "avatar", "birthday", "company", "createdAt", "description", "email", "firstName"),
    *("gender", "id", "lastName", "name", "phone", "title", "username", "employees", "industry", "plan"),
    *("website",),
)
"""Traits that destinations look for under these names."""
