"""The explorers of this chapter: each is one declaration."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from snnedu.core import _check, spikegen
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Image, Raster, Slider, Traces

STEP = "time step"
LOSSES = 40
BELOW = -1.0  # a height that no picture of probabilities shows
SILENT = 0.5  # what is read where no neuron fires: the middle is the best guess
FORTIETHS = [i / 40 for i in range(41)]


def encoder_explorer(code: str = "rate", x: Sequence[float] | None = None, **more: Any) -> Explorer:
    """Turn numbers into spikes and back: "rate", "latency", "delta", "population" or "digit".

    `x`: numbers in [0, 1], one for each neuron; for "delta" a signal over time. `more` goes to
    `Explorer`. The last two take no `x`: "population" sends one number, which a slider sets, and
    "digit" a scan, of which some spikes are lost.
    """
    explorers = {
        "rate": _rate_explorer,
        "latency": _latency_explorer,
        "delta": _delta_explorer,
        "population": _population_explorer,
        "digit": _digit_explorer,
    }
    _check.one_of("code", code, explorers)
    return explorers[code](x, more)


def _rate_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    sent = "x" if x else "torch.linspace(0, 1, 41)"
    return Explorer(
        "rate",
        [
            Slider("steps", 5, 200, 5, value=50, label="duration", unit="steps"),
            Slider("seed", 0, 50, 1, value=0, label="random draw", unit="number"),
        ],
        [
            Raster("spk", title="Each row: the spikes of one number", height=200, xlabel=STEP),
            Curve(
                "p",
                {
                    "p": "wanted",
                    "decoded": "share of steps with a spike",
                    "low": "usual error below",
                    "high": "usual error above",
                },
                title="What the spikes say",
                xlabel="probability of a spike",
                ylim=(0, 1),
            ),
        ],
        constants={"x": list(x or FORTIETHS)},
        title="The rate code",
        outcome="Spikes: {count}. Typical error of a number ≈ {error:.3f} in this draw, ≈ {law:.3f} over many.",
        code=f"snn.spikegen.rate({sent}, {{steps}})",
        **more,
    )


def _latency_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    return Explorer(
        "latency",
        [
            Slider("steps", 2, 200, 1, value=17, label="duration", unit="steps"),
            Slider("theta", 0.01, 0.6, 0.01, value=0.01, label="threshold θ", unit="as x"),
            Choice("pace", ("logarithmic", "linear")),
        ],
        [
            Raster("spk", title="Each row: the one spike of a number", height=200, xlabel=STEP),
            Curve(
                "x",
                {"x": "wanted", "decoded": "read from the time of the spike"},
                title="What the spikes say",
                xlabel="number x",
                ylim=(0, 1),
            ),
        ],
        constants={"x": list(x or FORTIETHS)},
        title="The latency code",
        outcome="Spikes: {count}. Typical error of a number ≈ {error:.3f}.",
        **more,
    )


def _delta_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    signal = (
        list(x) if x else [math.sin(t / 9) * math.exp(-t / 80) + (t > 70) * 0.8 for t in range(120)]
    )
    room = 0.1 + 0.3 * (max(signal) - min(signal))
    return Explorer(
        "delta",
        [
            Slider("theta", 0.02, 0.5, 0.01, value=0.1, label="threshold θ", unit="as x"),
            Choice("compare", ("the step before", "the rebuilt signal"), label="compare with"),
        ],
        [
            Traces(
                {"x": "signal", "rebuilt": "rebuilt from spikes"},
                title="Signal",
                height=200,
                ylim=(min(signal) - room, max(signal) + room),
            ),
            Raster(
                "spk",
                groups={"OFF, \N{MINUS SIGN}1 (below)": 1, "ON, +1 (above)": 1},
                title="Spikes",
                height=110,
                xlabel=STEP,
                ylabel="neuron",
            ),
        ],
        constants={"x": signal},
        title="The delta code",
        outcome="Spikes: {count}. Typical error of the rebuilt signal ≈ {error:.3f}.",
        **more,
    )


def _population_explorer(_: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    return Explorer(
        send_by_many,
        [
            Slider("x", 0.0, 1.0, 0.01, value=0.37, label="number x"),
            Slider("neurons", 3, 30, 1, value=10, label="neurons", unit="number"),
            Slider("width", 0.1, 4.0, 0.1, value=1.0, label="width σ", unit="distances"),
            Slider("steps", 1, 100, 1, value=10, label="duration", unit="steps"),
            Slider("seed", 0, 50, 1, value=0, label="random draw", unit="number"),
        ],
        [
            Curve(
                "grid",
                {"even": "neurons 0, 2, 4, …", "odd": "neurons 1, 3, 5, …"},
                title="The probability of a spike (dot: the number sent)",
                point=("x", "floor"),
                xlim=(0, 1),
                ylim=(0, 1),
                height=130,
            ),
            Raster(
                "spk", title="Spikes: neurons with high favorites on top", height=170, xlabel=STEP
            ),
            Curve(
                "candidates",
                {"misfit": "misfit"},
                title="How badly each candidate fits the spikes (dot: the number read)",
                point=("read", "least"),
                xlim=(0, 1),
                ylim=(0, 4),
                xlabel="number x",
                height=130,
            ),
        ],
        title="The population code",
        outcome="Spikes: {count}. The best fit says ≈ {said}. Typical error of a number ≈ {error:.3f}.",
        code="snn.spikegen.population(torch.tensor([{x}]), {steps}, {neurons}, width={width}, seed={seed})",
        **more,
    )


def send_by_many(x: float, neurons: int, width: float, steps: int, seed: int) -> dict[str, Any]:
    """Send a number by neurons with favorites; read it as the candidate that fits best."""
    grid = torch.linspace(0, 1, 101)
    fields = spikegen.receptive_fields(grid, neurons, width=width)  # [candidates, neurons]
    sent, many = torch.tensor([x]), torch.linspace(0, 1, 201)
    spk = spikegen.population(sent, steps, neurons, width=width, seed=seed)[:, 0]
    misfit = (spk.mean(0) - fields).square().sum(1)
    read = spikegen.decode_population(spk, width=width)
    others = spikegen.population(many, steps, neurons, width=width, seed=seed)
    error = spikegen.decode_population(others, width=width).nan_to_num(SILENT) - many
    return {
        **_bells(grid, fields),
        "floor": 0.0,
        "spk": spk,
        "candidates": grid,
        "misfit": misfit,
        "read": read.nan_to_num(SILENT),
        "least": misfit.min(),
        "said": "unknown" if read.isnan() else f"{read:.3f}",
        "count": int(spk.sum()),
        "error": error.square().mean().sqrt(),
    }


def _bells(grid: Tensor, fields: Tensor) -> dict[str, Tensor]:
    """Return bells as two lines, which go from one bell to the next outside the picture."""
    along = torch.cat([torch.tensor([-0.2, -0.2]), grid, torch.tensor([1.2, 1.2])])
    left, right = fields[:1].T, fields[-1:].T
    below = torch.full_like(left, BELOW)
    bells = torch.cat([below, left, fields.T, right, below], 1)  # [neurons, points]
    if len(bells) % 2:
        bells = torch.cat([bells, torch.full_like(bells[:1], BELOW)])
    even, odd = bells[::2], bells[1::2]
    return {"grid": along.repeat(len(even)), "even": even.flatten(), "odd": odd.flatten()}


def _digit_explorer(_: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    return Explorer(
        partial(send_digit),  # without a name, so that no line of code is offered
        [
            Slider("digit", 0, 9, 1, value=3),
            Choice("code", ("rate", "latency")),
            Slider("steps", 2, 60, 1, value=17, label="duration", unit="steps"),
            Slider("lost", 0.0, 0.9, 0.05, value=0.0, label="spikes lost", unit="share"),
        ],
        [
            Image("ink", title="What is sent", clim=(0, 1)),
            Raster("spk", title="Spikes, dark pixels on top", xlabel=STEP, ylabel="pixel"),
            Image("read", title="What is read", clim=(0, 1)),
        ],
        title="A digit, sent and read",
        outcome="Spikes that arrive: {count}. Error of a pixel, over 40 such tries: typically ≈ {error:.3f}, at worst ≈ {worst:.2f}.",
        alt="Digit {digit} in the code {code}: scan, spikes and what is read. Spikes: {count}.",
        columns=3,
        **more,
    )


def send_digit(digit: int, code: str, steps: int, lost: float) -> dict[str, Any]:
    """Send a scan by rate or by (linear) latency, lose some of the spikes, and read it.

    The errors are those of many such losses; the pictures show the first.
    """
    from snnedu.core.data import digits

    scans, labels = digits()[1]
    ink = scans[labels == digit][0]
    by_rate = code == "rate"
    sent = ink.expand(LOSSES, -1)
    spk = (
        spikegen.rate(sent, steps, seed=0)
        if by_rate
        else spikegen.latency(sent, steps, linear=True, clip=True)
    )
    spk = spk * (torch.rand(spk.shape, generator=torch.Generator().manual_seed(1)) >= lost)
    read = spikegen.decode_rate(spk) if by_rate else spikegen.decode_latency(spk, linear=True)
    off = (read - ink).abs()  # [losses, pixels]
    return {
        "ink": ink.view(8, 8),
        "spk": spk[:, 0, ink.argsort()],
        "read": read[0].view(8, 8),
        "count": int(spk[:, 0].sum()),
        "error": off.square().mean().sqrt(),
        "worst": off.max(1).values.mean(),
    }
