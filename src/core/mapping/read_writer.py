"""Writes the Python that reads paths.

A method that writes code returns the name of the variable that holds the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .code_writer import CodeWriter
from .mask import Mask
from .masking import JSON_STARTS
from .model import Template
from .path import Path, is_index

_ROOT_VARIABLES = {
    "": "record",
    "$item": "item",
    "$request": "request",
    "$config": "config",
    "$parent": "parent",
    "$event": "event",
}


@dataclass(slots=True)
class ReadWriter(CodeWriter):
    """Writes reads. What was read before, in a block that is open, is not read again."""

    objects: frozenset[str] = frozenset()
    """Variables that are surely objects in the current function, so that reading a member needs no test."""
    known: list[dict[Path, str]] = field(default_factory=list)
    """The variables that hold what was read at each depth, in the blocks that are open."""

    def line(self, code: str) -> None:
        """Write one line at the current depth, which ends the blocks that are deeper."""
        del self.known[self.depth + 1 :]
        CodeWriter.line(self, code)

    @contextmanager
    def function(self, name: str, parameters: str, objects: frozenset[str]) -> Iterator[None]:
        """Write a function, its body inside the `with`; `objects` names the parameters that are objects."""
        self.objects = objects
        with self.block(f"def {name}({parameters}):"):
            yield

    def read(self, path: Path) -> str:
        """Read a path, unless that was done; what its variable holds must not change."""
        if path.root == "$event" or path.mask is not None:
            return self.read_again(path)
        self.known += [{} for _ in range(self.depth + 1 - len(self.known))]
        for variables in self.known[: self.depth + 1]:
            if path in variables:
                return variables[path]
        value = self.known[self.depth][path] = self.read_again(path)
        return value

    def read_again(self, path: Path) -> str:
        """Read a path into a new variable."""
        root = _ROOT_VARIABLES[path.root]
        value = self.variable()
        if not path.keys:
            self.line(f"{value} = {root}")
        elif path.exact:
            self.line(f"{value} = read({root}, {self.constant(path)})")
        else:
            member, condition = f"{root}.get({'.'.join(path.keys)!r})", f"{value} is None"
            if root not in self.objects:
                member += f" if {root}.__class__ is dict else read({root}, {self.constant(path)})"
                condition += f" and {root}.__class__ is dict"
            self.line(f"{value} = {member}")
            if len(path.keys) > 1:
                with self.block(f"if {condition}:"):
                    self.descend(root, path.keys, value)
        if path.stars:
            self.line(f"{value} = read_all({value}, {self.constant(path)})")
        elif path.mask is not None:
            self.mask(value, path.mask)
        return value

    def mask(self, value: str, mask: Mask) -> None:
        """Mask the value in a variable, in its place, without a call for what is surely not masked."""
        may_be_masked = f"{value} is not None"
        if not mask.covers_scalars:
            may_hold_json = f"{value}.__class__ is str and {value}[:1] in {JSON_STARTS!r}"
            may_be_masked = f"{value}.__class__ is dict or {value}.__class__ is list or {may_hold_json}"
        with self.block(f"if {may_be_masked}:"):
            self.line(f"{value} = apply_mask({value}, {self.constant(mask)})")

    def descend(self, node: str, keys: tuple[str, ...], value: str) -> None:
        """Read what `keys` lead to from `node`, an object, into the variable `value`, which is None before."""
        if len(keys) == 1:
            self.line(f"{value} = {node}.get({keys[0]!r})")
            return
        child = self.variable()
        self.line(f"{child} = {node}.get({keys[0]!r})")
        with self.block(f"if {child}.__class__ is dict:"):
            self.descend(child, keys[1:], value)
        if is_index(keys[1]):
            with self.block(f"elif {child}.__class__ is list:"):
                self.line(f"{value} = follow({child}, {self.constant(keys[1:])})")
        joined = [".".join(keys[:end]) for end in range(2, len(keys) + 1)]
        has_dotted_key = " or ".join(f"{key!r} in {node}" for key in joined)
        with self.block(f"elif {child} is None and ({has_dotted_key}):"):
            self.line(f"{value} = follow({node}, {self.constant(keys)})")

    def first_of(self, origins: tuple[Path | Template, ...]) -> str:
        """Read the first path that has a value, or join the first template whose parts all have one."""
        value = self.variable()
        self.line(f"{value} = None")
        depth = self.depth
        for index, origin in enumerate(origins):
            if index:
                self.line(f"if {value} is None:")
                self.depth += 1
            found = self.read(origin) if isinstance(origin, Path) else self.complete_template(origin)
            with self.block(f"if {found} is not None and {found} != '':"):
                self.line(f"{value} = {found}")
        self.depth = depth
        return value

    def list_of(self, paths: tuple[Path, ...]) -> str:
        """List what is at paths, without what is absent, null or `""`."""
        found = [(self.read(path), path.stars) for path in paths]
        parts = "".join(f"*({value} or ()), " if stars else f"{value}, " for value, stars in found)
        result, value = self.variable(), self.variable()
        self.line(f"{result} = [{value} for {value} in ({parts}) if {value} is not None and {value} != '']")
        self.line(f"{result} = {result} or None")
        return result

    def complete_template(self, template: Template) -> str:
        """Join the parts of a template, unless the value of one of them is absent, null or `""`."""
        parts = [repr(part) if isinstance(part, str) else self.read(part) for part in template.parts]
        value, joined = self.variable(), "".join(f"{part}, " for part in parts)
        self.line(f"{value} = None if '' in ({joined}) else join(({joined}))")
        return value
