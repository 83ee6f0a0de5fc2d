"""01 · Hello, spikes."""
