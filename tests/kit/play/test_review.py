"""What is said of a source besides what it does with the request: findings, and rows no fixture runs."""

from __future__ import annotations

from pathlib import Path

from springhead.kit.play.review import review_source
from springhead.kit.play.snapshot import Snapshot
from springhead.kit.play.workspace import Workspace
from support.paths import ROOT
from support.playgrounds import acme_folder


def snapshot_of(folder: Path) -> Snapshot:
    """A folder as it is opened on the page."""
    workspace = Workspace(folder, writable=True)
    texts = {name: file.text for name, file in workspace.files().items()}
    return Snapshot(texts, name=folder.name, fixtures=str(workspace.fixtures.folder))


def test_rows_that_no_fixture_runs_are_listed(tmp_path: Path) -> None:
    """A row whose value is absent in all of them did not run."""
    found = review_source(snapshot_of(acme_folder(tmp_path)), tmp_path)

    assert found["uncovered"] == [{"pointer": "/map/4", "reason": "no fixture gives this row a value"}]


def test_findings_are_those_of_check(tmp_path: Path) -> None:
    """Held against the fixtures on disk, and the files as they are on the page."""
    snapshot = snapshot_of(acme_folder(tmp_path))
    files = {
        **snapshot.files,
        "mapping.json": snapshot.files["mapping.json"].replace("customer.id", "customer.key"),
    }

    found = review_source(Snapshot(files, name="acme", fixtures=snapshot.fixtures), tmp_path)

    findings = [(finding["file"], finding["line"], finding["code"]) for finding in found["findings"]]
    assert ("mapping.json", 5, "unseen-path") in findings or ("mapping.json", 5, "unknown-path") in findings
    assert {finding["severity"] for finding in found["findings"]} == {"advice"}


def test_a_bundled_source_has_none(tmp_path: Path) -> None:
    """What `springhead check` accepts, the page accepts."""
    folder = ROOT / "src" / "sources" / "auth0"
    readme = str(folder / "README.md")
    snapshot = snapshot_of(folder)

    found = review_source(
        Snapshot(snapshot.files, name="auth0", fixtures=snapshot.fixtures, readme=readme), tmp_path
    )

    assert found == {"findings": [], "uncovered": []}
