"""How brains do it: biophysics of a neuron; later plasticity (STDP), online learning, cultures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["biophysics"])
