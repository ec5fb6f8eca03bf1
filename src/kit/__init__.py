"""The kit for authors of sources."""
