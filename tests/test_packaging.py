"""What is published: a wheel that holds one package, all its data, and passes the tests once installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.commands import run_pytest
from support.paths import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as `pip` and `build` do it."""
    made = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(made), str(ROOT)]
    subprocess.run(command, capture_output=True, check=True)
    (path,) = made.glob("*.whl")
    return path


def test_the_wheel_has_one_top_level_name(wheel: Path) -> None:
    """`core` and `sources` never stand beside the packages of whoever embeds us."""
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"springhead"}


def test_the_wheel_holds_every_file_of_the_tree(wheel: Path) -> None:
    """No schema, mapping or table is left behind, and no cache comes along."""
    packed = {name.removeprefix("springhead/") for name in zipfile.ZipFile(wheel).namelist()}
    tree = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.*") if path.is_file()}

    assert {name for name in tree if not name.endswith(".pyc")} <= packed
    assert not any(name.endswith(".pyc") for name in packed)


def test_the_wheel_says_where_the_project_lives(wheel: Path) -> None:
    """What its addresses name in the repository is there."""
    metadata = next(name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/METADATA"))
    text = zipfile.ZipFile(wheel).read(metadata).decode()
    urls = dict(re.findall(r"^Project-URL: (\w+), (\S+)$", text, re.MULTILINE))

    assert urls.keys() == {"Documentation", "Source", "Changelog", "Issues"}
    assert all(url.startswith(urls["Source"]) for url in urls.values())
    named = [url.partition("/main/")[2] for url in urls.values()]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_installed_wheel_passes_the_fixtures(wheel: Path, tmp_path: Path) -> None:
    """The tests run against the wheel, not against the tree."""
    site = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = [sys.executable, "-c", "import springhead; print(springhead.__file__)"]
    found = subprocess.run(where, env=environment, capture_output=True, text=True, check=True).stdout
    fixtures = "tests/sources/test_fixtures.py"
    done = run_pytest(ROOT, "-q", "-p", "pytest_timeout", fixtures, PYTHONPATH=str(site))

    assert found.strip() == str(site / "springhead" / "__init__.py")
    assert done.returncode == 0, done.stdout
