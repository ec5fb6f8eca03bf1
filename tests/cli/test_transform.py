"""`springhead transform`, as a person at a terminal or a script uses it."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from springhead.cli import input_files
from support.commands import springhead
from support.folders import add_case, source_folder
from support.servers import SPRINGHEAD

LOG = {"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}
BAD = {"log_id": "2", "data": {"type": 7}}
MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
print(json.dumps([done.stderr.decode(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""
TALKATIVE = """
from springhead import hookimpl
print("loading")

@hookimpl
def springhead_event(source, event):
    print("an event")
"""


def transform(*arguments: str, body: object = None, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process, with a body as JSON on its stdin."""
    command = [SPRINGHEAD, "transform", *arguments]
    return subprocess.run(command, input=json.dumps(body).encode(), capture_output=True, check=False, **more)


def install_beside(folder: Path, distribution: str, entries: str, code: str = "") -> dict[str, str]:
    """Install a distribution, and return the environment in which commands find it."""
    module = distribution.replace("-", "_")
    info = folder / "site" / f"{module}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(entries)
    (folder / "site" / f"{module}.py").write_text(code)
    return {**os.environ, "PYTHONPATH": str(folder / "site"), "SPRINGHEAD_PLUGINS": ""}


def json_lines(data: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines; other lines are left out."""
    return [json.loads(line) for line in data.splitlines() if line.startswith(b"{")]


def test_events_go_to_stdout_and_a_summary_to_stderr() -> None:
    """Exit code 0 says that nothing was rejected."""
    done = transform("auth0", body=[LOG, LOG])

    assert [event["type"] for event in json_lines(done.stdout)] == ["track", "track"]
    assert done.stderr == b"2 events (2 track), 0 rejected, 0 dropped\n"
    assert done.returncode == 0


def test_rejections_are_json_lines_on_stderr_and_exit_code_1() -> None:
    """A rejected record is shown whole, and costs the good one nothing."""
    done = transform("auth0", "-", body=[LOG, BAD])

    (rejection,) = json_lines(done.stderr)
    assert (rejection["pointer"], rejection["rule"]) == ("/1/data/type", "schema/type")
    assert rejection["record"] == BAD
    assert len(json_lines(done.stdout)) == 1
    assert done.returncode == 1


def test_rejections_go_to_a_file_if_one_is_named(tmp_path: Path) -> None:
    """`--rejected FILE` keeps stderr for people."""
    rejected = tmp_path / "rejected.jsonl"

    done = transform("auth0", "--rejected", str(rejected), body=[BAD])

    assert json_lines(rejected.read_bytes())[0]["record"] == BAD
    assert done.stderr == b"0 events, 1 rejected, 0 dropped\n"


def test_settings_may_be_json_or_text(tmp_path: Path) -> None:
    """`--set` takes JSON if the value parses as JSON; several files are read in turn."""
    for name in ("a", "b"):
        log = {"type": "s", "extra": 1, "details": {"link": "https://example.com"}}
        (tmp_path / name).write_text(json.dumps(log))

    settings = ("--set", "redact=secrets", "--set", "extra_properties=true")
    done = transform("auth0", *settings, str(tmp_path / "a"), str(tmp_path / "b"))

    first, second = json_lines(done.stdout)
    assert first == second
    assert first["properties"]["details"] == {"link": "*****"}
    assert first["properties"]["extra"] == 1


def test_headers_and_query_values_are_what_the_body_came_with(tmp_path: Path) -> None:
    """A name that comes twice has a list, as in a call."""
    rows = [
        {"from": "$request.headers.x-event", "to": "properties.header"},
        {"from": "$request.query.page", "to": "properties.page"},
        {"from": "$request.query.tag", "to": "properties.tags"},
    ]
    folder = source_folder(tmp_path, mapping=mapping_of(rows))
    options = ("--header", "X-Event: a:b", "--query", "page=1", "--query", "tag=x", "--query", "tag=y=z")

    done = transform(str(folder), *options, body={})

    (event,) = json_lines(done.stdout)
    assert event["properties"] == {"header": "a:b", "page": "1", "tags": ["x", "y=z"]}


def test_a_fixture_is_read_with_what_came_with_it(tmp_path: Path) -> None:
    """Its headers, its query and its settings, which options replace."""
    rows = [
        {"from": "$request.headers.x-event", "to": "properties.header"},
        {"from": "$config.tenant", "to": "properties.tenant"},
    ]
    folder = source_folder(tmp_path, mapping=mapping_of(rows))
    meta = {"headers": {"X-Event": "a"}, "config": {"tenant": "one"}}
    case = add_case(tmp_path, "case", request_json="{}", request_meta_json=json.dumps(meta))

    plain = transform(str(folder), str(case))
    replaced = transform(str(folder), str(case), "--header", "x-event: b", "--set", "tenant=two")

    assert json_lines(plain.stdout)[0]["properties"] == {"header": "a", "tenant": "one"}
    assert json_lines(replaced.stdout)[0]["properties"] == {"header": "b", "tenant": "two"}


def mapping_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Make a mapping with these rows."""
    return {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}


def test_gzipped_input_is_inflated(tmp_path: Path) -> None:
    """By its name or its first bytes, whether it is a file or stdin, in one member or several."""
    body = json.dumps(LOG).encode() + b"\n"
    (tmp_path / "one.jsonl.gz").write_bytes(gzip.compress(body))
    (tmp_path / "unnamed").write_bytes(gzip.compress(body) + gzip.compress(body))
    files = [str(tmp_path / name) for name in ("one.jsonl.gz", "unnamed")]
    command = [SPRINGHEAD, "transform", "auth0"]

    named = subprocess.run([*command, *files], capture_output=True, check=False)
    piped = subprocess.run(command, input=gzip.compress(body), capture_output=True, check=False)

    assert (len(json_lines(named.stdout)), named.returncode) == (3, 0), named.stderr
    assert (len(json_lines(piped.stdout)), piped.returncode) == (1, 0), piped.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(json.dumps([LOG]).encode())[:-9], "is cut off: its gzip stream does not end"),
        (gzip.compress(b"[]") + b"garbage", "is not gzip, or is damaged"),
        (gzip.compress(b"[]")[:-8] + b"\0" * 8, "is not gzip, or is damaged"),
        (b"[]", "is not gzip, or is damaged"),
    ],
    ids=["cut off", "garbage", "checksum", "plain"],
)
def test_broken_gzip_ends_the_command(tmp_path: Path, content: bytes, reason: str) -> None:
    """In one line that names the file."""
    path = tmp_path / "logs.gz"
    path.write_bytes(content)

    done = springhead(tmp_path, "transform", "auth0", str(path))

    assert (done.returncode, done.stderr) == (2, f"springhead: {path} {reason}\n")


def test_an_inflated_document_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file may inflate to more than fits in memory; lists and lines are streamed instead."""
    monkeypatch.setattr(input_files, "MAX_DOCUMENT", 3_000_000)
    document, lines = {**LOG, "pad": "x" * 5_000_000}, b"\n".join([json.dumps(LOG).encode()] * 70_000)
    (tmp_path / "document.gz").write_bytes(gzip.compress(json.dumps(document, indent=1).encode()))
    (tmp_path / "lines.gz").write_bytes(gzip.compress(lines))

    refused = springhead(tmp_path, "transform", "auth0", "document.gz")
    streamed = springhead(tmp_path, "transform", "auth0", "lines.gz")

    assert "document.gz holds a document of more than 3,000,000 bytes: inflate it first" in refused.stderr
    assert refused.returncode == 2
    assert streamed.stderr == "70000 events (70000 track), 0 rejected, 0 dropped\n"
    assert len(lines) > 3_000_000


def test_an_input_is_not_overwritten(tmp_path: Path) -> None:
    """Opened for rejections, it would be empty before it is read."""
    logs = tmp_path / "logs.json"
    logs.write_text(json.dumps(LOG))

    done = transform("auth0", "--rejected", str(logs), str(logs))

    assert b"is also an input: choose another file" in done.stderr
    assert (done.returncode, json.loads(logs.read_text())) == (2, LOG)


def test_a_rejection_names_its_file(tmp_path: Path) -> None:
    """With several files it matters which."""
    path = tmp_path / "bad.json"
    path.write_text("[7]")

    done = transform("auth0", str(path))

    assert json_lines(done.stderr)[0]["file"] == str(path)


def test_a_reply_goes_to_stderr(tmp_path: Path) -> None:
    """Stdout holds nothing but events."""
    reply = {
        "when": {"challenge": {"exists": True}},
        "body": {"from": "challenge"},
        "content_type": "text/plain",
    }
    mapping = {"integration": "Acme", "reply": [reply], "events": [{"type": "track", "event": "E"}]}

    done = transform(str(source_folder(tmp_path, mapping=mapping)), body={"challenge": "abc"})

    assert done.stdout == b""
    assert done.stderr == b"reply: abc\n0 events, 0 rejected, 0 dropped, 1 answered\n"


@pytest.mark.slow
def test_a_folder_is_used_whatever_is_installed(tmp_path: Path) -> None:
    """An author may work on a source that is installed, too, and name its folder with or without a slash."""
    folder = source_folder(tmp_path, source={"name": "auth0"})

    for path in (str(folder), folder.name):
        done = transform(path, body={}, cwd=tmp_path)
        assert json_lines(done.stdout)[0]["event"] == "E", done.stderr


def test_a_folder_without_source_json_is_told_what_it_lacks(tmp_path: Path) -> None:
    """Its name alone is enough, unless a source has that name."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "auth0").mkdir()

    done = springhead(tmp_path, "transform", "acme", "body.json")
    installed = springhead(tmp_path, "transform", "auth0", "body.json")

    assert "source.json is missing" in done.stderr
    assert "body.json: no such file" in installed.stderr
    assert (done.returncode, installed.returncode) == (2, 2)


def test_a_closed_pipe_ends_it_quietly() -> None:
    """`springhead transform ... | head -1`."""
    body = b"\n".join([json.dumps(LOG).encode()] * 20_000)

    command = f"{SPRINGHEAD} transform auth0 | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], input=body, capture_output=True, check=False)

    assert len(json_lines(done.stdout)) == 1
    assert b"Traceback" not in done.stderr


def test_a_terminal_sees_a_progress_bar(tmp_path: Path) -> None:
    """On stderr, which stays plain anywhere else."""
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
    errors = os.read(main, 100_000)
    os.close(main)

    assert b"\x1b[" in errors
    assert b"1 event (1 track)" in errors
    assert len(json_lines(done.stdout)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["lines", "list", "gzipped lines"])
def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path, shape: str) -> None:
    """40 MB take hardly more than 4 MB."""
    record = json.dumps({"log_id": "1", "data": {"type": "s", "description": "x" * 2_000}}).encode()
    start, between, end = (b"[", b",\n", b"]") if shape == "list" else (b"", b"\n", b"\n")
    peaks = []
    for thousands in (2, 20):
        path = tmp_path / "long"
        open_file = gzip.open if shape == "gzipped lines" else open
        with open_file(path, "wb") as file:
            file.write(start)
            for _ in range(thousands):
                file.write(between.join([record] * 1_000) + between)
            file.write(record + end)

        command = [sys.executable, "-c", MEASURED, SPRINGHEAD, "transform", "auth0", str(path)]
        summary, kilobytes = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

        events = thousands * 1_000 + 1
        assert summary == f"{events} events ({events} track), 0 rejected, 0 dropped\n"
        peaks.append(kilobytes)

    assert thousands * 1_000 * len(record) > 40_000_000
    assert peaks[1] < peaks[0] * 1.2


def test_what_a_plugin_prints_is_not_an_event(tmp_path: Path) -> None:
    """It goes to stderr, and so does what is printed while the plugin is loaded."""
    site = install_beside(tmp_path, "invented-talkative", "[springhead]\nt = invented_talkative\n", TALKATIVE)

    done = transform("auth0", body=[LOG], env=site)
    listed = subprocess.run([SPRINGHEAD, "sources", "--json"], capture_output=True, check=True, env=site)

    assert [event["type"] for event in map(json.loads, done.stdout.splitlines())] == ["track"]
    assert done.stderr.startswith(b"loading\nan event\n")
    assert "plugins" in json.loads(listed.stdout)


def test_a_malformed_package_ends_no_command(tmp_path: Path) -> None:
    """Neither one of ours, nor one of a library that looks for its own plugins."""
    site = install_beside(tmp_path, "invented-broken", "[console_scripts]\nno equals sign\n")
    commands = (["sources"], ["check"], ["gateway", "init", "--type", "auth0"])

    done = [
        subprocess.run([SPRINGHEAD, *command], cwd=tmp_path, capture_output=True, check=False, env=site)
        for command in commands
    ]

    assert [(one.returncode, one.stderr) for one in done] == [(0, b"")] * len(commands)
