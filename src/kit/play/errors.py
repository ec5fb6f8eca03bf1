"""The errors of the playground, which the page shows as they are.

SpringheadError
    BadCall             a call that the page does not make
    EvaluationFailed    a source cannot be tried or drafted within the limits
    NotWritten          files are not written
"""

from __future__ import annotations

from ...core.errors import SpringheadError


class BadCall(SpringheadError):  # noqa: N818 - an error here is named after what is wrong
    """A call that the page does not make; `status` answers it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class EvaluationFailed(SpringheadError):  # noqa: N818
    """Trying or drafting a source takes too long, or ended its process."""


class NotWritten(SpringheadError):  # noqa: N818
    """Files are not written; those in `conflicts` have changed on disk since they were read."""

    def __init__(self, reason: str, conflicts: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.conflicts = conflicts
