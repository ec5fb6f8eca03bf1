"""The suite sees the plugins of this repository, whatever else is installed beside it."""

from __future__ import annotations

import os

os.environ.setdefault("SPRINGHEAD_PLUGINS", "springhead")
