"""Suggests the name that was meant."""

from __future__ import annotations

from difflib import get_close_matches


def suggest(name: str, known: list[str]) -> str:
    """Advice that names the known name closest to this one, else all of them; `""` if there are none."""
    close = get_close_matches(name, known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"use one of {', '.join(known)}" if known else ""
