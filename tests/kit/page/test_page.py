"""The page of a source has everything an operator asks for, from the source's own files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from springhead import load_source
from springhead.kit.page.events import events_section
from springhead.kit.page.page import write_page
from springhead.kit.page.requests import requests_section, signature_section
from springhead.kit.page.source_files import SourceFiles, read_source_files
from support.folders import add_case, source_folder
from support.paths import FIXTURES

VALID = sorted((FIXTURES / "mapping" / "valid").iterdir())
SIGNATURE = {"header": "x-sign", "hmac": "sha256", "format": "{hex}"}
PAID = json.dumps({"type": "paid", "id": 7, "card": "4242"})


def page_of(folder: Path) -> str:
    """The page of the source in a folder."""
    return write_page(load_source(folder), folder)


def section_of(page: str, title: str) -> str:
    """What stands below one heading of a page."""
    return page.partition(f"\n## {title}\n\n")[2].partition("\n\n## ")[0].strip()


def page_with(tmp_path: Path, **files: Any) -> str:
    """The page of a source of these files, with one fixture."""
    folder = source_folder(tmp_path, **files)
    add_case(folder / "fixtures", "paid", request_json=PAID)
    return page_of(folder)


def files_with(tmp_path: Path, **files: Any) -> SourceFiles:
    """The files of a plain source, some of them replaced."""
    folder = source_folder(tmp_path, source={"signature": SIGNATURE})
    return replace(read_source_files(load_source(folder), folder), **files)


@pytest.mark.parametrize("fixture", VALID, ids=lambda path: path.name)
def test_every_word_of_the_language_has_a_page(fixture: Path, tmp_path: Path) -> None:
    """A source of each word gets a page with all its fields."""
    folder = source_folder(tmp_path, fixture)
    for name in ("request.json", "request.meta.json"):
        if (fixture / name).exists():
            (folder / "fixtures" / "case").mkdir(parents=True, exist_ok=True)
            shutil.copy(fixture / name, folder / "fixtures" / "case")

    page = page_of(folder)

    mapping = json.loads((folder / "mapping.json").read_text())
    rows = [*mapping.get("map", []), *(row for rule in mapping["events"] for row in rule.get("map", []))]
    targets = {target for row in rows for target in (row["to"] if isinstance(row["to"], list) else [row["to"]])}
    assert [target for target in targets if f"`{target}`" not in section_of(page, "Fields")] == []


def test_the_events_are_a_table_of_rules(tmp_path: Path) -> None:
    """In their order, with what becomes of all other records."""
    mapping = {
        "integration": "Acme",
        "events": [
            {"type": "drop", "when": {"type": "ping"}},
            {"type": "track", "when": {"type": {"prefix": "order."}}, "event": "Order"},
        ],
    }

    page = page_with(tmp_path, mapping=mapping)

    assert section_of(page, "Events") == (
        "The first rule that matches a record decides what it becomes.\n\n"
        "| Rule | Records | Type | Event |\n"
        "| --- | --- | --- | --- |\n"
        "| `drop` | `type` is `ping` | none | dropped |\n"
        "| `track` | `type` starts with `order.` | track | `Order` |\n\n"
        "A record that no rule matches is rejected."
    )


def test_names_are_a_table_at_the_end(tmp_path: Path) -> None:
    """The events say which table."""
    mapping = {
        "integration": "Acme",
        "events": [{"type": "track", "event": {"from": "type", "lookup": "names", "else": "?"}}],
    }

    page = page_with(tmp_path, mapping=mapping, names={"paid": "Order | Paid"})

    assert "(looked up in `names`; otherwise always `?`)" in section_of(page, "Events")
    assert page.endswith(
        "## Table `names`\n\n| Value | Becomes |\n| --- | --- |\n| `paid` | Order &#124; Paid |\n"
    )


def test_a_field_has_an_example_from_the_fixtures(tmp_path: Path) -> None:
    """As it is in the event: an id is text. A masked value is not an example."""
    source = {"name": "acme", "secrets": ["card"]}
    rows = [{"from": "id", "to": "userId"}, {"from": "card", "to": "properties.card"}]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"}], "map": rows}
    folder = source_folder(tmp_path, source=source, mapping=mapping)
    masked = json.dumps({"config": {"redact": "secrets"}})
    add_case(folder / "fixtures", "a", request_json=PAID, request_meta_json=masked)
    add_case(folder / "fixtures", "b", request_json=PAID)

    fields = section_of(page_of(folder), "Fields")

    assert '| `userId` | `id` | | `"7"` |' in fields
    assert '| `properties.card` | `card` | | `"4242"` |' in fields


def test_the_settings_are_those_that_are_read(tmp_path: Path) -> None:
    """With the values they are compared with, and what depends on them."""
    rows = [
        {"from": "$", "when": {"$config.extra": True}, "to": "properties"},
        {"from": "id", "when": {"$config.ids": {"not": "off"}}, "to": "userId"},
        {"template": "{$config.region}/{id}", "to": "userId"},
    ]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"}], "map": rows}
    page = page_with(tmp_path, mapping=mapping, source={"signature": SIGNATURE, "secrets": ["card"]})

    lines = section_of(page, "Settings").splitlines()[2:]
    assert lines[:4] == [
        "| `extra` | `true` | `properties` depends on it |",
        "| `ids` | `off` | `userId` depends on it |",
        "| `region` | any | `userId` depends on it |",
        "| `redact` | `off` (default), `secrets` or `pii` | what is masked; see Redaction |",
    ]
    assert [line.split()[1] for line in lines[4:]] == ["`signing_secret`", "`allow_headers`", "`allow_query`"]


def test_ids_signature_and_redaction_are_said(tmp_path: Path) -> None:
    """In the words of source.json."""
    source = {
        "id": ["$request.headers.x-delivery", {"template": "{id}@{at}"}],
        "signature": {
            "header": "x-sign",
            "hmac": "sha256",
            "format": ["t={timestamp}", "v1={hex}"],
            "signed": "{timestamp}.{body}",
            "tolerance": 300,
        },
        "secrets": ["card.number"],
        "pii": ["**.email"],
    }

    page = page_with(tmp_path, source=source)

    assert "with a value: the header `x-delivery` or the text `{id}@{at}`;" in section_of(page, "Ids")
    assert section_of(page, "Signature") == (
        "The header `x-sign` holds `t={timestamp}` and `v1={hex}`: the HMAC-SHA256 of `{timestamp}.{body}`,"
        " in hexadecimal. The timestamp may differ by 5 minutes from the time of receipt."
        " Where `signing_secret` is set, a call that is not signed like this is answered 401."
    )
    assert section_of(page, "Redaction").splitlines()[-2:] == [
        "| `secrets` | `card.number` |",
        "| `pii` | what `secrets` masks, and `**.email` |",
    ]


def test_the_readme_gives_what_data_cannot_say(tmp_path: Path) -> None:
    """Its links to files beside it are left out, and the sections that the page has itself."""
    folder = source_folder(tmp_path)
    (folder / "README.md").write_text(
        "# Acme\n\nWhat [Acme](https://example.com) sends.\n\n## Set it up\n\nSee [source.json](source.json).\n"
        "\n```sh\n## not a heading\n```\n\n## What comes out\n\nEvents.\n\n## Known limits\n\nNone.\n"
    )

    page = page_of(folder)

    assert "What [Acme](https://example.com) sends." in page
    assert section_of(page, "Set it up").startswith("See source.json.\n\n```sh")
    assert "What comes out" not in page
    assert section_of(page, "Known limits") == "None."


def test_without_a_readme_the_setup_is_listed(tmp_path: Path) -> None:
    """As source.json has it."""
    page = page_with(tmp_path, source={"setup": ["Open *Webhooks*.", "Paste the URL."]})

    assert section_of(page, "Set it up") == "1. Open \\*Webhooks\\*.\n2. Paste the URL."


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({}, "JSON and JSON lines are accepted."),
        ({"batch": ["a", "b"]}, "A list is a batch of items, and so is the list at `a` or `b`."),
        ({"unwrap": ["a"]}, "The record is at `a`, otherwise the item itself."),
        (
            {"unwrap": ["a", "b"]},
            "The record is the first of `a` and `b` that is an object, otherwise the item itself.",
        ),
        ({"items": "body"}, "A body is one record, whatever lists it holds"),
        (
            {"on_rejection": {"answer": "ok", "reason": "Acme | retries."}},
            "If every record of a call is rejected, the gateway answers `ok`. Acme &#124; retries.",
        ),
        ({"on_rejection": {"answer": "error", "reason": "Acme."}}, "the gateway answers 400. Acme."),
    ],
)
def test_the_requests_are_said(tmp_path: Path, about: dict[str, Any], words: str) -> None:
    """In the words of source.json."""
    assert words in requests_section(files_with(tmp_path, about=about))


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (
            {"scheme": "standard-webhooks"},
            "as [Standard Webhooks](https://www.standardwebhooks.com) defines it",
        ),
        (
            {**SIGNATURE, "signed": "{first_item}"},
            "`{first_item}` is the first element of a body that is a list",
        ),
        ({**SIGNATURE, "timestamp": "{header.x-day}", "tolerance": 691200}, "may differ by 8 days from"),
        ({**SIGNATURE, "timestamp": "{header.x-day}", "tolerance": 90}, "may differ by 90 seconds from"),
        ({**SIGNATURE, "timestamp": "{header.x-time}"}, "`{timestamp}` is the header `x-time`."),
    ],
)
def test_the_signature_is_said(tmp_path: Path, signature: dict[str, Any], words: str) -> None:
    """Whichever way the vendor signs."""
    assert words in signature_section(files_with(tmp_path, about={"signature": signature}))


def test_replies_are_a_table(tmp_path: Path) -> None:
    """It says which records become events as well."""
    mapping = {
        "events": [{"type": "track", "event": "E"}],
        "reply": [
            {"when": {"type": "url_verification"}, "body": {"object": {"challenge": {"from": "challenge"}}}},
            {"body": "ok", "events": True},
        ],
    }

    assert events_section(files_with(tmp_path, mapping=mapping)).splitlines()[-2:] == [
        "| `type` is `url_verification` | an object with `challenge`: `challenge` | no |",
        "| every record | `ok` | yes |",
    ]
