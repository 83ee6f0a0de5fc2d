"""How often a leaky neuron fires, with a pause after each spike; how its membrane decays."""

import math

import torch
from torch import Tensor

from snnedu.core.neurons import Leaky


def simulated_rate(
    cur: Tensor,
    pause: float,
    dt: float,
    tau: float = 20.0,
    R: float = 10.0,
    threshold: float = 15.0,
) -> Tensor:
    """Return the spikes in one second at constant currents `cur` (nA), in steps of `dt` ms.

    After each spike the neuron is held at rest for `pause` ms.
    """
    beta = math.exp(-dt / tau)
    lif = Leaky(beta, threshold, reset_mechanism="zero").double()
    mem = wait = count = torch.zeros_like(cur)
    for _ in range(round(1000 / dt)):
        awake = wait == 0
        spk, mem = (state * awake for state in lif((1 - beta) * R * cur, mem))
        wait = (wait - 1).clamp(min=0) + round(pause / dt) * spk
        count = count + spk
    return count


def recording(seed: int) -> Tensor:
    """Return an unknown neuron's membrane potential after a pulse, in steps of 0.5 ms."""
    return decay(4 + seed % 17, 0.5)


def decay(tau: float, dt: float) -> Tensor:
    """Return 40 steps of a membrane that falls from 1: exp(-t/τ), `tau` and `dt` in ms."""
    return torch.exp(-torch.arange(40) * dt / tau)
