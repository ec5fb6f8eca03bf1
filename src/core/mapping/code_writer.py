"""Writes Python source line by line, and turns it into functions.

An author's text gets into the source only as the literal of its `repr`, or as a named constant beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any


@dataclass(slots=True)
class CodeWriter:
    """Source in the making, and the constants it names."""

    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    depth: int = 0
    variables: int = 0

    def line(self, code: str) -> None:
        """Write one line at the current depth."""
        self.lines.append("    " * self.depth + code)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a line, and what is written inside the `with` one level deeper."""
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    def constant(self, value: Any) -> str:
        """Return a name for a value the source needs."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def variable(self) -> str:
        """Return a name not used before."""
        self.variables += 1
        return f"v{self.variables}"

    def functions(self, runtime: Mapping[str, Any]) -> dict[str, Any]:
        """Make the functions. They can call each other and what is in `runtime`, but no built-ins."""
        module = compile("\n".join(self.lines) + "\n", "<mapping>", "exec", dont_inherit=True)
        scope: dict[str, Any] = {"__builtins__": {}, **runtime, **self.constants}
        for code in module.co_consts:
            if isinstance(code, CodeType):
                scope[code.co_name] = FunctionType(code, scope)
        return scope
