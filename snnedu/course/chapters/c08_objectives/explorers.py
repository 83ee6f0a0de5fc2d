"""The explorer of this chapter: networks that were trained with different losses decide."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from snnedu.core import functional
from snnedu.core.network import Sequential
from snnedu.course.chapters.c08_objectives.experiments import MARGINS, STEPS, look, watch
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Raster, Slider


def objectives_explorer(
    nets: Mapping[str, Sequential], data: tuple[Tensor, Tensor], **more: Any
) -> Explorer:
    """Drag the margin, and see when networks of the chapter decide; `nets` by name of the loss.

    `data` are digits and their labels. `more` goes to `Explorer`.
    """
    scans = [data[0][data[1] == label][:3] for label in range(10)]
    curves = {name: _curve(net, name, data) for name, net in nets.items()}

    def decide(loss: str, digit: int, sample: int, margin: int) -> dict[str, Any]:
        with torch.no_grad():
            hidden, (spk, _) = nets[loss].record(look(scans[digit][sample - 1 : sample])).values()
        counts = spk.unflatten(-1, (10, -1)).sum(-1)
        (answer,), (step,) = functional.decide(counts, margin)
        best = counts.cumsum(0)[:, 0].topk(2).values
        lead = best[:, 0] - best[:, 1]
        steps, right = curves[loss]
        return {
            "spk": spk[:, 0],
            "t": torch.arange(STEPS),
            "lead": lead,
            "enough": torch.full_like(lead, float(margin)),
            "lead_then": lead[step],
            "steps": steps,
            "right": right,
            "mean": steps[margin - 1],
            "score": right[margin - 1],
            "answer": int(answer),
            "finally": int(counts.sum((0, 1)).argmax()),
            "step": int(step),
            "after": int(step) + 1,
            "busy": hidden.spk.sum(),
        }

    return Explorer(
        decide,
        [
            Choice("loss", tuple(nets)),
            Slider("digit", 0, 9, 1, value=3),
            Slider("sample", 1, 3, 1, value=1),
            Slider("margin", 1, 8, 1, value=2, unit="spikes"),
        ],
        [
            Raster("spk", title="Output spikes", xlabel="step", ylabel="class", height=190),
            Curve(
                "t",
                {"lead": "lead of the best class", "enough": "margin"},
                point=("step", "lead_then"),
                title="The race; dot: the decision",
                xlabel="step",
                xlim=(0, STEPS),
                ylim=(0, STEPS),
                height=190,
            ),
            Curve(
                "steps",
                "right",
                point=("mean", "score"),
                xlim=(0, STEPS + 1),
                ylim=(50, 100),
                title="All test digits: accuracy (%)",
                xlabel="mean steps",
                height=190,
            ),
        ],
        title="A race between ten classes",
        outcome="Read by its spikes, it answers {answer} after {after} of 25 steps; after all steps, "
        "{finally} leads. The hidden layer fires {busy} "
        "spikes in all 25 steps. On all test digits, this margin takes {mean:.1f} steps and gives "
        "{score:.1f} % right answers.",
        alt="A race between ten classes. {loss}, digit {digit}, margin {margin}: the output spikes; "
        "the lead of the best class, with a dot at the decision, step ≈ {step}; accuracy against "
        "mean steps on all test digits, with a dot for this margin.",
        code="""scan = test[0][test[1] == {digit}][{sample} - 1]
spk_rec, _ = nets[{loss}][0](lab.look(scan[None]))
snn.functional.decide(spk_rec, {margin})""",
        columns=3,
        **more,
    )


def _curve(
    net: Sequential, name: str, data: tuple[Tensor, Tensor]
) -> tuple[list[float], list[float]]:
    """Return mean steps and accuracy in percent for margins of 1 to 8 spikes."""
    seen = watch(net, name if name == "latency" else "", data)
    steps, right = list[float](), list[float]()
    for margin in range(1, MARGINS[-1] + 1):
        classes, times = functional.decide(seen.adds, margin)
        steps.append((times + 1).float().mean().item())
        right.append(100 * (classes == seen.targets).float().mean().item())
    return steps, right
