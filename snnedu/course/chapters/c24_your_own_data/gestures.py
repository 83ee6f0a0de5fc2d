"""Recordings as an engineer gets them: persons who wave, nod and circle before an event camera.

    folder = record(Path("gestures"), persons=range(1, 13))
    gestures/wave/p3_1.npz           # person 3, second recording of this gesture, 1.2 s

Each person has a size of the hand, a pace, a reach and a tilt; each recording has a place in the
picture, and a room with a few flickering pixels. Nobody's recordings are needed: all is drawn.
"""

import math
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from snnedu.silicon import events

SIDE = 20  # pixels of the sensor, each way
LENGTH, FRAME = 1200.0, 5.0  # of a recording, and of a frame of the film, ms
TIMES = {"circle": 1, "nod": 1, "wave": 3}  # recordings that each person makes


def record(folder: Path, persons: Iterable[int], first: int = 0) -> Path:
    """Write the recordings of some persons, and return the folder.

    `first`: the number of the first recording; another number gives other recordings.
    """
    for number, name in enumerate(TIMES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for person in persons:
            for take in range(first, first + TIMES[name]):
                seed = 10_000 * person + 100 * number + take
                events.save(folder / name / f"p{person}_{take}.npz", perform(name, person, seed))
    return folder


def perform(gesture: str, person: int, seed: int) -> events.Events:
    """Return a recording of a gesture."""
    return events.from_video(
        film(gesture, person, seed), dt=FRAME, threshold=0.25, mismatch=0.05,
        noise=_Draw(person)(1, 4), seed=seed,
    )  # fmt: skip


def film(gesture: str, person: int, seed: int) -> Tensor:
    """Return the light that the camera sees, `[time, row, column]`."""
    who, draw = _Draw(person), _Draw(seed)
    size, period, reach, tilt = who(1.4, 2.6), who(320, 520), who(4, 5.5), who(-0.32, 0.32)
    t = torch.arange(LENGTH / FRAME + 1) * FRAME
    phase = 2 * math.pi * (t / (period * draw(0.92, 1.08)) + draw(0, 1))
    reach, tilt = reach * draw(0.85, 1.15), tilt + draw(-0.08, 0.08)
    turn = math.copysign(1, draw(-1, 1))
    along, across = {
        "wave": (phase.cos(), 0.12 * (2 * phase).sin()),
        "nod": (0.12 * (2 * phase).sin(), phase.cos()),
        "circle": (phase.cos(), turn * phase.sin()),
    }[gesture]
    x = draw(8, 12) + reach * (along * math.cos(tilt) - across * math.sin(tilt))
    y = draw(8, 12) + reach * (along * math.sin(tilt) + across * math.cos(tilt))
    pixel = torch.arange(SIDE)
    far = (pixel - x[:, None, None]) ** 2 + (pixel[:, None] - y[:, None, None]) ** 2
    light = 0.25 + 0.75 * (-far / (2 * size**2)).exp()
    for _ in range(int(draw(3, 7))):  # screens and lamps in the room
        row, column, pace, start = (draw(0, end) for end in (SIDE, SIDE, 1, 6))
        flicker = 1 + (2 * math.pi * t / (60 + 190 * pace) + start).sin()
        light[:, int(row), int(column)] += 0.35 * flicker
    return light


def as_text(path: Path, recording: events.Events, started: int = 1_764_150_000_000_000) -> Path:
    """Write a recording as a table that much camera software exports: t (µs), x, y, p (0 or 1).

    `started` is the time of the camera's clock, µs.
    """
    times = (1000 * recording.t).round().long() + started
    rows = torch.stack([times, recording.x, recording.y, (recording.p > 0)], 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (",".join(map(str, row)) for row in rows.tolist())
    path.write_text("t,x,y,p\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


class _Draw:
    """Numbers of one person or recording: `draw(low, high)` is the next one."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, low: float, high: float) -> float:
        return low + (high - low) * torch.rand((), generator=self.generator).item()
