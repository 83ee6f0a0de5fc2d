"""How fast and how small is an animated raster, compared with celluloid's of the same spikes?

Time is from spikes to the HTML that a notebook stores; size is that HTML. All three are played,
paused and scrubbed in the browser. `to_jshtml` draws and stores each picture again, `viz.embed`
stores the same pictures as differences, `viz.animate` stores the spikes alone.
"""

import celluloid
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import torch

from benchmarks.timing import Goal, Result, race
from snnedu import viz
from snnedu.viz import player

STEPS = NEURONS = 100
THEIRS, EMBED, ANIMATE = "celluloid, to_jshtml", "celluloid, viz.embed", "viz.animate"


def run(quick: bool) -> list[Result]:
    """Return seconds and kilobytes of each way, and ratios to celluloid's own."""
    mpl.use("agg")
    spk = (torch.rand(STEPS, NEURONS, generator=torch.Generator().manual_seed(0)) < 0.05).float()
    check(spk)
    ways = {
        THEIRS: lambda: html(film(spk).animate().to_jshtml()),
        EMBED: lambda: html(viz.embed(film(spk), alt="A raster that fills.").html),
        ANIMATE: lambda: html(viz.animate(spk).html),
    }
    size = {name: way() / 1000 for name, way in ways.items()}
    times = race(ways, seconds=0, rounds=1 if quick else 5)
    faster = {name: times[THEIRS] / times[name] for name in ways}
    smaller = {name: size[THEIRS] / size[name] for name in ways}
    rows: list[dict[str, object]] = [
        {"way": name, "ms": times[name], "kB": size[name], "faster": faster[name]}
        | {"smaller": smaller[name]}
        for name in ways
    ]
    goals = [
        Goal("animated raster, faster than celluloid + `to_jshtml`", faster[ANIMATE], 8),
        Goal("animated raster, smaller than celluloid + `to_jshtml`", smaller[ANIMATE], 20),
    ]
    about = f"{NEURONS} neurons over {STEPS} steps, from spikes to the HTML that a notebook stores."
    return [Result("Animated raster", about, rows, goals)]


def html(page: str) -> int:
    """Return the size of a page in bytes, and close what it was drawn in."""
    plt.close("all")
    return len(page.encode())


def film(spk: torch.Tensor) -> celluloid.Camera:
    """Draw and snap each step, as celluloid's own documentation does."""
    figure, ax = plt.subplots(figsize=(6, 3))
    ax.set(xlim=(0, STEPS), ylim=(-1, NEURONS), xlabel="time (steps)", ylabel="neuron")
    when, who = spk.nonzero(as_tuple=True)
    camera = celluloid.Camera(figure)
    for step in range(STEPS):
        so_far = when <= step
        ax.scatter(when[so_far], who[so_far], s=4, color="C0", marker="|")
        ax.axvline(step, color="C1")
        camera.snap()
    return camera


def check(spk: torch.Tensor) -> None:
    """Make sure that all show as many pictures, and the same spikes in the last one."""
    camera = film(spk)
    drawn = {(round(x), round(y)) for x, y in np.asarray(camera._photos[-1][0].get_offsets())}
    stored = viz.animate(spk).film["spikes"]
    if drawn != {(t, n) for t, row in enumerate(stored) for n in row}:
        raise AssertionError("celluloid and `viz.animate` do not show the same spikes.")
    if len(player.photos(camera)) != len(stored):
        raise AssertionError("celluloid and `viz.animate` do not have as many pictures.")
    plt.close("all")


if __name__ == "__main__":
    for result in run(quick=True):
        print(result, *result.goals, sep="\n")
