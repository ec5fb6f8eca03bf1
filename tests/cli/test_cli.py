"""The command line as a person at a terminal, or a script, meets it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.folders import source_folder

SPRINGHEAD = str(Path(sys.executable).parent / "springhead")
LOG = {"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}
BAD = {"log_id": "2", "data": {"type": 7}}


def springhead(*arguments: str, body: bytes = b"", **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command."""
    return subprocess.run(
        [SPRINGHEAD, *arguments], input=body, capture_output=True, check=False, timeout=120, **more
    )


def json_lines(text: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in text.splitlines() if line.startswith(b"{")]


def test_transform_writes_events_and_sums_up() -> None:
    """Events go to stdout, the summary to stderr, and all well is exit code 0."""
    done = springhead("transform", "auth0", body=json.dumps([LOG, LOG]).encode())

    assert [event["type"] for event in json_lines(done.stdout)] == ["track", "track"]
    assert done.stderr == b"2 events (2 track), 0 rejected, 0 dropped\n"
    assert done.returncode == 0


def test_rejections_are_json_lines_on_stderr_and_exit_code_1() -> None:
    """A rejected record is shown whole, and costs the good one nothing."""
    done = springhead("transform", "auth0", "-", body=json.dumps([LOG, BAD]).encode())

    (rejection,) = json_lines(done.stderr)
    assert (rejection["pointer"], rejection["rule"], rejection["record"]) == (
        "/1/data/type",
        "schema/type",
        BAD,
    )
    assert len(json_lines(done.stdout)) == 1
    assert done.returncode == 1


def test_rejections_go_to_a_file_where_one_is_named(tmp_path: Path) -> None:
    """`--rejected FILE` keeps stderr for people."""
    kept = tmp_path / "rejected.jsonl"

    done = springhead("transform", "auth0", "--rejected", str(kept), body=json.dumps([BAD]).encode())

    assert json_lines(kept.read_bytes())[0]["record"] == BAD
    assert done.stderr == b"0 events, 1 rejected, 0 dropped\n"


def test_files_and_settings(tmp_path: Path) -> None:
    """Several files are read in turn; `--set` takes JSON where it is JSON, else text."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(
            json.dumps({"type": "s", "extra": 1, "details": {"link": "https://example.com"}})
        )

    settings = ("--set", "redact=secrets", "--set", "extra_properties=true")
    done = springhead("transform", "auth0", *settings, str(tmp_path / "a"), str(tmp_path / "b"))

    first, second = json_lines(done.stdout)
    assert first == second
    assert first["properties"]["details"] == {"link": "*****"}
    assert first["properties"]["extra"] == 1


def test_a_file_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    """Opened for rejections it would be empty before it is read."""
    logs = tmp_path / "logs.json"
    logs.write_text(json.dumps(LOG))

    done = springhead("transform", "auth0", "--rejected", str(logs), str(logs))

    assert b"is one of the files to read: name another" in done.stderr
    assert (done.returncode, json.loads(logs.read_text())) == (2, LOG)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("transform", "auht0"), b"springhead: no active source 'auht0': did you mean auth0?\n"),
        (("transform", "auth0", "--set", "redact=all"), b"redact is 'all': use one of off, secrets, pii"),
        (
            ("transform", "auth0", "--set", "extra_propertes=true"),
            b"no setting 'extra_propertes': did you mean extra_properties?",
        ),
        (("transform", "auth0", "--set", "redact"), b"--set 'redact' is no setting: write NAME=VALUE"),
        (("transform", "auth0", "/nowhere/at/all"), b"/nowhere/at/all: no such file or directory"),
        (("transform", "./nowhere"), b"there is no folder nowhere"),
        (("transform",), b"Missing argument"),
        (("check", "nothing"), b"no active source 'nothing': "),
        (("nonsense",), b"No such command"),
    ],
)
def test_misuse_is_one_clear_line_and_exit_code_2(arguments: tuple[str, ...], reason: bytes) -> None:
    """A caller's mistake is never a traceback."""
    done = springhead(*arguments)

    assert reason in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode == 2


def test_a_closed_pipe_is_no_traceback() -> None:
    """`springhead transform ... | head -1` ends quietly."""
    body = b"\n".join([json.dumps(LOG).encode()] * 20_000)

    command = f"{SPRINGHEAD} transform auth0 | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], input=body, capture_output=True, check=False, timeout=120)

    assert len(json_lines(done.stdout)) == 1
    assert b"Traceback" not in done.stderr


MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
print(json.dumps([done.stderr.decode(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


@pytest.mark.parametrize("shape", ["lines", "list"])
def test_a_long_file_runs_in_constant_memory(tmp_path: Path, shape: str) -> None:
    """A file of 200 MB takes hardly more memory than one of 20 MB."""
    record = json.dumps({"log_id": "1", "data": {"type": "s", "description": "x" * 2_000}}).encode()
    start, between, end = (b"", b"\n", b"\n") if shape == "lines" else (b"[", b",\n", b"]")
    peaks = []
    for thousands in (10, 100):
        path = tmp_path / "long"
        with path.open("wb") as file:
            file.write(start)
            for _ in range(thousands):
                file.write(between.join([record] * 1_000) + between)
            file.write(record + end)

        command = [sys.executable, "-c", MEASURED, SPRINGHEAD, "transform", "auth0", str(path)]
        said, kilobytes = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

        events = thousands * 1_000 + 1
        assert said == f"{events} events ({events} track), 0 rejected, 0 dropped\n"
        peaks.append(kilobytes)

    assert path.stat().st_size > 200_000_000
    assert peaks[1] < peaks[0] * 1.2


def test_a_terminal_sees_a_progress_bar(tmp_path: Path) -> None:
    """On a terminal stderr shows how far it is; elsewhere it stays plain."""
    path = tmp_path / "log"
    path.write_text(json.dumps(LOG))
    main, terminal = pty.openpty()

    done = subprocess.run(
        [SPRINGHEAD, "transform", "auth0", str(path)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=False,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(terminal)

    shown = os.read(main, 100_000)
    os.close(main)
    assert b"\x1b[" in shown
    assert b"1 event (1 track)" in shown
    assert len(json_lines(done.stdout)) == 1


def test_a_reply_is_shown_apart_from_the_events(tmp_path: Path) -> None:
    """Events stay JSON lines; what the sender would be answered goes to stderr."""
    mapping = {
        "integration": "Acme",
        "reply": [
            {
                "when": {"challenge": {"exists": True}},
                "body": {"from": "challenge"},
                "content_type": "text/plain",
            }
        ],
        "events": [{"type": "track", "event": "E"}],
    }

    done = springhead("transform", str(source_folder(tmp_path, mapping=mapping)), body=b'{"challenge": "abc"}')

    assert done.stdout == b""
    assert done.stderr == b"reply: abc\n0 events, 0 rejected, 0 dropped, 1 answered\n"


def test_a_folder_by_path_is_tried_whatever_is_installed(tmp_path: Path) -> None:
    """An author works on a source that is installed, too; the folder is named with or without a slash."""
    folder = source_folder(tmp_path, source={"name": "auth0"})

    for named in (str(folder), folder.name):
        done = springhead("transform", named, body=b"{}", cwd=tmp_path)
        assert json_lines(done.stdout)[0]["event"] == "E", done.stderr


def test_a_rejection_names_its_file(tmp_path: Path) -> None:
    """Of several files, which one."""
    path = tmp_path / "bad.json"
    path.write_text("[7]")

    done = springhead("transform", "auth0", str(path))

    assert json_lines(done.stderr)[0]["file"] == str(path)


def test_sources_lists_plugins_for_people_and_for_scripts(tmp_path: Path) -> None:
    """Status, version, where from, and why one is not active."""
    broken = source_folder(tmp_path, mapping={})

    people = springhead("sources", "--folder", str(broken))
    scripts = springhead("sources", "--json", "--folder", str(broken))

    assert b"auth0   active  auth0 1.0.0" in people.stdout
    assert b"mapping.json:1: events is missing [missing-key]" in people.stdout
    active, failed = json.loads(scripts.stdout)["plugins"]
    assert (active["name"], active["status"], active["sources"][0]["title"]) == ("auth0", "active", "Auth0")
    assert (failed["name"], failed["status"], failed["sources"]) == ("acme", "failed", [])


def test_transform_takes_a_folder(tmp_path: Path) -> None:
    """An author tries a source before packaging it."""
    folder = source_folder(tmp_path)

    done = springhead("transform", str(folder), body=b"{}")

    assert json_lines(done.stdout)[0]["event"] == "E"


def test_check_reports_all_problems(tmp_path: Path) -> None:
    """For people with file and line, for scripts as JSON lines; exit code 1."""
    folder = source_folder(tmp_path, mapping={"integration": "Acme"}, source={"unrap": []})

    rules = "The rules: which records become which event, in this order."

    people = springhead("check", str(folder))
    scripts = springhead("check", "--json", str(folder))

    assert people.stdout.decode().splitlines() == [
        f"{folder}/mapping.json:1: events is missing [missing-key] - {rules}",
        f"{folder}/source.json:1 /unrap: 'unrap' is not known here [unknown-key] - did you mean unwrap?",
    ]
    assert [problem["rule"] for problem in json_lines(scripts.stdout)] == ["missing-key", "unknown-key"]
    assert people.returncode == scripts.returncode == 1


def test_check_finds_nothing_wrong_with_what_is_bundled() -> None:
    """Without names it checks every active source."""
    done = springhead("check")

    assert b"auth0: no problems\n" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("command", ["sources", "transform", "check"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    """`--help` shows how it is really used."""
    done = springhead(command, "--help")

    assert f"Example: springhead {command}".encode() in done.stdout
    assert done.returncode == 0


def test_version() -> None:
    """The version is the distribution's."""
    assert springhead("--version").stdout.startswith(b"springhead 0.")
