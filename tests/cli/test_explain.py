"""`springhead explain`, as the author of a source uses it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from support.commands import springhead
from support.folders import add_case, source_folder
from support.servers import SPRINGHEAD

MAPPING = """{
  "integration": "Acme",
  "events": [{"type": "track", "when": {"kind": {"not": "x"}}, "event": "E"}],
  "map": [
    {"from": "email", "apply": ["lower"], "to": "context.traits.email"},
    {"from": "items", "each": [{"from": "sku", "to": "sku"}], "to": "properties.items"},
    {"from": "$request.headers.x-event", "to": "properties.event"}
  ]
}"""


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A source folder with one case, and a body beside it."""
    folder = source_folder(tmp_path)
    (folder / "mapping.json").write_text(MAPPING)
    record = {"email": "ADA@example.com", "items": [{"sku": "a"}], "age": 3}
    (tmp_path / "body.json").write_text(json.dumps([record, {"kind": "x"}]))
    meta = json.dumps({"headers": {"X-Event": "paid"}})
    add_case(folder / "fixtures", "paid", request_json=json.dumps(record), request_meta_json=meta)
    return folder


def test_every_value_is_shown_with_its_row(acme: Path) -> None:
    """Then those that are in no event, and what became of the other records."""
    done = springhead(acme.parent, "explain", "acme", "body.json")

    assert done.stdout == (
        "/0 is mapped\n"
        "  rule track  mapping.json:3\n"
        '    event = "E"\n'
        "      mapping.json:3  constant\n"
        '    context.traits.email = "ada@example.com"\n'
        '      mapping.json:5  email "ADA@example.com"\n'
        '        lower: "ada@example.com"\n'
        '    properties.items.0.sku = "a"\n'
        '      mapping.json:6  items [{"sku": "a"}]\n'
        '        each: [{"sku": "a"}]\n'
        '        0.sku  mapping.json:6  sku "a"\n'
        "    springhead adds type, context.library.name, context.library.version, context.integration.name,"
        " anonymousId, messageId, integrations.Acme\n"
        "  in no event\n"
        "    age 3  no row reads it\n"
        "/1 is unmatched: no rule matches\n"
        '  rule track  mapping.json:3: kind is "x", not {"not": "x"}\n'
    )
    assert done.returncode == 0


def test_one_path_is_shown_alone(acme: Path) -> None:
    """Of the events or of the record; if nothing was written there, with the rows that could have."""
    written = springhead(acme.parent, "explain", "acme", "body.json", "--path", "context.traits")
    unwritten = springhead(acme.parent, "explain", "acme", "body.json", "--path", "properties.event")
    unused = springhead(acme.parent, "explain", "acme", "body.json", "--path", "age")

    assert [line.strip() for line in written.stdout.splitlines()] == [
        "/0 is mapped",
        "rule track  mapping.json:3",
        'context.traits.email = "ada@example.com"',
        'mapping.json:5  email "ADA@example.com"',
        'lower: "ada@example.com"',
    ]
    assert "properties.event is not written: $request.headers.x-event has no value\n" in unwritten.stdout
    assert unused.stdout == "/0 is mapped\n  in no event\n    age 3  no row reads it\n"


@pytest.mark.parametrize("case", ["paid", "acme/paid", "acme/fixtures/paid"])
def test_a_case_is_explained_with_what_came_with_it(acme: Path, case: str) -> None:
    """Given by its name or its folder; options replace what came with it."""
    plain = springhead(acme.parent, "explain", "acme", case)
    replaced = springhead(acme.parent, "explain", "acme", case, "--header", "X-Event: refunded")

    assert 'properties.event = "paid"' in plain.stdout
    assert 'properties.event = "refunded"' in replaced.stdout


def test_json_has_one_object_for_each_record(acme: Path) -> None:
    """With whole values, where the text cuts long ones off."""
    done = springhead(acme.parent, "explain", "acme", "body.json", "--json")

    first, second = map(json.loads, done.stdout.splitlines())
    assert first["events"][0]["event"]["context"]["traits"] == {"email": "ada@example.com"}
    assert first["events"][0]["rows"][1]["reads"] == [{"path": "email", "value": "ADA@example.com"}]
    assert first["unused"][0]["path"] == "age"
    assert first["file"] == "acme/mapping.json"
    assert second["result"] == "unmatched"


def test_a_name_that_is_neither_file_nor_case_ends_it(acme: Path) -> None:
    """With the nearest case."""
    done = springhead(acme.parent, "explain", "acme", "payed")

    assert (done.returncode, done.stderr) == (
        2,
        "springhead: payed is neither a file nor a case: did you mean paid?\n",
    )


def test_redaction_masks_only_what_events_hold(acme: Path) -> None:
    """The file is the author's own: what is in no event is shown as it is there."""
    (acme / "source.json").write_text('{"name": "acme", "pii": ["email", "age"]}')

    done = springhead(acme.parent, "explain", "acme", "body.json", "--set", "redact=pii")

    assert 'context.traits.email = "*****"' in done.stdout
    assert "age 3  no row reads it" in done.stdout


def test_a_terminal_sees_colours(acme: Path) -> None:
    """Anything else sees plain text."""
    main, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)

    command = [SPRINGHEAD, "explain", str(acme), str(acme.parent / "body.json")]
    subprocess.run(command, stdout=terminal, check=True, env=environment)
    os.close(terminal)
    shown = os.read(main, 100_000)
    os.close(main)

    assert b"\x1b[32mcontext.traits.email" in shown
