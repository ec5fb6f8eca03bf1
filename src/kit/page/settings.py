"""Writes the settings of a source, and what redaction masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .markdown import code, codes, scalar_code, section, series, table
from .rows import as_list
from .source_files import SourceFiles

_OF_ANY_SOURCE = (
    (
        "`allow_headers`",
        "a list of names",
        "more headers for the mapping and the store, besides those that cannot hold a secret",
    ),
    ("`allow_query`", "a list of names", "the same, for query values"),
)


def settings_section(files: SourceFiles) -> str:
    """Write one line for each setting: its values, and what it does."""
    own = [name for name in files.source.settings if name != "redact"]
    rows = [(code(name), _values(files.mapping, name), series(_uses(files, name))) for name in own]
    if "secrets" in files.about or "pii" in files.about:
        rows.append(("`redact`", "`off` (default), `secrets` or `pii`", "what is masked; see Redaction"))
    if "signature" in files.about:
        use = "the secret that the vendor signs with; see Signature"
        rows.append(("`signing_secret`", "text, or a list of texts", use))
    return section("Settings", table(("Setting", "Values", "What it does"), [*rows, *_OF_ANY_SOURCE]))


def redaction_section(files: SourceFiles) -> str:
    """Write the paths that each level masks."""
    secrets, pii = files.about.get("secrets", []), files.about.get("pii", [])
    levels = [
        ("secrets", codes(secrets)),
        ("pii", f"{'what `secrets` masks, and ' if secrets else ''}{codes(pii)}" if pii else ""),
    ]
    masked = table(("`redact`", "Masks"), ((code(level), words) for level, words in levels if words))
    stars = "`*` stands for every member, and `**` for any depth." if "*" in "".join([*secrets, *pii]) else ""
    ids = "`userId`, `anonymousId`, `groupId` and `previousId` are never masked."
    return section("Redaction", " ".join(filter(None, (stars, ids))), masked) if masked else ""


def _values(mapping: dict[str, Any], name: str) -> str:
    """List the values that conditions compare a setting with."""
    compared = (matcher for path, matcher in _conditions(mapping) if path == f"$config.{name}")
    scalars = [scalar for matcher in compared for scalar in _scalars(matcher)]
    return series(list(dict.fromkeys(map(scalar_code, scalars))), "or") or "any"


def _scalars(matcher: Any) -> Iterator[Any]:
    """List the values that a condition accepts, or with `not` refuses."""
    for value in as_list(matcher):
        if isinstance(value, dict):
            yield from _scalars(value.get("not", []))
        else:
            yield value


def _uses(files: SourceFiles, name: str) -> list[str]:
    """Say which rules and rows depend on a setting."""
    path = f"$config.{name}"
    rules = files.source.mapper.mapping.rules
    uses = []
    for written, rule in zip(files.mapping["events"], rules, strict=True):
        if _mentions(written.get("when"), path) or _mentions(written.get("event"), path):
            uses.append(f"the rule {code(rule.label)} depends on it")
    rows = [
        *(row for rule in files.mapping["events"] for row in rule.get("map", [])),
        *files.mapping.get("map", []),
    ]
    targets = [target for row in rows if _mentions(row, path) for target in as_list(row["to"])]
    if targets:
        uses.append(
            f"{codes(dict.fromkeys(targets), 'and')} {'depend' if len(targets) > 1 else 'depends'} on it"
        )
    if _mentions(files.mapping.get("reply"), path):
        uses.append("the reply depends on it")
    return uses


def _conditions(value: Any) -> Iterator[tuple[str, Any]]:
    """List the entries of all conditions: a path, and what its value is compared with."""
    for key, member in value.items() if isinstance(value, dict) else ():
        if key.startswith("$config."):
            yield key, member
        yield from _conditions(member)
    for element in value if isinstance(value, list) else ():
        yield from _conditions(element)


def _mentions(value: Any, path: str) -> bool:
    """Whether a path, or one below it, is read anywhere in a value, be it in a template."""
    if isinstance(value, str):
        return value == path or value.startswith(f"{path}.") or f"{{{path}}}" in value or f"{{{path}." in value
    if isinstance(value, dict):
        return any(_mentions(key, path) or _mentions(member, path) for key, member in value.items())
    return isinstance(value, list) and any(_mentions(element, path) for element in value)
