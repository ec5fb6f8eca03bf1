"""What `springhead check` advises, kind by kind, and where it keeps silent."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from springhead.kit.check import Finding, check_folders
from springhead.kit.check.finding import ADVICE
from support.folders import source_folder
from support.hosts import HOST
from support.paths import DOCS, FIXTURES

SOUND = FIXTURES / "mistakes" / "sound"
TRACK = {"type": "track", "event": "E"}


def findings(folder: Path) -> list[Finding]:
    """What is found in a folder."""
    (checked,) = check_folders(HOST, [str(folder)])
    return list(checked.findings)


def advice(tmp_path: Path, code: str, **files: Any) -> list[str]:
    """Where a folder of these files gets this advice; a list of bodies makes fixtures."""
    bodies = files.pop("bodies", [])
    folder = source_folder(tmp_path, **files)
    for index, body in enumerate(bodies):
        case = folder / "fixtures" / f"case-{index}"
        case.mkdir(parents=True)
        (case / "request.json").write_text(json.dumps(body))
    return [f"{found.file}{found.pointer}" for found in findings(folder) if found.code == code]


def mapping(*rules: dict[str, Any], rows: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    """Write a mapping with these rules and shared rows."""
    return {"integration": "A", "events": list(rules or [TRACK]), "map": rows or [], **more}


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A copy of a source of which there is nothing to say."""
    return Path(shutil.copytree(SOUND, tmp_path / "acme"))


TIMED = [{"from": "at", "to": "originalTimestamp"}]


@pytest.mark.parametrize(
    ("ids", "rule", "advised"),
    [
        (["id"], TRACK, True),
        (["$item.id", "id"], TRACK, True),
        (["id"], {**TRACK, "map": TIMED}, False),
        (["id"], {**TRACK, "pass": True}, False),
        (["id"], {"type": "drop"}, False),
        (["$request.headers.x-id", "id"], TRACK, False),
        ([{"template": "{id}@{at}"}], TRACK, False),
        ([], TRACK, False),
    ],
)
def test_an_entitys_id_needs_a_time(
    tmp_path: Path, ids: list[object], rule: dict[str, Any], advised: bool
) -> None:
    """The same id comes back with every change of the entity."""
    found = advice(tmp_path, "no-time", source={"id": ids}, mapping=mapping(rule))

    assert found == ["mapping.json/events/0"] * advised


@pytest.mark.parametrize(
    ("first", "second", "unreachable"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": ["x", "y"]}, {"a": "x"}, True),
        ({"a": {"prefix": "x"}}, {"a": {"prefix": "xy"}}, True),
        ({"a": {"exists": True}}, {"a": "x", "b": 1}, True),
        ({"a": {"not": "x"}}, {"a": "y"}, True),
        ({"a": {"matches": "^x"}}, {"a": ["xy", "xz"]}, True),
        ({"any": [{"a": 1}, {"b": 2}]}, {"b": 2, "c": 3}, True),
        ({"a": 1}, {"any": [{"a": 1, "b": 2}, {"a": 1, "c": 3}]}, True),
        ({"a": {"matches": "^x"}}, {"a": {"matches": "^x"}}, True),
        ({"a": "x"}, {"a": ["x", "y"]}, False),
        ({"a.*": "x"}, {"a.*": "x", "b": 1}, True),
        ({"a.*": {"not": "x"}}, {"a.*": "y"}, False),
        ({"a": "x", "b": 1}, {"a": "x"}, False),
        ({"a": {"not": "x"}}, {"a": {"prefix": "x"}}, False),
        ({"any": [{"a": 1}, {"b": 2}]}, {"c": 2}, False),
    ],
)
def test_a_rule_is_unreachable_behind_one_that_takes_all_it_would(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], unreachable: bool
) -> None:
    """Unless every matching rule makes an event."""
    rules = ({**TRACK, "when": first}, {**TRACK, "when": second})

    once = advice(tmp_path / "first", "unreachable-rule", mapping=mapping(*rules))
    all_ = advice(tmp_path / "all", "unreachable-rule", mapping=mapping(*rules, emit="all"))

    assert (once, all_) == (["mapping.json/events/1"] * unreachable, [])


@pytest.mark.parametrize(
    "when",
    [
        {"a": "x", "any": [{"a": "y"}, {"a": "z"}]},
        {"a": {"exists": False, "prefix": "x"}},
        {"a": {"prefix": "x", "not": {"exists": True}, "exists": False}},
    ],
)
def test_a_condition_that_contradicts_itself_is_unreachable(tmp_path: Path, when: dict[str, Any]) -> None:
    """No record satisfies it."""
    found = advice(tmp_path, "unreachable-rule", mapping=mapping({**TRACK, "when": when}))

    assert found == ["mapping.json/events/0/when"]


def test_conditions_on_many_values_may_hold_together(tmp_path: Path) -> None:
    """One label is `x`, another is `y`."""
    when = {"labels.*": "x", "any": [{"labels.*": "y"}]}

    assert advice(tmp_path, "unreachable-rule", mapping=mapping({**TRACK, "when": when})) == []


def test_a_reply_to_everything_leaves_no_record(tmp_path: Path) -> None:
    """Replies are tried before the rules."""
    found = advice(tmp_path, "unreachable-rule", mapping=mapping(reply=[{"body": "ok"}]))

    assert found == ["mapping.json/reply/0"]


@pytest.mark.parametrize(
    ("earlier", "later", "loses"),
    [
        ({"from": "a"}, {"from": "a", "apply": ["lower"]}, True),
        ({"from": ["a", "b"]}, {"from": ["b", "a"]}, True),
        ({"from": "a", "else": "x"}, {"from": "b"}, True),
        ({"value": "x"}, {"from": "b"}, True),
        ({"from": "a", "when": {"b": 1}}, {"from": "a", "when": {"b": 1}}, True),
        ({"from": "a", "apply": ["lower"]}, {"from": "a"}, False),
        ({"from": "a"}, {"from": "a", "apply": ["flatten"]}, False),
        ({"from": "a"}, {"from": "a", "lookup": "objects"}, False),
        ({"from": "a", "when": {"b": 1}}, {"from": "a"}, False),
        ({"from": ["a", "b"]}, {"from": "a"}, False),
        ({"value": {"x": 1}}, {"from": "a"}, False),
        ({"from": "a", "pick": ["b"]}, {"from": "a"}, False),
    ],
)
def test_a_row_never_wins_behind_one_that_always_has_a_value(
    tmp_path: Path, earlier: dict[str, Any], later: dict[str, Any], loses: bool
) -> None:
    """The first row that gives a value wins; objects fill each other in."""
    rows = [{**earlier, "to": "properties.x"}, {**later, "to": "properties.x"}]

    found = advice(tmp_path, "never-wins", mapping=mapping(rows=rows), objects={"x": {"a": 1}})

    assert found == ["mapping.json/map/1"] * loses


def test_a_row_that_loses_in_every_fixture_is_shown(tmp_path: Path) -> None:
    """Here the object that is written first holds what a later row would write."""
    rows = [{"from": "a", "to": "properties"}, {"from": "b", "to": "properties.b"}]

    found = advice(tmp_path, "never-wins", mapping=mapping(rows=rows), bodies=[{"a": {"b": 1}, "b": 2}])

    assert found == ["mapping.json/map/1"]


def test_what_a_row_writes_into_an_element_is_not_held_against_the_event_spec(tmp_path: Path) -> None:
    """Only events have the fields of events."""
    row = {"from": "a", "each": [{"from": "b", "to": "card"}], "to": "properties.cards"}

    assert advice(tmp_path, "unknown-target", mapping=mapping(rows=[row])) == []


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("property.card", "unknown-target"),
        ("custom", "unknown-target"),
        ("context.trait.email", "unknown-target"),
        ("context.device.modle", "unknown-target"),
        ("context.traits.first_name", "unknown-target"),
        ("traits.plan", "wrong-target"),
        ("groupId", "wrong-target"),
        ("name", "wrong-target"),
        ("properties.traits.first_name", None),
        ("context.traits.anything", None),
        ("context.device.id", None),
        ("context.externalId[]", None),
        ("originalTimestamp", None),
    ],
)
def test_targets_are_held_against_the_event_spec(tmp_path: Path, target: str, code: str | None) -> None:
    """A track event has no traits, and no event a `property`."""
    folder = source_folder(tmp_path, mapping=mapping(rows=[{"from": "a", "to": target}]))

    found = [found.code for found in findings(folder) if found.pointer == "/map/0/to"]

    assert found == ([code] if code else [])


def test_shared_rows_may_write_what_only_some_rules_need(tmp_path: Path) -> None:
    """Traits are right where one rule identifies."""
    rules = (TRACK, {"type": "identify"})

    found = advice(
        tmp_path, "wrong-target", mapping=mapping(*rules, rows=[{"from": "a", "to": "traits.a"}], emit="all")
    )

    assert found == []


def test_without_fixtures_a_path_is_held_against_the_schema(tmp_path: Path) -> None:
    """A path that is nearly described is probably misspelt; one that is not may be right."""
    schema = {"type": "object", "properties": {"customer": {"type": "object", "properties": {"id": {}}}}}
    rows = [{"from": "custmer.id", "to": "userId"}, {"from": "browser", "to": "properties.browser"}]

    found = advice(tmp_path, "unknown-path", mapping=mapping(rows=rows), schema=schema)

    assert found == ["mapping.json/map/0/from"]


def test_a_path_the_schema_names_but_no_fixture_has_is_unseen(tmp_path: Path) -> None:
    """It is no typing error, but nothing shows that it works."""
    schema = {"type": "object", "properties": {"coupon": {"type": "string"}}}
    rows = [{"from": "coupon", "to": "properties.coupon"}]

    found = advice(tmp_path, "unseen-path", mapping=mapping(rows=rows), schema=schema, bodies=[{"a": 1}])

    assert found == ["mapping.json/map/0/from"]


def test_references_and_alternatives_of_a_schema_are_followed(tmp_path: Path) -> None:
    """The type of a member may be said elsewhere."""
    schema = {
        "$defs": {"id": {"type": "integer"}},
        "type": "object",
        "properties": {
            "id": {"$ref": "#/$defs/id"},
            "ref": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
    }
    rows = [{"from": name, "apply": ["lower"], "to": f"properties.{name}"} for name in ("id", "ref", "either")]

    found = advice(tmp_path, "wrong-function", mapping=mapping(rows=rows), schema=schema)

    assert found == ["mapping.json/map/0/apply/0", "mapping.json/map/1/apply/0"]


def test_paths_with_stars_lead_to_lists(tmp_path: Path) -> None:
    """What is beyond the star is held against the fixtures, and a function for text does not take a list."""
    schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"properties": {"sku": {"type": "string"}}}}},
    }
    rows = [
        {"from": "items.*.sku", "apply": [{"join": " "}], "to": "properties.skus"},
        {"from": "items.*.sku", "apply": ["lower"], "to": "properties.lower"},
        {"from": "items.*.sku.code", "to": "properties.codes"},
        {"all": ["items.*.name", "items.*.sku"], "to": "properties.names"},
    ]
    folder = source_folder(tmp_path, mapping=mapping(rows=rows), schema=schema)
    shutil.copytree(SOUND / "fixtures", folder / "fixtures")
    (folder / "fixtures" / "others" / "request.json").write_text('{"items": [{"sku": "tea"}]}')

    found = [(found.code, found.pointer) for found in findings(folder) if found.file == "mapping.json"]

    assert found == [
        ("wrong-function", "/map/1/apply/0"),
        ("impossible-path", "/map/2/from"),
        ("unknown-path", "/map/3/all/0"),
    ]


def test_each_path_of_each_is_held_against_the_elements(tmp_path: Path) -> None:
    """`$parent` is the record, and both rules and rows take lists apart."""
    rule = {"type": "track", "event": {"from": "name"}, "each": "list"}
    rows = [{"from": "$parent.who", "to": "userId"}, {"from": "$parent.whom", "to": "properties.whom"}]

    found = advice(
        tmp_path,
        "unknown-path",
        mapping=mapping(rule, rows=rows),
        bodies=[{"who": "a", "list": [{"name": "E"}]}],
    )

    assert found == ["mapping.json/map/1/from"]


def test_what_is_picked_is_looked_for_in_what_is_copied(tmp_path: Path) -> None:
    """That is an object, or each object of a list."""
    rows = [
        {"from": "one", "pick": ["a", "b"], "to": "properties.one"},
        {"from": "many", "omit": ["a", "b"], "to": "properties.many"},
    ]

    found = advice(
        tmp_path, "unknown-path", mapping=mapping(rows=rows), bodies=[{"one": {"a": 1}, "many": [{"b": 1}]}]
    )

    assert found == ["mapping.json/map/0/pick/1", "mapping.json/map/1/omit/0"]


def test_a_star_of_a_listed_path_may_name_the_elements_of_a_list(tmp_path: Path) -> None:
    """As it does where they are masked; a list of nothing has none."""
    listed = ["ids.*", "users.*", "users.*.email", "users.email", "none.*", "ids.*.email"]
    body = {"ids": ["a"], "users": [{"email": "ada@example.com"}], "none": []}

    found = advice(tmp_path, "unknown-path", source={"pii": listed}, bodies=[body])

    assert found == ["source.json/pii/4", "source.json/pii/5"]


def test_a_path_from_the_event_needs_a_row_that_writes_it(tmp_path: Path) -> None:
    """Nothing else puts a value there."""
    rows = [
        {"from": "a", "to": "userId"},
        {"from": "$event.userId", "to": "properties.user"},
        {"from": "$event.user", "to": "properties.other"},
    ]

    assert advice(tmp_path, "unknown-path", mapping=mapping(rows=rows)) == ["mapping.json/map/2/from"]


@pytest.mark.parametrize(
    ("first", "second", "advised"),
    [
        ({"when": {"$config.x": True}}, {"when": {"$config.x": "yes"}}, True),
        ({"when": {"$config.x": False}}, {"template": "{$config.x}"}, True),
        ({"when": {"$config.x": True}}, {"when": {"$config.x": {"not": True}}}, False),
    ],
)
def test_a_setting_has_one_type(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], advised: bool
) -> None:
    """An operator can only give it one."""
    rows = [
        {"from": "a", **first, "to": "properties.a"},
        {**({} if "template" in second else {"from": "b"}), **second, "to": "properties.b"},
    ]

    assert len(advice(tmp_path, "setting-types", mapping=mapping(rows=rows))) == advised


@pytest.mark.parametrize("name", ["redact", "redacted", "allow_header", "signing_secrets"])
def test_a_setting_is_not_named_like_one_of_ours(tmp_path: Path, name: str) -> None:
    """Who misspells the one would set the other."""
    row = {"from": f"$config.{name}", "to": "properties.x"}

    assert advice(tmp_path, "setting-name", mapping=mapping(rows=[row])) == ["mapping.json/map/0/from"]


@pytest.mark.parametrize(
    ("schema", "code", "pointer"),
    [
        ({"propertys": {}}, "unknown-keyword", "/propertys"),
        ({"properties": {"a": {"minLenght": 1}}}, "unknown-keyword", "/properties/a/minLenght"),
        ({"required": ["b"], "properties": {"a": {"type": "string"}}}, "unknown-required", "/required/0"),
        (
            {"properties": {"a": {"type": "string", "format": "email"}}},
            "format-ignored",
            "/properties/a/format",
        ),
        ({"properties": {"a": {"type": "string", "minimum": 1}}}, "no-effect", "/properties/a/minimum"),
        ({"properties": {"a": {"minLength": 1}}}, "no-type", "/properties/a"),
        ({"properties": {"format": {"type": "string"}, "x-y": True}, "x-note": 1}, "", ""),
        ({"properties": {"a": {"type": ["integer", "null"], "minimum": 1}}}, "", ""),
    ],
)
def test_what_a_schema_says_in_vain_is_shown(
    tmp_path: Path, schema: dict[str, Any], code: str, pointer: str
) -> None:
    """JSON Schema ignores what it does not know."""
    folder = source_folder(tmp_path, schema=schema)

    found = [(found.code, found.pointer) for found in findings(folder) if found.file == "schema.json"]

    assert found == ([(code, pointer)] if code else [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc", "secret-in-fixture"),
        ("xoxb-" + "123456789012-abcdefghijkl", "secret-in-fixture"),
        ("-----BEGIN " + "RSA PRIVATE KEY-----", "secret-in-fixture"),
        ("somebody@real-company.com", "person-in-fixture"),
        ("8.8.8.8", "person-in-fixture"),
        ("+49 30 1234567", "person-in-fixture"),
        ("ada@example.com", None),
        ("ada@shop.example.org", None),
        ("203.0.113.7 and 10.0.0.1", None),
        ("+1 555 0100", None),
        ("version 1.2.3.4.5", None),
    ],
)
def test_fixtures_hold_invented_people_and_no_secrets(tmp_path: Path, text: str, code: str | None) -> None:
    """What they hold is in the repository for ever."""
    folder = source_folder(tmp_path)
    case = folder / "fixtures" / "case"
    case.mkdir(parents=True)
    (case / "request.json").write_text(json.dumps({"a": 1, "b": text}, indent=2))

    found = [(found.code, found.file, found.line) for found in findings(folder) if "in-fixture" in found.code]

    assert found == ([(code, "fixtures/case/request.json", 3)] if code else [])


def test_what_came_with_a_body_is_searched_as_well(sound: Path) -> None:
    """Headers hold tokens, and settings are real."""
    meta = {"headers": {"Authorization": "Bearer " + "ghp_" + "0" * 36}}
    (sound / "fixtures" / "others" / "request.meta.json").write_text(json.dumps(meta))

    found = [(found.file, found.code) for found in findings(sound)]

    assert found == [("fixtures/others/request.meta.json", "secret-in-fixture")]


@pytest.mark.parametrize(
    ("secrets", "advised"),
    [([], True), (["user.tokens"], True), (["user.token"], False), (["**.token"], False), (["user"], False)],
)
def test_what_is_named_like_a_secret_is_to_be_listed(tmp_path: Path, secrets: list[str], advised: bool) -> None:
    """Lists need no step."""
    bodies = [{"user": [{"token": "t"}], "tokens": 7, "token": ""}]

    found = advice(tmp_path, "unlisted-secret", source={"secrets": secrets}, bodies=bodies)

    assert found == ["source.json/secrets"] * advised


@pytest.mark.parametrize(("secrets", "code"), [(["**.token"], None), ([], "unlisted-secret")])
def test_a_secret_may_be_around_the_record(tmp_path: Path, secrets: list[str], code: str | None) -> None:
    """A row that reads `$item` reads it, and `redact` masks it there."""
    source = source_folder(tmp_path, source={"unwrap": ["data"], "secrets": secrets})
    case = source / "fixtures" / "case"
    case.mkdir(parents=True)
    (case / "request.json").write_text(json.dumps({"token": "t", "data": {"a": 1}}))

    found = [found.code for found in findings(source) if found.pointer.startswith("/secrets")]

    assert found == ([code] if code else [])


def test_the_sections_of_the_readme_are_checked(sound: Path) -> None:
    """An operator looks for how to set the source up, what comes of it, and what does not."""
    readme = sound / "README.md"
    readme.write_text(readme.read_text().replace("## Known limits", "## Notes"))
    without_section = findings(sound)
    readme.unlink()

    assert [found.reason for found in without_section] == ["README.md has no section 'Known limits'"]
    assert [found.reason for found in findings(sound)] == ["README.md is missing"]


def test_a_vendor_that_signs_needs_a_signature(sound: Path) -> None:
    """The README says that it does; source.json must say how."""
    with (sound / "README.md").open("a") as readme:
        readme.write("Acme sends an HMAC of the body.\n")

    unsigned = findings(sound)
    about = json.loads((sound / "source.json").read_text())
    signature = {"header": "x-acme-signature", "hmac": "sha256", "format": "{hex}"}
    (sound / "source.json").write_text(json.dumps({**about, "signature": signature}))

    assert [(found.file, found.code) for found in unsigned] == [("source.json", "unsigned")]
    assert findings(sound) == []


def test_a_source_without_fixtures_proves_nothing(sound: Path) -> None:
    """It is said once, not for every path."""
    shutil.rmtree(sound / "fixtures")

    assert [found.code for found in findings(sound)] == ["no-fixtures"]


def test_a_fixture_that_cannot_be_read_is_shown(sound: Path) -> None:
    """The others count all the same."""
    (sound / "fixtures" / "empty").mkdir()

    assert [(found.file, found.code) for found in findings(sound)] == [("fixtures/empty", "bad-fixture")]


def test_fixtures_of_a_project_stand_beside_its_tests(sound: Path) -> None:
    """`tests/fixtures/NAME` under the nearest pyproject.toml comes before the source's own folder."""
    (sound.parent / "pyproject.toml").touch()
    shutil.move(sound / "fixtures", sound.parent / "tests" / "fixtures" / "acme")

    assert findings(sound) == []


def waived(sound: Path, *waivers: dict[str, str]) -> list[tuple[str, str]]:
    """What is found with these waivers, after a row was made to read nothing."""
    text = (sound / "mapping.json").read_text()
    (sound / "mapping.json").write_text(text.replace('"customer.id"', '"custmer.id"'))
    about = json.loads((sound / "source.json").read_text())
    (sound / "source.json").write_text(json.dumps({**about, "waive": waivers}))
    return [(found.code, f"{found.file}{found.pointer}") for found in findings(sound)]


@pytest.mark.parametrize("at", [None, "mapping.json", "mapping.json/map/0", "mapping.json/map/0/from"])
def test_a_waiver_silences_advice_at_a_place_and_below(sound: Path, at: str | None) -> None:
    """Without a place, everywhere."""
    place = {} if at is None else {"at": at}

    assert waived(sound, {"code": "unknown-path", "reason": "Only old accounts have it.", **place}) == []


@pytest.mark.parametrize(
    ("waiver", "reason"),
    [
        ({"code": "unknown-path", "at": "mapping.json/map/1"}, "there is no unknown-path to waive here"),
        ({"code": "unknown-pth"}, "there is no advice 'unknown-pth'"),
    ],
)
def test_a_waiver_of_nothing_is_shown(sound: Path, waiver: dict[str, str], reason: str) -> None:
    """What it was for may have been mended, and the next finding must not hide behind it."""
    found = waived(sound, {"reason": "Once it was so.", **waiver})

    assert found == [("unknown-path", "mapping.json/map/0/from"), ("unused-waiver", "source.json/waive/0")]
    assert findings(sound)[1].reason == reason


def test_a_waiver_gives_a_reason(sound: Path) -> None:
    """It is for whoever reads the folder next."""
    assert waived(sound, {"code": "unknown-path"}) == [("missing-key", "source.json/waive/0")]


@pytest.mark.parametrize("code", ["not-run", "remove-row"])
def test_waivers_of_other_commands_are_not_unused(sound: Path, code: str) -> None:
    """`springhead coverage` and `springhead mutate` say of theirs whether they are needed."""
    about = json.loads((sound / "source.json").read_text())
    waiver = {"code": code, "at": "mapping.json/map/0", "reason": "No fixture can."}
    (sound / "source.json").write_text(json.dumps({**about, "waive": [waiver]}))

    assert findings(sound) == []


@pytest.mark.parametrize(
    ("path", "is_advised"), [("b", False), ("b.c", False), ("$item.sent", False), ("a", True), ("x", True)]
)
def test_unmapped_leaves_something_out(tmp_path: Path, path: str, is_advised: bool) -> None:
    """A path that a row reads, or at which no fixture has a value, is in the list for nothing."""
    found = advice(
        tmp_path,
        "unused-unmapped",
        source={"unwrap": ["data"], "unmapped": [{"paths": [path], "reason": "Only browsers need it."}]},
        mapping=mapping(rows=[{"from": "a", "to": "properties.a"}]),
        bodies=[{"sent": 1, "data": {"a": 1, "b": {"c": 1}}}],
    )

    assert found == (["source.json/unmapped/0/paths/0"] if is_advised else [])


def test_every_code_is_documented() -> None:
    """With what it means and what to do; and there is no other."""
    documented = re.findall(r"^\| `([a-z][a-z-]+)` \|", (DOCS / "check.md").read_text(), re.MULTILINE)

    assert documented == list(ADVICE)
