"""Checking source folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead import Host, UnknownSource
from springhead.kit.check import check_folders
from support.folders import source_folder


def test_a_folder_is_checked_by_its_path(tmp_path: Path) -> None:
    """It need not be installed; what is wrong with it is listed."""
    folder = source_folder(tmp_path, source={"unrap": []})

    (checked,) = check_folders(Host(), [str(folder)])

    assert (checked.name, checked.folder) == (str(folder), folder)
    assert [problem.rule for problem in checked.problems] == ["unknown-key"]


def test_a_source_is_checked_by_its_name() -> None:
    """The folder is that of the active source."""
    host = Host()

    (checked,) = check_folders(host, ["auth0"])

    assert (checked.name, checked.folder) == ("auth0", host.sources["auth0"].folder)


def test_without_names_all_active_sources_are_checked() -> None:
    """What is bundled has no problems."""
    host = Host()

    checked = check_folders(host)

    assert [folder.name for folder in checked] == sorted(host.sources)
    assert [folder.problems for folder in checked] == [()] * len(host.sources)


def test_a_name_of_nothing_is_the_callers_mistake() -> None:
    """The advice is the nearest name, or a path."""
    with pytest.raises(UnknownSource) as error:
        check_folders(Host(), ["auht0"])

    assert str(error.value) == (
        "no active source 'auht0': did you mean auth0? (or give the path of a source folder)"
    )


TIMED = [{"from": "at", "to": "originalTimestamp"}]


@pytest.mark.parametrize(
    ("ids", "rule", "warned"),
    [
        (["id"], {"type": "track", "event": "E"}, True),
        (["$item.id", "id"], {"type": "track", "event": "E"}, True),
        (["id"], {"type": "track", "event": "E", "map": TIMED}, False),
        (["id"], {"type": "track", "event": "E", "pass": True}, False),
        (["id"], {"type": "drop"}, False),
        (["$request.headers.x-id", "id"], {"type": "track", "event": "E"}, False),
        ([{"template": "{id}@{at}"}], {"type": "track", "event": "E"}, False),
        ([], {"type": "track", "event": "E"}, False),
    ],
)
def test_an_entitys_id_without_a_time_is_a_warning(
    tmp_path: Path, ids: list[object], rule: dict[str, object], warned: bool
) -> None:
    """The same id comes back with every change of the entity."""
    folder = source_folder(tmp_path, source={"id": ids}, mapping={"integration": "A", "events": [rule]})

    (checked,) = check_folders(Host(), [str(folder)])

    assert checked.problems == ()
    assert [(w.file, w.pointer, w.rule) for w in checked.warnings] == [
        ("mapping.json", "/events/0", "no-time")
    ] * warned
