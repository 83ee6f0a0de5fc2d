"""13 · Spike times."""
