"""What a store in JetStream is told of its cluster, and how it keeps events there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class NatsOptions:
    """The cluster of a store, and the limits of what it keeps there.

    Attributes:
        servers: the addresses of its servers: `nats://host:port`, or `tls://host:port`.
        name: what the names of its streams and of their subjects begin with.
        replicas: on how many servers each stream is kept.
        user: the user name; empty for none.
        password: the password of that user.
        credentials: a file with a JWT and its seed, as `nsc` writes it.
        ca: a file with the certificates that sign those of the servers; None for the system's.
        tls_cert: a file with the certificate that this gateway shows to the servers; None for none.
        tls_key: a file with the key of that certificate; None if the other holds it, too.
        folder: where what can be read again from the cluster is cached.
        window: seconds within which a (source, messageId) is accepted only once.
        keep_calls: keep the call of every append, even without dead letters.
        dead_letter_age: seconds for which dead letters are kept.
        dead_letter_bytes: the most bytes they may take together.
        max_bytes: the most bytes of undelivered events; None for no limit but that of the cluster.
        max_waiting: accept nothing more while so many calls wait for the cluster.
        max_message: bytes of the largest message that the servers must accept.
        patience: seconds for which a call is held while the cluster has no leader; then it is refused.
        create: make the streams if they do not exist.
    """

    servers: tuple[str, ...]
    name: str = "springhead"
    replicas: int = 3
    user: str = ""
    password: str = ""
    credentials: Path | None = None
    ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    folder: Path = Path("springhead-data")
    window: float = 7 * DAY
    keep_calls: bool = False
    dead_letter_age: float = 30 * DAY
    dead_letter_bytes: int = 2**30
    max_bytes: int | None = None
    max_waiting: int = 1000
    max_message: int = 1_000_000
    patience: float = 10.0
    create: bool = True

    @property
    def uses_tls(self) -> bool:
        """Whether the connection must be encrypted."""
        files = (self.ca, self.tls_cert)
        return any(files) or any(server.startswith("tls://") for server in self.servers)

    @property
    def location(self) -> str:
        """The cluster and the streams, as errors name them."""
        scheme = self.servers[0].partition("://")[0]
        return f"{self.name} at {scheme}://{','.join(server.partition('://')[2] for server in self.servers)}"
