"""The closed loop: what is read is what is recorded; pulses come when and where they should."""

import sys
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from snnedu.brains import culture
from snnedu.brains.culture import BurstDesign, ChannelSet, StimDesign, grow


def test_the_loop_runs_on_the_culture_that_was_read_before():
    dish, twin = grow(73, 0), grow(73, 0)
    dish.record(2)
    twin.record(2)
    with culture.open(dish) as neurons:
        recorder = neurons.record(stop_after_seconds=2)
        recording = recorder.wait_until_stopped()
    # Spikes are placed within their ms at random; which ms it is, the culture says.
    when, who = twin.advance(2000)
    heard = twin.wiring.electrode[who] >= 0
    expected = sorted(zip(when[heard], who[heard], strict=True))
    assert len(expected) > 20
    frames = np.round(recording.times * culture.SAMPLING).astype(int)
    assert sorted(zip(frames // 25, recording.cell, strict=True)) == expected
    assert dish.now == 4.0


def test_the_recording_equals_what_the_ticks_brought():
    with culture.open(grow(73, 1)) as neurons:
        recorder = neurons.record()
        ticks = list(neurons.loop(100, stop_after_seconds=2))
        recording = recorder.stop()
        after = list(neurons.loop(100, stop_after_ticks=50))
    spikes = [spike for tick in ticks for spike in tick.analysis.spikes]
    assert len(ticks) == 200
    assert len(spikes) == len(recording) > 20
    assert [spike.timestamp / 25_000 for spike in spikes] == pytest.approx(recording.times)
    assert [spike.channel for spike in spikes] == recording.electrode.tolist()
    assert recording.seconds == 2
    assert len(after) == 50
    for tick in ticks:
        begin = tick.iteration_timestamp
        assert begin == 250 * tick.iteration
        assert all(begin <= spike.timestamp < begin + 250 for spike in tick.analysis.spikes)


def test_a_pulse_fires_the_cells_around_it_and_none_far_away():
    dish = grow(34, 0)
    neurons = culture.open(dish)
    distance = np.hypot(*(dish.wiring.position - culture.SITES[27]).T)
    neurons.stim(27, 1.0)
    when, who = dish_spikes(neurons, 1)
    near = set(np.flatnonzero(distance < 150).tolist())
    assert near & set(who.tolist())
    assert len(near - set(who.tolist())) <= 0.2 * len(near) + 1  # these had just fired
    assert len(set(who.tolist()) - near) < 10
    assert (when == 0).all()


def dish_spikes(neurons, ms):
    """Live for so many ms; return the spikes of all cells, not only those that are heard."""
    seen = []
    advance = neurons.dish.advance
    neurons.dish.advance = lambda *given: seen.append(advance(*given)) or seen[-1]
    neurons.live(ms)
    del neurons.dish.advance
    return np.concatenate([one[0] for one in seen]), np.concatenate([one[1] for one in seen])


def test_four_times_the_current_reaches_twice_as_far():
    counts = []
    for current in (1.0, 4.0):
        dish = grow(34, 0)
        neurons = culture.open(dish)
        neurons.stim(27, StimDesign(160, -current, 160, current))
        counts.append(len(dish_spikes(neurons, 1)[1]))
    assert counts[0] > 3
    assert counts[1] > 2.5 * counts[0]  # four times the area


def test_a_train_of_pulses_comes_at_its_times():
    neurons = culture.open(grow(34, 0))
    list(neurons.loop(100, stop_after_ticks=3))
    neurons.stim(ChannelSet(3, 60), 1.0, BurstDesign(4, 50))
    neurons.stim(9, 0.5, after_ms=7)
    ticks = list(neurons.loop(100, stop_after_seconds=0.1))
    stims = [stim for tick in ticks for stim in tick.analysis.stims]
    ms = [(stim.timestamp // 25, stim.channel, stim.current) for stim in stims]
    train = [(30 + 20 * k, channel, 1.0) for k in range(4) for channel in (3, 60)]
    assert sorted(ms) == sorted([*train, (37, 9, 0.5)])


def test_recording_keeps_the_pulses_of_its_time():
    neurons = culture.open(grow(34, 0))
    neurons.stim(5, 1.0)
    neurons.live(10)
    recorder = neurons.record(stop_after_seconds=0.05)
    neurons.stim(6, 1.0, BurstDesign(10, 100))
    neurons.live(200)
    assert recorder.stop().seconds == 0.05
    assert [stim.channel for stim in recorder.stims] == [6] * 5


def test_read_returns_the_voltage_of_the_spikes():
    neurons = culture.open(grow(73, 0))
    recorder = neurons.record()
    trace = neurons.read(25_000)
    recording = recorder.stop()
    assert trace.shape == (25_000, 64)
    assert len(recording) > 10
    loudest = np.bincount(recording.electrode).argmax()
    found = culture.detect(trace[:, loudest], dead_time=0.002)
    real = recording.times[recording.electrode == loudest]
    assert len(found) == pytest.approx(len(real), rel=0.2)
    assert neurons.timestamp() == 25_000


def test_in_real_time_a_second_takes_a_second():
    neurons = culture.open(grow(16, 0), real_time=True)
    began = time.monotonic()
    for _ in neurons.loop(2, stop_after_ticks=2):
        pass
    assert time.monotonic() - began >= 0.99
    assert neurons.timestamp() == neurons.get_frames_per_second()


def test_in_real_time_a_slow_answer_is_an_error():
    neurons = culture.open(grow(16, 0), real_time=True)
    ticks = neurons.loop(50, stop_after_ticks=3)
    next(ticks)
    time.sleep(0.1)
    with pytest.raises(TimeoutError, match=r"real time.*ms late, with ticks of 20 ms"):
        next(ticks)


def test_pulses_that_were_not_given_end_with_the_connection():
    dish = grow(34, 0)
    with culture.open(dish) as neurons:
        neurons.stim(5, 1.0, after_ms=5)
    with culture.open(dish) as again:
        again.live(10)
    assert neurons.stims == again.stims == []


def test_blocked_plasticity_leaves_all_weights_and_the_rule_changes_them():
    for rate, changed in ((0.0, False), (0.05, True)):
        dish = grow(34, 0)
        dish.rule = culture.Rule(rate=rate)
        before = dish.state.weight.copy()
        neurons = culture.open(dish)
        neurons.stim(27, 1.0, BurstDesign(10, 20))
        neurons.stim(30, 1.0, BurstDesign(10, 20), after_ms=5)
        neurons.live(600)
        assert (dish.state.weight != before).any() == changed


def test_pairing_strengthens_the_way_from_the_first_to_the_second():
    dish = grow(34, 0)
    dish.rule = culture.Rule(rate=0.05)
    far = np.hypot(*(dish.wiring.position[:, None] - culture.SITES[None]).transpose(2, 0, 1))
    first, second = far[:, 27] < 150, far[:, 29] < 150
    source, target = dish.wiring.source, dish.wiring.target
    forth = dish.wiring.excitatory[source] & first[source] & second[target]
    back = dish.wiring.excitatory[source] & second[source] & first[target]
    before = dish.state.weight.copy()
    neurons = culture.open(dish)
    for electrode, after in ((27, 0), (29, 5)):
        neurons.stim(electrode, 1.0, BurstDesign(20, 10), after_ms=after)
    neurons.live(2000)
    assert forth.sum() > 2 < back.sum()
    ratio = dish.state.weight / before
    assert ratio[forth].mean() > 1.3
    assert ratio[back].mean() < 1


BAD = {
    "electrode": (lambda n: n.stim(64, 1.0), r"`channel` must lie in \[0, 63\]. Received 64"),
    "charge": (lambda n: n.stim(3, StimDesign(160, -1, 80, 1)), r"charges add up to 0.*80, 1"),
    "phases": (lambda n: StimDesign(160, -1, 160), r"pairs of a duration"),
    "rate": (lambda n: next(n.loop(300)), r"whole ms. Received 300 ticks"),
    "no rate": (lambda n: next(n.loop(0)), r"`ticks_per_second`.*above 0"),
    "no end": (lambda n: n.record().wait_until_stopped(), r"without an end"),
    "frames": (lambda n: n.read(0), r"`frame_count` must be 1 or more"),
    "hz": (lambda n: n.stim(3, 1.0, BurstDesign(3, 0)), r"`hz` must be finite and above 0"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered(name):
    call, said = BAD[name]
    with pytest.raises(ValueError, match=said):
        call(culture.open(grow(16, 0)))


# --- the real device, here a stand-in of its calls: `cl-sdk` needs Python 3.12 --------------------


@pytest.fixture
def cl(monkeypatch):
    given = []

    class Connection:
        def __enter__(self):
            stim = lambda *what: given.append(what)  # noqa: E731
            return SimpleNamespace(stim=stim, timestamp=lambda: 77)

        def __exit__(self, *error):
            given.append("closed")

    stand_in = ModuleType("cl")
    for name in ("ChannelSet", "StimDesign", "BurstDesign"):
        setattr(stand_in, name, lambda *what, name=name: (name, *what))
    stand_in.open = Connection  # pyright: ignore
    monkeypatch.setitem(sys.modules, "cl", stand_in)
    return given


def test_the_adapter_translates_pulses_and_hands_on_the_rest(cl):
    with culture.connect() as neurons:
        neurons.stim(27, 1.5)
        neurons.stim(ChannelSet(3, 4), StimDesign(80, -1, 80, 1), BurstDesign(10, 20))
        assert neurons.timestamp() == 77
    assert cl == [
        (("ChannelSet", 27), ("StimDesign", 160, -1.5, 160, 1.5)),
        (("ChannelSet", 3, 4), ("StimDesign", 80, -1, 80, 1), ("BurstDesign", 10, 20)),
        "closed",
    ]


def test_without_cl_its_licence_and_the_way_out_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cl", None)
    with pytest.raises(ModuleNotFoundError, match=r"`cl`.*Python 3\.12.*CC BY-NC.*culture\.open"):
        culture.connect()
