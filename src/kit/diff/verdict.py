"""Decides which part of a source's version must move, and whether it has."""

from __future__ import annotations

import re

import msgspec

from .differences import Comparison, Level
from .versions import Version

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?")


class Verdict(msgspec.Struct, frozen=True):
    """What two versions of a source differ in, as a part of its version.

    Attributes:
        level: the part of the version that must move.
        reason: why, as a sentence.
        step: the part that has moved; None if a version cannot be read.
        needed: the version that the verdict asks for; None if the old one cannot be read.
    """

    level: Level
    reason: str
    step: Level | None
    needed: str | None

    @property
    def is_met(self) -> bool:
        """Whether the version has moved as much as it must."""
        return self.level is Level.NONE or (self.step is not None and self.step >= self.level)


def judge(old: Version, new: Version, comparison: Comparison) -> Verdict:
    """Judge what differs: the greatest level counts."""
    differences = comparison.differences
    unchanged = Level.NONE if old.files() == new.files() else Level.PATCH
    level = max((difference.kind.level for difference in differences), default=unchanged)
    before, after = old.source.version, new.source.version
    return Verdict(level, _reason(comparison, level), step_between(before, after), _needed(before, level))


def step_between(old: str, new: str) -> Level | None:
    """Return the part by which a version has moved up; None if one of them cannot be read.

    In 0.x the second part counts as major and the third as minor, as package managers take them.
    """
    before, after = _numbers(old), _numbers(new)
    if before is None or after is None:
        return None
    if after <= before:
        return Level.NONE
    position = next(index for index in range(3) if after[index] != before[index])
    levels = (Level.MAJOR, Level.MINOR, Level.PATCH)
    return levels[max(position - 1, 0) if before[0] == 0 else position]


def _numbers(version: str) -> tuple[int, int, int] | None:
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major, minor, patch


def _needed(old: str, level: Level) -> str | None:
    numbers = _numbers(old)
    if numbers is None:
        return None
    major, minor, patch = numbers
    if level is Level.NONE:
        return old
    if level is Level.MAJOR and major:
        return f"{major + 1}.0.0"
    if level is Level.MAJOR or (level is Level.MINOR and major):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _reason(comparison: Comparison, level: Level) -> str:
    """Say what decides, in one sentence."""
    if level is Level.NONE:
        return "the files are the same"
    places: dict[str, list[str]] = {}
    for difference in comparison.differences:
        if difference.kind.level is level:
            places.setdefault(difference.kind.words, []).append(difference.where)
    return "; ".join(f"{words} ({', '.join(where)})" for words, where in places.items()) or (
        f"the outputs of {comparison.requests} request{'' if comparison.requests == 1 else 's'} are the same"
    )
