"""What electrodes report: spikes, some of them twice; and the voltage from which they were found.

recording = clean(dish.record(300))             # without repeats
trace = voltage(recording, 10.0, 12.0)          # [frames, 64] in uV, from 10 s to 12 s
times = detect(trace[:, 27], dead_time=0.002)   # s
units = sort(snippets(trace[:, 27], times), 2)  # which of two cells each spike came from
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from snnedu.core import _check
from snnedu.core._extras import extra

GRID, PITCH, MARGIN = 8, 200.0, 100.0  # electrodes a side, um between them, um around them
SITES = MARGIN + PITCH * np.stack(np.divmod(np.arange(GRID**2), GRID)[::-1], 1)  # [64, 2], x and y
SAMPLING = 25_000  # frames/s
LONGEST = 60.0  # s of voltage at once: 0.4 GB

Times = Float[np.ndarray, " spikes"]
Trace = Float[np.ndarray, " frames"]


@dataclass(frozen=True)
class Recording:
    """Spikes on an array of 64 electrodes, in the order of their times.

    `times`: s since the start, [spikes]. `electrode`: 0 to 63, row by row, [spikes]. `cell`: the
    cell that spiked, [spikes]; a real recording does not know it and has -1. `seconds`: how long.
    """

    times: Times
    electrode: Int[np.ndarray, " spikes"]
    cell: Int[np.ndarray, " spikes"]
    seconds: float

    def __len__(self) -> int:
        return len(self.times)

    def active(self) -> Int[np.ndarray, " electrodes"]:
        """Return the electrodes that spiked, in order."""
        return np.unique(self.electrode)

    def trains(self) -> list[Float[np.ndarray, " _"]]:
        """Return the spike times (s) of each electrode of `active()`."""
        return [self.times[self.electrode == number] for number in self.active()]

    def keep(self, chosen: Bool[np.ndarray, " spikes"]) -> "Recording":
        """Return a recording of the chosen spikes only."""
        parts = (self.times, self.electrode, self.cell)
        return replace(
            self,
            **dict(zip(("times", "electrode", "cell"), (x[chosen] for x in parts), strict=True)),
        )


def from_trains(trains: Sequence[Float[np.ndarray, " _"]], seconds: float) -> Recording:
    """Return a recording with one train (spike times in s) for each electrode, from 0 on."""
    if len(trains) > GRID**2:
        raise ValueError(
            f"There are {GRID**2} electrodes. Received {len(trains)} trains. Leave some out."
        )
    electrode = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    times = np.concatenate([np.empty(0), *trains])
    return in_order(times, electrode, np.full(len(times), -1), seconds)


def in_order(
    times: Times,
    electrode: Int[np.ndarray, " spikes"],
    cell: Int[np.ndarray, " spikes"],
    seconds: float,
) -> Recording:
    """Return a recording of spikes in any order."""
    order = np.argsort(times, kind="stable")
    return Recording(times[order], electrode[order], cell[order], seconds)


def repeat(recording: Recording, probability: float, rng: np.random.Generator) -> Recording:
    """Return what a detector without dead time reports: some spikes again, 0.3 to 2 ms later.

    After each report, one more follows with this probability.
    """
    again = rng.geometric(1 - probability, len(recording)) - 1
    copies = np.repeat(np.arange(len(recording)), again)
    times = recording.times[copies] + rng.uniform(0.0003, 0.002, len(copies))
    joined = in_order(
        np.append(recording.times, times),
        np.append(recording.electrode, recording.electrode[copies]),
        np.append(recording.cell, recording.cell[copies]),
        recording.seconds,
    )
    return joined.keep(joined.times < recording.seconds)


def clean(recording: Recording, dead_time: float = 0.002) -> Recording:
    """Return a recording without repeats: nothing within `dead_time` (s) after any spike.

    No neuron fires twice within 2 ms. A spike that another cell sends to the same electrode within
    the dead time is lost, too.
    """
    if not dead_time >= 0:
        raise ValueError(
            f"`dead_time` must be 0 s or more. Received {dead_time!r}. Pass 0.002, for example."
        )
    keep = np.ones(len(recording), bool)
    for number in recording.active():
        mine = np.flatnonzero(recording.electrode == number)
        keep[mine[1:]] = np.diff(recording.times[mine]) >= dead_time
    return recording.keep(keep)


def voltage(
    recording: Recording,
    start: float = 0.0,
    stop: float | None = None,
    *,
    noise: float = 8.0,
    seed: int = 0,
) -> Float32[np.ndarray, "frames electrodes"]:
    """Return the voltage in uV on 64 electrodes from `start` to `stop` (s), 25,000 frames/s.

    Each spike is a trough of 50 to 120 uV and a smaller peak after it; each cell has a shape of its
    own. `noise`: sd of white noise in uV.

    Raises ValueError for a recording with repeats: there was only one spike.
    """
    stop = recording.seconds if stop is None else stop
    if not 0 <= start < stop <= min(recording.seconds, start + LONGEST):
        raise ValueError(
            f"`voltage` needs 0 <= start < stop <= {recording.seconds:g} s, at most {LONGEST:g} s "
            f"apart. Received {start:g} and {stop:g} s. Choose a shorter piece."
        )
    _refuse_repeats(recording)
    frames = round((stop - start) * SAMPLING)
    rng = np.random.default_rng(seed)
    trace = noise * rng.standard_normal((frames, GRID**2), np.float32)
    inside = recording.keep((recording.times >= start) & (recording.times < stop))
    for time, number, cell in zip(inside.times, inside.electrode, inside.cell, strict=True):
        frame = int((time - start) * SAMPLING)
        piece = spike_shape(int(cell))[: frames - frame]
        trace[frame : frame + len(piece), number] += piece
    return trace


def spike_shape(cell: int) -> Float32[np.ndarray, " frames"]:
    """Return the spike of a cell in uV over 2 ms, as an electrode beside it sees it."""
    rng = np.random.default_rng(cell + 1)
    depth, width = rng.uniform(50, 120), rng.uniform(0.10, 0.22)  # uV, ms
    t = np.arange(2 * SAMPLING // 1000) * 1000 / SAMPLING - 0.5  # ms
    trough, peak = np.exp(-((t / width) ** 2)), np.exp(-(((t / width - 3) / 1.6) ** 2))
    return (depth * (0.5 * peak - trough)).astype(np.float32)


def detect(trace: Trace, threshold: float = 5.0, dead_time: float = 0.0) -> Times:
    """Return when (s) the voltage leaves the band of noise, up or down.

    `threshold` is in sds of the noise, estimated from the median, which spikes hardly change:
    sd = median|v| / 0.6745. Within `dead_time` (s) after a detection, there is no other. Without
    one, a spike with a trough and a peak is detected twice.
    Source: Quian Quiroga, Nadasdy and Ben-Shaul 2004, doi:10.1162/089976604774201631.
    """
    _check.positive("threshold", threshold)
    outside = np.abs(trace) > threshold * np.median(np.abs(trace)) / 0.6745
    crossings = np.flatnonzero(outside[1:] & ~outside[:-1]) + 1
    found: list[int] = []
    for frame in crossings:
        if not found or frame - found[-1] >= dead_time * SAMPLING:
            found.append(int(frame))
    return np.array(found, float) / SAMPLING


def snippets(
    trace: Trace, times: Times, before: float = 0.001, after: float = 0.0015
) -> Float[np.ndarray, "spikes samples"]:
    """Return the voltage around each detection, aligned at its trough; a row for each spike.

    `before` and `after` are in s. Beyond the ends of the trace, its last value is repeated.
    """
    ahead, behind = round(before * SAMPLING), round(after * SAMPLING)
    padded = np.pad(trace, ahead + behind, mode="edge")
    rows = []
    for time in times:
        frame = round(time * SAMPLING) + ahead + behind
        trough = frame + int(padded[frame : frame + behind].argmin())
        rows.append(padded[trough - ahead : trough + behind])
    return np.array(rows).reshape(len(times), ahead + behind)


def sort(
    shapes: Float[np.ndarray, "spikes frames"], units: int, seed: int = 0
) -> Int[np.ndarray, " spikes"]:
    """Return to which of so many units each spike belongs, 0 being the deepest.

    The shapes are reduced to their two principal components, which k-means divides. It does not
    find out how many units there are, nor does it see two spikes at once: `to_spikeinterface` leads
    to sorters that do.
    """
    _check.count("units", units)
    if len(shapes) < max(units, 2):
        raise ValueError(
            f"`sort` needs at least as many spikes as units, and two. Received {len(shapes)} for "
            f"{units}. Take a longer trace."
        )
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    points = PCA(2, random_state=seed).fit_transform(shapes)
    label = KMeans(units, random_state=seed).fit_predict(points)
    depth = [shapes[label == unit].mean(0).min() for unit in range(units)]
    return np.argsort(np.argsort(depth))[label]


def to_spikeinterface(trace: Float[np.ndarray, "frames electrodes"]) -> Any:
    """Return a trace as a recording of `spikeinterface`, with the places of the electrodes.

    Raises ModuleNotFoundError without spikeinterface.
    """
    advice = "Run: python -m pip install 'snnedu[culture]'"
    core = extra("spikeinterface.core", "Spike sorters need", advice)
    recording = core.NumpyRecording([trace], sampling_frequency=SAMPLING)
    recording.set_dummy_probe_from_locations(SITES)
    return recording


def _refuse_repeats(recording: Recording) -> None:
    for cell in np.unique(recording.cell[recording.cell >= 0]):
        gaps = np.diff(recording.times[recording.cell == cell])
        if (gaps < 0.002).any():
            raise ValueError(
                f"`voltage` needs each spike once. Received cell {cell} twice within "
                f"{1000 * gaps.min():.2g} ms. Record with `repeats=False`, or pass it through "
                "`clean`."
            )
