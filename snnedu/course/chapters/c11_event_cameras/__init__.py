"""11 · Event cameras."""
