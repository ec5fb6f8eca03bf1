"""`springhead diff`, as the author of a source uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.commands import springhead
from support.folders import add_case, source_folder
from support.repositories import commit_all

MAPPING = {
    "integration": "Acme",
    "events": [{"type": "track", "event": {"from": "type"}}],
    "map": [
        {"from": "at", "to": "originalTimestamp"},
        {"from": "cents", "to": "properties.revenue"},
        {"from": "note", "to": "properties.note"},
    ],
}
PAID = '{"type": "paid", "id": 7, "cents": 1999, "at": "2024-03-15T10:15:30Z"}'


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A source of version 1.0.0, committed as `v1`, that now shifts its revenue."""
    source = {"name": "acme", "version": "1.0.0", "id": ["id"]}
    folder = source_folder(tmp_path, source=source, mapping=MAPPING)
    add_case(folder / "fixtures", "paid", request_json=PAID)
    commit_all(tmp_path, "v1")
    mapping = (folder / "mapping.json").read_text()
    (folder / "mapping.json").write_text(mapping.replace('"cents",', '"cents", "apply": [{"shift": -2}],'))
    return folder


def test_what_differs_is_shown_with_the_verdict(acme: Path) -> None:
    """And exit code 1 until the version has moved."""
    done = springhead(acme.parent, "diff", "acme", "--against", "v1")

    assert done.stdout == (
        "1 request: 1 event before, 1 after\n"
        "\n"
        "values changed (minor)\n"
        "  properties.revenue: 1999 -> 19.99  (once: paid)\n"
        "\n"
        "minor: values changed (properties.revenue)\n"
        "the version is still 1.0.0: make it 1.1.0\n"
    )
    assert done.returncode == 1


def test_a_version_that_has_moved_is_accepted(acme: Path) -> None:
    """With exit code 0."""
    about = (acme / "source.json").read_text()
    (acme / "source.json").write_text(about.replace("1.0.0", "1.1.0"))

    done = springhead(acme.parent, "diff", "acme", "--against", "v1")

    assert done.stdout.endswith("the version moved from 1.0.0 to 1.1.0\n")
    assert done.returncode == 0


def test_changed_ids_come_first(acme: Path) -> None:
    """They are named apart from other values, because retries are then told from nothing."""
    about = (acme / "source.json").read_text()
    (acme / "source.json").write_text(about.replace('["id"]', '["at"]'))

    done = springhead(acme.parent, "diff", "acme", "--against", "v1")

    lines = done.stdout.splitlines()
    assert lines[2] == "ids changed, which breaks deduplication (major)"
    assert [line.split(":")[0].strip() for line in lines[3:5]] == ["anonymousId", "messageId"]
    assert lines[-2] == "major: ids changed, which breaks deduplication (anonymousId, messageId)"


def test_samples_show_what_fixtures_do_not(acme: Path) -> None:
    """Captured bodies, of any size, and folders of fixtures."""
    (acme / "mapping.json").write_text(json.dumps(MAPPING).replace('"note"', '"text"', 1))
    captured = [PAID, '{"type": "paid", "note": "x", "at": "2024-03-15T10:15:31Z"}']
    (acme.parent / "captured.jsonl").write_text("\n".join(captured))

    without = springhead(acme.parent, "diff", "acme", "--against", "v1")
    done = springhead(acme.parent, "diff", "acme", "--against", "v1", "--samples", "captured.jsonl")

    assert "patch: the outputs of 1 request are the same" in without.stdout
    assert "2 requests: 3 events before, 3 after" in done.stdout
    assert '  properties.note: "x" -> nothing  (once: captured.jsonl)' in done.stdout
    assert "major: paths are gone (properties.note)" in done.stdout


def test_json_is_one_object(acme: Path) -> None:
    """With whole values."""
    done = springhead(acme.parent, "diff", "acme", "--against", "v1", "--json")

    assert json.loads(done.stdout) == {
        "source": "acme",
        "requests": 1,
        "events": {"before": 1, "after": 1},
        "differences": [
            {
                "kind": "changed-value",
                "level": "minor",
                "where": "properties.revenue",
                "before": 1999,
                "after": 19.99,
                "count": 1,
                "requests": ["paid"],
            }
        ],
        "verdict": "minor",
        "reason": "values changed (properties.revenue)",
        "version": {"before": "1.0.0", "after": "1.0.0", "needed": "1.1.0", "enough": False},
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--against", "v0"), "springhead: v0 is neither a folder nor a revision of "),
        (
            ("--against", "v1", "--samples", "nowhere.json"),
            "springhead: nowhere.json: no such file or directory\n",
        ),
        ((), "Missing option '--against'"),
    ],
)
def test_a_usage_error_ends_with_its_reason(acme: Path, arguments: tuple[str, ...], reason: str) -> None:
    """And exit code 2."""
    done = springhead(acme.parent, "diff", "acme", *arguments)

    assert reason in done.stderr
    assert done.returncode == 2
