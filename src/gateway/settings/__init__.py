"""springhead.toml and the environment in, one frozen value out, or all that is wrong with them."""

from .file import InvalidSettings
from .first import first_settings
from .sections import Source
from .settings import Settings, load_settings

__all__ = ["InvalidSettings", "Settings", "Source", "first_settings", "load_settings"]
