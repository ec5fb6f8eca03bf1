"""Compiling: a `Spec` in, one plain Python function out, made when the source is loaded.

Where rows write to plain places nobody else writes to, an assignment is all that is emitted. Everything else
(lists, appended values, places that overlap) goes through the same `write` the interpreter uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from .codegen import RUNTIME, Emitter
from .interpret import Mapped
from .model import DROP, ENVELOPE, Build, Row, Rule, Spec
from .path import Path, Target, is_index

Run: TypeAlias = Callable[[Any, Any, Any, Any], "list[Mapped] | None"]
"""(record, item, request, config) to what `interpret.apply_rules` gives. The record and item are objects."""

_PARAMETERS = "record, parent, item, request, config"
_KEPT = ("$config", "$request", "$event")
_OBJECTS = frozenset({"record", "item", "request", "config"})


def compile_spec(spec: Spec) -> Run:
    """The rules of a mapping as one function."""
    emitter = Emitter()
    names = [_rule(emitter, index, rule, _several(spec, rule)) for index, rule in enumerate(spec.rules)]
    _dispatch(emitter, spec, names)
    run: Run = _function(emitter, "run")
    return run


def compile_first(paths: tuple[Path, ...]) -> Callable[[Any, Any, Any, Any, Any], Any]:
    """A function of (record, parent, item, request, config): the first of these paths that has a value."""
    emitter = Emitter()
    with emitter.function("first", _PARAMETERS, _OBJECTS):
        emitter.line("event = None")
        emitter.line(f"return {emitter.first_of(paths)}")
    first: Callable[[Any, Any, Any, Any, Any], Any] = _function(emitter, "first")
    return first


def compile_find(paths: tuple[Path, ...], kind: str) -> Callable[[Any], tuple[Any, tuple[str, ...]] | None]:
    """A function of an object: what the first of these paths to hold a `kind` holds, and the steps to it.

    `kind` is `dict` or `list`.
    """
    emitter = Emitter()
    with emitter.function("find", "record", _OBJECTS):
        for path in paths:
            value = emitter.read(path)
            with emitter.block(f"if {value}.__class__ is {kind}:"):
                emitter.line(f"return {value}, {emitter.constant(path.keys)}")
        emitter.line("return None")
    find: Callable[[Any], tuple[Any, tuple[str, ...]] | None] = _function(emitter, "find")
    return find


def _function(emitter: Emitter, name: str) -> Any:
    """One of the emitted functions; they reach the run-time functions, their constants and each other."""
    module = compile("\n".join(emitter.lines) + "\n", "<mapping>", "exec", dont_inherit=True)
    scope: dict[str, Any] = {"__builtins__": {}, **RUNTIME, **emitter.constants}
    for code in module.co_consts:
        if isinstance(code, CodeType):
            scope[code.co_name] = FunctionType(code, scope)
    return scope[name]


def _several(spec: Spec, rule: Rule) -> bool:
    """Whether one record may become several events, which must not share what they copied."""
    return rule.each is not None or spec.emit_all


def _rule(emitter: Emitter, index: int, rule: Rule, several: bool) -> tuple[str, str]:
    objects = _OBJECTS if rule.each is None else _OBJECTS - {"record"}
    name, event = f"rule_{index}", f"event_{index}"
    _block(emitter, name, rule.rows, objects, rule.passed, copying=several)
    if rule.event is not None:
        _each_functions(emitter, rule.event, objects)
        with emitter.function(event, _PARAMETERS, objects):
            emitter.line("event = None")
            emitter.line(f"return {emitter.value_when(rule.event)}")
    return name, event if rule.event is not None else ""


def _dispatch(emitter: Emitter, spec: Spec, names: list[tuple[str, str]]) -> None:
    with emitter.function("run", "record, item, request, config", _OBJECTS):
        emitter.line("parent = event = mapped = None")
        for rule, (name, event) in zip(spec.rules, names, strict=True):
            if rule.when is None:
                _events(emitter, spec, rule, name, event)
            else:
                with emitter.block(f"if {emitter.condition(rule.when)}:"):
                    _events(emitter, spec, rule, name, event)
        emitter.line("return mapped")


def _events(emitter: Emitter, spec: Spec, rule: Rule, name: str, event: str) -> None:
    """Emit what a rule that matches makes of the record: returned, or where all rules may emit, collected."""
    collect = "mapped = [*(mapped or []), *{}]" if spec.emit_all else "return {}"
    constant = emitter.constant(rule)
    if rule.type == DROP:
        emitter.line(collect.format(f"[({constant}, 0, None, None)]"))
        return
    one = "record, None" if rule.each is None else "element, record"
    called = f"{event}({one}, item, request, config)" if event else "None"
    fields = f"{name}({one}, item, request, config)"
    if rule.each is None:
        emitter.line(collect.format(f"[({constant}, 0, {called}, {fields})]"))
        return
    elements = emitter.read(rule.each)
    emitter.line(f"elements = {elements} if {elements}.__class__ is list else []")
    made = f"[({constant}, at, {called}, {fields}) for at, element in enumerate(elements)]"
    emitter.line(collect.format(made))


def _block(  # noqa: PLR0913 - a function's name, body and surroundings
    emitter: Emitter,
    name: str,
    rows: tuple[Row, ...],
    objects: frozenset[str],
    passed: Path | None = None,
    *,
    copying: bool,
) -> None:
    """Emit a function that runs rows into a new object and gives it."""
    for row in rows:
        _each_functions(emitter, row, objects)
    plan = _Plan.of(rows, live=passed is not None or _event_is_read(rows))
    with emitter.function(name, _PARAMETERS, objects):
        emitter.line("event = {}")
        for container in plan.containers:
            emitter.line(f"{plan.variable(container)} = {{}}")
        if passed is not None:
            value = emitter.read(passed)
            with emitter.block(f"if {value}.__class__ is dict:"):
                emitter.line(f"event = filled(event, copied({value}))")
        for row in rows:
            _row(emitter, row, plan, copying=copying)
        for container in sorted(plan.containers, key=len, reverse=True):
            parent = plan.variable(container[:-1])
            variable = plan.variable(container)
            with emitter.block(f"if {variable}:"):
                emitter.line(f"{parent}[{container[-1]!r}] = {variable}")
        emitter.line("return event")


def _row(emitter: Emitter, row: Row, plan: _Plan, *, copying: bool) -> None:
    if row.when is not None:
        with emitter.block(f"if {emitter.condition(row.when)}:"):
            _write_row(emitter, row, plan, copying=copying)
    elif row.to:
        _write_row(emitter, row, plan, copying=copying)


def _write_row(emitter: Emitter, row: Row, plan: _Plan, *, copying: bool) -> None:
    value = emitter.value(row)
    copies = f"{value} if {value}.__class__ is str else copied({value})"
    kept = row.lookup is not None or any(path.root in _KEPT for path in row.paths(inner=True))
    copying = copying or kept  # what outlives the record is never handed out
    with emitter.block(f"if {value} is not None:"):
        for index, target in enumerate(row.to):
            if target.keys[0] in plan.written:
                emitter.line(f"write(event, {emitter.constant(target)}, {value})")
            else:
                place = f"{plan.variable(target.keys[:-1])}[{target.keys[-1]!r}]"
                emitter.line(f"{place} = {copies if copying or index else value}")


def _each_functions(emitter: Emitter, row: Row, objects: frozenset[str]) -> None:
    """Emit, before the function that calls it, a function for the rows of every `each` below this row."""
    inner = [row.otherwise] if row.otherwise is not None else []
    if isinstance(row.origin, Build):
        inner += [member for _, member in row.origin.members]
    for one in inner:
        _each_functions(emitter, one, objects)
    if row.each is not None:
        name = f"each_{emitter.variable()}"
        _block(emitter, name, row.each, objects - {"record"}, copying=False)
        emitter.each_functions[id(row.each)] = name


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a block's targets are written: through `write`, or by assignment into containers of its own."""

    written: frozenset[str]
    containers: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, rows: tuple[Row, ...], *, live: bool) -> _Plan:
        """Plan the targets of these rows; `live` where the event must be whole at every row."""
        targets = [target for row in rows for target in row.to]
        count = Counter(target.keys for target in targets)
        tops = {target.keys[0] for target in targets}
        written = frozenset(
            top
            for top in tops
            if live or not all(_plain(target, count) for target in targets if target.keys[0] == top)
        )
        containers: dict[tuple[str, ...], None] = {}
        for target in targets:
            if target.keys[0] not in written:
                containers |= dict.fromkeys(target.keys[:end] for end in range(1, len(target.keys)))
        return cls(written, tuple(containers))

    @staticmethod
    def variable(container: tuple[str, ...]) -> str:
        return "_".join(["event", *(f"{len(key)}{_identifier(key)}" for key in container)])


def _event_is_read(rows: tuple[Row, ...]) -> bool:
    return any(path.root == "$event" for row in rows for path in row.paths(inner=False))


def _identifier(key: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in key)


def _plain(target: Target, count: Counter[tuple[str, ...]]) -> bool:
    """Whether nothing else writes to this place, above it or below it, and no list is in the way."""
    keys = target.keys
    alone = count[keys] == 1 and not any(count[keys[:end]] for end in range(1, len(keys)))
    finished = len(keys) == 1 and keys[0] in ENVELOPE  # finishing writes into it: never the sender's object
    return alone and not finished and not target.append and not any(map(is_index, keys[1:]))
