"""The fixtures of all bundled sources, tested as those of any other source are."""

from springhead.testing import fixtures
from support.hosts import HOST

test_fixtures = fixtures(*HOST.sources)
