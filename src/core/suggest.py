"""Suggests the name somebody meant."""

from __future__ import annotations

from difflib import get_close_matches


def suggest(name: str, known: list[str]) -> str:
    """Advice that gives the known name most like this one, or else all of them; `""` if none is known."""
    close = get_close_matches(name, known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"one of: {', '.join(known)}" if known else ""
