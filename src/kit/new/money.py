"""Recognises an amount of money beside its currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from .fields import Field

_CURRENCY = re.compile(r"(?:.*_)?currency(?:_code)?")
_AMOUNT = re.compile(r"(?:.*_)?(?:amount|total|price|revenue|cents|minor|pence)(?:_.*)?")
_MINOR = re.compile(r"(?:.*_)?(?:cents|minor|pence|minor_units)(?:_.*)?")
_FIRST = ("revenue", "total_price", "total", "grand_total", "amount", "amount_paid", "amount_total", "price")
_OTHER = re.compile(r".*(?:tax|discount|shipping|tip|subtotal|weight|fee|refund|lines?|items?)(?:_.*)?")
_CODE = re.compile(r"[A-Za-z]{3}")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")


class Money(msgspec.Struct, frozen=True):
    """An amount, the functions that make it a number of whole units, and its currency."""

    amount: Field
    apply: list[Any]
    currency: Field

    @property
    def guess(self) -> str:
        """One line about it."""
        unit = "in minor units (1999 is 19.99)" if {"shift": -2} in self.apply else "in whole units"
        return f"{self.amount.path} is money {unit}"


def find_money(fields: Sequence[Field], count: int) -> Money | None:
    """Find the amount nearest to the top that has a currency beside it."""
    currencies = [field for field in fields if _CURRENCY.fullmatch(field.name) and _are(field, _CODE)]
    for currency in sorted(currencies, key=lambda field: (len(field.values) < count, len(field.words))):
        beside = [field for field in fields if field.keys[:-1] == currency.keys[:-1] and _is_amount(field.name)]
        for field in sorted(beside, key=_rank):
            apply = _functions(field)
            if apply is not None:
                return Money(field, apply, currency)
    return None


def _functions(field: Field) -> list[Any] | None:
    """Return the functions for an amount; None if it is not a number.

    Most vendors that send integers count minor units, as there are no halves of them.
    """
    if _are(field, _DECIMAL):
        return ["number"]
    if field.holds(int) and (_MINOR.fullmatch(field.name) or field.name.startswith("amount")):
        return [{"shift": -2}]
    return [] if field.holds(int, float) else None


def _are(field: Field, pattern: re.Pattern[str]) -> bool:
    return all(isinstance(value, str) and pattern.fullmatch(value) for value in field.values.values())


def _rank(field: Field) -> tuple[int, int]:
    order = _FIRST.index(field.name) if field.name in _FIRST else len(_FIRST)
    return (order, len(field.name))


def _is_amount(name: str) -> bool:
    return bool(_AMOUNT.fullmatch(name)) and not _OTHER.fullmatch(name)
