"""Delivers what the gateway keeps to a data plane or a file."""

from .delivery import Delivery, open_destination

__all__ = ["Delivery", "open_destination"]
