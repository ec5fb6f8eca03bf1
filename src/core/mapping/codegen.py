"""Writes the Python that tests a pattern or makes the value of a row.

A method that writes code returns the name of the variable that holds the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from ..json_value import deep_copy
from .convert import compact
from .interpret import look_up
from .masking import apply_mask
from .model import Build, Constant, FirstOf, ListOf, Read, Row, Template
from .path import Path, follow, read
from .pattern import AllOf, Equals, Exists, Matcher, Matches, Not, OneOf, Pattern, Prefix, holds, holds_for_any
from .read_budget import ReadBudget, outside_reads
from .read_writer import ReadWriter
from .stars import read_all
from .write import compile_omit, join, pick, write, write_member

_CALLED = (
    *(ReadBudget, apply_mask, compact, deep_copy, follow, holds, holds_for_any, join, look_up),
    *(pick, read, read_all, write, write_member),
)
RUNTIME = {called.__name__: called for called in (*_CALLED, dict, enumerate, list, str)}
"""All that generated code can call; it has no other built-ins."""


@dataclass(slots=True)
class Generator(ReadWriter):
    """Writes the functions of one mapping."""

    each_functions: dict[int, str] = field(default_factory=dict)
    """The functions for the rows of each `each`, by the identity of the rows: equal rows at different places
    may have different scopes."""

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
            self.line(f"{value} = {self.constant(compile_omit(row.omit))}({value})")
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
            self.spend(value, rows)
            call = f"{function}({element}, record, item, request, config, budget)"
            self.line(f"{value} = [{call} for {element} in {value}]")
            self.line(f"{value} = [{element} for {element} in {value} if {element}] or None")
        with self.block("else:"):
            self.line(f"{value} = None")

    def spend(self, elements: str, rows: Iterable[Row]) -> None:
        """Count what rows read from outside, for the elements in a variable to which they are applied."""
        reads = tuple(outside_reads(rows))
        if reads:
            values = "".join(f"{self.read(replace(outside.path, stars=()))}, " for outside in reads)
            self.line(f"budget.spend({elements}, {self.constant(reads)}, ({values}))")


def _equals_text(matcher: Matcher) -> bool:
    return isinstance(matcher, Equals) and isinstance(matcher.value, str)
