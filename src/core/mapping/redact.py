"""Redaction: a mapping in which every value a listed path covers is masked before it is used.

Conditions and identity fields see the record as sent, so that redaction changes no type and no id.
"""

from __future__ import annotations

from dataclasses import replace

from .mask import Mask, below, of_element
from .model import IDENTITY, Build, FirstOf, Origin, Read, Row, Rule, Spec, Template
from .path import Path


def redacted(spec: Spec, mask: Mask, item_mask: Mask) -> Spec:
    """The same mapping, masking: `mask` covers the record, `item_mask` the item it came in."""
    return replace(spec, rules=tuple(_rule(rule, mask, item_mask) for rule in spec.rules))


def _rule(rule: Rule, mask: Mask, item_mask: Mask) -> Rule:
    above: Mask | None = None
    here: Mask | None = mask
    if rule.each is not None:
        above, here = mask, _of_elements(rule.each, mask, item_mask, None)
    masks = (here, item_mask, above)
    return replace(
        rule,
        rows=_rows(rule.rows, *masks),
        event=None if rule.event is None else _row(rule.event, *masks),
        passed=None if rule.passed is None else _passed(rule.passed, *masks),
    )


def _passed(path: Path, *masks: Mask | None) -> Path:
    """The path of an event passed through: all of it but whose it is."""
    mask = _covering(path, *masks)
    if isinstance(mask, dict):
        mask = {key: inner for key, inner in mask.items() if key not in IDENTITY} or None
    return path.masked(mask)


def _rows(rows: tuple[Row, ...], *masks: Mask | None) -> tuple[Row, ...]:
    made: list[Row] = []
    for row in rows:
        whose = tuple(target for target in row.to if target.keys[0] in IDENTITY)
        rest = tuple(target for target in row.to if target.keys[0] not in IDENTITY)
        if whose:
            made.append(replace(row, to=whose))
        if rest:
            made.append(_row(replace(row, to=rest), *masks))
    return tuple(made)


def _row(row: Row, *masks: Mask | None) -> Row:
    origin, each = _origin(row.origin, *masks), row.each
    if each is not None:
        element: Mask | None = None
        if isinstance(row.origin, Read):  # the elements' own rows mask, so that their conditions need not
            origin, element = row.origin, _of_elements(row.origin.path, *masks)
        each = tuple(_row(inner, element, masks[1], masks[0]) for inner in each)
    otherwise = None if row.otherwise is None else _row(row.otherwise, *masks)
    return replace(row, origin=origin, each=each, otherwise=otherwise)


def _origin(origin: Origin, *masks: Mask | None) -> Origin:
    match origin:
        case Read(path):
            return Read(_path(path, *masks))
        case FirstOf(paths):
            return FirstOf(tuple(_path(path, *masks) for path in paths))
        case Template(parts):
            return Template(tuple(x if isinstance(x, str) else _path(x, *masks) for x in parts))
        case Build(members):
            return Build(tuple((key, _row(row, *masks)) for key, row in members))
        case _:
            return origin


def _path(path: Path, *masks: Mask | None) -> Path:
    return path.masked(_covering(path, *masks))


def _of_elements(path: Path, *masks: Mask | None) -> Mask | None:
    mask = _covering(path, *masks)
    return None if mask is None else of_element(mask)


def _covering(path: Path, here: Mask | None, item: Mask | None, above: Mask | None) -> Mask | None:
    mask = {"": here, "$item": item, "$parent": above}.get(path.root)
    return None if mask is None else below(mask, path.keys)
