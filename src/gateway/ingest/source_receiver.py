"""Verifies and maps the calls of one configured source."""

from __future__ import annotations

import msgspec

from ...core.host import Host, Receiver
from ...core.outcome import Outcome, Rejection
from ...core.request import Request
from ...http.answers import OK, Answer, answer
from ...server.counts import OutcomeCounts
from ..recent import RecentRequest
from ..settings import SourceSettings
from ..storage.records import NewDeadLetter, NewEvent, StoredCall
from .call import WebhookCall
from .enrich import dead_letter, enrich, rfc3339

BROKEN_ENCODING = "body/encoding"
"""The rule that a body breaks which is not encoded as its header says."""


class Received(msgspec.Struct, frozen=True):
    """The result of a call: what to store, what to count, and what to answer once it is stored.

    The events are encoded already: a large call waits for the disk without its decoded records.
    """

    events: list[NewEvent]
    letters: list[NewDeadLetter]
    call: StoredCall | None
    counts: OutcomeCounts
    recent: RecentRequest
    answer: Answer

    @property
    def size(self) -> int:
        """Bytes of the events and records to store."""
        records = sum(len(letter.record) for letter in self.letters)
        return records + sum(len(event.event) for event in self.events)


class SourceReceiver:
    """A configured source, ready for calls.

    Attributes:
        name: the configured name.
    """

    def __init__(self, host: Host, settings: SourceSettings, *, keep_calls: bool) -> None:
        """`keep_calls` stores calls even if nothing was wrong with them."""
        self.name = settings.name
        self._settings = settings
        self._keep_calls = keep_calls
        self._verify = host.verifier(settings.type, settings.verification)
        self._receive: Receiver = host.receiver(
            settings.type, settings.settings, scope=settings.name, verified=True
        )
        self._filter = host.request_filter(settings.type, settings.settings)
        self._reads_request = host.reads_request(settings.type)
        self._source = host.sources[settings.type]
        self._on_rejection = settings.on_rejection or self._source.on_rejection.answer
        self._reads_query = "query" in self._source.framing.formats

    @property
    def verifies(self) -> bool:
        """Whether calls are verified."""
        return self._verify is not None

    @property
    def body_is_item(self) -> bool:
        """Whether a body is one record, whatever it holds."""
        return self._source.framing.body_is_item

    def ignores(self, call: WebhookCall) -> bool:
        """Whether the call only checks that the endpoint exists."""
        return call.scope["method"] == "GET" and not self.reads_query_of(call)

    def reads_query_of(self, call: WebhookCall) -> bool:
        """Whether the call's query is a record in its own right, if the call has no body."""
        return self._reads_query and bool(call.query)

    def reject_encoding(self, call: WebhookCall, reason: str) -> Received:
        """The result of a call whose body cannot be inflated."""
        rejection = Rejection(self._settings.type, "", None, BROKEN_ENCODING, reason, call.body)
        return self._received(call, self._request(call, call.body), Outcome(rejections=[rejection]))

    def verify(self, call: WebhookCall) -> str | None:
        """Why a call is refused as posted, by its signature or by a plugin; None if it is not.

        Raises:
            VerificationFailed: a plugin failed.
        """
        return None if self._verify is None else self._verify(call.posted())

    def map(self, call: WebhookCall, body: bytes) -> Received:
        """The result of a verified call; `body` is the JSON of a form, else the body as posted."""
        request = self._request(call, body)
        return self._received(call, request, self._receive(request))

    def _request(self, call: WebhookCall, body: bytes) -> Request:
        return call.request(body) if self._reads_request else Request(body, id=call.id)

    def _received(self, call: WebhookCall, request: Request, outcome: Outcome) -> Received:
        source, received_at, address = self._settings.name, rfc3339(call.received_at), call.address
        counts = OutcomeCounts(1)
        counts.add(outcome)
        values = self._source.request_values(self._filter.apply(request)) if outcome.rejections else b""
        return Received(
            [enrich(event, source, received_at, address) for event in outcome.events],
            [dead_letter(rejection, source, values) for rejection in outcome.rejections],
            call.stored(request.body, self._filter) if outcome.rejections or self._keep_calls else None,
            counts,
            RecentRequest(self._settings, request, outcome),
            self._answer(outcome),
        )

    def _answer(self, outcome: Outcome) -> Answer:
        """What `answer` says, but `ok` in place of an error if the settings or the source say so."""
        found = answer(outcome)
        return OK if found.reason and self._on_rejection == "ok" else found
