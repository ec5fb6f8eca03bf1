"""What springhead raises, all of it a caller's or an author's mistake; what a sender posts never raises.

SpringheadError
├── UnknownSource     a source the host does not have
├── InvalidConfig     a setting misspelt, or with a value it does not have
├── InvalidSource     a source folder with problems
└── PluginFailure     a plugin that cannot be used, where SPRINGHEAD_STRICT_PLUGINS=1
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .source_file import Problem


class SpringheadError(Exception):
    """Any of the errors below."""


class UnknownSource(SpringheadError):  # noqa: N818 - the name says what is wrong
    """The host has no active source of this name."""

    def __init__(self, name: str, advice: str) -> None:
        super().__init__(name, advice)
        self.name = name
        self.advice = advice

    def __str__(self) -> str:
        return f"no active source {self.name!r}: {self.advice}"


class InvalidConfig(SpringheadError):  # noqa: N818
    """A setting has a value it does not take, or nearly a setting's name."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        return f"the settings of source {self.source!r} are wrong: {self.reason}"


class InvalidSource(SpringheadError):  # noqa: N818
    """A source folder that cannot be loaded, with all its problems."""

    def __init__(self, folder: str, problems: Sequence[Problem]) -> None:
        super().__init__(folder, problems)
        self.folder = folder
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.folder} has {count} problem{'s' if count > 1 else ''}:"
        return "\n  ".join([head, *map(str, self.problems)])


class PluginFailure(SpringheadError):  # noqa: N818
    """Plugins that are not active although they should be, one line each."""

    def __init__(self, failures: Sequence[str]) -> None:
        super().__init__(failures)
        self.failures = tuple(failures)

    def __str__(self) -> str:
        return "\n  ".join(["plugins are not active (SPRINGHEAD_STRICT_PLUGINS=1):", *self.failures])
