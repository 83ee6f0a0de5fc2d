"""The pictures of this chapter: events in space, in time, and as tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from snnedu import viz
from snnedu.silicon.events import Events, frames
from snnedu.viz import COLORS, marks, player

ON, OFF = COLORS[:2]  # as in `viz.raster`


def images(
    pictures: Mapping[str, Tensor],
    *,
    alt: str,
    light: Sequence[str] = (),
    signed: Sequence[str] = (),
    largest: float = 3,
) -> Axes:
    """Draw pictures side by side: `light` in white, `signed` ones in two colors, counts in black."""
    figure, axes = plt.subplots(
        1, len(pictures), figsize=(2.4 * len(pictures), 2.6), squeeze=False, layout="constrained"
    )
    for ax, (title, picture) in zip(axes[0], pictures.items(), strict=True):
        if title in signed:
            look: dict[str, Any] = {
                "cmap": marks.shades().reversed(),
                "vmin": -largest,
                "vmax": largest,
            }
        else:
            look = {"cmap": "gray" if title in light else "gray_r", "vmin": 0}
        ax.imshow(picture.numpy(), interpolation="nearest", **look)
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize=9)
    return viz.describe(figure, alt)


def net(events: Events, begin: float = 0.0, end: float = torch.inf) -> Tensor:
    """Return ON minus OFF events of each pixel, from `begin` to `end` in ms."""
    counts = frames(events[(events.t >= begin) & (events.t < end)], 1)[0]
    return counts[1] - counts[0]


def space_time(events: Events, pictures: int = 24, *, alt: str) -> player.Animation:
    """Let the events of a recording appear in space and time: a cloud of points that grows."""
    from celluloid import Camera

    figure = plt.figure(figsize=(7, 4))
    figure.subplots_adjust(left=0, right=1, bottom=0, top=1.02)  # 3D axes leave much room above
    ax: Any = figure.add_subplot(projection="3d")
    height, width = events.size
    ax.set(xlim=(0, events.duration), ylim=(0, width), zlim=(height, 0))
    ax.set(yticks=range(0, width + 1, 10), zticks=range(0, height, 15))
    ax.set(xlabel="time (ms)", ylabel="column (pixels)", zlabel="row (pixels)")
    ax.set_box_aspect((2, 1.4, 0.7), zoom=1.15)
    ax.view_init(elev=50, azim=-100)  # from above: the slope of the sheets is seen
    camera = Camera(figure)
    for number in range(1, pictures + 1):
        past = events[events.t <= events.duration * number / pictures]
        colors = [ON if p > 0 else OFF for p in past.p.tolist()]
        ax.scatter(
            *(part.numpy() for part in (past.t, past.x, past.y)), c=colors, s=1, depthshade=False
        )
        camera.snap()
    return viz.embed(camera, fps=8, alt=alt)


def seeds(results: Mapping[str, Mapping[str, Tensor]], *, chance: float, alt: str) -> Axes:
    """Draw accuracies, a panel for each camera and a column for each condition; a dot a seed."""
    figure, axes = plt.subplots(
        1, len(results), figsize=(9, 3.6), sharey=True, layout="constrained"
    )
    for ax, (camera, rows) in zip(axes, results.items(), strict=True):
        for place, (name, values) in enumerate(rows.items()):
            color = COLORS[2 if "reversed" in name else 0]  # green: also said under the axis
            ax.plot([place] * len(values), values.tolist(), "o", color=color, alpha=0.4)
            ax.plot([place - 0.3, place + 0.3], [values.mean().item()] * 2, color=color, lw=2)
        ax.axhline(chance, color=viz.GRAY, ls="--", lw=1)
        ax.text(-0.4, chance - 0.015, "guessing", color=viz.GRAY, fontsize=7, va="top")
        ax.set_xticks(range(len(rows)), [name.replace(" ", "\n") for name in rows], fontsize=7)
        ax.set(title=camera, ylim=(0, 1))
    axes[0].set_ylabel("accuracy on test digits")
    return viz.describe(figure, alt)
