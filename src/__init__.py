"""springhead turns vendors' webhooks into RudderStack events."""

from .core.codec import encode
from .core.discovery import Plugin
from .core.errors import (
    InvalidConfig,
    InvalidSource,
    PluginFailure,
    SpringheadError,
    UnknownSource,
    VerificationFailed,
)
from .core.hooks import hookimpl
from .core.host import Host
from .core.loader import check_source, load_source
from .core.outcome import Outcome, Rejection, Reply
from .core.request import Request
from .core.source import Source
from .core.source_file import Problem

__all__ = [
    "Host",
    "InvalidConfig",
    "InvalidSource",
    "Outcome",
    "Plugin",
    "PluginFailure",
    "Problem",
    "Rejection",
    "Reply",
    "Request",
    "Source",
    "SpringheadError",
    "UnknownSource",
    "VerificationFailed",
    "check_source",
    "encode",
    "hookimpl",
    "load_source",
]
