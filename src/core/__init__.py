"""The host, which finds sources and maps requests to events, and the language their mappings are written in."""
