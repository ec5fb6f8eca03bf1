"""Every bundled source is run by its fixtures, whole, and no change of it goes unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead import Host
from springhead.kit.coverage.coverage import measure
from springhead.kit.mutate.mutate import Mutation
from springhead.kit.suite import find_suites

SOURCES = sorted(Host().sources)


@pytest.mark.parametrize("source", SOURCES)
def test_the_fixtures_run_all_of_a_source(source: str) -> None:
    """Or source.json says why they cannot: see docs/proofs.md, and `springhead coverage SOURCE`."""
    (suite,) = find_suites([source], Path(__file__).parent)

    covered = measure(suite)

    assert "\n".join(map(str, covered.missed)) == ""
    assert covered.unused_waivers == ()


@pytest.mark.slow
@pytest.mark.timeout(600)  # hundreds of mutants, of which each is compiled
@pytest.mark.parametrize("source", SOURCES)
def test_the_fixtures_notice_every_change_of_a_source(source: str) -> None:
    """Or source.json says why they cannot: see docs/proofs.md, and `springhead mutate SOURCE`."""
    (suite,) = find_suites([source], Path(__file__).parent)
    mutation = Mutation(suite)

    unnoticed = [verdict for verdict in mutation.verdicts() if verdict is not None and verdict.is_unexplained]

    assert "\n".join(map(str, unnoticed)) == ""
    assert mutation.unused_waivers == []
