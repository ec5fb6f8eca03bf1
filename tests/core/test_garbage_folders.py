"""Loading ends in a source or in problems, never in a traceback, whatever an author's files hold."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from springhead import InvalidSource, check_source, load_source
from support.effort import scaled
from support.folders import source_folder
from support.paths import FIXTURES

MAPPINGS = [
    json.loads((path / "mapping.json").read_text())
    for path in sorted((FIXTURES / "mapping" / "valid").iterdir())
    if not path.name.startswith("function-")
]
garbage: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(
        [
            None,
            True,
            7,
            -1,
            1.5,
            "",
            "x",
            "a..b",
            "a.*",
            "**.a",
            "body",
            "$parent.a",
            "{",
            "(",
            "track",
            "from",
            "é\0",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["from", "all", "to", "when", "any", "x", "value", "type", "events", "map", "$ref"]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=4,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the steps to every part of a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for step, part in inner for place in places(part, (*at, step)))]


def replaced(value: Any, place: tuple[Any, ...], by: Any) -> Any:
    """Replace one part of a value."""
    if not place:
        return by
    value = copy.deepcopy(value)
    node = value
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = by
    return value


@pytest.mark.slow
@settings(max_examples=scaled(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_folder_has_problems_or_loads(data: st.DataObject) -> None:
    """Up to three random parts of a mapping, a source and a schema are replaced by garbage."""
    mapping = data.draw(st.sampled_from(MAPPINGS))
    source: Any = {
        "api": 1,
        "name": "acme",
        "batch": ["a"],
        "unwrap": ["b"],
        "id": ["$item.id"],
        "pii": ["x.*"],
    }
    schema: Any = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a"}}}
    for _ in range(data.draw(st.integers(1, 3))):
        mapping = replaced(mapping, data.draw(st.sampled_from(places(mapping))), data.draw(garbage))
        source = replaced(source, data.draw(st.sampled_from(places(source))), data.draw(garbage))
        schema = replaced(schema, data.draw(st.sampled_from(places(schema))), data.draw(garbage))
    with tempfile.TemporaryDirectory() as directory:
        files = {"mapping": mapping, "source": source, "schema": schema}
        chosen = data.draw(st.sampled_from([("mapping",), ("source",), ("schema",), tuple(files)]))
        folder = source_folder(Path(directory), **{name: files[name] for name in chosen}, names={"a": "b"})

        problems = check_source(folder)

        assert all(problem.file and problem.line >= 1 and problem.reason for problem in problems)
        if problems:
            with pytest.raises(InvalidSource):
                load_source(folder)
        else:
            assert load_source(folder).name


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"\xef\xbb\xbf{}", b"null"]
)
@pytest.mark.parametrize("name", ["mapping.json", "source.json", "schema.json", "table.json"])
def test_a_file_that_is_not_a_json_object_is_a_problem(tmp_path: Path, name: str, content: bytes) -> None:
    """The problem names the file."""
    folder = source_folder(tmp_path)
    (folder / name).write_bytes(content)

    problems = check_source(folder)

    assert all(problem.file == name for problem in problems)
    assert problems or content.endswith(b"{}")


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("mapping.json", '{"integration": "\\ud800", "events": []}', "json-syntax"),
        ("table.json", '{"a": 1e400}', "json-syntax"),
        ("source.json", '{"secrets": ["\\ud800"]}', "json-syntax"),
        ("schema.json", '{"patternProperties": {"^(a+)+$": {}}}', "bad-schema"),
    ],
)
def test_a_value_no_event_could_carry_is_a_problem(tmp_path: Path, name: str, text: str, rule: str) -> None:
    """What an author writes must fit into an event, as what a sender posts must."""
    folder = source_folder(tmp_path)
    (folder / name).write_text(text)

    assert rule in [problem.rule for problem in check_source(folder)]


def test_a_mapping_past_pythons_own_limits_is_a_problem(tmp_path: Path) -> None:
    """Hundreds of alternatives are more than Python compiles."""
    row: Any = {"from": [f"p{number}" for number in range(200)], "to": "properties.x"}
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": [row]}]}

    (problem,) = check_source(source_folder(tmp_path, mapping=mapping))

    assert problem.rule == "too-large"


def test_a_folder_in_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    """It cannot be read."""
    folder = source_folder(tmp_path)
    (folder / "table.json").mkdir()

    (problem,) = check_source(folder)

    assert (problem.file, problem.rule) == ("table.json", "unreadable-file")


@pytest.mark.parametrize("name", ["._schema.json", "._names.json", ".#mapping.json"])
def test_a_hidden_file_is_not_a_table(tmp_path: Path, name: str) -> None:
    """MacOS and editors leave them beside the files they belong to."""
    folder = source_folder(tmp_path)
    (folder / name).write_bytes(b"\0\x05\x16\x07")

    assert check_source(folder) == []
