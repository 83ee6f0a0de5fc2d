"""What several pictures have in common, drawn with matplotlib: spikes, lines, shades of a matrix.

`canvas.js` draws the same in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Shaped

from snnedu.viz.recording import Array
from snnedu.viz.style import COLORS, DASHES, GRAY, SHADES, THRESHOLD_DASH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap


def raster(
    ax: Axes,
    spikes: Shaped[Array, "time neurons"],
    groups: Mapping[str, int] | None = None,
    *,
    step: float = 1.0,
    color: str = COLORS[0],
    top_down: bool = False,
) -> None:
    """Draw each spike as a tick, one row for each neuron; `step` is the time of one step.

    `groups` {label: size} colors the neurons in order. `top_down` puts neuron 0 on top. Where there
    are spikes of -1, those of +1 stand on the middle of the row, and those of -1 hang from it, in
    another color.
    """
    from matplotlib.markers import TICKDOWN, TICKUP
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    steps, neurons = spikes.shape
    if (spikes < 0).any():
        _ticks(ax, spikes > 0, step, TICKUP, color, "+1")
        _ticks(ax, spikes < 0, step, TICKDOWN, COLORS[1], "\N{MINUS SIGN}1")
    else:
        neuron, sizes = np.arange(neurons), groups or {"": neurons}
        ends = zip(sizes.items(), accumulate(sizes.values()), (color, *COLORS[1:]), strict=False)
        for (label, size), end, shade in ends:
            inside = (neuron >= end - size) & (neuron < end)
            _ticks(ax, (spikes > 0) & inside, step, "|", shade, label)
    ends = (neurons - 0.5, -0.5) if top_down else (-0.5, neurons - 0.5)
    ax.set(xlim=(-0.5 * step, (steps - 0.5) * step), ylim=ends)
    # All rows of ten get a number, such as classes.
    ax.yaxis.set_major_locator(MultipleLocator(1) if neurons <= 10 else MaxNLocator(integer=True))


def lines(
    ax: Axes,
    x: Sequence[float] | Shaped[Array, " points"],
    series: Mapping[str, Shaped[Array, " points"]],
    threshold: float | None = None,
    name: str = "threshold",
) -> None:
    """Draw `series` {label: values} over `x`, and the `threshold`, called `name` in a legend."""
    for order, (label, values) in enumerate(series.items()):
        color, dash = COLORS[order % len(COLORS)], DASHES[order % len(DASHES)]
        ax.plot(x, values, color=color, ls=dash, label=label)
    if threshold is not None:
        ax.axhline(threshold, color=GRAY, ls=THRESHOLD_DASH, lw=1, label=name, zorder=1.5)


def shades() -> Colormap:
    """Return the colors of a matrix: blue, near white, orange; gray where there is no number."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", SHADES).with_extremes(bad="#bbbbbb")


def _ticks(
    ax: Axes,
    shown: Bool[Array, "time neurons"],
    step: float,
    marker: str | int,
    color: str,
    label: str,
) -> None:
    when, who = shown.nonzero()
    tall, wide = _row(ax, *shown.shape)
    size = tall if marker == "|" else tall / 2
    # One line that is not drawn: matplotlib stamps its markers quickly, however many.
    look = ax.plot(when * step, who, color=color, ls="", label=label)[0]
    look.set(marker=marker, markersize=size, markeredgewidth=wide)


def _row(ax: Axes, steps: int, neurons: int) -> tuple[float, float]:
    """Return height and width of a tick in points: most of a row, and no more than of a step."""
    width, height = (side / ax.figure.dpi * 72 for side in (ax.bbox.width, ax.bbox.height))
    tall = min(max(0.8 * height / neurons, 1.5), 10.0)
    return tall, max(min(0.8 * width / steps, tall, 2.5), 0.8)
