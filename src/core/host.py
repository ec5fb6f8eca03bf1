"""The host: the part of springhead that others embed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from .decode import decode, decode_item
from .discovery import Plugin
from .errors import InvalidConfig, UnknownSource
from .hook_calls import Verifier
from .outcome import Outcome, Rejection
from .pipeline import Pipeline
from .plugins import load_plugins
from .request import Request
from .request_filter import RequestFilter, settings_problem
from .signature import without_secrets
from .source import Source
from .stream import stream_items
from .suggest import suggest
from .verification import source_verifier

BODY_LIMIT = 64 * 2**20
"""Bytes of the longest body accepted, unless the host is given another limit."""

Receiver: TypeAlias = Callable[[Request], Outcome]
"""Receives requests of one source, all with the same settings."""


class Host:
    """Finds sources, and turns their requests into events.

    ```python
    host = Host()
    outcome = host.receive("auth0", Request(body=b'{"type": "s", "log_id": "90020240315"}'))
    outcome.events, outcome.rejections, outcome.dropped, outcome.reply
    ```

    A host may be used from several threads at once.
    """

    def __init__(
        self,
        *,
        folders: Iterable[str | Path] = (),
        body_limit: int = BODY_LIMIT,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Find and load the sources.

        Args:
            folders: source folders to register without installing them.
            body_limit: bytes of the longest body accepted; a longer one is rejected, not decoded.
            environ: holds the `SPRINGHEAD_*` variables that choose plugins.

        Raises:
            PluginFailure: a plugin is not active, and `SPRINGHEAD_STRICT_PLUGINS` is 1.
        """
        self._plugins = load_plugins(folders, environ)
        self._hooks = self._plugins.hooks
        self._body_limit = body_limit
        self._receivers: dict[str, Receiver] = {}
        """Those without settings and scope, which `receive` would make again and again."""

    @property
    def sources(self) -> dict[str, Source]:
        """The active sources by name."""
        return dict(self._plugins.sources)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """All plugins found, each with its status and, if it is not active, the reason."""
        return self._plugins.found

    def reads_request(self, source: str) -> bool:
        """Whether the source's mapping, id or signature, or a plugin, reads more of a request than its body.

        If not, a caller may leave the headers and the query out, to save time.
        """
        found = self._source(source)
        reads = found.reads_request or bool(found.signatures) or "query" in found.framing.formats
        return reads or self.verifier(source) is not None

    def request_filter(self, source: str, config: dict[str, Any] | None = None) -> RequestFilter:
        """Return the filter that passes only what the source's mapping and id may read of a request.

        A caller that keeps requests should keep no more: `host.request_filter("auth0").apply(request)`. The
        outcome of the filtered request is the same.

        Args:
            source: the source's name.
            config: as for `receive`. Its `allow_headers` and `allow_query` let more pass.

        Raises:
            UnknownSource: as `receive`.
            InvalidConfig: as `receive`.
        """
        found = self._source(source)
        reason = settings_problem(config or {})
        if reason is not None:
            raise InvalidConfig(source, reason)
        return found.request_filter.with_settings(config or {})

    def receive(
        self, source: str, request: Request, config: dict[str, Any] | None = None, *, scope: str = ""
    ) -> Outcome:
        """Turn one request into its outcome.

        Args:
            source: the source's name, exactly as in `sources`.
            request: what the HTTP call brought. Nothing in it makes this raise, unless a plugin fails over it.
            config: the operator's settings for the source, which `$config` reads: `{"redact": "secrets"}`. With
                `signing_secret`, text or a list, the request's signature is verified; no mapping reads that.
            scope: tells apart several senders of one source, such as two tenants of one vendor: records alike
                in all else have other ids in another scope.

        Raises:
            UnknownSource: there is no active source of this name.
            InvalidConfig: a setting has a value it cannot have, or a name that is nearly a setting's. Other
                names are ignored.
            VerificationFailed: a plugin could not verify the request. Keep nothing of it, so that its sender
                tries again.
        """
        if config or scope:
            return self.receiver(source, config, scope=scope)(request)
        receive = self._receivers.get(source)
        if receive is None:
            receive = self._receivers[source] = self.receiver(source)
        return receive(request)

    def verifier(self, source: str, config: dict[str, Any] | None = None) -> Verifier | None:
        """Prepare the check with which `receive` begins, for a caller that changes the body after it.

        The bytes are verified as posted. A caller that turns a form into JSON verifies the form, then gives the
        JSON to a `receiver` made with `verified=True`.

        Returns:
            A function that returns why a request is refused, or None, and raises VerificationFailed as
            `receive` does. None if there is no signing secret, and no plugin verifies requests.

        Raises:
            UnknownSource: as `receive`.
            InvalidConfig: `signing_secret` cannot be used, or another setting has nearly its name.
        """
        return source_verifier(self._source(source), config or {}, self._hooks)

    def receiver(  # noqa: PLR0913 - settings, each optional
        self,
        source: str,
        config: dict[str, Any] | None = None,
        *,
        scope: str = "",
        verified: bool = False,
        replay: bool = False,
        body_is_item: bool = False,
    ) -> Receiver:
        """Prepare to receive many requests of a source with the same settings, which are checked once.

        Args:
            source: as for `receive`.
            config: as for `receive`; must not be changed afterwards.
            scope: as for `receive`.
            verified: the requests passed a `verifier`: they are not verified again.
            replay: the requests were received before: they are not verified again, and plugins are not told of
                their rejections.
            body_is_item: the body of each request is one item as JSON, which is not searched for a batch: the
                `record` of a rejection.

        Raises:
            UnknownSource: as `receive`.
            InvalidConfig: as `receive`.
        """
        found = self._source(source)
        pipeline = self._pipeline(found, config, scope)
        verify = None if verified or replay else source_verifier(found, config or {}, self._hooks)

        def process(request: Request) -> Outcome:
            items = decode_item(request.body) if body_is_item else decode(request, found.framing)
            return pipeline.process(items, pipeline.context(request))

        def receive(request: Request) -> Outcome:
            if verify is not None and (reason := verify(request)) is not None:
                return Outcome(refused=reason)
            is_long = len(request.body) > self._body_limit
            return self._reported(found, self._too_long(source, request) if is_long else process(request))

        return process if replay else receive

    def stream(
        self,
        source: str,
        file: BinaryIO,
        request: Request | None = None,
        config: dict[str, Any] | None = None,
        *,
        scope: str = "",
    ) -> Iterator[Outcome]:
        """Turn a file of any size into outcomes, chunk by chunk, in memory that does not grow with the file.

        The file is an operator's own: it is not verified, and `body_limit` does not apply.

        Args:
            source: the source's name.
            file: open for reading bytes: JSON lines, one list, or any other body the source takes.
            request: the rest of the call, without a body, if the mapping or the id reads it.
            config: the operator's settings for the source.
            scope: as for `receive`.

        Raises:
            UnknownSource: there is no active source of this name.
            InvalidConfig: as `receive`.
        """
        found = self._source(source)
        request = request or Request()
        pipeline = self._pipeline(found, config, scope)
        context = pipeline.context(request)
        chunks = stream_items(file, request, found.framing)
        return (self._reported(found, pipeline.process(items, context)) for items in chunks)

    def _source(self, name: str) -> Source:
        found = self._plugins.sources.get(name)
        if found is None:
            raise UnknownSource(name, self._advice(name))
        return found

    def _pipeline(self, source: Source, config: dict[str, Any] | None, scope: str) -> Pipeline:
        return Pipeline(source, without_secrets(config or {}), self._hooks.event_hook(source), scope=scope)

    def _too_long(self, source: str, request: Request) -> Outcome:
        reason = f"the body has {len(request.body)} bytes, the limit is {self._body_limit}"
        return Outcome(rejections=[Rejection(source, "", None, "body/size", reason, request.body)])

    def _reported(self, source: Source, outcome: Outcome) -> Outcome:
        if outcome.rejections:
            self._hooks.report(source, outcome.rejections)
        return outcome

    def _advice(self, name: str) -> str:
        for plugin in self.plugins:
            if plugin.status != "active" and name in (plugin.name, *plugin.sources):
                return f"plugin {plugin.id} is {plugin.status}: {plugin.reason}"
        return suggest(name, sorted(self._plugins.sources)) or "no source is active"
