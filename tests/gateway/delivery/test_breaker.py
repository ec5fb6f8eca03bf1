"""A breaker that begins where that of another gateway is."""

from __future__ import annotations

import time

from springhead.gateway.delivery.breaker import Breaker, OpenBreaker
from support.deliveries import quick

LANE = object()


def breaker() -> Breaker:
    """A breaker that opens after five failures in a row."""
    return Breaker(quick(to="http://127.0.0.1:9", breaker_failures=5), lambda _: None)


def opened(ago: float = 60, pause: float = 30) -> OpenBreaker:
    """What another gateway tells of one that opened so many seconds ago."""
    return OpenBreaker("status 503", time.time() - ago, pause, failures=9)


def test_it_waits_as_long_as_the_other_and_opens_at_the_first_failure() -> None:
    """Until then it is closed: nobody may come to close it."""
    one = breaker()

    one.follow(opened())

    assert 29 < one.wait(LANE) <= 30
    assert not one.is_open
    one.failed("status 503", time.monotonic())
    assert one.opened is not None
    assert one.opened.failures == 10


def test_what_has_succeeded_since_counts_more() -> None:
    """Also by a clock that is ahead, at which the other will have opened later."""
    one = breaker()
    one.succeeded()

    one.follow(opened())
    one.follow(opened(ago=1))

    assert one.wait(LANE) == 0


def test_what_succeeded_before_counts_less() -> None:
    """The destination has gone since."""
    one = breaker()
    one.succeeded()

    one.follow(opened(ago=-1))

    assert one.wait(LANE) > 0


def test_one_that_is_open_goes_its_own_way() -> None:
    """Its own failures say more."""
    one = breaker()
    one.failed("connection refused", time.monotonic(), opens=True)
    before = one.opened

    one.follow(opened(pause=3600))

    assert before is not None
    assert one.opened is not None
    assert (one.opened.reason, one.opened.failures) == ("connection refused", 1)
    assert one.wait(LANE) < 3600
