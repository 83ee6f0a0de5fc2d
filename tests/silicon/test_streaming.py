"""A stream gives the numbers of the sequence; delays follow the queue that the period makes."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu.silicon.streaming import delays


def network():
    torch.manual_seed(0)
    return snn.Sequential(
        nn.Linear(6, 8), snn.Leaky(0.9, 0.5), nn.Linear(8, 3), snn.Leaky(0.9, 0.2)
    )


def slow_clock(*seconds):
    """Return a clock that lets each step take so long, in turn."""
    times = itertools.accumulate(itertools.chain.from_iterable((1.0, s) for s in seconds))
    return lambda: next(times)


def test_a_stream_gives_the_spikes_of_the_sequence():
    net, x_rec = network(), torch.rand(40, 2, 6)
    run = snn.stream(net, x_rec)
    spk, _ = net(x_rec)
    assert torch.equal(run.spk_rec, spk)
    assert 0 < spk.mean() < 1
    assert not run.spk_rec.requires_grad
    half = snn.stream(net, x_rec[:15])
    rest = snn.stream(net, x_rec[15:], state=half.state)
    assert torch.equal(torch.cat([half.spk_rec, rest.spk_rec]), spk)


def test_the_state_takes_the_same_bytes_after_a_longer_stream():
    net = network()
    runs = [snn.stream(net, torch.rand(steps, 2, 6)) for steps in (3, 30)]
    assert [run.state_bytes for run in runs] == [4 * 2 * (8 + 3)] * 2


def test_times_are_those_of_the_clock_and_late_answers_are_counted():
    clock = slow_clock(0.001, 0.005, 0.001, 0.001)
    run = snn.stream(network(), torch.rand(4, 1, 6), 2.0, 3.5, clock=clock)
    assert run.latency_ms == pytest.approx([1, 5, 1, 1])
    assert run.delay_ms == pytest.approx([1, 5, 4, 3])
    assert run.late == 2
    assert run.percentile(50) == pytest.approx(1)
    assert "4 steps: p50 ≈ 1.00 ms" in str(run)
    assert "answers later than 3.5 ms at a period of 2 ms: ≈ 2; 44 bytes" in str(run)


def test_a_stream_shows_its_times_and_no_tensors():
    run = snn.stream(network(), torch.rand(4, 1, 6))
    assert repr(run) == str(run)
    assert "tensor" not in repr(run)


def test_any_function_streams():
    def counter(x, state):
        state = 0 if state is None else state
        return x, state + 1

    run = snn.stream(counter, torch.rand(5, 1, 2), warm_up=7)
    assert run.state == 5
    assert run.spk_rec.shape == (5, 1, 2)


def test_below_the_period_nothing_waits():
    latency = np.array([0.2, 0.9, 0.5])
    assert delays(latency, 1.0) == pytest.approx(latency)


def test_steps_that_are_always_too_long_fall_behind_without_end():
    # D[t] = (t + 1) L - t P
    assert delays(np.full(50, 1.25), 1.0) == pytest.approx(1.25 + 0.25 * np.arange(50))


@settings(max_examples=50, deadline=None)
@given(latency=st.lists(st.floats(0.001, 10), min_size=1, max_size=30), period=st.floats(0.01, 5))
def test_delays_are_those_of_a_queue_in_real_time(latency, period):
    finish, expected = 0.0, []
    for number, each in enumerate(latency):
        finish = max(finish, number * period) + each
        expected.append(finish - number * period)
    assert delays(latency, period) == pytest.approx(expected, abs=1e-9)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: snn.stream(network(), torch.rand(0, 1, 6)), "Received none"),
        (lambda: snn.stream(network(), torch.rand(2, 1, 6), 0.0), "period_ms"),
        (lambda: snn.stream(network(), torch.rand(2, 1, 6), 1.0, -1.0), "deadline_ms"),
        (lambda: snn.stream(network(), torch.rand(2, 1, 5)), "shapes|5"),
        (lambda: delays([1.0], 0.0), "period_ms"),
    ],
)
def test_bad_input_is_answered(act, words):
    with pytest.raises((ValueError, RuntimeError), match=words):
        act()
