"""How brains do it: biophysics, plasticity, a real neuron's recording; later learning, cultures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, ["biophysics", "plasticity", "recordings"]
)
