"""`springhead gateway check` prints one line each, and its exit code says whether there is a problem."""

from __future__ import annotations

from pathlib import Path

from support.commands import GatewayFolder, json_lines
from support.folders import source_folder
from support.gateways import SOURCE, write_settings
from support.servers import free_port


def test_a_line_for_each_check(gateway: GatewayFolder) -> None:
    """Exit code 0 means no problem."""
    done = gateway.run("gateway", "check")

    assert done.stdout.startswith("ok       settings     springhead.toml has 1 source\n")
    assert len(done.stdout.splitlines()) == 8
    assert (done.returncode, done.stderr) == (0, "")


def test_scripts_read_json(gateway: GatewayFolder) -> None:
    """One object for each check; exit code 1 means a problem."""
    to = f"http://127.0.0.1:{free_port()}"
    write_settings(gateway.path, SOURCE, gateway={"port": free_port()}, delivery={"to": to})

    done = gateway.run("gateway", "check", "--json")

    last = json_lines(done.stdout)[-1]
    assert last.keys() == {"check", "status", "reason", "advice"}
    assert (last["check"], last["status"], done.returncode) == ("destination", "problem", 1)


def test_a_source_folder_can_be_registered(tmp_path: Path) -> None:
    """As when the gateway is started with it."""
    folder = source_folder(tmp_path, source={"name": "acme"})
    write_settings(tmp_path, {**SOURCE, "type": "acme"}, gateway={"port": free_port(), "admin": "127.0.0.1:0"})

    done = GatewayFolder(tmp_path).run("gateway", "check", "--folder", str(folder))

    assert (done.returncode, "takes calls of the type acme" in done.stdout) == (0, True)


def test_what_comes_from_outside_cannot_move_the_cursor(tmp_path: Path) -> None:
    """A name is printed escaped."""
    write_settings(tmp_path, {**SOURCE, "name": "\x1b[2J"}, gateway={"port": free_port()})

    assert "\x1b" not in GatewayFolder(tmp_path).run("gateway", "check").stdout


def test_what_a_store_logs_is_not_among_the_results(gateway: GatewayFolder) -> None:
    """Scripts read stdout; the log is on stderr."""
    url = f"nats://127.0.0.1:{free_port()}"
    write_settings(gateway.path, SOURCE, gateway={"port": free_port()}, store={"url": url})

    done = gateway.run("gateway", "check", "--json")

    assert ("problem", "store") in {(line["status"], line["check"]) for line in json_lines(done.stdout)}
    assert "the connection to NATS failed" in done.stderr
