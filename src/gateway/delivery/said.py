"""What a destination said in, what of it may be logged out: no key, and nothing of what was sent."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote

ECHO = "(it says back what was sent)"
"""Stands for a text that holds something of the batch."""

_SHOWN = 100
"""Characters of a text that are shown."""
_CHECKED = 2 * _SHOWN
"""Characters that are looked through, so that an echo is not cut until it is no longer known for one."""
_RUN = 16
"""Characters in a row that a text shares with what was sent only if it is an echo."""
_MESSAGES = ("message", "error", "msg", "detail")
_IDS = frozenset({"userId", "anonymousId", "messageId"})
_TOKENS = re.compile(r'"((?:[^"\\]|\\.)*+)"(:?)|(\d{6,})')
"""Texts and long numbers in compact JSON: a colon follows what is a key."""
_LEAST_ID, _LEAST_TEXT = 3, 4
"""Characters of the shortest that are looked for: an honest answer may hold a shorter one by chance."""


class Said:
    """Makes answers fit to be shown, wherever they may come from and whatever they hold."""

    def __init__(self, keys: Iterable[str]) -> None:
        spelt = {one for key in keys for one in _spellings(key)}
        self._spelt = sorted(spelt, key=len, reverse=True)

    def shown(self, text: str, events: Sequence[bytes]) -> str:
        """The beginning of what was answered to these events, up to where data may begin.

        Args:
            text: the answer's text.
            events: what it answers, each as UTF-8 JSON.
        """
        text = " ".join(_message(text).partition("{")[0].split())
        for one in self._spelt:
            text = text.replace(one, "<write key>")
        text = text[:_CHECKED]
        if text and self._is_echo(text, b",".join(events).decode("utf-8", "replace")):
            return ECHO
        return text[:_SHOWN].strip()

    def _is_echo(self, text: str, sent: str) -> bool:
        sent = "\n".join((sent, *self._spelt))
        read = {text, unquote(text), html.unescape(text), text.replace("\\", "")}
        runs = {one[at : at + _RUN] for one in read for at in range(len(one) - _RUN + 1)}
        return any(run in sent for run in runs) or any(_names(one, sent) for one in read)


def _spellings(key: str) -> set[str]:
    """How a key may be written: as it is, in a URL, in JSON, in HTML, and as Basic authentication has it."""
    written = {key, quote(key, safe=""), json.dumps(key)[1:-1], html.escape(key)}
    pairs = {base64.b64encode(f"{key}{colon}".encode()).decode() for colon in ("", ":")}
    return written | pairs | {pair.rstrip("=") for pair in pairs}


def _message(text: str) -> str:
    """The message in an answer that is a JSON object, else all of it."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(answer, dict):
        return text
    return next((answer[name] for name in _MESSAGES if isinstance(answer.get(name), str)), "")


def _names(text: str, sent: str) -> bool:
    """Whether it holds a value that was sent: an id, or a text that is no mere word. Keys may be spoken of."""
    key = ""
    for token, colon, number in _TOKENS.findall(sent):
        if colon:
            key = token
        elif (value := token or number) in text and _tells(key, value):
            return True
    return False


def _tells(key: str, value: str) -> bool:
    return len(value) >= _LEAST_ID if key in _IDS else len(value) >= _LEAST_TEXT and not value.isalpha()
