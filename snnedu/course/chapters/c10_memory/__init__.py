"""10 · Memory."""
