"""The explorer of this chapter: drag an input spike, and the output spike follows, or dies."""

from typing import Any

import torch
from torch import Tensor

from snnedu.core.spike_times import exact_spike_times
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Curve, Slider, Traces

FIRST = 3.0  # the weight of input A, which comes at 0: alone it lifts V to 0.75
STEP, STEPS = 0.02, 400  # of the picture: 8 τ_s
NONE = 7.5  # where a spike that never comes is drawn
DRAGGED = {
    "predict": "Input A comes at 0. You drag input B from there to later times. What does the output spike do?",
    "options": {
        "It comes later and later, without end": "For a while it does. Drag B to 4.",
        "It stays where it is, then jumps": "It moves with every step of the slider.",
        "It comes later, faster and faster, and is gone": "Before it dies, its slope grows without bound.",
    },
    "right": "It comes later, faster and faster, and is gone",
}


def spike_time_explorer(*, ask: bool = False, **more: Any) -> Explorer:
    """Drag one of two input spikes; see the membrane, the output's time, and its slope.

    With `ask`, the learner predicts first. `more` goes to `Explorer`.
    """
    return Explorer(
        _dragged,
        [
            Slider("t_b", 0.0, 6.0, 0.05, value=0.5, label="time of input B", unit="τ_s"),
            Slider("w_b", 0.0, 6.0, 0.05, value=2.5, label="weight of input B", unit="θ"),
        ],
        [
            Traces(
                {"mem": "V"},
                threshold=1.0,
                spikes="spk",
                title="Membrane V, and the output's first spike",
                xlabel="time (τ_s)",
                ylim=(-0.1, 1.2),
                dt=STEP,
                height=180,
            ),
            Curve(
                "x",
                {"out": "t*"},
                point=("t_b", "now"),
                title="Time t* of the output spike (at 7.5: there is none)",
                xlabel="time of input B (τ_s)",
                ylim=(0, 8),
                height=150,
            ),
            Curve(
                "x",
                {"slope": "slope"},
                point=("t_b", "slope_now"),
                title="What the gradient sees: dt* / d(time of B), cut off at 5",
                xlabel="time of input B (τ_s)",
                ylim=(-0.5, 5.5),
                height=150,
            ),
        ],
        title="One input spike, dragged",
        outcome="Output: {said}.",
        **(DRAGGED if ask else {}),
        **more,
    )


def _dragged(t_b: float, w_b: float) -> dict[str, Any]:
    x = torch.linspace(0, 6, 241, dtype=torch.float64)
    out, slope = _first_spike(torch.cat([x, x.new_tensor([t_b])]), w_b)
    t, mem = _membrane(t_b, w_b, out[-1].item())
    drawn, shown = out.clamp(max=NONE), slope.clamp(-5, 5)
    spk = (t - out[-1]).abs() <= STEP / 2
    said = f"spike at t* = {out[-1]:.2f}, slope {slope[-1]:.2f}"
    return {
        "mem": mem, "spk": spk.double(), "x": x, "out": drawn[:-1], "now": drawn[-1],
        "slope": shown[:-1], "slope_now": shown[-1],
        "said": said if out[-1] < torch.inf else "no spike, and no gradient",
    }  # fmt: skip


def _first_spike(dragged: Tensor, w_b: float) -> tuple[Tensor, Tensor]:
    """Return the output's first spike for each time of B, inf for none, and its slope, or 0."""
    times = torch.stack([torch.zeros_like(dragged), dragged], 1).unsqueeze(-1).requires_grad_()
    weights = torch.tensor([[FIRST, w_b]], dtype=torch.float64)
    out = exact_spike_times(times, weights, 1)[:, 0, 0]
    (grad,) = torch.autograd.grad(torch.where(out.isfinite(), out, 0.0).sum(), times)
    return out.detach(), grad[:, 1, 0]


def _membrane(t_b: float, w_b: float, fired: float) -> tuple[Tensor, Tensor]:
    """Return V over time, until the neuron fires and from its reset on."""
    t = STEP * torch.arange(STEPS, dtype=torch.float64)

    def bump(since: float) -> Tensor:
        x = torch.exp(-(t - since).clamp(min=0) / 2)
        return x - x**2

    reset = (t > fired) * torch.exp(-(t - fired).clamp(min=0) / 2)
    return t, FIRST * bump(0.0) + w_b * bump(t_b) - reset
