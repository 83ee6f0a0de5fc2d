"""Exact spike times: a layer that takes times and returns times, with their exact gradient.

    hidden = ExactLeaky(5, 200, mean=1.2, std=2.0)                   # five inputs, 200 neurons
    out = ExactLeaky(200, 3, mean=0.2, std=0.2, max_spikes=1)        # three, of one spike each
    times = out(hidden(x.unsqueeze(-1)))                             # [batch, 3, 1], inf: no spike

A neuron has a membrane V and a synaptic current I, and no time steps:

    τ_s dI/dt = -I             I = I + w at a spike that comes in with weight w
    τ_m dV/dt = I - V          V = 0 at a spike of its own, when V reaches θ from below

Times are in units of τ_s, V, I and w in units of θ, and τ_m = 2 τ_s: then both have a closed form,
and the next spike is the root of a quadratic equation (Göltz et al. 2021,
doi:10.1038/s42256-021-00388-x).

The backward pass is EventProp. It walks from the last event to the first, and carries the credit of
the state along: p = dL/dV and q = dL/dI. Between events, as time runs backward,

    p decays with τ_m          q decays with τ_s, and p flows into it: dq/dt = q/τ_s - p/τ_m

    own spike at t*            p before it = (I p - τ_m dL/dt*) / (I - θ), with p after it
    spike that came in at t    dL/dw = q,    dL/dt = w (q/τ_s - p/τ_m)

It keeps spikes, not steps: memory grows with `max_spikes`, not with time. Wunderlich
and Pehle (2021, doi:10.1038/s41598-021-91786-z) write λ_V = -p/τ_m and λ_I = -q/τ_s.

Such a gradient is exact while no spike appears or disappears. It says nothing of a spike that is
not there: a silent neuron gets none. The loops are in `_spike_events.py`, in float64 on the CPU.
"""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from snnedu.core import _check

Times = Float[Tensor, "batch inputs spikes"]
Weight = Float[Tensor, "outputs inputs"]
Spikes = Float[Tensor, "batch outputs max_spikes"]


class ExactLeaky(nn.Module):
    """Weights and leaky neurons that exchange exact spike times; see the top of this file.

    `layer(times)` takes `[batch, inputs, spikes]` and returns `[batch, outputs, max_spikes]`, both
    in units of τ_s, inf where there is no spike. A neuron stops after `max_spikes`. The weights,
    `[outputs, inputs]` in units of θ, are float64, and drawn from a normal distribution with this
    `mean` and `std`. A single spike makes a neuron at rest fire if its weight exceeds 4 θ.

    Raises as `exact_spike_times` does.
    """

    weight: Tensor

    def __init__(
        self, inputs: int, outputs: int, *, mean: float, std: float, max_spikes: int = 4
    ) -> None:
        super().__init__()
        for name, value in {"inputs": inputs, "outputs": outputs, "max_spikes": max_spikes}.items():
            _check.count(name, value)
        self.max_spikes = max_spikes
        self.weight = nn.Parameter(mean + std * torch.randn(outputs, inputs, dtype=torch.float64))

    def forward(self, times: Times) -> Spikes:
        """Return the spike times of all neurons."""
        return exact_spike_times(times, self.weight, self.max_spikes)

    def extra_repr(self) -> str:
        """Show the sizes."""
        outputs, inputs = self.weight.shape
        return f"{inputs}, {outputs}, max_spikes={self.max_spikes}"


def exact_spike_times(times: Times, weight: Weight, max_spikes: int = 4) -> Spikes:
    """Return when leaky neurons fire, in float64; see the top of this file for the equations.

    `times`, in units of τ_s and in any order, is `[batch, inputs, spikes]`, inf for no spike.
    `weight`, in units of θ, is `[outputs, inputs]`. The neurons start at rest.

    Raises ValueError for other shapes, for NaN and for weights or times that are not finite (but
    for the inf of no spike), TypeError for integers.
    """
    _check.floating("times", times)
    _check.floating("weight", weight)
    _check.count("max_spikes", max_spikes)
    if times.ndim != 3 or weight.ndim != 2 or times.shape[1] != weight.shape[1]:
        raise ValueError(
            f"`exact_spike_times(times, weight)` needs [batch, inputs, spikes] and [outputs, "
            f"inputs]. Received {tuple(times.shape)} and {tuple(weight.shape)}. For one spike of "
            f"each input pass `times.unsqueeze(-1)`."
        )
    # A minimum is NaN if any number is, and one pass over many spikes is quick.
    known = times.numel() == 0 or bool(times.detach().min() > -torch.inf)
    if not known or not weight.isfinite().all():
        raise ValueError(
            "Weights must be finite, and times must be numbers, or inf for no spike. Received "
            "NaN or another infinity. Look at the input and the learning rate."
        )
    return _ExactSpikeTimes.apply(times.double(), weight.double(), max_spikes)  # pyright: ignore


class _ExactSpikeTimes(torch.autograd.Function):
    """The event loops as one autograd node, which keeps spikes alone."""

    @staticmethod
    def forward(ctx: Any, times: Tensor, weight: Tensor, max_spikes: int) -> Tensor:
        order = _in_order(times)
        spikes = np.full((len(times), len(weight), max_spikes), np.inf)
        currents = np.zeros_like(spikes)
        _loops().forward(*_events(times, order), _array(weight), spikes, currents)
        found, cur = (torch.from_numpy(part).to(times.device) for part in (spikes, currents))
        ctx.save_for_backward(times, order, weight, found, cur)
        return found

    @staticmethod
    def backward(ctx: Any, g_spikes: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        times, order, weight, spikes, currents = ctx.saved_tensors
        g_arrivals, g_weight = np.zeros(order.shape), np.zeros(weight.shape)
        kept = map(_array, (weight, spikes, currents, g_spikes))
        _loops().backward(*_events(times, order), *kept, g_arrivals, g_weight)
        g_times, found = torch.zeros_like(times).flatten(1), torch.from_numpy(g_arrivals)
        g_times.scatter_(1, order.long(), found.to(times.device))
        return g_times.view(times.shape), torch.from_numpy(g_weight).to(times.device), None


def _in_order(times: Tensor) -> Tensor:
    """Return the places of all spikes of a sample, earliest first; as many as the most have."""
    rows = _rows(times)
    most = np.isfinite(rows).sum(1).max(initial=0)
    return torch.from_numpy(rows.argsort(1)[:, :most].astype(np.int32)).to(times.device)


def _events(times: Tensor, order: Tensor) -> list[np.ndarray]:
    """Return what is alike for all neurons: when each spike comes in, its input, and its decay.

    The decay is that of a membrane since the spike before. Computed here, it need not be computed
    for each neuron again. After the last spike it is NaN, and never used.
    """
    arrivals = _array(times.flatten(1).gather(1, order.long()))
    decay = np.ones_like(arrivals)
    with np.errstate(invalid="ignore"):  # inf - inf, where a sample has fewer spikes than others
        decay[:, 1:] = np.exp((arrivals[:, :-1] - arrivals[:, 1:]) / _loops().TAU_MEM)
    return [arrivals, _array(order) // times.shape[2], decay]


def _rows(times: Tensor) -> np.ndarray:
    return _array(times.flatten(1))


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().contiguous().numpy()


def _loops() -> ModuleType:
    """Import the loops: numba takes a quarter of a second, so only when they are needed."""
    from snnedu.core import _spike_events

    return _spike_events
