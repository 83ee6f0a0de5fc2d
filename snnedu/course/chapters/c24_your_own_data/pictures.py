"""The pictures of this chapter: recordings as films, and what each way to split says."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from snnedu import viz
from snnedu.viz import COLORS, player


def film(windows: Mapping[str, Tensor], *, dt: float, alt: str) -> player.Animation:
    """Let windows `[time, 2, row, column]` run side by side: ON and OFF in two colors."""
    from celluloid import Camera

    figure, axes = plt.subplots(1, len(windows), figsize=(8, 3.6), squeeze=False)
    figure.subplots_adjust(left=0.07, right=0.99, top=0.88, bottom=0.24)
    camera = Camera(figure)
    for step in range(len(next(iter(windows.values())))):
        for ax, (name, x) in zip(axes[0], windows.items(), strict=True):
            for channel, color in ((1, COLORS[1]), (0, COLORS[0])):
                row, column = x[step, channel].nonzero(as_tuple=True)
                ax.scatter(column, row, s=14, marker="s", color=color, lw=0)
            height, width = x.shape[2:]
            ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
            ax.set(xlabel="column (pixels)", title=name)
        axes[0, 0].text(0, 1.04, f"{step * dt:.0f} ms", transform=axes[0, 0].transAxes)
        camera.snap()
    axes[0, 0].set_ylabel("row (pixels)")
    handles = [
        axes[0, 0].plot([], [], "s", color=color, label=name)[0]
        for name, color in (("ON (brighter)", COLORS[1]), ("OFF (darker)", COLORS[0]))
    ]
    figure.legend(handles=handles, loc="lower center", ncols=2, fontsize=8)
    return viz.embed(camera, fps=8, alt=alt)


def errors(rows: Mapping[str, Sequence[float]], *, alt: str) -> Axes:
    """Draw by how much each estimate is too high, a dot for each split, a bar for the mean."""
    figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
    for row, values in enumerate(rows.values()):
        place = row + torch.linspace(-0.15, 0.15, len(values))
        mean = sum(values) / len(values)
        ax.plot([mean] * 2, [row - 0.3, row + 0.3], color=COLORS[1], lw=2, label="mean")
        ax.plot(values, place, "o", color=COLORS[0], alpha=0.7, ms=5, label="a split")
    ax.axvline(0, color=viz.GRAY, ls=":", label="exact")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.set(xlabel="estimate minus what came out later (points)", xlim=(-35, 35))
    handles, labels = ax.get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    figure.legend(known.values(), known.keys(), fontsize=8, loc="outside lower center", ncols=3)
    return viz.describe(figure, alt)
