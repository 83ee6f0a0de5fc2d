"""The built-in models of the explorers, in Python: what `models.js` computes in the browser.

Each is a function of plain numbers and words that returns a dict of arrays, and uses the library's
own neurons. A test in Chromium compares both languages: spikes are equal, membranes to rounding.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from numpy.typing import NDArray
from torch import Tensor

from snnedu.brains import biophysics
from snnedu.core import neurons, spikegen, surrogate

Outputs = dict[str, Any]
Neuron = neurons.SpikingLayer | biophysics.Izhikevich | biophysics.HodgkinHuxley


def uniform(seed: int, count: int) -> Float64[NDArray[np.float64], " {count}"]:
    """Return random numbers in [0, 1), the same in Python and JavaScript.

    The mulberry32 generator (public domain, Tommy Ettinger), which needs 32-bit integers only.
    """
    with np.errstate(over="ignore"):  # wrapping round is how it works
        start = np.uint32(seed & 0xFFFFFFFF) * np.uint32(0x9E3779B1)
        z = start + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
        z = (z ^ (z >> np.uint32(15))) * (z | np.uint32(1))
        z ^= z + (z ^ (z >> np.uint32(7))) * (z | np.uint32(61))
    return (z ^ (z >> np.uint32(14))) / 2.0**32


def current(drive: str, amplitude: float, steps: int, seed: int) -> Float32[Tensor, " {steps}"]:
    """Return an input current: constant, step, pulses, ramp or noise, up to `amplitude`."""
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
    """One leaky neuron, and its f-I curve: spikes per 100 steps at currents up to `most`."""
    neuron = neurons.Leaky(beta, threshold, reset_mechanism=reset_mechanism)  # pyright: ignore
    currents = torch.from_numpy((most * np.arange(61) / 60).astype(np.float32))
    with torch.no_grad():
        spk_rec, _ = neuron.unroll(currents.expand(steps, 61))
    rates = {"fi_current": currents, "fi_rate": 100 / steps * spk_rec.sum(0).double()}
    return {**_one(neuron, current(drive, amplitude, steps, seed)), **rates}


def circuit(
    C: float = 2.0,
    R: float = 10.0,
    threshold: float = 15.0,
    reset_mechanism: str = "subtract",
    drive: str = "constant",
    amplitude: float = 2.0,
    steps: int = 200,
    seed: int = 0,
    most: float = 4.0,
) -> Outputs:
    """One leaky neuron in units, and its f-I curve: spikes in 1 s at currents up to `most`.

    `C` in nF, `R` in MΩ, `threshold` in mV, currents in nA; steps of 1 ms. `rate` is measured at a
    constant `amplitude`, whatever the `drive`. Where R I, at which U comes to rest, is θ or less,
    it is 0: rounding makes no spike. `tau` is R C, in ms.
    """
    tau = R * C
    beta = math.exp(-1 / tau)
    gain = R * (1 - beta)  # exact for a current that is constant within a step
    neuron = neurons.Leaky(beta, threshold, reset_mechanism=reset_mechanism)  # pyright: ignore
    out = _run(neuron, current(drive, gain * amplitude, steps, seed))
    levels = torch.from_numpy((most * np.arange(61) / 60).astype(np.float32))
    constant = torch.cat([levels.double(), torch.tensor([amplitude]).double()])
    with torch.no_grad():
        counts = neuron.unroll((gain * constant).float().expand(1000, 62))[0].sum(0)
    *rates, rate = torch.where(R * constant > threshold, counts, 0).tolist()
    now = {"cur": current(drive, amplitude, steps, seed), **out, "count": float(out["spk"].sum())}
    fi = {"rate": rate, "fi_current": levels, "fi_rate": rates}
    return {**now, "peak": float(out["mem"].max()), "tau": tau, "beta": beta, **fi}


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
    """One leaky neuron after a synapse whose current decays with `alpha`."""
    neuron = neurons.Synaptic(alpha, beta, threshold, reset_mechanism=reset_mechanism)  # pyright: ignore
    return _one(neuron, current(drive, amplitude, steps, seed))


def alpha_neuron(
    alpha: float = 0.9,
    beta: float = 0.8,
    threshold: float = 1.0,
    reset_mechanism: str = "subtract",
    drive: str = "constant",
    amplitude: float = 0.2,
    steps: int = 100,
    seed: int = 0,
) -> Outputs:
    """One neuron that responds to an input spike with a smooth bump."""
    neuron = neurons.Alpha(alpha, beta, threshold, reset_mechanism=reset_mechanism)  # pyright: ignore
    return _one(neuron, current(drive, amplitude, steps, seed))


def adaptive(
    beta: float = 0.9,
    rho: float = 0.95,
    adaptation: float = 1.8,
    threshold: float = 1.0,
    reset_mechanism: str = "subtract",
    drive: str = "constant",
    amplitude: float = 0.3,
    steps: int = 100,
    seed: int = 0,
) -> Outputs:
    """One leaky neuron whose threshold rises with each of its spikes."""
    neuron = neurons.AdaptiveLeaky(
        beta,
        rho,
        adaptation,
        threshold,
        reset_mechanism=reset_mechanism,  # pyright: ignore[reportArgumentType]
    )
    return _one(neuron, current(drive, amplitude, steps, seed))


def surrogate_shape(
    kind: str = "atan", slope: float = 2.0, at: float = 0.2, width: float = 2.0
) -> Outputs:
    """The step function of a spike, and h(x), which training uses as its derivative."""
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
    """Leaky neurons that excite and inhibit each other, one pair in ten; random input spikes.

    A spike arrives one step later: with `weight` from an excitatory neuron, with minus `inhibition`
    times `weight` from an inhibitory one. In each step a neuron gets an input of 0.5 with
    probability `drive`.
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
    regime = "silent" if percent < 1 else "overactive" if percent > 25 else "alive"
    return {"spk": spk_rec, "active": active, "percent": percent, "regime": regime}


def fluctuation(
    mean: float = 0.05,
    spread: float = 0.3,
    beta: float = 0.9,
    steps: int = 100,
    long: int = 1000,
    most: float = 0.4,
    seed: int = 0,
) -> Outputs:
    """One leaky neuron under a current that fluctuates around its mean by `spread`.

    `cur`, `mem` and `spk` are its first `steps` steps. `percent`, the spikes per 100 steps, and
    `cv`, the irregularity of the intervals (standard deviation over mean), are taken from `long`
    steps, and so are the two curves over the mean: with and without fluctuation.
    """
    noise = uniform(seed, 12 * long).reshape(long, 12).sum(1) - 6  # nearly normal, of width 1
    means = most * np.arange(41) / 40
    moving = np.append(means, mean) + spread * noise[:, None]
    cur = torch.from_numpy(np.hstack([moving, np.tile(means, (long, 1))]).astype(np.float32))
    with torch.no_grad():
        spk_rec, mem_rec = neurons.Leaky(beta).unroll(cur)
    rates = 100 / long * spk_rec.sum(0).double()
    shown = {"cur": cur[:steps, 41], "mem": mem_rec[:steps, 41], "spk": spk_rec[:steps, 41]}
    curves = {"means": means, "moving": rates[:41], "still": rates[42:]}
    return {**shown, **curves, "percent": float(rates[41]), **_irregularity(spk_rec[:, 41])}


def izhikevich(
    a: float = 0.02,
    b: float = 0.2,
    c: float = -65.0,
    d: float = 8.0,
    drive: str = "step",
    amplitude: float = 10.0,
    steps: int = 300,
    seed: int = 0,
) -> Outputs:
    """One Izhikevich neuron for `steps` ms, in steps of 0.1 ms."""
    cur = current(drive, amplitude, steps, seed).repeat_interleave(10)
    outputs = _run(biophysics.Izhikevich(a=a, b=b, c=c, d=d), cur)
    return {"cur": cur, **outputs, "count": float(outputs["spk"].sum())}


def zoo(
    beta: float = 0.8,
    drive: str = "step",
    amplitude: float = 0.3,
    steps: int = 100,
    seed: int = 0,
) -> Outputs:
    """Several neurons under one input; the first four have threshold 1 and decay `beta`.

    `Synaptic` gets (1 - α) = 0.2 of it: its current lasts longer, so it adds up to the same.

    For Izhikevich's and Hodgkin and Huxley's neurons (in uA/cm2), a step of the input lasts 1 ms,
    and the input is 40 times as large.
    """
    cur = current(drive, amplitude, steps, seed)
    models = {
        "leaky": neurons.Leaky(beta),
        "synaptic": neurons.Synaptic(0.8, beta),
        "alpha": neurons.Alpha(0.97, beta),
        "adaptive": neurons.AdaptiveLeaky(beta, 0.95, 5.0),
    }
    runs = {
        name: _run(neuron, 0.2 * cur if name == "synaptic" else cur)  # (1 - α) I: as strong as I
        for name, neuron in models.items()
    }
    runs["izhikevich"] = _run(biophysics.Izhikevich(), 40 * cur.repeat_interleave(10))
    axon = biophysics.HodgkinHuxley(dt=0.05)
    runs["hodgkin_huxley"] = _run(axon, 40 * cur.repeat_interleave(20))
    outputs = {f"{name}_{key}": run[key] for name, run in runs.items() for key in ("spk", "mem")}
    outputs["adaptive_threshold"] = 1 + 5 * runs["adaptive"]["ada"]
    counts = {f"{name}_count": float(run["spk"].sum()) for name, run in runs.items()}
    return {"cur": cur, **outputs, **counts, "counts": list(counts.values())}


def rate_code(x: Any = (), gain: float = 1.0, steps: int = 50, seed: int = 0) -> Outputs:
    """The rate code, as `spikegen.rate`, but with random numbers that JavaScript has too."""
    p = np.clip(gain * np.asarray(x, np.float64).reshape(-1), 0, 1)
    spk = uniform(seed, steps * p.size).reshape(steps, -1) < p
    decoded = spk.mean(0)
    spread = np.sqrt(p * (1 - p) / steps)  # the standard error
    band = {"low": p - spread, "high": p + spread, "law": _rms(spread)}
    told = {"decoded": decoded, "error": _rms(decoded - p)}
    return {"spk": spk, "p": p, **told, **band, "count": float(spk.sum())}


def latency_code(
    x: Any = (), steps: int = 50, theta: float = 0.01, pace: str = "logarithmic"
) -> Outputs:
    """One spike a number, the sooner the larger: `spikegen.latency`."""
    data, linear = torch.tensor(x), pace == "linear"
    spk = spikegen.latency(data, steps, threshold=theta, linear=linear)
    decoded = spikegen.decode_latency(spk, threshold=theta, linear=linear)
    return {"spk": spk, "x": x, "decoded": decoded, **_quality(spk, decoded, data)}


def delta_code(x: Any = (), theta: float = 0.1, compare: str = "the step before") -> Outputs:
    """A spike up or down where a signal has changed by θ: `spikegen.delta`."""
    data, feedback = torch.tensor(x), compare == "the rebuilt signal"
    spk = spikegen.delta(data, theta, off_spike=True, padding=True, feedback=feedback)
    rebuilt = spikegen.decode_delta(spk, theta, data[0])
    both = torch.stack([spk < 0, spk > 0], 1).float()
    return {"x": x, "rebuilt": rebuilt, "spk": both, **_quality(both, rebuilt, data)}


def _quality(
    spk: Float[Tensor, "time neurons"], decoded: Float[Tensor, " n"], wanted: Float[Tensor, " n"]
) -> Outputs:
    return {"count": float(spk.sum()), "error": _rms((decoded - wanted).double().numpy())}


def _rms(errors: Float64[NDArray[np.float64], " n"]) -> float:
    return float(np.sqrt(np.square(errors).mean()))


def _irregularity(spk_rec: Float[Tensor, " time"]) -> Outputs:
    """Return the coefficient of variation of ten or more intervals, and words for it."""
    intervals = spk_rec.nonzero().flatten().diff()
    n, total, squares = len(intervals), int(intervals.sum()), int((intervals**2).sum())
    cv = math.sqrt(n * squares - total**2) / total if n else 0.0
    few = "silent" if not spk_rec.any() else "nearly silent"
    known = "like a clock" if cv < 0.3 else "irregular" if cv > 0.6 else "in between"
    return {"cv": cv, "pattern": f"{known} (CV {cv:.2f})" if n >= 10 else few}


def _one(neuron: neurons.SpikingLayer, cur: Float[Tensor, " time"]) -> Outputs:
    """Return a neuron's input, spikes and states over time, and how much it spiked."""
    outputs = _run(neuron, cur)
    count = float(outputs["spk"].sum())
    return {"cur": cur, **outputs, "count": count, "rate": 100 / len(cur) * count}


def _run(neuron: Neuron, cur: Float[Tensor, " time"]) -> dict[str, Float[Tensor, " time"]]:
    with torch.no_grad():
        recordings = neuron.unroll(cur.unsqueeze(1))
    named = zip(("spk", *neuron.state_names), recordings, strict=True)
    return {name: recording.squeeze(1) for name, recording in named}


BUILT_IN: Mapping[str, Callable[..., Outputs]] = {
    "leaky": leaky,
    "circuit": circuit,
    "synaptic": synaptic,
    "alpha": alpha_neuron,
    "adaptive": adaptive,
    "izhikevich": izhikevich,
    "zoo": zoo,
    "rate": rate_code,
    "latency": latency_code,
    "delta": delta_code,
    "surrogate": surrogate_shape,
    "fluctuation": fluctuation,
    "network": network,
}
