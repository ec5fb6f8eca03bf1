"""Emitting Python: how a path is read, a pattern tested and a value made, as lines of code.

No text of an author's reaches the code but as a literal of its `repr`, or as a named constant beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..codec import copied
from .interpret import looked_up
from .mask import hide
from .model import Build, Constant, FirstOf, Read, Row, Template
from .path import Path, follow, is_index, read
from .pattern import AllOf, Equals, Exists, Matcher, Not, OneOf, Pattern, Prefix, holds
from .write import filled, join, omit, pick, write

_CALLED = (copied, filled, follow, hide, holds, join, looked_up, omit, pick, read, write)
RUNTIME = {called.__name__: called for called in (*_CALLED, dict, enumerate, list, str)}
"""What emitted code reaches: nothing else is there, not even the other built-ins."""

_STARTS = {
    "": "record",
    "$item": "item",
    "$request": "request",
    "$config": "config",
    "$parent": "parent",
    "$event": "event",
}


@dataclass(slots=True)
class Emitter:
    """Lines of Python in the making, and the constants they name."""

    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    depth: int = 0
    variables: int = 0
    objects: frozenset[str] = frozenset()
    """Starts that are surely objects, so that reading a member needs no test."""
    each_functions: dict[int, str] = field(default_factory=dict)
    """The function emitted for the rows of an `each`, by the identity of the rows: equal rows of different
    places may stand in different scopes."""

    def line(self, code: str) -> None:
        """Emit one line at the current depth."""
        self.lines.append("    " * self.depth + code)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Emit a head, and what is emitted inside the `with` one level deeper."""
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    @contextmanager
    def function(self, name: str, parameters: str, objects: frozenset[str]) -> Iterator[None]:
        """Emit a function, its body inside the `with`; `objects` names the starts that are objects."""
        self.objects = objects
        with self.block(f"def {name}({parameters}):"):
            yield

    def constant(self, value: Any) -> str:
        """The name under which emitted code finds this value."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def variable(self) -> str:
        """A name not used before."""
        self.variables += 1
        return f"v{self.variables}"

    # Reading

    def read(self, path: Path) -> str:
        """Emit the reading of a path; the name of the variable that holds the value."""
        start = _STARTS[path.root]
        value = self.variable()
        known = start in self.objects
        if not path.keys:
            self.line(f"{value} = {start}")
        elif path.exact or any(is_index(key) for key in path.keys) or not known:
            self.line(f"{value} = read({start}, {self.constant(path)})")
        elif len(path.keys) == 1:
            self.line(f"{value} = {start}.get({path.keys[0]!r})")
        else:
            self.line(f"{value} = {start}.get({'.'.join(path.keys)!r})")
            with self.block(f"if {value} is None:"):
                self.steps(start, path.keys, value)
        if path.mask is not None:
            with self.block(f"if {value} is not None:"):
                self.line(f"{value} = hide({value}, {self.constant(path.mask)})")
        return value

    def steps(self, start: str, keys: tuple[str, ...], value: str) -> None:
        """Emit the descent from `start`, an object, into `value`, which is None before."""
        if len(keys) == 1:
            self.line(f"{value} = {start}.get({keys[0]!r})")
            return
        node = self.variable()
        self.line(f"{node} = {start}.get({keys[0]!r})")
        with self.block(f"if {node}.__class__ is dict:"):
            self.steps(node, keys[1:], value)
        joined = [".".join(keys[:end]) for end in range(2, len(keys) + 1)]
        dotted = " or ".join(f"{key!r} in {start}" for key in joined)
        with self.block(f"elif {node} is None and ({dotted}):"):
            self.line(f"{value} = follow({start}, {self.constant(keys)})")

    # Testing

    def condition(self, pattern: Pattern) -> str:
        """Emit the reads a pattern needs, each only if those before held; what to test for the whole."""
        if len(pattern.entries) == 1 and not pattern.any:
            path, matcher = pattern.entries[0]
            return self.test(matcher, self.read(path))
        holds = self.variable()
        depth = self.depth
        self.line(f"{holds} = False")
        for path, matcher in pattern.entries:
            self.line(f"if {self.test(matcher, self.read(path))}:")
            self.depth += 1
        if pattern.any:
            self.line(f"if {self.alternative(pattern.any)}:")
            self.depth += 1
        self.line(f"{holds} = True")
        self.depth = depth
        return holds

    def alternative(self, patterns: tuple[Pattern, ...]) -> str:
        """Emit the test of patterns of which one must hold; the variable that tells."""
        one = self.variable()
        self.line(f"{one} = False")
        for pattern in patterns:
            with self.block(f"if not {one}:"):
                self.line(f"{one} = {self.condition(pattern)}")
        return one

    def test(self, matcher: Matcher, value: str) -> str:
        """The expression that tells whether a variable satisfies a matcher."""
        match matcher:
            case Equals(bool() | None as expected):
                return f"{value} is {expected}"
            case Equals(str() as expected):
                return f"{value} == {expected!r}"
            case Exists(expected):
                return f"{value} is {'not ' if expected else ''}None"
            case Not(inner):
                return f"not ({self.test(inner, value)})"
            case OneOf(matchers) if all(_is_text(one) for one in matchers):
                texts = frozenset(one.value for one in matchers if isinstance(one, Equals))
                return f"({value}.__class__ is str and {value} in {self.constant(texts)})"
            case OneOf(matchers):
                return "(" + (" or ".join(self.test(one, value) for one in matchers) or "False") + ")"
            case AllOf(matchers):
                return "(" + (" and ".join(self.test(one, value) for one in matchers) or "True") + ")"
            case Prefix(prefixes):
                return f"({value}.__class__ is str and {value}.startswith({self.constant(prefixes)}))"
            case _:
                return f"holds({self.constant(matcher)}, {value})"

    # Making a value

    def value(self, row: Row) -> str:
        """Emit everything a row does but its `when` and its writing; the variable that holds the value."""
        value = self.origin(row)
        if row.omit:
            self.line(f"{value} = omit({value}, {self.constant(row.omit)})")
        if row.pick:
            self.line(f"{value} = pick({value}, {self.constant(row.pick)})")
        if row.each is not None:
            self.each(value, row.each)
        for function in row.apply:
            with self.block(f"if {value} is not None:"):
                self.line(f"{value} = {self.constant(function)}({value})")
        if row.lookup is not None:
            table = self.constant(row.lookup)
            self.line(
                f"{value} = {table}.get({value}) if {value}.__class__ is str else looked_up({table}, {value})"
            )
        if row.otherwise is not None:
            with self.block(f"if {value} is None:"):
                self.line(f"{value} = {self.value_when(row.otherwise)}")
        return value

    def value_when(self, row: Row) -> str:
        """Emit a row without a target, its `when` included."""
        if row.when is None:
            return self.value(row)
        value = self.variable()
        condition = self.condition(row.when)
        self.line(f"{value} = None")
        with self.block(f"if {condition}:"):
            self.line(f"{value} = {self.value(row)}")
        return value

    def origin(self, row: Row) -> str:
        """Emit where a row's value comes from; the variable that holds it."""
        match row.origin:
            case Read(path):
                return self.read(path)
            case FirstOf(paths):
                return self.first_of(paths)
            case Template(parts):
                values = [repr(part) if isinstance(part, str) else self.read(part) for part in parts]
                value = self.variable()
                self.line(f"{value} = join(({' '.join(f'{part},' for part in values)}))")
                return value
            case Build(members):
                return self.build(members)
            case Constant(constant):
                value = self.variable()
                literal = constant is None or isinstance(constant, str | bool)
                self.line(f"{value} = {repr(constant) if literal else f'copied({self.constant(constant)})'}")
                return value

    def first_of(self, paths: tuple[Path, ...]) -> str:
        """Emit the reading of the first path that has a value; the variable that holds it."""
        value = self.variable()
        self.line(f"{value} = None")
        depth = self.depth
        for index, path in enumerate(paths):
            if index:
                self.line(f"if {value} is None:")
                self.depth += 1
            found = self.read(path)
            with self.block(f"if {found} is not None and {found} != '':"):
                self.line(f"{value} = {found}")
        self.depth = depth
        return value

    def build(self, members: tuple[tuple[str, Row], ...]) -> str:
        """Emit the building of an object; the variable that holds it."""
        made = self.variable()
        self.line(f"{made} = {{}}")
        for key, row in members:
            value = self.value_when(row)
            with self.block(f"if {value} is not None:"):
                self.line(f"{made}[{key!r}] = {value}")
        with self.block(f"if not {made}:"):
            self.line(f"{made} = None")
        return made

    def each(self, value: str, rows: tuple[Row, ...]) -> None:
        """Emit the mapping of a list, in place of the variable that holds it."""
        function = self.each_functions[id(rows)]
        element = self.variable()
        with self.block(f"if {value}.__class__ is list:"):
            self.line(
                f"{value} = [{function}({element}, record, item, request, config) for {element} in {value}]"
            )
            self.line(f"{value} = [{element} for {element} in {value} if {element}] or None")
        with self.block("else:"):
            self.line(f"{value} = None")


def _is_text(matcher: Matcher) -> bool:
    return isinstance(matcher, Equals) and isinstance(matcher.value, str)
