"""The admin address: what a gateway does, live, and its dead letters, for whoever runs it."""

from .app import admin_app
from .server import served_beside

__all__ = ["admin_app", "served_beside"]
