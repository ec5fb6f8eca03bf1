"""The sections of springhead.toml: each a frozen value that knows its keys, their defaults and their limits."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    ValidationInfo,
    field_validator,
)

KEY_LENGTH = 16
"""Characters of the shortest write key or token taken: one that can be guessed is none."""

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _printable(key: SecretStr) -> SecretStr:
    """A key travels as the user name of Basic authentication, which a colon ends."""
    if not all("!" <= character <= "~" and character != ":" for character in key.get_secret_value()):
        raise ValueError("may hold visible ASCII characters only, and no colon")
    return key


def listed(value: Any) -> Any:
    """A text as a list of one."""
    return [value] if isinstance(value, str) else value


def at_least_one(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same values, of which there must be some."""
    if not values:
        raise ValueError("needs at least one")
    return values


def _long(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < KEY_LENGTH:
        raise ValueError(f"must have at least {KEY_LENGTH} characters")
    return key


Key = Annotated[SecretStr, AfterValidator(_printable), Field(min_length=1)]
Secret = Annotated[SecretStr, AfterValidator(_printable), AfterValidator(_long)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class GatewaySettings(_Section):
    """`[gateway]`: where to listen, and where to keep data."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    admin: str = "127.0.0.1:8081"
    """Where health, metrics and dead letters are served: host:port."""
    admin_token: Annotated[Secret | None, Field(validate_default=True)] = None
    """What a caller of the admin address presents; needed where it is not loopback."""
    data: Path = Path("springhead-data")
    """The folder of the store."""
    folders: tuple[Path, ...] = ()
    """Source folders to register, besides the plugins that are installed."""
    access_log: bool = False
    """Whether a line is logged for every call."""

    @field_validator("admin")
    @classmethod
    def _is_an_address(cls, admin: str) -> str:
        host, port = _address(admin)
        if not host or not 0 <= port <= 65535:  # noqa: PLR2004 - the last port
            raise ValueError('must be host:port, as in "127.0.0.1:8081"')
        return admin

    @field_validator("admin")
    @classmethod
    def _is_an_address_of_its_own(cls, admin: str, info: ValidationInfo) -> str:
        if _address(admin)[1] == info.data.get("port") != 0:
            raise ValueError("must be another port than `port`: senders and operators do not share one")
        return admin

    @field_validator("admin_token")
    @classmethod
    def _guards_the_admin_address(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if token is None and not _is_loopback(_address(info.data.get("admin", "localhost:0"))[0]):
            raise ValueError("is needed where admin is not a loopback address")
        return token

    @property
    def admin_address(self) -> tuple[str, int]:
        """Host and port of the admin address."""
        return _address(self.admin)


class DeliverySettings(_Section):
    """`[delivery]`: where events go, how large a batch is, and what happens when it is refused.

    RudderStack takes 4 MB a batch and 32 KB an event:
    https://www.rudderstack.com/docs/api/http-api/#4-maximum-allowed-request-size
    """

    to: str = "file:delivered.jsonl"
    """`https://dataplane.example.com`, `file:delivered.jsonl` or `stdout:`."""
    batch_bytes: PositiveInt = 500_000
    """Bytes of events at which a batch is sent."""
    batch_events: PositiveInt = 1_000
    event_limit: PositiveInt = 32 * 1024
    """Bytes of the longest event sent; a longer one is a dead letter. Where the data plane's KB is 1,000 bytes,
    it refuses the few in between, which become dead letters then."""
    batch_limit: PositiveInt = 4_000_000
    """Bytes no request body is longer than, before gzip."""
    lanes: Literal[1, 2, 4, 8, 16] = 4
    """Requests under way at once; the events of one user always share a lane."""
    timeout: Seconds = 30.0
    """Seconds for one request, its answer included."""
    retry_min: Seconds = 0.2
    retry_max: Seconds = 60.0
    """Seconds between two tries: the wait doubles from the one to the other, with jitter."""
    attempts: PositiveInt = 8
    """How often an event is refused alone with 403 or 5xx before it may become a dead letter."""
    breaker_failures: PositiveInt = 5
    """Failures in a row after which only one lane tries."""
    breaker_pause: Seconds = 10.0
    """Seconds before it does."""
    gzip: bool = True
    rotate_bytes: PositiveInt = 100_000_000
    """Bytes at which a file is put aside, with a number added to its name, and a new one begun."""
    rotate_keep: NonNegativeInt = 0
    """How many files put aside are kept; 0 keeps all."""

    @field_validator("to")
    @classmethod
    def _is_a_destination(cls, to: str) -> str:
        if to.startswith(("https://", "http://")):
            if not _is_plain_url(to):
                raise ValueError("must be https://host[:port][/path]; keys go into destination_write_key")
            if to.rstrip("/").endswith("/v1/batch"):
                raise ValueError("must be without /v1/batch, which is put behind it")
        elif to != "stdout:" and not (to.startswith("file:") and to != "file:"):
            raise ValueError('must begin with "https://", "http://" or "file:", or be "stdout:"')
        return to

    @field_validator("batch_limit")
    @classmethod
    def _holds_a_batch(cls, limit: int, info: ValidationInfo) -> int:
        if limit < max(info.data.get("batch_bytes", 0), info.data.get("event_limit", 0) + 100):
            raise ValueError("must be at least batch_bytes, and at least event_limit + 100")
        return limit

    @field_validator("retry_max")
    @classmethod
    def _is_above_retry_min(cls, most: float, info: ValidationInfo) -> float:
        if most < info.data.get("retry_min", 0.0):
            raise ValueError("must be at least retry_min")
        return most


class LimitSettings(_Section):
    """`[limits]`: what a sender may ask of the gateway."""

    body: PositiveInt = 4_096_000
    """Bytes of the longest body taken, once inflated."""
    waiting: PositiveInt = 1_000
    """Requests under way at once; one more is answered 503."""
    read_timeout: Seconds = 30.0
    """Seconds a sender has to send its request."""


class Retention(_Section):
    """`[store]`: how long things are kept, and how much of them."""

    window_days: Annotated[Days, Field(le=366)] = 7.0
    """Days in which an event of the same messageId is a duplicate."""
    keep_days: Days = 30.0
    """Days a dead letter is kept."""
    keep_bytes: PositiveInt = 1_000_000_000
    """Bytes of dead letters and requests kept; the oldest go first."""
    max_bytes: PositiveInt = 10_000_000_000
    """Bytes on disk at which nothing more is accepted."""
    keep_requests: bool = False
    """Whether requests are kept even where nothing was wrong with them."""


class SourceSettings(_Section):
    """One `[[source]]`: a sender, the keys it may use, and what is done with what it sends."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    type: Annotated[str, Field(min_length=1)]
    write_key: Annotated[tuple[Secret, ...], BeforeValidator(listed), AfterValidator(at_least_one)]
    """What the sender presents; several while one replaces another."""
    enabled: bool = True
    authorization: Annotated[SecretStr, Field(min_length=1)] | None = None
    """What the sender's Authorization header must be, where it can send one."""
    destination_write_key: Key | None = None
    """The source's write key at the data plane; the first write_key where there is none."""
    settings: Annotated[dict[str, Any], Field(repr=False)] = {}
    """What the mapping reads as `$config`, and `redact`."""

    @property
    def destination_key(self) -> SecretStr:
        """The write key its events are delivered with."""
        return self.destination_write_key or self.write_key[0]


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port) if port.isascii() and port.isdigit() else -1


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_plain_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        return bool(url.hostname) and url.port != 0 and not ("@" in url.netloc or url.query or url.fragment)
    except ValueError:  # its message quotes the text, which may hold a key
        return False
