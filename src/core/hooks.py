"""The hooks a plugin may implement. Each takes and returns data; none is given the host.

```python
from springhead import Source, hookimpl, load_source


@hookimpl
def springhead_sources():
    return [load_source(Path(__file__).parent)]
```
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from .outcome import Rejection
    from .request import Request
    from .source import Source

PROJECT = "springhead"

hookspec: pluggy.HookspecMarker = pluggy.HookspecMarker(PROJECT)
hookimpl: pluggy.HookimplMarker = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of a hook."""


@hookspec
def springhead_sources() -> Iterable[Source]:  # type: ignore[empty-body] # a specification
    """Return the sources this plugin brings, each loaded with `springhead.load_source`.

    Called once, when a host starts.
    """


@hookspec(firstresult=True)
def springhead_verify(source: Source, request: Request, config: dict[str, Any]) -> str | None:
    """Return why the request is refused as not authentic, as a sentence for the operator, or None to accept it.

    Called before the request is decoded, for every request given to `receive` whose signature, if the source
    has one, is right. The first plugin to return a reason decides: the sender gets an error, and nothing of the
    request is kept. If a plugin raises, or returns anything else, the request is neither accepted nor refused,
    and its sender may try again.

    Args:
        source: the source it was sent to.
        request: what was posted, whole: the body as it is signed, all headers, and the URL as called.
        config: the operator's settings for the source, not to be changed. If `signing_secret` is set, it is a
            list.
    """


@hookspec
def springhead_event(source: Source, event: dict[str, Any]) -> dict[str, Any] | bool | None:
    """Enrich, redact or drop a finished event.

    Return None to leave it as it is, an object to replace it, or False to drop it (drops are counted). Plugins
    are called in the order of their ids (first those marked `tryfirst`, last those marked `trylast`), each with
    what the one before made of the event. If one raises, or the result is not JSON or has no id of a user, the
    event becomes a rejection with rule `plugin`: what should have been redacted never passes, and no event
    spoils the batch it is sent in.
    """


@hookspec
def springhead_rejected(source: Source, rejection: Rejection) -> None:
    """Count or keep a rejection. Called for every one; an exception is logged and changes nothing."""
