"""Chapter 02: what its explorers show when a learner turns one knob, and its simulated rates."""

import math
import re

import numpy as np
import pytest
import torch

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer, random_numbers
from snnedu.course.chapters.c02_lif_neuron.exercises import firing_rate
from snnedu.course.chapters.c02_lif_neuron.firing import simulated_rate
from snnedu.course.check import verdict
from snnedu.course.exercise import exercise

pytestmark = pytest.mark.house
FIRES = pytest.mark.parametrize("fires", [False, True])


@FIRES
def test_no_axis_moves_with_a_slider(fires):
    for panel in snn.circuit_explorer(fires=fires).panels:
        assert panel.ylim is not None
        assert None not in panel.ylim


@FIRES
def test_every_steady_setting_fits_into_the_axes(fires):
    explorer = snn.circuit_explorer(fires=fires)
    steady = [one for one in explorer.extremes() if one["drive"] == "constant"]
    # Without a reset the neuron fires 1,000 times a second, far above the axis.
    settings = [one for one in steady if one.get("reset_mechanism") != "none"]
    assert len(settings) >= 8
    for one in settings:
        out = explorer.run(**one)
        for panel in explorer.panels:
            for name in panel.series:
                assert np.max(out[name]) <= panel.ylim[1]


@FIRES
def test_noise_stays_inside_the_axes(fires):
    explorer = snn.circuit_explorer(fires=fires)
    never = {"threshold": 30.0, "reset_mechanism": "none"} if fires else {}
    for capacitance in (1.5, 2.0, 5.0):
        out = explorer.run(C=capacitance, R=12.0, amplitude=4.0, drive="noise", **never)
        for panel in explorer.panels[:2]:  # over time
            for name in panel.series:
                assert np.max(out[name]) <= panel.ylim[1]


def test_the_foot_of_the_f_i_curve_can_be_seen():
    explorer = snn.circuit_explorer()
    (panel,) = (panel for panel in explorer.panels if panel.xlabel.startswith("input current"))
    rates = explorer.run()["fi_rate"]
    assert rates.max() >= 0.5 * panel.ylim[1]
    assert 0.3 < np.flatnonzero(rates)[0] / len(rates) < 0.5


@pytest.mark.parametrize("more", [{}, {"threshold": 20.0}, {"threshold": 30.0}, {"R": 12.0}])
def test_at_the_rheobase_itself_the_neuron_is_silent(more):
    explorer = snn.circuit_explorer()
    setting = {**explorer.values, **more}
    foot = setting["threshold"] / setting["R"]
    silent, fires = (explorer.run(**more, amplitude=foot + up) for up in (0.0, 0.05))
    assert silent["rate"] == silent["count"] == 0
    assert fires["rate"] > 0
    assert (silent["fi_rate"][silent["fi_current"] <= foot] == 0).all()


def test_twice_the_capacitance_reaches_the_same_height_while_the_step_lasts():
    explorer = snn.circuit_explorer(fires=False)
    one, two = explorer.run(), explorer.run(C=4.0)
    assert two["tau"] == 2 * one["tau"]
    assert two["peak"] == pytest.approx(float(one["peak"]), rel=0.01)
    assert 0 < two["mem"][165] < 0.7 * one["mem"][165]  # 15 ms after the step


@pytest.mark.parametrize("knob", ["C", "R", "amplitude"])
def test_each_knob_alone_leads_to_the_height_r_i(knob: str):
    explorer = snn.circuit_explorer(fires=False)
    limits = next(control for control in explorer.controls if control.name == knob)
    for value in (limits.min, limits.max):
        setting = {**explorer.values, knob: value}
        said = f"U rises to {setting['R'] * setting['amplitude']:.1f} mV at most."
        assert explorer.describe(**setting).endswith(said)


def test_the_time_constant_is_said_for_every_knob_that_changes_it():
    for explorer in (snn.circuit_explorer(fires=False), snn.circuit_explorer()):
        assert "τ = R C = {tau:.0f} ms" in explorer.outcome
        assert {control.name for control in explorer.controls} >= {"R", "C"}


def test_simulated_rates_come_close_to_the_formula_and_stop_at_the_pause():
    cur = torch.tensor([1.0, 2.0, 4.0, 500.0], dtype=torch.float64)
    for pause in (0.0, 5.0):
        counted, exact = simulated_rate(cur, pause, 0.5), firing_rate(cur, 20.0, 10.0, 15.0, pause)
        assert counted[0] == exact[0] == 0
        assert (counted[1:3] > 0).all()
        assert (counted[1:3] <= exact[1:3] + 1).all()
        assert (counted[1:3] > 0.9 * exact[1:3] - 1).all()
    assert counted[3] <= 1000 / 5.0


@pytest.mark.parametrize("seed", range(20))
def test_a_reset_to_zero_is_named_however_it_is_written(seed: int):
    """Its membrane is once exactly θ, so a rounding error would add a spike."""
    zeros = (
        lambda cur, mem, beta, fired: torch.where(fired, cur, beta * mem + cur),
        lambda cur, mem, beta, fired: beta * mem * (1 - fired.float()) + cur,
        lambda cur, mem, beta, fired: (beta * mem + cur) * (1 - fired.float()),
    )
    for zero in zeros:

        def step(cur, mem, beta, threshold, zero=zero):
            mem = zero(cur, mem, beta, mem > threshold)
            return (mem > threshold).float(), mem

        with random_numbers(seed), pytest.raises(WrongAnswer, match="You reset to zero"):
            exercise("02.1").judge(Attempt(step))


def _early(cur, mem, beta, threshold):
    new = beta * mem + cur
    return (new > threshold).float(), new - threshold * (mem > threshold).float()


def _fires_above_1(cur, mem, beta, threshold):
    mem = beta * mem + cur - threshold * (mem > threshold).float()
    return (mem > 1).float(), mem


@pytest.mark.parametrize("step", [_early, _fires_above_1])
def test_a_right_membrane_is_called_right_where_only_the_spikes_are_not(step):
    with pytest.raises(WrongAnswer, match="Your membrane is right, your spikes are not"):
        verdict(exercise("02.1"), step)


def test_a_wrong_time_constant_is_told_with_the_step_that_it_belongs_to():
    def in_half_ms(mem: torch.Tensor, dt: float) -> float:
        return -0.5 / math.log(mem[1] / mem[0])

    with pytest.raises(WrongAnswer, match="One neuron, in steps of 2 ms, has τ = "):
        verdict(exercise("02.3"), in_half_ms)


@pytest.mark.parametrize("seed", range(40))
def test_a_half_life_read_off_to_the_next_step_is_named(seed: int):
    """Its error is now and then that of Euler's formula, or of one step too many."""

    def read_off(mem: torch.Tensor, dt: float) -> float:
        return int((mem < mem[0] / 2).nonzero()[0]) * dt / math.log(2)

    with random_numbers(seed), pytest.raises(WrongAnswer, match="read off when half"):
        exercise("02.3").judge(Attempt(read_off))


@pytest.mark.parametrize("seed", range(20))
def test_the_foot_of_the_notebooks_neuron_is_no_foot_for_all(seed: int):
    def at_1_5_nA(cur, tau, R, threshold, pause):  # noqa: N802 (a unit)
        interval = pause + tau * torch.log(R * cur / (R * cur - threshold))
        return torch.where(cur > 1.5, 1000 / interval, 0.0)

    with random_numbers(seed), pytest.raises(WrongAnswer):
        exercise("02.4").judge(Attempt(at_1_5_nA))


@pytest.mark.parametrize("seed", range(20))
def test_zero_below_another_rheobase_is_named(seed: int):
    def below_theta_times_1_minus_beta(cur, tau, R, threshold, pause):
        interval = pause + tau * torch.log(R * cur / (R * cur - threshold))
        foot = threshold * (1 - math.exp(-1 / tau))  # as in 02.2, which has no R
        return torch.where(cur > foot, 1000 / interval, 0.0)

    named = r"the rheobase is θ / R: not θ \(1 - β\)"
    with random_numbers(seed), pytest.raises(WrongAnswer, match=named):
        exercise("02.4").judge(Attempt(below_theta_times_1_minus_beta))


@pytest.mark.parametrize("seed", range(20))
def test_a_wrong_rate_is_shown_where_it_differs(seed: int):
    def in_whole_ms(cur, tau, R, threshold, pause):
        interval = pause + torch.ceil(tau * torch.log(R * cur / (R * cur - threshold)))
        return torch.where(R * cur > threshold, 1000 / interval, 0.0)

    with random_numbers(seed), pytest.raises(WrongAnswer) as raised:
        exercise("02.4").judge(Attempt(in_whole_ms))
    right, said = re.search(r"it is ([\d.]+) .* you say ([\d.]+)\.$", str(raised.value)).groups()
    assert right != said


def test_a_tiny_rate_is_not_told_as_0():
    def far_too_low(cur, tau, R, threshold, pause):
        interval = pause + tau * torch.log(R * cur / (R * cur - threshold))
        return torch.where(R * cur > threshold, 2e-6 / interval, 0.0)

    with pytest.raises(WrongAnswer, match=r"you say [\d.]+e-"):
        exercise("02.4").judge(Attempt(far_too_low))


def test_the_explorer_of_one_neuron_speaks_of_one_spike_as_of_many():
    explorer = snn.lif_explorer()
    for threshold, said in ((1.5, "Spikes in 100 steps: 1."), (1.0, "Spikes in 100 steps: 11.")):
        setting = {"beta": 0.5, "threshold": threshold, "amplitude": 0.8, "drive": "ramp"}
        assert explorer.describe(**setting).endswith(said)
