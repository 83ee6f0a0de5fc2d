"""The pictures of this chapter: a burst that crosses the array, and a pole that is balanced."""

from typing import Any

import numpy as np

from snnedu.brains import culture
from snnedu.viz import COLORS, GRAY, embed
from snnedu.viz.player import Animation

FRAME, FADE = 25, 60.0  # ms of a frame, and the time in which a spike fades
BEFORE, AFTER = 100, 1000  # ms around the start of a burst
LENGTH, STEPS = 1.0, 100  # m, of the pole; steps a second
BURST = (
    "The cells of a culture as dots in a square of 1.6 mm, among 64 electrodes. First, cells "
    "flash here and there. Then the flashes spread over the whole square within about a tenth of a "
    "second, go on for most of a second, and fade."
)


def burst_film(day: float = 59, seed: int = 0, seconds: int = 30) -> Animation:
    """Show the largest network burst of a culture: all cells, also those that no electrode hears."""
    import matplotlib.pyplot as plt
    from celluloid import Camera  # pyright: ignore[reportMissingTypeStubs]

    dish = culture.grow(day, seed)
    when, who = dish.advance(1000 * seconds)
    start = _largest_burst(when, 1000 * seconds)
    x, y = dish.wiring.position.T
    excitatory = dish.wiring.excitatory
    figure, ax = plt.subplots(figsize=(3.8, 3.8), layout="constrained")
    ax.set(xlabel="µm", ylabel="µm", xlim=(0, 1600), ylim=(0, 1600), aspect="equal")
    ax.set(xticks=range(0, 1601, 400), yticks=range(0, 1601, 400))
    camera = Camera(figure)
    for now in range(start - BEFORE, start + AFTER, FRAME):
        last = np.full(len(x), -np.inf)
        seen = when <= now
        np.maximum.at(last, who[seen], when[seen])
        lit = now - last < FADE
        ax.plot(*culture.SITES.T, "s", ms=4, mfc="none", mec=GRAY, mew=0.6)
        ax.scatter(x, y, s=4, c=GRAY, lw=0, clip_on=False)
        for kind, color, marker in ((excitatory, COLORS[0], "o"), (~excitatory, COLORS[1], "^")):
            firing = lit & kind
            ax.scatter(x[firing], y[firing], s=36, c=color, marker=marker, lw=0, clip_on=False)
        ax.text(0.5, 1.01, f"{now - start:+d} ms", transform=ax.transAxes, ha="center")
        camera.snap()
    return embed(camera, fps=6, alt=BURST)


def pole_film(path: list[Any], alt: str, pictures: int = 30) -> Animation:
    """Show cart and pole along a path of (x in m, angle in rad, force in N), as the cart sees it.

    A bar below the cart shows the force: 10 cm for each N.
    """
    import matplotlib.pyplot as plt
    from celluloid import Camera  # pyright: ignore[reportMissingTypeStubs]

    figure, ax = plt.subplots(figsize=(4.8, 2.8), layout="constrained")
    ax.set(xlabel="m", ylabel="m", xlim=(-1, 1), ylim=(-0.15, 1.25), aspect="equal")
    camera = Camera(figure)
    for step in np.linspace(0, len(path) - 1, pictures).astype(int):
        x, angle, force = path[step]
        top = LENGTH * np.sin(angle), LENGTH * np.cos(angle)
        ax.plot([-0.12, 0.12], [0, 0], color=GRAY, lw=8, solid_capstyle="butt")
        ax.plot([0, top[0]], [0, top[1]], color=COLORS[0], lw=3)
        ax.plot([0, force / 10], [-0.08, -0.08], color=COLORS[1], lw=3)
        ax.text(
            0.02, 0.92, f"{(step + 1) / STEPS:.2f} s, cart at {x:z.1f} m", transform=ax.transAxes
        )
        camera.snap()
    return embed(camera, fps=6, alt=alt)


def _largest_burst(when: Any, ms: int) -> int:
    """Return when (ms) the steepest rise begins: the window of 50 ms with most spikes, before."""
    counts = np.bincount(when // 50, minlength=ms // 50)
    peak = int(counts[4:-20].argmax()) + 4
    while counts[peak - 1] > 0.3 * counts[4:-20].max() and peak > 4:
        peak -= 1
    return 50 * peak
