"""`springhead new` drafts a source from captured bodies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.commands import springhead

BODY = '{"type": "order.paid", "id": "e1", "at": 1710497730, "customer": {"email": "mary@corp.io"}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a captured body."""
    (tmp_path / "paid.json").write_text(BODY)
    return tmp_path


def test_a_draft_is_green_unedited(folder: Path) -> None:
    """Each guess is said in one line; `check` and `test` find nothing."""
    done = springhead(folder, "new", "acme", "--from", "paid.json")

    assert done.stdout.splitlines() == [
        "guess: type names the event",
        "guess: id identifies the delivery",
        'guess: at is when it happened (time "s")',
        "guess: nothing says whose event it is: each gets a derived anonymousId",
        "guess: customer.email is context.traits.email",
        "guess: pii are **.email",
        "acme: written",
    ]
    assert springhead(folder, "check", "./acme").stdout == "./acme: no problems\n"
    assert springhead(folder, "test", "./acme").stderr == "1 case passed, 0 failed\n"
    assert sorted(path.name for path in (folder / "acme" / "fixtures" / "paid").iterdir()) == [
        "expected.json",
        "request.json",
    ]


def test_headers_are_kept_unless_they_are_secrets(folder: Path) -> None:
    """A fixture has what a mapping may read."""
    headers = (
        "--header",
        "X-Acme-Event: order",
        "--header",
        "Authorization: Bearer f00",
        "--header",
        "X-Odd: 1",
    )

    springhead(folder, "new", "acme", "--from", "paid.json", *headers)

    meta = json.loads((folder / "acme" / "fixtures" / "paid" / "request.meta.json").read_text())
    assert meta == {"headers": {"X-Acme-Event": "order"}}


def test_fixtures_go_where_test_looks_for_them(folder: Path) -> None:
    """In a project, that is `tests/fixtures/NAME`."""
    (folder / "pyproject.toml").write_text("")

    springhead(folder, "new", "acme", "--from", "paid.json", "--into", "src/sources")

    assert (folder / "src" / "sources" / "acme" / "source.json").exists()
    assert (folder / "tests" / "fixtures" / "acme" / "paid" / "expected.json").exists()


def test_a_source_among_others_in_a_package_is_a_plugin(folder: Path) -> None:
    """As in `src/sources` of springhead."""
    (folder / "sources").mkdir()
    (folder / "sources" / "__init__.py").touch()

    springhead(folder, "new", "acme", "--from", "paid.json", "--into", "sources")

    assert "def springhead_sources()" in (folder / "sources" / "acme" / "__init__.py").read_text()


@pytest.mark.parametrize("existing", ["src/acme", "tests/fixtures/acme"])
def test_nothing_is_overwritten(folder: Path, existing: str) -> None:
    """Neither a source nor its fixtures; what was begun is removed."""
    (folder / "pyproject.toml").write_text("")
    (folder / existing).mkdir(parents=True)
    before = sorted(folder.rglob("*"))

    done = springhead(folder, "new", "acme", "--from", "paid.json", "--into", "src")

    assert f"{existing} exists, and nothing is overwritten" in done.stderr
    assert done.returncode == 2
    assert [path for path in sorted(folder.rglob("*")) if path.name != "src"] == [
        path for path in before if path.name != "src"
    ]


def test_a_package_has_all_that_a_distribution_needs(folder: Path) -> None:
    """Metadata, entry point, test and workflow."""
    done = springhead(folder, "new", "acme-pay", "--from", "paid.json", "--package")

    project = folder / "springhead-source-acme-pay"
    assert done.stdout.endswith("springhead-source-acme-pay: written\n")
    assert sorted(str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()) == [
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "src/springhead_source_acme_pay/README.md",
        "src/springhead_source_acme_pay/__init__.py",
        "src/springhead_source_acme_pay/mapping.json",
        "src/springhead_source_acme_pay/schema.json",
        "src/springhead_source_acme_pay/source.json",
        "tests/fixtures/acme-pay/paid/expected.json",
        "tests/fixtures/acme-pay/paid/request.json",
        "tests/test_acme_pay.py",
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("Acme", "--from", "paid.json"), "'Acme' is not a name: use lower-case letters, digits, - and _"),
        (("acme", "--from", "none.json"), "none.json: no such file or directory"),
        (("acme", "--from", "odd.xml"), "odd is neither JSON nor a form: not JSON: "),
        (("acme",), "Missing option '--from'"),
    ],
)
def test_what_cannot_be_drafted_is_a_usage_error(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    """In one line, with exit code 2; nothing is written."""
    (folder / "odd.xml").write_text("<order/>")

    done = springhead(folder, "new", *arguments)

    assert reason in done.stderr
    assert done.returncode == 2
    assert not (folder / "acme").exists()
