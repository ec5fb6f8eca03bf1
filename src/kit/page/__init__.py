"""Writes the page of a source: what it accepts, the events it makes, and a sample, as Markdown."""
