"""05 · Spiking networks."""
