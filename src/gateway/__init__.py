"""HTTP: the source transformer that rudder-server calls, and a webhook gateway of our own."""

from ..transformer.app import transformer_app
from ..transformer.options import TransformerOptions
from .app import gateway_app
from .settings import InvalidSettings, Settings, load_settings
from .storage.records import StoreBusy, StoreUnusable

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
