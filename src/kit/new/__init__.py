"""Drafts a source folder from bodies as a vendor posts them."""
