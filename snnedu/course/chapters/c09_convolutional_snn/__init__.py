"""09 · Convolutional SNNs."""
