"""The source transformer as an unmodified rudder-server meets it: a real server, over real HTTP."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from support.folders import source_folder
from support.servers import LOCAL, Server, serving

LOG = {"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}
JSON = {"Content-Type": "application/json; charset=utf-8"}
ACME = {
    "integration": "Acme",
    "reply": [{"when": {"type": "url_verification"}, "body": {"object": {"challenge": {"from": "challenge"}}}}],
    "events": [
        {"type": "drop", "when": {"type": "ping"}},
        {
            "type": "track",
            "event": "E",
            "map": [
                {"from": "$request.headers.x-key", "to": "properties.key"},
                {"from": "$request.query.team", "to": "properties.team"},
                {"from": "$request.method", "to": "properties.method"},
                {"from": "$config.region", "to": "properties.region"},
            ],
        },
    ],
}


def element(body: Any, **config: Any) -> dict[str, Any]:
    """An element as rudder-server posts it."""
    text = body if isinstance(body, str) else json.dumps(body)
    request = {
        "method": "POST",
        "url": "/v1/webhook?writeKey=an-invented-write-key&team=red",
        "proto": "HTTP/1.1",
        "headers": {"Content-Type": ["application/json"], "X-Key": ["an-invented-secret"]},
        "body": text,
        "query_parameters": {"writeKey": ["an-invented-write-key"], "team": ["red"]},
    }
    source = {
        "ID": "2abc",
        "SourceDefinition": {"Name": "Auth0"},
        "Config": config,
        "WriteKey": "an-invented-key",
    }
    return {"request": request, "source": source}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of this file, with the Auth0 source and one of a folder's."""
    tmp_path = tmp_path_factory.mktemp("transformer")
    folder = source_folder(tmp_path, mapping=ACME)
    options = ("--folder", str(folder), "--rejected", str(tmp_path / "rejected.jsonl"), "--access-log")
    with serving(tmp_path, "transformer", *options) as one:
        yield one


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """An HTTP client of the server's."""
    with httpx.Client(base_url=server.url, **LOCAL, timeout=30) as one:
        yield one


def answers(client: httpx.Client, elements: Any, source: str = "auth0") -> list[dict[str, Any]]:
    """What the server answers to an array: strict JSON, with status 200."""
    response = client.post(f"/v2/sources/{source}", json=elements)
    assert response.status_code == 200
    found: list[dict[str, Any]] = strictly(response.content)
    return found


def strictly(data: bytes) -> Any:
    """JSON as Go reads it: no NaN or Infinity, no number beyond float64, integers that are integers."""

    def finite(text: str) -> float:
        number = float(text)
        assert number not in (float("inf"), float("-inf")), text
        return number

    def none(text: str) -> None:
        raise AssertionError(text)

    value = json.loads(
        data.decode(), parse_float=finite, parse_constant=none, parse_int=lambda text: int(finite(text))
    )
    for one in value if isinstance(value, list) else []:
        assert type(one.get("statusCode", 0)) is int
        assert type(one.get("error", "")) is str
    return value


def test_the_handshake_says_that_sources_are_transformed_in_v2(client: httpx.Client) -> None:
    """Without one of the two flags rudder-server would not start."""
    response = client.get("/features")

    assert response.status_code == 200
    assert response.json()["upgradedToSourceTransformV2"] is True
    assert response.json()["supportSourceTransformV1"] is True


def test_it_says_that_it_is_up_and_which_version(client: httpx.Client) -> None:
    """The shapes are rudder-transformer's."""
    health, version = client.get("/health"), client.get("/version")

    assert client.head("/health").status_code == 200  # as some load balancers ask
    assert (health.status_code, health.json()["service"]) == (200, "UP")
    assert version.headers["content-type"] == "text/plain; charset=utf-8"
    assert version.text == health.json()["version"]
    for path in ("/buildVersion", "/transformerBuildVersion"):
        assert client.get(path).text == version.text


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        ("POST", "/v1/sources/auth0", "RouteActivationMiddleware route is disabled"),
        ("GET", "/v2/sources/auth0", "Not Found"),
        ("PUT", "/v2/sources/auth0", "Not Found"),
        ("POST", "/features", "Not Found"),
        ("GET", "/nothing", "Not Found"),
        ("POST", "/v2/sources/", "Not Found"),
        ("POST", "/v2/sources/auth0/extra", "Not Found"),
        ("POST", "/v2/sources/auth0/hydrate/extra", "Not Found"),
        ("POST", "/v2/sources/auth0/hydrate", '{"error":"Source auth0 not supported for hydration"}'),
    ],
)
def test_what_is_not_there_is_404(client: httpx.Client, method: str, path: str, text: str) -> None:
    """A wrong method, too: rudder-transformer never answers 405."""
    response = client.request(method, path, content=b"[]")

    assert (response.status_code, response.text) == (404, text)


def test_an_empty_array_is_answered_with_one(client: httpx.Client) -> None:
    """With the version of the contract in a header."""
    response = client.post("/v2/sources/auth0", json=[])

    assert (response.status_code, response.json()) == (200, [])
    assert response.headers["apiVersion"] == "2"
    assert response.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("body", [b"{}", b'{"request": {"body": "{}"}}', b""])
def test_what_is_no_array_is_one_error(client: httpx.Client, body: bytes) -> None:
    """An object or nothing; the words are rudder-transformer's."""
    response = client.post("/v2/sources/auth0", content=body, headers=JSON)

    (one,) = strictly(response.content)
    assert (response.status_code, one["statusCode"], one["error"]) == (200, 400, "Invalid source events")


def test_an_array_of_too_many_elements_is_refused(client: httpx.Client) -> None:
    """Each would be answered at a hundred times its length."""
    response = client.post("/v2/sources/auth0", content=b"[" + b"0," * 100_000 + b"0]", headers=JSON)

    assert response.status_code == 413
    assert response.json()["message"] == "the array holds more than 100,000 elements: send fewer at once"


@pytest.mark.parametrize("body", [b"[{", b"\xff[]", b"[NaN]", b"7", b'"text"', b" ", b"[" * 1000])
def test_a_body_that_is_no_json_is_refused_and_never_a_5xx(client: httpx.Client, body: bytes) -> None:
    """A 5xx would be posted again and again."""
    response = client.post("/v2/sources/auth0", content=body, headers=JSON)

    assert response.status_code == 400
    assert set(response.json()) == {"error", "message"}


def test_a_body_within_that_is_no_json_is_an_error_of_its_element(client: httpx.Client) -> None:
    """With tags that say which source it was for."""
    (one,) = answers(client, [{"request": {"body": "{bad"}}])

    assert (one["statusCode"], one["error"]) == (400, "Malformed JSON in request body")
    assert one["statTags"]["srcType"] == "auth0"


@pytest.mark.parametrize(
    "one", [{"request": {"body": ""}}, {"request": {"body": None}}, {"request": 1}, {}, 1, None]
)
def test_an_element_without_a_body_is_an_error(client: httpx.Client, one: Any) -> None:
    """The words are rudder-transformer's."""
    (answer,) = answers(client, [one])

    assert (answer["statusCode"], answer["error"]) == (400, "request.body is not present in V2 spec payload")


@pytest.mark.parametrize("body", [{"type": "s"}, [1], {}, [], True, 7])
def test_a_body_that_is_no_text_is_malformed(client: httpx.Client, body: Any) -> None:
    """rudder-server posts text; what it would mean otherwise is not ours to guess."""
    (answer,) = answers(client, [{"request": {"body": body}}])

    assert (answer["statusCode"], answer["error"]) == (400, "Malformed JSON in request body")


def test_a_bad_element_costs_no_other(client: httpx.Client) -> None:
    """Not even one so badly typed that the array cannot be read at once."""
    for bad in ({"request": {"body": "{"}}, {"request": {"body": 7, "headers": 1}, "source": "x"}, None):
        good, wrong, also_good = answers(client, [element(LOG), bad, element(LOG)])

        assert "error" in wrong
        assert good == also_good
        assert good["output"]["batch"][0]["userId"] == "auth0|1"


@pytest.mark.parametrize("bad", ["[" * 999 + "]" * 999, '{"source": {"Config": {"a": %s}}}'])
def test_an_element_nested_too_deeply_costs_no_other(client: httpx.Client, bad: str) -> None:
    """Whatever is in it, and wherever."""
    good = json.dumps(element(LOG))
    array = f"[{good}, {bad.replace('%s', '[' * 300 + ']' * 300)}, {good}]"

    response = client.post("/v2/sources/auth0", content=array.encode(), headers=JSON)

    first, deep, last = strictly(response.content)
    assert (deep["statusCode"], deep["error"]) == (400, "nested deeper than 200 levels")
    assert first == last
    assert first["output"]["batch"]


@pytest.mark.parametrize(
    ("array", "types"),
    [
        (b'\xef\xbb\xbf[{"request": {"body": "{}"}}]', [None]),
        (b'\xef\xbb\xbf[{"request": {"body": "{\\"type\\": \\"s\\"}"}}, {}]', ["Success Login", None]),
        (b'[{"request": {"body": "{\\"type\\": \\"s\\"}", "url": "\xff"}}, {}]', ["Success Login", None]),
        (
            b'[{"request": {"body": "{\\"type\\": \\"s\\"}"}, "source": {"Config": {"a": "\xff"}}}]',
            ["Success Login"],
        ),
    ],
)
def test_a_byte_order_mark_and_odd_bytes_cost_nothing(
    client: httpx.Client, array: bytes, types: list[str | None]
) -> None:
    """The one is skipped, the others are replaced."""
    response = client.post("/v2/sources/auth0", content=array, headers=JSON)

    found = [one.get("output", {"batch": [{}]})["batch"][0].get("event") for one in strictly(response.content)]
    assert (response.status_code, found) == (200, types)


def test_odd_bytes_in_a_body_are_replaced(client: httpx.Client) -> None:
    """What is around them stays, and so do the other elements."""
    log = '{"type": "s", "description": "a?b"}'.replace('"', '\\"').replace("?", "\udcff")
    array = f'[{{"request": {{"body": "{log}"}}}}, 1]'.encode("utf-8", "surrogateescape")
    assert b"a\xffb" in array

    for source in ("auth0", "acme"):
        response = client.post(f"/v2/sources/{source}", content=array, headers=JSON)

        one, other = strictly(response.content)
        assert one["output"]["batch"]
        assert other["statusCode"] == 400
    assert "a\ufffdb" in client.post("/v2/sources/auth0", content=array, headers=JSON).text


def test_answers_come_in_the_order_of_the_elements(client: httpx.Client) -> None:
    """rudder-server matches them by index alone."""
    found = answers(client, [element({"log_id": str(number), "type": "s"}) for number in range(500)])

    assert [one["output"]["batch"][0]["properties"]["log_id"] for one in found] == [str(n) for n in range(500)]


@pytest.mark.parametrize(
    "source",
    [
        "nobody",
        "..%2fv0",
        "..%2f..%2fcore",
        "%00",
        "a%20b",
        "a%0Ab",
        "a%0A",
        "auth0%0A",
        "auth0%2F",
        "%2F",
        "a%2Fhydrate",
    ],
)
def test_an_unknown_source_is_an_error_in_every_element(client: httpx.Client, source: str) -> None:
    """As many as came in, or all of rudder-server's batch would fail; no name is ever a path."""
    found = answers(client, [element(LOG), element(LOG)], source)

    assert [one["statusCode"] for one in found] == [404, 404]
    assert {one["error"] for one in found} == {"there is no such source here"}


@pytest.mark.parametrize("path", ["/v2/sources/auth0/", "/v2/sources/Auth0", "/v2/sources/auth0?writeKey=x"])
def test_a_slash_or_capitals_make_no_difference(client: httpx.Client, path: str) -> None:
    """rudder-server writes the name in lower case; a person with curl may not."""
    response = client.post(path, json=[element(LOG)])

    assert response.json()[0]["output"]["batch"][0]["type"] == "track"


@pytest.mark.parametrize(
    "value", ["1e400", "-1e400", "9" * 400, '"\\ud800"', '"\\u0000"', "18446744073709551616"]
)
def test_odd_values_come_out_as_strict_json(client: httpx.Client, value: str) -> None:
    """A number or a text that Go cannot decode would fail the whole array."""
    body = '{"data": {"type": "s", "client_id": VALUE, "details": {"x": [VALUE]}}}'.replace("VALUE", value)

    one, other = answers(client, [element(body), element(LOG)])

    assert one["output"]["batch"][0]["properties"]["details"]["x"]
    assert other["output"]["batch"]


def test_every_event_has_a_context(client: httpx.Client) -> None:
    """rudder-server reads it without looking whether it is there."""
    (one,) = answers(client, [element({"x": 1})], "acme")

    assert one["output"]["batch"][0]["context"]["integration"] == {"name": "Acme"}


def test_good_records_go_out_beside_rejected_ones(client: httpx.Client, server: Server) -> None:
    """The rejected one is kept whole in the file, and logged without its values."""
    told = "an invented password"
    bad = {"log_id": "2", "data": {"type": 7, "password": told}}

    (one,) = answers(client, [element([LOG, bad, LOG])])

    assert len(one["output"]["batch"]) == 2
    assert "error" not in one
    kept = [json.loads(line) for line in (server.log.parent / "rejected.jsonl").read_text().splitlines()]
    mine = [line for line in kept if line["record"] == bad]
    assert [(line["source"], line["pointer"], line["rule"]) for line in mine] == [
        ("auth0", "/1/data/type", "schema/type")
    ]
    assert mine[0]["at"] > "2024"
    assert mine[0]["request_id"] in server.log.read_text()
    assert told not in server.log.read_text()


def test_an_element_of_rejections_alone_names_the_first(client: httpx.Client) -> None:
    """And says how many more there are."""
    (one,) = answers(client, [element([{"type": 7}, {"type": 8}, {"type": []}])])

    assert one["statusCode"] == 400
    assert one["error"] == "/0/type: type must be text: it is a number (and 2 more rejected)"
    assert one["statTags"]["errorCategory"] == "dataValidation"


@pytest.mark.parametrize(
    ("source", "body"), [("acme", {"type": "ping"}), ("auth0", {"logs": []}), ("auth0", [])]
)
def test_what_is_left_out_on_purpose_is_an_empty_answer(client: httpx.Client, source: str, body: Any) -> None:
    """An empty `output.batch` would come out of rudder-server as a 400."""
    (one,) = answers(client, [element(body)], source)

    assert one == {"outputToSource": {"body": "", "contentType": "text/plain"}, "statusCode": 200}


def test_a_challenge_is_answered_to_the_sender(client: httpx.Client) -> None:
    """In padded base64, and without an `output`."""
    (one,) = answers(client, [element({"type": "url_verification", "challenge": "abcd"})], "acme")

    assert json.loads(base64.b64decode(one["outputToSource"]["body"], validate=True)) == {"challenge": "abcd"}
    assert one["outputToSource"]["contentType"] == "application/json"
    assert one["statusCode"] == 200
    assert "output" not in one


def test_settings_and_the_request_reach_the_mapping(client: httpx.Client) -> None:
    """`source.Config` is what `$config` reads, and the call around the body what `$request` does."""
    (one,) = answers(client, [element({"x": 1}, region="eu")], "acme")

    assert one["output"]["batch"][0]["properties"] == {
        "key": "an-invented-secret",
        "team": "red",
        "method": "POST",
        "region": "eu",
    }


def test_settings_are_each_elements_own(client: httpx.Client) -> None:
    """Two sources of one kind may come in one array."""
    log = {"type": "s", "details": {"link": "https://a.example"}}

    masked, plain = answers(client, [element(log, redact="secrets"), element(log)])

    assert masked["output"]["batch"][0]["properties"]["details"] == {"link": "*****"}
    assert plain["output"]["batch"][0]["properties"]["details"] == {"link": "https://a.example"}


def test_a_wrong_setting_is_an_error_the_sender_may_retry(client: httpx.Client) -> None:
    """It is the operator's mistake, so it is no 4xx; other sources' elements go on."""
    wrong, good = answers(client, [element(LOG, redact="everything"), element(LOG)])

    assert wrong["statusCode"] == 500
    assert wrong["error"].endswith("redact is 'everything': use one of off, secrets, pii")
    assert good["output"]["batch"]


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("gzip", gzip.compress),
        ("GZIP", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("identity", bytes),
    ],
)
def test_encoded_bodies_are_taken(client: httpx.Client, encoding: str, encoded: Any) -> None:
    """gzip, in several members too, and both things that are called deflate."""
    data = encoded(json.dumps([element(LOG)]).encode())

    response = client.post("/v2/sources/auth0", content=data, headers={**JSON, "Content-Encoding": encoding})

    assert response.json()[0]["output"]["batch"][0]["userId"] == "auth0|1"


@pytest.mark.parametrize(
    ("encoding", "data", "status"),
    [
        ("gzip", b"no gzip", 400),
        ("gzip", gzip.compress(b"[]" * 99, mtime=0)[:-9], 400),
        ("gzip", gzip.compress(b"[]", mtime=0) + b"trailing", 400),
        ("gzip", gzip.compress(b" ", mtime=0) * 1_001, 400),
        ("deflate", b"no deflate", 400),
        ("zstd", b"", 415),
    ],
)
def test_broken_encodings_are_refused(client: httpx.Client, encoding: str, data: bytes, status: int) -> None:
    """With a 4xx: trying again would not help."""
    response = client.post("/v2/sources/auth0", content=data, headers={**JSON, "Content-Encoding": encoding})

    assert response.status_code == status
    assert set(response.json()) == {"error", "message"}


def test_long_answers_are_gzipped_where_that_is_taken(client: httpx.Client) -> None:
    """Short ones are not worth it, and who does not ask gets none."""
    many = [element(LOG)] * 200

    long = client.post("/v2/sources/auth0", json=many, headers={"Accept-Encoding": "gzip"})
    short = client.post("/v2/sources/auth0", json=many[:1], headers={"Accept-Encoding": "gzip"})
    plain = client.post("/v2/sources/auth0", json=many, headers={"Accept-Encoding": "identity"})

    assert long.headers.get("content-encoding") == "gzip"
    assert short.headers.get("content-encoding") is None
    assert plain.headers.get("content-encoding") is None
    assert long.json() == plain.json()


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, deflate , gzip;q=0.5", True),
        ("gzip ; q=1.000, identity;q=0", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; Q=0.000 , br", False),
        ("identity;q=1, gzip;q=0", False),
        ("br;q=1,gzip;q=0.", False),
        ("identity, bgzip, gzip2, br;gzip", False),
        ("", False),
    ],
)
def test_a_weight_of_zero_is_a_no(client: httpx.Client, header: str, taken: bool) -> None:
    """RFC 9110: `gzip;q=0` is who does not want it."""
    answer = client.post("/v2/sources/auth0", json=[element(LOG)] * 200, headers={"Accept-Encoding": header})

    assert answer.headers.get("content-encoding") == ("gzip" if taken else None)


def test_an_array_of_30_mb_is_taken(client: httpx.Client) -> None:
    """As a rudder-server with large webhooks posts it."""
    log = {"log_id": "1", "data": {"type": "s", "details": {"text": "x" * 1_000_000}}}

    response = client.post("/v2/sources/auth0", json=[element(log)] * 30)

    assert len(response.content) > 30_000_000
    assert len(response.json()) == 30


def test_what_is_logged_holds_no_secret(client: httpx.Client, server: Server) -> None:
    """No body, header, query, key or setting, whether all is well or not."""
    answers(client, [element(LOG), element("{an-invented-body"), element(LOG, redact="an-invented-setting")])
    client.post("/v2/sources/nobody", json=[element(LOG)], params={"writeKey": "an-invented-write-key"})

    log = server.log.read_text()
    assert "array answered" in log
    for secret in (
        "an-invented-write-key",
        "an-invented-secret",
        "an-invented-body",
        "an-invented-key",
        "auth0|1",
    ):
        assert secret not in log


def test_the_same_array_gives_the_same_bytes(client: httpx.Client) -> None:
    """So that what is posted again is the same message downstream."""
    elements = [element([LOG, {"type": "f"}]), element({"type": "ss", "user_id": "auth0|2"})]

    first, again = (client.post("/v2/sources/auth0", json=elements) for _ in range(2))

    assert first.content == again.content
    assert first.headers["x-request-id"] != again.headers["x-request-id"]
