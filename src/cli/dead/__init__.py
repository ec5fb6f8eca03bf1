"""`springhead dead`: list, show, replay and drop dead letters."""
