"""The webhook gateway: HTTP in, kept until delivered, HTTP out."""
