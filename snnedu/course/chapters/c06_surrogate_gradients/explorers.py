"""The explorers of this chapter: each is one declaration."""

from typing import Any

from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Slider


def surrogate_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Compare surrogate derivatives of a spike.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    kinds = ("atan", "fast_sigmoid", "sigmoid", "triangular")
    return Explorer(
        "surrogate",
        [
            Choice("kind", kinds, label="surrogate"),
            Slider("slope", 0.5, 8.0, 0.5, value=2.0, label="slope k", unit="per unit of U"),
            Slider("at", -2.0, 2.0, 0.05, value=0.2, label="distance U - θ", unit="as U"),
        ],
        [
            Curve(
                "x",
                {"spk": "S"},
                point=("at", "spk_here"),
                title="Forward: a spike or none",
                xlabel="U - θ",
                ylim=(-0.1, 1.2),
                height=190,
                given=True,
            ),
            Curve(
                "x",
                {"grad": "h"},
                point=("at", "grad_here"),
                title="Backward: the derivative that training uses",
                xlabel="U - θ",
                ylim=(0, 4.2),
                height=190,
            ),
        ],
        title="Surrogate gradients",
        columns=2,
        outcome="At U - θ = {at} the gradient is multiplied by h = {grad_here:.3f}.",
        code="spike_grad=snn.surrogate.{kind:s}({slope})",
        **(in_explorer(ask) if ask else {}),
        **more,
    )
