"""The host as a gateway builder uses it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, InvalidConfig, InvalidSource, Request, UnknownSource, encode, load_source
from springhead.core.stream import BLOCK_SIZE
from support.folders import source_folder
from support.paths import ROOT


def test_an_unknown_source_is_the_callers_mistake_and_names_the_nearest() -> None:
    """`receive` raises for a source it does not have, with advice."""
    with pytest.raises(UnknownSource, match=r"no active source 'auht0': did you mean auth0\?"):
        Host().receive("auht0", Request(body=b"{}"))


@pytest.mark.parametrize(
    "name", ["../auth0", "auth0/../auth0", "AUTH0", "", "__init__", "springhead.sources.auth0"]
)
def test_a_source_is_found_by_its_exact_name_only(name: str) -> None:
    """No name is ever resolved as a path or a module."""
    with pytest.raises(UnknownSource) as error:
        Host().receive(name, Request(body=b"{}"))

    assert str(ROOT) not in str(error.value)


@pytest.mark.parametrize("level", ["all", "Secrets", True, None, 1])
def test_a_redaction_level_nobody_defined_lets_nothing_through(level: object) -> None:
    """A misspelt setting must not pass secrets on."""
    with pytest.raises(InvalidConfig, match="use one of off, secrets, pii"):
        Host().receive("auth0", Request(body=b"{}"), {"redact": level})


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ({"Redact": "pii"}, "there is no 'Redact': did you mean redact?"),
        ({"extraProperties": True}, "there is no 'extraProperties': did you mean extra_properties?"),
        ({"extra_properties": "true"}, "extra_properties is 'true': use true or false"),
    ],
)
def test_a_slip_in_a_setting_is_told(config: dict[str, Any], advice: str) -> None:
    """What is nearly a setting is one misspelt."""
    with pytest.raises(InvalidConfig) as error:
        Host().receive("auth0", Request(body=b"{}"), config)

    assert advice in str(error.value)


def test_settings_of_others_are_not_looked_at() -> None:
    """RudderStack's own configuration of a source holds much that is not ours."""
    config = {"webhookUrl": "https://example.com", "workspace": {"id": 1}}

    assert Host().receive("auth0", Request(body=b'{"type": "s"}'), config).events


def test_a_source_that_cannot_load_hurts_no_other_and_says_why(tmp_path: Path) -> None:
    """The folder is refused by name; the rest of the host works."""
    folder = source_folder(tmp_path, mapping={"integration": "Acme"})

    host = Host(folders=[folder])

    assert "auth0" in host.sources
    with pytest.raises(
        UnknownSource, match=r"is failed(.|\n)*mapping.json:1: events is missing \[missing-key\]"
    ):
        host.receive("acme", Request(body=b"{}"))


def test_load_source_raises_all_problems_at_once(tmp_path: Path) -> None:
    """An author sees everything that is wrong, each with its place."""
    folder = source_folder(tmp_path, mapping={"integration": "Acme"}, source={"unrap": []}, schema={"type": 5})

    with pytest.raises(InvalidSource) as error:
        load_source(folder)

    assert [problem.file for problem in error.value.problems] == ["mapping.json", "schema.json", "source.json"]
    assert str(error.value).startswith(f"{folder} has 3 problems:\n  mapping.json:1:")


def test_a_missing_file_is_a_problem_with_advice(tmp_path: Path) -> None:
    """An empty folder lacks three files."""
    with pytest.raises(InvalidSource) as error:
        load_source(tmp_path)

    assert [problem.rule for problem in error.value.problems] == ["missing-file"] * 3


def test_events_of_one_record_share_nothing(tmp_path: Path) -> None:
    """Changing one event changes no other, and no field of it another."""
    mapping = {
        "integration": "Acme",
        "emit": "all",
        "events": [{"type": "identify"}, {"type": "track", "event": "E"}],
        "map": [
            {"from": "o", "to": ["properties.o", "context.o"]},
            {"value": {"c": []}, "to": "traits.constant"},
        ],
    }
    host = Host(folders=[source_folder(tmp_path, mapping=mapping)])
    first, second = host.receive("acme", Request(body=b'{"o": {"x": []}}')).events
    before = json.dumps(second)

    for part in (first["properties"]["o"]["x"], first["traits"]["constant"]["c"]):
        part.append("changed")

    assert json.dumps(second) == before
    assert first["context"]["o"] == {"x": []}
    (again, _) = host.receive("acme", Request(body=b'{"o": {"x": []}}')).events
    assert again["traits"]["constant"] == {"c": []}


def test_a_body_that_is_text_is_the_callers_mistake() -> None:
    """Bytes as posted, not what somebody decoded them to."""
    with pytest.raises(TypeError, match="bytes, as posted, not str"):
        Request(body="{}")  # type: ignore[arg-type] # the mistake


def test_a_source_tells_its_settings() -> None:
    """They are what its mapping reads of `$config`, and `redact`."""
    assert Host().sources["auth0"].settings == ("extra_properties", "redact")


def test_ids_are_stable_and_keep_sources_apart(tmp_path: Path) -> None:
    """The same record of another source, another rule or another position is another message."""
    mapping = {
        "integration": "Acme",
        "emit": "all",
        "events": [{"type": "track", "event": "E", "each": "items"}, {"type": "identify"}],
    }
    body = b'{"id": "1", "items": [1, 1]}'
    one = Host(folders=[source_folder(tmp_path / "one", mapping=mapping, source={"name": "one", "id": ["id"]})])
    two = Host(folders=[source_folder(tmp_path / "two", mapping=mapping, source={"name": "two", "id": ["id"]})])

    ids = [event["messageId"] for event in one.receive("one", Request(body=body)).events]
    others = [event["messageId"] for event in two.receive("two", Request(body=body)).events]

    assert ids == [event["messageId"] for event in one.receive("one", Request(body=body)).events]
    assert len(set(ids + others)) == 6


def test_records_without_an_id_are_told_apart_by_the_requests_id() -> None:
    """A sender's retry carries the same request id; another delivery of the same content does not."""
    host = Host()

    def message(request_id: str) -> str:
        (event,) = host.receive("auth0", Request(body=b'{"type": "s"}', id=request_id)).events
        return str(event["messageId"])

    assert message("a") == message("a")
    assert len({message("a"), message("b"), message("")}) == 3


@pytest.mark.parametrize("blank", ["", " ", "\0", "\u200b\n", "\u00a0", "\ufeff"], ids=ascii)
def test_a_blank_id_keeps_no_records_apart(blank: str) -> None:
    """It names none of them: they are known by their content, as without an id."""
    records = [{"log_id": blank, "data": {"type": "s", "ip": ip}} for ip in ("192.0.2.1", "192.0.2.2")]

    one, other = Host().receive("auth0", Request(body=encode(records))).events
    again, bare = Host().receive("auth0", Request(body=encode([records[0], {"type": "s"}]))).events

    assert one["messageId"] == again["messageId"]
    assert len({one["messageId"], other["messageId"], bare["messageId"]}) == 3
    assert one["anonymousId"] != other["anonymousId"]


def items(count: int) -> list[dict[str, Any]]:
    """Auth0 items, together longer than what is read at a time."""
    return [{"log_id": str(n), "data": {"type": "s", "description": "x" * 3_000}} for n in range(count)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_long_json_lines_stream(ending: str) -> None:
    """Run by run, with every event in its order and every bad line at its number."""
    lines = [encode(item).decode() for item in items(1_000)]
    lines[700] = "bad"
    body = (ending.join(lines) + ending).encode()
    assert len(body) > 2 * BLOCK_SIZE

    outcomes = list(Host().stream("auth0", io.BytesIO(body)))

    ids = [event["properties"]["log_id"] for outcome in outcomes for event in outcome.events]
    assert ids == [str(n) for n in range(1_000) if n != 700]
    (rejection,) = [one for outcome in outcomes for one in outcome.rejections]
    assert rejection.line == 701 * len(ending.strip("\r")) - (len(ending.strip("\r")) - 1)
    assert len(outcomes) > 2


@pytest.mark.slow
@pytest.mark.parametrize("indent", [None, 2])
def test_a_long_list_streams(indent: int | None) -> None:
    """Also where it is printed over many lines, and with a bad element at its place."""
    body = json.dumps(items(1_000), indent=indent).encode().replace(b'"700"', b'"700\xff"', 1)
    assert len(body) > 2 * BLOCK_SIZE

    outcomes = list(Host().stream("auth0", io.BytesIO(b"\xef\xbb\xbf \n" + body + b"\n")))

    ids = [event["properties"]["log_id"] for outcome in outcomes for event in outcome.events]
    assert ids == [str(n) for n in range(1_000) if n != 700]
    (rejection,) = [one for outcome in outcomes for one in outcome.rejections]
    assert (rejection.pointer, rejection.rule) == ("/700", "json/utf-8")
    assert len(outcomes) > 2


@pytest.mark.parametrize(
    ("tail", "reason"), [(b"", "the list is cut off"), (b"] x", "something follows the list")]
)
def test_a_long_list_that_is_not_whole_keeps_its_rest(tail: bytes, reason: str) -> None:
    """What was whole became events; the rest is one rejection."""
    body = json.dumps(items(1_000)).encode()[:-1]
    cut = body if tail else body[:-10]

    outcomes = list(Host().stream("auth0", io.BytesIO(cut + tail)))

    (rejection,) = [one for outcome in outcomes for one in outcome.rejections]
    assert reason in rejection.reason
    assert sum(len(outcome.events) for outcome in outcomes) == (1_000 if tail else 999)
    assert rejection.record


class Trickle(io.BytesIO):
    """A file that gives a few bytes at a time, as a pipe may."""

    def read(self, size: int | None = -1, /) -> bytes:
        """At most 1,000 bytes."""
        return super().read(min(size, 1_000) if size and size > 0 else 1_000)


def test_a_pipe_that_trickles_is_read_to_its_end() -> None:
    """A short read is not the end of a file."""
    body = b"\n".join(map(encode, items(1_000)))

    outcomes = list(Host().stream("auth0", Trickle(body)))

    assert sum(len(outcome.events) for outcome in outcomes) == 1_000


def test_lines_after_a_list_longer_than_a_chunk_are_read() -> None:
    """JSON lines may start with a line that is a long list."""
    lines = [encode(items(500)), *map(encode, items(1_000))]
    assert len(lines[0]) > BLOCK_SIZE

    outcomes = list(Host().stream("auth0", io.BytesIO(b"\n".join(lines))))

    assert sum(len(outcome.events) for outcome in outcomes) == 1_500
    assert not any(outcome.rejections for outcome in outcomes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [
        b"\n".join,
        lambda logs: b"[" + b",".join(logs) + b"]",
        lambda logs: b'{"logs":[' + b",".join(logs) + b"]}",
        lambda logs: b"[" + b",".join(logs) + b",NaN]",
    ],
    ids=["lines", "a list", "held", "a list with a bad element"],
)
def test_a_file_may_hold_any_number_of_items(form: Callable[[list[bytes]], bytes]) -> None:
    """What bounds a body that is posted bounds no file of an operator's, long or short."""
    for log, count in ((b'{"type":"s"}', 20_000), (encode(items(1)[0]), 10_500)):
        outcomes = Host().stream("auth0", io.BytesIO(form([log] * count)))

        assert sum(len(outcome.events) for outcome in outcomes) == count


def test_a_table_is_never_handed_out(tmp_path: Path) -> None:
    """Changing an event changes neither a table nor the operator's settings."""
    rows = [
        {"from": "k", "lookup": "names", "to": "properties.info"},
        {"from": "$config.tags", "to": "properties.tags"},
    ]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    host = Host(folders=[source_folder(tmp_path, mapping=mapping, names={"a": {"x": 1}})])
    config = {"tags": ["t"]}
    request = Request(body=b'{"k": "a"}')

    (first,) = host.receive("acme", request, config).events
    first["properties"]["info"]["x"] = "changed"
    first["properties"]["tags"].append("changed")

    (second,) = host.receive("acme", request, config).events
    assert second["properties"] == {"info": {"x": 1}, "tags": ["t"]}
    assert config == {"tags": ["t"]}


def test_odd_bytes_in_headers_and_ids_are_text(tmp_path: Path) -> None:
    """Servers decode them to lone surrogates; the event still goes through UTF-8."""
    mapping = {
        "integration": "Acme",
        "events": [
            {"type": "track", "event": "E", "map": [{"from": "$request.headers.x-a", "to": "properties.a"}]}
        ],
    }
    host = Host(folders=[source_folder(tmp_path, mapping=mapping)])

    (event,) = host.receive("acme", Request(body=b"{}", headers={"X-A": "\udcff"}, id="\udcff")).events

    assert json.loads(encode(event))["properties"] == {"a": "\ufffd"}


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\0", " \0\u00a0 "], ids=ascii)
def test_an_id_nobody_can_see_is_none(tmp_path: Path, blank: str) -> None:
    """It is cleaned away downstream: what was derived for an absent id is derived for this one."""
    rule = {"type": "track", "event": "E", "pass": True}
    host = Host(
        folders=[
            source_folder(
                tmp_path,
                mapping={"integration": "Acme", "events": [rule]},
                source={"api": 1, "name": "acme", "id": ["id"]},
            )
        ]
    )

    (bare,) = host.receive("acme", Request(b'{"id": 1}')).events
    odd = {"id": 1, "userId": blank, "anonymousId": blank, "messageId": blank}
    (event,) = host.receive("acme", Request(encode(odd))).events

    assert (event["anonymousId"], event["messageId"]) == (bare["anonymousId"], bare["messageId"])


def test_a_mapping_reads_no_credentials(tmp_path: Path) -> None:
    """What lets a call in never reaches an event, although the mapping takes all headers over."""
    rows = [{"from": "$request.headers", "to": "context.headers"}]
    host = Host(
        folders=[
            source_folder(
                tmp_path,
                mapping={"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]},
            )
        ]
    )
    headers = {
        "Authorization": "Basic a2V5Og==",
        "COOKIE": "a=b",
        "Proxy-Authorization": "x",
        "X-Id": "1",
    }

    (event,) = host.receive("acme", Request(b"{}", headers)).events

    assert event["context"]["headers"] == {"x-id": "1"}


def test_rules_of_one_name_make_different_messages(tmp_path: Path) -> None:
    """Also where a name is what another rule would have been called."""
    events = [{"type": "track", "name": "track-2", "event": "E"}, *[{"type": "track", "event": "E"}] * 2]
    host = Host(
        folders=[source_folder(tmp_path, mapping={"integration": "A", "emit": "all", "events": events})]
    )

    made = host.receive("acme", Request(body=b'{"id": 1}')).events

    assert len({event["messageId"] for event in made}) == 3


def test_a_long_body_that_is_one_object_is_read_whole() -> None:
    """`{"logs": [...]}` has no other way."""
    body = json.dumps({"logs": items(1_000)}, indent=1).encode()

    (outcome,) = Host().stream("auth0", io.BytesIO(body))

    assert len(outcome.events) == 1_000
