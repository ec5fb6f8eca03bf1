"""`springhead diff`: compares a source with another version of it."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from ..core.errors import SpringheadError
from ..kit.diff.differences import Comparison, Difference, Kind, compare
from ..kit.diff.events import MISSING
from ..kit.diff.requests import collect_requests
from ..kit.diff.verdict import Verdict, judge
from ..kit.diff.versions import Version, new_version, old_version
from ..kit.find_source import find_source
from ..kit.quote import quote
from .context import AsJson, fail
from .format import console, plural, printable

_MAX_NAMES = 5
"""Requests of a difference that are named."""


def diff(
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="REV|FOLDER", help="A folder, or a revision of the source's repository."
        ),
    ],
    *,
    samples: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Captured bodies to compare with as well; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare what two versions of a source make of their fixtures, and say which version number is due.

    Exit code 0: the version has moved as much as it must; 1: it has not; 2: usage error.
    """
    try:
        with redirect_stdout(sys.stderr):  # plugins may print
            _, found = find_source(source)
        with old_version(against, found, Path()) as old:
            new = new_version(found, Path())
            comparison = compare(old, new, collect_requests(old, new, samples or []))
            verdict = judge(old, new, comparison)
    except (SpringheadError, OSError) as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps(_as_json(old, new, comparison, verdict), ensure_ascii=False))
    else:
        _print(old, new, comparison, verdict)
    raise typer.Exit(0 if verdict.is_met else 1)


def _print(old: Version, new: Version, comparison: Comparison, verdict: Verdict) -> None:
    output = console()
    requests = plural(comparison.requests, "request")
    output.print(f"{requests}: {plural(comparison.old_events, 'event')} before, {comparison.new_events} after")
    for kind in Kind:
        differences = [difference for difference in comparison.differences if difference.kind is kind]
        if differences:
            output.print(Text(f"\n{kind.words} ({kind.level.name.lower()})", style="bold"))
        for difference in differences:
            output.print(f"  {printable(_line(difference))}")
    output.print(Text(f"\n{verdict.level.name.lower()}: {printable(verdict.reason)}", style="bold"))
    output.print(printable(_version_line(old.source.version, new.source.version, verdict)))


def _line(difference: Difference) -> str:
    """Write one difference: where, both values, how often, and in which requests."""
    names = list(dict.fromkeys(difference.requests))
    more = [f"{len(names) - _MAX_NAMES} more"] if len(names) > _MAX_NAMES else []
    shown = ", ".join(names[:_MAX_NAMES] + more)
    values = f": {_value(difference.old)} -> {_value(difference.new)}"
    if difference.kind in (Kind.ADDED_EVENT, Kind.REMOVED_EVENT):
        values = ""
    count = len(difference.requests)
    return f"{difference.where}{values}  ({'once' if count == 1 else f'{count} times'}: {shown})"


def _value(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    return "null" if value is None else quote(value)


def _version_line(old: str, new: str, verdict: Verdict) -> str:
    moved = f"the version is still {old}" if new == old else f"the version moved from {old} to {new}"
    if verdict.is_met:
        return moved
    if verdict.step is None:
        return f"{moved}: write versions as 1.2.3, so that they can be compared"
    return f"{moved}: make it {verdict.needed}"


def _as_json(old: Version, new: Version, comparison: Comparison, verdict: Verdict) -> dict[str, Any]:
    return {
        "source": new.source.name,
        "requests": comparison.requests,
        "events": {"before": comparison.old_events, "after": comparison.new_events},
        "differences": [
            {
                "kind": difference.kind.code,
                "level": difference.kind.level.name.lower(),
                "where": difference.where,
                **({} if difference.old is MISSING else {"before": difference.old}),
                **({} if difference.new is MISSING else {"after": difference.new}),
                "count": len(difference.requests),
                "requests": list(dict.fromkeys(difference.requests)),
            }
            for difference in comparison.differences
        ],
        "verdict": verdict.level.name.lower(),
        "reason": verdict.reason,
        "version": {
            "before": old.source.version,
            "after": new.source.version,
            "needed": verdict.needed,
            "enough": verdict.is_met,
        },
    }
