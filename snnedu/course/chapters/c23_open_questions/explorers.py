"""The explorer of this chapter: what a number of seeds can find, and what it then reports."""

from functools import cache, partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core.intervals import students_t
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Curve, Slider

STUDIES, MOST = 4000, 32  # simulated at once; seeds of one study
BINS = torch.linspace(-1.5, 3.5, 51)


def seeds_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Choose a real effect and a number of seeds; see what 4,000 studies report.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        partial(studies),  # without a name, so that no line of code is offered
        [
            Slider("effect", 0, 2, 0.1, value=1.0, label="real effect d"),
            Slider("seeds", 3, MOST, 1, value=4, label="seeds of a study"),
        ],
        [
            Curve(
                "reported", {"all": "all studies", "found": "those that find an effect"},
                title="What the studies report: mean gain (in spreads)", xlabel="mean gain",
                ylabel="studies (%)", xlim=(-1.5, 3.5), ylim=(0, 30), height=200,
            ),
            Curve(
                "numbers", {"power": "studies that find an effect"}, point=("seeds", "percent"),
                title="How many of 100 studies find an effect", xlabel="seeds of a study",
                ylabel="of 100", xlim=(3, MOST), ylim=(0, 100), height=200,
            ),
        ],
        title="What a number of seeds can find",
        outcome="{percent:.0f} of 100 studies find an effect.",
        columns=2,
        **(in_explorer(ask) if ask else {}),
        **more,
    )  # fmt: skip


def studies(effect: float, seeds: int) -> dict[str, Any]:
    """Simulate studies with paired seeds: gains of spread 1 around `effect` [spreads].

    A study finds an effect if its 95 % interval leaves out 0. `numbers` and `power` are the share
    that does, for every number of seeds.
    """
    means, found = _judged(effect)
    mean, is_found = means[seeds - 3], found[seeds - 3]
    those = mean[is_found]
    return {
        "reported": (BINS[1:] + BINS[:-1]) / 2,
        "all": _percent(mean), "found": _percent(those),
        "numbers": torch.arange(3.0, MOST + 1), "power": 100 * found.float().mean(1),
        "percent": 100 * is_found.float().mean().item(),
        "gain": those.mean().item() if len(those) else 0.0,
    }  # fmt: skip


def _judged(effect: float) -> tuple[Tensor, Tensor]:
    """Return each study's mean gain, and whether it finds an effect: both [seeds, studies]."""
    noise, limits = _drawn()
    means, found = list[Tensor](), list[Tensor]()
    for seeds, limit in zip(range(3, MOST + 1), limits, strict=True):
        gains = effect + noise[:, :seeds]
        means.append(gains.mean(1))
        found.append(means[-1].abs() > limit * gains.std(1) / seeds**0.5)
    return torch.stack(means), torch.stack(found)


@cache
def _drawn() -> tuple[Tensor, list[float]]:
    """Return noise [studies, seeds], and Student's t for each number of seeds."""
    noise = torch.randn(STUDIES, MOST, generator=torch.Generator().manual_seed(0))
    return noise, [students_t(seeds - 1) for seeds in range(3, MOST + 1)]


def _percent(values: Float[Tensor, " studies"]) -> Float[Tensor, " bins"]:
    """Return how many percent of all studies fall into each bin."""
    return 100 * torch.histogram(values, BINS).hist / STUDIES
