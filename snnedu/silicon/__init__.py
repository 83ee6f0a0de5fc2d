"""From a network to a chip: event cameras, conversion, energy, quantization, export (NIR)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, ["conversion", "energy", "events", "nir", "operations", "quantize", "sky"]
)
