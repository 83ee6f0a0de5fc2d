"""How brains do it: the biophysics of a neuron, and later plasticity and cultures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["biophysics"])
