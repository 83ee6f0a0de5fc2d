"""The pictures of this chapter: scans, rasters of pixels or classes, and errors over energy."""

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
    """Draw spikes `[time, rows]`, row 0 on top; the more rows, the higher the picture."""
    neurons = spk_rec.shape[1]
    _, ax = plt.subplots(figsize=(6.4, 2 + neurons / 24), layout="constrained")
    viz.raster(spk_rec, ax, top_down=True, alt=alt)
    ax.set(ylabel=rows, yticks=range(0, neurons, 8 if rows == "pixel" else 1))
    ax.spines[["top", "right"]].set_visible(False)
    _shown(ax)


def errors_over_energy(results: Mapping[str, Tensor], steps: Sequence[int], *, alt: str) -> Axes:
    """Draw `results`, {name: [steps, seeds, 2]} of accuracy and energy: each seed, joined means."""
    _, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for mark, color, (name, result) in zip("osD", COLORS, results.items(), strict=False):
        errors, energy = 100 * (1 - result[..., 0]), result[..., 1]
        means = energy.mean(1), errors.mean(1)
        ax.plot(energy.flatten(), errors.flatten(), mark, color=color, ms=3, alpha=0.4)
        ax.plot(*means, mark, ls="-", color=color, ms=7, label=name)
        if len(result) == len(steps):  # a dense network has no steps
            _name_steps(ax, steps, *means, color)
    ax.set(xlabel="energy of the arithmetic (dense, zeros multiplied = 1)", ylabel="errors (%)")
    ax.set(xscale="log", xlim=(0.06, 3), yscale="log", ylim=(1.8, 40))
    ax.set_xticks((0.1, 0.2, 0.5, 1, 2), ("0.1", "0.2", "0.5", "1", "2"))
    ax.set_yticks((2, 5, 10, 20), ("2", "5", "10", "20"))
    ax.minorticks_off()
    ax.legend(loc="upper right", frameon=False, title="numbers: steps T")
    return describe(ax, alt)


def _name_steps(ax: Axes, steps: Sequence[int], energy: Tensor, errors: Tensor, color: str) -> None:
    """Write the number of steps above each mean, to the right: the seeds spread up and down."""
    for n, x, y in zip(steps, energy.tolist(), errors.tolist(), strict=True):
        ax.annotate(str(n), (x, y), (6, 5), textcoords="offset points", color=color)


def _shown(ax: Axes) -> None:
    """Show the figure now: a question that the same cell asks then stands below it."""
    display(ax.figure)
    plt.close(cast(Figure, ax.figure))
