"""The explorer of this chapter: a night, its noise, and a filter with one number."""

from functools import lru_cache
from typing import Any

from snnedu.course.chapters.c21_capstone_satellite.experiments import near_and_far
from snnedu.course.chapters.c21_capstone_satellite.pictures import counts
from snnedu.silicon import sky
from snnedu.silicon.events import denoise
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Image, Slider


def night_explorer(**more: Any) -> Explorer:
    """Watch a pass under a noisier sky, and filter its events. `more` goes to `Explorer`."""
    return Explorer(
        watch,
        [
            Slider("number", 0, 23, 1, value=5, label="pass"),
            Slider("noise", 0.0, 0.5, 0.05, value=0.05, label="noise", unit="Hz per pixel"),
            Slider(
                "mag", 1.0, 6.0, 0.5, value=4.0, label="satellite's magnitude (larger: fainter)"
            ),
            Slider("window", 50, 1600, 50, value=400, label="window of the filter", unit="ms"),
        ],
        [
            Image(
                "raw",
                title="All events, 8 s",
                xlabel="column (pixels)",
                ylabel="row (pixels)",
                clim=(0, 3),
                height=330,
            ),
            Image(
                "kept",
                title="Kept by the filter",
                xlabel="column (pixels)",
                ylabel="row (pixels)",
                clim=(0, 3),
                height=330,
            ),
        ],
        title="A night, and a filter",
        outcome="{name}: the filter keeps {near_kept} of {near} events within 3 pixels of the satellite, and {far_kept} of {far} others.",
        code="""night = snn.sky.Night(noise={noise}, brightest={mag}, faintest={mag})
one = snn.sky.simulate({number}, night=night)
kept = snn.events.denoise(one.events, {window})""",
        alt="Events of 8 s on 64 x 64 pixels, all of them and those that the filter keeps: {near_kept} of {near} near the satellite, {far_kept} of {far} others.",
        columns=2,
        **more,
    )


def watch(number: int, noise: float, mag: float, window: float) -> dict[str, Any]:
    """Return what the camera sends and what a filter keeps, near the satellite and elsewhere."""
    one = _pass(number, noise, mag)
    kept = denoise(one.events, window)
    near, far = near_and_far(one.events, one)
    near_kept, far_kept = near_and_far(kept, one)
    return {
        "raw": counts(one.events),
        "kept": counts(kept),
        "name": one.name,
        "near": near,
        "far": far,
        "near_kept": near_kept,
        "far_kept": far_kept,
    }


@lru_cache(maxsize=8)
def _pass(number: int, noise: float, mag: float) -> sky.Pass:
    return sky.simulate(number, night=sky.Night(noise=noise, brightest=mag, faintest=mag))
