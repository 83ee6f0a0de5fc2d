"""What 03 does with its neurons: run them, poison them, draw a spike's path, fit a real one."""

from itertools import product
from typing import Any

import torch
from torch import Tensor

from snnedu.brains.biophysics import HodgkinHuxley, Izhikevich, Membrane, gate_rates
from snnedu.brains.recordings import DT, coincidence, grasshopper
from snnedu.core.neurons import AdaptiveLeaky, Leaky, Synaptic

Neuron = HodgkinHuxley | Izhikevich
HEALTHY = Membrane()


def respond(neuron: Neuron, *pieces: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Give a current in pieces (ms, strength); return the spike times in ms, and V [time]."""
    cur_rec = [torch.full((round(ms / neuron.dt), 1), float(cur)) for ms, cur in pieces]
    spk_rec, mem_rec, *_ = neuron.unroll(torch.cat(cur_rec))
    return (spk_rec[:, 0].nonzero()[:, 0] + 1) * neuron.dt, mem_rec[:, 0]


def intervals(neuron: Neuron, cur: float, ms: float = 500) -> list[float]:
    """Return the intervals between the spikes under a constant current, in ms."""
    return [round(step, 1) for step in respond(neuron, (ms, cur))[0].diff().tolist()]


def lasting_rate(neuron: Neuron, cur: float, ms: float = 1000) -> float:
    """Return the firing rate in Hz that stays: one over the mean interval of the second half."""
    times, _ = respond(neuron, (ms, cur))
    steps = times[times > ms / 2].diff()
    return 1000 / steps.mean().item() if len(steps) > 1 else 0.0


def ramp(rise: float, height: float, ms: float = 300, dt: float = 0.02) -> int:
    """Count the axon's spikes under a current that takes `rise` ms to reach its height."""
    time = torch.arange(round(ms / dt)) * dt
    cur = height * (time / rise).clamp(max=1)
    return int(HodgkinHuxley(dt=dt).unroll(cur[:, None])[0].sum())


def two_pulses(gap: float, second: float, first: float = 15.0) -> int:
    """Count the axon's spikes after two pulses of 1 ms, whose starts lie `gap` ms apart."""
    pieces = (5, 0), (1, first), (gap - 1, 0), (1, second), (30, 0)
    return len(respond(HodgkinHuxley(dt=0.02), *pieces)[0])


def poisoned(sodium: float, potassium: float, dt: float = 0.05) -> HodgkinHuxley:
    """Return an axon with a share of its sodium (TTX) and potassium channels (TEA) left.

    TEA leaves the rest as it is (Tasaki and Hagiwara 1957, doi:10.1085/jgp.40.6.859). So the
    potassium conductance that is open at rest stays, as a part of the leak.
    """
    n = HodgkinHuxley().rest()[3]
    kept = (1 - potassium) * HEALTHY.g_k * n**4
    g_leak = HEALTHY.g_leak + kept
    e_leak = (HEALTHY.g_leak * HEALTHY.e_leak + kept * HEALTHY.e_k) / g_leak
    return HodgkinHuxley(
        dt=dt, g_na=HEALTHY.g_na * sodium, g_k=HEALTHY.g_k * potassium, g_leak=g_leak, e_leak=e_leak
    )


def axon(
    stimulus: str, strength: float, gap: float, sodium: float, potassium: float
) -> dict[str, Any]:
    """Run the axon from a healthy rest, for an `Explorer`."""
    neuron, cur = poisoned(sodium, potassium), torch.zeros(1000, 1)
    pulses = {"one pulse": [5.0], "two pulses": [5.0, 5.0 + gap], "20 ms": [5.0]}[stimulus]
    length = 20.0 if stimulus == "20 ms" else 1.0
    for start in pulses:
        cur[round(start / neuron.dt) : round((start + length) / neuron.dt)] = strength
    rest = [torch.tensor([value]) for value in HodgkinHuxley().rest()]
    spk, mem, m, h, n = (rec[:, 0] for rec in neuron.unroll(cur, *rest))
    return {"cur": cur[:, 0], "mem": mem, "m": m, "h": h, "n": n, "count": int(spk.sum())}


def phase_plane(strength: float = 15.0) -> Any:
    """Animate a spike in the plane of V and n; the dotted curve is where V stands still."""
    from celluloid import Camera
    from matplotlib import pyplot as plt

    from snnedu.viz import COLORS, GRAY, embed

    push = torch.zeros(2000, 1)
    push[200:300] = strength  # steps of 0.01 ms
    _, mem_rec, _, h_rec, n_rec = (rec[:, 0] for rec in HodgkinHuxley().unroll(push))
    levels = torch.linspace(-76, 49, 120)
    opening, closing = torch.tensor([gate_rates(v)[4:] for v in levels.tolist()]).T
    figure, (plane, clock) = plt.subplots(1, 2, figsize=(7.2, 2.8), layout="constrained")
    plane.set(xlabel="V (mV)", ylabel="n", ylim=(0.2, 1), title="still: V (dotted), n (dashed)")
    clock.set(xlabel="time (ms)", ylabel="V (mV)", title="the same in time")
    camera = Camera(figure)
    for t in (*range(190, 310, 20), *range(310, 660, 14), *range(660, 2000, 150)):
        plane.plot(levels, _standstill(h_rec[t], levels), ":", color=COLORS[4])
        plane.plot(levels, opening / (opening + closing), "--", color=GRAY)
        plane.plot(mem_rec[180:t], n_rec[180:t], color=COLORS[0])
        plane.plot(mem_rec[t], n_rec[t], "o", color=COLORS[1])
        clock.plot(torch.arange(180, t) / 100, mem_rec[180:t], color=COLORS[0])
        clock.plot(t / 100, mem_rec[t], "o", color=COLORS[1])
        clock.text(0.5, 0.9, f"h = {h_rec[t]:.2f}", transform=clock.transAxes)
        camera.snap()
    alt = (
        "In the plane of V and n the point runs right, up, left and home: a loop. The hump of the "
        "dotted curve sinks as h falls, and V falls through it."
    )
    return embed(camera, fps=8, alt=alt)


def _standstill(h: Tensor, mem: Tensor) -> Tensor:
    """Return the n at which V does not move, without a current, m being where V wants it."""
    opening, closing = torch.tensor([gate_rates(v)[:2] for v in mem.tolist()]).T
    g_na = HEALTHY.g_na * (opening / (opening + closing)) ** 3 * h
    inward = g_na * (mem - HEALTHY.e_na) + HEALTHY.g_leak * (mem - HEALTHY.e_leak)
    fourth = -inward / (HEALTHY.g_k * (mem - HEALTHY.e_k))
    return torch.where(fourth > 0, fourth.clamp(min=0) ** 0.25, torch.nan)


# c and d of neurons that differ a little, yet are of one kind.
RELATIVES = {
    "regular_spiking": tuple(product((-67.0, -65.0, -63.0), (7.5, 8.0, 9.0))),
    "intrinsically_bursting": ((-56.0, 3.5), (-56.0, 4.0), (-56.0, 4.5), (-55.0, 4.0)),
    "chattering": tuple(product((-51.0, -50.0, -49.0), (1.8, 2.0, 2.2))),
    "fast_spiking": tuple(product((-67.0, -65.0, -63.0), (1.8, 2.0, 2.5))),
    "low_threshold_spiking": tuple(product((-67.0, -65.0, -63.0), (1.8, 2.0, 2.5))),
}


def unknown_neuron(seed: int) -> Izhikevich:
    """Return a neuron of one of the five kinds; c and d are not quite the published ones."""
    return relative(tuple(RELATIVES)[seed % 5], seed // 5)


def relative(kind: str, number: int) -> Izhikevich:
    """Return a neuron of a kind, one of several that differ a little."""
    c, d = RELATIVES[kind][number % len(RELATIVES[kind])]
    return Izhikevich(kind, c=c, d=d)


# ---------------------------------------------------------------- a model of the real neuron

LAGS = (22, 24, 26, 28)  # steps from the ear to the electrode


def search(kind: str, seed: int, cutoff: int = 200, settings: int = 200) -> float:
    """Fit a neuron to the first five seconds of the recording; return Γ on the last five.

    For each lag, `settings` neurons are drawn at random; the best on the first half is kept.
    """
    sound, real = grasshopper(cutoff)
    half = len(sound) // 2
    torch.manual_seed(seed)
    best, unseen = -1.0, 0.0
    for lag in LAGS:
        neuron, gain = _drawn(kind, settings)
        with torch.no_grad():
            spk_rec = neuron.unroll(gain * sound.roll(lag)[:, None, None])[0][:, 0]
        known = coincidence(spk_rec[:half], real[:half])
        if known.max() > best:
            best = known.max().item()
            chosen = spk_rec[half:, known.argmax(), None]
            unseen = coincidence(chosen, real[half:]).item()
    return unseen


def _drawn(kind: str, settings: int) -> tuple[Leaky | Synaptic | AdaptiveLeaky, Tensor]:
    """Return neurons with parameters at random, and the gain of the sound for each."""
    beta, gain = _decays(0.5, 20, settings), _between(0.02, 2, settings)
    if kind == "Leaky":
        return Leaky(beta), gain
    if kind == "Synaptic":
        alpha = _decays(0.3, 5, settings)
        return Synaptic(alpha, beta), gain * (1 - alpha)
    rho, rise = _decays(1, 200, settings), _between(0.1, 5, settings)
    return AdaptiveLeaky(beta, rho, rise / (1 - rho)), gain


def _decays(shortest: float, longest: float, settings: int) -> Tensor:
    """Return the decays of time constants between two, in ms."""
    return 1 - DT / _between(shortest, longest, settings)


def _between(low: float, high: float, settings: int) -> Tensor:
    """Draw numbers whose logarithm is uniform."""
    return low * (high / low) ** torch.rand(settings)
