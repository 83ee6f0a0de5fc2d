"""03 · The neuron zoo."""
