"""The webhook gateway: accepts webhooks, stores their events, and delivers them."""

from .app import gateway_app
from .settings import InvalidSettings, Settings, load_settings
from .storage.records import StoreBusy, StoreUnusable

__all__ = ["InvalidSettings", "Settings", "StoreBusy", "StoreUnusable", "gateway_app", "load_settings"]
