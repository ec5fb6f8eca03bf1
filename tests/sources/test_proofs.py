"""Every bundled source is run by its fixtures as a whole, and no change of it goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from springhead.kit.coverage.coverage import measure
from springhead.kit.mutate.mutate import Mutation
from springhead.kit.suite import Suite, find_suites
from springhead.kit.waivers import Waiver
from support.hosts import HOST

each_source = pytest.mark.parametrize("source", sorted(HOST.sources))


def suite_of(source: str) -> Suite:
    """The fixtures of a bundled source."""
    (suite,) = find_suites([source], Path(__file__).parent)
    return suite


def fail_with(command: str, problems: Iterable[object], unused_waivers: Iterable[Waiver]) -> None:
    """Fail if there is a problem, with the command that shows them again."""
    lines = [*map(str, problems), *(waiver.unused for waiver in unused_waivers)]
    if lines:
        pytest.fail("\n".join([f"springhead {command} (see docs/proofs.md)", *lines]), pytrace=False)


@each_source
def test_the_fixtures_run_all_of_a_source(source: str) -> None:
    """Its rules, rows, branches and table entries; or source.json says why they cannot."""
    covered = measure(suite_of(source))

    fail_with(f"coverage {source}", covered.missed, covered.unused_waivers)


@pytest.mark.slow
@pytest.mark.timeout(600)  # hundreds of mutants
@each_source
def test_the_fixtures_notice_every_change_of_a_source(source: str) -> None:
    """Or source.json says why they cannot."""
    mutation = Mutation(suite_of(source))

    unnoticed = [verdict for verdict in mutation.verdicts() if verdict is not None and verdict.is_unexplained]

    fail_with(f"mutate {source}", unnoticed, mutation.unused_waivers)
