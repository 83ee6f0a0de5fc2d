"""22 · Scaling out."""
