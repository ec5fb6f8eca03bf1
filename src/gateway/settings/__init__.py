"""springhead.toml and the environment in, one frozen value out, or all that is wrong with them."""

from .load import Settings, load_settings
from .model import SourceSettings
from .starter import first_settings
from .toml_file import InvalidSettings

__all__ = ["InvalidSettings", "Settings", "SourceSettings", "first_settings", "load_settings"]
