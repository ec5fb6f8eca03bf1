"""The page of a source has everything an operator asks for, from the source's own files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from springhead import load_source
from springhead.core.errors import InvalidFixture
from springhead.kit.page.page import write_page
from support.folders import add_case, source_folder
from support.paths import FIXTURES

VALID = sorted((FIXTURES / "mapping" / "valid").iterdir())
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
        {"template": "{$config.region}/{id}", "to": "userId"},
    ]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"}], "map": rows}
    signature = {"header": "x-sign", "hmac": "sha256", "format": "{hex}"}

    page = page_with(tmp_path, mapping=mapping, source={"signature": signature, "secrets": ["card"]})

    lines = section_of(page, "Settings").splitlines()[2:]
    assert lines[:3] == [
        "| `extra` | `true` | `properties` depends on it |",
        "| `region` | any | `userId` depends on it |",
        "| `redact` | `off` (default), `secrets` or `pii` | what is masked: see Redaction |",
    ]
    assert [line.split()[1] for line in lines[3:]] == ["`signing_secret`", "`allow_headers`", "`allow_query`"]


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
        " in hexadecimal. It may be 300 seconds before or after the time of receipt."
        " Where `signing_secret` is set, calls are verified, and others are answered 401."
    )
    assert section_of(page, "Redaction").splitlines()[-2:] == [
        "| `secrets` | `card.number` |",
        "| `pii` | the same, and `**.email` |",
    ]


def test_the_sample_is_the_shortest_fixture_that_becomes_an_event(tmp_path: Path) -> None:
    """One with settings only if no other does; source.json can name another."""
    folder = source_folder(tmp_path, schema={"required": ["type"]}, source={"name": "acme"})
    cases = folder / "fixtures"
    add_case(cases, "rejected", request_json="{}")
    add_case(cases, "set", request_json='{"type": 1}', request_meta_json='{"config": {"redact": "off"}}')
    add_case(cases, "short", request_json='{"type": "short"}')
    add_case(cases, "long", request_json='{"type": "quite long"}')

    chosen = section_of(page_of(folder), "A sample")
    (folder / "source.json").write_text('{"name": "acme", "sample": "long"}')
    named = section_of(page_of(folder), "A sample")

    assert '"type": "short"' in chosen
    assert '"type": "quite long"' in named


def test_a_sample_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """With the nearest fixture."""
    with pytest.raises(InvalidFixture, match=r"payed is not a fixture: .*did you mean paid"):
        page_with(tmp_path, source={"sample": "payed"})


def test_a_sample_shows_no_signature(tmp_path: Path) -> None:
    """Only headers and query values that a mapping may read, and settings that are not secret."""
    signature = {"header": "x-sign", "hmac": "sha256", "format": "{hex}"}
    folder = source_folder(tmp_path, source={"signature": signature})
    headers = {"X-Sign": "00", "Authorization": "x", "X-Acme-Event": "paid"}
    add_case(folder / "fixtures", "a", request_json="{}", request_meta_json=json.dumps({"headers": headers}))

    sample = section_of(page_of(folder), "A sample")

    assert sample.startswith("This request:\n\n```\nx-acme-event: paid\n```")


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
