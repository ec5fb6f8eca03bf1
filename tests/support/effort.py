"""Scales the long tests: `SPRINGHEAD_TEST_EFFORT=10` runs ten times as many examples."""

import os


def scaled(count: int) -> int:
    """Return `count` times the effort asked for, a whole number that is 1 by default."""
    return count * int(os.environ.get("SPRINGHEAD_TEST_EFFORT", "1"))
