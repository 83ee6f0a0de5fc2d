"""The pictures of this chapter: lines with names, and what moving to another reset does."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from snnedu.viz import COLORS, DASHES, describe

Line = tuple[Any, Any]  # x and y
FEW = 60  # points: each gets a mark of its own


def curves(lines: Mapping[str, Line], xlabel: str, ylabel: str, *, alt: str = "") -> Axes:
    """Draw {name: (x, y)} in one picture, the names beside it; few points also as marks.

    Without `alt` the text for it names the axes and the curves: it does not tell what came out.
    """
    _, ax = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    for number, (name, (x, y)) in enumerate(lines.items()):
        mark = "osD^"[number % 4] if len(x) < FEW else None
        dashes = DASHES[number % len(DASHES)]
        ax.plot(x, y, marker=mark, ls=dashes, color=COLORS[number], ms=3, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return describe(ax, alt or f"{ylabel} against {xlabel}: {', '.join(lines)}.")


def rates(
    cur: Tensor, exact: Mapping[str, Tensor], missing: Mapping[str, Tensor], *, alt: str
) -> Axes:
    """Draw {pause: rate of the formula}, and {simulation: spikes that it misses}, over the current."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.2), layout="constrained")
    names = ("spikes per second", exact, None), ("missing spikes per second", missing, "steps of …")
    for ax, (ylabel, lines, title) in zip(axes, names, strict=True):
        for number, (name, values) in enumerate(lines.items()):
            ax.plot(cur, values, ls=DASHES[number], color=COLORS[number], label=name)
        ax.set(xlabel="constant current (nA)", ylabel=ylabel)
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "alignment": "left"}
        look = {"fontsize": 8, "title_fontsize": 8, "handlelength": 1.8, "columnspacing": 1}
        ax.legend(title=title, frameon=False, **place, **look)
    return describe(figure, alt)


def moved(changes: Mapping[str, Tensor], names: Sequence[str], *, alt: str) -> Axes:
    """Draw {reading: changes [trained with, seed, run with]} in points: a dot for each seed."""
    figure, axes = plt.subplots(
        1, len(changes), figsize=(7, 3), sharey=True, layout="constrained", squeeze=False
    )
    for ax, (reading, change) in zip(axes[0], changes.items(), strict=True):
        for run, name in enumerate(names):
            for trained in range(len(names)):
                at = trained + (run - 1.5) / 6
                dots = change[trained, :, run]
                label = f"run as {name}" if trained == 0 else None
                ax.plot([at] * len(dots), dots, "o", ms=3, alpha=0.5, color=COLORS[run])
                ax.plot(at, dots.mean(), "osD^"[run], ms=7, color=COLORS[run], label=label)
        ax.axhline(0, color="#666666", lw=0.8)
        ax.set(title=reading, xticks=range(len(names)), xticklabels=names, xlabel="trained with")
    axes[0][0].set_ylabel("change of accuracy (points)")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return describe(figure, alt)
