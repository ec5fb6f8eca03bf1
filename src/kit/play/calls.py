"""Reads the calls of the page: bounded, and of the types expected."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from .errors import BadCall
from .files import Edit
from .snapshot import TriedRequest, check_file_names

CALL_LIMIT = 8_000_000
"""Bytes of the longest call read."""
_HALF_A_CHARACTER = "a text has half a character in it, an unpaired surrogate such as U+D83D: delete it"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Tried(msgspec.Struct, frozen=True):
    """The texts of a source's files, and a request to try them with."""

    files: dict[str, str]
    request: TriedRequest = TriedRequest()

    def __post_init__(self) -> None:
        """Raise ValueError if these are not files of a source."""
        check_file_names(self.files)


class Saved(msgspec.Struct, frozen=True):
    """Files to save."""

    edits: dict[str, Edit]

    def __post_init__(self) -> None:
        """Raise ValueError if these are not files of a source."""
        check_file_names(self.edits)


class Named(Tried, frozen=True):
    """The same, and the name of the fixture or the folder in which to write it."""

    name: str = ""


class Updated(msgspec.Struct, frozen=True):
    """The name of a fixture, and the outcome to expect of it from now on."""

    name: str
    expected: Edit


class Drafted(msgspec.Struct, frozen=True):
    """The name of a source to draft, and a request as its vendor posts it."""

    name: str
    request: TriedRequest


T = TypeVar("T")


async def read_call(request: Request, type_: type[T]) -> T:
    """Read the JSON of a call.

    Raises:
        BadCall: it is too long, cut off, or not what the page sends.
    """
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > CALL_LIMIT:
                raise BadCall(413, f"the call has more than {CALL_LIMIT:,} bytes")
        return msgspec.json.decode(bytes(data), type=type_)
    except ClientDisconnect:
        raise BadCall(400, "the call is cut off") from None
    except msgspec.ValidationError as error:
        raise BadCall(400, str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadCall(400, _HALF_A_CHARACTER if _SURROGATE.search(data) else str(error)) from None
