"""04 · Spike encoding."""
