"""`springhead check` finds what is wrong with source folders."""

from __future__ import annotations

from pathlib import Path

from support.commands import json_lines, springhead
from support.folders import source_folder


def test_it_reports_all_problems(tmp_path: Path) -> None:
    """With file and line for people, as JSON lines for scripts; exit code 1."""
    folder = source_folder(tmp_path, mapping={"integration": "Acme"}, source={"unrap": []})
    rules = "The rules: which records become which event, in this order."

    people = springhead(tmp_path, "check", str(folder))
    scripts = springhead(tmp_path, "check", "--json", str(folder))

    assert people.stdout.splitlines() == [
        f"{folder}/mapping.json:1: events is missing [missing-key] - {rules}",
        f"{folder}/source.json:1 /unrap: 'unrap' is not known here [unknown-key] - did you mean unwrap?",
    ]
    assert [problem["rule"] for problem in json_lines(scripts.stdout)] == ["missing-key", "unknown-key"]
    assert people.returncode == scripts.returncode == 1


def test_bundled_sources_have_no_problems(tmp_path: Path) -> None:
    """Without names it checks every active source."""
    done = springhead(tmp_path, "check")

    assert "auth0: no problems\n" in done.stdout
    assert done.returncode == 0


def test_a_warning_is_not_a_failure(tmp_path: Path) -> None:
    """It is marked as one, and the exit code is 0."""
    folder = source_folder(tmp_path, source={"id": ["id"]})

    people = springhead(tmp_path, "check", str(folder))
    scripts = springhead(tmp_path, "check", "--json", str(folder))

    assert people.stdout.startswith(
        f"warning: {folder}/mapping.json:1 /events/0: no row writes originalTimestamp"
    )
    assert [(line["severity"], line["rule"]) for line in json_lines(scripts.stdout)] == [("warning", "no-time")]
    assert people.returncode == scripts.returncode == 0
