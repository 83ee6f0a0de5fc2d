"""Pictures of this chapter: every seed's dot, and ten differences under two conditions."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from snnedu.course.chapters.c23_open_questions.differences import Comparison
from snnedu.viz import COLORS, GRAY, describe

WHITE = {"fc": "white", "ec": "none", "pad": 0.5}  # behind words that cross a line


def starts(found: Mapping[str, Tensor], taus: Sequence[float]) -> Any:
    """Draw the accuracy of each neuron at each start, [start, seed]: a dot a seed, joined by mean."""
    from matplotlib import pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    for place, (name, scores) in enumerate(found.items()):
        x = torch.arange(float(len(taus))) + 0.04 * (place - (len(found) - 1) / 2)
        look: Any = {"color": COLORS[place], "marker": "osD^v"[place % 5]}
        ax.plot(x, scores.mean(1), lw=1.5, ms=0, color=COLORS[place])
        for dots in scores.T:
            ax.plot(x, dots, ls="", ms=4, alpha=0.6, **look)
        ax.plot([], [], lw=1.5, ms=4, label=name, **look)
    ax.set(xlabel="τ at the start (steps)", ylabel="test accuracy", ylim=(0.65, 1.0))
    ax.set_xticks(range(len(taus)), [f"{tau:g}" for tau in taus])
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    text = [
        f"{name} ≈ {scores.mean(1)[0]:.2f}, ≈ {scores.mean(1)[-1]:.2f}"
        for name, scores in found.items()
    ]
    ends = f"τ = {taus[0]:g} and {taus[-1]:g}"
    return describe(
        figure, f"Test accuracy at a start from {ends}, a dot for each seed: {'; '.join(text)}."
    )


def conditions(comparisons: Sequence[Comparison]) -> Any:
    """Draw each comparison as two differences with their intervals, one row a comparison."""
    from matplotlib import pyplot as plt

    figure, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
    for row, each in enumerate(comparisons):
        for place, (found, name) in enumerate(
            zip(each.differences(), each.conditions, strict=True)
        ):
            y = row + 0.3 * place - 0.15
            look: Any = {"color": COLORS[place], "mfc": COLORS[place] if found.clear else "white"}
            error = [[found.points - found.low], [found.high - found.points]]
            ax.errorbar(found.points, y, xerr=error, fmt="os"[place], ms=6, capsize=3, **look)
            words: Any = {"fontsize": 7, "color": COLORS[place], "va": "center", "bbox": WHITE}
            left = found.high < 0  # or the words would lie on the line at 0
            end, words["ha"] = (found.low, "right") if left else (found.high, "left")
            ax.annotate(
                name, (end, y), (-10 if left else 10, 0), textcoords="offset points", **words
            )
    ax.axvline(0, color=GRAY, lw=1)
    labels = [f"{each.question}: {each.options}" for each in comparisons]
    ax.set_yticks(range(len(labels)), labels)
    for filled, text in ((GRAY, "interval leaves out 0"), ("white", "interval holds 0")):
        ax.plot([], [], "o", color=GRAY, mfc=filled, label=text)
    ax.legend(frameon=False, fontsize=7, loc="upper right")
    ax.set(xlabel="difference (points of accuracy), 95 % interval", xlim=(-45, 110))
    for x, side, text in ((-2, "right", "← second is better"), (2, "left", "first is better →")):
        ax.text(x, 1.02, text, ha=side, fontsize=8, transform=ax.get_xaxis_transform())
    ax.invert_yaxis()
    changes = sum(each.change().clear for each in comparisons)
    return describe(
        figure,
        f"Differences of accuracy for {len(comparisons)} questions, two conditions each; filled "
        f"where the interval leaves out 0. For {changes} the difference depends on the condition. "
        f"In points, {'; '.join(map(_points, comparisons))}.",
    )


def _points(each: Comparison) -> str:
    first, second = each.differences()
    return f"{each.question}: {first.points:.0f} and {second.points:.0f}"
