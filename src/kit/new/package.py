"""Writes what makes a distribution of a source folder: metadata, entry point, test and workflow."""

from __future__ import annotations

from .draft import Draft


def package_files(draft: Draft) -> dict[str, str]:
    """Return the texts of the files around a source folder, by their paths in the project."""
    distribution = f"springhead-source-{draft.name}"
    module = distribution.replace("-", "_")
    return {
        "pyproject.toml": _pyproject(draft, distribution, module),
        "README.md": _readme(draft, distribution, module),
        ".gitignore": "__pycache__/\n.venv/\ndist/\n",
        ".github/workflows/test.yml": _WORKFLOW.replace("MODULE", module),
        f"src/{module}/__init__.py": plugin_text(draft.title),
        f"tests/test_{draft.name.replace('-', '_')}.py": (
            f'from springhead.testing import fixtures\n\ntest_fixtures = fixtures("{module}")\n'
        ),
    }


def _pyproject(draft: Draft, distribution: str, module: str) -> str:
    return f"""[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{distribution}"
version = "0.1.0"
description = "{draft.title}'s webhooks as RudderStack events: a source of springhead."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["springhead"]

[project.optional-dependencies]
test = ["springhead[testing]"]

[project.entry-points.springhead]
{draft.name} = "{module}"

[tool.hatch.build.targets.wheel]
packages = ["src/{module}"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""


def _readme(draft: Draft, distribution: str, module: str) -> str:
    return f"""# {distribution}

Turns {draft.title}'s webhooks into RudderStack events.
[What comes in and what comes out](src/{module}/README.md).

```sh
pip install {distribution}
springhead sources
```

To work on it:

```sh
pip install -e '.[test]'
springhead check --strict {draft.name}
pytest
```
"""


def plugin_text(title: str) -> str:
    """Return the code of the plugin that brings the source whose folder it is in."""
    return f'''"""{title}'s webhooks."""

from pathlib import Path

from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources() -> list[Source]:
    """The {title} source."""
    return [load_source(Path(__file__).parent)]
'''


_WORKFLOW = """name: test
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python-version: ["3.11", "3.12", "3.13"]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
      - run: pip install -e '.[test]'
      - run: springhead check --strict src/MODULE
      - run: pytest
"""
