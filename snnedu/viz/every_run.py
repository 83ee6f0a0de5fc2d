"""A picture of many runs, such as those of a sweep: each one's dot, lines through the means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any

from snnedu.viz.plots import _axes, describe
from snnedu.viz.style import COLORS, DASHES, GRAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD^vP"


def runs(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    y: str,
    ax: Axes | None = None,
    *,
    by: str | None = None,
    alt: str | None = None,
) -> Axes:
    """Draw result `y` of each run over its setting `x`: a dot for each, a line through the means.

        viz.runs(found.rows, "beta", "accuracy", by="hidden")

    `rows` are dicts, as `snn.sweep` finds them; `by` names a setting that gets a line for each of
    its values. Settings stand evenly spaced, in the order in which they come.
    Raises ValueError if there are no rows, or if they lack one of these names.
    """
    names = [name for name in (x, y, by) if name is not None]
    missing = [name for name in names if not rows or any(name not in row for row in rows)]
    if missing:
        known = ", ".join(rows[0]) if rows else "nothing: there are no rows"
        raise ValueError(
            f"Each row must hold {', '.join(names)}. Received rows without {', '.join(missing)}. "
            f"The first one has {known}."
        )
    ax = _axes(ax)
    places = list(dict.fromkeys(row[x] for row in rows))
    groups = list(dict.fromkeys(row[by] for row in rows)) if by else [None]
    said: list[str] = []
    for number, group in enumerate(groups):
        mine = [row for row in rows if by is None or row[by] == group]
        said.append(
            _draw(ax, number, group if by is None else f"{by} = {group}", mine, places, x, y)
        )
    ax.set(xlabel=x, ylabel=y, xlim=(-0.5, len(places) - 0.5))
    ax.set_xticks(range(len(places)), [str(place) for place in places])
    if by:
        ax.legend(frameon=False)
    return describe(ax, alt or f"{y} over {x}, a dot for each run. Means: {'; '.join(said)}.")


def _draw(
    ax: Axes, number: int, label: str | None, rows: Sequence[Mapping[str, Any]],
    places: list[Any], x: str, y: str,
) -> str:  # fmt: skip
    """Draw one group's dots and line; return its means in words."""
    color = (*COLORS, GRAY)[number % (len(COLORS) + 1)]
    dots = [(places.index(row[x]), row[y]) for row in rows]
    means = {place: mean(v for at, v in dots if at == place) for place, _ in sorted(dots)}
    marker = MARKERS[number % len(MARKERS)]
    shift = 0.08 * ((number + 1) // 2) * (-1) ** number  # so that dots do not hide each other
    ax.plot(
        [at + shift for at, _ in dots], [v for _, v in dots], marker, color=color, alpha=0.5, ms=4
    )
    dashes = DASHES[number % len(DASHES)]
    ax.plot([*means], [*means.values()], color=color, ls=dashes, marker=marker, ms=7, label=label)
    values = ", ".join(f"≈ {value:.3g} at {places[place]}" for place, value in means.items())
    return f"{label}: {values}" if label else values
