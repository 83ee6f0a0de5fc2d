"""The pictures of this chapter: scans, rasters of pixels or classes, and accuracy over energy."""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from snnedu import viz
from snnedu.viz import COLORS, describe


def scans(pictures: Sequence[Tensor], titles: Sequence[str] = (), *, alt: str) -> None:
    """Draw scans `[64]` side by side, black where there is ink."""
    side = min(1.6, 7 / len(pictures))
    size = (side * len(pictures), side + 0.45 * bool(titles))
    figure, axes = plt.subplots(1, len(pictures), figsize=size, squeeze=False)
    for ax, picture in zip(axes[0], pictures, strict=True):
        ax.imshow(picture.view(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    for ax, title in zip(axes[0], titles, strict=False):
        ax.set_title(title, fontsize=9)
    _shown(describe(figure, alt))


def raster(spk_rec: Tensor, rows: Literal["pixel", "class"], *, alt: str) -> None:
    """Draw spikes `[time, rows]`; the top left pixel stands on top, each class has its number."""
    ax = viz.raster(spk_rec, top_down=rows == "pixel", alt=alt)
    ax.set_ylabel(rows)
    if rows == "class":
        ax.set(yticks=range(spk_rec.shape[1]))
    _shown(ax)


def accuracy_over_energy(results: Mapping[str, Tensor], steps: Sequence[int], *, alt: str) -> Axes:
    """Draw `results`, {name: [steps, seeds, 2]} of accuracy and energy: each seed, joined means."""
    _, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for mark, color, (name, result) in zip("osD", COLORS, results.items(), strict=False):
        accuracy, energy = result.unbind(-1)
        ax.plot(energy.flatten(), accuracy.flatten(), mark, color=color, ms=3, alpha=0.5)
        ax.plot(energy.mean(1), accuracy.mean(1), mark, ls="-", color=color, ms=7, label=name)
        if len(result) == len(steps):  # a dense network has no steps
            _name_steps(ax, steps, result.mean(1), color, below=mark == "D")
    ax.set(xlabel="energy of the arithmetic (dense, zeros multiplied = 1)", ylabel="test accuracy")
    ax.set(xscale="log", xlim=(0.06, 3), ylim=(None, 1), xticks=(0.1, 0.2, 0.5, 1, 2))
    ax.set_xticklabels(["0.1", "0.2", "0.5", "1", "2"])
    ax.legend(loc="lower right", frameon=False, title="numbers: steps T")
    return describe(ax, alt)


def _name_steps(ax: Axes, steps: Sequence[int], means: Tensor, color: str, below: bool) -> None:
    offset = (7, -13) if below else (-6, 7)
    for n, (accuracy, energy) in zip(steps, means.tolist(), strict=True):
        ax.annotate(str(n), (energy, accuracy), offset, textcoords="offset points", color=color)


def _shown(ax: Axes) -> None:
    """Show the figure now: a question that the same cell asks then stands below it."""
    display(ax.figure)
    plt.close(cast(Figure, ax.figure))
