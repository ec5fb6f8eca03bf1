"""Explains an outcome: which row each value came from, and why other values did not come out."""
