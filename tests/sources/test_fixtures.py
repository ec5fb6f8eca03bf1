"""The fixtures of all bundled sources, tested as those of any other source are."""

from springhead import Host
from springhead.testing import fixtures

test_fixtures = fixtures(*Host().sources)
