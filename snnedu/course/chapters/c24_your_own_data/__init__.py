"""24 · Your own data."""
