"""What is said of a source besides what it does with the request: findings, and rows no fixture runs."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from springhead.kit.play.review import review_source
from springhead.kit.play.snapshot import Snapshot
from springhead.kit.play.workspace import Workspace
from support.paths import ROOT
from support.playgrounds import MAPPING, acme_folder


def snapshot_of(folder: Path) -> Snapshot:
    """A folder as it is opened on the page."""
    workspace = Workspace(folder, writable=True)
    texts = {name: file.text for name, file in workspace.files().items()}
    return Snapshot(texts, name=folder.name, fixtures=str(workspace.fixtures.folder))


def test_rows_that_no_fixture_runs_are_listed(tmp_path: Path) -> None:
    """A row whose value is absent in all of them did not run."""
    found = review_source(snapshot_of(acme_folder(tmp_path)), tmp_path)

    assert found["uncovered"] == [
        {"file": "mapping.json", "pointer": "/map/4", "reason": "no fixture gives this row a value"}
    ]


def test_table_entries_that_no_fixture_looks_up_are_listed(tmp_path: Path) -> None:
    """As `springhead coverage` lists them."""
    folder = acme_folder(tmp_path)
    (folder / "names.json").write_text('{"order.paid": "Order Paid", "order.lost": "Order Lost"}')
    row = '{"type": "track", "event": {"from": "type", "lookup": "names"}}'
    (folder / "mapping.json").write_text(MAPPING.replace('{"type": "track", "event": {"from": "type"}}', row))

    uncovered = review_source(snapshot_of(folder), tmp_path)["uncovered"]

    assert ("names.json", "/order.lost") in [(place["file"], place["pointer"]) for place in uncovered]


def test_fixtures_that_fail_are_listed(tmp_path: Path) -> None:
    """With the outcome expected and that which they have now; those that cannot be run, with the reason."""
    folder = acme_folder(tmp_path)
    (folder / "fixtures" / "empty").mkdir()
    snapshot = snapshot_of(folder)
    files = {**snapshot.files, "mapping.json": MAPPING.replace("properties.shop", "properties.branch")}

    empty, paid = review_source(replace(snapshot, files=files), tmp_path)["failing"]

    assert empty["name"] == "empty"
    assert empty["reason"].startswith("fixtures/empty has no request: there must be one of request.json")
    assert (paid["name"], paid["reason"]) == ("paid", "expects another outcome")
    assert '"shop"' in paid["before"]
    assert '"branch"' in paid["after"]


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

    assert found == {"findings": [], "failing": [], "uncovered": []}
