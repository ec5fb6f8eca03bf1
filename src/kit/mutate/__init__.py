"""Changes a source in small ways, one at a time, and finds the changes that no fixture notices."""
