"""An animation of both passes: the membrane forward, its credit backward."""

import math
from typing import Any

import torch
from torch import Tensor

from snnedu.core.spike_times import exact_spike_times
from snnedu.viz import COLORS, GRAY, embed
from snnedu.viz.player import Animation

BEGIN, END, POINTS, FRAMES = -0.1, 3.0, 311, 30
NAMES = "— p = dL/dV", "-- q = dL/dI"
ALT = (
    "Above, the membrane of one neuron runs forward: it rises after each input and falls to 0 at "
    "each of its own spikes. Below, the credits p and q run backward from the last spike: p jumps "
    "at each own spike, fades, and feeds q, which is read out at each input."
)


def both_passes(times: list[float], weights: list[float], wanted: list[float]) -> Animation:
    """Show a neuron's forward and backward pass.

    The loss has the slopes `wanted` at its first spikes, and does not depend on later ones.
    """
    import matplotlib.pyplot as plt
    from celluloid import Camera  # pyright: ignore[reportMissingTypeStubs]

    own = _spikes(times, weights)
    wanted = wanted + [0.0] * (len(own) - len(wanted))
    t = torch.linspace(BEGIN, END, POINTS, dtype=torch.float64)
    rows = [_membrane(t, times, weights, own), *_credits(t, times, weights, own, wanted)]
    figure, axes = plt.subplots(2, 1, figsize=(6.4, 4), sharex=True, layout="constrained")
    axes[0].set(ylabel="membrane V (θ)", ylim=(-0.1, 1.25), xlim=(BEGIN, END))
    most = 1.15 * max(row.abs().max().item() for row in rows[1:])
    axes[1].set(ylabel="credit (τ_s / θ)", xlabel="time (τ_s)", ylim=(-most, most))
    camera = Camera(figure)
    for frame in [*range(1, FRAMES + 1), *range(-FRAMES, 1)]:
        _draw(axes, t, rows, times, own, frame)
        camera.snap()
    return embed(camera, fps=6, alt=ALT)


def _draw(
    axes: Any, t: Tensor, rows: list[Tensor], times: list[float], own: list[float], frame: int
) -> None:
    """Draw the forward pass up to a frame, or all of it and the backward pass from the end."""
    seen = t <= END * frame / FRAMES if frame > 0 else t >= BEGIN
    back = t >= END * -frame / FRAMES if frame <= 0 else t < BEGIN
    axes[0].axhline(1, color=GRAY, ls="--", lw=1)
    axes[0].plot(t[seen], rows[0][seen], color=COLORS[0])
    for ax in axes:
        for when in times:
            ax.axvline(when, color=GRAY, lw=1, ls=":")
        for when in own:
            if frame <= 0 or when <= END * frame / FRAMES:
                ax.axvline(when, color=COLORS[1], lw=1)
    for row, color, name in zip(rows[1:], COLORS[2:4], "pq", strict=False):
        axes[1].plot(t[back], row[back], color=color, ls="-" if name == "p" else "--")
    where = "forward" if frame > 0 else "backward"
    axes[0].text(1, 1.04, where, transform=axes[0].transAxes, ha="right")
    for place, color, name in zip((0.0, 0.3), COLORS[2:4], NAMES, strict=False):
        axes[1].text(place, 1.04, name, color=color, transform=axes[1].transAxes)


def _spikes(times: list[float], weights: list[float]) -> list[float]:
    given = torch.tensor(times, dtype=torch.float64).view(1, -1, 1)
    found = exact_spike_times(given, torch.tensor([weights], dtype=torch.float64), 20)[0, 0]
    return found[found < END].tolist()


def _membrane(t: Tensor, times: list[float], weights: list[float], own: list[float]) -> Tensor:
    mem = torch.zeros_like(t)
    for when, weight in zip(times, weights, strict=True):
        x = torch.exp(-(t - when).clamp(min=0) / 2)
        mem += weight * (x - x**2)
    for when in own:
        mem -= (t > when) * torch.exp(-(t - when).clamp(min=0) / 2)
    return mem


def _credits(
    t: Tensor, times: list[float], weights: list[float], own: list[float], wanted: list[float]
) -> tuple[Tensor, Tensor]:
    """Return p and q at all times, from the last own spike backward."""
    p_rec, q_rec = torch.zeros_like(t), torch.zeros_like(t)
    inputs = list(zip(times, weights, strict=True))
    p = q = 0.0
    ends = [*sorted(own), END]
    for place in reversed(range(len(own))):
        when = ends[place]
        cur = sum(w * math.exp(-(when - s)) for s, w in inputs if s < when)
        p = (cur * p - 2 * wanted[place]) / (cur - 1)
        start = ends[place - 1] if place else 0.0
        part = (t <= when) & (t > start) if place else t <= when
        x = torch.exp((t - when) / 2)
        p_rec[part], q_rec[part] = (p * x)[part], (q * x**2 + p * (x - x**2))[part]
        x = math.exp((start - when) / 2)
        p, q = p * x, q * x * x + p * (x - x * x)
    return p_rec, q_rec
