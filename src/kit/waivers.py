"""Reads the waivers of source.json: what does not apply to a source, each with the reason."""

from __future__ import annotations

from typing import Any

import msgspec

from ..core.json_value import Steps, pointer


class Waiver(msgspec.Struct, frozen=True):
    """One entry of `waive`.

    Attributes:
        code: what is waived: the code of some advice, of a mutation, or `not-run`.
        reason: why it does not apply.
        at: a file and a pointer, with all that is below; `""` is the whole folder.
    """

    code: str
    reason: str
    at: str = ""

    @property
    def unused(self) -> str:
        """Say that it covers nothing, and what to do."""
        place = f" at {self.at}" if self.at else ""
        return f"source.json: the waiver of {self.code}{place} is not needed [unused-waiver] - remove it"

    def covers(self, code: str, file: str, place: str) -> bool:
        """Whether it waives what has this code, at a pointer of a file."""
        return code == self.code and (not self.at or f"{file}{place}/".startswith(f"{self.at}/"))


def read_waivers(about: dict[str, Any] | None) -> tuple[Waiver, ...]:
    """Read the waivers of a source.json that loads."""
    return tuple(Waiver(**entry) for entry in (about or {}).get("waive", ()))


def reason_to_waive(waivers: tuple[Waiver, ...], code: str, file: str, steps: Steps) -> str:
    """Return the reason of the first waiver that covers a place; `""` if none does."""
    place = pointer(*steps)
    return next((waiver.reason for waiver in waivers if waiver.covers(code, file, place)), "")
