"""Where the version comes from that a source is compared with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from springhead import load_source
from springhead.core.errors import InvalidFixture, InvalidRevision
from springhead.kit.diff.requests import collect_requests
from springhead.kit.diff.versions import new_version, old_version
from support.folders import add_case, source_folder
from support.repositories import commit_all, git


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A source folder in a repository, with a fixture, whose version was 1.0.0 at the tag `v1`."""
    folder = source_folder(tmp_path / "repository", source={"name": "acme", "version": "1.0.0"})
    add_case(folder / "fixtures", "paid", request_json='{"n": 1}')
    commit_all(tmp_path / "repository", "v1")
    (folder / "source.json").write_text('{"name": "acme", "version": "2.0.0"}')
    return folder


def test_a_revision_has_the_source_and_its_fixtures(acme: Path) -> None:
    """As they were committed; the working tree stays as it is."""
    (acme / "fixtures" / "paid" / "request.json").write_text('{"n": 2}')

    with old_version("v1", load_source(acme), acme) as old:
        assert (old.source.version, [case.body for case in old.cases]) == ("1.0.0", [b'{"n": 1}'])

    assert load_source(acme).version == "2.0.0"


def test_the_files_are_those_that_were_committed(acme: Path) -> None:
    """Byte for byte, whatever attributes would make of them in a working tree or an archive."""
    repository = acme.parent
    (acme / "fixtures" / "paid" / "request.json").write_bytes(b'{"n": 1}\r\n')
    (repository / ".gitattributes").write_text("* -text\n")
    commit_all(repository, "v2")
    (repository / ".gitattributes").write_text("* text=auto eol=crlf export-ignore\n")
    commit_all(repository, "v3")

    with old_version("v3", load_source(acme), acme) as old:
        assert [case.body for case in old.cases] == [b'{"n": 1}\r\n']


def test_nothing_of_a_revision_is_run(acme: Path) -> None:
    """Its Python is not even loaded."""
    (acme / "__init__.py").write_text(f"open({str(acme.parent / 'ran')!r}, 'w')\n")
    commit_all(acme.parent, "v2")

    with old_version("v2", load_source(acme), acme) as old:
        assert old.source.name == "acme"

    assert not (acme.parent / "ran").exists()


def test_a_hook_of_git_may_compare(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git sets for it does not lead elsewhere."""
    monkeypatch.setenv("GIT_DIR", ".git")

    with old_version("v1", load_source(acme), acme) as old:
        assert old.source.version == "1.0.0"


def test_links_of_a_revision_lead_nowhere(acme: Path) -> None:
    """They are left out: only files are data."""
    (acme / "names.json").symlink_to("/etc/hostname")
    commit_all(acme.parent, "v2")
    (acme / "names.json").unlink()

    with old_version("v2", load_source(acme), acme) as old:
        assert not (old.source.folder / "names.json").exists()
        assert not (old.source.folder / "names.json").is_symlink()


def test_fixtures_may_be_elsewhere_in_the_repository(tmp_path: Path) -> None:
    """In `tests/fixtures/NAME` of the project, as for `springhead test`."""
    (tmp_path / "pyproject.toml").write_text("")
    folder = source_folder(tmp_path / "src")
    add_case(tmp_path / "tests" / "fixtures" / "acme", "paid", request_json="{}")
    commit_all(tmp_path, "v1")

    with old_version("v1", load_source(folder), tmp_path) as old:
        assert [case.folder.name for case in old.cases] == ["paid"]


def test_a_source_may_be_the_whole_repository(tmp_path: Path) -> None:
    """Then the repository's name is the source's, if source.json has none."""
    folder = source_folder(tmp_path, source={"api": 1})
    commit_all(folder, "v1")

    with old_version("v1", load_source(folder), tmp_path) as old:
        assert old.source.name == "acme"


def test_a_folder_is_the_version_in_it(acme: Path, tmp_path: Path) -> None:
    """A folder takes precedence over a revision of the same name."""
    folder = source_folder(tmp_path / "other", source={"name": "acme", "version": "0.9.0"})

    with old_version(str(folder), load_source(acme), acme) as old:
        assert old.source.version == "0.9.0"


def test_a_source_without_a_name_has_that_of_its_folder_in_both_versions(tmp_path: Path) -> None:
    """A copy in another folder is not another source: its ids are the same."""
    folder = source_folder(tmp_path, source={"api": 1})
    copy = folder.rename(tmp_path / "released")
    source_folder(tmp_path, source={"api": 1})

    with old_version(str(copy), load_source(folder), tmp_path) as old:
        assert old.source.name == "acme"


@pytest.mark.parametrize("called", [".", "../link"])
def test_a_source_may_be_called_by_any_path(
    acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str
) -> None:
    """Such as `.` in its own folder, or a link to it: the name is that of the folder."""
    (acme / "source.json").write_text('{"version": "2.0.0"}')
    released = source_folder(tmp_path / "released", source={"version": "1.0.0"})
    (acme.parent / "link").symlink_to("acme")
    monkeypatch.chdir(acme)

    with old_version(str(released), load_source(called), Path()) as old:
        assert (old.source.name, old.source.version) == ("acme", "1.0.0")


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("v0", "v0 is neither a folder nor a revision of "),
        ("--all", "--all is not a revision"),
        ("empty", "empty does not have the source acme: there is nothing to compare"),
        ("", '"" is neither a folder nor a revision'),
        ("broken", "broken has a source that does not load: repository/acme has 1 problem:"),
    ],
)
def test_a_revision_without_the_source_is_an_error(acme: Path, revision: str, reason: str) -> None:
    """And says what is missing."""
    git(acme.parent, "rm", "--quiet", "-r", "--cached", "acme")
    git(acme.parent, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", "x")
    git(acme.parent, "tag", "empty")
    about = (acme / "mapping.json").read_text()
    (acme / "mapping.json").write_text("{")
    commit_all(acme.parent, "broken")
    (acme / "mapping.json").write_text(about)

    with pytest.raises(InvalidRevision) as error, old_version(revision, load_source(acme), acme):
        pass

    assert str(error.value).startswith(reason)


def test_a_folder_outside_any_repository_has_no_revisions(tmp_path: Path) -> None:
    """The error says that it is neither."""
    folder = source_folder(tmp_path)

    with (
        pytest.raises(InvalidRevision, match=r"main is not a folder, and .* is not in a git repository"),
        old_version("main", load_source(folder), tmp_path),
    ):
        pass


def test_without_git_only_folders_can_be_compared(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so."""
    monkeypatch.setenv("PATH", "")

    with (
        pytest.raises(InvalidRevision, match="v1 is not a folder, and git is not installed"),
        old_version("v1", load_source(acme), acme),
    ):
        pass


def test_the_fixtures_of_both_versions_are_run(acme: Path) -> None:
    """One that did not change only once; one that changed, as it was and as it is."""
    cases = acme / "fixtures"
    add_case(cases, "gone", request_json='{"n": 2}')
    commit_all(acme.parent, "v2")
    (cases / "gone" / "request.json").unlink()
    (cases / "gone").rmdir()
    add_case(cases, "new", request_json='{"n": 3}')
    add_case(cases, "same", request_json='{"n": 1}')
    sample = acme.parent / "captured.json"
    sample.write_text('{"n": 4}')

    with old_version("v2", load_source(acme), acme) as old:
        requests = collect_requests(old, new_version(load_source(acme), acme), [sample, cases / "paid"])

    assert [(Path(request.name).name, json.loads(request.request.body)["n"]) for request in requests] == [
        ("new", 3),
        ("paid", 1),
        ("same", 1),
        ("gone (old)", 2),
        ("captured.json", 4),
        ("paid", 1),
    ]


@pytest.mark.parametrize(("batch", "is_whole"), [([], False), (["items"], True)])
def test_a_file_is_run_chunk_by_chunk(tmp_path: Path, batch: list[str], is_whole: bool) -> None:
    """So it may be of any size, unless the versions find other items in it."""
    sample = tmp_path / "captured.jsonl"
    sample.write_text("".join(f'{{"n": {number}, "pad": "{"x" * 1000}"}}\n' for number in range(2000)))
    old, new = (
        new_version(load_source(source_folder(tmp_path / name, source=source)), tmp_path)
        for name, source in (("old", {"name": "acme"}), ("new", {"name": "acme", "batch": batch}))
    )

    (request,) = collect_requests(old, new, [sample])
    pairs = list(request.outcomes(old, new))

    assert (len(pairs) == 1) is is_whole
    assert [sum(len(outcome.events) for outcome in side) for side in zip(*pairs, strict=True)] == [2000, 2000]


def test_without_requests_nothing_can_be_compared(tmp_path: Path) -> None:
    """No verdict would be true."""
    version = new_version(load_source(source_folder(tmp_path)), tmp_path)

    with pytest.raises(InvalidFixture, match="acme has no fixtures: name captured bodies with --samples"):
        collect_requests(version, version, [])
