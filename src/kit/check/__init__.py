"""Checks source folders: what keeps them from loading, and what loads but is likely a mistake."""

from .finding import Finding
from .folder import CheckedFolder, check_folders

__all__ = ["CheckedFolder", "Finding", "check_folders"]
