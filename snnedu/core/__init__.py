"""The spiking library: neurons, networks of them, and how they are trained."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    [
        "batches",
        "checkpoint",
        "data",
        "delay",
        "folding",
        "functional",
        "history",
        "layer",
        "network",
        "neurons",
        "spike_times",
        "spikegen",
        "steps",
        "surrogate",
        "training",
    ],
)
