"""The explorer of this chapter: how much each step's input counts for the result."""

from collections.abc import Callable
from typing import Any

from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Slider, Traces


def credit_explorer(credit: Callable[..., Any], *, ask: str = "", **more: Any) -> Explorer:
    """Move the neuron whose credits the chapter's function `credit` computes.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        credit,
        [
            Slider("cur", 0.0, 0.5, 0.01, value=0.15, label="current I", unit="units of U"),
            Slider("beta", 0.0, 1.0, 0.01, value=0.9, label="decay β", unit="per step"),
            Slider("slope", 1.0, 25.0, 1.0, value=5.0, label="slope k", unit="per unit of U"),
            Choice("result", ("last membrane", "number of spikes")),
        ],
        [
            Traces("mem", threshold=1.0, spikes="spk", title="Membrane U", given=True),
            Traces("credit", title="Credit of each step's input", xlabel="step", ylim=(0, None)),
        ],
        outcome="Largest credit: {best}.",
        still={"result": "number of spikes"},
        **(in_explorer(ask) if ask else {}),
        **more,
    )
