"""Defines what a check of a gateway reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["ok", "advice", "problem"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was checked, and whether it is well.

    Attributes:
        check: what was checked: `disk`.
        status: `problem` if the gateway cannot do its work; `advice` if it can, but should not be left so.
        reason: what was found, as a sentence without a capital.
        advice: what to do; empty if there is nothing to do.
    """

    check: str
    status: Status
    reason: str
    advice: str = ""
