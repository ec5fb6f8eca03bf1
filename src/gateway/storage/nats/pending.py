"""Holds what is being appended: the calls that wait for an answer, and the batches they wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..records import NewEvent, Receipt, StoredCall
from .chunk import PackedEvent


@dataclass(slots=True, eq=False)
class PendingAppend:
    """The events of one call.

    Attributes:
        digests: those of the events, in the same order.
        call: the call, if it is to be kept.
        future: what the caller waits for.
        batches: what has to be published before it is answered.
        receipt: what the answer is then; None until that is known.
    """

    events: Sequence[NewEvent]
    digests: Sequence[bytes]
    call: StoredCall | None
    future: asyncio.Future[Receipt] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    batches: set[Batch] = field(default_factory=set)
    receipt: Receipt | None = None

    def wait_for(self, batch: Batch) -> None:
        """Answer no earlier than this batch is published."""
        if batch not in self.batches:
            self.batches.add(batch)
            batch.appends.add(self)

    def answer(self) -> None:
        """Answer with the receipt, unless something has to be published first."""
        if self.receipt and not self.batches and not self.future.done():
            self.future.set_result(self.receipt)

    def fail(self, error: Exception) -> None:
        """Answer with an error."""
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # the caller may be gone


@dataclass(slots=True, eq=False)
class Batch:
    """Events of one bucket and source that are published together.

    Attributes:
        events: the events, in their order.
        calls: the call each came in, if that is kept.
        appends: which wait for it.
    """

    bucket: int
    source: str
    events: list[PackedEvent] = field(default_factory=list)
    calls: list[StoredCall | None] = field(default_factory=list)
    appends: set[PendingAppend] = field(default_factory=set)

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return any(not append.future.done() for append in self.appends)

    def finish(self, error: Exception | None) -> None:
        """Tell those who wait that it is published, or why not."""
        for append in self.appends:
            append.batches.discard(self)
            if error is None:
                append.answer()
            else:
                append.fail(error)
