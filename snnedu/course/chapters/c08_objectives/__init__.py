"""08 · Objectives."""
