"""Formats values for people: times, ages, sizes, and text that comes from outside."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def console() -> Console:
    """A console that prints text as it is: nothing in it becomes markup, an emoji or a highlight."""
    return Console(soft_wrap=True, markup=False, emoji=False, highlight=False)


def printable(text: str, keep: str = "") -> str:
    r"""Escape what could move a terminal's cursor or break the line, except characters in `keep`: `\x1b`."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character in keep or character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in text
    )


def utc_seconds(at: float) -> str:
    """Epoch seconds as a person reads them: `2024-03-15T10:15:31Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_milliseconds(at: float) -> str:
    """Epoch seconds as scripts read them, in RFC 3339: `2024-03-15T10:15:31.004Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def duration(seconds: float) -> str:
    """Seconds in their two largest units: `2h 5m`."""
    rest, parts = int(max(seconds, 0)), []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def file_size(count: float) -> str:
    """Bytes in the largest unit that leaves at least one digit before the point: `12.3 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1_000:  # noqa: PLR2004
            return f"{count:.1f} {unit}" if isinstance(count, float) else f"{count} {unit}"
        count = count / 1_000
    return f"{count:.1f} TB"


def plural(count: int, noun: str) -> str:
    """A count and its noun: `1 event`, `2 events`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
