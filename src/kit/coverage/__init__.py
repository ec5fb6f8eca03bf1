"""Measures what the fixtures of a source run of its mapping, and what they hold that no row reads."""
