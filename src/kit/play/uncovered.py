"""Finds what no fixture runs of a mapping: rules, rows and branches."""

from __future__ import annotations

from ...core.codec import Object
from ...core.errors import SpringheadError
from ...core.host import Host
from ...core.json_value import pointer
from ...core.source import Source
from ..case import Case
from ..coverage.coverage import measure
from ..suite import Suite


def list_uncovered(source: Source, cases: tuple[Case, ...], host: Host) -> list[Object]:
    """List the places in mapping.json that these cases do not run, each with what that means.

    Without a case, or if one cannot be run, nothing is listed: `check` says so.
    """
    if not cases:
        return []
    try:
        missed = measure(Suite(source, cases, host, host)).missed
    except SpringheadError:
        return []
    return [
        {"pointer": pointer(*point.key[1]), "reason": point.reason}
        for point in missed
        if point.key[0] == "mapping.json"
    ]
