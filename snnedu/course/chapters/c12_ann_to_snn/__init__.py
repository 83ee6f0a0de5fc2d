"""12 · From a trained network to spikes."""
