"""Slows down addresses that guess tokens, without delaying a call that presents the right one."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address

import structlog

from ...server.log import RateLimitedLogger

TOLERATED = 5
"""Wrong tokens of an address that are answered at once, because people mistype."""
MIN_DELAY, MAX_DELAY = 0.25, 4.0
"""Seconds by which the answers to the next ones are delayed, doubling from the first to the second."""
FORGET_SECONDS = 300.0
"""An address is forgotten after this long without a wrong token."""
ADDRESSES = 1_000
"""The most addresses remembered; the one that has been quiet longest is forgotten first."""
DELAYED = 50
"""The most answers delayed at once, so that they never take all connections; further ones are not delayed."""


class WrongTokens:
    """The wrong tokens of each address. Belongs to one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._addresses: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """How many tokens of an address were wrong, and when the last one came."""
        self._delayed = 0
        self._log = RateLimitedLogger(structlog.get_logger())

    async def add(self, address: str) -> None:
        """Count and log a wrong token; return when it is to be answered."""
        self._log.warning("wrong token", "a call to the admin address had a wrong token", address=address)
        delay = self.delay(address)
        if delay and self._delayed < DELAYED:
            self._delayed += 1
            try:
                await asyncio.sleep(delay)
            finally:
                self._delayed -= 1

    def delay(self, address: str) -> float:
        """Count a wrong token of an address, and return in how many seconds it is to be answered."""
        address, now = _caller(address), self._clock()
        count, last = self._addresses.pop(address, (0, now))
        count = 1 if now - last > FORGET_SECONDS else count + 1
        self._addresses[address] = count, now
        if len(self._addresses) > ADDRESSES:
            self._addresses.popitem(last=False)
        return min(MIN_DELAY * 2.0 ** min(count - TOLERATED - 1, 60), MAX_DELAY) if count > TOLERATED else 0.0


def _caller(address: str) -> str:
    """The address, or the network of an IPv6 one: the last 64 bits are the caller's to choose."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return address
    return str(ip.ipv4_mapped or IPv6Network((int(ip) >> 64 << 64, 64)))
