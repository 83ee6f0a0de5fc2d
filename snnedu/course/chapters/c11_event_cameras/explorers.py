"""The explorers of this chapter: each is one declaration."""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from snnedu.course.chapters.c11_event_cameras.experiments import moving_digit
from snnedu.silicon import events
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Image, Raster, Slider

DISTANCE, PER_PIXEL = 12, 4  # pixels that the digit moves, and frames for each
LONGEST = 60  # ms
ROW = 16  # the row of pixels that is shown over time


def camera_explorer(**more: Any) -> Explorer:
    """Watch a digit move by 12 pixels with an event camera. `more` goes to `Explorer`."""
    return Explorer(
        watch_digit,
        [
            Slider("theta", 0.1, 2.0, 0.1, value=0.4, label="threshold θ", unit="in ln(light)"),
            Slider("speed", 0.2, 2.0, 0.1, value=0.5, label="speed", unit="pixels per ms"),
            Slider("refractory", 0.0, 5.0, 0.5, value=0.0, label="refractory time", unit="ms"),
            Slider("noise", 0, 50, 1, value=0, label="noise", unit="Hz per pixel"),
        ],
        [
            Image(
                "dark",
                title="Light, halfway",
                xlabel="column",
                ylabel="row",
                clim=(-1, 0),
                given=True,
            ),
            Image(
                "net",
                title="ON minus OFF, whole film",
                xlabel="column",
                ylabel="row",
                gray=False,
                clim=(-4, 4),
            ),
            Raster(
                "row",
                title="Row 16: ON (+1), OFF (-1)",
                xlabel="time (ms)",
                ylabel="column",
                top_down=True,
            ),
        ],
        title="An event camera",
        outcome="{count} events ({noisy} of noise) in {duration:.0f} ms: {rate:.0f} per ms.",
        code=f"""dt = {1 / PER_PIXEL} / {{speed}}  # ms from frame to frame
camera = dict(threshold={{theta}}, refractory={{refractory}}, noise={{noise}}, seed=0)
stream = snn.events.from_video(video, dt=dt, **camera)""",
        alt="A moving digit, its events and one row of pixels over time: {count} events.",
        columns=3,
        **more,
    )


def watch_digit(theta: float, speed: float, refractory: float, noise: int) -> dict[str, Any]:
    """Return what the camera sends while the digit moves, and what of it is noise."""
    video = _video()
    dt = 1 / (speed * PER_PIXEL)
    camera: dict[str, Any] = {"dt": dt, "threshold": theta, "refractory": refractory, "seed": 0}
    sent = events.from_video(video, noise=noise, **camera)
    clean = events.from_video(video, **camera)
    counts = events.frames(sent, 1)[0]
    return {
        "dark": -video[len(video) // 2],  # the panel draws high numbers in black
        "net": counts[0] - counts[1],  # the panel draws high numbers in orange
        "row": _over_time(sent),
        "count": len(sent),
        "noisy": len(sent) - len(clean),
        "duration": sent.duration,
        "rate": len(sent) / sent.duration,
    }


def _over_time(sent: events.Events) -> Tensor:
    """Return one row's events in steps of a millisecond, 1, -1 or 0, `[time, columns]`."""
    here = sent[sent.y == ROW]
    signs = torch.zeros(LONGEST + 1, sent.size[1])
    signs.index_put_((here.t.long(), here.x.long()), here.p.float(), accumulate=True)
    return signs.sign()


@cache
def _video() -> Tensor:
    return moving_digit(DISTANCE, PER_PIXEL)
