"""Reads the file that logs a gateway in at NATS: a JWT, and the seed that signs for it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

import nats.errors
import nkeys

from ....core.errors import SpringheadError

_JWT = re.compile(r"-----BEGIN NATS USER JWT-----\s+(\S+)\s+-+END NATS USER JWT-+")
_SEED = re.compile(r"-----BEGIN USER NKEY SEED-----\s+(\S+)\s+-+END USER NKEY SEED-+")


class InvalidCredentials(SpringheadError, nats.errors.Error):  # noqa: N818 - the name says what is wrong
    """The file is missing, or is not what `nsc` writes."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A credentials file, read anew for each connection: it may be replaced meanwhile.

    nats-py reads such a file, too, but without end if it holds no JWT.
    """

    path: Path

    def check(self) -> None:
        """Raise InvalidCredentials if the file cannot be used."""
        self.jwt()
        self.sign("")

    def jwt(self) -> bytes:
        """What tells the servers who this is."""
        return self._part(_JWT).encode()

    def sign(self, nonce: str) -> bytes:
        """The signature of what a server made up, in base64: it shows that the seed is known."""
        try:
            keys = nkeys.from_seed(bytearray(self._part(_SEED).encode()))
        except (nkeys.NkeysError, ValueError):
            raise self._invalid("its seed is not that of a user") from None
        return base64.b64encode(keys.sign(nonce.encode()))

    def _part(self, pattern: re.Pattern[str]) -> str:
        try:
            text = self.path.read_text("ascii")
        except OSError as error:
            raise self._invalid(f"it cannot be read: {error.strerror}") from None
        except ValueError:
            text = ""
        if found := pattern.search(text):
            return found[1]
        raise self._invalid("it does not hold a JWT and a seed")

    def _invalid(self, reason: str) -> InvalidCredentials:
        return InvalidCredentials(
            f"store.credentials: {self.path}: {reason}; write it with `nsc generate creds`"
        )
