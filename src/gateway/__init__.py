"""HTTP: the source transformer that rudder-server calls."""

from .options import TransformerOptions
from .transformer import transformer_app

__all__ = ["TransformerOptions", "transformer_app"]
