"""What is computed from spike times: regularity, bursts, synchrony, and who seems to drive whom.

    intervals(train)                     # s, between the spikes of one electrode
    cv(train)                            # 0: a clock; 1: random (Poisson)
    fano(train, seconds=300)             # 1: random; far above 1: bursts
    bursts(recording.trains(), 300)      # [bursts, 2], start and stop in s
    summary(recording)                   # all of it, for a whole recording

A train is an array of spike times in s, in order. Trains are a list of such arrays.
"""
# Numba infers the types of the loop itself:
# pyright: reportUntypedFunctionDecorator=false

from collections.abc import Sequence
from typing import no_type_check

import numpy as np
from jaxtyping import Float, Int

from snnedu.brains.culture.electrodes import Recording
from snnedu.core import _check
from snnedu.core._compiled import compiled

ACTIVE = 0.01  # Hz: an electrode below it does not count
NEAR, FAR = (0.0, 0.006), (0.01, 0.05)  # s: lags of a synapse, and those for comparison

Times = Float[np.ndarray, " _"]  # of any length: two trains rarely have as many spikes
Trains = Sequence[Times]


def intervals(times: Times) -> Float[np.ndarray, " intervals"]:
    """Return the interspike intervals of a train in s, one less than there are spikes.

    Raises ValueError where the times are not in order.
    """
    gaps = np.diff(times)
    if (gaps < 0).any() or np.isnan(times).any():
        raise ValueError(
            f"`times` must be in order, in s. Received an interval of {gaps.min():.4g} s. "
            "Pass one electrode's times, sorted: `np.sort(times)`."
        )
    return gaps


def cv(times: Times) -> float:
    """Return the coefficient of variation of the intervals: their sd over their mean.

    A clock has 0, a Poisson process 1, bursts have more. NaN below three spikes.
    """
    gaps = intervals(times)
    return float(gaps.std() / gaps.mean()) if len(gaps) > 1 else np.nan


def spike_counts(times: Times, seconds: float, window: float = 0.2) -> Int[np.ndarray, " windows"]:
    """Return how many spikes fall into each whole window (s) of a recording of so many s."""
    _check.positive("window", window)
    windows = int(seconds / window + 1e-9)
    if windows < 1:
        raise ValueError(
            f"A recording must hold at least one window. Received {seconds:g} s and windows of "
            f"{window:g} s. Record longer, or pass a shorter `window`."
        )
    index = np.floor(times / window).astype(int)
    return np.bincount(index[(index >= 0) & (index < windows)], minlength=windows)


def fano(times: Times, seconds: float, window: float = 0.2) -> float:
    """Return the Fano factor: variance over mean of the counts in windows (s). NaN if silent.

    A Poisson process has 1 in every window. For a whole culture, pass all times together.
    """
    count = spike_counts(times, seconds, window)
    return float(count.var() / count.mean()) if count.any() else np.nan


def active(trains: Trains, seconds: float) -> list[Times]:
    """Return the trains with a rate above 0.01 Hz."""
    return [train for train in trains if len(train) > ACTIVE * seconds]


def bursts(
    trains: Trains, seconds: float, *, share: float = 0.4, window: float = 0.1, gap: float = 0.3
) -> Float[np.ndarray, "bursts 2"]:
    """Return start and stop (s) of each network burst, in steps of the window.

    In a burst, at least a `share` of the active electrodes, and three of them, spike within one
    `window` (s). Windows that are less than `gap` s apart belong to one burst.
    """
    _check.fraction("share", share)
    loud = active(trains, seconds)
    spiking = [spike_counts(train, seconds, window) > 0 for train in loud]
    joined = np.sum(spiking, 0) if loud else np.zeros(1, int)
    hot = np.flatnonzero(joined >= max(3, share * len(loud)))
    if not len(hot):
        return np.empty((0, 2))
    breaks = np.flatnonzero(np.diff(hot) > gap / window + 1e-9)
    start, stop = hot[np.append(0, breaks + 1)], hot[np.append(breaks, -1)] + 1
    return np.stack([start, stop], 1) * window


def synchrony(trains: Trains, seconds: float, window: float = 0.2) -> float:
    """Return the mean correlation between the counts of two electrodes: 0 independent, 1 equal.

    Trains of fewer than 30 spikes are left out; NaN where less than two remain.
    """
    counts = [spike_counts(train, seconds, window) for train in trains if len(train) >= 30]
    if len(counts) < 2:
        return np.nan
    return float(np.corrcoef(counts)[np.triu_indices(len(counts), 1)].mean())


def correlogram(
    first: Times, second: Times, reach: float = 0.05, width: float = 0.001
) -> tuple[Float[np.ndarray, " lags"], Int[np.ndarray, " lags"]]:
    """Return lags (s, middle of each bin) and how many pairs of spikes have them.

    A positive lag means that `second` spikes later. `reach` is the largest lag, `width` that of a
    bin, both in s. Compare a train with itself, and lag 0 counts each spike with itself.
    """
    _check.positive("width", width)
    bins = 2 * round(reach / width) + 1
    counts = np.zeros(bins, np.int64)
    _count_pairs(np.asarray(first), np.asarray(second), width, counts)
    return (np.arange(bins) - bins // 2) * width, counts


@compiled
@no_type_check
def _count_pairs(first, second, width, counts):
    """Add each pair of spikes to the bin of its lag; both trains are in order."""
    reach = len(counts) * width / 2
    begin = 0
    for time in first:
        while begin < len(second) and second[begin] < time - reach:
            begin += 1
        k = begin
        while k < len(second) and second[k] < time + reach:
            counts[min(int((second[k] - time + reach) / width), len(counts) - 1)] += 1
            k += 1


def connectivity(trains: Trains) -> Float[np.ndarray, "trains trains"]:
    """Return how strongly each train seems to drive each other one: a z score, row drives column.

        z = (n - e) / √e

    n counts the pairs in which the second spikes within 6 ms after the first; e is what the lags
    from 10 to 50 ms on both sides let expect. NaN on the diagonal and where nothing is expected.

    An estimate from spike times alone cannot tell a synapse from an input that both share and that
    reaches one of them later; nor does it see inhibition where spikes are rare.
    Source of the idea: Perkel, Gerstein and Moore 1967, doi:10.1016/S0006-3495(67)86597-4.
    """
    z = np.full((len(trains), len(trains)), np.nan)
    for i, first in enumerate(trains):
        for j, second in enumerate(trains):
            lag, counts = correlogram(first, second, FAR[1])
            near = (lag > NEAR[0]) & (lag <= NEAR[1] + 1e-9)
            far = np.abs(lag) >= FAR[0] - 1e-9
            expected = counts[far].mean() * near.sum()
            if i != j and expected > 0:
                z[i, j] = (counts[near].sum() - expected) / np.sqrt(expected)
    return z


def summary(recording: Recording) -> dict[str, float]:
    """Return what describes a recording; clean it before.

    `electrodes` that spiked at all, `rate` (Hz, of those), `fano` (all spikes, 200 ms), `cv`
    (median of the electrodes with 30 spikes), `bursts_per_minute`, `burst_seconds` (median),
    `burst_cv` (of the intervals between bursts), `in_bursts` (share of the spikes, from 100 ms
    before a burst to 100 ms after it) and `synchrony`. NaN where there is nothing to measure.
    """
    trains, seconds, times = recording.trains(), recording.seconds, recording.times
    cvs = [cv(train) for train in trains if len(train) >= 30]
    found = bursts(trains, seconds)
    inside = [(times >= a - 0.1) & (times < b + 0.1) for a, b in found]
    some = len(found) > 0
    return {
        "electrodes": len(trains),
        "rate": len(times) / len(trains) / seconds if trains else 0.0,
        "fano": fano(times, seconds),
        "cv": float(np.median(cvs)) if cvs else np.nan,
        "bursts_per_minute": 60 * len(found) / seconds,
        "burst_seconds": float(np.median(np.diff(found))) if some else np.nan,
        "burst_cv": cv(found[:, 0]),
        "in_bursts": float(np.any(inside, 0).mean()) if some else 0.0,
        "synchrony": synchrony(trains, seconds),
    }
