"""21 · Capstone: a satellite among the stars."""
