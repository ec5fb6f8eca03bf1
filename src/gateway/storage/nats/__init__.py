"""The store in NATS JetStream, for several gateways on one cluster."""

from .options import NatsOptions
from .store import NatsStore

__all__ = ["NatsOptions", "NatsStore"]
