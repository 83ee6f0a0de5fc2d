"""Electrodes: a voltage with known spikes is detected, cleaned and sorted again."""

import sys
from types import ModuleType

import numpy as np
import pytest

from snnedu.brains import culture
from snnedu.brains.culture import Recording, clean, detect, snippets, sort, voltage
from snnedu.brains.culture.electrodes import repeat, spike_shape


def recording(times: list[float], cells: list[int], seconds: float = 2.0) -> Recording:
    """Some spikes, all at electrode 5."""
    return Recording(np.array(times, float), np.full(len(times), 5), np.array(cells, int), seconds)


def test_electrodes_stand_on_a_grid_row_by_row():
    assert culture.SITES.shape == (64, 2)
    assert culture.SITES[[0, 1, 8, 63]].tolist() == [[100, 100], [300, 100], [100, 300], [1500] * 2]


def test_voltage_without_noise_is_the_sum_of_the_shapes():
    trace = voltage(recording([0.5, 1.0], [1, 2]), noise=0.0)
    assert trace.shape == (50_000, 64)
    shape = spike_shape(1)
    assert trace[12_500 : 12_500 + len(shape), 5] == pytest.approx(shape)
    assert np.abs(trace).sum() == pytest.approx(np.abs(shape).sum() + np.abs(spike_shape(2)).sum())
    assert 50 < -shape.min() < 121
    assert 0.2 < -shape.max() / shape.min() < 0.6


def test_noise_has_the_sd_that_was_asked_for():
    trace = voltage(recording([], []), noise=8.0)
    assert trace.std() == pytest.approx(8, rel=0.01)
    assert trace[:, 0].std() != trace[:, 1].std()


def test_without_a_dead_time_most_spikes_are_detected_twice():
    times = np.arange(0.05, 2, 0.05)
    trace = voltage(recording(times.tolist(), [3] * len(times)))[:, 5]
    once, again = detect(trace, dead_time=0.002), detect(trace)
    assert len(once) == len(times)
    assert np.abs(once - times).max() < 0.001
    assert len(again) > 1.5 * len(times)
    assert (np.diff(again) < 0.001).mean() > 0.3


def test_noise_alone_is_rarely_detected():
    assert len(detect(voltage(recording([], []))[:, 5])) <= 2  # beyond 5 sd: 1 in 1.7 million


def test_detection_does_not_depend_on_the_unit():
    trace = voltage(recording([0.5, 1.0], [1, 2]))[:, 5]
    assert detect(1000 * trace).tolist() == detect(trace).tolist() != []


def test_sorting_tells_two_cells_apart():
    rng = np.random.default_rng(0)
    times, cells = np.arange(0.05, 10, 0.05), rng.integers(0, 2, 199)
    deep = np.array([3, 7])[np.argsort([spike_shape(3).min(), spike_shape(7).min()])]
    trace = voltage(recording(times.tolist(), deep[cells].tolist(), 10.0))[:, 5]
    found = detect(trace, dead_time=0.002)
    assert len(found) == len(times)
    units = sort(snippets(trace, found), 2)
    assert (units == cells).mean() > 0.95
    assert 0 < units.mean() < 1


def test_snippets_are_aligned_at_the_trough_and_padded_at_the_ends():
    trace = np.zeros(1000)
    trace[[2, 500, 998]] = -1.0
    rows = snippets(trace, np.array([0, 497, 996]) / culture.SAMPLING)
    assert rows.shape == (3, 63)
    assert rows.argmin(1).tolist() == [25, 25, 25]
    assert snippets(trace, np.empty(0)).shape == (0, 63)


def test_clean_undoes_repeats_exactly():
    rng = np.random.default_rng(0)
    times = np.arange(0.01, 10, 0.01) + rng.uniform(0, 0.002, 999)
    once = recording(times.tolist(), [1] * 999, 10.0)
    raw = repeat(once, 0.5, rng)
    assert len(raw) == pytest.approx(2 * 999, rel=0.15)
    assert (np.diff(raw.times) >= 0).all()
    cleaned = clean(raw)
    late = np.setdiff1d(cleaned.times, times)  # a repeat of a repeat may come after the dead time
    assert set(times) <= set(cleaned.times)
    assert len(late) < 0.1 * len(times)


def test_clean_leaves_what_is_far_apart_and_other_electrodes():
    times = np.array([0.1, 0.1005, 0.1025, 0.2])
    both = Recording(times, np.array([1, 2, 1, 1]), np.full(4, -1), 1.0)
    assert clean(both).times.tolist() == pytest.approx([0.1, 0.1005, 0.1025, 0.2])
    assert clean(both, 0.005).times.tolist() == pytest.approx([0.1, 0.1005, 0.2])
    assert clean(both, 0.0).times.tolist() == times.tolist()


def test_trains_split_a_recording_by_electrode():
    trains = [np.array([0.3, 0.5]), np.array([0.1]), np.array([0.2, 0.4])]
    whole = culture.from_trains(trains, 1.0)
    assert whole.times.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert whole.active().tolist() == [0, 1, 2]
    assert [train.tolist() for train in whole.trains()] == [train.tolist() for train in trains]
    assert len(whole) == 5


def test_a_trace_goes_to_spikeinterface_with_rate_and_places(monkeypatch):
    # spikeinterface is large and not part of the test environment: a stand-in of its two calls.
    class NumpyRecording:
        def __init__(self, traces_list, sampling_frequency):
            self.traces, self.rate = traces_list, sampling_frequency

        def set_dummy_probe_from_locations(self, locations):
            self.places = locations

    stand_in = ModuleType("spikeinterface.core")
    monkeypatch.setattr(stand_in, "NumpyRecording", NumpyRecording, raising=False)
    monkeypatch.setitem(sys.modules, "spikeinterface", ModuleType("spikeinterface"))
    monkeypatch.setitem(sys.modules, "spikeinterface.core", stand_in)
    trace = voltage(recording([0.5], [1]))
    given = culture.to_spikeinterface(trace)
    assert given.traces[0] is trace
    assert given.rate == 25_000
    assert given.places is culture.SITES


def test_a_trace_goes_to_the_real_spikeinterface():
    pytest.importorskip("spikeinterface")
    given = culture.to_spikeinterface(voltage(recording([0.5], [1])))
    assert given.get_num_channels() == 64
    assert given.get_sampling_frequency() == 25_000


def test_without_spikeinterface_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "spikeinterface", None)
    monkeypatch.setitem(sys.modules, "spikeinterface.core", None)
    with pytest.raises(ModuleNotFoundError, match=r"spikeinterface.*snnedu\[culture\]"):
        culture.to_spikeinterface(np.zeros((10, 64)))


BAD = {
    "stop": (lambda: voltage(recording([], []), 1.0, 3.0), r"start < stop <= 2 s.*1 and 3 s"),
    "long": (lambda: voltage(recording([], [], 99.0)), r"at most 60 s.*0 and 99 s"),
    "repeats": (lambda: voltage(recording([0.5, 0.501], [1, 1])), r"cell 1 twice within 1 ms"),
    "threshold": (lambda: detect(np.ones(5), 0), r"`threshold` must be finite and above 0"),
    "few": (lambda: sort(np.ones((1, 5)), 2), r"as many spikes as units.*Received 1 for 2"),
    "units": (lambda: sort(np.ones((9, 5)), 0), r"`units` must be 1 or more"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered(name):
    call, said = BAD[name]
    with pytest.raises(ValueError, match=said):
        call()
