"""The sections of springhead.toml, with the defaults and limits of their keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
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

from ...core.signature.secret import SIGNING_SECRET
from ...server.sockets import join_address
from .values import (
    AccessKey,
    Days,
    DestinationKey,
    Seconds,
    SigningSecret,
    as_list,
    as_number,
    is_host,
    is_loopback,
    is_plain_url,
    is_public_url,
    nats_servers,
    not_empty,
    split_address,
)


class FrozenSection(BaseModel):
    """A section that cannot be changed, and refuses keys it does not have."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class GatewaySettings(FrozenSection):
    """`[gateway]`: where to listen, and where to keep data."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str = ""
    """The URL at which senders reach it, if that is not its host and port: behind a proxy, the proxy's."""
    admin: str = "127.0.0.1:8081"
    """Where the live page, health, metrics and dead letters are served: host:port."""
    admin_token: Annotated[AccessKey | None, Field(validate_default=True)] = None
    """What callers of the admin address present; required unless it is a loopback address."""
    data: Path = Path("springhead-data")
    """The folder of the store."""
    folders: tuple[Path, ...] = ()
    """Source folders to register, in addition to installed plugins."""
    workers: PositiveInt = 1
    """Processes that serve it, one per core; more than one needs a store that they can share."""
    access_log: bool = False
    """Whether each call is logged."""

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, host: str) -> str:
        if not is_host(host):
            raise ValueError('must be an address or the name of a host, as in "127.0.0.1" or "::"')
        return host

    @field_validator("public_url")
    @classmethod
    def _is_a_public_url(cls, url: str) -> str:
        if url and not is_public_url(url):
            raise ValueError("must be https://host[:port][/path]")
        if url.rstrip("/").endswith("/v1/webhook"):
            raise ValueError("must not end in /v1/webhook, which is added to it")
        return url.rstrip("/")

    @field_validator("admin")
    @classmethod
    def _is_an_address(cls, admin: str) -> str:
        host, port = split_address(admin)
        if not is_host(host) or not 0 <= port <= 65535:  # noqa: PLR2004 - the last port
            raise ValueError('must be host:port, as in "127.0.0.1:8081"')
        return admin

    @field_validator("admin")
    @classmethod
    def _is_an_address_of_its_own(cls, admin: str, info: ValidationInfo) -> str:
        if split_address(admin)[1] == info.data.get("port") != 0:
            raise ValueError("must be a port other than `port`: senders and operators do not share one")
        return admin

    @field_validator("admin_token")
    @classmethod
    def _guards_the_admin_address(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if token is None and not is_loopback(split_address(info.data.get("admin", "localhost:0"))[0]):
            raise ValueError("is required unless admin is a loopback address")
        return token

    @property
    def webhook_url(self) -> str:
        """The URL to which senders post."""
        return f"{self.public_url or f'http://{join_address(self.host, self.port)}'}/v1/webhook"

    @property
    def local_url(self) -> str:
        """The URL at which this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{join_address(host, self.port)}"

    @property
    def path_prefix(self) -> str:
        """The path of `public_url`, which a proxy may or may not remove: `/springhead`, or empty."""
        return urlsplit(self.public_url).path

    @property
    def admin_address(self) -> tuple[str, int]:
        """Host and port of the admin address."""
        return split_address(self.admin)


class DeliverySettings(FrozenSection):
    """`[delivery]`: where events go, how large a batch is, and what happens when it fails.

    RudderStack takes 4 MB a batch and 32 KB an event:
    https://www.rudderstack.com/docs/api/http-api/#4-maximum-allowed-request-size
    """

    to: str = "file:delivered.jsonl"
    """`https://dataplane.example.com`, `file:delivered.jsonl` or `stdout:`."""
    batch_bytes: PositiveInt = 500_000
    """The most bytes of events in one batch."""
    batch_events: PositiveInt = 1_000
    """The most events in one batch."""
    event_limit: PositiveInt = 32 * 1024
    """Bytes of the longest event sent; a longer one becomes a dead letter. A data plane that counts 1,000 bytes
    to the KB refuses events between the two limits, which then become dead letters as well."""
    batch_limit: PositiveInt = 4_000_000
    """Bytes of the longest request body, before gzip."""
    lanes: Annotated[Literal[1, 2, 4, 8, 16], BeforeValidator(as_number)] = 4
    """Requests in flight at once for each source; the events of one user always share a lane."""
    timeout: Seconds = 30.0
    """Seconds for one request, including its response."""
    retry_min: Seconds = 0.2
    retry_max: Seconds = 60.0
    """Seconds between two attempts: the wait doubles from the first to the second, with jitter."""
    attempts: PositiveInt = 8
    """How often an event is refused alone with 403 or 5xx before it may become a dead letter."""
    breaker_failures: PositiveInt = 5
    """Failures in a row after which only one lane tries."""
    breaker_pause: Seconds = 10.0
    """The shortest pause between its attempts, in seconds."""
    gzip: bool = True
    proxies: bool = False
    """Whether proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`) are used."""
    rotate_bytes: PositiveInt = 100_000_000
    """Bytes at which a file is rotated: a number is added to its name, and a new one is begun."""
    rotate_keep: NonNegativeInt = 0
    """How many rotated files are kept; 0 keeps all."""

    @field_validator("to")
    @classmethod
    def _is_a_destination(cls, to: str) -> str:
        if to.startswith(("https://", "http://")):
            if not is_plain_url(to):
                raise ValueError("must be https://host[:port][/path]; keys go into destination_write_key")
            if to.rstrip("/").endswith("/v1/batch"):
                raise ValueError("must not end in /v1/batch, which is added to it")
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


class LimitSettings(FrozenSection):
    """`[limits]`: how much a sender may ask of the gateway."""

    body: PositiveInt = 4_096_000
    """Bytes of the longest body accepted, as sent and once inflated."""
    memory: Annotated[int, Field(ge=1_000_000)] = 256_000_000
    """Bytes of memory for bodies: half for those that arrive and wait, half for those being mapped. One source
    holds half of each at most, if there are others."""
    waiting: PositiveInt = 1_000
    """Requests in flight at once; of a source that has its equal share of them, one more is answered 503."""
    read_timeout: Seconds = 30.0
    """Seconds within which the body of a request must arrive."""


class StoreSettings(FrozenSection):
    """`[store]`: where events are kept, how long, and how much of them."""

    url: str = ""
    """`nats://a:4222,b:4222,c:4222`, or `tls://` to have it encrypted; empty for SQLite in `data`."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "springhead"
    """What the names of its streams begin with. The gateways of one cluster that share a name share events."""
    replicas: Annotated[Literal[1, 3, 5], BeforeValidator(as_number)] = 3
    """Servers of the cluster that keep each event."""
    user: str = ""
    password: SecretStr = SecretStr("")
    credentials: str = ""
    """A file with a JWT and its seed, as `nsc` writes it, instead of a user and a password."""
    ca: str = ""
    """A file with the certificates that sign those of the servers; by default those that the system trusts."""
    tls_cert: str = ""
    """A file with the certificate that the gateway shows to servers that ask for one."""
    tls_key: str = ""
    """A file with the key of that certificate, without a passphrase; by default `tls_cert` holds it, too."""
    patience: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0
    """Seconds for which a call is held while the cluster elects a leader, which takes 4 to 9; 0 for none."""
    window_days: Annotated[Days, Field(le=366)] = 7.0
    """Days within which an event with the same messageId is a duplicate, unless its id had to be forgotten."""
    keep_days: Days = 30.0
    """Days a dead letter is kept."""
    keep_bytes: PositiveInt = 1_000_000_000
    """Bytes of dead letters and requests kept; beyond it, the oldest of the source that takes most go."""
    max_bytes: PositiveInt = 10_000_000_000
    """Bytes in use on disk at which a source that holds its equal share is refused. Ids take at most half."""
    keep_requests: bool = False
    """Whether requests are kept even if nothing was wrong with them."""

    @field_validator("url")
    @classmethod
    def _is_a_cluster(cls, url: str) -> str:
        if url and not nats_servers(url):
            raise ValueError(
                'must be as in "nats://a:4222,b:4222,c:4222"; names and passwords have keys of their own'
            )
        return url

    @field_validator("password")
    @classmethod
    def _is_of_a_user(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        if password.get_secret_value() and not info.data.get("user"):
            raise ValueError("needs a user: add user")
        return password

    @field_validator("credentials")
    @classmethod
    def _stands_alone(cls, credentials: str, info: ValidationInfo) -> str:
        if credentials and info.data.get("user"):
            raise ValueError("cannot be combined with user and password")
        return credentials

    @field_validator("tls_key")
    @classmethod
    def _is_of_a_certificate(cls, tls_key: str, info: ValidationInfo) -> str:
        if tls_key and not info.data.get("tls_cert"):
            raise ValueError("needs a certificate: add tls_cert")
        return tls_key

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of the servers; empty for SQLite."""
        return nats_servers(self.url)


class SourceSettings(FrozenSection):
    """One `[[source]]`: a sender, the keys it may use, and how its records are mapped."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    type: Annotated[str, Field(min_length=1)]
    write_key: Annotated[tuple[AccessKey, ...], BeforeValidator(as_list), AfterValidator(not_empty)]
    """What the sender presents; several while one key replaces another."""
    enabled: bool = True
    authorization: Annotated[
        tuple[Annotated[SecretStr, Field(min_length=1)], ...],
        BeforeValidator(as_list),
        AfterValidator(not_empty),
    ] = ()
    """What the sender's Authorization header must hold, if it can send one; several as with `write_key`."""
    signing_secret: Annotated[
        tuple[SigningSecret, ...], BeforeValidator(as_list), AfterValidator(not_empty)
    ] = ()
    """What the vendor signs its calls with: others are refused; several as with `write_key`."""
    on_rejection: Literal["error", "ok"] | None = None
    """The answer if every record was rejected: 400, or `ok` for senders that give up after an error. By default
    what the source's type says."""
    destination_write_key: DestinationKey | None = None
    """The source's write key at the data plane; by default the first write_key."""
    settings: Annotated[dict[str, Any], Field(repr=False)] = {}
    """What the mapping reads as `$config`, and `redact`."""

    @field_validator("settings")
    @classmethod
    def _holds_no_secret(cls, settings: dict[str, Any]) -> dict[str, Any]:
        if SIGNING_SECRET in settings:
            raise ValueError(f"{SIGNING_SECRET} belongs in [[source]]: move it above [source.settings]")
        return settings

    @property
    def verification(self) -> dict[str, Any]:
        """The settings with the signing secrets: what a `Host.verifier` needs, and nothing else may see."""
        secrets = [secret.get_secret_value() for secret in self.signing_secret]
        return {**self.settings, SIGNING_SECRET: secrets} if secrets else self.settings

    @property
    def destination_key(self) -> SecretStr:
        """The write key with which its events are delivered."""
        return self.destination_write_key or self.write_key[0]
