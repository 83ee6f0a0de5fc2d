"""17 · Wetware."""
