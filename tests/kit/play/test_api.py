"""The playground over HTTP: for whom it answers, and what it writes where."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from springhead.kit.case import Case
from support.hosts import HOST
from support.playgrounds import BODY, MAPPING, Playground, acme_folder, playground
from support.servers import LOCAL

pytestmark = pytest.mark.slow

HELLO = {"files": {}, "request": {"body": "{}"}}


def files_of(one: Playground, source: str = "acme") -> dict[str, Any]:
    """The files as the page gets them."""
    files: dict[str, Any] = one.call("source", source=source).json()["files"]
    return files


def texts_of(one: Playground, source: str = "acme") -> dict[str, str]:
    """Their texts."""
    return {name: file["text"] for name, file in files_of(one, source).items()}


def test_only_the_page_that_was_opened_is_answered(acme: Playground) -> None:
    """It knows the token, is of this machine, and of no other site."""
    wrong = {"Authorization": "Bearer of-somebody-else"}
    rebound = {"Host": "evil.example.com"}
    foreign = {"Origin": "http://evil.example.com"}
    simple = {"X-Springhead": ""}

    assert acme.call("source").status_code == 200
    assert acme.call("source", headers=wrong).status_code == 401
    assert acme.call("try", HELLO, headers=wrong).status_code == 401
    assert acme.call("source", headers=rebound).status_code == 403
    for headers in (foreign, simple, rebound):
        assert acme.call("save", {"edits": {}}, headers=headers).status_code == 403
    assert acme.call("source", source="../secrets").status_code == 404


def test_the_page_is_served_with_a_policy_and_holds_no_token(acme: Playground) -> None:
    """No script but its own files runs, and the address does not give the token away."""
    page = httpx.get(acme.url, **LOCAL)

    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "'unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert acme.token not in page.text
    assert "style=" not in page.text


def test_it_listens_on_loopback_only(acme: Playground) -> None:
    """Other machines never reach it."""
    assert acme.url.startswith("http://127.0.0.1:")


def test_a_save_writes_the_files_that_changed(writable: Playground, folder: Path) -> None:
    """Whole, with the mode and the line ends they had; a table may be new."""
    (folder / "mapping.json").write_bytes(MAPPING.replace("\n", "\r\n").encode())
    (folder / "mapping.json").chmod(0o640)
    digest = files_of(writable)["mapping.json"]["digest"]
    text = MAPPING.replace("Acme", "ACME")
    edits = {
        "mapping.json": {"text": text, "digest": digest},
        "names.json": {"text": "{}\n", "digest": None},
    }

    saved = writable.call("save", {"edits": edits})

    assert saved.status_code == 200
    assert saved.json()["files"]["mapping.json"]["text"] == text
    assert (folder / "mapping.json").read_bytes() == text.replace("\n", "\r\n").encode()
    assert (folder / "mapping.json").stat().st_mode & 0o777 == 0o640
    assert (folder / "names.json").read_text() == "{}\n"
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_changed_on_disk_is_not_overwritten(tmp_path: Path) -> None:
    """Neither is any other file of that save; a new file never replaces one that appeared."""
    folder = acme_folder(tmp_path)
    with playground(tmp_path, "./acme") as one:
        files = files_of(one, "./acme")
        (folder / "mapping.json").write_text(MAPPING.replace("Acme", "Theirs"))
        (folder / "names.json").write_text('{"a": "theirs"}')
        edits = {
            "source.json": {"text": "{}", "digest": files["source.json"]["digest"]},
            "mapping.json": {"text": "{}", "digest": files["mapping.json"]["digest"]},
            "names.json": {"text": "{}", "digest": None},
        }

        refused = one.call("save", {"edits": edits}, source="./acme")

        assert refused.status_code == 409
        assert refused.json()["conflicts"] == ["mapping.json", "names.json"]
        assert "Theirs" in (folder / "mapping.json").read_text()
        assert (folder / "source.json").read_text() == files["source.json"]["text"]


@pytest.mark.parametrize(
    "name", ["../evil.json", "/evil.json", "a/b.json", ".hidden.json", "README.md", "x.py"]
)
def test_no_other_file_is_written_or_read(acme: Playground, name: str) -> None:
    """Whatever a call names: only the JSON files of the folder itself."""
    edits = {name: {"text": "{}", "digest": None}}

    assert acme.call("save", {"edits": edits}).status_code == 400
    assert acme.call("try", {"files": {name: "{}"}}).status_code == 400
    assert acme.call("keep", {"name": name, "files": {}, "request": {}}).status_code == 409
    assert acme.call("copy", {"name": name, "files": {}}).status_code == 409
    assert acme.call("draft", {"name": name, "request": {"body": "{}"}}).status_code == 409
    assert acme.call("fixture", params={"name": name}).status_code == 422


def test_a_link_is_never_followed(writable: Playground, folder: Path, tmp_path: Path) -> None:
    """Neither to read a file outside the folder, nor to write one, nor to keep a fixture."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_text('{"secret": 1}')
    (folder / "names.json").symlink_to(outside / "secret.json")
    (folder / "fixtures").rename(outside / "fixtures")
    (folder / "fixtures").symlink_to(outside / "fixtures")
    assert "names.json" not in files_of(writable)
    edit = {"names.json": {"text": "{}", "digest": None}}
    assert writable.call("save", {"edits": edit}).status_code == 409
    kept = writable.call(
        "keep", {"name": "new", "files": texts_of(writable), "request": {"body": json.dumps(BODY)}}
    )

    assert kept.status_code == 409
    assert "through a link" in kept.json()["error"]
    assert (outside / "secret.json").read_text() == '{"secret": 1}'
    assert [path.name for path in (outside / "fixtures").iterdir()] == ["paid"]


def test_a_kept_fixture_is_one_that_springhead_test_passes(writable: Playground, folder: Path) -> None:
    """It expects what the page shows, and holds neither credentials nor the signing secret."""
    request = {
        "body": json.dumps(BODY),
        "headers": {"X-Acme-Shop": "Leeds", "Authorization": "Basic of-somebody"},
        "query": {"writeKey": "a-write-key"},
        "config": {"redact": "secrets", "signing_secret": "an invented secret"},
    }
    kept = writable.call("keep", {"name": "again", "files": texts_of(writable), "request": request})
    twice = writable.call("keep", {"name": "again", "files": texts_of(writable), "request": request})
    read = writable.call("fixture", params={"name": "again"}).json()

    case = Case("acme", folder / "fixtures" / "again")
    assert kept.json() == {"folder": str(case.folder), "fixtures": ["again", "paid"]}
    assert json.loads(case.body) == BODY
    assert case.meta == {"headers": {"X-Acme-Shop": "Leeds"}, "config": {"redact": "secrets"}}
    assert json.loads(case.expected or "")["events"][0]["properties"]["shop"] == "Leeds"
    assert twice.status_code == 409
    assert (read["headers"], read["config"]) == ({"X-Acme-Shop": "Leeds"}, {"redact": "secrets"})


@pytest.mark.parametrize(
    ("body", "file"),
    [('{"a": 1}\n{"a": 2}\n', "request.jsonl"), ("a=1&b=2", "request.txt"), ("not json", "request.txt")],
)
def test_a_kept_body_is_in_the_file_for_its_format(
    writable: Playground, folder: Path, body: str, file: str
) -> None:
    """So that the suite can tell lines from a document."""
    kept = writable.call("keep", {"name": "other", "files": texts_of(writable), "request": {"body": body}})

    assert kept.status_code == 200
    assert (folder / "fixtures" / "other" / file).read_text() == body


def test_only_the_expected_outcome_of_a_fixture_is_updated(
    writable: Playground, folder: Path, tmp_path: Path
) -> None:
    """Of one of this source, as it was when it was shown, and through no link."""
    expected = folder / "fixtures" / "paid" / "expected.json"
    (folder / "fixtures" / "link").symlink_to(tmp_path)
    digest = sha256(expected.read_bytes()).hexdigest()

    def status(name: str, digest: str | None) -> int:
        return writable.call("update", {"name": name, "expected": {"text": "{}", "digest": digest}}).status_code

    refused = [status("paid", None), status("../fixtures/paid", digest), status("link", None)]
    assert status("paid", digest) == 200

    assert refused == [409, 409, 409]
    assert expected.read_text() == "{}"
    assert not (tmp_path / "expected.json").exists()


def test_an_installed_source_is_saved_as_a_copy(tmp_path: Path) -> None:
    """With its fixtures; it itself stays as it is, and the copy is never put over a folder."""
    with playground(tmp_path) as one:
        opened = one.call("source", source="auth0").json()
        texts = {name: file["text"] for name, file in opened["files"].items()}
        refused = one.call("save", {"edits": {}}, source="auth0")
        unkept = one.call("keep", {"name": "new", "files": texts, "request": {}}, source="auth0")
        copied = one.call("copy", {"name": "mine", "files": {**texts, "extra.json": "{}"}}, source="auth0")
        again = one.call("copy", {"name": "mine", "files": texts}, source="auth0")
        mine = one.call("source", source="mine").json()

    assert (opened["writable"], refused.status_code, unkept.status_code) == (False, 409, 409)
    assert copied.json() == {"source": "mine", "guesses": []}
    assert again.status_code == 409
    assert (mine["writable"], mine["folder"]) == (True, str(tmp_path / "mine"))
    assert mine["files"].keys() == opened["files"].keys() | {"extra.json"}
    assert mine["fixtures"] == opened["fixtures"]


def test_a_source_is_drafted_from_a_body(tmp_path: Path) -> None:
    """As `springhead new` does, with a fixture free of secrets; it is open at once."""
    with playground(tmp_path) as one:
        request = {"body": json.dumps({**BODY, "token": "not-for-a-file"})}
        drafted = one.call("draft", {"name": "shop", "request": request})
        again = one.call("draft", {"name": "shop", "request": request})
        bad = one.call("draft", {"name": "other", "request": {"body": '"'}})
        opened = one.call("source", source="shop").json()

    assert "type names the event" in drafted.json()["guesses"]
    assert (again.status_code, bad.status_code) == (422, 409)
    assert opened["fixtures"] == ["first"]
    assert "not-for-a-file" not in (tmp_path / "shop" / "fixtures" / "first" / "request.json").read_text()


def test_what_is_tried_is_bounded(acme: Playground) -> None:
    """In the length of the body and of the call."""
    long = acme.call("try", {"files": {}, "request": {"body": "x" * 1_000_001}})
    longer = acme.call("try", {"files": {"a.json": "x" * 8_000_001}})
    wrong = acme.call("try", {"files": 7})

    assert (long.status_code, longer.status_code, wrong.status_code) == (400, 413, 400)
    assert "springhead explain" in long.json()["error"]


@pytest.mark.parametrize("text", [r"\ud83d", r"half \uD83D of it", r"\ude00", r"\ud83d\u0041"])
def test_half_a_character_is_refused_in_plain_words(acme: Playground, text: str) -> None:
    """No request can hold it, because it has no UTF-8."""
    refused = acme.call("try", {}, content=f'{{"files": {{}}, "request": {{"body": "{text}"}}}}')

    assert refused.status_code == 400
    assert refused.json()["error"].startswith("a text has half a character in it")


def test_the_sources_of_a_project_are_found(tmp_path: Path) -> None:
    """By their folders, besides those installed; fixtures and hidden folders are not searched."""
    acme_folder(tmp_path / "src")
    acme_folder(tmp_path / ".venv")
    acme_folder(tmp_path / "tests" / "fixtures")
    with playground(tmp_path) as one:
        found = one.call("sources").json()

    installed = [{"name": name, "writable": False} for name in sorted(HOST.sources)]
    assert found == {
        "sources": [{"name": "src/acme", "writable": True}, *installed],
        "start": "src/acme",
        "into": str(tmp_path),
    }
