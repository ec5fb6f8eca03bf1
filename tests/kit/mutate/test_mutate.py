"""Which changes of a source are tried, and which fixture notices each."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from springhead.core.errors import InvalidFixture
from springhead.core.json_value import pointer
from springhead.kit.coverage.coverage import measure
from springhead.kit.mutate.mutant import MUTATIONS
from springhead.kit.mutate.mutate import Mutation, Verdict
from springhead.kit.suite import Suite, find_suites
from support.distributions import SOURCE, Install
from support.folders import add_case
from support.signatures import SECRET
from support.suites import TRACK, WORDS, mapping_of, suite_of, suite_of_word


def verdicts(suite: Suite) -> list[Verdict]:
    """What the fixtures say of each mutant."""
    return [verdict for verdict in Mutation(suite).verdicts() if verdict is not None]


def unnoticed(suite: Suite) -> list[tuple[str, str, str]]:
    """What no fixture notices: the mutation, the place, and what a record must hold."""
    return [
        (x.mutant.code, f"{x.mutant.file}{pointer(*x.mutant.steps)}", x.mutant.record)
        for x in verdicts(suite)
        if not x.noticed_by
    ]


REFUSING = f"""
{SOURCE}
@hookimpl
def springhead_verify(source, request, config):
    return "nobody is let in"
"""

A = {"from": "a", "to": "properties.a"}
TAIL = {"value": 1, "to": "properties.z"}
"""A row that keeps events from being empty."""


def rule(when: dict[str, Any]) -> list[dict[str, Any]]:
    """Rules of which the first has a condition."""
    return [{"type": "identify", "when": when}, TRACK]


@pytest.mark.parametrize(
    ("rows", "rules", "bodies", "found", "noticing"),
    [
        (
            [A, TAIL],
            [],
            [{}],
            ("remove-row", "/map/0", "a record of which only this row gives properties.a a value"),
            {"a": 1},
        ),
        (
            [{**A, "from": ["a", "b"]}],
            [],
            [{"a": 1}],
            ("remove-path", "/map/0/from/1", "a record with a value at b, and none at a"),
            {"b": 1},
        ),
        (
            [{"all": ["a", "b"], "to": "properties.a"}],
            [],
            [{"a": 1}],
            ("remove-path", "/map/0/all/1", "a record with a value at b"),
            {"b": 1},
        ),
        (
            [{**A, "omit": ["x"]}],
            [],
            [{"a": {"y": 1}}],
            ("remove-path", "/map/0/omit/0", "a record with x in what the row copies"),
            {"a": {"x": 1}},
        ),
        (
            [{**A, "apply": ["lower"]}],
            [],
            [{"a": "x"}],
            ("remove-function", "/map/0/apply/0", "a record in which a has a capital letter"),
            {"a": "X"},
        ),
        (
            [{**A, "apply": [{"join": "-"}]}],
            [],
            [{"a": ["x"]}],
            ("change-argument", "/map/0/apply/0", "a record in which a has several parts"),
            {"a": ["x", "y"]},
        ),
        (
            [{**A, "apply": {"time": "epoch"}}],
            [],
            [{"a": 1710497730}],
            ("change-argument", "/map/0/apply", "a record in which a is a number of milliseconds"),
            {"a": 1710497730000},
        ),
        (
            [{**A, "else": "x"}],
            [],
            [{"a": 1}],
            ("remove-else", "/map/0/else", "a record in which a is absent"),
            {},
        ),
        (
            [{**A, "to": ["properties.a", "properties.z"]}, {"from": "b", "to": "properties.z"}],
            [],
            [{"b": 1}, {"a": 1, "b": 1}],
            ("remove-target", "/map/0/to/1", "a record in which no other row gives properties.z"),
            {"a": 1},
        ),
        (
            [{"object": {"x": {"from": "a"}, "y": 1}, "to": "properties.a"}],
            [],
            [{}],
            ("remove-member", "/map/0/object/x", "a record that gives x a value"),
            {"a": 1},
        ),
        (
            [{**A, "when": {"b": 1}}],
            [],
            [{"a": 1, "b": 1}],
            ("remove-condition", "/map/0/when/b", "a record in which b is not 1"),
            {"a": 1},
        ),
        (
            [],
            rule({"k": ["x", "y"]}),
            [{"k": "x"}, {"k": "z"}],
            ("change-condition", "/events/0/when/k", 'a record in which k is "y"'),
            {"k": "y"},
        ),
        (
            [],
            rule({"k": {"prefix": ["x.", "y."]}}),
            [{"k": "x.a"}, {"k": "z"}],
            ("change-condition", "/events/0/when/k/prefix", 'a record in which k starts with "y."'),
            {"k": "y.a"},
        ),
        (
            [],
            rule({"k": {"ignore_case": "x"}}),
            [{"k": "x"}, {"k": "z"}],
            ("change-condition", "/events/0/when/k", 'a record in which k is "x" in another case'),
            {"k": "X"},
        ),
        (
            [],
            rule({"k": "x", "any": [{"a": 1}, {"b": 1}]}),
            [{"k": "x", "a": 1}, {"k": "x"}, {"k": "y", "a": 1}],
            (
                "remove-condition",
                "/events/0/when/any/1",
                "a record for which, of these alternatives, only this one holds: b is 1",
            ),
            {"k": "x", "b": 1},
        ),
        (
            [],
            rule({"k": "x"}),
            [{}],
            ("remove-rule", "/events/0", "a record that gets to it"),
            {"k": "x"},
        ),
    ],
)
def test_a_change_that_no_fixture_notices_is_named(  # noqa: PLR0913, PLR0917 - one column each
    tmp_path: Path,
    rows: list[Any],
    rules: list[Any],
    bodies: list[Any],
    found: tuple[str, str, str],
    noticing: Any,
) -> None:
    """With a record that would notice it, which does."""
    mapping = mapping_of(rows, *rules)
    code, place, record = found

    before = unnoticed(suite_of(tmp_path / "before", *bodies, mapping=mapping))
    after = unnoticed(suite_of(tmp_path / "after", *bodies, noticing, mapping=mapping))

    assert before == [(code, f"mapping.json{place}", record)]
    assert after == []


@pytest.mark.parametrize(
    ("files", "config", "bodies", "found", "noticing"),
    [
        (
            {"source": {"name": "acme", "batch": ["items"]}},
            {},
            [{}],
            ("remove-path", "source.json/batch/0", "a body with a list of several items at items"),
            {"items": [{}, {}]},
        ),
        (
            {"source": {"name": "acme", "unwrap": ["data"]}, "mapping": mapping_of([A])},
            {},
            [{"a": 1}],
            ("remove-path", "source.json/unwrap/0", "an item with its record at data"),
            {"data": {"a": 1}},
        ),
        (
            {"source": {"name": "acme", "id": ["id", "key"]}},
            {},
            [{"id": "1"}],
            (
                "remove-path",
                "source.json/id/1",
                "a record with a value at key, and none at what stands before it in id",
            ),
            {"key": "1"},
        ),
        (
            {"source": {"name": "acme", "pii": ["a"]}, "mapping": mapping_of([A])},
            {"redact": "pii"},
            [{"a": ""}],
            (
                "remove-path",
                "source.json/pii/0",
                'a value at a that a row copies, and "redact": "pii" in its config',
            ),
            {"a": "Ada"},
        ),
        (
            {"schema": {"type": "object", "required": ["k"], "properties": {"k": {}}}},
            {},
            [{"k": 1}],
            ("remove-keyword", "schema.json/required/0", "a record without k, which is rejected"),
            {},
        ),
        (
            {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}},
            {},
            [{"a": "x"}],
            (
                "remove-keyword",
                "schema.json/properties/a/type",
                "a record in which a is of another type, which is rejected",
            ),
            {"a": 7},
        ),
        (
            {"schema": {"type": "object", "properties": {"a": {"minLength": 1}}}},
            {},
            [{"a": "x"}],
            (
                "remove-keyword",
                "schema.json/properties/a/minLength",
                "a record in which a is refused by minLength",
            ),
            {"a": ""},
        ),
        (
            {"schema": {"type": "object", "not": {"required": ["k"]}}},
            {},
            [{}],
            ("remove-keyword", "schema.json/not", "a record refused by not"),
            {"k": 1},
        ),
        (
            {"schema": {"type": "object", "if": {"required": ["a"]}, "then": {"required": ["k"]}}},
            {},
            [{"a": 1, "k": 1}],
            ("remove-keyword", "schema.json/then", "a record refused by then"),
            {"a": 1},
        ),
        (
            {
                "mapping": mapping_of([{"from": "a", "lookup": "names", "to": "properties.a"}]),
                "names": {"x": "X", "y": "Y"},
            },
            {},
            [{"a": "x"}],
            ("remove-entry", "names.json/y", 'a record in which the value that is looked up is "y"'),
            {"a": "y"},
        ),
    ],
)
def test_every_file_of_a_source_is_changed(  # noqa: PLR0913, PLR0917 - one column each
    tmp_path: Path,
    files: dict[str, Any],
    config: dict[str, Any],
    bodies: list[Any],
    found: tuple[str, str, str],
    noticing: Any,
) -> None:
    """Framing, ids, redaction, the schema and the tables, besides the mapping."""
    files = {"mapping": mapping_of([TAIL]), **files}

    assert unnoticed(suite_of(tmp_path / "before", *bodies, config=config, **files)) == [found]
    assert unnoticed(suite_of(tmp_path / "after", *bodies, noticing, config=config, **files)) == []


@pytest.mark.parametrize("formats", [["form"], ["json", "form"]])
def test_a_format_is_removed(tmp_path: Path, formats: list[str]) -> None:
    """All but `json`, which is always accepted."""
    source = {"name": "acme", "formats": formats}

    (found,) = unnoticed(suite_of(tmp_path, {"a": 1}, mapping=mapping_of([A]), source=source))

    assert found[1:] == (f"source.json/formats/{len(formats) - 1}", 'a body in the format "form"')


def test_a_signature_is_proved_by_calls_that_are_signed(tmp_path: Path) -> None:
    """One rightly and one wrongly; a tolerance, by one that is late."""
    signature = {"header": "x-signature", "hmac": "sha256", "format": "{hex}", "signed": "{header.x-at}{body}"}
    about = {"name": "acme", "signature": {**signature, "timestamp": "{header.x-at}", "tolerance": 300}}
    suite = suite_of(tmp_path, {"a": 1}, mapping=mapping_of([A]), source=about)
    unproved = [(code, place) for code, place, _ in unnoticed(suite)]
    for name, at, secret in (("right", 1000, SECRET), ("wrong", 1000, "another-secret"), ("late", 1, SECRET)):
        digest = hmac.new(secret.encode(), f'{at}{{"a": 1}}'.encode(), hashlib.sha256).hexdigest()
        headers = {"x-at": str(at), "x-signature": digest}
        meta = {"headers": headers, "received_at": 1000, "config": {"signing_secret": SECRET}}
        folder = suite.source.folder / "fixtures"
        add_case(folder, name, request_json='{"a": 1}', request_meta_json=json.dumps(meta))
    (proved,) = find_suites([str(suite.source.folder)], tmp_path)
    for case in proved.cases:
        proved.write(case)

    assert unproved == [("remove-setting", "source.json/signature")]  # its parts are not tried then
    assert unnoticed(proved) == []


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ({"emit": "all"}, "a record that two rules match"),
        ({"unmatched": "drop"}, "a record that no rule matches"),
        ({"compact": True}, "a record in which a copied object has a null member"),
        ({"emit": "first"}, None),
        ({"unmatched": "reject"}, None),
        ({"compact": False}, None),
    ],
)
def test_a_setting_of_the_mapping_is_removed(
    tmp_path: Path, setting: dict[str, Any], found: str | None
) -> None:
    """If it is not the default."""
    suite = suite_of(tmp_path, {"a": 1}, mapping=mapping_of([A], **setting))

    assert [record for _, _, record in unnoticed(suite)] == ([found] if found else [])


def test_a_mutant_of_a_table_does_not_hold_the_rest_of_the_table(tmp_path: Path) -> None:
    """All of them together would be as large as the square of the table."""
    names = {f"k{number}": "A kind" for number in range(1000)}
    row = {"from": "a", "lookup": "names", "to": "properties.a"}
    mutation = Mutation(suite_of(tmp_path, {"a": "k7"}, mapping=mapping_of([row]), names=names))

    entries = [mutant for mutant in mutation.mutants if mutant.code == "remove-entry"]
    noticed = [verdict for verdict in mutation.verdicts() if verdict is not None and verdict.noticed_by]

    assert (len(entries), [mutant for mutant in entries if mutant.content]) == (1000, [])
    assert [verdict.mutant.steps for verdict in noticed if verdict.mutant in entries] == [("k7",)]


def test_a_listed_path_that_nothing_reads_is_there_for_safety(tmp_path: Path) -> None:
    """`check` asks for it wherever a record holds a secret, whether or not a row copies it."""
    suite = suite_of(tmp_path, {"token": "x", "a": 1}, mapping=mapping_of([A]), source={"secrets": ["token"]})

    assert unnoticed(suite) == []


@pytest.mark.parametrize(
    "row",
    [
        {"from": "o", "omit": ["token"], "to": "properties.o"},
        {"from": "o.token", "to": "userId"},  # which is never masked
        {"value": 1, "when": {"o.token": {"exists": True}}, "to": "properties.has_token"},
    ],
)
def test_a_listed_path_that_no_event_has_is_there_for_safety(tmp_path: Path, row: dict[str, Any]) -> None:
    """A fixture that redacts would not notice it, although something reads the value."""
    body = {"o": {"token": "x", "b": 1}}
    suite = suite_of(tmp_path, body, mapping=mapping_of([row, TAIL]), source={"secrets": ["o.token"]})

    assert "remove-path" not in [code for code, *_ in unnoticed(suite)]


def test_a_path_that_another_covers_is_not_there_for_safety(tmp_path: Path) -> None:
    """Without it, all is masked as before: it can be removed."""
    about = {"secrets": ["**.token", "token"]}
    row = {"from": "token", "to": "properties.token"}
    suite = suite_of(
        tmp_path, {"token": "x"}, config={"redact": "secrets"}, mapping=mapping_of([row]), source=about
    )

    assert [place for _, place, _ in unnoticed(suite)] == ["source.json/secrets/0", "source.json/secrets/1"]


def test_parts_of_what_is_not_noticed_are_not_tried(tmp_path: Path) -> None:
    """What is said of a row goes for all that is in it."""
    row = {"from": ["b", "c"], "apply": ["lower"], "when": {"k": 1}, "to": "properties.b"}

    found = unnoticed(suite_of(tmp_path, {"a": 1}, mapping=mapping_of([A, row])))

    assert [(code, place) for code, place, _ in found] == [("remove-row", "mapping.json/map/1")]


def test_the_nearest_case_is_named(tmp_path: Path) -> None:
    """The smallest of those that run what is changed, with the line of the change."""
    bodies = [{"b": 1}, [{"a": "x"}, {"a": "y"}], [{"a": "x"}]]
    suite = suite_of(
        tmp_path, *bodies, mapping=mapping_of([{**A, "apply": ["lower"]}, {"from": "b", "to": "userId"}])
    )

    (verdict,) = [verdict for verdict in verdicts(suite) if not verdict.noticed_by]

    assert str(verdict) == (
        "mapping.json:1 /map/0/apply/0: without lower, every fixture comes out the same [remove-function]"
        " - add a fixture like case-2, with a record in which a has a capital letter"
    )


def test_a_waiver_explains_a_mutant(tmp_path: Path) -> None:
    """A waiver of what is noticed is unused."""
    waivers = [
        {"code": "remove-function", "at": "mapping.json/map/0", "reason": "Acme writes small letters."},
        {"code": "remove-row", "at": "mapping.json/map/0", "reason": "Once it was so."},
    ]
    mapping = mapping_of([{**A, "apply": ["lower"]}])
    mutation = Mutation(suite_of(tmp_path, {"a": "x"}, mapping=mapping, source={"waive": waivers}))

    left = [verdict for verdict in mutation.verdicts() if verdict is not None and not verdict.noticed_by]

    assert [(verdict.reason, verdict.is_unexplained) for verdict in left] == [
        ("Acme writes small letters.", False)
    ]
    assert [waiver.code for waiver in mutation.unused_waivers] == ["remove-row"]


def test_fixtures_that_are_not_as_expected_notice_nothing(tmp_path: Path) -> None:
    """They are run first as they are."""
    suite = suite_of(tmp_path, {"a": 1}, mapping=mapping_of([A]))
    expected = suite.cases[0].folder / "expected.json"

    expected.write_text("{}")
    with pytest.raises(InvalidFixture, match="case-0 is not as expected: see what springhead test says of it"):
        list(Mutation(suite).verdicts())
    expected.unlink()
    with pytest.raises(InvalidFixture, match=r"has no expected\.json: write it with springhead test --update"):
        list(Mutation(suite).verdicts())


def test_what_a_plugin_refuses_notices_nothing(install: Install, tmp_path: Path) -> None:
    """Its records never get to the mapping, although plugins take no part in this."""
    install("springhead-source-acme", REFUSING)
    folder = tmp_path / "springhead-source-acme" / "springhead_source_acme" / "acme"
    (folder / "mapping.json").write_text(json.dumps(mapping_of([A])))
    add_case(folder / "fixtures", "refused", request_json='{"a": 1}')
    (suite,) = find_suites(["acme"], tmp_path)
    suite.write(suite.cases[0])

    assert [code for code, _, _ in unnoticed(suite)] == ["remove-row"]
    assert measure(suite).counts("rule", "row") == (0, 2)


def test_the_folder_of_a_source_is_left_as_it_is(tmp_path: Path) -> None:
    """Mutants are made in a copy of it."""
    suite = suite_of(tmp_path, {"a": 1}, mapping=mapping_of([A]))
    files = {path: path.read_bytes() for path in suite.source.folder.rglob("*") if path.is_file()}

    verdicts(suite)

    assert {path: path.read_bytes() for path in suite.source.folder.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_every_word_of_the_language_is_mutated(word: Path, tmp_path: Path) -> None:
    """Its fixture notices some of the mutants."""
    found = verdicts(suite_of_word(tmp_path, word))

    assert {verdict.mutant.code for verdict in found} <= {*MUTATIONS}
    assert any(verdict.noticed_by for verdict in found)
    assert all(json.loads(json.dumps(verdict.as_json())) for verdict in found)
