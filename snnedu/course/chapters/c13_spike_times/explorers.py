"""The explorer of this chapter: drag an input spike, and the output spike follows, or dies."""

from typing import Any

import torch
from torch import Tensor

from snnedu.core.spike_times import exact_spike_times
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Curve, Slider, Traces

FIRST = 3.0  # the weight of input A, which comes at 0: alone it lifts V to 0.75
LATEST = 6.0  # time of input B
MOST = 8  # spikes of the neuron
STEP, STEPS = 0.02, 400  # of the picture: 8 τ_s
NONE = 7.5  # where the dot is while there is no spike
CODE = (
    "snn.exact_spike_times(torch.tensor([[[0.0], [{t_b}]]]), "
    f"torch.tensor([[{FIRST}, {{w_b}}]]), max_spikes=1)"
)


def spike_time_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Drag one of two input spikes; see the membrane, the output's time, and its slope.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        _dragged,
        [
            Slider("t_b", 0.0, LATEST, 0.05, value=0.5, label="time of input B", unit="τ_s"),
            Slider("w_b", 0.0, 6.0, 0.05, value=2.5, label="weight of input B", unit="θ"),
        ],
        [
            Traces(
                {"cur": "I"},
                spikes="spk_in",
                title="Input spikes A (at 0, weight 3) and B, and the current I (θ)",
                ylim=(0, 9.5),
                dt=STEP,
                height=110,
                given=True,
            ),
            Traces(
                {"mem": "V"},
                threshold=1.0,
                spikes="spk",
                title="Membrane V (θ), and the output spikes",
                xlabel="time (τ_s)",
                ylim=(-0.1, 1.2),
                dt=STEP,
                height=180,
            ),
            Curve(
                "x",
                {"out": "t*"},
                point=("t_b", "now"),
                title="Time t* of the first output spike (τ_s; dot at 7.5: no spike)",
                xlabel="time of input B (τ_s)",
                xlim=(0, LATEST),
                ylim=(0, 8),
                height=150,
            ),
            Curve(
                "x",
                {"slope": "slope"},
                point=("t_b", "slope_now"),
                title="What the gradient sees: dt* / d(time of B) (dot at 0: no spike)",
                xlabel="time of input B (τ_s)",
                xlim=(0, LATEST),
                ylim=(-0.5, 5.5),
                height=150,
            ),
        ],
        title="One input spike, dragged",
        outcome="Output: {said}.",
        code=CODE,
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def _dragged(t_b: float, w_b: float) -> dict[str, Any]:
    x = torch.linspace(0, LATEST, 241, dtype=torch.float64)
    out, slope = _first_spike(torch.cat([x, x.new_tensor([t_b])]), w_b)
    fires = int(out[:-1].isfinite().sum()) or 1  # up to one gap: there the lines end
    t, cur, mem, spk = _neuron(t_b, w_b)
    drawn, shown = out.clamp(max=NONE), slope.clamp(max=5)
    said = f"spike at t* = {out[-1]:.2f}, slope {slope[-1]:.2f}"
    return {
        "cur": cur, "spk_in": _nearest(t, 0.0) + _nearest(t, t_b),
        "mem": mem, "spk": spk,
        "x": x[:fires], "out": drawn[:fires], "now": drawn[-1],
        "slope": shown[:fires], "slope_now": shown[-1],
        "said": said if out[-1] < torch.inf else "no spike, and no gradient",
    }  # fmt: skip


def _nearest(t: Tensor, when: float) -> Tensor:
    """Return 1 at the point of `t` that is nearest to a spike, 0 elsewhere."""
    return ((t - when).abs() <= STEP / 2).double()


def _first_spike(dragged: Tensor, w_b: float) -> tuple[Tensor, Tensor]:
    """Return the output's first spike for each time of B, inf for none, and its slope, or 0."""
    times = torch.stack([torch.zeros_like(dragged), dragged], 1).unsqueeze(-1).requires_grad_()
    weights = torch.tensor([[FIRST, w_b]], dtype=torch.float64)
    out = exact_spike_times(times, weights, 1)[:, 0, 0]
    (grad,) = torch.autograd.grad(torch.where(out.isfinite(), out, 0.0).sum(), times)
    return out.detach(), grad[:, 1, 0]


def _neuron(t_b: float, w_b: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return times, I, V with a reset at each of the neuron's spikes, and these spikes."""
    t = STEP * torch.arange(STEPS, dtype=torch.float64)
    cur, mem, spk = torch.zeros_like(t), torch.zeros_like(t), torch.zeros_like(t)
    for when, weight in ((0.0, FIRST), (t_b, w_b)):
        x = _decay(t, when)
        cur, mem = cur + weight * x**2, mem + weight * (x - x**2)
    times, weights = torch.tensor([[[0.0], [t_b]]]), torch.tensor([[FIRST, w_b]])
    for fired in exact_spike_times(times.double(), weights.double(), MOST)[0, 0].tolist():
        mem, spk = mem - _decay(t, fired), spk + _nearest(t, fired)
    return t, cur, mem, spk


def _decay(t: Tensor, since: float) -> Tensor:
    """Return exp(-s/τ_m) of the time s since a spike, 0 before it."""
    return (t >= since) * torch.exp(-(t - since).clamp(min=0) / 2)
