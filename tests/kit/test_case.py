"""Fixtures: what a case may hold, and where the cases of a source are."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead import load_source
from springhead.core.errors import InvalidFixture
from springhead.kit.case import Case, case_folder
from support.folders import add_case, source_folder


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "has no request: there must be one of request.json, request.jsonl, request.txt"),
        ({"request_json": "{}", "request_txt": "{}"}, "has 2 requests: there must be one of"),
        (
            {"request_json": "{}", "request_meta_json": '{"header": {}}'},
            "has an unknown key 'header' in request.meta.json: did you mean headers?",
        ),
        (
            {"request_json": "{}", "request_meta_json": "[]"},
            "has a request.meta.json that is not a JSON object",
        ),
        (
            {"request_json": "{}", "request_meta_json": "{,}"},
            "has a request.meta.json that is not a JSON object",
        ),
        (
            {"request_json": "{}", "request_meta_json": "[" * 100_000},
            "has a request.meta.json that is not a JSON object",
        ),
        (
            {"request_json": "{}", "request_meta_json": '{"headers": {"X-Count": 1}}'},
            "has a mistake in request.meta.json: Expected `str | array`, got `int` - at `$.headers[...]`",
        ),
        ({"request_json": "{}", "request_meta_json": '{"config": []}'}, "has a config that is not an object"),
    ],
)
def test_a_slip_in_a_case_is_named(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    """A misspelt key would leave the headers out without a word."""
    folder = add_case(tmp_path, "slip", **files)
    case = Case("acme", folder)

    with pytest.raises(InvalidFixture) as error:
        (case.request(), case.config)

    assert str(error.value).startswith(f"{folder} {reason}")


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    """As is any other file that cannot be read."""
    folder = add_case(tmp_path, "slip", request_json="{}")
    (folder / "request.meta.json").mkdir()

    with pytest.raises(InvalidFixture, match=r"is not a JSON object: .*Is a directory"):
        Case("acme", folder).request()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"items": [1, 1e400]}', '{"items":["1e400",1]}'),
        ("[" * 100_000, None),
        ('{"items": 1}', None),
    ],
    ids=["number beyond float64", "nested too deep", "no batch"],
)
def test_a_batch_is_reversed_as_the_host_reads_it(tmp_path: Path, body: str, expected: str | None) -> None:
    """No number in it becomes another, and what the host does not read is not reversed."""
    source = load_source(source_folder(tmp_path / "acme", source={"name": "acme", "batch": ["items"]}))
    case = Case("acme", add_case(tmp_path, "batch", request_json=body))

    assert case.reversed_body(source) == (expected and expected.encode())


def test_cases_are_in_the_project_of_the_source(tmp_path: Path) -> None:
    """The nearest pyproject.toml above the source counts; only a source without either is tested elsewhere."""
    folder = source_folder(tmp_path / "project" / "src")
    source, nearby = load_source(folder), tmp_path / "elsewhere" / "tests"
    nearby.mkdir(parents=True)

    assert case_folder(source, nearby) == folder / "fixtures"
    (tmp_path / "elsewhere" / "pyproject.toml").touch()
    assert case_folder(source, nearby) == tmp_path / "elsewhere" / "tests" / "fixtures" / "acme"
    (folder / "fixtures").mkdir()
    assert case_folder(source, nearby) == folder / "fixtures"
    (tmp_path / "project" / "pyproject.toml").touch()
    assert case_folder(source, nearby) == tmp_path / "project" / "tests" / "fixtures" / "acme"
