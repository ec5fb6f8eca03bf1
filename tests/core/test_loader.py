"""Loading source folders, and what is said of those that cannot be loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead import Host, InvalidSource, Request, UnknownSource, load_source
from springhead.core.decode import decode
from springhead.core.loader import load_interpreted
from springhead.core.pipeline import Pipeline
from support.folders import source_folder
from support.suites import WORDS, suite_of_word


def test_a_folder_that_cannot_be_loaded_hurts_no_other_source(tmp_path: Path) -> None:
    """The rest of the host works, and asking for the source says what is wrong with the folder."""
    folder = source_folder(tmp_path, mapping={"integration": "Acme"})

    host = Host(folders=[folder])

    assert "auth0" in host.sources
    with pytest.raises(
        UnknownSource, match=r"is failed(.|\n)*mapping.json:1: events is missing \[missing-key\]"
    ):
        host.receive("acme", Request(body=b"{}"))


def test_load_source_raises_all_problems_at_once(tmp_path: Path) -> None:
    """An author sees all that is wrong, in the order of files and lines."""
    folder = source_folder(tmp_path, mapping={"integration": "Acme"}, source={"unrap": []}, schema={"type": 5})

    with pytest.raises(InvalidSource) as error:
        load_source(folder)

    assert [problem.file for problem in error.value.problems] == ["mapping.json", "schema.json", "source.json"]
    assert str(error.value).startswith(f"{folder} has 3 problems:\n  mapping.json:1:")


def test_a_missing_file_is_a_problem_with_advice(tmp_path: Path) -> None:
    """A source has at least three files."""
    with pytest.raises(InvalidSource) as error:
        load_source(tmp_path)

    assert [problem.rule for problem in error.value.problems] == ["missing-file"] * 3


@pytest.mark.parametrize(
    ("unmapped", "problem"),
    [
        ([{"paths": ["a..b"], "reason": "x"}], "/unmapped/0/paths/0: a step is missing"),
        ([{"paths": ["$config.a"], "reason": "x"}], "/unmapped/0/paths/0: $config cannot be read here"),
        ([{"paths": []}], "/unmapped/0: reason is missing"),
        ({"a": "x"}, "/unmapped: must be a list"),
    ],
)
def test_unmapped_holds_paths_and_their_reason(tmp_path: Path, unmapped: object, problem: str) -> None:
    """It says nothing otherwise of why something is left out."""
    folder = source_folder(tmp_path, source={"unmapped": unmapped})

    with pytest.raises(InvalidSource) as error:
        load_source(folder)

    assert problem in str(error.value)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_a_source_that_is_interpreted_has_the_same_outcomes(word: Path, tmp_path: Path) -> None:
    """With any word of the language, whatever the settings."""
    suite = suite_of_word(tmp_path, word)
    (case,) = suite.cases
    request = case.request()
    sources = (load_source(suite.source.folder), load_interpreted(suite.source.folder))

    compiled, interpreted = (
        pipeline.process(decode(request, source.framing), pipeline.context(request))
        for source in sources
        for pipeline in [Pipeline(source, case.config)]
    )

    assert compiled == interpreted
