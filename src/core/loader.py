"""Loads a source from its folder, or finds everything that is wrong with the folder."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from .errors import InvalidPath, InvalidSchema, InvalidSource
from .event import Envelope
from .framing import Framing
from .id_entries import parse_ids, paths_of
from .ids import Namespace
from .json_value import Steps
from .locator import compile_locator
from .mapping.compile import compile_first_of
from .mapping.mapper import Mapper
from .mapping.mask import parse_listed_path
from .mapping.parser import parse_mapping
from .mapping.path import Path, parse_single_path
from .mapping.redact import build_masks
from .request_filter import filter_for
from .schema import Schema, check
from .signature import parse_signatures
from .source import OnRejection, Source
from .source_file import Problem, SourceFile, read_source_file

API_VERSIONS = range(1, 2)
"""The versions of the folder's layout and language this host understands (`api` in source.json)."""
_UNSTATED_API = 1
"""The version of a folder that states none, whichever versions this host understands."""

_FILES = ("source.json", "schema.json", "mapping.json")
_PATHS = ("batch", "unwrap", "secrets", "pii")


def load_source(folder: str | FilePath) -> Source:
    """Load a source from its folder: source.json, schema.json, mapping.json and the tables beside them.

    Raises:
        InvalidSource: the folder has problems; the error holds all of them.
    """
    return _load_valid(FilePath(folder), interpret=False)


def load_interpreted(folder: FilePath) -> Source:
    """Load a source whose mapping is interpreted: it has the same outcomes, and is for running a few records.

    Raises:
        InvalidSource: as `load_source`.
    """
    return _load_valid(folder, interpret=True)


def check_source(folder: str | FilePath) -> list[Problem]:
    """Find everything that keeps a folder from loading, in the order of its files and lines."""
    return _load(FilePath(folder))[1]


def _load_valid(folder: FilePath, *, interpret: bool) -> Source:
    source, problems = _load(folder, interpret=interpret)
    if source is None:
        raise InvalidSource(str(folder), problems)
    return source


def _load(folder: FilePath, *, interpret: bool = False) -> tuple[Source | None, list[Problem]]:
    if not folder.is_dir():
        reason, advice = f"there is no folder {folder}", "give the path of a source folder"
        return None, [Problem("source.json", 1, "", "folder", reason, advice)]
    try:
        return _compile(folder, interpret=interpret)
    except (RecursionError, SyntaxError):  # Python's own limits: hundreds of levels or alternatives
        reason = "the files are too large or too deeply nested to compile"
        return None, [Problem("mapping.json", 1, "", "too-large", reason, "split rules and rows up")]


def _compile(folder: FilePath, *, interpret: bool) -> tuple[Source | None, list[Problem]]:
    about, schema_file, mapping_file = (read_source_file(folder / name) for name in _FILES)
    for file in (about, mapping_file):
        if file.value is not None:
            check(file, _file_schema(file.name))
    _check_api(about)
    _check_items(about)
    _check_unmapped(about)
    facts = about.value or {}
    name = str(facts.get("name", folder.resolve().name))
    namespace = Namespace(name)
    paths = {key: _paths(about, key) for key in _PATHS}
    ids = parse_ids(about, namespace)
    signatures = parse_signatures(about, namespace)
    schema = _schema(schema_file)
    tables, table_problems = _tables(folder)
    mapping = parse_mapping(mapping_file, tables, namespace)
    problems = [*about.problems, *schema_file.problems, *mapping_file.problems, *table_problems]
    if problems or mapping is None or schema is None:
        return None, sorted(problems)
    body_is_item = facts.get("items") == "body"
    formats = tuple(facts.get("formats", ("json",) if body_is_item else ("json", "json-lines")))
    levels = {"secrets": paths["secrets"], "pii": paths["secrets"] + paths["pii"]}
    masks = {
        level: build_masks(listed, paths["unwrap"], from_query="query" in formats)
        for level, listed in levels.items()
    }
    read_of_request = [path for path in (*mapping.paths(), *paths_of(ids)) if path.root == "$request"]
    source = Source(
        name=name,
        title=str(facts.get("title", mapping.integration)),
        version=str(facts.get("version", "0")),
        docs=str(facts.get("docs", "")),
        setup=tuple(facts.get("setup", ())),
        on_rejection=OnRejection(**facts.get("on_rejection", {})),
        folder=folder,
        framing=Framing(formats, compile_locator(paths["batch"], list), body_is_item),
        unwrap=compile_locator(paths["unwrap"], dict),
        read_id=compile_first_of(ids),
        request_paths=tuple(read_of_request),
        request_filter=filter_for(read_of_request, (signature.header for signature in signatures)),
        signatures=signatures,
        schema=schema,
        mapper=Mapper(mapping, masks, interpret=interpret),
        envelope=Envelope(mapping.integration, namespace),
    )
    return source, []


def _check_api(about: SourceFile) -> None:
    api = (about.value or {}).get("api", _UNSTATED_API)
    if isinstance(api, int) and api not in API_VERSIONS:
        supported = ", ".join(map(str, API_VERSIONS))
        about.add_problem(
            ("api",),
            "incompatible-api",
            f"the folder is written for api {api}, but this host supports api {supported}",
            "use a version of springhead that supports it, or another version of the source",
        )


def _check_items(about: SourceFile) -> None:
    """Check that nothing else splits a body that is one item."""
    facts = about.value or {}
    if facts.get("items") != "body":
        return
    if facts.get("batch"):
        about.add_problem(
            ("batch",), "items-body", 'a body is one item: "items" is "body"', "leave one of them out"
        )
    formats = facts.get("formats")
    if isinstance(formats, list) and "json-lines" in formats:
        reason, advice = 'a body is one item, not lines: "items" is "body"', "leave one of them out"
        about.add_problem(("formats", formats.index("json-lines")), "items-body", reason, advice)


def _check_unmapped(about: SourceFile) -> None:
    """Check the paths that are left out on purpose. No event depends on them."""
    entries = (about.value or {}).get("unmapped", [])
    for index, entry in enumerate(() if about.has_problem(("unmapped",)) else entries):
        for number, text in enumerate(entry["paths"]):
            steps: Steps = ("unmapped", index, "paths", number)
            try:
                root = parse_listed_path(text).root
            except InvalidPath as error:
                about.add_problem(steps, "bad-path", error.reason, error.advice)
                continue
            if root not in ("", "$item"):
                about.add_problem(steps, "bad-path", f"{root} cannot be read here")


def _paths(about: SourceFile, key: str) -> tuple[Path, ...]:
    parse = parse_listed_path if key in ("secrets", "pii") else parse_single_path
    if about.value is None or about.has_problem((key,)):
        return ()
    paths = []
    for index, text in enumerate(about.value.get(key, [])):
        try:
            path = parse(text)
        except InvalidPath as error:
            about.add_problem((key, index), "bad-path", error.reason, error.advice)
            continue
        if path.root:
            about.add_problem((key, index), "bad-path", f"{path.root} cannot be read here")
        paths.append(path)
    return tuple(paths)


def _schema(file: SourceFile) -> Schema | None:
    if file.value is None:
        return None
    try:
        return Schema(file.value)
    except InvalidSchema as error:
        advice = "schema.json is a JSON Schema, draft 2020-12"
        file.add_problem(error.steps, "bad-schema", error.reason, advice)
        return None


def _tables(folder: FilePath) -> tuple[dict[str, Any], list[Problem]]:
    paths = (path for path in sorted(folder.glob("*.json")) if not path.name.startswith("."))
    files = [read_source_file(path) for path in paths if path.name not in _FILES]
    tables = {FilePath(file.name).stem: file.value or {} for file in files}
    return tables, [problem for file in files for problem in file.problems]


@cache
def _file_schema(name: str) -> Schema:
    path = FilePath(__file__).parent / "schemas" / f"{FilePath(name).stem}.schema.json"
    return Schema(json.loads(path.read_bytes()))
