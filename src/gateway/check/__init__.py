"""Tries what a gateway needs before it starts, or beside one that runs, and changes nothing."""

from .check import check_gateway
from .result import CheckResult

__all__ = ["CheckResult", "check_gateway"]
