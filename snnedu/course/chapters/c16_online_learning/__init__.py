"""16 · Online learning."""
