"""The bundled sources. Each folder is a plugin like any other."""
