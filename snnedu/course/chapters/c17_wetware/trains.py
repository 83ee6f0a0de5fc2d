"""Spike times with a known cause: two neurons that are connected, or that share a third one.

Times are in s, sorted; each train is a NumPy array.
"""

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

DELAY, JITTER = 0.002, 0.0003  # s, from a spike to the one that it causes, and its sd
TO_A, A_TO_B, C_TO_B = 0.3, 0.2, 0.9  # shares of the spikes that cause another one
RATE_B = 1.9  # times the rate of the others: b fires as often in both cultures


def trio(
    direct: bool, seconds: float = 300.0, rate: float = 5.0, seed: int | None = None
) -> tuple[Times, Times, Times]:
    """Return the trains a, b and c. Each fires at random; some spikes cause others.

    c drives a always. If `direct`, a drives b, else c does, and its spikes take one delay more: in
    both cases b often follows a after one delay. The rate of b and the jitter of this delay are
    the same in both.
    """
    rng = np.random.default_rng(seed)
    own = RATE_B - (A_TO_B * (1 + TO_A) if direct else C_TO_B)
    a, b, c = (poisson(rate * times, seconds, rng) for times in (1, own, 1))
    a = np.sort(np.concatenate([a, caused(c, DELAY, TO_A, rng)]))
    late = caused(a, DELAY, A_TO_B, rng, 2**0.5), caused(c, 2 * DELAY, C_TO_B, rng)
    more = late[0] if direct else late[1]
    return a, np.sort(np.concatenate([b, more])), c


def both(seed: int | None = None) -> dict[str, tuple[Times, Times, Times]]:
    """Return a `trio` of each kind, by names that do not tell in which one a drives b (the first)."""
    return {f"culture {2 - direct}": trio(direct, seed=seed) for direct in (True, False)}


def poisson(rate: float, seconds: float, rng: np.random.Generator) -> Times:
    """Return the spike times of a neuron that fires at random, at `rate` Hz."""
    return np.sort(rng.uniform(0, seconds, rng.poisson(rate * seconds)))


def caused(
    times: Times, delay: float, share: float, rng: np.random.Generator, spread: float = 1
) -> Times:
    """Return the spikes that a share of the spikes at `times` cause, a delay later."""
    hits = times[rng.random(len(times)) < share]
    return hits + delay + spread * JITTER * rng.standard_normal(len(hits))


def bursty(bursts: int, seed: int | None = None, fewest: int = 5, *, ends: bool = False) -> Times:
    """Return a train with so many bursts, and between them single spikes and groups too small.

    A burst has `fewest` spikes or more, one of them exactly so many. Within a group, intervals are
    between 2 and 60 ms; all others are between 0.3 and 3 s. With `ends`, a burst stands at either
    end of the train, else a smaller group.
    """
    rng = np.random.default_rng(seed)
    large = rng.integers(fewest + 1, 4 * fewest, bursts)
    large[-1] = fewest
    small = rng.permutation([1, fewest - 1, *rng.integers(1, fewest, bursts)])
    inner = rng.permutation(np.concatenate([large[1:-1], small[1:-1]]))
    first, last = (large[:1], large[-1:]) if ends else (small[:1], small[-1:])
    inner = np.append(inner, (small if ends else large)[[0, -1]])
    sizes = np.concatenate([first, rng.permutation(inner), last])
    gaps = [np.append(rng.uniform(0.3, 3.0), rng.uniform(0.002, 0.06, n - 1)) for n in sizes]
    return np.concatenate(gaps).cumsum()
