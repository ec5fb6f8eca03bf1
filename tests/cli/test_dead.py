"""`springhead dead list`, `show` and `drop`, with a real store."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from support.commands import GatewayFolder, dead_letter, json_lines, on_terminal
from support.effort import scaled
from support.gateways import SOURCE, write_settings
from support.servers import SPRINGHEAD
from support.stores import FILE

RECORD = b'{"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}'
MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
lines, errors = done.stdout.count(b"\\n"), done.stderr.decode()
print(json.dumps([lines, errors, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


def test_list_says_where_and_why_but_not_what_was_sent(gateway: GatewayFolder) -> None:
    """For people a line per dead letter, for scripts an object."""
    secret = b'{"password": "an invented password"}'
    syntax = "not JSON: expecting value (line 1, column 54)"
    gateway.add(
        dead_letter(secret, pointer="/0/type"),
        dead_letter(secret, "json/syntax", line=3, reason=syntax),
        dead_letter(secret + b" ", "json/syntax", reason=syntax),
        dead_letter(secret + b" ", pointer="/data/type", line=2),
    )

    people = gateway.run("dead", "list")
    scripts = gateway.run("dead", "list", "--json")

    (head, *lines), objects = people.stdout.splitlines(), json_lines(scripts.stdout)
    assert head.split() == ["id", "at", "source", "rule", "reason"]
    assert lines[0].startswith("1   20")
    assert [line.partition("Z  ")[2] for line in lines] == [
        "auth0   schema/type  /0/type: type must be text",
        "auth0   json/syntax  line 3: not JSON: expecting value (column 54)",
        f"auth0   json/syntax  {syntax}",
        "auth0   schema/type  line 2 /data/type: type must be text",
    ]
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
def test_list_filters(gateway: GatewayFolder, filters: tuple[str, ...], found: list[int]) -> None:
    """By source, rule and age, all of which must hold."""
    gateway.add(dead_letter(), dead_letter(source="other"), dead_letter(rule="schema/required"))
    make_older(gateway, 3, 2 * 3600)

    done = gateway.run("dead", "list", "--json", *filters)

    assert [one["id"] for one in json_lines(done.stdout)] == found


def test_a_letter_that_came_often_says_how_often(gateway: GatewayFolder) -> None:
    """With the first time; a letter that came once does not."""
    gateway.add(dead_letter(), dead_letter(RECORD), dead_letter())

    listed = gateway.run("dead", "list").stdout.splitlines()
    scripts = json_lines(gateway.run("dead", "list", "--json").stdout)
    shown = [gateway.run("dead", "show", id_).stdout for id_ in ("1", "2")]

    assert [" (2 times, first at 20" in line for line in listed] == [False, True, False]
    assert [(each["count"], each["first_at"] == each["at"]) for each in scripts] == [(2, True), (1, True)]
    assert ["\ncount     2\nfirst_at  20" in text for text in shown] == [True, False]


def make_older(gateway: GatewayFolder, id_: int, seconds: float) -> None:
    """Make a dead letter older than it is."""
    with closing(sqlite3.connect(gateway.data / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE dead_letter SET at = at - ? WHERE id = ?", (seconds, id_))


def test_a_letter_is_found_whatever_its_time_is(gateway: GatewayFolder) -> None:
    """The clock by which a letter was kept may have been ahead of the one by which it is looked for."""
    gateway.add(dead_letter())
    with closing(sqlite3.connect(gateway.data / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE dead_letter SET at = at + 3000")

    assert gateway.run("dead", "list").stdout.count("schema/type") == 1
    assert gateway.run("dead", "drop", "--all", "--yes").stderr == "1 dead letter dropped\n"


def test_an_empty_list_is_said_in_words(gateway: GatewayFolder) -> None:
    """To people; a script gets nothing."""
    gateway.add()

    assert gateway.run("dead", "list").stdout == "no dead letters\n"
    assert gateway.run("dead", "list", "--json").stdout == ""


def test_show_is_whole_and_warns(gateway: GatewayFolder) -> None:
    """The record with its numbers as sent, the call, and on stderr that nothing is masked."""
    record = b'{"type": 7, "big": 12345678901234567890123, "text": "a\xc2\x9bb"}'
    gateway.add(dead_letter(record), body=b"[" + record + b"]")

    people = gateway.run("dead", "show", "1")
    scripts = gateway.run("dead", "show", "1", "--json")

    shown = json.loads(scripts.stdout)
    assert people.stderr == scripts.stderr == "nothing below is masked; a form is shown as the JSON it became\n"
    assert '  "big": 12345678901234567890123,\n  "text": "a\\x9bb"' in people.stdout
    assert "POST /v1/webhook\nuser-agent:  example\n" in people.stdout
    assert shown["record"] == json.loads(record)
    assert (shown["rule"], shown["event"]) == ("schema/type", None)
    assert shown["call"]["body"] == f"[{record.decode()}]"


def test_show_escapes_bytes_that_are_not_json(gateway: GatewayFolder) -> None:
    """They cannot move a person's cursor, and scripts lose nothing."""
    gateway.add(dead_letter(b"\xff\x1b[2J", decodable=False), dead_letter(b"{half", decodable=False))

    people = gateway.run("dead", "show", "1")
    scripts = [json.loads(gateway.run("dead", "show", id_, "--json").stdout) for id_ in ("1", "2")]

    assert "record\n\\xff\\x1b[2J\n" in people.stdout
    assert [one["record"] for one in scripts] == [{"base64": "/xtbMko="}, "{half"]


def test_show_has_the_event_that_was_refused(gateway: GatewayFolder) -> None:
    """There is an event and no record, and what the destination answered to it."""
    gateway.add(dead_letter(b"", "delivery/400", event=b'{"type":"track"}', answer="userId\x1b is missing"))

    people = gateway.run("dead", "show", "1").stdout
    script = json.loads(gateway.run("dead", "show", "1", "--json").stdout)

    assert "the destination answered\nuserId\\x1b is missing\n" in people
    assert (script["record"], script["event"], script["bytes"]) == (None, {"type": "track"}, 16)
    assert script["answer"] == "userId\x1b is missing"


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "kept", "returncode"), [(b"n\n", 2, 1), (b"y\n", 0, 0)])
def test_drop_asks_on_a_terminal(gateway: GatewayFolder, answer: bytes, kept: int, returncode: int) -> None:
    """What a person does not confirm stays."""
    gateway.add(dead_letter(), dead_letter(RECORD))

    done = on_terminal(gateway.path, "dead", "drop", "--source", "auth0", typed=answer)

    assert "Drop 2 dead letters for good? [y/N]" in done.stderr
    assert (len(gateway.letters()), done.returncode) == (kept, returncode)


def test_drop_needs_yes_in_a_script(gateway: GatewayFolder) -> None:
    """Nobody can be asked there."""
    gateway.add(dead_letter(), dead_letter(rule="unmatched"), dead_letter(RECORD))

    unsure = gateway.run("dead", "drop", "1")
    some = gateway.run("dead", "drop", "--rule", "unmatched", "--yes")
    one = gateway.run("dead", "drop", "3", "3", "--yes")

    assert unsure.stderr == "springhead: dropped dead letters cannot be brought back: add --yes to confirm\n"
    assert unsure.returncode == 2
    assert (some.stderr, some.returncode) == ("1 dead letter dropped\n", 0)
    assert (one.stderr, [each.id for each in gateway.letters()]) == ("1 dead letter dropped\n", [1])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("replay",), "which dead letters? Give ids or filters, or --all"),
        (("drop", "--yes"), "which dead letters? Give ids or filters, or --all"),
        (("replay", "1", "--rule", "unmatched"), "give ids, filters or --all: only one of the three"),
        (("drop", "--all", "--older-than", "1d", "--yes"), "give ids, filters or --all: only one of the three"),
        (
            ("list", "--older-than", "2 days"),
            "--older-than '2 days' is not an age: write a number and its unit",
        ),
        (("list", "--older-than", "2h", "--younger-than", "30m"), "no dead letter is both"),
        (("list", "--source", "auth"), "no source is called 'auth': did you mean auth0?"),
        (("show", "7"), "no dead letter has the id 7: `springhead dead list` shows them"),
        (("replay", "1", "7"), "no dead letter has the id 7"),
        (("drop", "1", "7", "--yes"), "no dead letter has the id 7"),
    ],
)
def test_a_usage_error_is_one_line_and_changes_nothing(
    gateway: GatewayFolder, arguments: tuple[str, ...], reason: str
) -> None:
    """It is found before the first dead letter is touched."""
    gateway.add(dead_letter(RECORD))

    done = gateway.run("dead", *arguments)

    assert f"springhead: {reason}" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert len(gateway.letters()) == 1


@pytest.mark.slow
def test_many_dead_letters_take_no_more_memory_than_few(tmp_path: Path) -> None:
    """Records of 60 MB are listed, replayed and dropped a few at a time; SQLite's cache is bounded."""
    record = json.dumps({"type": 7, "text": "x" * 30_000}).encode()
    peaks: dict[str, list[int]] = {"list": [], "replay": [], "drop": []}
    for count in (20, scaled(2_000)):
        gateway = GatewayFolder(tmp_path / str(count))
        gateway.path.mkdir()
        write_settings(gateway.path, {**SOURCE, "name": "auth0"})
        gateway.add(*[dead_letter(record[:-1] + b" " * each + b"}") for each in range(count)])
        for command, flags, summary in (
            ("list", ("--json",), ""),
            ("replay", ("--all",), f"{count} dead letters: 0 gone (0 events), {count} still dead\n"),
            ("drop", ("--all", "--yes"), f"{count} dead letters dropped\n"),
        ):
            arguments = [sys.executable, "-c", MEASURED, SPRINGHEAD, "dead", command, *flags]
            done = subprocess.run(arguments, cwd=gateway.path, capture_output=True, check=True)
            lines, errors, kilobytes = json.loads(done.stdout)
            assert (lines, errors) == (0 if command == "drop" else count, summary)
            peaks[command].append(kilobytes)

    grown = {command: after - before for command, (before, after) in peaks.items()}
    assert all(kilobytes < 30_000 for kilobytes in grown.values()), grown
