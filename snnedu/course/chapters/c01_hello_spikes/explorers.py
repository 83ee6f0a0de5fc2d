"""The explorers of this chapter: a network reads a digit, and a line where spikes break even."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.core import spikegen
from snnedu.core.network import Sequential
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Bars, Curve, Image, Raster, Slider

INPUTS, OUTPUTS = 64, 100  # the first layer of the chapter's network


def digit_explorer(net: Sequential, scans: Sequence[Tensor], **more: Any) -> Explorer:
    """Show a trained network one of `scans` (`[64]` each, ink from 0 to 1) as a rate code.

    `more` goes to `Explorer`.
    """

    def read(digit: int, gain: float, steps: int) -> dict[str, Any]:
        spk_in = spikegen.rate(scans[digit], steps, gain=gain, seed=0).unsqueeze(1)
        with torch.no_grad():
            layers = [recording.spk[:, 0] for recording in net.record(spk_in).values()]
        count = layers[-1].sum(0)
        total = spk_in.sum() + sum(spk.sum() for spk in layers)
        return {
            "ink": (gain * scans[digit]).clamp(max=1).view(8, 8),
            "output": layers[-1],
            "count": count,
            "answer": int(count.argmax()),
            "total": total,
        }

    return Explorer(
        read,
        [
            Slider("digit", 0, len(scans) - 1, 1, value=3),
            Slider("gain", 0.0, 2.0, 0.1, value=1.0),
            Slider("steps", 1, 50, 1, value=25),
        ],
        [
            Image("ink", title="What it is shown", clim=(0, 1), height=220),
            Raster(
                "output",
                top_down=True,
                title="Output spikes",
                xlabel="time step",
                ylabel="class",
                height=220,  # room for ten numbers
            ),
            Bars("count", title="Spikes of each class", ylim=(0, None), height=220),
        ],
        title="A network reads a digit",
        code="snn.spikegen.rate(one_of_each[{digit}], {steps}, gain={gain}, seed=0)",
        outcome="The network says {answer}. Spikes in all layers: {total}.",
        alt="At digit {digit}, gain {gain} and {steps} steps: the scan, the raster of the ten output "
        "neurons and their spike counts. The network says {answer}.",
        columns=3,
        **more,
    )


def break_even_explorer(break_even: Callable[..., Any], **more: Any) -> Explorer:
    """Drag spike rate, steps and prices of a layer of 64 × 100 weights; see where spikes pay.

    `break_even(inputs, outputs, steps, mac, add)` is the answer to exercise 01.3. `more` goes to
    `Explorer`.
    """

    def compare(steps: int, rate: float, price: float, zeros: float) -> dict[str, Any]:
        skipped = zeros / 100  # of the dense layer's MACs: so much less each input may spend
        times = range(1, 26)
        allowed = [float(break_even(INPUTS, OUTPUTS, t, price, 1.0)) for t in times]
        line = np.clip(100 * (np.array(allowed) - skipped * price) / times, 0, 100)
        dense = (1 - skipped) * INPUTS * OUTPUTS * price
        spiking = rate / 100 * steps * INPUTS * OUTPUTS + steps * OUTPUTS * price
        # The zeros are those of the dense layer: the spiking layer pays for its spikes alone.
        here = line[steps - 1]
        return {
            "times": times,
            "line": line,
            "here": here,
            "cost": spiking / dense,
            "span": "1 step" if steps == 1 else f"{steps} steps",
            "limit": _limit(float(here)),
        }

    return Explorer(
        compare,
        [
            Slider("steps", 1, 25, 1, value=25, label="steps T"),
            Slider("rate", 0, 100, 1, value=30, label="spike rate", unit="% of steps"),
            Slider("price", 1.0, 15.0, 0.1, value=5.1, label="MAC price", unit="additions"),
            Slider("zeros", 0, 90, 1, value=0, label="zeros skipped", unit="%"),
        ],
        [
            Curve(
                "times",
                {"line": "break even"},
                point=("steps", "rate"),
                xlim=(0, 26),
                ylim=(0, 100),
                title="Spike rate (% of steps): below the line, spikes are cheaper",
                xlabel="steps T",
                height=230,
            )
        ],
        title="Where do spikes break even?",
        code="break_even(64, 100, {steps}, mac={price}, add=1.0) - {zeros} / 100 * {price}",
        outcome="At {span}, {limit}. At {rate} % the spiking layer costs {cost:.2f} times as much as the dense one.",
        **more,
    )


def _limit(rate: float) -> str:
    """Say which rate breaks even, or that none does."""
    if 0 < rate < 100:
        return f"{rate:.1f} % would break even"
    return f"spikes are {'cheaper' if rate else 'more expensive'} at every rate"
