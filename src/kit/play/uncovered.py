"""Finds what no fixture runs of a source: rules, rows, branches and entries of tables."""

from __future__ import annotations

from ...core.codec import Object
from ...core.errors import SpringheadError
from ...core.json_value import pointer
from ..coverage.coverage import measure
from ..suite import Suite


def list_uncovered(suite: Suite) -> list[Object]:
    """List the places that no case runs, each with what that means.

    Without a case, or if one cannot be run, nothing is listed: the review says so elsewhere.
    """
    if not suite.cases:
        return []
    try:
        missed = measure(suite).missed
    except SpringheadError:
        return []
    return [
        {"file": point.key[0], "pointer": pointer(*point.key[1]), "reason": point.reason} for point in missed
    ]
