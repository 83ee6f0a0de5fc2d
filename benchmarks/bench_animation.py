"""An animated raster of 100 neurons and 100 steps: ours beside celluloid with `to_jshtml`.

Time is from spikes to the HTML that a notebook stores; size is that HTML. Both sides are played,
paused and scrubbed in the browser. `to_jshtml` draws and stores each picture anew, `viz.embed`
stores the same pictures as differences, `viz.animate` stores the spikes alone.
"""

import statistics
import time
from collections.abc import Callable

import celluloid
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import torch

from snnedu import _player, viz

STEPS = NEURONS = 100
WAYS: dict[str, Callable[[torch.Tensor], str]] = {
    "celluloid, to_jshtml": lambda spk: film(spk).animate().to_jshtml(),
    "celluloid, viz.embed": lambda spk: viz.embed(film(spk), alt="A raster that fills.").html,
    "viz.animate": lambda spk: viz.animate(spk).html,
}


def rows(repeats: int = 3) -> list[dict[str, str | float]]:
    """Return median seconds and kilobytes of each way, and ratios to the first."""
    mpl.use("agg")
    spk = (torch.rand(STEPS, NEURONS, generator=torch.Generator().manual_seed(0)) < 0.05).float()
    same_pictures(spk)
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    kilobytes: dict[str, float] = {}
    for _ in range(repeats):
        for name, way in WAYS.items():
            start = time.perf_counter()
            kilobytes[name] = len(way(spk).encode()) / 1000
            seconds[name].append(time.perf_counter() - start)
            plt.close("all")
    median = {name: statistics.median(times) for name, times in seconds.items()}
    first = next(iter(WAYS))
    return [
        {
            "way": name,
            "seconds": median[name],
            "kB": kilobytes[name],
            "times faster": median[first] / median[name],
            "times smaller": kilobytes[first] / kilobytes[name],
        }
        for name in WAYS
    ]


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


def same_pictures(spk: torch.Tensor) -> None:
    """Make sure that each way shows the same spikes in the last picture."""
    camera = film(spk)
    *_, last = camera._photos
    drawn = {(round(x), round(y)) for x, y in np.asarray(last[0].get_offsets())}
    stored = viz.animate(spk).film["spikes"]
    if drawn != {(t, n) for t, row in enumerate(stored) for n in row}:
        raise AssertionError("celluloid and `viz.animate` do not show the same spikes.")
    if len(_player.photos(camera)) != len(stored):
        raise AssertionError("celluloid and `viz.animate` do not have as many pictures.")
    plt.close("all")


if __name__ == "__main__":
    for row in rows():
        print(*(f"{v:.3g}" if isinstance(v, float) else f"{v:22}" for v in row.values()), sep="  ")
