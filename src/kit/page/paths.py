"""Says in words where a path of a mapping leads."""

from __future__ import annotations

from typing import TypeAlias

from ...core.mapping.path import parse_path
from .markdown import code

Lists: TypeAlias = "tuple[str, ...]"
_REQUEST = {"headers": "header", "query": "query value"}
_WHOLE = {
    "$": "the record",
    "$item": "the item",
    "$config": "the settings",
    "$event": "the event",
    "$request.headers": "the headers",
    "$request.query": "the query",
    "$request.method": "the HTTP method",
    "$request.url": "the URL",
}


def place(path: str, lists: Lists = ()) -> str:
    """Say where a path leads: `user.id`, the header `x-topic`, the setting `region`.

    Args:
        path: as the author wrote it.
        lists: the paths of the lists whose elements are read, from the outside in; see `inside`.
    """
    path, lists = _without_parent(path, lists)
    if lists and (path == "$" or not path.startswith("$")):
        if not lists[-1]:
            return "the element" if path == "$" else f"{code(path)} of the element"
        path = lists[-1] if path == "$" else f"{lists[-1]}.{path}"
    if path in _WHOLE:
        return _WHOLE[path]
    root, _, rest = path.partition(".")
    match root:
        case "$item" | "$event":
            return f"{code(rest)} of {_WHOLE[root]}"
        case "$config":
            return f"the setting {code(rest)}"
        case "$parent":
            return f"{code(rest)} outside the list" if rest else "the object with the list"
        case "$request":
            part, _, name = rest.partition(".")
            return f"the {_REQUEST[part]} {code(name)}"
    return code(path)


def inside(path: str, lists: Lists) -> Lists:
    """Return the lists of what is read for each element of the list at a path."""
    path, above = _without_parent(path, lists)
    if above and not path.startswith("$"):
        path = f"{above[-1]}.{path}" if above[-1] else ""
    if not path or path == "$":
        return (*lists, "")
    return (*lists, path if parse_path(path).stars else f"{path}.*")


def _without_parent(path: str, lists: Lists) -> tuple[str, Lists]:
    """Replace `$parent` by what is around the innermost list, if that is known."""
    if lists and (path == "$parent" or path.startswith("$parent.")):
        return path.removeprefix("$parent").removeprefix(".") or "$", lists[:-1]
    return path, lists
