"""The mapping language by example: what each word does, and how each mistake is reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import check_source, load_source
from springhead.core.decode import decode
from springhead.core.framing import Undecodable
from springhead.core.mapping.functions import FUNCTIONS
from springhead.core.mapping.interpret import MappedEvent, Scope, apply_rules, first_reply
from springhead.core.mapping.model import FIELDS
from springhead.core.mapping.path import ROOTS, parse_target
from springhead.kit.case import Case, find_cases, outcome_text
from support.folders import source_folder
from support.hosts import folder_host
from support.paths import FIXTURES, ROOT

VALID = find_cases(FIXTURES / "mapping" / "valid", "valid")
INVALID = sorted((FIXTURES / "mapping" / "invalid").iterdir())
SCHEMAS = ROOT / "src" / "core" / "schemas"


def comparable(mapped: list[MappedEvent] | None) -> Any:
    """Write what rules made as JSON, where `true` is not 1 and members have no order."""
    return mapped and [json.dumps((rule.label, *made), sort_keys=True) for rule, *made in mapped]


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_a_mapping_does_what_its_example_shows(case: Case, tmp_path: Path, snapshot: Any) -> None:
    """Each folder of `valid` shows a word of the language at work."""
    host = folder_host(source_folder(tmp_path, case.folder))
    snapshot.snapshot_dir = case.folder

    outcome = host.receive("acme", case.request(), case.config)

    snapshot.assert_match(outcome_text(outcome), "expected.json")


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_the_compiled_mapping_does_what_the_interpreter_does(case: Case, tmp_path: Path) -> None:
    """They agree on every example, and neither changes the item it reads."""
    source = load_source(source_folder(tmp_path, case.folder))
    run = source.mapper.for_config(case.config)
    spec = source.mapper.variant(case.config)
    request = case.request().as_json()
    items = [item for _, item in decode(case.request(), source.framing) if isinstance(item, dict)]
    before = json.dumps(items)

    assert items
    for item in items:
        record, _ = source.unwrap(item) or (item, ())
        if isinstance(record, Undecodable):
            continue
        compiled = run(record, item, request, case.config)
        scope = Scope(record, item, request, case.config)
        assert comparable(compiled) == comparable(apply_rules(spec, scope))
        assert source.mapper.reply(record, item, request, case.config) == first_reply(spec.replies, scope)

    assert json.dumps(items) == before


@pytest.mark.parametrize("folder", INVALID, ids=lambda folder: folder.name)
def test_a_mistake_is_reported_as_its_example_shows(folder: Path, tmp_path: Path, snapshot: Any) -> None:
    """Each folder of `invalid` has the problems expected: file, line, pointer, rule, reason and advice."""
    snapshot.snapshot_dir = folder

    problems = check_source(source_folder(tmp_path, folder))

    assert problems
    described = json.dumps([problem.as_json() for problem in problems], indent=2, ensure_ascii=False)
    snapshot.assert_match(described + "\n", "expected.json")


def test_every_function_has_an_example() -> None:
    """Each function has a folder of `valid` that shows it."""
    shown = {case.folder.name.removeprefix("function-").split("-")[0] for case in VALID}

    assert set(FUNCTIONS) - shown == set()


def test_an_editor_knows_every_function() -> None:
    """The JSON Schema describes each, under its name alone or with its argument."""
    schema = json.loads((SCHEMAS / "mapping.schema.json").read_text())["$defs"]["function"]
    described = {option["const"] for option in schema["anyOf"] if "const" in option} | {*schema["properties"]}

    assert described == set(FUNCTIONS)


def test_an_editor_knows_the_targets_and_roots() -> None:
    """It offers every field an event has, but `context` as a whole, and every root of a path."""
    definitions = json.loads((SCHEMAS / "mapping.schema.json").read_text())["$defs"]
    targets = [parse_target(text.removesuffix(".")) for text in definitions["target"]["examples"]]
    roots = {text.partition(".")[0] for text in definitions["path"]["examples"]}

    assert {target.keys[0] for target in targets} == set(FIELDS)
    assert roots == {"$", *ROOTS}
