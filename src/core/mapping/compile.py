"""Compiles mappings into plain Python functions, once, when a source is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from .codegen import RUNTIME, Generator
from .interpret import MappedEvent
from .model import DROP, Build, EventMapping, ReplyRule, Row, Rule, Template
from .path import Path, is_index
from .write_plan import WritePlan, plan_writes

CompiledMapping: TypeAlias = Callable[[Any, Any, Any, Any], "list[MappedEvent] | None"]
"""Does what `interpret.apply_rules` does, given record, item, request and config; the first two are objects."""

CompiledReplies: TypeAlias = Callable[[Any, Any, Any, Any], "tuple[ReplyRule, Any] | None"]
"""Does what `interpret.first_reply` does, given the same as a `CompiledMapping`."""

_SCOPE = "record, parent, item, request, config"
_PARAMETERS = f"{_SCOPE}, budget"
_OBJECTS = frozenset({"record", "item", "request", "config"})
_SHARED_ROOTS = ("$config", "$request", "$event")
"""Roots whose values outlive the record, so that an event gets copies of them."""


def compile_mapping(mapping: EventMapping) -> CompiledMapping:
    """Compile all rules of a mapping into one function."""
    code = Generator()
    names = [_rule(code, index, rule, mapping.emit_all) for index, rule in enumerate(mapping.rules)]
    _dispatch(code, mapping, names)
    run: CompiledMapping = code.functions(RUNTIME)["run"]
    return run


def compile_replies(replies: tuple[ReplyRule, ...]) -> CompiledReplies:
    """Compile the replies of a mapping into one function."""
    code = Generator()
    for rule in replies:
        _each_functions(code, rule.body, _OBJECTS)
    with code.function("reply", "record, item, request, config", _OBJECTS):
        code.line("parent = event = None")
        code.line("budget = ReadBudget()")
        for rule in replies:
            with code.block(f"if {code.condition(rule.when) if rule.when is not None else True}:"):
                body = code.row_value(rule.body)
                with code.block(f"if {body} is not None:"):
                    code.line(f"return {code.constant(rule)}, {body}")
        code.line("return None")
    reply: CompiledReplies = code.functions(RUNTIME)["reply"]
    return reply


def compile_first_of(origins: tuple[Path | Template, ...]) -> Callable[[Any, Any, Any, Any, Any], Any]:
    """Compile a function that reads the first of these paths and templates that has a value.

    It takes record, parent, item, request and config.
    """
    code = Generator()
    with code.function("first_of", _SCOPE, _OBJECTS):
        code.line("event = None")
        code.line(f"return {code.first_of(origins)}")
    first_of: Callable[[Any, Any, Any, Any, Any], Any] = code.functions(RUNTIME)["first_of"]
    return first_of


def _rule(code: Generator, index: int, rule: Rule, emit_all: bool) -> tuple[str, str]:
    """Write the functions that make the fields and the name (`""` if there is none) of a rule's event.

    The first event of a record takes over parts of it; any other gets copies, from `rule_..._copying`.
    """
    fields_name, event_name = f"rule_{index}", f"event_{index}"
    objects = _OBJECTS if rule.each is None else _OBJECTS - {"record"}
    _block(code, fields_name, rule.rows, objects, rule.passthrough, copy=rule.each is not None)
    if emit_all and rule.each is None:
        _block(code, f"{fields_name}_copying", rule.rows, objects, rule.passthrough, copy=True)
    if rule.event is None:
        return fields_name, ""
    _each_functions(code, rule.event, objects)
    with code.function(event_name, _PARAMETERS, objects):
        code.line("event = None")
        code.line(f"return {code.row_value(rule.event)}")
    return fields_name, event_name


def _dispatch(code: Generator, mapping: EventMapping, names: list[tuple[str, str]]) -> None:
    """Write the function that finds the rules to apply."""
    with code.function("run", "record, item, request, config", _OBJECTS):
        code.line("parent = event = mapped = None")
        code.line("budget = ReadBudget()")
        for rule, functions in zip(mapping.rules, names, strict=True):
            if rule.when is None:
                _apply_rule(code, mapping, rule, *functions)
            else:
                with code.block(f"if {code.condition(rule.when)}:"):
                    _apply_rule(code, mapping, rule, *functions)
        code.line("return mapped")


def _apply_rule(code: Generator, mapping: EventMapping, rule: Rule, fields_name: str, event_name: str) -> None:
    """Write what a matching rule does: return its events, or collect them if all rules may emit."""
    collect = "mapped = [*(mapped or []), *{}]" if mapping.emit_all else "return {}"
    constant = code.constant(rule)
    if rule.type == DROP:
        code.line(collect.format(f"[({constant}, 0, None, None)]"))
        return
    arguments = ("record, None" if rule.each is None else "element, record") + ", item, request, config, budget"
    event = f"{event_name}({arguments})" if event_name else "None"
    fields = f"{fields_name}({arguments})"
    if rule.each is None:
        if mapping.emit_all:
            fields = f"({fields_name}_copying if mapped else {fields_name})({arguments})"
        code.line(collect.format(f"[({constant}, 0, {event}, {fields})]"))
        return
    elements = code.read(rule.each)
    code.line(f"elements = {elements} if {elements}.__class__ is list else []")
    code.spend("elements", rule.event_rows())
    events = f"[({constant}, index, {event}, {fields}) for index, element in enumerate(elements)]"
    code.line(collect.format(events))


def _block(  # noqa: PLR0913 - a function's name, body and surroundings
    code: Generator,
    name: str,
    rows: tuple[Row, ...],
    objects: frozenset[str],
    passthrough: Path | None = None,
    *,
    copy: bool,
) -> None:
    """Write a function that runs rows into a new object and returns it."""
    for row in rows:
        _each_functions(code, row, objects)
    plan = plan_writes(rows, passes=passthrough is not None)
    with code.function(name, _PARAMETERS, objects):
        code.line("event = {}")
        for container in plan.containers:
            code.line(f"{plan.variable(container)} = {{}}")
        if passthrough is not None:
            value = code.read(passthrough)
            with code.block(f"if {value}.__class__ is dict:"):
                code.line(f"event = deep_copy(compact({value}))")
        for row in rows:
            _row(code, row, plan, copy=copy)
        for container in sorted(plan.containers, key=len, reverse=True):
            parent, variable = plan.variable(container[:-1]), plan.variable(container)
            with code.block(f"if {variable}:"):
                code.line(f"{parent}[{container[-1]!r}] = {variable}")
        code.line("return event")


def _row(code: Generator, row: Row, plan: WritePlan, *, copy: bool) -> None:
    if row.when is not None:
        with code.block(f"if {code.condition(row.when)}:"):
            _write(code, row, plan, copy=copy)
    elif row.to:
        _write(code, row, plan, copy=copy)


def _write(code: Generator, row: Row, plan: WritePlan, *, copy: bool) -> None:
    value = code.value(row)
    copied = f"{value} if {value}.__class__ is str else deep_copy({value})"
    reads_shared = row.lookup is not None or any(path.root in _SHARED_ROOTS for path in row.paths(inner=True))
    with code.block(f"if {value} is not None:"):
        for index, target in enumerate(row.to):
            if target.keys[0] in plan.through_write:
                if target.append or any(map(is_index, target.keys)):
                    code.line(f"write(event, {code.constant(target)}, {value})")
                else:
                    *above, last = target.keys
                    code.line(f"write_member(event, {tuple(above)!r}, {last!r}, {value})")
            else:
                place = f"{plan.variable(target.keys[:-1])}[{target.keys[-1]!r}]"
                code.line(f"{place} = {copied if copy or reads_shared or index else value}")


def _each_functions(code: Generator, row: Row, objects: frozenset[str]) -> None:
    """Write, before the function that calls them, a function for the rows of every `each` below this row."""
    inner = [row.fallback] if row.fallback is not None else []
    if isinstance(row.origin, Build):
        inner += [member for _, member in row.origin.members]
    for inner_row in inner:
        _each_functions(code, inner_row, objects)
    if row.each is not None:
        name = f"each_{code.variable()}"
        _block(code, name, row.each, objects - {"record"}, copy=False)
        code.each_functions[id(row.each)] = name
