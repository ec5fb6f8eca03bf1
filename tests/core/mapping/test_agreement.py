"""The compiled mapping and the interpreter agree on random mappings and records."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from springhead.core.ids import Namespace
from springhead.core.mapping.interpret import MappedEvent, Scope, apply_rules
from springhead.core.mapping.mapper import Mapper
from springhead.core.mapping.mask import parse_listed_path
from springhead.core.mapping.model import EventMapping
from springhead.core.mapping.parser import parse_mapping
from springhead.core.mapping.path import Path, parse_path
from springhead.core.mapping.redact import build_masks
from springhead.core.source_file import SourceFile
from springhead.kit.explain.rule_trace import trace_rules
from springhead.kit.mapping_file import MappingFile
from support.effort import scaled

pytestmark = pytest.mark.slow

TABLES = {"names": {"x": "Ex", "1": "One", "true": "no", "o": {"a": [1]}, "n": None}}

keys = st.sampled_from(["a", "b", "c", "0", "1", "a.b", "$x"])
scalars = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        1.0,
        -2.5,
        10**11,
        10**30,
        "",
        " ",
        "x",
        "X",
        "xy",
        "1",
        "a,b",
        "{",
        "?a=b&a=c",
        "é",
        '{"a": {"b": "x"}}',
        ' ["x"]',
    ]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
full = values.filter(lambda value: value is not None)
records = st.fixed_dictionaries({"a": full, "b": full}, optional=dict.fromkeys(("c", "0", "a.b", "$x"), values))

steps = st.sampled_from(["a", "b", "c", "0", "1", '"a.b"', '"$x"'])
inside_paths = steps | st.lists(steps, min_size=1, max_size=3).map(".".join)
starred_paths = st.lists(steps | st.just("*"), min_size=1, max_size=4).map(".".join)
roots = st.sampled_from(["", "", "", "$item.", "$config.", "$event.", "$event.properties.", "$request.query."])
# A few places are read and written most of the time: agreement is hard where rows meet.
busy_paths = st.sampled_from(["a", "b", "a.b", "b.0", "$", "$event.properties.a", "$event.properties"])
outer_paths = busy_paths | busy_paths | st.builds("{}{}".format, roots, inside_paths | starred_paths)
paths_in_each = outer_paths | st.builds("$parent.{}".format, inside_paths | starred_paths)
busy_targets = st.sampled_from(["properties.a", "properties.b", "properties.a.b", "properties", "traits.a"])
targets = busy_targets | st.builds(
    "{}{}{}".format,
    st.sampled_from(["properties", "traits", "context", "userId"]),
    st.lists(steps, max_size=3).map(lambda path: "".join(f".{step}" for step in path)),
    st.sampled_from(["", "", "", "[]"]),
)

texts = st.sampled_from(["x", "X", "a", "", "é"])
matchers = st.recursive(
    scalars
    | st.sampled_from([{"exists": True}, {"exists": False}, {"matches": "x+"}, {"matches": "^$"}])
    | st.builds(lambda text: {"prefix": text}, texts | st.lists(texts, min_size=1, max_size=2)),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.builds(lambda one: {"not": one}, inner)
        | st.builds(lambda one: {"ignore_case": one}, inner)
        | st.builds(lambda one, other: {"not": one, "ignore_case": other}, inner, inner)
    ),
    max_leaves=4,
)


def patterns_of(paths: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Make patterns that read these paths."""
    return st.recursive(
        st.dictionaries(paths, matchers, max_size=2),
        lambda inner: st.builds(
            lambda one, more: {**one, "any": more}, inner, st.lists(inner, min_size=1, max_size=2)
        ),
        max_leaves=3,
    )


functions = st.sampled_from(
    [
        *(
            "string",
            "number",
            "lower",
            "upper",
            "title",
            "json",
            "flatten",
            "compact",
            "keys",
            "values",
            "pairs",
        ),
        *("md5", "uuid", {"split": ","}, {"join": "-"}, {"at": 0}, {"at": -1}, {"slice": 1}, {"slice": [0, 1]}),
        *({"capture": "(x)"}, {"pairs": ["a", "b"]}, {"time": "s"}, {"time": "iso"}, {"flatten": "_"}),
        *({"time": "epoch"}, "nonblank", {"shift": -2}, {"shift": 1}, {"replace": ["x", "a=b"]}, "query"),
    ]
)


def rows_without_target(depth: int, *, inside: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Make rows as they stand in `else` and `object`; `inside` an `each`, they may read `$parent`."""
    paths = paths_in_each if inside else outer_paths
    origins: list[st.SearchStrategy[dict[str, Any]]] = [
        st.builds(lambda path: {"from": path}, paths),
        st.builds(lambda several: {"from": several}, st.lists(paths, min_size=1, max_size=3)),
        st.builds(lambda several: {"all": several}, st.lists(paths, min_size=1, max_size=3)),
        st.builds(lambda value: {"value": value}, values),
        st.builds(lambda path: {"template": "<{" + path + "}>"}, inside_paths),
    ]
    more: dict[str, st.SearchStrategy[Any]] = {
        "when": patterns_of(paths),
        "omit": st.lists(inside_paths, min_size=1, max_size=2),
        "pick": st.lists(inside_paths, min_size=1, max_size=2),
        "apply": st.lists(functions, max_size=2),
        "lookup": st.just("names"),
    }
    if depth:
        below = rows_without_target(depth - 1, inside=inside)
        member = below | scalars.filter(lambda value: value is not None)
        origins.append(
            st.builds(lambda made: {"object": made}, st.dictionaries(keys, member, min_size=1, max_size=2))
        )
        more["else"] = member
        more["each"] = st.lists(rows(depth - 1, inside=True), max_size=3)
    some = st.lists(st.sampled_from(sorted(more)), max_size=2, unique=True)
    rest = some.flatmap(lambda words: st.fixed_dictionaries({word: more[word] for word in words}))
    return st.builds(lambda origin, others: {**origin, **others}, st.one_of(origins), rest)


def rows(depth: int, *, inside: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Make rows that write."""
    where = st.lists(steps, min_size=1, max_size=2).map(".".join) if inside else targets
    several = st.lists(where, min_size=1, max_size=2)
    return st.builds(
        lambda row, to: {**row, "to": to}, rows_without_target(depth, inside=inside), where | several
    )


rules = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "track", "identify", "drop"]),
        "event": rows_without_target(0),
        "map": st.lists(rows(2), min_size=2, max_size=6),
    },
    optional={
        "when": patterns_of(outer_paths),
        "each": inside_paths | starred_paths,
        "pass": st.just(True) | inside_paths,
    },
)
mappings = st.fixed_dictionaries(
    {"integration": st.just("Acme"), "events": st.lists(rules, min_size=1, max_size=3)},
    optional={"emit": st.just("all"), "map": st.lists(rows(1), max_size=3), "compact": st.booleans()},
)
listed_paths = st.lists(steps | st.sampled_from(["*", "**"]), min_size=1, max_size=4).map(
    lambda keys: parse_listed_path(".".join(keys))
)
configs = st.sampled_from([{}, {"a": 1}, {"a": "x", "redact": "secrets"}, {"redact": "pii"}])


def loaded(mapping: dict[str, Any]) -> EventMapping | None:
    """Parse a mapping; None where it has a problem, such as an unreachable rule."""
    return parse_mapping(SourceFile("mapping.json", mapping), TABLES, Namespace("acme"))


def comparable(mapped: list[MappedEvent] | None) -> Any:
    """Write what rules made as JSON, where `true` is not 1 and members have no order."""
    return mapped and [json.dumps((rule.label, *made), sort_keys=True) for rule, *made in mapped]


@settings(
    max_examples=scaled(200),
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(
    mapping=mappings,
    batch=st.lists(records, min_size=4, max_size=8),
    config=configs,
    listed=st.lists(listed_paths, min_size=1, max_size=4),
)
def test_compiled_and_interpreted_agree(
    mapping: dict[str, Any], batch: list[dict[str, Any]], config: dict[str, Any], listed: list[Path]
) -> None:
    """They make the same events of the same record, and change nothing they read."""
    spec = loaded(mapping)
    if spec is None:
        return
    unwrap = (parse_path("data"),)
    levels = {"secrets": listed[:1], "pii": listed}
    masks = {level: build_masks(tuple(paths), unwrap, from_query=True) for level, paths in levels.items()}
    mapper = Mapper(spec, masks)
    run, variant = mapper.for_config(config), mapper.variant(config)
    request = {"headers": {}, "query": {"a": "q", "b": ["r"]}, "method": "POST", "url": "/"}
    before = json.dumps(batch)

    for record in batch:
        item = {"data": record, "a": "outer"}
        interpreted = apply_rules(variant, Scope(record, item, request, config))
        assert comparable(run(record, item, request, config)) == comparable(interpreted)

    assert json.dumps(batch) == before


@settings(max_examples=scaled(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(mapping=mappings, record=records, config=configs)
def test_explained_and_interpreted_agree(
    mapping: dict[str, Any], record: dict[str, Any], config: dict[str, Any]
) -> None:
    """An explanation has the events of the interpreter, and a reason for each row that writes nothing."""
    spec = loaded(mapping)
    if spec is None:
        return
    variant = Mapper(spec, {}).variant(config)
    scope = Scope(record, {"data": record}, {"query": {"a": "q"}}, config)

    _, traced = trace_rules(variant, scope, MappingFile(SourceFile("mapping.json", mapping)))

    explained = [(event.rule, event.position, event.name, event.fields) for event in traced]
    assert comparable(explained) == comparable(apply_rules(variant, scope) or [])
    rows = [row for event in traced for row in event.traces if row.to]
    assert [row for row in rows if bool(row.wrote) == bool(row.reason)] == []


@settings(max_examples=scaled(50), deadline=None, suppress_health_check=list(HealthCheck))
@given(mapping=mappings)
def test_most_random_mappings_load(mapping: dict[str, Any]) -> None:
    """The mappings above are real ones: only one rule can be broken by chance."""
    document = SourceFile("mapping.json", mapping)

    spec = parse_mapping(document, TABLES, Namespace("acme"))

    assert (spec is None) == bool(document.problems)
    assert {problem.rule for problem in document.problems} <= {"unreachable-rule"}
