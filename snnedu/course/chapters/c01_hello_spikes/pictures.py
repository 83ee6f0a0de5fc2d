"""The pictures of this chapter: scans, rasters of pixels or classes, and accuracy over energy."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Literal

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from snnedu import viz
from snnedu.viz import COLORS, describe


def scans(pictures: Sequence[Tensor], titles: Sequence[str] = (), *, alt: str) -> Axes:
    """Draw scans `[64]` side by side, black where there is ink."""
    side = min(1.6, 7 / len(pictures))
    size = (side * len(pictures), side + 0.45 * bool(titles))
    figure, axes = plt.subplots(1, len(pictures), figsize=size, squeeze=False)
    for ax, picture, title in zip_longest(axes[0], pictures, titles, fillvalue=""):
        ax.imshow(picture.view(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set_title(title, fontsize=9)
        ax.set(xticks=[], yticks=[])
    return describe(figure, alt)


def raster(spk_rec: Tensor, rows: Literal["pixel", "class"], *, alt: str) -> Axes:
    """Draw spikes `[time, rows]`; the top left pixel stands on top, each class has its number."""
    ax = viz.raster(spk_rec, alt=alt)
    ax.set_ylabel(rows)
    if rows == "pixel":
        ax.set(ylim=(spk_rec.shape[1] - 0.5, -0.5))
    else:
        ax.set(yticks=range(spk_rec.shape[1]))
    return ax


def accuracy_over_energy(results: Mapping[str, Tensor], steps: Sequence[int], *, alt: str) -> Axes:
    """Draw `results`, {name: [steps, seeds, 2]} of accuracy and energy: each seed, joined means."""
    _, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for mark, color, (name, result) in zip("osD", COLORS, results.items(), strict=False):
        accuracy, energy = result.unbind(-1)
        ax.plot(energy.flatten(), accuracy.flatten(), mark, color=color, ms=3, alpha=0.5)
        ax.plot(energy.mean(1), accuracy.mean(1), mark, ls="-", color=color, ms=7, label=name)
        for n, *at in zip(steps, energy.mean(1), accuracy.mean(1), strict=False):
            if len(result) > 1:
                ax.annotate(f"T = {n}", at, (0, 9), textcoords="offset points", color=color)
    ax.set(xlabel="energy of the arithmetic (dense, zeros multiplied = 1)", ylabel="test accuracy")
    ax.set(xscale="log", xlim=(0.06, 3), ylim=(None, 1), xticks=(0.1, 0.2, 0.5, 1, 2))
    ax.set_xticklabels(["0.1", "0.2", "0.5", "1", "2"])
    ax.legend(loc="lower right", frameon=False)
    return describe(ax, alt)
