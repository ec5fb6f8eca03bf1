"""Types of single settings: durations, keys, and lists that may be written as one text."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from ...core.signature.secret import secret_problem

KEY_LENGTH = 16
"""Characters of the shortest write key or token accepted: a shorter one could be guessed."""


_PUBLIC_URL = re.compile(r"https?://[\w.:\[\]-]+(?:/[A-Za-z0-9._~-]+)*/?")


def as_list(value: Any) -> Any:
    """A single value as a list of one; a list as it is."""
    return value if isinstance(value, list | tuple) else [value]


def as_number(value: Any) -> Any:
    """Digits as a number, as the environment has them; anything else as it is."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same values; raises ValueError if there are none."""
    if not values:
        raise ValueError("needs at least one")
    return values


def _printable(key: SecretStr) -> SecretStr:
    """A key travels as the user name of Basic authentication, which a colon ends."""
    if not all("!" <= character <= "~" and character != ":" for character in key.get_secret_value()):
        raise ValueError("may hold visible ASCII characters only, and no colon")
    return key


def _usable(secret: SecretStr) -> SecretStr:
    problem = secret_problem(secret.get_secret_value())
    if problem is not None:
        raise ValueError(problem)
    return secret


def _long(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < KEY_LENGTH:
        raise ValueError(f"must have at least {KEY_LENGTH} characters")
    return key


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(ge=0, allow_inf_nan=False)]
DestinationKey = Annotated[SecretStr, AfterValidator(_printable), Field(min_length=1)]
"""A write key at the data plane, which may be short."""
AccessKey = Annotated[SecretStr, AfterValidator(_printable), AfterValidator(_long)]
"""A write key or token that lets a caller in."""
SigningSecret = Annotated[SecretStr, AfterValidator(_usable)]
"""What a vendor signs its calls with."""


def split_address(text: str) -> tuple[str, int]:
    """Host and port of `host:port`; the port is -1 if there is none."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port) if port.isascii() and port.isdigit() else -1


def is_host(text: str) -> bool:
    """Whether text could be an address or the name of a host."""
    try:
        return bool(text.encode("idna"))
    except UnicodeError:
        return False


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_plain_url(text: str) -> bool:
    """Whether a URL has a host, and neither credentials, query nor fragment."""
    try:
        url = urlsplit(text)
        return bool(url.hostname) and url.port != 0 and not ("@" in url.netloc or url.query or url.fragment)
    except ValueError:  # its message quotes the text, which may hold a key
        return False


def is_public_url(text: str) -> bool:
    """Whether text is a plain URL whose path, if it has one, needs no escaping."""
    return _PUBLIC_URL.fullmatch(text) is not None and is_plain_url(text)


def nats_servers(url: str) -> tuple[str, ...]:
    """The servers of `nats://a:4222,b:4222`, each as a URL of its own; empty if it is not written like this."""
    scheme, separator, hosts = url.partition("://")
    if scheme not in {"nats", "tls"} or not separator:
        return ()
    servers = tuple(f"{scheme}://{host.strip()}" for host in hosts.split(","))
    return servers if all(map(_is_server, servers)) else ()


def _is_server(server: str) -> bool:
    try:
        parts = urlsplit(server)
        port = parts.port
    except ValueError:
        return False
    bare = not (parts.username or parts.password or parts.path or parts.query or parts.fragment)
    return bool(parts.hostname) and bare and port != 0
