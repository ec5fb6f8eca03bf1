"""Settings of the whole suite."""

from __future__ import annotations

import os
import signal

# Whatever else is installed, the suite sees the plugins of this repository.
os.environ.setdefault("SPRINGHEAD_PLUGINS", "springhead")
# A shell ignores SIGINT in a background job such as `make test &`, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
