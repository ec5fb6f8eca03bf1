"""The webhook gateway: HTTP in, events kept durably, delivered to a data plane until it has them."""
