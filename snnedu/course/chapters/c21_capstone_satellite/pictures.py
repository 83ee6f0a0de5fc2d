"""The pictures of this chapter: a night as events, the track found, scores with a dot for each seed."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from snnedu import viz
from snnedu.silicon.events import Events, frames
from snnedu.silicon.sky import Pass
from snnedu.viz import COLORS, player

EVENT, TRUE, TRACK = viz.GRAY, COLORS[1], COLORS[0]


def night(one: Pass, kept: Mapping[str, Events], *, alt: str) -> Axes:
    """Draw events of a pass, later ones darker, a panel for each choice; and their true path."""
    figure, axes = plt.subplots(
        1, len(kept), figsize=(3.5 * len(kept), 3.6), squeeze=False, layout="constrained"
    )
    for ax, (title, events) in zip(axes[0], kept.items(), strict=True):
        age = (1 - events.t / events.duration).numpy()
        ax.scatter(events.x, events.y, c=age, s=3, cmap="gray", vmin=-0.3, vmax=1.3)
        path = one.at(torch.arange(float(events.t.min()), float(events.t.max()), one.dt))
        ax.plot(path[:, 1], path[:, 0], color=TRUE, lw=1.5, alpha=0.8, label="true path")
        _sensor(ax, one)
        ax.set_title(f"{title}: {len(events):,} events", fontsize=9)
    early, late = (
        axes[0, 0].plot([], [], ".", color=str(shade), label=label)[0]
        for shade, label in ((0.75, "early"), (0.2, "late"))
    )
    path = axes[0, 0].lines[0]
    figure.legend(handles=[early, late, path], fontsize=8, loc="outside lower center", ncols=3)
    return viz.describe(figure, alt)


def found(one: Pass, events: Events, reports: Tensor, *, step: float, alt: str) -> player.Animation:
    """Let a pass run: events of the last 300 ms, stars, the satellite, tracks of the last second."""
    from celluloid import Camera

    figure, ax = plt.subplots(figsize=(4.6, 4.6), layout="constrained")
    camera = Camera(figure)
    for end in torch.arange(2 * step, events.duration + 1, 2 * step).tolist():
        now = events[(events.t > end - 300) & (events.t <= end)]
        ax.scatter(now.x, now.y, s=5, color=EVENT)
        ax.scatter(one.stars[:, 1], one.stars[:, 0], marker="*", s=25, color=COLORS[4], lw=0)
        at = one.at(torch.tensor([end]))[0]
        ax.plot(at[1], at[0], "o", ms=14, mfc="none", color=TRUE)
        past = reports[(reports[:, 0] <= end) & (reports[:, 0] > end - 1000)]
        ax.plot(past[:, 2], past[:, 1], ".", ms=4, color=TRACK)
        _sensor(ax, one)
        ax.text(0, 1.02, f"{end / 1000:.1f} s", fontsize=9, transform=ax.transAxes)
        camera.snap()
    names = {
        "kept event": ("o", EVENT), "star": ("*", COLORS[4]), "satellite": ("o", TRUE), "track": (".", TRACK)
    }  # fmt: skip
    handles = [
        ax.plot(
            [], [], mark, color=color, mfc="none" if name == "satellite" else color, label=name
        )[0]
        for name, (mark, color) in names.items()
    ]
    figure.legend(handles=handles, fontsize=8, loc="outside lower center", ncols=4)
    return viz.embed(camera, fps=6, alt=alt)


def dots(groups: Mapping[str, Mapping[str, Sequence[float]]], *, xlabel: str, alt: str) -> Axes:
    """Draw numbers as dots, a panel for each group and a row for each name; a bar for the mean."""
    figure, axes = plt.subplots(
        1, len(groups), figsize=(9, 2.9), sharey=True, squeeze=False, layout="constrained"
    )
    for ax, (title, rows) in zip(axes[0], groups.items(), strict=True):
        for row, values in enumerate(rows.values()):
            place = row + torch.linspace(-0.15, 0.15, len(values)) * (len(values) > 1)
            mean = sum(values) / len(values)
            ax.plot([mean] * 2, [row - 0.3, row + 0.3], color=COLORS[1], lw=2, label="mean")
            ax.plot(values, place, "o", color=COLORS[0], alpha=0.7, ms=4, label="a seed")
        ax.axvline(0, color=viz.GRAY, ls=":", label="guessing")
        ax.set_yticks(range(len(rows)), list(rows))
        ax.set(title=title, xlabel=xlabel, xlim=(-0.05, 0.85))
    axes[0, 0].invert_yaxis()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    figure.legend(known.values(), known.keys(), fontsize=8, loc="outside lower center", ncols=3)
    return viz.describe(figure, alt)


def counts(events: Events) -> Tensor:
    """Return how many events each pixel sent, at most 3, [height, width]."""
    return frames(events, 1)[0].sum(0).clamp(max=3)


def _sensor(ax: Axes, one: Pass) -> None:
    height, width = one.events.size
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
    ax.set(xlabel="column (pixels)", ylabel="row (pixels)")
