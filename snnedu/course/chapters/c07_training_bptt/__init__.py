"""07 · Training through time."""
