"""snnedu: learn spiking neural networks by playing with them.

    import snnedu as snn

Every public name is listed in `__init__.pyi` and loaded on first use, so the import is quick.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
