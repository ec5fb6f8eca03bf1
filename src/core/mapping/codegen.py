"""Writes the Python that reads a path, tests a pattern or makes the value of a row.

A method that writes code returns the name of the variable that holds the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..json_value import deep_copy
from .code_writer import CodeWriter
from .convert import compact
from .growth import limited, may_grow
from .interpret import look_up
from .mask import Mask
from .masking import JSON_STARTS, apply_mask
from .model import Build, Constant, FirstOf, ListOf, Read, Row, Template
from .path import Path, follow, is_index, read
from .pattern import AllOf, Equals, Exists, Matcher, Matches, Not, OneOf, Pattern, Prefix, holds, holds_for_any
from .stars import read_all
from .write import join, omit, pick, write, write_member

_CALLED = (
    *(apply_mask, compact, deep_copy, follow, holds, holds_for_any, join, limited, look_up, omit),
    *(pick, read, read_all, write, write_member),
)
RUNTIME = {called.__name__: called for called in (*_CALLED, dict, enumerate, list, str)}
"""All that generated code can call; it has no other built-ins."""

_ROOT_VARIABLES = {
    "": "record",
    "$item": "item",
    "$request": "request",
    "$config": "config",
    "$parent": "parent",
    "$event": "event",
}


@dataclass(slots=True)
class Generator(CodeWriter):
    """Writes the functions of one mapping."""

    objects: frozenset[str] = frozenset()
    """Variables that are surely objects in the current function, so that reading a member needs no test."""
    each_functions: dict[int, str] = field(default_factory=dict)
    """The functions for the rows of each `each`, by the identity of the rows: equal rows at different places
    may have different scopes."""
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

    # Reading

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

    # Testing

    def condition(self, pattern: Pattern) -> str:
        """Test a pattern, reading each path only if all before it hold; returns an expression."""
        if len(pattern.entries) == 1 and not pattern.any:
            path, matcher = pattern.entries[0]
            return self.entry(path, matcher)
        result = self.variable()
        depth = self.depth
        self.line(f"{result} = False")
        for path, matcher in pattern.entries:
            self.line(f"if {self.entry(path, matcher)}:")
            self.depth += 1
        if pattern.any:
            self.line(f"if {self.any_condition(pattern.any)}:")
            self.depth += 1
        self.line(f"{result} = True")
        self.depth = depth
        return result

    def any_condition(self, patterns: tuple[Pattern, ...]) -> str:
        """Test whether one of the patterns holds."""
        result = self.variable()
        self.line(f"{result} = False")
        for pattern in patterns:
            with self.block(f"if not {result}:"):
                self.line(f"{result} = {self.condition(pattern)}")
        return result

    def entry(self, path: Path, matcher: Matcher) -> str:
        """Return the expression that tests what a path leads to."""
        value = self.read(path)
        if path.stars:
            return f"holds_for_any({self.constant(matcher)}, {value})"
        return self.test(matcher, value)

    def test(self, matcher: Matcher, value: str) -> str:
        """Return the expression that tests whether a variable satisfies a matcher."""
        match matcher:
            case Equals(bool() | None as expected):
                return f"{value} is {expected}"
            case Equals(str() as expected):
                return f"{value} == {expected!r}"
            case Exists(expected):
                return f"{value} is {'not ' if expected else ''}None"
            case Not(inner):
                return f"not ({self.test(inner, value)})"
            case OneOf(matchers) if all(map(_equals_text, matchers)):
                texts = frozenset(inner.value for inner in matchers if isinstance(inner, Equals))
                return f"({value}.__class__ is str and {value} in {self.constant(texts)})"
            case OneOf(matchers):
                return "(" + (" or ".join(self.test(inner, value) for inner in matchers) or "False") + ")"
            case AllOf(matchers):
                return "(" + (" and ".join(self.test(inner, value) for inner in matchers) or "True") + ")"
            case Prefix(prefixes):
                return f"({value}.__class__ is str and {value}.startswith({self.constant(prefixes)}))"
            case Matches(search):
                return f"({value}.__class__ is str and {self.constant(search)}({value}))"
            case _:
                return f"holds({self.constant(matcher)}, {value})"

    # Making values

    def row_value(self, row: Row) -> str:
        """Make the value of a row, `when` included."""
        if row.when is None:
            return self.value(row)
        value = self.variable()
        condition = self.condition(row.when)
        self.line(f"{value} = None")
        with self.block(f"if {condition}:"):
            self.line(f"{value} = {self.value(row)}")
        return value

    def value(self, row: Row) -> str:
        """Do everything a row does but test its `when` and write."""
        read, value = self.origin(row), self.variable()
        self.line(f"{value} = {read}")
        if row.omit:
            self.line(f"{value} = omit({value}, {self.constant(row.omit)})")
        if row.pick:
            self.line(f"{value} = pick({value}, {self.constant(row.pick)})")
        if row.each is not None:
            self.map_elements(value, row.each)
        for function in row.apply:
            with self.block(f"if {value} is not None:"):
                self.line(f"{value} = {self.constant(function)}({value})")
        if row.lookup is not None:
            table = self.constant(row.lookup)
            is_text = f"{value}.__class__ is str"
            self.line(f"{value} = {table}.get({value}) if {is_text} else look_up({table}, {value})")
        if row.fallback is not None:
            with self.block(f"if {value} is None:"):
                self.line(f"{value} = {self.row_value(row.fallback)}")
        return value

    def origin(self, row: Row) -> str:
        """Read or make what a row starts from."""
        match row.origin:
            case Read(path):
                return self.read(path)
            case FirstOf(paths):
                return self.first_of(paths)
            case ListOf(paths):
                return self.list_of(paths)
            case Template(parts):
                values = [repr(part) if isinstance(part, str) else self.read(part) for part in parts]
                value = self.variable()
                self.line(f"{value} = join(({' '.join(f'{part},' for part in values)}))")
                return value
            case Build(members):
                return self.build(members)
            case Constant(constant):
                value = self.variable()
                is_literal = constant is None or isinstance(constant, str | bool)
                self.line(
                    f"{value} = {repr(constant) if is_literal else f'deep_copy({self.constant(constant)})'}"
                )
                return value

    def build(self, members: tuple[tuple[str, Row], ...]) -> str:
        """Build an object."""
        result = self.variable()
        self.line(f"{result} = {{}}")
        for key, row in members:
            value = self.row_value(row)
            with self.block(f"if {value} is not None:"):
                self.line(f"{result}[{key!r}] = {value}")
        with self.block(f"if not {result}:"):
            self.line(f"{result} = None")
        return result

    def map_elements(self, value: str, rows: tuple[Row, ...]) -> None:
        """Map the list in a variable, in its place."""
        function = self.each_functions[id(rows)]
        element = self.variable()
        with self.block(f"if {value}.__class__ is list:"):
            call = f"{function}({element}, record, item, request, config)"
            made = f"{call} for {element} in {value}"
            grows = may_grow(path for row in rows for path in row.paths(inner=True))
            self.line(f"{value} = limited({made})" if grows else f"{value} = [{made}]")
            self.line(f"{value} = [{element} for {element} in {value} if {element}] or None")
        with self.block("else:"):
            self.line(f"{value} = None")


def _equals_text(matcher: Matcher) -> bool:
    return isinstance(matcher, Equals) and isinstance(matcher.value, str)
