"""The hooks a plugin may implement. Each returns data; none is given the host.

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

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of a hook."""


@hookspec
def springhead_sources() -> Iterable[Source]:  # type: ignore[empty-body] # a specification
    """The sources this plugin brings, each loaded with `springhead.load_source`.

    Called once, when a host starts.
    """


@hookspec(firstresult=True)
def springhead_verify(source: Source, request: Request) -> str | None:
    """Why this request is refused, as a sentence for the operator; None to let it pass.

    Called before anything is decoded, for every request `receive` is given; the first plugin with a reason
    decides. The request becomes one rejection with rule `refused`. A plugin that raises refuses.
    """


@hookspec
def springhead_event(source: Source, event: dict[str, Any]) -> dict[str, Any] | bool | None:
    """Enrich, redact or drop a finished event.

    Return None to leave it, an object to put in its place, or False to drop it (it is counted). Plugins see it
    in the order of their ids, each what the one before made of it. An event at which a plugin raises, or in
    which one leaves what is no JSON, or nobody's id, becomes a rejection with rule `plugin`: what should have
    been redacted is never let through, and no event spoils the batch it goes out in.
    """


@hookspec
def springhead_rejected(source: Source, rejection: Rejection) -> None:
    """Told of every rejection, to count or to keep it. What it raises is logged and changes nothing."""
