"""Compares two versions of a source by what they make of the same requests."""
