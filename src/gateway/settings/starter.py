"""A first springhead.toml: a source's type in, the text of a commented file with a write key of its own out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from string import Template

_FILE = Template("""\
# springhead's gateway. A key that is commented out shows its default.
# $${NAME} in any text is filled in from the environment, and $$$$ stands for a dollar.
# SPRINGHEAD_SECTION__KEY in the environment goes before the file: SPRINGHEAD_GATEWAY__PORT=9000.
# Relative paths are relative to this file.

[gateway]
# host = "127.0.0.1"            # "0.0.0.0" where senders come from elsewhere
# port = 8080
# admin = "127.0.0.1:8081"      # the live page, health, metrics, dead letters
# admin_token = "$${ADMIN_TOKEN}" # needed where admin is no loopback address
# data = "springhead-data"      # the store
$folders# access_log = false            # a line for every call

[delivery]
to = "file:delivered.jsonl"     # or "stdout:", or "https://dataplane.example.com": then each source
                                # needs its destination_write_key below
# batch_bytes = 500000          # a batch is sent at so many bytes
# batch_events = 1000           # or so many events
# event_limit = 32768           # a longer event is a dead letter
# batch_limit = 4000000         # no request is longer, before gzip
# lanes = 4                     # requests under way at once (1, 2, 4, 8 or 16); a user's events share a lane
# timeout = 30.0                # seconds for one request and its answer
# retry_min = 0.2               # seconds between two tries, doubling
# retry_max = 60.0              # up to so many
# breaker_failures = 5          # after so many failures in a row only one lane tries,
# breaker_pause = 10.0          # once in so many seconds
# gzip = true
# rotate_bytes = 100000000      # a file is put aside at this size
# rotate_keep = 0               # files put aside to keep; 0 keeps all

[limits]
# body = 4096000                # bytes of the longest body taken
# waiting = 1000                # requests under way at once
# read_timeout = 30.0           # seconds a sender has for its request

[store]
# window_days = 7.0             # the same messageId within them is a duplicate
# keep_days = 30.0              # dead letters
# keep_bytes = 1000000000       # dead letters and requests, the oldest go first
# max_bytes = 10000000000       # on disk: nothing more is accepted then
# keep_requests = false         # also of requests with nothing wrong

[[source]]
name = $name
type = $type
write_key = ["$key"]   # senders post to /v1/webhook?writeKey=...
# enabled = true
# authorization = "$${AUTHORIZATION}"                  # the Authorization header the sender must present
# destination_write_key = "$${DESTINATION_WRITE_KEY}"  # its write key at the data plane

[source.settings]
# redact = "off"                # or "secrets", or "pii"
""")


def first_settings(type_: str, name: str = "", folders: Sequence[str] = ()) -> str:
    """The text of a settings file with one source of this type, named `name`, and a fresh write key.

    `folders` are the source folders to register.
    """
    listed = ", ".join(map(_quoted, folders))
    return _FILE.substitute(
        name=_quoted(name or type_),
        type=_quoted(type_),
        key=secrets.token_urlsafe(24),
        folders=f"{'' if folders else '# '}folders = [{listed}]" + "\n",
    )


def _quoted(text: str) -> str:
    """A text as TOML has it, which knows no surrogate pairs; a dollar stands for itself."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)
