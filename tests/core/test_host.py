"""The host as others embed it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, InvalidConfig, Request, UnknownSource, encode
from springhead.core.json_value import type_name
from support.folders import source_folder
from support.hosts import HOST, folder_host
from support.paths import ROOT


def test_an_unknown_source_raises_with_the_nearest_name() -> None:
    """The caller made a mistake, and is told the name that was probably meant."""
    with pytest.raises(UnknownSource, match=r"no active source 'auht0': did you mean auth0\?"):
        HOST.receive("auht0", Request(body=b"{}"))


@pytest.mark.parametrize(
    "name", ["../auth0", "auth0/../auth0", "AUTH0", "", "__init__", "springhead.sources.auth0"]
)
def test_a_source_is_found_by_its_exact_name_only(name: str) -> None:
    """A name is never resolved as a path or a module."""
    with pytest.raises(UnknownSource) as error:
        HOST.receive(name, Request(body=b"{}"))

    assert str(ROOT) not in str(error.value)


@pytest.mark.parametrize("level", ["all", "Secrets", True, None, 1])
def test_an_unknown_redaction_level_raises(level: object) -> None:
    """A misspelt level must not let secrets through."""
    with pytest.raises(InvalidConfig, match="use one of off, secrets, pii"):
        HOST.receive("auth0", Request(body=b"{}"), {"redact": level})


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ({"Redact": "pii"}, "there is no 'Redact': did you mean redact?"),
        ({"extraProperties": True}, "there is no 'extraProperties': did you mean extra_properties?"),
        ({"extra_properties": "true"}, "extra_properties is 'true': use true or false"),
    ],
)
def test_a_setting_that_is_nearly_right_raises(config: dict[str, Any], advice: str) -> None:
    """The operator meant something else than what would happen."""
    with pytest.raises(InvalidConfig) as error:
        HOST.receive("auth0", Request(body=b"{}"), config)

    assert advice in str(error.value)


def test_settings_are_those_of_one_request() -> None:
    """A request with settings and a scope changes nothing for the next one without."""
    request = Request(body=b'{"type": "s", "log_id": "1", "user_name": "ada@example.com"}')
    plain = HOST.receive("auth0", request)

    scoped = HOST.receive("auth0", request, {"redact": "pii"}, scope="acme")

    assert "ada@example.com" in json.dumps(plain.events)
    assert "ada@example.com" not in json.dumps(scoped.events)
    assert scoped.events[0]["messageId"] != plain.events[0]["messageId"]
    assert HOST.receive("auth0", request) == plain


def test_unrelated_settings_are_ignored() -> None:
    """RudderStack's configuration of a source holds many settings that are not the mapping's."""
    config = {"webhookUrl": "https://example.com", "workspace": {"id": 1}}

    assert HOST.receive("auth0", Request(body=b'{"type": "s"}'), config).events


def test_a_source_lists_its_settings() -> None:
    """They are those its mapping reads from `$config`, and `redact`."""
    assert HOST.sources["auth0"].settings == ("extra_properties", "redact")


def test_a_body_beyond_the_limit_is_rejected_with_the_figures() -> None:
    """A body that is too long is kept, not decoded."""
    outcome = Host(body_limit=100).receive("auth0", Request(body=b"{}" * 100))

    (rejection,) = outcome.rejections
    assert rejection.rule == "body/size"
    assert rejection.reason == "the body has 200 bytes, the limit is 100"
    assert rejection.record == b"{}" * 100


def test_events_of_one_record_share_no_values(tmp_path: Path) -> None:
    """Changing one event changes no other event, and changing a field no other field."""
    mapping = {
        "integration": "Acme",
        "emit": "all",
        "events": [{"type": "identify"}, {"type": "track", "event": "E"}],
        "map": [
            {"from": "o", "to": ["properties.o", "context.o"]},
            {"value": {"c": []}, "to": "traits.constant"},
        ],
    }
    host = folder_host(source_folder(tmp_path, mapping=mapping))
    first, second = host.receive("acme", Request(body=b'{"o": {"x": []}}')).events
    before = json.dumps(second)

    for part in (first["properties"]["o"]["x"], first["traits"]["constant"]["c"]):
        part.append("changed")

    assert json.dumps(second) == before
    assert first["context"]["o"] == {"x": []}
    (again, _) = host.receive("acme", Request(body=b'{"o": {"x": []}}')).events
    assert again["traits"]["constant"] == {"c": []}


def test_an_event_never_holds_the_table_itself(tmp_path: Path) -> None:
    """Changing an event changes neither a table nor the operator's settings."""
    rows = [
        {"from": "k", "lookup": "names", "to": "properties.info"},
        {"from": "$config.tags", "to": "properties.tags"},
    ]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    host = folder_host(source_folder(tmp_path, mapping=mapping, names={"a": {"x": 1}}))
    config = {"tags": ["t"]}
    request = Request(body=b'{"k": "a"}')

    (first,) = host.receive("acme", request, config).events
    first["properties"]["info"]["x"] = "changed"
    first["properties"]["tags"].append("changed")

    (second,) = host.receive("acme", request, config).events
    assert second["properties"] == {"info": {"x": 1}, "tags": ["t"]}
    assert config == {"tags": ["t"]}


@pytest.mark.parametrize(
    ("item", "become"),
    [
        ({"id": 1, "logs": [{}, {}]}, {"track": 1}),
        ({"tags": ["a"], "name": ["b"]}, {"track": 1}),
        ([{}, {}], {"item/object": 1}),
        ("a", {"item/object": 1}),
    ],
)
def test_a_body_that_is_an_item_is_one_record(tmp_path: Path, item: Any, become: dict[str, int]) -> None:
    """Neither a list where batches stand nor a list of texts, as in a form, is taken apart."""
    about = {"api": 1, "name": "acme", "batch": ["logs"], "formats": ["json", "form"]}
    mapping = {
        "integration": "Acme",
        "events": [{"type": "track", "event": "E", "map": [{"from": "tags", "to": "properties.tags"}]}],
    }
    host = folder_host(source_folder(tmp_path, source=about, mapping=mapping))

    outcome = host.receiver("acme", replay=True, body_is_item=True)(Request(json.dumps(item).encode()))

    kinds = [event["type"] for event in outcome.events] + [one.rule for one in outcome.rejections]
    assert Counter(kinds) == become
    assert all(event.get("properties", {}).get("tags") in (None, ["a"]) for event in outcome.events)


@pytest.mark.parametrize("field", ["context", "context.traits", "integrations", "properties", "traits"])
@pytest.mark.parametrize("value", ["text", 7, True, [], [{}]])
def test_what_is_an_object_in_every_event_is_nothing_else(tmp_path: Path, field: str, value: Any) -> None:
    """Whether a row copies it, or what it is in, or an event passes through."""
    outer, _, inner = field.partition(".")
    whole = {inner: value} if inner else value
    rules = [
        {"type": "identify", "when": {"passed": True}, "pass": "$"},
        {"type": "identify", "when": {"around": True}, "map": [{"from": "copied", "to": outer}]},
        {"type": "identify", "map": [{"from": "copied", "to": field}]},
    ]
    host = folder_host(source_folder(tmp_path, mapping={"integration": "Acme", "events": rules}))
    records = [{"copied": value}, {"around": True, "copied": whole}, {"passed": True, outer: whole}]

    outcome = host.receive("acme", Request(body=encode(records)))

    assert outcome.events == []
    reason = f"{field} must be an object: it is {type_name(value)} (rule identify"
    assert [one.rule for one in outcome.rejections] == ["event/shape"] * 3
    assert all(one.reason.startswith(reason) for one in outcome.rejections)


def test_what_a_row_omits_of_the_event_is_taken_out_before_it_writes(tmp_path: Path) -> None:
    """Its second target gets what its first did, although the event has that by then."""
    row = {"from": "$event.properties", "omit": ["x"], "to": ["properties.b", "properties.c"]}
    rows = [{"from": "a", "to": "properties.a"}, row]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    (event,) = (
        folder_host(source_folder(tmp_path, mapping=mapping)).receive("acme", Request(b'{"a": 1}')).events
    )

    assert event["properties"] == {"a": 1, "b": {"a": 1}, "c": {"a": 1}}
