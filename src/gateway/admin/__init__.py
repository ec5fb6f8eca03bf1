"""The admin address, where operators watch a gateway and handle its dead letters."""

from .app import admin_app
from .server import served_beside

__all__ = ["admin_app", "served_beside"]
