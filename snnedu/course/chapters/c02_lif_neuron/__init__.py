"""02 · The leaky neuron."""
