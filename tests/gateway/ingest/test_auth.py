"""Who may post: the keys a sender presents, and where."""

from __future__ import annotations

import base64

import pytest

from support.gateways import KEY, Gateway
from support.webhooks import (
    AUTHORIZATION,
    ERROR,
    GUARDED_KEY,
    NEW_AUTHORIZATION,
    NEW_KEY,
    ODD_KEY,
    OFF_KEY,
    basic,
    log,
)

NO_COLON = f"Basic {base64.b64encode(KEY.encode()).decode()}"
"""A user without a password, not even an empty one: RFC 7617 has a colon between them."""


@pytest.mark.parametrize(
    ("key", "headers", "status", "text"),
    [
        (None, {}, 401, "failed to read writekey from query params\n"),
        ("", {}, 401, "failed to read writekey from query params\n"),
        (None, basic("", KEY), 401, "failed to read writekey from query params\n"),
        (None, {"Authorization": f"Bearer {KEY}"}, 401, "failed to read writekey from query params\n"),
        (None, {"Authorization": "Basic ***"}, 401, "failed to read writekey from query params\n"),
        (None, {"Authorization": NO_COLON}, 401, "failed to read writekey from query params\n"),
        ("unknown", {}, 401, "invalid write key\n"),
        (KEY[:-1], {}, 401, "invalid write key\n"),
        (KEY.upper(), {}, 401, "invalid write key\n"),
        (f"{KEY}%00", {}, 401, "invalid write key\n"),
        ("%FF%FE", {}, 401, "invalid write key\n"),
        (None, basic("unknown"), 401, "invalid write key\n"),
        (None, {"Authorization": b"Basic " + base64.b64encode(b"\xff\xfe:")}, 401, "invalid write key\n"),
        ("unknown", basic(KEY), 401, "invalid write key\n"),
        (f"unknown&writeKey={KEY}", {}, 401, "invalid write key\n"),
        (f"unknown&writeKey=%zz&writeKey={KEY}", {}, 401, "invalid write key\n"),
        (f"{KEY}%", {}, 401, "failed to read writekey from query params\n"),
        (f"{KEY};", {}, 401, "failed to read writekey from query params\n"),
        (OFF_KEY, {}, 404, "source is disabled\n"),
        (GUARDED_KEY, {}, 401, "invalid authorization\n"),
        (GUARDED_KEY, {"Authorization": ""}, 401, "invalid authorization\n"),
        (GUARDED_KEY, {"Authorization": AUTHORIZATION[:-1]}, 401, "invalid authorization\n"),
        (GUARDED_KEY, {"Authorization": AUTHORIZATION.lower()}, 401, "invalid authorization\n"),
        (
            GUARDED_KEY,
            {"Authorization": f"{AUTHORIZATION}, {NEW_AUTHORIZATION}"},
            401,
            "invalid authorization\n",
        ),
    ],
)
def test_a_call_without_a_valid_key_is_refused(
    here: Gateway, key: str | None, headers: dict[str, str], status: int, text: str
) -> None:
    """In the words of rudder-server, as plain text that ends in a newline; nothing is stored."""
    before = here.kept()

    response = here.post(log(), key, headers=headers)

    assert (response.status_code, response.text) == (status, text)
    assert ERROR.items() <= response.headers.items()
    assert here.kept() == before


@pytest.mark.parametrize(
    ("key", "headers"),
    [
        (KEY, {}),
        (NEW_KEY, {}),
        (None, basic(KEY)),
        (None, basic(NEW_KEY, "any password")),
        (None, {"Authorization": basic(KEY)["Authorization"].replace("Basic", "bASIC")}),
        (KEY, basic("unknown")),
        (f"{KEY}&writeKey=unknown", {}),
        (f"&writeKey={KEY}", basic(KEY)),
        (f"%zz&writeKey={KEY}", {}),
        (f"%&writeKey=a;b&;&writeKey={KEY}&%z", {}),
        (";", basic(KEY)),
        ("".join(f"%{byte:02X}" for byte in ODD_KEY.encode()), {}),
        (None, basic(ODD_KEY)),
        (GUARDED_KEY, {"Authorization": AUTHORIZATION}),
        (GUARDED_KEY, {"Authorization": NEW_AUTHORIZATION}),
    ],
)
def test_a_call_with_a_key_is_accepted(here: Gateway, key: str | None, headers: dict[str, str]) -> None:
    """With any key of a source: the first in the query or, if that is empty, the user of Basic authentication.

    Malformed pairs of the query are ignored.
    """
    response = here.post(log(), key, headers=headers)

    assert (response.status_code, response.content) == (200, b"ok")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_the_name_of_the_key_may_be_escaped(here: Gateway) -> None:
    """The query is a form: `write%4Bey` is `writeKey`."""
    assert here.call("POST", None, f"write%4Bey={KEY}", json=log()).text == "ok"
