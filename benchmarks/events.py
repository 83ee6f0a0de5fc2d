"""How many events a second does the simulated event camera give?

No simulator of event cameras could be installed beside it, so the other side is what a user of
NumPy would write: all pixels at once, frame by frame, the events of a pixel evenly spaced.
"""

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import snnedu as snn
from benchmarks.timing import Goal, Result, race

SIZE, DARK, THETA = 128, 0.05, 0.2
WANTED = 5e6  # events a second


def run(quick: bool) -> list[Result]:
    """Return the pace of the generator on a moving grating, beside one in NumPy."""
    video = _grating(frames=20 if quick else 100)
    events = len(snn.events.from_video(video, threshold=THETA, dark=DARK))
    check = _in_numpy(video)[0].size
    assert abs(check - events) <= 1e-3 * events, (check, events)
    took = race({
        "snnedu": lambda: snn.events.from_video(video, threshold=THETA, dark=DARK),
        "NumPy, frame by frame": lambda: _in_numpy(video),
    })  # fmt: skip
    pace = {name: 1e3 * events / ms for name, ms in took.items()}
    rows: list[dict[str, object]] = [
        {"generator": name, "ms": took[name], "million events a second": pace[name] / 1e6}
        for name in took
    ]
    about = (
        f"{len(video)} frames of a grating that moves across {SIZE} x {SIZE} pixels: {events:,} "
        "events, an ideal camera. Both give as many, to one in a thousand: NumPy's rounding "
        "decides differently where a change ends just at the threshold. The events of ours come "
        "in order of time; those of the other do not, which spares it the sorting."
    )
    goal = Goal("Event camera, 128 x 128: million events a second",
                pace["snnedu"] / 1e6, WANTED / 1e6, "M/s")  # fmt: skip
    return [Result("Event camera", about, rows, [goal])]


def _grating(frames: int) -> Tensor:
    x = torch.arange(SIZE) / SIZE
    phase = torch.arange(frames)[:, None, None] / 20
    light = 0.5 + 0.45 * torch.sin(2 * torch.pi * (4 * x + 0.5 * x[:, None] - phase))
    return light.float()


def _in_numpy(video: Tensor) -> tuple[NDArray[np.float64], ...]:
    log = np.log(video.double().numpy() + DARK)
    memory = log[0].copy()
    found: list[tuple[NDArray[np.float64], ...]] = []
    for step, (before, now) in enumerate(pairwise(log)):
        counts = np.trunc((now - memory) / THETA + 1e-9 * np.sign(now - memory)).astype(int)
        y, x = np.nonzero(counts)
        n = counts[y, x]
        size = np.abs(n)
        nth = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + 1
        pixel = np.repeat(np.arange(len(n)), size)
        level = memory[y, x][pixel] + nth * np.sign(n)[pixel] * THETA
        start, end = before[y, x][pixel], now[y, x][pixel]
        found.append((step + (level - start) / (end - start), y[pixel], x[pixel], n[pixel]))
        memory += counts * THETA
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))
