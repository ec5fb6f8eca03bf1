"""Redacts a mapping, so that every value covered by a listed path is masked as soon as it is read.

Conditions and identity fields see the record as sent: redaction changes neither types nor ids.
"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

from msgspec.structs import replace

from .convert import parse_or_encode, query
from .functions import Function
from .mask import Mask, build_mask
from .masking import apply_mask
from .model import IDENTITY, Build, EventMapping, FirstOf, ListOf, Origin, Read, Row, Rule, Template
from .path import Path

Masks: TypeAlias = dict[str, Mask | None]
"""What is masked at each root a row may read from; a root that is left out has nothing to mask."""


def build_masks(listed: tuple[Path, ...], unwrap: tuple[Path, ...], *, from_query: bool) -> Masks:
    """Build the masks of what is listed in the record, wherever a row can read the record.

    The item may be the record or hold it at each of the `unwrap` paths, and the query may be the item.
    """
    in_item = (*listed, *_inside(unwrap, listed))
    in_request = _inside((Path("", "", ("query",)),), in_item) if from_query else ()
    return {"": build_mask(listed), "$item": build_mask(in_item), "$request": build_mask(in_request)}


def redact(mapping: EventMapping, masks: Masks) -> EventMapping:
    """Redact all rules of a mapping."""
    return replace(mapping, rules=tuple(_redact_rule(rule, masks) for rule in mapping.rules))


def _inside(outer: tuple[Path, ...], inner: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(Path("", "", above.keys + path.keys) for above in outer for path in inner)


def _mask_at(path: Path, masks: Masks) -> Mask | None:
    """Return what is masked in the value at a path, or in any value that its stars lead to."""
    mask = _mask_at_keys(path, masks)
    return None if mask is None else mask.at_stars(path.stars)


def _mask_at_keys(path: Path, masks: Masks) -> Mask | None:
    mask = masks.get(path.root)
    return None if mask is None else mask.at(path.keys)


def _masked(path: Path, masks: Masks) -> Path:
    """Return the path with what is masked in its value."""
    return path.masked(_mask_at_keys(path, masks))


def _masks_of_elements(path: Path, masks: Masks) -> Masks:
    """Return the masks for rows that read the elements of the list at a path."""
    mask = _mask_at(path, masks)
    return {**masks, "": None if mask is None else mask.elements, "$parent": masks.get("")}


def _redact_rule(rule: Rule, masks: Masks) -> Rule:
    if rule.each is not None:
        masks = _masks_of_elements(rule.each, masks)
    masks = {**masks, "$event": _identity_mask(rule, masks)}
    return replace(
        rule,
        rows=tuple(part for row in rule.rows for part in _redact_written_row(row, masks)),
        event=None if rule.event is None else _redact_row(rule.event, masks),
        passthrough=None if rule.passthrough is None else _redact_passthrough(rule.passthrough, masks),
        redacted=True,
    )


def _identity_mask(rule: Rule, masks: Masks) -> Mask | None:
    """Return what is masked for rows that read the event: the identity fields, if they hold what is listed."""
    passed = None if rule.passthrough is None else _mask_at(rule.passthrough, masks)
    fields = {field for field in IDENTITY if passed is not None and passed.member(field) is not None}
    for row in rule.rows:
        if _redact_row(row, masks) != row:
            fields.update(target.keys[0] for target in row.to)
    return build_mask(Path(field, "", (field,)) for field in fields.intersection(IDENTITY))


def _redact_passthrough(path: Path, masks: Masks) -> Path:
    """Mask an event that is passed through, except its identity fields."""
    mask = _mask_at(path, masks)
    return path if mask is None else path.masked(mask if mask.covers_all else mask.without(IDENTITY))


def _redact_written_row(row: Row, masks: Masks) -> tuple[Row, ...]:
    """Split a row in two if it writes both identity fields, which are not masked, and other fields."""
    identity = tuple(target for target in row.to if target.keys[0] in IDENTITY)
    others = tuple(target for target in row.to if target.keys[0] not in IDENTITY)
    plain = (replace(row, to=identity),) if identity else ()
    return (*plain, _redact_row(replace(row, to=others), masks)) if others else plain


def _redact_row(row: Row, masks: Masks) -> Row:
    origin, each = _redact_origin(row.origin, masks), row.each
    if each is not None:
        inner = {**masks, "": None, "$parent": masks.get(""), "$event": None}
        if isinstance(row.origin, Read):  # the rows of the elements mask, because their conditions must not
            origin, inner = row.origin, {**_masks_of_elements(row.origin.path, masks), "$event": None}
        each = tuple(_redact_row(element_row, inner) for element_row in each)
    fallback = None if row.fallback is None else _redact_row(row.fallback, masks)
    return replace(row, origin=origin, each=each, apply=_redact_apply(row, masks), fallback=fallback)


def _redact_origin(origin: Origin, masks: Masks) -> Origin:
    match origin:
        case Read(path):
            return Read(_masked(path, masks))
        case FirstOf(paths):
            return FirstOf(tuple(_masked(path, masks) for path in paths))
        case ListOf(paths):
            return ListOf(tuple(_masked(path, masks) for path in paths))
        case Template(parts):
            return Template(tuple(part if isinstance(part, str) else _masked(part, masks) for part in parts))
        case Build(members):
            return Build(tuple((key, _redact_row(row, masks)) for key, row in members))
        case _:
            return origin


def _redact_apply(row: Row, masks: Masks) -> tuple[Function, ...]:
    """Mask what the row parses, too: it may be a part of a text that is not JSON as a whole, or a query."""
    read = (_mask_at(path, masks) for path in row.origin_paths())
    masking = [partial(apply_mask, mask=mask) for mask in read if mask is not None]
    apply: list[Function] = []
    for function in row.apply:
        apply.append(function)
        if function in (parse_or_encode, query):
            apply += masking
    return tuple(apply)
