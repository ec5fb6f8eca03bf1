"""Values that hold what senders sent."""

from __future__ import annotations

from springhead.gateway.storage.records import (
    ClaimedEvent,
    NewDeadLetter,
    NewEvent,
    StoredCall,
)


def test_a_repr_holds_nothing_a_sender_sent() -> None:
    """Bodies, headers and queries are told by their size."""
    secret = "swordfish"  # noqa: S105 - invented
    values = [
        NewEvent("auth0", "1", "ada", secret.encode()),
        NewDeadLetter("auth0", "rule", "reason", record=secret.encode(), event=secret.encode()),
        StoredCall("POST", "/v1/webhook", {"x": [secret]}, {"writeKey": [secret]}, secret.encode()),
        ClaimedEvent(1, "auth0", "1", "ada", secret.encode(), 0.0, 0),
    ]

    assert secret not in repr(values)
    assert repr(values[0]) == "NewEvent(source='auth0', message_id='1', user='ada', event=<9 bytes>)"
