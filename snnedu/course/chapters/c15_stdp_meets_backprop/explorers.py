"""The explorer of this chapter: the three factors of one synapse, and what two rules make of them."""

import math
from typing import Any

import torch
from torch import Tensor

from snnedu.core.neurons import Leaky
from snnedu.core.surrogate import fast_sigmoid, slope_of
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Slider, Traces

STEPS, BETA, LASTS = 60, 0.9, 15  # of the run; decay of U and of the trace; steps of the signal
PRE = (5, 8, 11, 25, 28, 31, 45, 48, 51)  # steps of the input's spikes
SLOPE = 5.0  # of the surrogate
SIGNALS = {"more spikes": 1.0, "fewer spikes": -1.0, "none": 0.0}


def three_factor_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """See what one synapse knows: its trace, its neuron, and a signal from elsewhere.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        factors,
        [
            Slider("weight", 0.0, 1.0, 0.01, value=0.2, label="weight w", unit="θ"),
            Slider(
                "other", 0.0, 0.05, 0.01, value=0.0, label="current from other inputs", unit="θ"
            ),
            Choice("signal", tuple(SIGNALS), label="learning signal"),
            Slider("when", 0, 45, 1, value=20, label="learning signal begins", unit="steps"),
        ],
        [
            Traces(
                {"trace": "trace"},
                spikes="pre",
                title="Factor 1: the input's spikes, and their trace",
                ylim=(0, 3),
                height=120,
                given=True,
            ),
            Traces(
                {"mem": "U", "slope": "slope h"},
                threshold=1.0,
                spikes="spk",
                title="Factor 2: the membrane U with its spikes, and the surrogate slope h(U - θ)",
                ylim=(-0.3, 2.2),
                height=150,
            ),
            Traces(
                {"third": "signal"},
                title="Factor 3: the learning signal, minus dL/dS",
                ylim=(-1.1, 1.1),
                height=130,
            ),
            Traces(
                {"gradient": "gradient", "stdp": "STDP"},
                title="The change of the weight so far",
                xlabel="step",
                height=150,
            ),
        ],
        title="Three factors at one synapse",
        outcome="Output spikes: {count:.0f}. Change of the weight: gradient "
        "{gradient_end:.2f}, STDP {stdp_end:.2f}.",
        code="snn.three_factor_explorer().run(weight={weight}, other={other}, signal={signal}, when={when})",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def factors(weight: float, other: float, signal: str, when: int) -> dict[str, Any]:
    """Return what one synapse sees, and the sums of both rules, step by step."""
    pre = torch.zeros(STEPS)
    pre[list(PRE)] = 1.0
    cur_rec = (weight * pre + other).view(-1, 1, 1)
    spk, mem = (rec[:, 0, 0] for rec in Leaky(BETA).unroll(cur_rec))
    slope = derivative(mem - 1.0)
    third = torch.zeros(STEPS)
    third[when : when + LASTS] = SIGNALS[signal]
    trace = faded(pre)
    gradient = (trace * slope * third).cumsum(0)
    stdp = (trace * spk - _before(faded(spk)) * pre).cumsum(0)
    return {
        "pre": pre, "trace": trace, "mem": mem, "spk": spk, "slope": slope, "third": third,
        "gradient": gradient, "stdp": stdp, "count": spk.sum(),
        "gradient_end": gradient[-1], "stdp_end": stdp[-1],
    }  # fmt: skip


def derivative(x: Tensor, slope: float = SLOPE) -> Tensor:
    """Return the slope h(x) that `snn.surrogate.fast_sigmoid` puts in the spike's place."""
    return slope_of(fast_sigmoid(slope), x.detach())


def faded(spk_rec: Tensor) -> Tensor:
    """Return the trace of spikes `[time]`, with this step's spike in it."""
    ages = torch.arange(len(spk_rec))[:, None] - torch.arange(len(spk_rec))
    kernel = torch.exp(math.log(BETA) * ages.clamp(min=0)) * (ages >= 0)
    return kernel @ spk_rec


def _before(trace: Tensor) -> Tensor:
    """Return a trace as it was before this step's spike: an output follows its input."""
    return BETA * torch.cat([torch.zeros(1), trace[:-1]])
