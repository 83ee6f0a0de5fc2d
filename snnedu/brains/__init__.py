"""How brains do it: biophysics, a recorded neuron, plasticity, online learning; later cultures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, ["biophysics", "online", "plasticity", "recordings"]
)
