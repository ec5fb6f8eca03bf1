"""Mistakes in the `signature` of source.json, each reported with its line, its place and advice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import check_source
from support.folders import source_folder
from support.signatures import documented

HEX = {"header": "x-sig", "hmac": "sha256", "format": "{hex}"}
ADVICE = 'put {timestamp} into the format, or add "timestamp": "{header.NAME}"'


def problems(folder: Path, signature: Any) -> list[str]:
    """The problems of a source whose vendor signs so, without the name of the file."""
    folder = source_folder(folder)
    about = {"api": 1, "name": "acme", "signature": signature}
    (folder / "source.json").write_text(json.dumps(about, indent=1))
    return [str(problem).removeprefix("source.json:") for problem in check_source(folder)]


@pytest.mark.parametrize("name", documented())
def test_a_documented_signature_has_no_problem(name: str, tmp_path: Path) -> None:
    """It can be copied."""
    assert problems(tmp_path, documented()[name]) == []


@pytest.mark.parametrize(
    ("signature", "problem"),
    [
        ({**HEX, "hmac": "md5"}, '6 /signature/hmac: must be one of "sha1", "sha256", "sha512" [wrong-value]'),
        ({**HEX, "header": ""}, "5 /signature/header: does not match ^[A-Za-z0-9._-]+$ [wrong-value]"),
        ({**HEX, "algorithm": "x"}, "8 /signature/algorithm: 'algorithm' is not known here [unknown-key]"),
        ({"header": "x", "hmac": "sha1"}, "4 /signature: format is missing [missing-key]"),
        ("hmac", "4 /signature: must be an object: it is text [wrong-type]"),
        ({**HEX, "format": 7}, "7 /signature/format: must be text or a list: it is a number [wrong-type]"),
        ({**HEX, "format": []}, "7 /signature/format: must not be empty [wrong-value]"),
        ({**HEX, "tolerance": 0, "timestamp": "{header.t}"}, "8 /signature/tolerance: is not what the schema"),
        ({"scheme": "acme"}, '5 /signature/scheme: must be one of "standard-webhooks" [wrong-value]'),
        (
            {"scheme": "standard-webhooks", "tolerance": 60},
            (
                "6 /signature/tolerance: the scheme standard-webhooks defines tolerance [bad-signature]"
                " - remove tolerance or scheme"
            ),
        ),
        (
            {**HEX, "format": "v1"},
            '7 /signature/format: the format has no signature [bad-signature] - put "{hex}" or "{base64}"',
        ),
        (
            {**HEX, "format": ["{hex}", "b={base64}"]},
            "7 /signature/format: the format has both {hex} and {base64} [bad-signature]",
        ),
        (
            {**HEX, "format": ["{hex}", "v1"]},
            "9 /signature/format/1: this part has no {hex}, {base64} or {timestamp} [bad-signature]",
        ),
        (
            {**HEX, "format": "{hex}.{hex}"},
            "7 /signature/format: a name is used twice in one part [bad-signature]",
        ),
        ({**HEX, "format": "{hexx}"}, "7 /signature/format: the format has no signature"),
        (
            {**HEX, "format": "HMAC {hex}"},
            (
                "7 /signature/format: this part has a blank, but the header is split at blanks [bad-signature]"
                " - write only what is between the blanks"
            ),
        ),
        (
            {**HEX, "signed": "v0"},
            '8 /signature/signed: the body is not signed [bad-signature] - put "{body}" where the body is',
        ),
        ({**HEX, "signed": "{body"}, "8 /signature/signed: a lone { at character 1 [bad-template] - double it"),
        (
            {**HEX, "signed": "{body}{url}"},
            (
                "8 /signature/signed: {url} cannot be used here [bad-signature]"
                " - use {body}, {first_item}, {timestamp} and {header.NAME}"
            ),
        ),
        ({**HEX, "signed": "{body}{$request.url}"}, "8 /signature/signed: {$request.url} cannot be used here"),
        (
            {**HEX, "signed": "{body}{timestamp}"},
            "8 /signature/signed: nothing defines {timestamp} [bad-signature]",
        ),
        (
            {**HEX, "tolerance": 60},
            f"8 /signature/tolerance: there is no timestamp to check [bad-signature] - {ADVICE}",
        ),
        (
            {**HEX, "timestamp": "{header.t}", "tolerance": 60},
            (
                "4 /signature: the timestamp is not signed, so anyone could change it [bad-signature]"
                " - put {timestamp} into signed"
            ),
        ),
        (
            {**HEX, "signed": "{body}", "format": ["{hex}", "t={timestamp}"]},
            "11 /signature/signed: the timestamp is not signed",
        ),
        (
            {**HEX, "signed": "{body}{timestamp}", "timestamp": "t"},
            '9 /signature/timestamp: must be one header [bad-signature] - write "{header.NAME}"',
        ),
        (
            {**HEX, "signed": "{body}{timestamp}", "timestamp": "{body}"},
            "9 /signature/timestamp: {body} cannot be used here [bad-signature] - use {header.NAME}",
        ),
        (
            {**HEX, "signed": "{body}{timestamp}", "timestamp": "{header.a}{header.b}"},
            "9 /signature/timestamp: must be one header",
        ),
        (
            {**HEX, "format": "{timestamp}.{hex}", "signed": "{body}{timestamp}", "timestamp": "{header.t}"},
            "9 /signature/timestamp: the format already has {timestamp} [bad-signature] - remove one of them",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, signature: Any, problem: str) -> None:
    """Also what would load, but could never verify or never protect."""
    found = problems(tmp_path, signature)

    assert [text for text in found if text.startswith(problem)], found


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    """In the order of their lines."""
    signature = {**HEX, "format": ["{hex}{hex}", "x"], "signed": "{x}", "tolerance": 5}

    places = [text.split(":")[0] for text in problems(tmp_path, signature)]

    assert places == [
        "8 /signature/format/0",
        "9 /signature/format/1",
        "11 /signature/signed",
        "11 /signature/signed",
        "12 /signature/tolerance",
    ]
