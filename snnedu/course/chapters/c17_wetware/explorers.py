"""The explorer of this chapter: a living culture, its age, and an electrode that sends pulses."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnedu.brains import culture
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Raster, Slider, Traces

SECONDS, BIN = 30, 10  # s that are shown, and ms of a step
AFTER, WIDTH = 500, 10  # ms after a pulse that are compared, in bins of 10 ms
SEED = 0


def culture_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Watch 30 seconds of a simulated culture: choose its age, and stimulate an electrode.

    One pulse a second is given, at `electrode` (0 to 63, row by row), with a current of 0 to 3 uA. `ask`
    names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        _lived,
        [
            Slider("day", 16, 94, 1, value=34, label="age", unit="days"),
            Slider("electrode", 0, 63, 1, value=20, label="electrode that stimulates"),
            Slider("current", 0.0, 3.0, 0.5, value=0.0, label="pulse", unit="µA"),
        ],
        [
            Raster(
                "spk",
                title="Spikes on 64 electrodes (row by row) in 30 s",
                xlabel="time (steps of 10 ms)",
                ylabel="electrode",
                height=260,
            ),
            Traces(
                {"evoked": "with the pulse", "free": "the same culture without"},
                title="Mean number of spikes in 10 ms, after each full second",
                xlabel="time after the full second, when the pulse comes (ms)",
                ylim=(0, 12),
                dt=WIDTH,
                height=150,
            ),
        ],
        title="A culture on an array",
        outcome="Day {day}: {spikes} spikes on {active} electrodes, Fano factor {fano:.1f}. From 10 to "
        "300 ms after each full second: {with_pulse:.1f} spikes, without the pulse {without:.1f}.",
        code="""dish = snn.culture.grow(day={day}, seed=0)
with snn.culture.open(dish) as neurons:
    neurons.stim({electrode}, {current}, snn.culture.BurstDesign(30, 1))  # one pulse a second
    recording = neurons.record(stop_after_seconds=30).wait_until_stopped()
print(len(recording), snn.culture.summary(recording))""",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def _lived(day: int, electrode: int, current: float) -> dict[str, Any]:
    recording = _record(day, electrode, current)
    free = recording if current == 0 else _record(day, electrode, 0.0)
    steps = SECONDS * 1000 // BIN
    spk = np.zeros((steps, 64))
    spk[(recording.times * 1000 / BIN).astype(int).clip(max=steps - 1), recording.electrode] = 1
    evoked, without = _after(recording.times), _after(free.times)
    early = slice(10 // WIDTH, 300 // WIDTH)  # the pulse itself fires cells in the first ms
    return {
        "spk": spk,
        "evoked": evoked,
        "free": without,
        "spikes": len(recording),
        "active": len(recording.active()),
        "fano": culture.fano(recording.times, SECONDS) if len(recording) else 0.0,
        "with_pulse": evoked[early].sum(),
        "without": without[early].sum(),
    }


def _record(day: int, electrode: int, current: float) -> culture.Recording:
    """Return 30 s of a culture with a pulse at each full second."""
    with culture.open(culture.grow(day, SEED)) as neurons:
        neurons.stim(electrode, current, culture.BurstDesign(SECONDS, 1))
        return neurons.record(stop_after_seconds=SECONDS).wait_until_stopped()


def _after(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean number of spikes in each bin after a full second."""
    ms = 1000 * (times % 1)
    return np.histogram(ms, AFTER // WIDTH, (0, AFTER))[0] / SECONDS
