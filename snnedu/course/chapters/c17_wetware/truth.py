"""What only a simulation knows: which cell spiked, and which cells are connected.

An estimate of connections ranks all pairs of electrodes. `found` counts how many of the best 10
have an excitatory synapse between a cell at the one and a cell at the other, in any direction.
"""

import numpy as np
from numpy.typing import NDArray

from snnedu.brains import culture

BEST, LEAST = 10, 0.25  # pairs; and the rate (Hz) of an electrode that takes part
WINDOW = 0.01  # s, of the counts that are correlated


def found(seed: int, day: float = 59, seconds: float = 120) -> tuple[int, int, float]:
    """Return the true ones among the best 10 pairs: by correlation, by `connectivity`, by chance."""
    dish = culture.grow(day, seed)
    recording = culture.clean(dish.record(seconds))
    loud = [n for n in recording.active() if (recording.electrode == n).sum() > LEAST * seconds]
    trains = [recording.times[recording.electrode == n] for n in loud]
    counts = [culture.spike_counts(train, seconds, WINDOW) for train in trains]
    true, pairs = synapses(dish)[np.ix_(loud, loud)], np.triu_indices(len(loud), 1)
    true, lags = true | true.T, culture.connectivity(trains)
    by_counts = _true(np.corrcoef(counts)[pairs], true[pairs])
    by_lags = _true(np.fmax(lags, lags.T)[pairs], true[pairs])
    return by_counts, by_lags, BEST * float(true[pairs].mean())


def synapses(dish: culture.Culture) -> NDArray[np.bool_]:
    """Return which electrode has an excitatory synapse onto which: [64, 64], row onto column."""
    wiring, result = dish.wiring, np.zeros((64, 64), bool)
    source, target = (wiring.electrode[end] for end in (wiring.source, wiring.target))
    heard = wiring.excitatory[wiring.source] & (source >= 0) & (target >= 0)
    result[source[heard], target[heard]] = True
    return result


def _true(strength: NDArray[np.float64], true: NDArray[np.bool_]) -> int:
    best = np.argsort(np.nan_to_num(strength, nan=-np.inf), kind="stable")[-BEST:]
    return int(true[best].sum())


def shared(recording: culture.Recording, fewest: int = 40) -> list[int]:
    """Return the electrodes that hear exactly two cells, each at least `fewest` times."""
    result = list[int]()
    for number in recording.active():
        _, spikes = np.unique(recording.cell[recording.electrode == number], return_counts=True)
        if len(spikes) == 2 and spikes.min() >= fewest:
            result.append(int(number))
    return result
