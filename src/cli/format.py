"""How values are shown to people: moments, ages, sizes, and text that others wrote."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def console() -> Console:
    """A console that shows text as it is: what looks like markup, an emoji or a number is just text."""
    return Console(soft_wrap=True, markup=False, emoji=False, highlight=False)


def printable(text: str, keep: str = "") -> str:
    r"""Text somebody else wrote, on one line and unable to move a terminal's cursor: ESC becomes `\x1b`."""
    if text.isprintable():
        return text
    return "".join(
        each if each in keep or each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def moment(at: float) -> str:
    """Epoch seconds as a person reads them, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(at: float) -> str:
    """Epoch seconds as RFC 3339 has them, to the millisecond, for scripts."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(seconds: float) -> str:
    """Seconds in their two largest units: `2h 5m`."""
    left, parts = int(max(seconds, 0)), []
    for size, unit in _STEPS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def size(count: float) -> str:
    """Bytes in the unit that leaves one to three digits before the point."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1_000:  # noqa: PLR2004
            return f"{count:.1f} {unit}" if isinstance(count, float) else f"{count} {unit}"
        count = count / 1_000
    return f"{count:.1f} TB"
