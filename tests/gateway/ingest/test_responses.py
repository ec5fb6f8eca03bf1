"""What a sender is answered once its records are stored."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from support.folders import source_folder
from support.gateways import KEY, Gateway, gateway
from support.webhooks import ACME_KEY, AUTHORIZATION, FORM, GUARDED_KEY, log


def test_a_rejected_record_is_explained_and_kept_whole(here: Gateway) -> None:
    """Like an error of the transformer: 400, its text and a newline."""
    record = {"log_id": "1", "data": {"type": 7, "password": "invented"}}

    response = here.post(record)

    assert (response.status_code, response.text) == (400, "/data/type: type must be text: it is a number\n")
    letter = here.letters()[-1]
    assert (letter.source, letter.rule, letter.pointer) == ("Auth0", "schema/type", "/data/type")
    assert json.loads(letter.record) == record
    assert letter.reason == "type must be text: it is a number"


def test_a_bad_record_does_not_affect_its_neighbours(here: Gateway) -> None:
    """Better than upstream on purpose: good records become events, bad ones dead letters; the answer is ok."""
    good, also_good = log(), log()
    before = here.kept()
    body = f'[{json.dumps(good)}, 7531, {{bad one}}, {json.dumps(also_good)}, {{"no": "type"}}]'.encode()

    events = here.sent(body)

    assert [event["properties"]["log_id"] for event in events] == [good["log_id"], also_good["log_id"]]
    assert here.kept() == (before[0] + 2, before[1] + 3)
    assert [(one.pointer, one.record) for one in here.letters()[-3:]] == [
        ("/1", b"7531"),
        ("/2", b"{bad one}"),
        ("/4", b'{"no":"type"}'),
    ]


@pytest.mark.slow
def test_a_rejection_may_be_answered_ok(tmp_path: Path) -> None:
    """The record is safe as a dead letter; whatever is not stored is still an error."""
    source = {"name": "Auth0", "type": "auth0", "write_key": [KEY], "on_rejection": "ok"}
    with gateway(tmp_path, source, limits={"body": 10_000}) as lenient:
        kept = [
            lenient.post({"type": 7}),
            lenient.post(b"hello"),
            lenient.post(b"no gzip", headers={"Content-Encoding": "gzip"}),
        ]
        errors = [
            lenient.post(b""),
            lenient.post(b"a=%zz", headers=FORM),
            lenient.post(b" " * 10_001),
            lenient.post(log(), key="no-key-of-any-source"),
        ]

        assert [(answer.status_code, answer.text) for answer in kept] == [(200, "ok")] * 3
        assert [letter.rule for letter in lenient.letters()] == ["schema/type", "json/syntax", "body/encoding"]
        assert [answer.status_code for answer in errors] == [400, 400, 413, 401]


def test_what_suits_the_vendor_is_the_default(tmp_path: Path) -> None:
    """`on_rejection` of source.json decides where the settings do not, and the record is kept all the same."""
    about = {"name": "acme", "on_rejection": {"answer": "ok", "reason": "Acme stops after an error."}}
    folder = source_folder(tmp_path, source=about)
    default, strict = (
        {"name": name, "type": "acme", "write_key": [key], **settings}
        for name, key, settings in (("Default", KEY, {}), ("Strict", ACME_KEY, {"on_rejection": "error"}))
    )
    with gateway(tmp_path, default, strict, folders=(folder,)) as lenient:
        answers = [lenient.post([7], key).status_code for key in (KEY, ACME_KEY)]

        assert answers == [200, 400]
        assert [letter.source for letter in lenient.letters()] == ["Default", "Strict"]


@pytest.mark.parametrize("body", [b"[]", b'{"logs": []}', b" [ ] "])
def test_an_empty_list_is_ok(here: Gateway, body: bytes) -> None:
    """Upstream answers `400 empty batch payload`; but a sender with nothing to send did nothing wrong."""
    before = here.kept()

    assert here.post(body).text == "ok"
    assert here.kept() == before


def test_dropped_records_are_ok(here: Gateway) -> None:
    """A record dropped on purpose is not an error, alone or beside a rejected one."""
    before = here.kept()

    assert here.post({"type": "heartbeat"}, ACME_KEY).text == "ok"
    assert here.kept() == before
    assert here.post([{"type": "heartbeat"}, 7], ACME_KEY).text == "ok"
    assert here.kept() == (before[0], before[1] + 1)


@pytest.mark.parametrize(
    ("record", "body", "type_"),
    [
        ({"type": "url_verification", "challenge": "ä"}, '{"challenge":"ä"}', "application/json"),
        ({"type": "hello"}, "hello yourself", "text/plain"),
    ],
)
def test_a_challenge_is_answered(here: Gateway, record: object, body: str, type_: str) -> None:
    """With 200, the reply and its content type; it becomes no event."""
    before = here.kept()

    response = here.post(record, ACME_KEY)

    assert (response.status_code, response.text) == (200, body)
    assert response.headers["content-type"] == type_
    assert here.kept() == before


def test_a_challenge_among_events_is_answered_once_they_are_stored(here: Gateway) -> None:
    """The sender gets its reply, and the events are stored."""
    before = here.accepted()

    response = here.post([{"id": str(uuid.uuid4())}, {"type": "hello"}], ACME_KEY)

    assert response.text == "hello yourself"
    assert here.accepted() == before + 1


def test_an_event_may_be_replied_to(tmp_path: Path) -> None:
    """A sender that shows the answer to a person is answered with nothing, and the event is stored."""
    mapping = {
        "integration": "Acme",
        "reply": [{"body": "", "content_type": "text/plain", "events": True}],
        "events": [{"type": "track", "event": {"from": "command"}}],
    }
    folder = source_folder(tmp_path, mapping=mapping)
    with gateway(tmp_path, {"name": "Acme", "type": "acme", "write_key": [KEY]}, folders=(folder,)) as shop:
        response = shop.post({"command": "/deploy"})

        assert (response.status_code, response.text, shop.accepted()) == (200, "", 1)


def test_a_duplicate_is_ok_and_stored_once(here: Gateway) -> None:
    """Whether a call is repeated, or a record within a batch."""
    one, two = log(), log()

    assert len(here.sent([one, two, one])) == 2
    assert here.sent([one, two, one]) == []
    assert len(here.sent([two, log()])) == 1


def test_the_same_record_from_two_sources_is_two_events(here: Gateway) -> None:
    """Only events of the same source can be duplicates."""
    one = log()

    (event,) = here.sent(one)
    (other,) = here.sent(one, key=GUARDED_KEY, headers={"Authorization": AUTHORIZATION})

    assert event["messageId"] != other["messageId"]


def test_an_id_may_stand_in_a_header(tmp_path: Path) -> None:
    """Calls whose bodies are alike to the last byte are two events, and a retry is a duplicate."""
    folder = source_folder(tmp_path, source={"id": ["$request.headers.x-id"]})

    with gateway(tmp_path, {"name": "Acme", "type": "acme", "write_key": [KEY]}, folders=(folder,)) as shop:
        counts = [len(shop.sent({}, headers={"X-Id": number})) for number in ("1", "2", "1")]

    assert counts == [1, 1, 0]


def test_records_with_neither_id_nor_time_are_never_duplicates(here: Gateway) -> None:
    """A heartbeat that is always the same is an event each time, also where it comes twice in one call."""
    heartbeat = {"type": "s", "user_id": "auth0|heartbeat"}

    assert len(here.sent(heartbeat)) == 1
    assert len(here.sent([heartbeat, heartbeat])) == 2
