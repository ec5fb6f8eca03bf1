"""The settings: springhead.toml and the environment in, one frozen value or all that is wrong with them out."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
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
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ..core.document import nearest
from .settings_file import InvalidSettings, SettingsFile, Slip, Steps, read_settings_file, titled

PREFIX = "SPRINGHEAD_"
"""What the overriding variables begin with: `SPRINGHEAD_GATEWAY__PORT`."""

KEY_LENGTH = 16
"""Characters of the shortest write key or token taken: one that can be guessed is none."""

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _printable(key: SecretStr) -> SecretStr:
    """A key travels as the user name of Basic authentication, which a colon ends."""
    if not all("!" <= character <= "~" and character != ":" for character in key.get_secret_value()):
        raise ValueError("may hold visible ASCII characters only, and no colon")
    return key


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
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


class Gateway(_Section):
    """`[gateway]`: where to listen, and where to keep data."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    admin: str = "127.0.0.1:8081"
    """Where health, metrics and dead letters are served: host:port."""
    admin_token: Annotated[Secret | None, Field(validate_default=True)] = None
    """What a caller of the admin address presents; needed where it is not loopback."""
    data: Path = Path("springhead-data")
    """The folder of the store."""

    @field_validator("admin")
    @classmethod
    def _is_an_address(cls, admin: str) -> str:
        host, port = _address(admin)
        if not host or not 0 <= port <= 65535:  # noqa: PLR2004 - the last port
            raise ValueError('must be host:port, as in "127.0.0.1:8081"')
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


class Delivery(_Section):
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
    """Bytes of the longest event sent; a longer one is a dead letter. Where the data plane's KB is 1,000 bytes, it
    refuses the few in between, and they become dead letters then."""
    batch_limit: PositiveInt = 4_000_000
    """Bytes no request body is longer than, before gzip."""
    lanes: Annotated[int, Field(ge=1, le=64)] = 4
    """Requests under way at once; the events of one user always share a lane."""
    timeout: Seconds = 30.0
    """Seconds for one request, its answer included."""
    retry_min: Seconds = 0.2
    retry_max: Seconds = 60.0
    """Seconds between two tries: the wait doubles from the one to the other, with jitter."""
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
        url = urlsplit(to)
        if url.scheme in ("http", "https"):
            if not url.hostname or url.username is not None or url.query or url.fragment:
                raise ValueError("must be https://host[:port][/path]; keys go into write_key")
        elif to != "stdout:" and not to.removeprefix("file:") < to:
            raise ValueError('must begin with "https://", "file:" or "stdout:"')
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


class Limits(_Section):
    """`[limits]`: what a sender may ask of the gateway."""

    body: PositiveInt = 4_096_000
    """Bytes of the longest body taken, once inflated."""
    waiting: PositiveInt = 1_000
    """Requests under way at once; one more is answered 503."""
    read_timeout: Seconds = 30.0
    """Seconds a sender has to send its request."""


class Keep(_Section):
    """`[store]`: how long things are kept, and how much of them."""

    window_days: Days = 7.0
    """Days in which an event of the same messageId is a duplicate."""
    keep_days: Days = 30.0
    """Days a dead letter is kept."""
    keep_bytes: PositiveInt = 1_000_000_000
    """Bytes of dead letters and requests kept; the oldest go first."""
    max_bytes: PositiveInt = 10_000_000_000
    """Bytes on disk at which nothing more is accepted."""
    keep_requests: bool = False
    """Whether requests are kept even where nothing was wrong with them."""


class Source(_Section):
    """One `[[source]]`: a sender, the keys it may use, and what is done with what it sends."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    type: Annotated[str, Field(min_length=1)]
    write_key: Annotated[tuple[Secret, ...], BeforeValidator(_listed), AfterValidator(_some)]
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


class Settings(BaseSettings):
    """All a gateway is told. Made by `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    gateway: Gateway = Field(default_factory=Gateway)
    delivery: Delivery = Field(default_factory=Delivery)
    limits: Limits = Field(default_factory=Limits)
    store: Keep = Field(default_factory=Keep)
    source: Annotated[tuple[Source, ...], AfterValidator(_some)]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the three below are named by pydantic
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, and nothing else."""
        return _Environment(settings_cls), init_settings


class _Environment(EnvSettingsSource):
    """`SPRINGHEAD_SECTION__KEY` only: a name without `__` is the host's own, or another program's."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {section: keys for section, keys in super().__call__().items() if section != "source"}


_SECTIONS: dict[str, type[BaseModel]] = {
    "gateway": Gateway,
    "delivery": Delivery,
    "limits": Limits,
    "store": Keep,
    "source": Source,
}


def load_settings(path: str | Path) -> Settings:
    """Read springhead.toml, with `SPRINGHEAD_SECTION__KEY` variables of the environment put over it.

    Relative paths are relative to the file, those from the environment too.

    Raises:
        InvalidSettings: the settings have problems; the error holds all of them, and no value.
    """
    path = Path(path)
    file = read_settings_file(path)
    problems = [*file.problems, *_stray_variables(), *_shared(file)]
    try:
        settings = Settings(**file.values)
    except ValidationError as error:
        found = ((tuple(one["loc"]), one["type"], one["msg"]) for one in error.errors(include_input=False))
        problems += [
            _slip(file, *one) for one in found if not any(one[0][: len(unset)] == unset for unset in file.unset)
        ]
    if problems:
        raise InvalidSettings(str(path), problems)
    return _rooted(settings, path.resolve().parent)


def _rooted(settings: Settings, folder: Path) -> Settings:
    gateway, delivery = settings.gateway, settings.delivery
    if delivery.to.startswith("file:"):
        to = f"file:{folder / delivery.to.removeprefix('file:')}"
        delivery = delivery.model_copy(update={"to": to})
    gateway = gateway.model_copy(update={"data": folder / gateway.data})
    return settings.model_copy(update={"gateway": gateway, "delivery": delivery})


def _slip(file: SettingsFile, where: Steps, rule: str, message: str) -> Slip:
    variable = PREFIX + "__".join(map(str, where)).upper()
    place = f"the environment's {variable}" if variable in os.environ else file.place(where)
    if rule == "extra_forbidden":
        section = Settings if len(where) == 1 else _SECTIONS[str(where[0])]
        return Slip(
            place, titled(where), "there is no such key", nearest(str(where[-1]), list(section.model_fields))
        )
    reason = (
        message.removeprefix("Value error, ").replace("Input should", "must").replace("Value should", "must")
    )
    return Slip(place, titled(where), "is missing" if rule == "missing" else reason)


def _stray_variables() -> list[Slip]:
    """Variables that look like settings, of sections there are not: they would be overlooked in silence."""
    sections = [name for name in _SECTIONS if name != "source"]
    names = (name for name in sorted(os.environ) if name.startswith(PREFIX) and "__" in name)
    given = ((name, name.removeprefix(PREFIX).split("__")[0].lower()) for name in names)
    return [
        Slip(
            f"the environment's {name}", "", f"[{section}] is no section it can set", nearest(section, sections)
        )
        for name, section in given
        if section not in sections
    ]


def _shared(file: SettingsFile) -> list[Slip]:
    """Names and write keys that stand in the file twice: each tells which source is meant."""
    sources = file.values.get("source")
    problems: list[Slip] = []
    seen: dict[tuple[str, str], int] = {}
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        given = source if isinstance(source, dict) else {}
        keys = _listed(given.get("write_key"))
        names = [
            ("name", given.get("name")),
            *(("write_key", key) for key in keys or () if isinstance(keys, list)),
        ]
        for what, value in names:
            if isinstance(value, str) and value and seen.setdefault((what, value), index) != index:
                reason = f"the same {what} stands in [[source]] {seen[what, value] + 1}"
                where = ("source", index, what)
                problems.append(Slip(file.place(where), titled(where), reason, "give each source its own"))
    return problems


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port) if port.isascii() and port.isdigit() else -1


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
