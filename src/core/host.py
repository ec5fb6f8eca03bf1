"""The host: a source's name and a request in, an outcome out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from .decode import decode
from .discovery import Plugin
from .errors import InvalidConfig, UnknownSource
from .outcome import Outcome, Rejection
from .pipeline import Flow
from .plugins import load_plugins
from .request import Request
from .source import Source
from .stream import runs
from .suggest import suggest

BODY_LIMIT = 64 * 2**20
"""Bytes of the longest body taken, unless the host is told otherwise."""

Receiver: TypeAlias = Callable[[Request], Outcome]
"""Takes the requests of one source with the same settings."""

Verifier: TypeAlias = Callable[[Request], "Outcome | None"]
"""Checks a request of one source before it is decoded: the outcome of a refused one, or None."""


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
            body_limit: bytes of the longest body taken; a longer one is a rejection, unread.
            environ: where the `SPRINGHEAD_*` variables that choose plugins are read.

        Raises:
            PluginFailure: a plugin is not active and `SPRINGHEAD_STRICT_PLUGINS` is 1.
        """
        self._plugins = load_plugins(folders, environ)
        self._body_limit = body_limit

    @property
    def sources(self) -> dict[str, Source]:
        """The active sources by name."""
        return dict(self._plugins.sources)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Every plugin found, with its status and, where it is not active, why."""
        return self._plugins.found

    def reads_request(self, source: str) -> bool:
        """Whether anything looks at more of this source's requests than their bodies: its mapping, or a plugin.

        A caller for whom headers and query cost something leaves them out where nothing does.
        """
        found = self._source(source)
        reads = found.mapper.reads_request or "query" in found.intake.formats
        return reads or self._plugins.verifies

    def receive(self, source: str, request: Request, config: dict[str, Any] | None = None) -> Outcome:
        """What one request came to.

        Args:
            source: the source's name, exactly as `sources` has it.
            request: what the HTTP call brought. Nothing in it makes this raise.
            config: the operator's settings for the source, what `$config` reads: `{"redact": "secrets"}`.

        Raises:
            UnknownSource: there is no active source of this name.
            InvalidConfig: a setting has a value it does not take, or nearly a setting's name; names that are no
                setting's are not looked at.
        """
        return self.receiver(source, config)(request)

    def verifier(self, source: str) -> Verifier:
        """The check that `receive` begins with, for a caller that changes the body of a verified request.

        Plugins verify the bytes as posted. A caller that turns a form into JSON verifies the form, then gives
        the JSON to a `receiver` made with `verified=True`.

        Raises:
            UnknownSource: as `receive`.
        """
        found = self._source(source)
        return lambda request: self._refused(found, request)

    def receiver(
        self,
        source: str,
        config: dict[str, Any] | None = None,
        *,
        verified: bool = False,
        again: bool = False,
    ) -> Receiver:
        """`receive` for many requests of a source with the same settings, which are looked at once.

        Args:
            source: as in `receive`.
            config: as in `receive`; no longer yours to change.
            verified: for requests that passed a `verifier`: they are not verified a second time.
            again: for requests that were received before: no plugin verifies them or hears of their rejections.

        Raises:
            UnknownSource: as `receive`.
            InvalidConfig: as `receive`.
        """
        found = self._source(source)
        flow = self._flow(found, config)

        def processed(request: Request) -> Outcome:
            return flow.process(decode(request, found.intake), flow.passage(request))

        def received(request: Request) -> Outcome:
            refused = None if verified else self._refused(found, request)
            return self._told(found, processed(request)) if refused is None else refused

        return processed if again else received

    def stream(
        self,
        source: str,
        file: BinaryIO,
        request: Request | None = None,
        config: dict[str, Any] | None = None,
    ) -> Iterator[Outcome]:
        """What a file of any size comes to, run by run, in memory that does not grow with it.

        A file is an operator's own: no plugin is asked to verify it, and `body_limit` does not bound it.

        Args:
            source: the source's name.
            file: open for reading bytes: JSON lines, one list, or any other body of the source's.
            request: all of the call but its body, where the mapping reads it.
            config: the operator's settings for the source.

        Raises:
            UnknownSource: there is no active source of this name.
            InvalidConfig: as `receive`.
        """
        found = self._source(source)
        request = request or Request()
        flow = self._flow(found, config)
        passage = flow.passage(request)
        return (self._told(found, flow.process(items, passage)) for items in runs(file, request, found.intake))

    def _source(self, name: str) -> Source:
        found = self._plugins.sources.get(name)
        if found is None:
            raise UnknownSource(name, self._advice(name))
        return found

    def _flow(self, source: Source, config: dict[str, Any] | None) -> Flow:
        try:
            return Flow(source, config or {}, self._plugins.inspector(source))
        except ValueError as error:
            raise InvalidConfig(source.name, str(error)) from None

    def _refused(self, source: Source, request: Request) -> Outcome | None:
        size = len(request.body)
        if size > self._body_limit:
            rule, reason = "body/size", f"the body has {size} bytes, the host takes {self._body_limit}"
        elif (refusal := self._plugins.verify(source, request)) is not None:
            rule, reason = "refused", refusal
        else:
            return None
        rejection = Rejection(source.name, "", None, rule, reason, request.body)
        return self._told(source, Outcome(rejections=[rejection]))

    def _told(self, source: Source, outcome: Outcome) -> Outcome:
        if outcome.rejections:
            self._plugins.tell(source, outcome.rejections)
        return outcome

    def _advice(self, name: str) -> str:
        for plugin in self.plugins:
            if plugin.status != "active" and name in (plugin.name, *plugin.sources):
                return f"plugin {plugin.id} is {plugin.status}: {plugin.reason}"
        return suggest(name, sorted(self._plugins.sources)) or "there are no sources at all"
