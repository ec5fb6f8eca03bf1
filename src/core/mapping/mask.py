"""Masks: what redaction hides of a value, found by the paths a source lists as secret or personal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, reduce
from typing import TypeAlias

from ..errors import InvalidPath
from .path import STAR, Path, is_index, parse_plain_path

_ANY = STAR
_ANY_DEPTH = "**"
"""Stands for any number of keys, none included."""

_Pattern: TypeAlias = tuple[str, ...]
"""The keys that lead from a value to what is masked in it; empty if it is masked itself."""


class Mask:
    """What is masked of a value: all of it, or what some patterns find in it.

    The mask of a member is worked out when a value first has that member, and kept: however many patterns there
    are, a value is walked once. Lists count for nothing: what covers a list covers its elements.
    """

    def __init__(self, patterns: frozenset[_Pattern], masks: dict[frozenset[_Pattern], Mask]) -> None:
        """`masks` holds, by their patterns, all masks made so far of the same listed paths."""
        self.patterns = patterns
        self._masks = masks
        self.covers_all: bool = () in patterns
        """Whether the whole value is masked, whatever it is."""
        self.covers_scalars: bool = self.covers_all or any(pattern[0] == _ANY for pattern in patterns)
        """Whether a scalar is masked, because all members of an object in its place would be."""

    @cached_property
    def named(self) -> dict[str, Mask | None]:
        """The masks of the members that patterns name."""
        return {key: self._after(key) for key in self._rests if key != _ANY}

    @cached_property
    def others(self) -> Mask | None:
        """The mask of all members that no pattern names."""
        return self._after(_ANY)

    @cached_property
    def elements(self) -> Mask:
        """The mask of the elements of a list: a path may name them as `*`, or leave them out."""
        return self.union(self.others)

    @cached_property
    def children(self) -> Mask:
        """The mask that covers what is masked of any element or member."""
        return reduce(Mask.union, self.named.values(), self.elements)

    def member(self, key: str) -> Mask | None:
        """Return the mask of a member; None if nothing of it is masked.

        A key that looks like an index counts as one, and a key with dots in it as the path it looks like.
        """
        if key in self.named:
            return self.named[key]
        if key.isidentifier() or not ("." in key or is_index(key)):
            return self.others
        if is_index(key):
            return self.elements
        dotted = self.at(key.split("."))
        return dotted if self.others is None else self.others.union(dotted)

    def at(self, keys: Iterable[str]) -> Mask | None:
        """Return the mask of what is read at `keys`; None if nothing of it is masked."""
        mask: Mask | None = self
        for key in keys:
            if mask is None or mask.covers_all:
                break
            mask = mask.member(key)
        return mask

    def at_stars(self, stars: Iterable[Path]) -> Mask | None:
        """Return the mask that covers whatever the stars of a path may lead to."""
        mask: Mask | None = self
        for rest in stars:
            if mask is None or mask.covers_all:
                break
            mask = mask.children.at(rest.keys)
        return mask

    def without(self, keys: Iterable[str]) -> Mask:
        """Return a mask that leaves these members of the value as they are."""
        mask = Mask(self.patterns, self._masks)
        mask.named = {**self.named, **dict.fromkeys(keys)}
        return mask

    def union(self, other: Mask | None) -> Mask:
        """Return the mask that covers what either of two masks of the same listed paths covers."""
        return self if other is None else self._of(self.patterns | other.patterns)

    def _after(self, key: str) -> Mask | None:
        left = self._rests.get(_ANY, frozenset()) | self._rests.get(key, frozenset())
        if is_index(key):
            left |= self.patterns
        return self._of(left) if left else None

    @cached_property
    def _rests(self) -> dict[str, frozenset[_Pattern]]:
        """What is left of the patterns after each key they name, and after any key."""
        rests: dict[str, set[_Pattern]] = {}
        for pattern in self.patterns:
            for key, rest in _continuations(pattern):
                rests.setdefault(key, set()).add(rest)
        return {key: frozenset(found) for key, found in rests.items()}

    def _of(self, patterns: frozenset[_Pattern]) -> Mask:
        mask = self._masks.get(patterns)
        if mask is None:
            mask = self._masks[patterns] = Mask(patterns, self._masks)
        return mask


def parse_listed_path(text: str) -> Path:
    """Parse a path whose values a source lists as secret or personal.

    Raises:
        InvalidPath: the text cannot be read as a path, or has a step that looks as if it stood for many keys
            but stands for none.
    """
    path = parse_plain_path(text)
    for key in () if path.exact else path.keys:
        if key.endswith("[]"):
            raise InvalidPath(f"{key} is not a step", "leave the brackets out: lists need no step")
        if "*" in key and key not in (_ANY, _ANY_DEPTH):
            raise InvalidPath(f"{key} is not a step", "* stands for a whole key, and ** for any number of keys")
    return path


def build_mask(paths: Iterable[Path]) -> Mask | None:
    """Build the mask that covers these paths; None if there are none."""
    patterns = frozenset(map(_pattern, paths))
    return Mask(patterns, {}) if patterns else None


def _pattern(path: Path) -> _Pattern:
    keys = [step for key in path.keys for step in key.split(".")]
    keys = [key for position, key in enumerate(keys) if position == 0 or not is_index(key)]
    while keys and keys[-1] == _ANY_DEPTH:
        keys.pop()
    return tuple(keys)


def _continuations(pattern: _Pattern) -> Iterator[tuple[str, _Pattern]]:
    """List the keys that a pattern may name next, each with what is left of it after that key."""
    if pattern[:1] == (_ANY_DEPTH,):
        yield _ANY, pattern
        yield from _continuations(pattern[1:])
    elif pattern:
        yield pattern[0], pattern[1:]
