"""The explorer of this chapter: a living culture, its age, and an electrode that sends pulses."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnedu.brains import culture
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Image, Raster, Slider, Traces

SECONDS, BIN = 10, 5  # s that are shown, and ms of a step
AFTER, WIDTH = 500, 10  # ms after a pulse that are compared, in bins of 10 ms
SEED = 0
REACH = 150.0  # um: how far a pulse of 1 uA reaches; its square root counts


def culture_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Watch ten seconds of a simulated culture: choose its age, and stimulate an electrode.

    One pulse a second is given, at `electrode` (row by row), with a current of 0 to 8 uA. `ask`
    names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        _lived,
        [
            Slider("day", 16, 94, 1, value=59, label="age", unit="days"),
            Slider("electrode", 0, 63, 1, value=27, label="electrode that stimulates"),
            Slider("current", 0.0, 8.0, 0.5, value=0.0, label="pulse", unit="µA"),
        ],
        [
            Raster(
                "spk",
                title="Spikes on 64 electrodes in 10 s; a pulse each second",
                xlabel="time (5 ms)",
                ylabel="electrode",
                height=230,
            ),
            Traces(
                {"evoked": "with the pulse", "free": "the same culture without"},
                title="Mean number of spikes in 10 ms, after each full second",
                xlabel="time after the pulse (ms)",
                ylim=(0, 12),
                dt=WIDTH,
                height=150,
            ),
            Image("map", title="Where the spikes were: 8 × 8 electrodes", clim=(0, 60)),
        ],
        title="A culture on an array",
        outcome="Day {day}: {spikes} spikes on {active} electrodes, Fano factor {fano:.1f}. From 10 to "
        "300 ms after a pulse: {with_pulse:.1f} spikes, without the pulse {without:.1f}.",
        code="""dish = snn.culture.grow(day={day}, seed=0)
recording = snn.culture.clean(dish.record(10))  # without pulses
print(snn.culture.summary(recording))""",
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
        "map": np.bincount(recording.electrode, minlength=64).reshape(8, 8).astype(float),
        "evoked": evoked,
        "free": without,
        "spikes": len(recording),
        "active": len(recording.active()),
        "fano": culture.fano(recording.times, SECONDS) if len(recording) else 0.0,
        "with_pulse": evoked[early].sum(),
        "without": without[early].sum(),
    }


def _record(day: int, electrode: int, current: float) -> culture.Recording:
    """Return ten seconds of a culture; a pulse at each full second fires the cells that it reaches."""
    dish = culture.grow(day, SEED)
    distance = np.hypot(*(dish.wiring.position - culture.SITES[electrode]).T)
    pushed = distance < REACH * current**0.5
    seconds = [dish.advance(1000, pushed) for _ in range(SECONDS)]
    times = np.concatenate([second + when / 1000 for second, (when, _) in enumerate(seconds)])
    cells = np.concatenate([who for _, who in seconds])
    heard = dish.wiring.electrode[cells] >= 0
    return culture.Recording(
        times[heard], dish.wiring.electrode[cells[heard]], cells[heard], SECONDS
    )


def _after(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean number of spikes in each bin after a full second."""
    ms = 1000 * (times % 1)
    return np.histogram(ms, AFTER // WIDTH, (0, AFTER))[0] / SECONDS
