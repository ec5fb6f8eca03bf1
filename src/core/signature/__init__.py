"""Verifies the signatures of requests, as the `signature` in source.json says the vendor makes them."""

from .model import Signature
from .parser import parse_signatures
from .secret import signing_secrets, without_secrets
from .verifier import signature_verifier

__all__ = ["Signature", "parse_signatures", "signature_verifier", "signing_secrets", "without_secrets"]
