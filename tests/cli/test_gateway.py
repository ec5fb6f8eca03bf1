"""The commands around a gateway, beside a store that is real and a server that runs or does not."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import tomllib
from contextlib import chdir, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from springhead.cli import app
from springhead.gateway import load_settings
from springhead.gateway.storage.records import DeadLetter, NewDeadLetter
from springhead.gateway.storage.sqlite import SqliteStore
from support.feeds import accepted, feed, message
from support.folders import source_folder
from support.servers import SPRINGHEAD, free_port, serving
from support.stores import FILE, call, entry, letters, rows, use

KEY = "an-invented-write-key"
LOG = {"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}
BAD = {"log_id": "2", "data": {"type": 7}}
MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
lines, said = done.stdout.count(b"\\n"), done.stderr.decode()
print(json.dumps([lines, said, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    stdout: str
    stderr: str
    returncode: int


def springhead(folder: Path, *arguments: str) -> Done:
    """Run the command line in this process and in a folder, its input no terminal."""
    with chdir(folder):
        done = CliRunner().invoke(app, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return Done(done.stdout, done.stderr, done.exit_code)


def json_lines(text: str) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def configured(folder: Path, *, more: str = "", port: int = 0, admin: int = 0) -> Path:
    """A springhead.toml of a gateway for Auth0."""
    path = folder / "springhead.toml"
    path.write_text(f"""
[gateway]
port = {port}
admin = "127.0.0.1:{admin}"
{more}

[[source]]
name = "auth0"
type = "auth0"
write_key = "{KEY}"
""")
    return path


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    """A folder with the settings of a gateway that does not run."""
    configured(tmp_path, port=free_port(), admin=free_port())
    return tmp_path


def kept(folder: Path, *letters: NewDeadLetter, body: bytes = b"[]") -> None:
    """Put dead letters into the store of a gateway, made where there is none."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], letters, call(body))

    use(folder / "springhead-data", scenario)


def letter(record: bytes = b'{"type": 7}', rule: str = "schema/type", **more: Any) -> NewDeadLetter:
    """A dead letter of Auth0's."""
    return NewDeadLetter(
        **{"source": "auth0", "rule": rule, "reason": "type must be text", "record": record} | more
    )


def left(folder: Path) -> list[DeadLetter]:
    """The dead letters in the store of a gateway."""
    found: list[DeadLetter] = []

    async def scenario(store: SqliteStore) -> None:
        found.extend(await letters(store))

    use(folder / "springhead-data", scenario)
    return found


def stored(folder: Path) -> list[dict[str, Any]]:
    """The events in the store of a gateway."""
    query = "SELECT event FROM body ORDER BY seq"
    return [json.loads(event) for (event,) in rows(folder / "springhead-data", query)]


def test_init_writes_a_file_and_says_what_to_paste_where(tmp_path: Path) -> None:
    """The URL has the file's key, the vendor's words are its source's, and the next command is there."""
    done = springhead(tmp_path, "gateway", "init", "--name", "Shop", "--url", "https://hooks.example.com/")

    path = tmp_path / "springhead.toml"
    source = tomllib.loads(path.read_text())["source"][0]
    assert done.returncode == 0, done.stderr
    assert (source["name"], source["type"]) == ("Shop", "auth0")
    assert f"  https://hooks.example.com/v1/webhook?writeKey={source['write_key'][0]}\n" in done.stdout
    assert "Content Format: JSON Array" in done.stdout
    assert "put the same text as authorization into [[source]]" in done.stdout
    assert done.stdout.endswith("  springhead serve gateway --config springhead.toml\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_settings(path).source[0].name == "Shop"


def test_init_never_replaces_a_file(tmp_path: Path) -> None:
    """A second time it says so, and leaves what is there."""
    springhead(tmp_path, "gateway", "init")
    before = (tmp_path / "springhead.toml").read_bytes()

    again = springhead(tmp_path, "gateway", "init")
    other = springhead(tmp_path, "gateway", "init", "--file", "other one.toml")

    assert again.stderr == "springhead: springhead.toml is there already, and stays: name another with --file\n"
    assert (again.returncode, (tmp_path / "springhead.toml").read_bytes()) == (2, before)
    assert other.stdout.endswith("--config 'other one.toml'\n")
    assert "  http://127.0.0.1:8080/v1/webhook?writeKey=" in other.stdout


def test_init_asks_which_source_where_there_are_several(tmp_path: Path) -> None:
    """A source of one's own is as good as a bundled one, and says as much or as little as it has to."""
    folder = str(source_folder(tmp_path, source={"name": "acme", "setup": ["Paste it below Hooks."]}))

    unsaid = springhead(tmp_path, "gateway", "init", "--folder", folder)
    said = springhead(tmp_path, "gateway", "init", "--folder", folder, "--type", "acme")

    assert unsaid.stderr == "springhead: which --type is the sender? One of: acme, auth0\n"
    assert unsaid.returncode == 2
    assert "Paste it below Hooks." in said.stdout
    assert load_settings(tmp_path / "springhead.toml").gateway.folders == (Path(folder),)


@pytest.mark.parametrize("command", [("serve", "gateway"), ("serve", "transformer"), ("gateway", "init")])
def test_a_folder_that_is_no_source_ends_a_command(gateway: Path, command: tuple[str, ...]) -> None:
    """Who names it wants it: to go on without it would be silence."""
    done = springhead(gateway, *command, "--folder", "nowhere")

    assert "source folder nowhere is not active (failed): nowhere has 1 problem:" in done.stderr
    assert "there is no folder nowhere" in done.stderr
    assert done.returncode == 2


def test_settings_name_source_folders(tmp_path: Path) -> None:
    """Relative to the file, and for all commands; a type that is not there is told with its line."""
    source_folder(tmp_path / "sources", source={"name": "acme", "id": ["id"]})
    path = configured(tmp_path, port=free_port(), admin=free_port(), more='folders = ["sources/acme"]')
    path.write_text(path.read_text().replace('type = "auth0"', 'type = "acme"'))
    kept(tmp_path, letter(b'{"id": 1}'))

    replayed = springhead(tmp_path, "dead", "replay", "--all")
    path.write_text(path.read_text().replace("folders", "# folders"))
    unknown = springhead(tmp_path, "serve", "gateway")

    assert replayed.stdout == "1  gone  1 event (track)\n"
    assert "springhead.toml:9: [[source]] 1 type: no active source 'acme': one of: auth0" in unknown.stderr
    assert unknown.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--type", "auht0"), "--type 'auht0' is no active source: did you mean auth0?"),
        (("--url", "hooks.example.com"), "write it as in https://hooks.example.com"),
        (("--url", "https://hooks.example.com?a=1"), "write it as in https://hooks.example.com"),
        (("--name", "x" * 101), "--name takes up to 100 characters"),
        (("--name", "a\x1bb"), "--name takes up to 100 characters"),
        (("--file", "nowhere/springhead.toml"), "nowhere/springhead.toml: no such file or directory"),
    ],
)
def test_init_misused_is_one_line(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    """What is wrong is said, and nothing written."""
    done = springhead(tmp_path, "gateway", "init", *arguments)

    assert reason in done.stderr
    assert (done.returncode, done.stderr.count("\n"), list(tmp_path.iterdir())) == (2, 1, [])


def test_status_tells_of_the_store_whether_or_not_a_server_runs(gateway: Path) -> None:
    """Per source what waits and what is dead, also of sources no longer set up; and exit code 1: not ready."""

    async def scenario(store: SqliteStore) -> None:
        entries = [entry(str(number)) for number in range(3)]
        await store.append(entries, [letter(), letter(source="old [b]shop[/b]")], None)

    use(gateway / "springhead-data", scenario)

    people = springhead(gateway, "gateway", "status")
    scripts = json.loads(springhead(gateway, "gateway", "status", "--json").stdout)

    lines = [line.split() for line in people.stdout.splitlines()]
    assert "does not answer (ConnectError)" in people.stdout
    assert ["auth0", "auth0", "enabled", "3", "1"] in lines
    assert "old [b]shop[/b]" in people.stdout
    assert (people.returncode, people.stderr) == (1, "")
    assert (scripts["undelivered"], scripts["dead_letters"], scripts["server"]["ready"]) == (3, 2, False)
    assert 0 <= scripts["oldest_undelivered_seconds"] < 60
    assert scripts["store"]["bytes"] > 0
    assert [source["state"] for source in scripts["sources"]] == ["enabled", "not in the settings"]


def test_a_running_gateway_is_ready_and_its_dead_letters_can_be_replayed(tmp_path: Path) -> None:
    """Beside the server, which delivers what is replayed without being told."""
    path = configured(tmp_path, port=(port := free_port()), admin=free_port())
    kept(tmp_path, letter(json.dumps(LOG).encode()))

    with serving(tmp_path, "gateway", "--config", str(path), port=port) as server:
        httpx.post(f"{server.url}/v1/webhook?writeKey={KEY}", json=[BAD], trust_env=False)
        status = springhead(tmp_path, "gateway", "status")
        replayed = springhead(tmp_path, "dead", "replay", "--all")
        delivered = tmp_path / "delivered.jsonl"
        until = time.monotonic() + 10
        while not (delivered.exists() and delivered.read_bytes()) and time.monotonic() < until:
            time.sleep(0.05)

    assert f"{server.url} is ready\nnothing waits to be delivered\n" in status.stdout
    assert status.returncode == 0
    assert replayed.stdout.splitlines() == [
        "1  gone  1 event (track)",
        "2  dead  still schema/type: type must be text: it is a number",
    ]
    assert (replayed.stderr, replayed.returncode) == ("2 dead letters: 1 gone (1 event), 1 still dead\n", 1)
    assert [event["event"] for event in json_lines(delivered.read_text())] == ["Success Login"]


@pytest.mark.parametrize(
    "command", [("gateway", "status"), ("dead", "list"), ("dead", "show", "1"), ("dead", "replay", "--all")]
)
def test_where_there_is_no_store_none_is_made(gateway: Path, command: tuple[str, ...]) -> None:
    """A wrong path is an error, not an empty store."""
    done = springhead(gateway, *command)

    assert "there is no store in" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (gateway / "springhead-data").exists()


def test_wrong_settings_end_every_command(tmp_path: Path) -> None:
    """With what is wrong, and where."""
    for command in (
        ("gateway", "status"),
        ("gateway", "tail"),
        ("dead", "list"),
        ("dead", "drop", "1", "--yes"),
    ):
        done = springhead(tmp_path, *command)

        assert "springhead.toml:1: there is no such file" in done.stderr
        assert done.returncode == 2


def test_tail_shows_events_as_they_are_accepted(tmp_path: Path) -> None:
    """A line an event: when, source, type, name, user; a line a rejection. What is past comes first, once."""
    rejections = [{"rule": "schema/type", "pointer": "/0/type", "reason": "type must be text"}]
    many: dict[str, Any] = {"accepted": 2, "rejections": rejections}
    once = [accepted(1.0, "A", past=True), accepted(2.0, "B", "C"), accepted(3.0, **many)]
    again = [accepted(3.0, past=True, **many), accepted(4.0, "D", past=True), accepted(5.0, "\x1b[2J")]
    with feed(once, again) as one:
        configured(tmp_path, admin=one.port, more='admin_token = "an-invented-token"')
        lines = following(tmp_path, 7)

    assert one.asked == [("/api/events", "Bearer an-invented-token")] * 2
    assert lines == [
        "1970-01-01T00:00:01Z  auth0  track     A  auth0|1",
        "1970-01-01T00:00:02Z  auth0  track     B  auth0|1",
        "1970-01-01T00:00:02Z  auth0  track     C  auth0|1",
        "1970-01-01T00:00:03Z  auth0  and 2 events too many or too long to be shown",
        "1970-01-01T00:00:03Z  auth0  rejected  schema/type  /0/type: type must be text",
        "1970-01-01T00:00:04Z  auth0  track     D  auth0|1",
        r"1970-01-01T00:00:05Z  auth0  track     \x1b[2J  auth0|1",
    ]


def test_tail_takes_a_stream_in_any_pieces(tmp_path: Path) -> None:
    """Cut anywhere, with other events, comments and another line ending; U+2028 in a text ends no line."""
    stream = b"".join(
        (b": hello\n\nevent: status\ndata: 7\n\n", accepted(1.0, "a\u2028b"), accepted(2.0, "Zoë"))
    ).replace(b"\n", b"\r\n")
    with feed([stream[at : at + 7] for at in range(0, len(stream), 7)]) as one:
        configured(tmp_path, admin=one.port)
        lines = following(tmp_path, 2, "--json")

    assert [json.loads(line)["events"][0]["event"] for line in lines] == ["a\u2028b", "Zoë"]


def test_tail_of_one_source(tmp_path: Path) -> None:
    """Others are left out."""
    with feed([accepted(1.0, "A", source="other"), accepted(2.0, "B")]) as one:
        configured(tmp_path, admin=one.port)
        (line,) = following(tmp_path, 1, "--source", "auth0")

    assert "track     B" in line


def test_tail_says_what_it_misses(tmp_path: Path) -> None:
    """On stderr, beside what it shows."""
    with feed([message("skipped", {"requests": 7}), *[accepted(1.0, "A")] * 100]) as one:
        configured(tmp_path, admin=one.port)
        command = f"{SPRINGHEAD} gateway tail 2>&1 | head -1"
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, check=False, timeout=20
        )

    assert done.stdout == b"7 requests came too fast to be shown\n"


def following(folder: Path, count: int, *arguments: str) -> list[str]:
    """So many lines of `tail`, which then ends by Ctrl-C: quietly."""
    command = [SPRINGHEAD, "gateway", "tail", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    lines = [process.stdout.readline().decode().removesuffix("\n") for _ in range(count)]
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, b"")
    assert said in (b"", f"{said.decode().partition(' ')[0]} does not answer: waiting for it\n".encode())
    return lines


def test_tail_ends_with_the_pipe_it_writes_to(tmp_path: Path) -> None:
    """`springhead gateway tail | head -1`."""
    with feed([accepted(float(at), "A") for at in range(100)]) as one:
        configured(tmp_path, admin=one.port)
        done = subprocess.run(
            ["/bin/sh", "-c", f"{SPRINGHEAD} gateway tail | head -1"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            timeout=20,
        )

    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


def test_tail_waits_for_a_server_and_says_so_once(tmp_path: Path) -> None:
    """It may be started first."""
    configured(tmp_path, admin=(port := free_port()))
    command = [SPRINGHEAD, "gateway", "tail"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    said = process.stderr.readline()
    time.sleep(1.5)

    with feed([accepted(1.0, "A")], port=port):
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=10)

    assert said == f"127.0.0.1:{port} does not answer: waiting for it\n".encode()
    assert b"track     A" in line
    assert (rest, process.returncode) == ((b"", b""), 0)


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "wants another token"), (404, "is it this gateway's admin address?")]
)
def test_tail_gives_up_where_waiting_changes_nothing(tmp_path: Path, status: int, reason: str) -> None:
    """A wrong token, and an address of something else."""
    with feed(status=status) as one:
        configured(tmp_path, admin=one.port)
        done = springhead(tmp_path, "gateway", "tail")

    assert reason in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_dead_list_says_where_and_why_and_nothing_that_was_sent(gateway: Path) -> None:
    """For people a line a letter, for scripts an object."""
    secret = b'{"password": "an invented password"}'
    syntax = "not JSON: expecting value (line 1, column 54)"
    kept(
        gateway,
        letter(secret, pointer="/0/type"),
        letter(secret, "json/syntax", line=3, reason=syntax),
        letter(secret, "json/syntax", reason=syntax),
        letter(secret, pointer="/data/type", line=2),
    )

    people = springhead(gateway, "dead", "list")
    scripts = springhead(gateway, "dead", "list", "--json")

    (head, one, other, *rest), objects = people.stdout.splitlines(), json_lines(scripts.stdout)
    assert head.split() == ["id", "at", "source", "rule", "why"]
    assert one.startswith("1   20")
    assert one.endswith("Z  auth0   schema/type  /0/type: type must be text")
    assert other.endswith("Z  auth0   json/syntax  line 3: not JSON: expecting value (column 54)")
    assert rest[0].endswith(f"json/syntax  {syntax}")
    assert rest[1].endswith("schema/type  line 2 /data/type: type must be text")
    assert [(each["id"], each["rule"], each["line"], each["bytes"]) for each in objects[:2]] == [
        (1, "schema/type", None, len(secret)),
        (2, "json/syntax", 3, len(secret)),
    ]
    assert "invented" not in people.stdout + scripts.stdout


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ((), [1, 2, 3]),
        (("--source", "auth0"), [1, 3]),
        (("--rule", "schema/type"), [1, 2]),
        (("--source", "auth0", "--rule", "schema/type"), [1]),
        (("--older-than", "1h"), [3]),
        (("--younger-than", "1.5h"), [1, 2]),
        (("--older-than", "30m", "--younger-than", "7d"), [3]),
        (("--older-than", "3d"), []),
        (("--limit", "2"), [1, 2]),
    ],
)
def test_dead_list_filters(gateway: Path, filters: tuple[str, ...], found: list[int]) -> None:
    """By source, rule and age, all of which must hold."""
    kept(gateway, letter(), letter(source="other"), letter(rule="schema/required"))
    aged(gateway, 3, 2 * 3600)

    done = springhead(gateway, "dead", "list", "--json", *filters)

    assert [one["id"] for one in json_lines(done.stdout)] == found


def aged(folder: Path, id_: int, seconds: float) -> None:
    """Make a dead letter older than it is."""
    with closing(sqlite3.connect(folder / "springhead-data" / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE dead_letter SET at = at - ? WHERE id = ?", (seconds, id_))


def test_dead_list_is_empty_in_words(gateway: Path) -> None:
    """A person sees that there are none; a script sees nothing."""
    kept(gateway)

    assert springhead(gateway, "dead", "list").stdout == "no dead letters\n"
    assert springhead(gateway, "dead", "list", "--json").stdout == ""


def test_dead_show_is_whole_and_warns(gateway: Path) -> None:
    """The record with its numbers as sent, the call, and on stderr that nothing is masked."""
    record = b'{"type": 7, "big": 12345678901234567890123, "text": "a\xc2\x9bb"}'
    kept(gateway, letter(record), body=b"[" + record + b"]")

    people = springhead(gateway, "dead", "show", "1")
    scripts = springhead(gateway, "dead", "show", "1", "--json")

    shown = json.loads(scripts.stdout)
    assert people.stderr == scripts.stderr == "what follows is as it was sent: nothing is masked\n"
    assert '  "big": 12345678901234567890123,\n  "text": "a\\x9bb"' in people.stdout
    assert "POST /v1/webhook\nuser-agent:  example\n" in people.stdout
    assert shown["record"] == json.loads(record)
    assert (shown["rule"], shown["event"], shown["call"]["body"]) == (
        "schema/type",
        None,
        f"[{record.decode()}]",
    )


def test_dead_show_of_bytes_that_are_no_json(gateway: Path) -> None:
    """For people they cannot move the cursor, for scripts nothing is lost."""
    kept(gateway, letter(b"\xff\x1b[2J", decodable=False), letter(b"{half", decodable=False))

    people = springhead(gateway, "dead", "show", "1")
    scripts = [json.loads(springhead(gateway, "dead", "show", one, "--json").stdout) for one in ("1", "2")]

    assert "record\n\\xff\\x1b[2J\n" in people.stdout
    assert [one["record"] for one in scripts] == [{"base64": "/xtbMko="}, "{half"]


def test_dead_show_of_an_event_that_nobody_took(gateway: Path) -> None:
    """There is an event and no record."""
    kept(gateway, letter(b"", "delivery/400", event=b'{"type":"track"}'))

    shown = json.loads(springhead(gateway, "dead", "show", "1", "--json").stdout)

    assert (shown["record"], shown["event"], shown["bytes"]) == (None, {"type": "track"}, 16)


def test_dead_replay_says_what_would_become_of_letters(gateway: Path) -> None:
    """`--dry-run` changes nothing; without it the same happens, and exit code 0 says that none is left."""
    kept(gateway, letter(json.dumps(LOG).encode()), letter(json.dumps(LOG | {"log_id": "9"}).encode()))

    tried = springhead(gateway, "dead", "replay", "--rule", "schema/type", "--dry-run")
    before = (len(left(gateway)), len(stored(gateway)))
    done = springhead(gateway, "dead", "replay", "1", "2")

    assert tried.stdout == done.stdout == "1  gone  1 event (track)\n2  gone  1 event (track)\n"
    assert tried.stderr == "2 dead letters: 2 gone (2 events), 0 still dead; nothing was changed\n"
    assert done.stderr == "2 dead letters: 2 gone (2 events), 0 still dead\n"
    assert (tried.returncode, before, done.returncode) == (0, (2, 0), 0)
    assert (left(gateway), len(stored(gateway))) == ([], 2)


def test_a_replay_says_what_was_accepted_before(gateway: Path) -> None:
    """Two records without an id that are the same to the last member make one event."""
    kept(gateway, letter(b'{"type": "s"}'), letter(b'{"type": "s"}'))

    done = springhead(gateway, "dead", "replay", "--all")

    assert done.stdout.splitlines() == [
        "1  gone  1 event (track)",
        "2  gone  1 event (track), 1 of them accepted before, and not stored again",
    ]
    assert done.stderr == "2 dead letters: 2 gone (1 event), 0 still dead\n"


def test_dead_replay_does_not_meet_its_own_letters_again(gateway: Path) -> None:
    """A record that is an event and a rejection each time it is replayed is replayed once."""
    mapping = {
        "integration": "Acme",
        "emit": "all",
        "events": [{"type": "track", "event": "Good"}, {"type": "track", "event": {"from": "name"}}],
    }
    folder = str(source_folder(gateway, mapping=mapping))
    path = gateway / "springhead.toml"
    path.write_text(path.read_text().replace('type = "auth0"', 'type = "acme"'))
    kept(gateway, letter(b'{"id": 1}', "event/name"))

    done = springhead(gateway, "dead", "replay", "--all", "--folder", folder)

    assert done.stdout == "1  gone  1 event (track), 1 still rejected\n"
    assert [one.id for one in left(gateway)] == [2]


def test_dead_drop_asks_on_a_terminal(gateway: Path) -> None:
    """What a person does not confirm stays."""
    kept(gateway, letter(), letter())

    for answer, expected in ((b"n\n", 2), (b"y\n", 0)):
        main, terminal = pty.openpty()
        os.write(main, answer)
        command = [SPRINGHEAD, "dead", "drop", "--source", "auth0"]
        done = subprocess.run(command, cwd=gateway, stdin=terminal, capture_output=True, check=False)
        os.close(terminal)
        os.close(main)

        assert b"Drop 2 dead letters for good? [y/N]" in done.stderr
        assert (len(left(gateway)), done.returncode) == (expected, 1 if expected else 0)


def test_dead_drop_needs_yes_elsewhere(gateway: Path) -> None:
    """A script says that it means it."""
    kept(gateway, letter(), letter(rule="unmatched"), letter())

    unsure = springhead(gateway, "dead", "drop", "1")
    some = springhead(gateway, "dead", "drop", "--rule", "unmatched", "--yes")
    one = springhead(gateway, "dead", "drop", "3", "3", "--yes")

    assert unsure.stderr == "springhead: what is dropped is gone for good: add --yes\n"
    assert unsure.returncode == 2
    assert (some.stderr, some.returncode) == ("1 dead letter dropped\n", 0)
    assert (one.stderr, [each.id for each in left(gateway)]) == ("1 dead letter dropped\n", [1])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("replay",), "which dead letters? Give ids or filters, or --all"),
        (("drop", "--yes"), "which dead letters? Give ids or filters, or --all"),
        (("replay", "1", "--rule", "unmatched"), "give ids, filters or --all: one of the three"),
        (("drop", "--all", "--older-than", "1d", "--yes"), "give ids, filters or --all: one of the three"),
        (("list", "--older-than", "2 days"), "--older-than '2 days' is no age: write a number and its unit"),
        (("list", "--older-than", "2h", "--younger-than", "30m"), "no letter is both"),
        (("list", "--source", "auth"), "no source is called 'auth': did you mean auth0?"),
        (("show", "7"), "no dead letter has the id 7: `springhead dead list` shows those there are"),
        (("replay", "1", "7"), "no dead letter has the id 7"),
        (("drop", "1", "7", "--yes"), "no dead letter has the id 7"),
    ],
)
def test_dead_misused_is_one_line_and_changes_nothing(
    gateway: Path, arguments: tuple[str, ...], reason: str
) -> None:
    """Before the first letter is touched."""
    kept(gateway, letter(json.dumps(LOG).encode()))

    done = springhead(gateway, "dead", *arguments)

    assert f"springhead: {reason}" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert len(left(gateway)) == 1


def test_replay_knows_the_sources_the_settings_name(gateway: Path) -> None:
    """A source that is not there is said before anything is replayed."""
    path = gateway / "springhead.toml"
    path.write_text(path.read_text().replace('type = "auth0"', 'type = "acme"'))
    kept(gateway, letter())

    done = springhead(gateway, "dead", "replay", "--all")

    assert "no active source 'acme'" in done.stderr
    assert done.returncode == 2


def test_ten_thousand_letters_take_no_more_memory_than_a_hundred(tmp_path: Path) -> None:
    """60 MB of records are listed, replayed and dropped a few at a time; SQLite's cache is bounded."""
    record = json.dumps(BAD | {"text": "x" * 6_000}).encode()
    peaks: dict[str, list[int]] = {"list": [], "replay": [], "drop": []}
    for count in (100, 10_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        configured(folder)
        kept(folder, *[letter(record)] * count)
        for command, flags, said in (
            ("list", ("--json",), ""),
            ("replay", ("--all",), f"{count} dead letters: 0 gone (0 events), {count} still dead\n"),
            ("drop", ("--all", "--yes"), f"{count} dead letters dropped\n"),
        ):
            arguments = [sys.executable, "-c", MEASURED, SPRINGHEAD, "dead", command, *flags]
            done = subprocess.run(arguments, cwd=folder, capture_output=True, check=True)
            lines, told, kilobytes = json.loads(done.stdout)
            assert (lines, told) == (0 if command == "drop" else count, said)
            peaks[command].append(kilobytes)

    grown = {command: after - before for command, (before, after) in peaks.items()}
    assert all(kilobytes < 30_000 for kilobytes in grown.values()), grown


@pytest.mark.parametrize(
    "command",
    ["gateway init", "gateway status", "gateway tail", "dead list", "dead show", "dead replay", "dead drop"],
)
def test_every_command_has_help_with_an_example(tmp_path: Path, command: str) -> None:
    """`--help` shows how it is really used."""
    assert f"Example: springhead {command}" in springhead(tmp_path, *command.split(), "--help").stdout
