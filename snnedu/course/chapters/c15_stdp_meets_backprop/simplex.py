"""STDP as noisy gradient descent: one output neuron, and which of its inputs makes it fire.

p_i is the share of the output's spikes that input i triggers. The shares sum to 1, so with three
inputs `p` is a point of a triangle: the probability simplex.
"""

from typing import Any

import torch
from torch import Tensor

from snnedu.viz import COLORS, GRAY, embed
from snnedu.viz.player import Animation

NAMES = "ABC"
CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 3**0.5 / 2]])
FRAMES, EVERY, FINE = 40, 12, 121
ALT = (
    "A triangle with the corners A, B and C, colored by the loss, which is lowest in the corners. "
    "Dots of eight neurons start together, near the middle. They wander, and end in the corners A "
    "and B. A line of text counts how many are nearest to each corner."
)


def loss(p: Tensor) -> Tensor:
    """Return the loss that STDP descends on average, for shares `p [..., inputs]`.

        L(p) = -1/3 Σ p_i³ + 1/4 (Σ p_i²)²

    Source: after Dexheimer et al. 2025, arXiv:2505.10272.
    """
    return -(p**3).sum(-1) / 3 + (p**2).sum(-1) ** 2 / 4


def stdp_step(p: Tensor, rate: float, noise: float, generator: torch.Generator) -> Tensor:
    """Return the shares `p [neurons, inputs]` after one output spike of each neuron.

        p_i ← p_i (1 + α (B_i + Z_i)),  then divided by their sum

    B is 1 for the input that triggered the spike, drawn with probability p. Z is what other spikes
    leave behind by chance: uniform between -noise and noise.
    """
    trigger = torch.multinomial(p, 1, generator=generator)
    caused = torch.zeros_like(p).scatter_(1, trigger, 1.0)
    chance = noise * (2 * torch.rand(p.shape, generator=generator, dtype=p.dtype) - 1)
    p = p * (1 + rate * (caused + chance))
    return p / p.sum(1, keepdim=True)


def mean_step(p: Tensor, rate: float) -> Tensor:
    """Return the mean change of the shares `p [inputs]` by one output spike, without noise.

    Σ_k p_k (p_i (1 + α B_i) / (1 + α p_k) - p_i),  with B_i = 1 for i = k
    """
    divided = p / (1 + rate * p)
    return p * (divided.sum() + rate * divided - 1)


def constant_noise_step(p: Tensor, rate: float, size: Tensor, generator: torch.Generator) -> Tensor:
    """Return `p` after a step down the same loss, with noise of the same `size` everywhere."""
    slope = p * ((p**2).sum(1, keepdim=True) - p)  # of the loss
    chance = size * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    p = (p - rate * slope + chance).clamp(min=0)
    return p / p.sum(1, keepdim=True)


def noise_size(p: Tensor, rate: float, noise: float) -> Tensor:
    """Return the standard deviation of the changes that `stdp_step` makes at `p [inputs]`."""
    generator = torch.Generator().manual_seed(0)
    many = p.expand(20_000, -1)
    return stdp_step(many, rate, noise, generator).std(0)


def walk(
    start: Tensor, rate: float, *, neurons: int, spikes: int, noise: float = 1.0, seed: int = 0
) -> Tensor:
    """Return the shares `[spikes + 1, neurons, inputs]` of neurons that all begin at `start`."""
    generator = torch.Generator().manual_seed(seed)
    p_rec = [start.expand(neurons, -1)]
    for _ in range(spikes):
        p_rec.append(stdp_step(p_rec[-1], rate, noise, generator))
    return torch.stack(p_rec)


def noisy_descent(
    start: Tensor, rate: float, *, neurons: int, spikes: int, noise: float = 1.0, seed: int = 0
) -> Tensor:
    """Return the same for gradient descent whose noise stays as large as STDP's at `start`."""
    generator = torch.Generator().manual_seed(seed)
    size = noise_size(start, rate, noise)
    p_rec = [start.expand(neurons, -1)]
    for _ in range(spikes):
        p_rec.append(constant_noise_step(p_rec[-1], rate, size, generator))
    return torch.stack(p_rec)


def draw_triangle(ax: Any) -> None:
    """Draw the simplex of three inputs, with the loss as its color."""
    x, y = torch.linspace(0, 1, FINE), torch.linspace(0, float(CORNERS[2, 1]), FINE)
    c = (y / CORNERS[2, 1])[:, None].expand(FINE, FINE)
    b = x[None, :] - c / 2
    p = torch.stack([1 - b - c, b, c], -1)
    shown = loss(p).masked_fill((p < -1e-6).any(-1), torch.nan)
    levels = torch.linspace(-0.084, -0.009, 14)  # from a corner up to the middle
    ax.contourf(x, y, shown, levels=levels, cmap="Blues_r", alpha=0.6, extend="both")
    ax.plot(*CORNERS[[0, 1, 2, 0]].T, color=GRAY, lw=1)
    for name, (left, up) in zip(NAMES, CORNERS.tolist(), strict=True):
        low = up == 0
        ax.text(
            left, up - 0.03 if low else up + 0.03, name, ha="center", va="top" if low else "bottom"
        )
    ax.set(xlim=(-0.06, 1.06), ylim=(-0.12, 1.0), aspect="equal")
    ax.axis("off")


def film(p_rec: Tensor) -> Animation:
    """Show neurons that walk on the simplex: `p_rec [spikes + 1, neurons, 3]`."""
    import matplotlib.pyplot as plt
    from celluloid import Camera  # pyright: ignore[reportMissingTypeStubs]

    figure, ax = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
    camera = Camera(figure)
    places = p_rec @ CORNERS
    for frame in range(FRAMES + 1):
        now = min(frame * EVERY, len(places) - 1)
        draw_triangle(ax)
        for neuron in range(places.shape[1]):
            color = COLORS[1 + neuron % (len(COLORS) - 1)]
            ax.plot(*places[: now + 1, neuron].T, color=color, lw=0.8, alpha=0.7)
            ax.plot(*places[now, neuron], "o", ms=6, color=color)
        near = p_rec[now].argmax(1).bincount(minlength=3).tolist()
        counts = ", ".join(f"{name}: {count}" for name, count in zip(NAMES, near, strict=True))
        ax.text(-0.04, 0.98, f"{now} output spikes\nnearest corner:\n{counts}", va="top")
        camera.snap()
    return embed(camera, fps=6, alt=ALT)
