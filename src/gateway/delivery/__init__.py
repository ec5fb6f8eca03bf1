"""Events out of the store: lanes claim and send them, a data plane or a file takes them."""

from .delivery import Delivery, open_destination
from .destination import Observer

__all__ = ["Delivery", "Observer", "open_destination"]
