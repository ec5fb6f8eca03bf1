"""Suggests the word somebody meant."""

from __future__ import annotations

from difflib import get_close_matches


def suggest(word: str, words: list[str]) -> str:
    """Advice that names the word most like this one, or all of them; `""` where there are none."""
    close = get_close_matches(word, words, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"one of: {', '.join(words)}" if words else ""
