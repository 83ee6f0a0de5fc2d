"""The explorers of this chapter: each is one declaration."""

import math
from collections.abc import Sequence
from typing import Any

from snnedu.core import _check
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Raster, Slider, Traces

STEP = "time step"
FORTIETHS = [i / 40 for i in range(41)]


def encoder_explorer(code: str = "rate", x: Sequence[float] | None = None, **more: Any) -> Explorer:
    """Turn numbers into spikes with a "rate", "latency" or "delta" code, and back.

    `x`: numbers in [0, 1], one for each neuron; for "delta" a signal over time. `more` goes to `Explorer`.
    """
    _check.one_of("code", code, ("rate", "latency", "delta"))
    explorer = {"rate": _rate_explorer, "latency": _latency_explorer, "delta": _delta_explorer}
    return explorer[code](x, more)


def _rate_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    return Explorer(
        "rate",
        [
            Slider("steps", 5, 200, 5, value=50, label="duration", unit="steps"),
            Slider("gain", 0.0, 2.0, 0.05, value=1.0, label="gain", unit="probability per unit"),
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
        outcome="{count} spikes. Typical error of a number: {error:.3f} in this draw, {law:.3f} over many.",
        code="snn.spikegen.rate(x, num_steps={steps}, gain={gain}, seed={seed})",
        **more,
    )


def _latency_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    return Explorer(
        "latency",
        [
            Slider("steps", 5, 200, 5, value=50, label="duration", unit="steps"),
            Slider("theta", 0.01, 0.6, 0.01, value=0.01, label="threshold θ", unit="as x"),
            Choice("pace", ("linear", "logarithmic")),
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
        outcome="{count} spikes. Typical error of a number: {error:.3f}.",
        **more,
    )


def _delta_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    wave = [math.sin(t / 9) * math.exp(-t / 80) + (t > 70) * 0.8 for t in range(120)]
    return Explorer(
        "delta",
        [
            Slider("theta", 0.02, 0.5, 0.01, value=0.1, label="threshold θ", unit="as x"),
            Choice("compare", ("the step before", "the rebuilt signal"), label="compare with"),
        ],
        [
            Traces({"x": "signal", "rebuilt": "rebuilt from spikes"}, title="Signal", height=200),
            Raster("spk", groups={"down": 1, "up": 1}, title="Spikes", height=110, xlabel=STEP),
        ],
        constants={"x": list(x or wave)},
        title="The delta code",
        outcome="{count} spikes. Typical error of the rebuilt signal: {error:.3f}.",
        **more,
    )
