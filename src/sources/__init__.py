"""The bundled sources: each folder below is a plugin like any other."""
