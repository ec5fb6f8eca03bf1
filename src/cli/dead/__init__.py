"""The `springhead dead` commands."""
