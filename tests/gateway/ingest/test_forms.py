"""Forms become the JSON that RudderStack's gateway makes of them."""

from __future__ import annotations

import json
import re
import uuid

import pytest

from support.gateways import Gateway
from support.webhooks import ACME_KEY, FORM, log, multipart


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        (b"a=1&b=2&b=3", {"a": "1", "b": ["2", "3"]}),
        (b"a=%C3%A4+%26&=x&c", {"a": "ä &", "": "x", "c": ""}),
        (b"%7B%22a%22%3A1%7D=", {'{"a":1}': ""}),
        (b"[a]=1", {"[a]": "1"}),
    ],
)
@pytest.mark.parametrize("type_", ["", ";", "; charset=UTF-8", ' ; a="\\";" ;b=c;'])
def test_a_form_is_a_record(here: Gateway, body: bytes, properties: object, type_: str) -> None:
    """A source that takes forms reads a list of one text as that text."""
    identity = b"&id=" + str(uuid.uuid4()).encode()

    (event,) = here.sent(
        body + identity,
        key=ACME_KEY,
        headers={"Content-Type": f"Application/X-WWW-Form-URLEncoded{type_}"},
    )

    event["properties"].pop("id")
    assert event["properties"] == properties
    assert event["context"]["headers"]["content-type"] == "application/json"
    assert event["context"]["headers"]["content-length"] == str(len(body + identity))


def test_a_form_becomes_what_rudder_server_makes_of_it(here: Gateway) -> None:
    """Each field is a list of texts, as the dead letter of a source that takes no forms shows."""
    response = here.post(b"a=1&b=2&b=3", headers=FORM)

    assert (response.status_code, response.text) == (400, "type is missing\n")
    letter = here.letters()[-1]
    assert json.loads(letter.record) == {"a": ["1"], "b": ["2", "3"]}
    assert letter.call is not None
    assert letter.call.headers["content-type"] == ["application/json"]


@pytest.mark.parametrize("body", [b'[{"type":"s","description":"a+b%41&x=1"', b'{"a": "b&c=1'])
def test_broken_json_that_is_labelled_as_a_form_is_stored_as_posted(here: Gateway, body: bytes) -> None:
    """This is how curl labels what it posts."""
    response = here.post(body, headers=FORM)

    assert (response.status_code, response.text) == (400, "Malformed JSON in request body\n")
    assert here.letters()[-1].record == body


@pytest.mark.parametrize(
    "body", [b"a=%zz", b"a=%", b"a=1;b=2", b"&".join([b"a=1"] * 1001)], ids=lambda b: b[:9]
)
def test_a_malformed_form_is_refused(here: Gateway, body: bytes) -> None:
    """So is one of more than a thousand fields, each of which costs more than its bytes."""
    before = here.kept()

    response = here.post(body, headers=FORM)

    assert (response.status_code, response.text) == (400, "error during parsing form\n")
    assert here.kept() == before


@pytest.mark.parametrize("body", [b"a=1", b"", b" "])
@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("a=%zz", ""),
        ("a=1;b=2", ""),
        (";", ""),
        ("a=1", "; charset"),
        ("", ";;="),
        ("", "; charset=UTF-8 x"),
        ("", '; a="'),
        ("", ", application/json"),
        ("", "/x"),
    ],
)
def test_a_form_with_a_malformed_query_or_type_is_refused(
    here: Gateway, body: bytes, query: str, parameters: str
) -> None:
    """As by rudder-server, which parses query and body together, after the media type."""
    before = here.kept()

    response = here.post(
        body, ACME_KEY, query=query, headers={"Content-Type": FORM["Content-Type"] + parameters}
    )

    assert (response.status_code, response.text) == (400, "error during parsing form\n")
    assert here.kept() == before


@pytest.mark.parametrize("type_", ["application/json", "", "multipart/form-data; boundary=x"])
def test_a_malformed_query_matters_to_forms_only(here: Gateway, type_: str) -> None:
    """For any other body its malformed pairs are ignored."""
    body = multipart('name="a"\r\n\r\n1') if type_.startswith("multi") else json.dumps(log()).encode()

    assert here.post(body, ACME_KEY, query="a=%zz&;", headers={"Content-Type": type_}).text == "ok"


@pytest.mark.parametrize("type_", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("form", ["LOG", "[LOG]", " [ LOG ] ", "\ufeffLOG", "LOG\nLOG", "[7,LOG,{bad},LOG]\n"])
def test_json_that_is_called_a_form_is_json(here: Gateway, type_: str, form: str) -> None:
    """Better than upstream on purpose: there the JSON that curl posts by default becomes one long key."""
    body = re.sub("LOG", lambda _: json.dumps(log()), form).encode()

    assert len(here.sent(body, headers={"Content-Type": type_})) == form.count("LOG")


def test_a_multipart_form_is_a_record(here: Gateway) -> None:
    """Fields are below Value, facts about files below File; the contents of files are left out."""
    body = multipart(
        'name="a"\r\n\r\n1',
        'name="a"\r\n\r\nä',
        'name="f"; filename="ada.txt"\r\nContent-Type: text/plain\r\n\r\n12345',
    )

    (event,) = here.sent(body, key=ACME_KEY, headers={"Content-Type": "multipart/form-data; boundary=x"})

    about = {
        "Filename": "ada.txt",
        "Header": {
            "Content-Disposition": ['form-data; name="f"; filename="ada.txt"'],
            "Content-Type": ["text/plain"],
        },
        "Size": 5,
    }
    assert event["properties"] == {"Value": {"a": ["1", "ä"]}, "File": {"f": [about]}}


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ("", multipart('name="a"\r\n\r\n1')),
        ("; boundary=", multipart('name="a"\r\n\r\n1')),
        ("; boundary=other", multipart('name="a"\r\n\r\n1')),
        ("; boundary=x", b""),
        ("; boundary=x", b"hello"),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', end="")),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', 'name="b"\r\n\r\n2', end="")),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', 'name="b"\r\n\r\n2', end="--x\r\n")),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', 'name="b"\r\n\r\n2', end="--x-")),
        ("; boundary=x", multipart('name="a"; filename="a"\r\n\r\n1', end="--x\r\n")),
        ("; boundary=x", multipart("no-name\r\n\r\n1")),
        ("; boundary=x", multipart(*['name="a"\r\n\r\n1'] * 1001)),
    ],
)
def test_a_malformed_multipart_form_is_refused(here: Gateway, parameters: str, body: bytes) -> None:
    """Without a boundary, a body or an end, or with more than a thousand fields."""
    before = here.kept()

    response = here.post(body, headers={"Content-Type": f"multipart/form-data{parameters}"})

    assert (response.status_code, response.text) == (400, "error during parsing multiform\n")
    assert here.kept() == before
