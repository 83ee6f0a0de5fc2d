"""The explorer of this chapter: one window of a gesture, in frames of any length."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from snnedu.course.chapters.c24_your_own_data.gestures import TIMES, perform
from snnedu.course.predict import in_explorer
from snnedu.silicon.events import Events, frames
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Image, Slider, Traces

WINDOW, TICK = 400, 5  # ms
LENGTHS = tuple(f"{length} ms" for length in (5, 10, 20, 25, 40, 50, 100, 200, 400))  # of a frame


def bins_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Cut a window of 400 ms into frames, and see what is left of the gesture.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        _binned,
        [
            Choice("gesture", tuple(TIMES), value="wave", label="gesture"),
            Choice("dt", LENGTHS, value="25 ms", label="dt, the length of a frame"),
            Slider("person", 1, 12, 1, value=3, label="person"),
        ],
        [
            Image(
                "frame", title="Frame at 100 ms", xlabel="column", ylabel="row",
                clim=(0, 4), given=True,
            ),
            Traces(
                {"column": "column", "row": "row"}, title="Mean place of each frame's events",
                xlabel="time (ms)", dt=TICK, ylim=(0, 19),
            ),
        ],
        title="One window, cut into frames",
        outcome="{count} events. Frames: {number}. Entries that are not 0: {filled}, {share:.1f} % of all. Largest: {most}.",
        code="""length = int({dt}.split()[0])  # ms
x = snn.events.frames(window, 400 // length)  # [time, 2, row, column]""",
        alt="One frame of a gesture, and the mean column and row of the events of each frame over 400 ms, in frames of {length} ms. {filled} entries are not 0.",
        columns=2,
        **(in_explorer(ask) if ask else {}),
        **more,
    )  # fmt: skip


def _binned(gesture: str, dt: str, person: int) -> dict[str, Any]:
    window, length = _window(gesture, person), int(dt.split()[0])
    number = WINDOW // length
    x = frames(window, number)
    at = torch.arange(0, WINDOW, TICK) // length  # the frame of each tick
    both = x.sum(1)
    row, column = (_mean_place(both.sum(other))[at] for other in (2, 1))
    return {
        "frame": both[100 // length], "column": column, "row": row, "count": len(window), "number": number,
        "filled": int((x > 0).sum()), "share": 100 * (x > 0).float().mean().item(),
        "most": int(x.max()), "length": length,
    }  # fmt: skip


def _mean_place(counts: Tensor) -> Tensor:
    """Return the mean row or column of each frame's events, `[frames, places]` to `[frames]`.

    A frame without events has the place of the one before, the first ones that of the one after.
    """
    places = torch.arange(counts.shape[1], dtype=counts.dtype)
    filled = counts.sum(1).nonzero().flatten()
    latest = torch.searchsorted(filled, torch.arange(len(counts)), right=True) - 1
    counts = counts[filled[latest.clamp(min=0)]]
    return (counts * places).sum(1) / counts.sum(1)


@lru_cache(maxsize=64)
def _window(gesture: str, person: int) -> Events:
    recording = perform(gesture, person, seed=10_000 * person + 100 * list(TIMES).index(gesture))
    kept = recording[recording.t < WINDOW]
    return Events(kept.t, kept.x, kept.y, kept.p, size=recording.size, duration=float(WINDOW))
