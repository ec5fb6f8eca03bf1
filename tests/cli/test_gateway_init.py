"""`springhead gateway init` writes settings that work, and says what to enter where."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import httpx
import pytest

from springhead.gateway import load_settings
from support.commands import on_terminal, springhead
from support.folders import source_folder
from support.nats_nodes import cluster
from support.servers import LOCAL, free_port, serving, until


def test_it_writes_a_file_and_says_what_to_enter_at_the_sender(tmp_path: Path) -> None:
    """The URL holds the file's key, the source says where to enter it, and the next command follows."""
    named = ("--type", "auth0", "--name", "Shop", "--url", "https://hooks.example.com/")

    done = springhead(tmp_path, "gateway", "init", *named)

    path = tmp_path / "springhead.toml"
    source = tomllib.loads(path.read_text())["source"][0]
    assert done.returncode == 0, done.stderr
    assert (source["name"], source["type"]) == ("Shop", "auth0")
    assert f"  https://hooks.example.com/v1/webhook?writeKey={source['write_key'][0]}\n" in done.stdout
    text = " ".join(done.stdout.split())
    assert "Content Format: JSON Array" in text
    assert "put the same text as authorization into [[source]]" in text
    assert done.stdout.endswith("  springhead serve gateway --config springhead.toml\n")
    assert load_settings(path).source[0].name == "Shop"
    assert load_settings(path).gateway.public_url == "https://hooks.example.com"


def test_it_says_where_the_secret_of_a_vendor_that_signs_goes(tmp_path: Path) -> None:
    """Without it, nothing would be verified."""
    about = {"name": "acme", "title": "Acme", "signature": {"scheme": "standard-webhooks"}}
    folder = str(source_folder(tmp_path, source=about))

    done = springhead(tmp_path, "gateway", "init", "--type", "acme", "--folder", folder)

    assert "Acme signs its webhooks: put the secret it shows into the file as\nsigning_secret" in done.stdout


def test_it_says_where_events_are_delivered(tmp_path: Path) -> None:
    """To a file, so that a first event can be looked at."""
    done = springhead(tmp_path, "gateway", "init", "--type", "auth0")

    delivery = tomllib.loads((tmp_path / "springhead.toml").read_text())["delivery"]
    assert delivery == {"to": "file:delivered.jsonl"}
    assert "Events are delivered to delivered.jsonl until [delivery] in the file names" in done.stdout


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    """It holds a write key."""
    springhead(tmp_path, "gateway", "init", "--type", "auth0")

    assert stat.S_IMODE((tmp_path / "springhead.toml").stat().st_mode) == 0o600


def test_it_never_replaces_a_file(tmp_path: Path) -> None:
    """The second time it says so, and changes nothing."""
    springhead(tmp_path, "gateway", "init", "--type", "auth0")
    before = (tmp_path / "springhead.toml").read_bytes()

    again = springhead(tmp_path, "gateway", "init", "--type", "auth0")
    other = springhead(tmp_path, "gateway", "init", "--type", "auth0", "--file", "other one.toml")

    expected = "springhead: springhead.toml already exists and is not replaced: choose another with --file\n"
    assert again.stderr == expected
    assert (again.returncode, (tmp_path / "springhead.toml").read_bytes()) == (2, before)
    assert other.stdout.endswith("--config 'other one.toml'\n")
    assert "  http://127.0.0.1:8080/v1/webhook?writeKey=" in other.stdout


def test_with_several_sources_it_asks_for_the_type(tmp_path: Path) -> None:
    """None of them is the default. A source from a folder is as good as a bundled one."""
    folder = str(source_folder(tmp_path, source={"name": "acme", "setup": ["Paste it below Hooks."]}))

    unsaid = springhead(tmp_path, "gateway", "init", "--folder", folder)
    said = springhead(tmp_path, "gateway", "init", "--folder", folder, "--type", "acme")

    assert "springhead: which --type is the sender? One of: " in unsaid.stderr
    assert "acme, " in unsaid.stderr
    assert unsaid.returncode == 2
    assert "Paste it below Hooks." in said.stdout
    assert load_settings(tmp_path / "springhead.toml").gateway.folders == (Path(folder),)


def test_a_cluster_is_written_with_the_keys_that_it_may_need(tmp_path: Path) -> None:
    """Its nodes, and three replicas; credentials and TLS stay commented out."""
    url = "tls://a:4222,b:4222,c:4222"

    done = springhead(tmp_path, "gateway", "init", "--type", "auth0", "--store", url)

    text = (tmp_path / "springhead.toml").read_text()
    assert tomllib.loads(text)["store"] == {"url": url, "replicas": 3}
    assert {"# user = ", "# password = ", "# credentials = ", "# ca = "} <= {
        line[: line.index("=") + 2] for line in text.splitlines() if line.startswith("# ") and " = " in line
    }
    assert load_settings(tmp_path / "springhead.toml").store.servers == (
        "tls://a:4222",
        "tls://b:4222",
        "tls://c:4222",
    )
    assert f"They are kept in the NATS cluster at {url}." in done.stdout


def test_without_an_address_the_cluster_is_one_server_on_this_machine(tmp_path: Path) -> None:
    """It can keep one replica. SQLite is the store unless another is asked for."""
    springhead(tmp_path, "gateway", "init", "--type", "auth0", "--store", "nats")
    springhead(tmp_path, "gateway", "init", "--type", "auth0", "--file", "file.toml")

    store = load_settings(tmp_path / "springhead.toml").store
    assert (store.servers, store.replicas) == (("nats://127.0.0.1:4222",), 1)
    assert load_settings(tmp_path / "file.toml").store.servers == ()


@pytest.mark.slow
def test_a_gateway_starts_with_the_file_for_a_cluster(tmp_path: Path) -> None:
    """It keeps events there, and delivers them."""
    with cluster(tmp_path / "nats") as nodes:
        url = "nats://" + ",".join(node.url.removeprefix("nats://") for node in nodes)
        springhead(tmp_path, "gateway", "init", "--type", "auth0", "--store", url)
        file, port = tmp_path / "springhead.toml", free_port()
        file.write_text(file.read_text().replace("# admin =", f'admin = "127.0.0.1:{free_port()}" #'))
        (key,) = load_settings(file).source[0].write_key

        with serving(tmp_path, "gateway", "--config", str(file), port=port) as server:
            answer = httpx.post(
                f"{server.url}/v1/webhook?writeKey={key.get_secret_value()}", json=[{"type": "s"}], **LOCAL
            )
            until((tmp_path / "delivered.jsonl").exists)

    assert answer.text == "ok"
    assert "Success Login" in (tmp_path / "delivered.jsonl").read_text()


def test_it_says_what_the_vendor_does_after_an_error(tmp_path: Path) -> None:
    """So the operator knows why rejected calls are answered `ok`."""
    reason = "Acme disables a webhook after an error, and drops all of its events until you enable it again."
    about = {"name": "acme", "on_rejection": {"answer": "ok", "reason": reason}}
    folder = str(source_folder(tmp_path, source=about))

    done = springhead(tmp_path, "gateway", "init", "--folder", folder, "--type", "acme")

    text = " ".join(done.stdout.split())
    assert f"the gateway answers ok, unless on_rejection in the file says otherwise. {reason}" in text
    assert max(map(len, done.stdout.splitlines())) <= 88
    assert '# on_rejection = "ok" ' in (tmp_path / "springhead.toml").read_text()


def test_on_a_terminal_it_offers_a_list(tmp_path: Path) -> None:
    """What is not on the list is asked for again."""
    folder = str(source_folder(tmp_path, source={"name": "acme", "title": "Acme Hooks"}))

    done = on_terminal(tmp_path, "gateway", "init", "--folder", folder, typed=b"acne\nacme\n")

    assert done.returncode == 0, done.stdout
    assert "acme                 Acme Hooks" in done.stdout
    assert done.stdout.count("Which of these sends the webhooks?") == 2
    assert load_settings(tmp_path / "springhead.toml").source[0].type == "acme"


@pytest.mark.parametrize(
    ("file", "written"), [("springhead.toml", "sources/acme"), ("etc/springhead.toml", "{folder}/sources/acme")]
)
def test_a_folder_beside_the_file_is_named_relative_to_it(tmp_path: Path, file: str, written: str) -> None:
    """Both can be moved together; a folder elsewhere is named in full."""
    source_folder(tmp_path / "sources")
    (tmp_path / "etc").mkdir()

    done = springhead(tmp_path, "gateway", "init", "--type", "acme", "--folder", "sources/acme", "--file", file)

    assert done.returncode == 0, done.stderr
    named = tomllib.loads((tmp_path / file).read_text())["gateway"]["folders"]
    assert named == [written.format(folder=tmp_path)]
    assert load_settings(tmp_path / file).gateway.folders == (tmp_path / "sources" / "acme",)


def test_the_only_source_needs_no_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to choose."""
    folder = source_folder(tmp_path)
    monkeypatch.setenv("SPRINGHEAD_PLUGINS", str(folder))

    springhead(tmp_path, "gateway", "init", "--folder", str(folder))

    assert load_settings(tmp_path / "springhead.toml").source[0].type == "acme"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--type", "auht0"), "--type 'auht0' is not an active source: did you mean auth0?"),
        (("--url", "hooks.example.com"), "write it as in https://hooks.example.com"),
        (("--url", "https://hooks.example.com?a=1"), "write it as in https://hooks.example.com"),
        (("--url", "https://hooks.example.com/v1/webhook"), "write it as in https://hooks.example.com"),
        (("--store", "nats://a,b/c"), "write sqlite, nats, or as in nats://a:4222,b:4222,c:4222"),
        (("--store", "postgres"), "write sqlite, nats, or as in nats://a:4222,b:4222,c:4222"),
        (("--name", "x" * 101), "--name takes up to 100 printable characters"),
        (("--name", "a\x1bb"), "--name takes up to 100 printable characters"),
        (("--file", "nowhere/springhead.toml"), "nowhere/springhead.toml: no such file or directory"),
    ],
)
def test_a_usage_error_is_one_line(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    """It says what is wrong, and nothing is written."""
    done = springhead(tmp_path, "gateway", "init", "--type", "auth0", *arguments)

    assert reason in done.stderr
    assert (done.returncode, done.stderr.count("\n"), list(tmp_path.iterdir())) == (2, 1, [])
