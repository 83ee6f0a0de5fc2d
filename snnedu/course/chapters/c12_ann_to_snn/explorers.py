"""The explorers of this chapter: one neuron as a ReLU, the timing of its input, a whole network."""

from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnedu.course.predict import in_explorer
from snnedu.silicon import conversion
from snnedu.silicon.rate_neurons import IntegrateAndFire, TwoPhase
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Slider, Traces

MOST_STEPS = 32
STAIRS = {
    "subtract": "a staircase along ReLU up to the current 1 θ, and flat above it",
    "zero": "a few wide stairs below ReLU, which reach it again at the current 1 θ",
}


def staircase_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Compare what one neuron sends in T steps with ReLU.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    grid = torch.linspace(-0.25, 1.25, 301)

    def send(cur: float, steps: int, start: float, reset_mechanism: str) -> dict[str, Any]:
        neuron = IntegrateAndFire(start=start)
        neuron.reset_mechanism = reset_mechanism
        currents = torch.cat([grid, torch.tensor([cur])])
        spk_rec, mem_rec = neuron.unroll(currents.expand(steps, 1, -1))
        sent = spk_rec.mean(0)[0]
        before = torch.tensor([0.0]), torch.tensor([start])  # the first step is step 1
        rows = zip(before, (spk_rec, mem_rec), strict=True)
        spk, mem = (torch.cat([at_rest, rec[:, 0, -1]]) for at_rest, rec in rows)
        return {
            "spk": spk, "mem": mem, "stairs": STAIRS[reset_mechanism],
            "grid": grid, "sent": sent[:-1], "relu": grid.clamp(min=0), "here": sent[-1],
            "count": spk.sum(), "ideal": max(cur, 0.0),
        }  # fmt: skip

    return Explorer(
        send,
        [
            Slider("cur", -0.25, 1.25, 0.01, value=0.72, label="current z", unit="θ"),
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
                "grid", {"sent": "neuron", "relu": "ReLU"}, point=("cur", "here"),
                xlim=(-0.3, 1.3), ylim=(-0.1, 1.3),
                title="Activation: θ N/T of the neuron, and ReLU", xlabel="current z (θ)", height=230,
            ),
        ],
        title="One neuron as a ReLU",
        outcome="Spikes: {count}. Steps: {steps}. The neuron sends {here:.3f}, ReLU gives {ideal:.3f}.",
        code="""neuron = snn.conversion.IntegrateAndFire(threshold=1.0, start={start})
neuron.reset_mechanism = {reset_mechanism}
spk_rec, mem_rec = neuron.unroll(torch.full(({steps}, 1, 1), {cur}))""",
        alt="The membrane of one neuron over {steps} steps, and what it sends against the current: {stairs}. At the current {cur} θ it fires {count} times and sends {here:.3f} θ.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )  # fmt: skip


def timing_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Let three spikes of weight -1 come later than four of weight +1.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """

    def receive(delay: int, neuron: str) -> dict[str, Any]:
        cur = torch.zeros(16)
        cur[:4] += 1
        cur[delay : delay + 3] -= 1
        cell = (
            TwoPhase(window=8, fires_after=8) if neuron != "fires at once" else IntegrateAndFire()
        )
        out, mem, *_ = cell.unroll(cur[:, None, None])
        shown = {"step": torch.arange(1, 17), "cur": cur}
        return shown | {"out": out[:, 0, 0], "mem": mem[:, 0, 0], "count": out.sum()}

    return Explorer(
        partial(receive),  # without a name, it shows no code to copy
        [
            Slider("delay", 0, 4, 1, value=4, label="delay of the -1", unit="steps"),
            Choice("neuron", ("fires at once", "waits for 8 steps")),
        ],
        [
            Traces(
                {"cur": "I"}, x="step", xlim=(0, 17), ylim=(-1.2, 1.2), height=130, given=True,
                title="Input current I (θ): spikes of weight +1, and of weight -1", xlabel="step",
            ),
            Traces(
                {"mem": "U"}, x="step", xlim=(0, 17), ylim=(-4, 5), height=210, threshold=1.0,
                spikes="out", title="Membrane potential U (θ)", xlabel="step",
            ),
        ],
        title="The same sum, at other times",
        outcome="Output spikes: {count}. The sum of the input is worth 1.",
        alt="Input current over 16 steps: four spikes of +1, and three of -1 that begin {delay} steps after them. Below, the membrane of a neuron that {neuron}: output spikes {count}.",
        **(in_explorer(ask) if ask else {}),
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

    @cache  # a drag of the steps asks for the same network again and again
    def curves(percentile: float) -> tuple[np.ndarray, np.ndarray]:
        net = conversion.convert(ann, x, percentile=percentile)
        with torch.no_grad():
            *hidden, last = net.record(data[0].expand(MOST_STEPS, *data[0].shape)).values()
        fired: Any = sum(each.spk.flatten(2).sum(2) for each in hidden)
        return 100 * _right(last.mem, data[1]), fired.mean(1).cumsum(0).numpy()

    def run(steps: int, percentile: float) -> dict[str, Any]:
        accuracy, spikes = curves(percentile)
        return {
            "times": times, "accuracy": accuracy, "ann": np.full(MOST_STEPS, best),
            "spikes": spikes, "first": accuracy[0], "last": accuracy[-1], "all": spikes[-1], "here": accuracy[steps - 1], "fired": spikes[steps - 1],
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
                xlim=(0, 33), ylim=(0, 102), title="Right answers (%)", xlabel="steps T", height=210,
            ),
            Curve(
                "times", {"spikes": "spikes"}, point=("steps", "fired"), xlim=(0, 33), ylim=(0, 12_000),
                title="Spikes per digit, hidden layers", xlabel="steps T", height=210,
            ),
        ],
        title="A converted network",
        outcome="At T = {steps}: {here:.1f} % right (the ANN: {best}), {fired:.0f} spikes per digit.".replace(
            "{best}", f"{best:.1f} %"
        ),
        code="snn.conversion.convert(anns[0], train[0], percentile={percentile})",
        alt="Right answers against steps rise from ≈ {first:.0f} % at 1 step to ≈ {last:.0f} % at 32. Spikes per digit grow with the steps, about evenly, to ≈ {all:.0f}. At T = {steps}: ≈ {here:.1f} % and ≈ {fired:.0f} spikes.",
        columns=2,
        **more,
    )  # fmt: skip


def _right(scores: Tensor, labels: Tensor) -> np.ndarray:
    """Return the share of right answers at each step, from scores [time, batch, classes]."""
    return (scores.argmax(-1) == labels).float().mean(1).numpy()
