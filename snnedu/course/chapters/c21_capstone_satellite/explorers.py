"""The explorer of this chapter: a night, its noise, and a filter with one number."""

from functools import lru_cache
from typing import Any

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
            Slider("mag", 1.0, 6.0, 0.5, value=4.0, label="satellite's magnitude at its best"),
            Slider("window", 50, 1600, 50, value=400, label="window of the filter", unit="ms"),
        ],
        [
            Image("raw", title="All events, 8 s", xlabel="column", ylabel="row", clim=(0, 3)),
            Image("kept", title="Kept by the filter", xlabel="column", ylabel="row", clim=(0, 3)),
        ],
        title="A night, and a filter",
        outcome="{name}: {kept_events} of {events} events are kept. Informedness: {all:.2f} with all events, {filtered:.2f} with those kept.",
        code="""night = snn.sky.Night(noise={noise}, brightest={mag}, faintest={mag})
one = snn.sky.simulate({number}, night=night)
kept = snn.events.denoise(one.events, {window})""",
        alt="Events of 8 s on 64 x 64 pixels, all of them and those that the filter keeps: {kept_events} of {events}.",
        columns=2,
        **more,
    )


def watch(number: int, noise: float, mag: float, window: float) -> dict[str, Any]:
    """Return what the camera sends, what a filter keeps of it, and both scores."""
    one = _pass(number, noise, mag)
    kept = denoise(one.events, window)
    return {
        "raw": counts(one.events),
        "kept": counts(kept),
        "name": one.name,
        "events": len(one.events),
        "kept_events": len(kept),
        "all": sky.score(sky.as_found(one.events), one).informedness,
        "filtered": sky.score(sky.as_found(kept), one).informedness,
    }


@lru_cache(maxsize=8)
def _pass(number: int, noise: float, mag: float) -> sky.Pass:
    return sky.simulate(number, night=sky.Night(noise=noise, brightest=mag, faintest=mag))
