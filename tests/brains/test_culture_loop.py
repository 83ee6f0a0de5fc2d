"""The closed loop: what is read is what is recorded; pulses come when and where they should."""

import time

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
        found = tick.analysis
        assert found.start_timestamp == 250 * tick.iteration
        # As `cl` has it: a tick's time is that of the answer, where its frames end.
        assert tick.iteration_timestamp == found.stop_timestamp == found.start_timestamp + 250
        assert tick.iteration_next_timestamp == tick.iteration_timestamp + 250
        assert all(0 <= s.timestamp - found.start_timestamp < 250 for s in found.spikes)


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
    for current in (0.75, 3.0):
        reached = 0
        for electrode in (18, 27, 45):
            neurons = culture.open(grow(34, 0))
            neurons.stim(electrode, StimDesign(160, -current, 160, current))
            reached += len(dish_spikes(neurons, 1)[1])
        counts.append(reached)
    assert counts[0] > 9
    assert counts[1] > 2.5 * counts[0]  # four times the area


def test_a_train_of_pulses_comes_at_its_times():
    neurons = culture.open(grow(34, 0))
    list(neurons.loop(100, stop_after_ticks=3))
    neurons.stim(ChannelSet(3, 60), 1.0, BurstDesign(4, 50))
    neurons.stim(9, 0.5, lead_time_us=7000)
    ticks = list(neurons.loop(100, stop_after_seconds=0.1))
    stims = [stim for tick in ticks for stim in tick.analysis.stims]
    ms = [(stim.timestamp // 25, stim.channel, stim.current) for stim in stims]
    train = [(30 + 20 * k, channel, 1.0) for k in range(4) for channel in (3, 60)]
    assert sorted(ms) == sorted([*train, (37, 9, 0.5)])


def given(neurons, ms):
    """Live for so many ms; return when (ms) each pulse came, by electrode."""
    neurons.live(ms)
    return {
        channel: [stim.timestamp / 25 for stim in neurons.stims if stim.channel == channel]
        for channel in sorted({stim.channel for stim in neurons.stims})
    }


def test_pulses_queue_at_an_electrode_as_they_do_in_cl():
    # In ms, as `cl-sdk` 1.0.0 gives them: 0.08, 5.08; 0.08, 50.08, 100.08; 5, 55, 105.
    neurons = culture.open(grow(16, 0))
    neurons.stim(20, 1.0)
    neurons.stim(20, 1.0)
    neurons.stim(21, 1.0, BurstDesign(2, 20))
    neurons.stim(21, 1.0)
    neurons.stim(22, 1.0, BurstDesign(3, 20), 5000)
    assert given(neurons, 150) == {20: [0, 5], 21: [0, 50, 100], 22: [5, 55, 105]}


def test_the_electrodes_of_a_set_wait_for_each_other_and_sync_makes_others_wait():
    neurons = culture.open(grow(16, 0))
    neurons.stim(20, 1.0, BurstDesign(2, 100))
    neurons.stim(ChannelSet(20, 21), 1.0)
    neurons.sync(ChannelSet(21, 22))
    neurons.stim(22, 1.0)
    assert given(neurons, 50) == {20: [0, 10, 20], 21: [20], 22: [25]}


def test_an_interrupt_takes_back_what_has_not_come_and_nothing_elsewhere():
    # `cl-sdk` 1.0.0 has 0.08, 10.08, and 20.08 for the pulse after the interrupt, too.
    neurons = culture.open(grow(16, 0))
    for channel in (26, 27, 28):
        neurons.stim(channel, 1.0, BurstDesign(5, 100))
    neurons.live(15)
    neurons.interrupt(28)
    neurons.interrupt_then_stim(26, 1.0)
    assert given(neurons, 60) == {26: [0, 10, 20], 27: [0, 10, 20, 30, 40], 28: [0, 10]}


def test_a_loop_can_call_a_function_that_ends_it():
    neurons, seen = culture.open(grow(16, 0)), []

    def answer(tick):
        seen.append(tick.iteration)
        if tick.iteration == 4:
            tick.loop.stop()

    neurons.loop(100).run(answer)
    assert seen == [0, 1, 2, 3, 4]
    assert neurons.timestamp() == 5 * 250


def test_sets_of_electrodes_join_as_those_of_python():
    few = ChannelSet(8, 9) | [9, 10]
    assert few == ChannelSet([10, 8], 9) == (8, 9, 10)
    assert few & ChannelSet(9, 20) == (9,)
    assert few ^ (9, 20) == (8, 10, 20)
    assert ~ChannelSet(range(1, 64)) == (0,)


def test_the_past_can_be_read_again():
    neurons = culture.open(grow(73, 0))
    first = neurons.read(25_000)
    again = neurons.read(25_000, 0)
    assert (first == again).all()
    assert neurons.timestamp() == 25_000
    assert neurons.read(250, 25_000 - 125).shape == (250, 64)
    assert neurons.timestamp() == 25_125


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
    ticks = iter(neurons.loop(50, stop_after_ticks=3))
    next(ticks)
    time.sleep(0.1)
    with pytest.raises(TimeoutError, match=r"real time.*ms late, with ticks of 20 ms"):
        next(ticks)


@pytest.mark.parametrize("patience", [{"ignore_jitter": True}, {"jitter_tolerance_frames": 25_000}])
def test_in_real_time_a_loop_can_be_told_to_be_patient(patience):
    neurons = culture.open(grow(16, 0), real_time=True)
    for _ in neurons.loop(50, stop_after_ticks=2, **patience):
        time.sleep(0.05)
    assert neurons.timestamp() == 40 * 25


def test_pulses_that_were_not_given_end_with_the_connection():
    dish = grow(34, 0)
    with culture.open(dish) as neurons:
        neurons.stim(5, 1.0, lead_time_us=5000)
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
        neurons.stim(30, 1.0, BurstDesign(10, 20), lead_time_us=5000)
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
    for electrode, lead in ((27, 80), (29, 5000)):
        neurons.stim(electrode, 1.0, BurstDesign(20, 10), lead)
    neurons.live(2000)
    assert forth.sum() > 2 < back.sum()
    ratio = dish.state.weight / before
    assert ratio[forth].mean() > 1.3
    assert ratio[back].mean() < 1


BAD = {
    "electrode": (lambda n: n.stim(64, 1.0), r"`channel` must lie in \[0, 63\]. Received 64"),
    "list": (lambda n: n.stim([3, 4], 1.0), r"an electrode or a `ChannelSet`. Received list"),
    "charge": (lambda n: n.stim(3, StimDesign(160, -1, 80, 1)), r"charges add up to 0.*80, 1"),
    "phases": (lambda n: StimDesign(160, -1, 160), r"pairs of a duration"),
    "current": (lambda n: n.stim(3, 6.0), r"at most 3 uA and 3 nC.*-6.0, 160, 6.0"),
    "much": (lambda n: StimDesign(1600, -2, 1600, 2), r"3 nC.*1600, -2"),
    "bins": (lambda n: StimDesign(30, -1, 30, 1), r"multiple of 20 us.*30, -1"),
    "signs": (lambda n: StimDesign(160, 1, 160, 1, 160, -2), r"alternating sign"),
    "lead": (lambda n: n.stim(3, 1.0, None, 90), r"`lead_time_us` must be a multiple of 20.*90"),
    "rate": (lambda n: n.loop(300), r"whole ms. Received 300 ticks"),
    "no rate": (lambda n: n.loop(0), r"`ticks_per_second`.*above 0"),
    "ends": (lambda n: n.loop(100, 1.0, 5), r"one end. Received `stop_after_seconds` and"),
    "no time": (lambda n: n.loop(100, 0.0), r"`stop_after_seconds`.*above 0"),
    "no end": (lambda n: n.record().wait_until_stopped(), r"without an end"),
    "frames": (lambda n: n.read(0), r"`frame_count` must be 1 or more"),
    "before": (lambda n: n.read(9, -1), r"`from_timestamp` must lie in"),
    "hz": (lambda n: BurstDesign(3, 0), r"`hz` must be finite and above 0"),
    "fast": (lambda n: BurstDesign(3, 300), r"at most 200 a second. Received 3 pulses and 300 Hz"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered(name):
    call, said = BAD[name]
    with pytest.raises(ValueError, match=said):
        call(culture.open(grow(16, 0)))
