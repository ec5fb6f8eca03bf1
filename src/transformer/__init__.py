"""The source transformer that an unmodified rudder-server calls."""

from .app import transformer_app
from .options import TransformerOptions

__all__ = ["TransformerOptions", "transformer_app"]
