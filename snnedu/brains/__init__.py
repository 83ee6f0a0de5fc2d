"""How brains do it: biophysics, a recorded neuron, plasticity, online learning, cultures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, ["biophysics", "culture", "online", "plasticity", "recordings"]
)
