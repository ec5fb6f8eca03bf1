"""Tests sources with their fixtures under pytest.

```python
from springhead.testing import fixtures

test_fixtures = fixtures("springhead_source_acme")
```

A case is a folder. It holds the bytes as posted in request.json, request.jsonl or request.txt, what came with
them in request.meta.json (`headers`, `query`, `method`, `url`, `id`, `received_at` in epoch seconds, and
`config` for the operator's settings), and the outcome in expected.json. `pytest --snapshot-update` writes it.
`springhead coverage` and `springhead mutate` say which cases are missing.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

try:
    import pytest
    import pytest_snapshot  # noqa: F401 - brings the fixture `snapshot` and --snapshot-update
except ModuleNotFoundError as _error:
    raise ImportError(f"springhead.testing needs {_error.name}: pip install 'springhead[testing]'") from _error

from .kit.case import EXPECTED, Case
from .kit.suite import Suite, find_suites


def fixtures(*sources: str) -> Any:
    """Make the test that runs the cases of these sources, to be called `test_...` in a test file.

    Each case has the outcome in its expected.json, and keeps what every source promises: sent twice, with its
    batch reversed or split into its items, and streamed as a file, it has the same events with the same ids.

    Args:
        sources: names of sources, installed packages (`springhead_source_acme`), or paths of source folders
            from the test file. The cases of a source are in `tests/fixtures/NAME` of the nearest folder above
            the source, or above the test file, that has a pyproject.toml; else in `fixtures` of the source.

    Raises:
        UnknownSource: a source is not found.
        InvalidFixture: a source has no case.
    """
    suites = find_suites(sources, Path(inspect.stack()[1].filename).parent)
    cases = [(suite, case) for suite in suites for case in suite.cases]

    @pytest.mark.parametrize(("suite", "case"), cases, ids=[case.name for _, case in cases])
    def test(suite: Suite, case: Case, snapshot: Any, pytestconfig: pytest.Config) -> None:
        """A case has the outcome expected, and keeps what every source promises."""
        if pytestconfig.getoption("--snapshot-update"):
            snapshot.snapshot_dir = case.folder
            snapshot.assert_match(suite.outcome(case), EXPECTED)
        if failures := suite.failures(case):
            pytest.fail("\n\n".join(map(str, failures)), pytrace=False)

    return test
