"""The errors of springhead: one tree, drawn where they are defined."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

import springhead
from springhead import SpringheadError
from springhead.core import errors

LINE = re.compile(r"^((?:│   |    )*)(?:├── |└── )?(\w+)(?:  .*)?$")


def modules() -> Iterator[str]:
    """Import all of springhead; the name of each module."""
    for module in pkgutil.walk_packages(springhead.__path__, "springhead."):
        if not module.name.startswith("springhead.sources."):
            import_module(module.name)
            yield module.name


def drawn() -> set[tuple[str, str]]:
    """The errors in the drawing, each with its parent."""
    drawing = (errors.__doc__ or "").split("```")[1].strip()
    parents: list[str] = []
    pairs = set()
    for line in drawing.splitlines():
        match = LINE.match(line)
        assert match, line
        depth = len(match[1]) // 4 + ("──" in line)
        parents = [*parents[:depth], match[2]]
        if depth:
            pairs.add((parents[depth - 1], match[2]))
    return pairs


def defined(parent: type[Exception] = SpringheadError) -> set[tuple[str, str]]:
    """The errors there are, each with its parent."""
    children = {child for child in parent.__subclasses__() if child.__module__.startswith("springhead.")}
    return {(parent.__name__, child.__name__) for child in children}.union(*map(defined, children))


def test_the_drawing_shows_every_error() -> None:
    """Whoever reads the docstring of `errors` has seen all that springhead raises, in every room."""
    assert list(modules())

    assert drawn() == defined()


def test_every_exception_has_the_one_root() -> None:
    """Catching SpringheadError catches all: no room defines an exception of its own."""
    names = set(modules())

    strangers = {
        value
        for name in names
        for value in vars(import_module(name)).values()
        if isinstance(value, type) and issubclass(value, BaseException) and value.__module__ in names
    }

    assert {error for error in strangers if not issubclass(error, SpringheadError)} == set()
