"""The explorer of this chapter: an eligibility trace as it lives, and a learning signal."""

from functools import partial
from typing import Any

import torch

from snnedu.brains.eligibility import excess
from snnedu.brains.online import OnlineLayer
from snnedu.core.neurons import AdaptiveLeaky, Leaky
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Slider, Traces

STEPS, INPUT = 80, (10, 11, 12)  # of the run; when the synapse is active
WEIGHT, DRIVE = 0.6, 0.5  # of the synapse; where a constant current alone takes U
RHO, JUMP = 0.99, 0.2  # of the adaptive threshold: its decay, and its rise with a spike


def trace_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Watch the trace of one synapse, and move the time at which a learning signal comes.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        partial(_traced),  # without a name, so that no line of code is offered
        [
            Choice("neuron", ("leaky", "adaptive")),
            Slider("beta", 0.5, 0.98, 0.01, value=0.9, label="decay β", unit="per step"),
            Slider("signal", 0, STEPS - 1, 1, value=50, label="signal comes at step"),
        ],
        [
            Traces(
                {"mem": "membrane U", "top": "threshold Θ"},
                spikes="spk",
                title="The neuron: a constant input, and at steps 10 to 12 the synapse",
                xlabel="step",
                ylim=(0, 2),
                height=140,
                given=True,
            ),
            Traces(
                {"trace": "eligibility trace", "sent": "learning signal"},
                title="Trace of the synapse, and the learning signal",
                xlabel="step",
                ylim=(-0.5, 3),
                height=140,
            ),
            Traces(
                {"trace": "eligibility trace", "credit": "credit: signal × trace"},
                title="Enlarged: between −0.15 and 0.15",
                xlabel="step",
                ylim=(-0.15, 0.15),
                height=140,
            ),
        ],
        title="One synapse, one learning signal",
        outcome="A signal of 1 at step {signal} gives the weight a credit of {said}.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def _traced(neuron: str, beta: float, signal: int) -> dict[str, Any]:
    cell = AdaptiveLeaky(beta, RHO, JUMP / (1 - RHO)) if neuron == "adaptive" else Leaky(beta)
    layer = OnlineLayer(2, 1, cell, recurrent=False)
    layer.weight.data[:] = torch.tensor([[WEIGHT, DRIVE * (1 - beta)]])
    state, rows = None, list[tuple[float, ...]]()
    for t in range(STEPS):
        x = torch.tensor([[float(t in INPUT), 1.0]])
        _, state = layer(x, state)
        assert state.past is not None
        trace = state.slope[0, 0] * excess(state.past, cell)[0, 0, 0]
        top = 1 + cell.adaptation * state.neuron[1][0, 0] if len(state.neuron) > 1 else 1.0
        rows.append((float(state.neuron[0]), float(top), float(state.spk), float(trace.detach())))
    mem, top, spk, trace = torch.tensor(rows).T
    worth = trace[signal].item()
    sent = (torch.arange(STEPS) == signal).float()
    return {
        "mem": mem, "top": top, "spk": spk, "trace": trace, "sent": sent,
        "credit": sent * trace, "worth": worth, "said": f"{worth:.3f}".replace("-", "−"),
    }  # fmt: skip
