"""The explorers of this chapter: one neuron as a ReLU, the timing of its input, a whole network."""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnedu.silicon import conversion
from snnedu.silicon.rate_neurons import IntegrateAndFire, TwoPhase
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Raster, Slider, Traces

MOST_STEPS = 32
HOW_MANY = {
    "predict": "T = 8. Over all currents: how many different activations can the neuron send?",
    "options": {
        "8": "It can also stay silent.",
        "9": "From 0 to 8 spikes.",
        "as many as there are currents": "A spike is all or nothing: between 3 and 4 spikes there is no activation.",
    },
    "right": "9",
}
NOTHING = {
    "predict": "4 spikes of weight +1 come first, 4 of weight -1 later. Together they are 0. What does the neuron do?",
    "options": {
        "stay silent, as the sum is 0": "It does not know yet that the -1 will come.",
        "fire, and take the spikes back": "A spike that was sent cannot be taken back.",
        "fire, though the sum is 0": "When the -1 come, the spikes have been sent.",
    },
    "right": "fire, though the sum is 0",
}


def staircase_explorer(**more: Any) -> Explorer:
    """Compare what one neuron sends in T steps with ReLU. `more` goes to `Explorer`."""
    grid = torch.linspace(-0.25, 1.25, 301)

    def send(cur: float, steps: int, start: float, reset_mechanism: str) -> dict[str, Any]:
        neuron = IntegrateAndFire(start=start)
        neuron.reset_mechanism = reset_mechanism
        currents = torch.cat([grid, torch.tensor([cur])])
        spk_rec, mem_rec = neuron.unroll(currents.expand(steps, 1, -1))
        sent = spk_rec.mean(0)[0]
        shown = {"spk": spk_rec[:, 0, -1], "mem": mem_rec[:, 0, -1]}
        return shown | {
            "grid": grid, "sent": sent[:-1], "relu": grid.clamp(min=0), "here": sent[-1],
            "count": spk_rec[:, 0, -1].sum(), "ideal": max(cur, 0.0),
        }  # fmt: skip

    return Explorer(
        send,
        [
            Slider("cur", -0.25, 1.25, 0.01, value=0.7, label="current z", unit="θ"),
            Slider("steps", 1, 64, 1, value=8, label="steps T"),
            Slider("start", 0.0, 1.0, 0.1, value=0.5, label="start", unit="θ"),
            Choice("reset_mechanism", ("subtract", "zero"), label="reset"),
        ],
        [
            Traces(
                {"mem": "U"}, threshold=1.0, spikes="spk", title="Membrane potential U (θ)",
                xlabel="step", ylim=(-1, 3), height=150, given=True,
            ),
            Curve(
                "grid", {"sent": "neuron", "relu": "ReLU"}, point=("cur", "here"), ylim=(-0.1, 1.3),
                title="Activation: θ N/T of the neuron, and ReLU", xlabel="current z (θ)", height=230,
            ),
        ],
        title="One neuron as a ReLU",
        outcome="{count} spikes in {steps} steps: the neuron sends {here:.3f}, ReLU gives {ideal:.3f}.",
        code="snn.conversion.IntegrateAndFire(threshold=1.0, start={start})",
        **HOW_MANY,
        **more,
    )  # fmt: skip


def timing_explorer(**more: Any) -> Explorer:
    """Let four spikes of weight -1 come later than four of weight +1. `more` goes to `Explorer`."""

    def receive(delay: int, neuron: str) -> dict[str, Any]:
        spk = torch.zeros(16, 2)
        spk[:4, 0] = 1
        spk[delay : delay + 4, 1] = 1
        cell = TwoPhase(window=8, fires_after=8) if neuron == "waits" else IntegrateAndFire()
        out, mem, *_ = cell.unroll((spk[:, 0] - spk[:, 1])[:, None, None])
        return {"spk_in": spk, "out": out[:, 0, 0], "mem": mem[:, 0, 0], "count": out.sum()}

    return Explorer(
        partial(receive),  # without a name, it shows no code to copy
        [
            Slider("delay", 0, 4, 1, value=4, label="delay of the -1", unit="steps"),
            Choice("neuron", ("fires at once", "waits")),
        ],
        [
            Raster(
                "spk_in", groups={"weight +1": 1, "weight -1": 1}, title="Input spikes",
                ylabel="input", height=120, given=True,
            ),
            Traces(
                {"mem": "U"}, threshold=1.0, spikes="out", title="Membrane potential U (θ)",
                xlabel="step", ylim=(-4.5, 5), height=190,
            ),
        ],
        title="The same sum, at other times",
        outcome="The neuron fires {count} times. The sum of its input is 0.",
        **NOTHING,
        **more,
    )  # fmt: skip


def conversion_explorer(
    ann: nn.Sequential, x: Tensor, data: tuple[Tensor, Tensor], **more: Any
) -> Explorer:
    """Choose steps and percentile; see accuracy and spikes of the converted network.

    `x` sets the thresholds, `data` (inputs and labels) are what is tested. `more` goes to
    `Explorer`.
    """
    with torch.no_grad():
        best = 100 * _right(ann(data[0])[None], data[1])[0]
    times = np.arange(1, MOST_STEPS + 1)

    def run(steps: int, percentile: float) -> dict[str, Any]:
        net = conversion.convert(ann, x, percentile=percentile)
        with torch.no_grad():
            *hidden, last = net.record(data[0].expand(MOST_STEPS, *data[0].shape)).values()
        accuracy = 100 * _right(last.mem, data[1])
        spikes = sum(each.spk.flatten(2).sum(2) for each in hidden).mean(1).cumsum(0)  # pyright: ignore
        return {
            "times": times, "accuracy": accuracy, "ann": np.full(MOST_STEPS, best),
            "spikes": spikes, "here": accuracy[steps - 1], "fired": spikes[steps - 1],
        }  # fmt: skip

    return Explorer(
        run,
        [
            Slider("steps", 1, MOST_STEPS, 1, value=8, label="steps T"),
            Slider("percentile", 90.0, 100.0, 0.1, value=100.0, label="percentile", unit="%"),
        ],
        [
            Curve(
                "times", {"accuracy": "converted", "ann": "ANN"}, point=("steps", "here"),
                ylim=(0, 102), title="Right answers (%)", xlabel="steps T", height=210,
            ),
            Curve(
                "times", {"spikes": "spikes"}, point=("steps", "fired"), ylim=(0, 10_000),
                title="Spikes per digit, hidden layers", xlabel="steps T", height=210,
            ),
        ],
        title="A converted network",
        outcome="At T = {steps}: {here:.1f} % right (the ANN: {best}), {fired:.0f} spikes per digit.".replace(
            "{best}", f"{best:.1f} %"
        ),
        code="snn.conversion.convert(ann, x, percentile={percentile})",
        columns=2,
        **more,
    )  # fmt: skip


def _right(scores: Tensor, labels: Tensor) -> np.ndarray:
    """Return the share of right answers at each step, from scores [time, batch, classes]."""
    return (scores.argmax(-1) == labels).float().mean(1).numpy()
