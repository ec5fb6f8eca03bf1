"""Loading: a folder in, a compiled `Source` out, or everything that is wrong with the folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any

from .decode import Intake
from .errors import InvalidSource
from .event import Envelope
from .ids import Namespace
from .mapping.compile import compile_find, compile_first
from .mapping.mapper import Mapper
from .mapping.mask import Mask, mask_of
from .mapping.parser import load_mapping
from .mapping.path import Path, PathError, parse_path
from .schema import BadSchema, Schema, check
from .source_file import Document, Problem, read_document

API = range(1, 2)
"""The versions of the source folder's layout and language that this host takes (`api` in source.json)."""

_FILES = ("source.json", "schema.json", "mapping.json")


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of webhook sender, ready to take requests. Made by `load_source`, never by hand."""

    name: str
    title: str
    version: str
    docs: str
    setup: tuple[str, ...]
    folder: FilePath
    intake: Intake
    unwrap: Callable[[Any], tuple[Any, tuple[str, ...]] | None]
    native_id: Callable[[Any, Any, Any, Any, Any], Any]
    schema: Schema
    mapper: Mapper
    envelope: Envelope

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings the source looks at; others given with them change nothing."""
        return self.mapper.settings


def load_source(folder: str | FilePath) -> Source:
    """Load a source from its folder: source.json, schema.json, mapping.json and the tables beside them.

    Raises:
        InvalidSource: the folder has problems; the error holds all of them.
    """
    folder = FilePath(folder)
    source, problems = _load(folder)
    if source is None:
        raise InvalidSource(str(folder), problems)
    return source


def check_source(folder: str | FilePath) -> list[Problem]:
    """Everything that keeps a folder from loading, in the order of its files and lines."""
    return _load(FilePath(folder))[1]


def _load(folder: FilePath) -> tuple[Source | None, list[Problem]]:
    if not folder.is_dir():
        reason, advice = f"there is no folder {folder}", "give the path of a source folder"
        return None, [Problem("source.json", 1, "", "folder", reason, advice)]
    try:
        return _compiled(folder)
    except (RecursionError, SyntaxError):  # Python's own limits, hundreds of levels or alternatives away
        reason = "the files are too large or too deeply nested to compile"
        return None, [Problem("mapping.json", 1, "", "too-large", reason, "split rules and rows up")]


def _compiled(folder: FilePath) -> tuple[Source | None, list[Problem]]:
    about, schema_file, mapping_file = (read_document(folder / name) for name in _FILES)
    tables, table_problems = _tables(folder)
    if about.value is not None:
        check(about, _shipped("source.schema.json"))
        _check_api(about)
    if mapping_file.value is not None:
        check(mapping_file, _shipped("mapping.schema.json"))
    facts = about.value or {}
    name = facts.get("name", folder.resolve().name)
    namespace = Namespace(str(name))
    paths = {key: _paths(about, key) for key in ("batch", "unwrap", "id", "secrets", "pii")}
    schema = _schema(schema_file)
    spec = load_mapping(mapping_file, tables, namespace)
    problems = [*about.problems, *schema_file.problems, *mapping_file.problems, *table_problems]
    if problems or spec is None or schema is None:
        return None, sorted(problems)
    source = Source(
        name=str(name),
        title=str(facts.get("title", spec.integration)),
        version=str(facts.get("version", "0")),
        docs=str(facts.get("docs", "")),
        setup=tuple(facts.get("setup", ())),
        folder=folder,
        intake=Intake(
            tuple(facts.get("formats", ("json", "json-lines"))), compile_find(paths["batch"], "list")
        ),
        unwrap=compile_find(paths["unwrap"], "dict"),
        native_id=compile_first(paths["id"]),
        schema=schema,
        mapper=Mapper(spec, _masks(paths)),
        envelope=Envelope(spec.integration, namespace),
    )
    return source, []


def _check_api(about: Document) -> None:
    api = (about.value or {}).get("api", API[0])
    if isinstance(api, int) and api not in API:
        about.problem(
            ("api",),
            "incompatible-api",
            f"the folder is written for api {api}, this host takes api {', '.join(map(str, API))}",
            "use a springhead that takes it, or a version of the source for this one",
        )


def _paths(about: Document, key: str) -> tuple[Path, ...]:
    if about.value is None or about.spoilt((key,)):
        return ()
    paths = []
    for index, text in enumerate(about.value.get(key, [])):
        try:
            path = parse_path(text)
        except PathError as error:
            about.problem((key, index), "bad-path", str(error))
            continue
        if path.root and not (key == "id" and path.root == "$item"):
            about.problem((key, index), "bad-path", f"{path.root} cannot be read here")
        paths.append(path)
    return tuple(paths)


def _schema(document: Document) -> Schema | None:
    if document.value is None:
        return None
    try:
        return Schema(document.value)
    except BadSchema as error:
        document.problem(error.where, "bad-schema", str(error), "schema.json is a JSON Schema, draft 2020-12")
        return None


def _tables(folder: FilePath) -> tuple[dict[str, Any], list[Problem]]:
    tables: dict[str, Any] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.json")):
        if path.name in _FILES:
            continue
        document = read_document(path)
        problems += document.problems
        tables[path.stem] = document.value or {}
    return tables, problems


def _masks(paths: dict[str, tuple[Path, ...]]) -> dict[str, tuple[Mask, Mask]]:
    levels = {"secrets": paths["secrets"], "pii": paths["secrets"] + paths["pii"]}
    return {level: (mask_of(listed), _item_mask(listed, paths["unwrap"])) for level, listed in levels.items()}


def _item_mask(listed: tuple[Path, ...], unwrap: tuple[Path, ...]) -> Mask:
    """What is masked in an item: the listed paths in it, wrapped in each way it may be."""
    wrapped = [Path("", "", outer.keys + path.keys) for outer in unwrap for path in listed]
    return mask_of((*listed, *wrapped))


@cache
def _shipped(name: str) -> Schema:
    text = files(__package__).joinpath("schemas", name).read_text("utf-8")
    return Schema(json.loads(text))
