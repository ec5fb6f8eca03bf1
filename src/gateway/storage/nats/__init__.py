"""The store in NATS JetStream, for several gateways on one cluster.

A user's events have one of 16 buckets. The events of one source in one bucket are a log: messages under a
subject of their own, in the stream of events. JetStream's consumers are not used, since none of them keeps an
order across gateways.

- `append` gathers calls, `outbox` publishes what is new in them as messages (`chunk`), one after another for
  each log, and `hints` tells the other gateways. A call is answered once most servers have all of its
  messages.
- `ownership` leases each bucket to one gateway. `source_logs` opens its logs, each of which (`source_log`)
  reads messages ahead (`waiting`); `claims` chooses the events to deliver next.
- `source_log` settles what is delivered or dead: it publishes the digests of the events (`seen_stream`),
  writes how far the log is delivered (`cursor`), and deletes the messages. Only the gateway that wrote a
  cursor last can write it again, so one that has lost its bucket unawares can only repeat what it was
  sending.
- `accepted` identifies an event by a digest. An event whose digest is known with an earlier number is a
  duplicate: `seen` remembers digests in a file (`seen_file`), which is a cache of the cluster.
- `letters` and `letter_reader` keep and read dead letters, each a message (`kept_letter`).
- `connection` checks the servers, `streams` what they keep, and `api` and `publisher` ask them.
"""

from .options import NatsOptions
from .store import NatsStore

__all__ = ["NatsOptions", "NatsStore"]
