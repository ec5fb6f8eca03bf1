"""The store in NATS JetStream, for several gateways on one cluster."""

from .store import NatsStore

__all__ = ["NatsStore"]
