"""Redacts a mapping, so that every value covered by a listed path is masked as soon as it is read.

Conditions and identity fields see the record as sent: redaction changes neither types nor ids.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from .mask import element_mask, mask_at
from .model import IDENTITY, Build, EventMapping, FirstOf, Origin, Read, Row, Rule, Template
from .path import Mask, Path


def redact(mapping: EventMapping, record_mask: Mask, item_mask: Mask) -> EventMapping:
    """Redact all rules of a mapping, with what is masked in the record and in the item it came in."""
    masks = _Masks(record_mask, item_mask, None)
    return replace(mapping, rules=tuple(_redact_rule(rule, masks) for rule in mapping.rules))


class _Masks(msgspec.Struct, frozen=True):
    """What is masked at the roots a row may read from."""

    record: Mask | None
    item: Mask | None
    parent: Mask | None

    def at(self, path: Path) -> Mask | None:
        """Return what is masked in the value at a path."""
        mask = {"": self.record, "$item": self.item, "$parent": self.parent}.get(path.root)
        return None if mask is None else mask_at(mask, path.keys)

    def of_elements(self, path: Path) -> _Masks:
        """Return the masks for rows that read the elements of the list at a path."""
        mask = self.at(path)
        return _Masks(None if mask is None else element_mask(mask), self.item, self.record)

    def apply(self, path: Path) -> Path:
        """Return the path with what is masked in its value."""
        return path.masked(self.at(path))


def _redact_rule(rule: Rule, masks: _Masks) -> Rule:
    if rule.each is not None:
        masks = masks.of_elements(rule.each)
    return replace(
        rule,
        rows=tuple(part for row in rule.rows for part in _redact_written_row(row, masks)),
        event=None if rule.event is None else _redact_row(rule.event, masks),
        passthrough=None if rule.passthrough is None else _redact_passthrough(rule.passthrough, masks),
    )


def _redact_passthrough(path: Path, masks: _Masks) -> Path:
    """Mask an event that is passed through, except its identity fields."""
    mask = masks.at(path)
    if isinstance(mask, dict):
        mask = {key: inner for key, inner in mask.items() if key not in IDENTITY} or None
    return path.masked(mask)


def _redact_written_row(row: Row, masks: _Masks) -> tuple[Row, ...]:
    """Split a row in two if it writes both identity fields, which are not masked, and other fields."""
    identity = tuple(target for target in row.to if target.keys[0] in IDENTITY)
    others = tuple(target for target in row.to if target.keys[0] not in IDENTITY)
    plain = (replace(row, to=identity),) if identity else ()
    return (*plain, _redact_row(replace(row, to=others), masks)) if others else plain


def _redact_row(row: Row, masks: _Masks) -> Row:
    origin, each = _redact_origin(row.origin, masks), row.each
    if each is not None:
        inner = replace(masks, record=None, parent=masks.record)
        if isinstance(row.origin, Read):  # the rows of the elements mask, because their conditions must not
            origin, inner = row.origin, masks.of_elements(row.origin.path)
        each = tuple(_redact_row(element_row, inner) for element_row in each)
    fallback = None if row.fallback is None else _redact_row(row.fallback, masks)
    return replace(row, origin=origin, each=each, fallback=fallback)


def _redact_origin(origin: Origin, masks: _Masks) -> Origin:
    match origin:
        case Read(path):
            return Read(masks.apply(path))
        case FirstOf(paths):
            return FirstOf(tuple(map(masks.apply, paths)))
        case Template(parts):
            return Template(tuple(part if isinstance(part, str) else masks.apply(part) for part in parts))
        case Build(members):
            return Build(tuple((key, _redact_row(row, masks)) for key, row in members))
        case _:
            return origin
