"""15 · STDP meets backprop."""
