"""What runs on a learner's machine: the command `snnedu`, its doctor, Jupyter's settings."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["cli", "doctor", "workspace"])
