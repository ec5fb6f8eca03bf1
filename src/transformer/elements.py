"""The array rudder-server posts: bytes in, elements out, each a request and its source's settings.

The shape: `[{"request": {"method", "url", "headers", "body", "query_parameters"}, "source": {"Config"}}, ...]`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from ..core.codec import Object, encode, parse
from ..core.decode import BOM
from ..core.errors import InvalidJson
from ..core.host import Receiver
from ..core.request import Request
from ..server.error_text import MALFORMED

NOT_PRESENT = "request.body is not present in V2 spec payload"
"""What rudder-server's own transformer says of an element without a body."""

_NOTHING = msgspec.Raw(b"{}")
_SETTINGS_KEPT = 1_000
"""Different settings remembered in their parsed form; a workspace has far fewer sources."""


class _Call(msgspec.Struct):
    body: str
    method: str = "POST"
    url: str = ""
    headers: msgspec.Raw = _NOTHING
    query_parameters: msgspec.Raw = _NOTHING


class _Source(msgspec.Struct):
    Config: msgspec.Raw = _NOTHING


class _Element(msgspec.Struct):
    request: _Call
    source: _Source | None = None


class SourceConfig(msgspec.Struct, eq=False):
    """A source's settings as the operator has them, and what takes requests with them, by the source's name."""

    value: Object
    receivers: dict[str, Receiver] = {}


Element: TypeAlias = tuple[Request, SourceConfig] | str
"""A request and the settings of its source; or the error that there is none."""

_decode = msgspec.json.Decoder(list[_Element]).decode


class ElementReader:
    """Reads arrays. SourceConfig come again with every element: they are looked at once."""

    __slots__ = ("_settings",)

    def __init__(self) -> None:
        self._settings: dict[bytes, SourceConfig] = {}

    def read(self, body: bytes, *, around: bool) -> list[Element] | None:
        """The elements of a body, in order; None where it is empty, or an object.

        Args:
            body: the array.
            around: whether the headers, query, method and url of the requests are wanted, too.

        Raises:
            InvalidJson: the body is no JSON, or neither object nor array.
        """
        element = self._whole if around else self._bare
        try:
            return [element(one) for one in _decode(body)]
        except (InvalidJson, ValueError, RecursionError):  # an element of the wrong type costs no other
            elements = _loosely(body)
        if elements is None:
            return None
        return [one if isinstance(one, str) else element(one) for one in elements]

    def _bare(self, element: _Element) -> Element:
        body = element.request.body
        if not body:
            return NOT_PRESENT
        source = element.source
        return Request(body.encode()), self._config(bytes(_NOTHING if source is None else source.Config))

    def _whole(self, element: _Element) -> Element:
        call = element.request
        bare = self._bare(element)
        if isinstance(bare, str):
            return bare
        headers, query = _values(call.headers), _values(call.query_parameters)
        return Request(bare[0].body, headers, query, call.method, call.url), bare[1]

    def _config(self, raw: bytes) -> SourceConfig:
        settings = self._settings.get(raw)
        if settings is None:
            if len(self._settings) >= _SETTINGS_KEPT:
                self._settings.clear()
            settings = self._settings[raw] = SourceConfig(_object(parse(raw)))
        return settings


def _loosely(body: bytes) -> list[_Element | str] | None:
    """The elements of an array that cannot be read at once; neither a byte order mark nor odd bytes matter."""
    text = body.removeprefix(BOM).decode("utf-8", "replace")
    value = parse(text.encode()) if text else {}
    if isinstance(value, dict):
        return None
    if not isinstance(value, list):
        raise InvalidJson("json/syntax", "only an object or an array is taken")
    return [_loose(element) for element in value]


def _loose(element: Any) -> _Element | str:
    """An element of any shape: what is not what it should be counts as absent."""
    request, source = _object(_object(element).get("request")), _object(_object(element).get("source"))
    body = request.get("body")
    if not body:
        return NOT_PRESENT
    if not isinstance(body, str):
        return MALFORMED
    method, url = (_texts(request.get(name)) for name in ("method", "url"))
    headers, query = (_raw(request.get(name)) for name in ("headers", "query_parameters"))
    call = _Call(body, "".join(method) or "POST", "".join(url), headers, query)
    return _Element(call, _Source(_raw(source.get("Config"))))


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(encode(value)) if isinstance(value, dict) else _NOTHING


def _values(raw: msgspec.Raw) -> dict[str, list[str]]:
    """Header or query values by name; what is no text is left out."""
    return {name: _texts(value) for name, value in _object(parse(bytes(raw))).items()}


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
