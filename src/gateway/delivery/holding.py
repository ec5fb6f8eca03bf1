"""Holding: an answer that is about a key or an address in, its source left alone for a while out."""

from __future__ import annotations

import time

import structlog

from .context import DeliveryContext, Hold
from .destination import Refused

_CHECK = "check delivery.to and the source's destination_write_key, and that the source is enabled there"
_PUT_BACK = "put its [[source]] back, with enabled = false where it is to take nothing more"
_log = structlog.get_logger("springhead.delivery")


def hold(means: DeliveryContext, source: str, answer: Refused) -> None:
    """Leave a source alone, the longer the more often it was refused: its key or the address is wrong."""
    before, now = means.held.get(source), time.monotonic()
    means.tallies[source].is_well = False
    means.observer.retried(source, f"status {answer.status}" if answer.status else "unknown source")
    if before and now < before.until:
        return  # another lane was told so at the same time: that is one refusal
    tries = before.tries + 1 if before else 1
    pause = means.backoff(tries)
    said = {"source": source, "tries": tries, "wait": round(pause, 1)}
    if answer.status is None:
        why = answer.text
        _log.error("events wait whose source is not in the settings", **said, advice=_PUT_BACK)
    else:
        why = f"status {answer.status} {answer.text}".strip()
        said |= {"to": means.rules.to, "status": answer.status, "answer": answer.text}
        _log.error("the destination refuses all events of a source: they are kept", **said, advice=_CHECK)
    means.held[source] = Hold(why, tries, now + pause)
    means.observer.held(source, is_held=True)
