"""The explorer of this chapter: what one cue leaves behind, in three places."""

import math
from typing import Any

import torch

from snnedu.core.delay import Delay
from snnedu.core.neurons import AdaptiveLeaky, Leaky
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Slider, Traces

STEPS, CUE, LATER = 200, 10, 100  # of the run, of the cue, and how much later we look


def memory_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Compare what one cue leaves in a membrane, in an adaptive threshold and in a delay line.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        traces,
        [
            Slider("tau", 1, 200, 1, value=20, label="time constant τ", unit="steps"),
            Slider("jump", 0.05, 1.0, 0.05, value=0.5, label="jump of the threshold", unit="θ"),
            Slider("delay", 0, 180, 1, value=100, label="delay d", unit="steps"),
        ],
        [
            Traces("cue", title="The cue", ylim=(0, 1.1), height=90, given=True),
            Traces(
                {"mem": "membrane U", "rise": "rise of the threshold", "late": "delay line"},
                title="What is left of it",
                xlabel="step",
                ylabel="θ",
                ylim=(0, 1.1),
                height=200,
            ),
        ],
        title="One cue, three memories",
        outcome=f"{LATER} steps after the cue: membrane {{mem_left:.3f}}, rise of the threshold "
        "{rise_left:.3f}, delay line {late_left:.0f}.",
        code="""beta = torch.tensor(-1 / {tau}).exp()
leaky = snn.Leaky(beta)
adaptive = snn.AdaptiveLeaky(0.5, beta, {jump} / (1 - beta))
line = snn.Delay({delay})""",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def traces(tau: int, jump: float, delay: int) -> dict[str, Any]:
    """Return what a cue of 1 leaves behind; the adaptive neuron fires once, and adapts with τ."""
    decay = math.exp(-1 / tau)
    k = jump / (1 - decay)  # a spike adds 1 - ρ to the trace A, and k A to the threshold
    cue = torch.zeros(STEPS, 1, 1)
    cue[CUE] = 1.0
    _, mem_rec = Leaky(decay).unroll(cue)
    _, _, ada_rec = AdaptiveLeaky(0.5, decay, k).unroll(1.1 * cue)
    late_rec, _ = Delay(delay).unroll(cue)
    mem, rise, late = (rec[:, 0, 0] for rec in (mem_rec, k * ada_rec, late_rec))
    left = {
        f"{name}_left": rec[CUE + LATER]
        for name, rec in (("mem", mem), ("rise", rise), ("late", late))
    }
    return {"cue": cue[:, 0, 0], "mem": mem, "rise": rise, "late": late, **left}
