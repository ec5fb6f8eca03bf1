"""Reads springhead.toml and the environment into one frozen value, and reports all problems with them."""

from .load import Settings, load_settings
from .model import SourceSettings
from .problems import InvalidSettings
from .starter import starter_settings

__all__ = ["InvalidSettings", "Settings", "SourceSettings", "load_settings", "starter_settings"]
