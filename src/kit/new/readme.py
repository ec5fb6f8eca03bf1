"""Writes the README of a drafted source, for its author to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def write_readme(title: str, about: Mapping[str, Any], mapping: Mapping[str, Any]) -> str:
    """Write the sections that every source has; what only its author knows is marked TODO."""
    return f"""# {title}

Turns {title}'s webhooks into RudderStack events.

## Set it up

TODO: where in {title} the URL of the gateway is entered, and what to choose there.
{_signing(about)}
## What comes out

{_events(mapping)}
{_settings(about)}
## Known limits

TODO: which events are covered, and what {title} does not send.
"""


def _events(mapping: Mapping[str, Any]) -> str:
    if "map" not in mapping:
        return "Every record is an event already, and passes as it is."
    rows = "\n".join(f"| {_code(row['to'])} | {_code(row['from'])} |" for row in mapping["map"])
    return f"""Every record becomes a track event.

| event | read from |
| --- | --- |
{rows}

[mapping.json](mapping.json) has the details."""


def _code(value: str | list[str]) -> str:
    return ", ".join(f"`{path}`" for path in ([value] if isinstance(value, str) else value))


def _signing(about: Mapping[str, Any]) -> str:
    if "signature" not in about:
        return ""
    return "\nRequests are signed: set the secret as `signing_secret`, and others are refused.\n"


def _settings(about: Mapping[str, Any]) -> str:
    if not about.keys() & {"secrets", "pii"}:
        return ""
    return """
## Settings

| setting | values |
| --- | --- |
| `redact` | `off` (default), `secrets`, or `pii` for personal data, too; [source.json](source.json) has both |
"""
