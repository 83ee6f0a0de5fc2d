"""The explorer of this chapter: how much faster more processes are, with parts that do not split."""

from functools import partial
from typing import Any

import torch

from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Slider

MOST = 64  # processes


def scaling_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Move the part that does not split, and what processes have to tell each other.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        partial(_scaled),  # without a name, so that no line of code is offered
        [
            Slider("processes", 1, MOST, 1, value=8, label="processes"),
            Slider("fixed", 0, 50, 1, value=10, label="fixed part", unit="% of one process's time"),
            Slider("talk", 0, 50, 1, value=0, label="communication", unit="% of that time"),
            Choice("batch", ("the same for all", "grows with the processes")),
        ],
        [
            Curve(
                "count",
                {"speed": "samples per second", "ideal": "without fixed part or communication"},
                point=("processes", "times"),
                title="Samples per second, in times of one process",
                xlabel="processes",
                xlim=(1, MOST),
                ylim=(0, MOST),
            ),
        ],
        title="More processes",
        outcome="{who}: {said} times as many samples per second.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def _scaled(processes: int, fixed: float, talk: float, batch: str) -> dict[str, Any]:
    count = torch.arange(1, MOST + 1)
    talking = talk / 100 * (count > 1)
    if batch == "the same for all":  # Amdahl
        speed = 1 / (fixed / 100 + (1 - fixed / 100) / count + talking)
    else:  # Gustafson: each process has a whole batch of its own
        speed = count / (1 + talking)
    times = speed[int(processes) - 1].item()
    return {
        "count": count, "speed": speed, "ideal": count.float(), "times": times,
        "said": f"{times:.1f}", "who": "1 process" if processes == 1 else f"{processes} processes",
    }  # fmt: skip
