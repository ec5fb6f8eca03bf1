"""The sample on the page of a source: which fixture it is, and how it is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import load_source
from springhead.core.errors import InvalidFixture
from springhead.kit.find_source import find_source
from springhead.kit.page.page import write_page
from springhead.kit.page.sample_choice import rank_cases
from springhead.kit.page.source_files import read_source_files
from support.folders import add_case, source_folder

COPY = {"from": "$", "to": "properties"}


def sample_of(folder: Path) -> str:
    """The sample on the page of the source in a folder."""
    page = write_page(load_source(folder), folder)
    return page.partition("\n## A sample\n\n")[2].partition("\n\n## ")[0].strip()


@pytest.mark.parametrize(
    ("best", "other"),
    [
        ({"body": '{"n": 1, "b": 1}'}, {"body": '{"n": 1}'}),
        ({"body": '{"n": 1}'}, {"body": '{"n": 1, "b": 1}', "config": {"redact": "off"}}),
        ({"body": '{"n": 1}'}, {"body": '[{"n": 1, "b": 1}, {"n": 2}]'}),
        ({"body": '{"n": 1}'}, {"body": '[{"n": 1, "b": 1}, {}]'}),
        ({"body": '{"n": 1}'}, {"body": '{"n": 1, "b": "\\u0000"}'}),
        ({"body": '{"n": 1}'}, {"body": '{"n": 1, "b": 1e400}'}),
        ({"body": '{"n": 1}'}, {"body": json.dumps({"n": 1, "b": "x" * 5_000})}),
        ({"body": '{"n": 1}'}, {"body": '{"n":  1}'}),
    ],
)
def test_the_sample_is_the_fixture_that_shows_most(
    tmp_path: Path, best: dict[str, Any], other: dict[str, Any]
) -> None:
    """What everyone gets, in plain JSON of a size that can be read."""
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"}], "map": [COPY]}
    folder = source_folder(tmp_path, mapping=mapping, schema={"required": ["n"]})
    for name, request in (("a", other), ("b", best)):
        meta = json.dumps({"config": request.get("config", {})})
        add_case(folder / "fixtures", name, request_json=request["body"], request_meta_json=meta)
    source = load_source(folder)
    host, _ = find_source(str(folder))

    ranked = rank_cases(host, read_source_files(source, folder).cases)

    assert ranked[0].folder.name == "b"


def test_source_json_can_name_the_sample(tmp_path: Path) -> None:
    """Whatever others there are."""
    folder = source_folder(tmp_path, source={"name": "acme", "sample": "long"})
    add_case(folder / "fixtures", "short", request_json="{}")
    add_case(folder / "fixtures", "long", request_json='{"type": "quite long"}')

    assert '"type": "quite long"' in sample_of(folder)


def test_a_body_is_shown_as_it_was_posted_if_it_is_not_plain_json(tmp_path: Path) -> None:
    """Its numbers stay as they are written."""
    folder = source_folder(tmp_path)
    add_case(folder / "fixtures", "a", request_json='{"n": 1e400}')

    assert '```\n{"n": 1e400}\n```' in sample_of(folder)


def test_a_call_without_a_body_is_shown_by_its_query(tmp_path: Path) -> None:
    """Without the write key."""
    folder = source_folder(tmp_path, source={"formats": ["query"]})
    meta = json.dumps({"query": {"event": "install", "writeKey": "an-example-key"}})
    add_case(folder / "fixtures", "a", request_txt="", request_meta_json=meta)

    sample = sample_of(folder)

    assert sample.startswith("This request:\n\n```\n?event=install\n```")


def test_a_sample_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """With the nearest fixture."""
    folder = source_folder(tmp_path, source={"sample": "payed"})
    add_case(folder / "fixtures", "paid", request_json="{}")

    with pytest.raises(InvalidFixture, match=r"payed is not a fixture: .*did you mean paid"):
        sample_of(folder)


def test_a_sample_without_an_event_is_an_error(tmp_path: Path) -> None:
    """It would show nothing."""
    folder = source_folder(tmp_path, source={"sample": "empty"})
    add_case(folder / "fixtures", "empty", request_json="[]")

    with pytest.raises(InvalidFixture, match="empty has no event: name another sample"):
        sample_of(folder)


def test_a_sample_shows_no_signature(tmp_path: Path) -> None:
    """Only headers and query values that a mapping may read, and settings that are not secret."""
    folder = source_folder(
        tmp_path, source={"signature": {"header": "x-sign", "hmac": "sha256", "format": "{hex}"}}
    )
    headers = {"X-Sign": "00", "Authorization": "x", "X-Acme-Event": "paid"}
    add_case(folder / "fixtures", "a", request_json="{}", request_meta_json=json.dumps({"headers": headers}))

    sample = sample_of(folder)

    assert sample.startswith("This request:\n\n```\nx-acme-event: paid\n```")
