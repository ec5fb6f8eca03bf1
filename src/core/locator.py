"""Finds the list of items in a body and the record in an item, also where they are sent as JSON in text."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from .array_splitter import split_array
from .codec import parse
from .errors import InvalidJson
from .framing import MAX_ITEMS, Locator, Undecodable, parse_item
from .mapping.codegen import RUNTIME, Generator
from .mapping.masking import JSON_STARTS
from .mapping.path import Path, is_index, read

_OPENING: Final[dict[type, str]] = {dict: "{", list: "["}


def compile_locator(paths: tuple[Path, ...], container: type) -> Locator:
    """Compile a function that finds, in an object, the first of these paths that holds a `dict` or `list`.

    Text that begins as JSON of the container does counts as what it says, and paths lead into such text. If it
    cannot be parsed, the function returns an `Undecodable` in place of the container.
    """
    code = Generator()
    function = code.constant(locate)
    with code.function("locate_first", "record", frozenset({"record"})):
        for path in paths:
            value = code.read(path)
            with code.block(f"if {value}.__class__ is {container.__name__}:"):
                code.line(f"return {value}, {code.constant(path.keys)}")
            may_be_text = f"{value}.__class__ is str and {value}[:1] in {JSON_STARTS!r}"
            may_be_in_text = f"{value} is None or " if len(path.keys) > 1 else ""
            with code.block(f"if {may_be_in_text}{may_be_text}:"):
                code.line(f"found = {function}(record, {code.constant(path)}, {container.__name__})")
                with code.block("if found is not None:"):
                    code.line(f"return found, {code.constant(path.keys)}")
        code.line("return None")
    locate_first: Locator = code.functions(RUNTIME)["locate_first"]
    return locate_first


def locate(value: Any, path: Path, container: type) -> Any:
    """Find the container at a path, through text that is JSON; None if there is none, or an `Undecodable`."""
    found = read(value, path)
    if found is not None:
        return found if found.__class__ in (container, Undecodable) else _parse(found, container)
    for end in range(len(path.keys) - 1, 0, -1):
        text, rest = read(value, replace(path, keys=path.keys[:end])), path.keys[end:]
        parsed = _parse(text, dict, list) if is_index(rest[0]) else _parse(text, dict)
        if parsed is not None:
            is_bad = parsed.__class__ is Undecodable
            return parsed if is_bad else locate(parsed, replace(path, keys=rest), container)
    return None


def _parse(text: Any, *containers: type) -> Any:
    """Parse text that begins as JSON of one of these containers; None if it is anything else."""
    if not isinstance(text, str):
        return None
    text = text.removeprefix("\ufeff").lstrip(" \t\r\n")
    if not text.startswith(tuple(_OPENING[container] for container in containers)):
        return None
    data = text.encode()
    try:
        return parse(data)
    except InvalidJson as error:
        elements = split_array(data.rstrip(), MAX_ITEMS)
        if 0 < len(elements) <= MAX_ITEMS:
            return [parse_item(element) for element in elements]
        return Undecodable(data, error.rule, error.reason)
