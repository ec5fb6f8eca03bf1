"""Decodes the arrays rudder-server posts into requests, each with its source's id and configuration.

An element is `{"request": R, "source": {"ID", "Config"}}`, where R is
`{"method", "url", "headers", "body", "query_parameters"}`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from ..core.array_splitter import split_array
from ..core.codec import Object, encode, parse
from ..core.decode import BOM
from ..core.errors import InvalidJson
from ..core.framing import Undecodable, parse_item
from ..core.host import Receiver
from ..core.request import Request
from ..http.error_text import MALFORMED

BODY_NOT_PRESENT = "request.body is not present in V2 spec payload"
"""The text of rudder-server's own transformer for an element without a body."""

MAX_ELEMENTS = 100_000
"""Elements of the longest array accepted: far more than rudder-server posts, and a limit to `[0,0,...]`."""
_MAX_SPLIT = 4_096_000
"""Bytes of the longest array that is split into its elements, which takes 1.5 seconds if it is all brackets."""

_EMPTY = msgspec.Raw(b"{}")
_MAX_CONFIGS = 1_000
"""Configurations kept in decoded form; a workspace has far fewer sources."""


class _ElementRequest(msgspec.Struct):
    body: str
    method: str = "POST"
    url: str = ""
    headers: msgspec.Raw = _EMPTY
    query_parameters: msgspec.Raw = _EMPTY


class _ElementSource(msgspec.Struct):
    ID: str = ""
    Config: msgspec.Raw = _EMPTY


_NO_SOURCE = _ElementSource()


class _Element(msgspec.Struct):
    request: _ElementRequest
    source: _ElementSource | None = None


class SourceConfig(msgspec.Struct, eq=False):
    """A source's configuration as its operator wrote it, its id, and the receivers made with them, by name."""

    value: Object
    id: str = ""
    receivers: dict[str, Receiver] = {}


Element: TypeAlias = tuple[Request, SourceConfig] | str
"""A request and the configuration of its source; or an error, if there is no request in the element."""

_decode = msgspec.json.Decoder(list[_Element]).decode


class ElementDecoder:
    """Decodes arrays. The same few configurations come with every element: each is decoded once a source."""

    __slots__ = ("_configs",)

    def __init__(self) -> None:
        self._configs: dict[tuple[str, bytes], SourceConfig] = {}

    def decode(self, body: bytes, *, reads_request: bool) -> list[Element] | None:
        """The elements of an array, in order; None unless each is of the right type.

        Args:
            body: the array.
            reads_request: whether the headers, query, method and url of the requests are needed, too.
        """
        convert = self._with_request if reads_request else self._body_only
        try:
            return [convert(element) for element in _decode(body)]
        except (InvalidJson, ValueError, RecursionError):
            return None

    def decode_leniently(self, body: bytes, *, reads_request: bool) -> list[Element] | None:
        """As `decode`, but an element of the wrong type costs no other; None if the body is empty or an object.

        Raises:
            InvalidJson: the body is not JSON, or neither an object nor an array.
        """
        elements = _decode_leniently(body)
        if elements is None:
            return None
        convert = self._with_request if reads_request else self._body_only
        return [element if isinstance(element, str) else convert(element) for element in elements]

    def _body_only(self, element: _Element) -> Element:
        body = element.request.body
        if not body:
            return BODY_NOT_PRESENT
        return Request(body.encode()), self._config(element.source or _NO_SOURCE)

    def _with_request(self, element: _Element) -> Element:
        decoded = self._body_only(element)
        if isinstance(decoded, str):
            return decoded
        request, config = decoded
        sent = element.request
        headers, query = _values_by_name(sent.headers), _values_by_name(sent.query_parameters)
        return Request(request.body, headers, query, sent.method, sent.url), config

    def _config(self, source: _ElementSource) -> SourceConfig:
        key = source.ID, bytes(source.Config)
        config = self._configs.get(key)
        if config is None:
            if len(self._configs) >= _MAX_CONFIGS:
                self._configs.clear()
            config = self._configs[key] = SourceConfig(_object(parse(key[1])), source.ID)
        return config


def _decode_leniently(body: bytes) -> list[_Element | str] | None:
    """The elements of an array that does not decode strictly: a BOM is skipped, invalid UTF-8 replaced."""
    text = body.removeprefix(BOM).decode("utf-8", "replace").encode()
    value = _parse_array(text) if text else {}
    if isinstance(value, dict):
        return None
    if not isinstance(value, list):
        raise InvalidJson("json/syntax", "must be an object or an array")
    return [_lenient_element(element) for element in value]


def _parse_array(text: bytes) -> Any:
    """Parse an array; if it is nested too deeply, each element by itself."""
    try:
        return parse(text)
    except InvalidJson as error:
        is_deep = error.rule == "json/depth" and len(text) <= _MAX_SPLIT
        elements = split_array(text.strip(), MAX_ELEMENTS) if is_deep else []
        if not elements:
            raise
        return [parse_item(element) for element in elements]


def _lenient_element(element: Any) -> _Element | str:
    """An element of any shape: a member of the wrong type counts as absent."""
    if isinstance(element, Undecodable):
        return element.reason
    request, source = _object(_object(element).get("request")), _object(_object(element).get("source"))
    body = request.get("body")
    if not body and not isinstance(body, dict | list):
        return BODY_NOT_PRESENT
    if not isinstance(body, str):
        return MALFORMED
    method, url = (_strings(request.get(name)) for name in ("method", "url"))
    headers, query = (_raw_object(request.get(name)) for name in ("headers", "query_parameters"))
    return _Element(
        _ElementRequest(body, "".join(method) or "POST", "".join(url), headers, query),
        _ElementSource("".join(_strings(source.get("ID"))), _raw_object(source.get("Config"))),
    )


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _raw_object(value: Any) -> msgspec.Raw:
    return msgspec.Raw(encode(value)) if isinstance(value, dict) else _EMPTY


def _values_by_name(raw: msgspec.Raw) -> dict[str, list[str]]:
    """Header or query values by name; values that are not text are left out."""
    return {name: _strings(value) for name, value in _object(parse(bytes(raw))).items()}


def _strings(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
