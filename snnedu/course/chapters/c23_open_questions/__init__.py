"""23 · Open questions."""
