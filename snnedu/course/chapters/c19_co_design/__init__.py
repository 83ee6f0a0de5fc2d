"""19 · Co-design."""
