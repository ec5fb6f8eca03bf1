"""HTTP: the source transformer that rudder-server calls, and a webhook gateway of our own."""

from .gateway import gateway_app
from .options import TransformerOptions
from .settings import InvalidSettings, Settings, load_settings
from .store import StoreBusy, StoreUnusable
from .transformer import transformer_app

__all__ = [
    "InvalidSettings",
    "Settings",
    "StoreBusy",
    "StoreUnusable",
    "TransformerOptions",
    "gateway_app",
    "load_settings",
    "transformer_app",
]
