"""The examples in the reference of the language are true, and every word has one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import Outcome, Request, check_source, load_source
from springhead.core.decode import decode
from springhead.core.mapping.functions import FUNCTIONS
from springhead.core.mapping.path import ROOTS
from support.folders import source_folder
from support.hosts import folder_host
from support.markdown import blocks, code_spans, file_block, rows_below
from support.paths import DOCS, ROOT
from support.schema_words import every_word, words_of
from support.signatures import documented

REFERENCE = DOCS / "mapping.md"
SOURCE_FOLDER = DOCS / "source-folder.md"
NOTHING = "nothing"

ROWS = rows_below(REFERENCE, "row", "writes")
PATHS = rows_below(REFERENCE, "path", "reads")
PATTERNS = rows_below(REFERENCE, "pattern", "matches", "does not match")
CALLS = rows_below(REFERENCE, "function", "result", "of", "is")
FRAMINGS = rows_below(SOURCE_FOLDER, "source.json", "a body", "its records")


def mapping_of(*rows: Any, **rule: Any) -> dict[str, Any]:
    """A mapping with one rule and these rows."""
    return {"integration": "Acme", "events": [{"type": "track", "event": "E", **rule}], "map": list(rows)}


def mappings() -> list[tuple[Any, str, str, Any]]:
    """Whole mappings, each with a body, and what it makes of that: `events.json` or `reply.json`."""
    shown = [block for block in blocks(REFERENCE, "json") if block.file]
    return [
        (json.loads(mapping.text), request.text, made.file, json.loads(made.text))
        for mapping, request, made in zip(shown, shown[1:], shown[2:], strict=False)
        if mapping.file == "mapping.json"
    ]


def receive(folder: Path, mapping: Any, body: str, **files: Any) -> Outcome:
    """What a mapping makes of a body that came as the reference says."""
    host = folder_host(source_folder(folder, mapping=mapping, **files))
    request = Request(body.encode(), headers={"X-Shop-Topic": "orders/paid"})
    outcome = host.receive("acme", request, {"extra": True})
    assert outcome.rejections == []
    return outcome


def shown_part(event: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """An event without the ids and the envelope that an example leaves out."""
    left_out = {"messageId", "anonymousId", "integrations", "context"} - shown.keys()
    envelope = {"library", "integration"} - shown.get("context", {}).keys()
    context = {key: value for key, value in event["context"].items() if key not in envelope}
    part = {**event, "context": context}
    return {key: value for key, value in part.items() if key not in left_out or (key == "context" and value)}


def value_at_v(folder: Path, row: Any, body: str, *before: Any, **files: Any) -> Any:
    """What a row reads, which is nothing if it gives no value."""
    mapping = mapping_of(*before, {**row, "to": "properties.v", "else": {"value": NOTHING}})
    return receive(folder, mapping, body, **files).events[0]["properties"]["v"]


def value_of(cell: str) -> Any:
    """The JSON that a cell shows, or nothing."""
    return NOTHING if cell == NOTHING else json.loads(cell.strip("`"))


@pytest.mark.parametrize(("mapping", "body", "kind", "made"), mappings())
def test_a_mapping_makes_what_is_shown(mapping: Any, body: str, kind: str, made: Any, tmp_path: Path) -> None:
    """Events, or a reply."""
    outcome = receive(tmp_path, mapping, body)

    if kind == "events.json":
        assert [shown_part(event, shown) for event, shown in zip(outcome.events, made, strict=True)] == made
    else:
        assert outcome.reply is not None
        assert json.loads(outcome.reply.body) == made


@pytest.mark.parametrize(("row", "written"), ROWS)
def test_a_row_writes_what_is_shown(row: str, written: str, tmp_path: Path) -> None:
    """Of the record shown above the rows, with the table beside a row."""
    text, *table = code_spans(row)
    shown = {"type": "track", "event": "E"} | ({} if written == NOTHING else value_of(written))
    tables = {table[1].removesuffix(".json"): json.loads(table[0])} if table else {}

    outcome = receive(
        tmp_path,
        mapping_of(json.loads(text)),
        file_block(REFERENCE, "body.json"),
        source={"unwrap": ["payload"]},
        **tables,
    )

    assert [shown_part(event, shown) for event in outcome.events] == [shown]


@pytest.mark.parametrize(("path", "read"), PATHS)
def test_a_path_reads_what_is_shown(path: str, read: str, tmp_path: Path) -> None:
    """Of the same record, after the row beside the path."""
    text, *before = code_spans(path)
    body = file_block(REFERENCE, "body.json")

    value = value_at_v(tmp_path, {"from": text}, body, *map(json.loads, before), source={"unwrap": ["payload"]})

    assert value == value_of(read)


@pytest.mark.parametrize(("pattern", "matching", "other"), PATTERNS)
def test_a_pattern_matches_what_is_shown(pattern: str, matching: str, other: str, tmp_path: Path) -> None:
    """And does not match what is shown beside it."""
    mapping = {**mapping_of(when=value_of(pattern)), "unmatched": "drop"}

    assert len(receive(tmp_path / "matching", mapping, matching.strip("`")).events) == 1
    assert receive(tmp_path / "other", mapping, other.strip("`")).dropped == 1


@pytest.mark.parametrize(("function", "_", "value", "result"), CALLS)
def test_a_function_gives_what_is_shown(function: str, _: str, value: str, result: str, tmp_path: Path) -> None:
    """Of the value shown beside it."""
    text = function.strip("`")
    call = json.loads(text) if text.startswith("{") else text
    body = json.dumps({"v": value_of(value)})

    assert value_at_v(tmp_path, {"from": "v", "apply": [call]}, body) == value_of(result)


@pytest.mark.parametrize(("settings", "body", "records"), FRAMINGS)
def test_a_body_holds_the_records_shown(settings: str, body: str, records: str, tmp_path: Path) -> None:
    """Each piece of code is a line of the body; if it begins with `?`, it is the query and there is no body."""
    source = load_source(source_folder(tmp_path, source=value_of(settings)))
    text = "\n".join(code_spans(body))
    query = dict(pair.split("=") for pair in text[1:].split("&")) if text.startswith("?") else {}

    items = decode(Request(b"" if query else text.encode(), query=query), source.framing)

    found = [(source.unwrap(item) or (item, ()))[0] for _, item in items if isinstance(item, dict)]
    assert found == [json.loads(record) for record in code_spans(records)]


def test_every_word_of_a_mapping_has_an_example() -> None:
    """Every key of mapping.json, every text that a key takes, and every root of a path."""
    schema = json.loads((ROOT / "src" / "core" / "schemas" / "mapping.schema.json").read_text())
    examples = [
        *(mapping for mapping, *_ in mappings()),
        *(mapping_of(json.loads(code_spans(row)[0])) for row, _ in ROWS),
        *(mapping_of(when=value_of(pattern)) for pattern, *_ in PATTERNS),
    ]
    words = {word for word in every_word(schema) if not word.startswith("function.")}
    paths = json.dumps([*ROWS, *PATHS])

    assert words - {"file.$schema"} - set().union(*(words_of(schema, example) for example in examples)) == set()
    assert [root for root in ROOTS if root not in paths] == []


def test_every_function_has_an_example() -> None:
    """In the order of the table."""
    names = [function.strip("`") for function, *_ in CALLS]

    assert {next(iter(json.loads(name))) if name.startswith("{") else name for name in names} == set(FUNCTIONS)


def test_every_word_of_source_json_has_an_example(tmp_path: Path) -> None:
    """All of them load."""
    schema = json.loads((ROOT / "src" / "core" / "schemas" / "source.schema.json").read_text())
    examples = [
        *(
            json.loads(block.text)
            for document in sorted(DOCS.glob("*.md"))
            for block in blocks(document, "json")
            if block.file.endswith("/source.json")
        ),
        *(value_of(settings) for settings, *_ in FRAMINGS),
        *({"signature": signature} for signature in documented().values()),
    ]
    unused = {"file.$schema", "signature: sha512"}  # no vendor that the documents show signs with SHA-512

    for number, example in enumerate(examples):
        assert check_source(source_folder(tmp_path / str(number), source=example)) == []
    assert (
        every_word(schema) - unused - set().union(*(words_of(schema, example) for example in examples)) == set()
    )
