"""The built-in models of the explorers, in Python: what `models.js` computes in the browser.

Each is a function of plain numbers and words that returns a dict of arrays, and uses the library's own
neurons. A test in Chromium holds both languages equal: spikes exactly, the rest to float32 rounding.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnedu import neurons, surrogate

Outputs = dict[str, Any]


def uniform(seed: int, count: int) -> NDArray[np.float64]:
    """Return `count` random numbers in [0, 1), the same ones in Python and JavaScript.

    The mulberry32 generator (public domain, Tommy Ettinger), which needs 32-bit integers only.
    """
    with np.errstate(over="ignore"):  # wrapping round is how it works
        start = np.uint32(seed & 0xFFFFFFFF) * np.uint32(0x9E3779B1)
        z = start + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
        z = (z ^ (z >> np.uint32(15))) * (z | np.uint32(1))
        z ^= z + (z ^ (z >> np.uint32(7))) * (z | np.uint32(61))
    return (z ^ (z >> np.uint32(14))) / 2.0**32


def current(drive: str, amplitude: float, steps: int, seed: int) -> Tensor:
    """Return an input current [time]: constant, step, pulses, ramp or noise, of mean size `amplitude`."""
    t = np.arange(steps)
    shape = {
        "constant": lambda: np.ones(steps),
        "step": lambda: (t >= steps // 4) & (t < steps - steps // 4),
        "pulses": lambda: t % 10 == 0,
        "ramp": lambda: t / (steps - 1),
        "noise": lambda: 2 * uniform(seed, steps),
    }[drive]()
    return torch.from_numpy((amplitude * shape).astype(np.float32))


def leaky(
    beta: float = 0.9,
    threshold: float = 1.0,
    reset_mechanism: str = "subtract",
    drive: str = "constant",
    amplitude: float = 0.3,
    steps: int = 100,
    seed: int = 0,
    most: float = 1.0,
) -> Outputs:
    """One leaky neuron, and its f-I curve: spikes per 100 steps at constant currents up to `most`."""
    neuron = neurons.Leaky(beta, threshold, reset_mechanism=reset_mechanism)  # pyright: ignore
    currents = torch.from_numpy((most * np.arange(61) / 60).astype(np.float32))
    with torch.no_grad():
        spk_rec, _ = neuron.unroll(currents.expand(steps, 61))
    rates = {"fi_current": currents, "fi_rate": 100 / steps * spk_rec.sum(0).double()}
    return {**_one(neuron, current(drive, amplitude, steps, seed)), **rates}


def synaptic(
    alpha: float = 0.8,
    beta: float = 0.9,
    threshold: float = 1.0,
    reset_mechanism: str = "subtract",
    drive: str = "constant",
    amplitude: float = 0.1,
    steps: int = 100,
    seed: int = 0,
) -> Outputs:
    """One leaky neuron behind a synapse with a memory."""
    neuron = neurons.Synaptic(alpha, beta, threshold, reset_mechanism=reset_mechanism)  # pyright: ignore
    return _one(neuron, current(drive, amplitude, steps, seed))


def surrogate_shape(kind: str = "atan", slope: float = 2.0, at: float = 0.2, width: float = 2.0) -> Outputs:
    """The step that a spike is, and the derivative h(x) that training puts in its place."""
    spike_grad = getattr(surrogate, kind)(*([] if kind == "straight_through" else [slope]))
    x = torch.from_numpy((width * (np.arange(401) - 200) / 200).astype(np.float32))
    here = torch.tensor([at])
    return {
        "x": x,
        "spk": spike_grad(x),
        "grad": spike_grad.derivative(x),
        "spk_here": spike_grad(here),
        "grad_here": spike_grad.derivative(here),
    }


def network(
    weight: float = 0.1,
    inhibition: float = 4.0,
    drive: float = 0.1,
    beta: float = 0.9,
    steps: int = 200,
    excitatory: int = 80,
    inhibitory: int = 20,
    seed: int = 1,
) -> Outputs:
    """Leaky neurons that excite and inhibit each other, one synapse in ten; random input spikes.

    A spike arrives one step later, with +`weight` from an excitatory neuron and -`inhibition` times that
    from an inhibitory one. From outside each neuron gets 0.5 with probability `drive` per step.
    """
    count = excitatory + inhibitory
    synapses = uniform(seed, count * count).reshape(count, count) < 0.1
    signed = synapses * np.where(np.arange(count) < excitatory, 1.0, -inhibition)
    outside = 0.5 * (uniform(seed + 1, steps * count).reshape(steps, count) < drive)
    neuron = neurons.Leaky(beta)
    spk, mem, rows = torch.zeros(count), None, []
    with torch.no_grad():
        for cur in outside:
            arriving = weight * (signed @ spk.numpy().astype(np.float64)) + cur
            spk, mem = neuron(torch.from_numpy(arriving.astype(np.float32)), mem)
            rows.append(spk)
    spk_rec = torch.stack(rows)
    active = spk_rec.double().mean(1) * 100
    percent = float(active.mean())
    regime = "silent" if percent < 1 else "saturated" if percent > 40 else "alive"
    return {"spk": spk_rec, "active": active, "percent": percent, "regime": regime}


def _one(neuron: neurons.SpikingLayer, cur: Tensor) -> Outputs:
    """Run one neuron; return its input, spikes and states over time."""
    with torch.no_grad():
        recordings = neuron.unroll(cur.unsqueeze(1))
    named = zip(("spk", *neuron.state_names), recordings, strict=True)
    outputs = {name: recording.squeeze(1) for name, recording in named}
    count = float(outputs["spk"].sum())
    return {"cur": cur, **outputs, "count": count, "rate": 100 / len(cur) * count}


BUILT_IN: Mapping[str, Callable[..., Outputs]] = {
    "leaky": leaky,
    "synaptic": synaptic,
    "surrogate": surrogate_shape,
    "network": network,
}
