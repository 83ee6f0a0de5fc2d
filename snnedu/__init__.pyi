# The public names, module by module. `__init__.py` reads this file to load them on first use.

__version__: str

from . import data as data
from . import functional as functional
from . import spikegen as spikegen
from . import surrogate as surrogate
from .neurons import (
    Leaky as Leaky,
    SpikingLayer as SpikingLayer,
    Synaptic as Synaptic,
)
