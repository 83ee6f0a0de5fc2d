"""From a network to a chip: event cameras, conversion, energy, quantization, export (NIR)."""
