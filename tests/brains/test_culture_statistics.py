"""Statistics of spike times: what pencil and paper say, then laws, then bad input."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from snnedu.brains import culture
from snnedu.brains.culture import (
    bursts,
    connectivity,
    correlogram,
    cv,
    fano,
    from_trains,
    intervals,
    spike_counts,
    summary,
    synchrony,
)

SECONDS = 400.0


def poisson(rate: float, seed: int, seconds: float = SECONDS) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, seconds, rng.poisson(rate * seconds)))


@pytest.mark.parametrize("seed", range(4))
def test_a_poisson_train_has_cv_and_fano_one(seed):
    train = poisson(20, seed)
    assert cv(train) == pytest.approx(1, abs=0.05)  # 8,000 intervals: sd 0.011
    assert fano(train, SECONDS) == pytest.approx(1, abs=0.15)  # 2,000 windows: sd 0.032
    assert fano(train, SECONDS, window=0.5) == pytest.approx(1, abs=0.25)


def test_a_clock_has_cv_and_fano_zero():
    train = np.arange(0.05, 100, 0.1)
    assert cv(train) == pytest.approx(0, abs=1e-9)
    assert fano(train, 100.0) == 0
    assert intervals(train) == pytest.approx(np.full(999, 0.1))


def test_gamma_intervals_have_the_cv_of_their_order():
    rng = np.random.default_rng(0)
    for order in (2, 4, 9):  # the CV of a gamma distribution is 1/√order
        train = np.cumsum(rng.gamma(order, 0.01, 10_000))
        assert cv(train) == pytest.approx(order**-0.5, rel=0.05)


def test_doubling_each_spike_doubles_the_fano_factor():
    train = poisson(10, 5)
    twice = np.repeat(train, 2)
    assert fano(twice, SECONDS) == pytest.approx(2 * fano(train, SECONDS))


def test_silence_has_no_statistics():
    empty = np.empty(0)
    assert np.isnan(cv(empty))
    assert np.isnan(fano(empty, 10.0))
    assert np.isnan(synchrony([empty, empty], 10.0))
    assert bursts([], 10.0).shape == bursts([empty], 10.0).shape == (0, 2)
    assert summary(from_trains([], 10.0))["rate"] == 0


def test_counts_of_windows_by_hand():
    counts = spike_counts(np.array([0.0, 0.05, 0.1, 0.25, 0.99, 1.0]), 1.0, window=0.1)
    assert counts.tolist() == [2, 1, 1, 0, 0, 0, 0, 0, 0, 1]  # the last spike is outside


def planted(starts: list[float], lasting: float, electrodes: int = 10) -> list[np.ndarray]:
    """All electrodes fire every 20 ms in each burst, and one lonely spike between them."""
    inside = [start + np.arange(0.005, lasting, 0.02) for start in starts]
    lonely = [np.array([1.0 + 0.5 * number]) for number in range(electrodes)]
    return [np.sort(np.concatenate([*inside, spike])) for spike in lonely]


def test_planted_bursts_are_found_exactly():
    starts = [10.0, 20.0, 23.0, 60.0]
    found = bursts(planted(starts, 0.5), 100.0)
    assert found == pytest.approx(np.array([[s, s + 0.5] for s in starts]))


def test_bursts_with_a_short_gap_are_one():
    assert len(bursts(planted([10.0, 10.7], 0.5), 100.0)) == 1
    assert len(bursts(planted([10.0, 10.9], 0.5), 100.0)) == 2


def test_a_third_of_the_electrodes_make_no_burst():
    trains = planted([10.0], 0.5)[:3] + [poisson(0.05, seed, 100.0) for seed in range(7)]
    assert len(bursts(trains, 100.0)) == 0
    assert len(bursts(trains, 100.0, share=0.3)) == 1


def test_independent_trains_are_not_synchronous_and_equal_ones_are():
    assert abs(synchrony([poisson(5, seed) for seed in range(6)], SECONDS)) < 0.02
    assert synchrony([poisson(5, 0)] * 3, SECONDS) == pytest.approx(1)


def test_correlogram_counts_pairs_at_their_lag():
    first = np.array([1.0, 2.0, 3.0])
    lag, counts = correlogram(first, first + 0.004, reach=0.01)
    assert lag == pytest.approx(np.arange(-10, 11) / 1000)
    assert counts.tolist() == [0] * 14 + [3] + [0] * 6


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_correlogram_equals_all_differences_and_mirrors(one, two):
    first, second = poisson(30, one, 3.0), poisson(30, two, 3.0)
    _, counts = correlogram(first, second)
    gaps = (second[None] - first[:, None]).ravel()
    assert counts.tolist() == np.histogram(gaps, np.arange(-50.5, 51) / 1000)[0].tolist()
    assert counts.tolist() == correlogram(second, first)[1][::-1].tolist()


def echo(train: np.ndarray, lag: float, share: float, seed: int) -> np.ndarray:
    """A train that follows another one after a lag, for a share of its spikes, and noise."""
    rng = np.random.default_rng(seed)
    followed = train[rng.random(len(train)) < share] + lag
    return np.sort(np.append(followed, poisson(3, seed + 100)))


def test_connectivity_finds_a_planted_connection_and_its_direction():
    driver = poisson(5, 1)
    z = connectivity([driver, echo(driver, 0.004, 0.2, 2), poisson(5, 3)])
    assert z[0, 1] > 10
    others = [z[1, 0], z[0, 2], z[2, 0], z[1, 2], z[2, 1]]
    assert max(np.abs(others)) < 4
    assert np.isnan(np.diag(z)).all()


def test_common_input_looks_like_a_connection_that_is_not_there():
    hidden = poisson(5, 1)  # no electrode hears it; it reaches the second one 4 ms later
    first, second = echo(hidden, 0.001, 0.5, 2), echo(hidden, 0.005, 0.5, 3)
    z = connectivity([first, second])
    assert z[0, 1] > 10
    assert abs(z[1, 0]) < 4


def test_summary_agrees_with_its_parts():
    trains = planted([10.0, 20.0, 30.0], 0.5)
    found = summary(from_trains(trains, 100.0))
    assert found["electrodes"] == 10
    assert found["rate"] == pytest.approx(len(trains[0]) / 100)
    assert found["cv"] == pytest.approx(np.median([cv(train) for train in trains]))
    assert found["bursts_per_minute"] == pytest.approx(1.8)
    assert found["burst_seconds"] == pytest.approx(0.5)
    assert found["burst_cv"] == pytest.approx(0)
    assert found["in_bursts"] == pytest.approx(75 / 76)
    assert found["synchrony"] == pytest.approx(1, abs=0.05)


BAD = {
    "unsorted": (lambda: cv(np.array([2.0, 1.0])), r"in order.*interval of -1 s.*np\.sort"),
    "no window": (lambda: fano(np.ones(3), 0.1), r"at least one window.*0\.1 s"),
    "zero window": (lambda: fano(np.ones(3), 1.0, window=0), r"`window` must be.*above 0"),
    "share": (lambda: bursts([], 1.0, share=2), r"`share` must lie in \[0, 1\]"),
    "width": (lambda: correlogram(np.ones(1), np.ones(1), width=0), r"`width`"),
    "trains": (lambda: from_trains([np.ones(1)] * 65, 2.0), r"64 electrodes.*65 trains"),
    "dead time": (lambda: culture.clean(from_trains([], 1.0), -1), r"`dead_time`.*-1"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered(name):
    call, said = BAD[name]
    with pytest.raises(ValueError, match=said):
        call()
