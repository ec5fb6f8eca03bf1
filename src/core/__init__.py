"""The host: finds sources, and turns the requests of vendors' webhooks into RudderStack events."""
