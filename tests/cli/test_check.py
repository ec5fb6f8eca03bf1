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
    assert [problem["code"] for problem in json_lines(scripts.stdout)] == ["missing-key", "unknown-key"]
    assert people.returncode == scripts.returncode == 1


def test_bundled_sources_have_no_problems(tmp_path: Path) -> None:
    """Without names it checks every active source; not even advice is left."""
    done = springhead(tmp_path, "check", "--strict")

    assert "auth0: no problems\n" in done.stdout
    assert done.returncode == 0


def test_advice_fails_only_if_strict(tmp_path: Path) -> None:
    """It is marked as advice, and has a code and a place for scripts."""
    folder = source_folder(tmp_path, source={"id": ["id"]})
    (folder / "README.md").write_text("## Set it up\n## What comes out\n## Known limits\n")
    (folder / "fixtures" / "case").mkdir(parents=True)
    (folder / "fixtures" / "case" / "request.json").write_text('{"id": 7}')

    people = springhead(tmp_path, "check", str(folder))
    scripts = springhead(tmp_path, "check", "--json", str(folder))
    strict = springhead(tmp_path, "check", "--strict", str(folder))

    reason = "no row writes originalTimestamp, so events of one id differ by content alone"
    advice = "write the time, or read the delivery's id from a header (see Ids in docs/source-folder.md)"
    assert people.stdout == f"advice: {folder}/mapping.json:1 /events/0: {reason} [no-time] - {advice}\n"
    assert json_lines(scripts.stdout) == [
        {
            "folder": str(folder),
            "file": str(folder / "mapping.json"),
            "severity": "advice",
            "code": "no-time",
            "line": 1,
            "pointer": "/events/0",
            "reason": reason,
            "advice": advice,
        }
    ]
    assert (people.returncode, scripts.returncode, strict.returncode) == (0, 0, 1)
