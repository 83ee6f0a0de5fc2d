"""What 13 claims, on few seeds; and what a learner may do without a later cell failing."""

import math

import pytest
import torch

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.chapters.c13_spike_times import exercises, networks as st
from snnedu.course.chapters.c13_spike_times.passes import both_passes
from snnedu.course.exercise import exercise
from snnedu.widgets.panels import fill
from tests.course.cells import run_cells

pytestmark = pytest.mark.house


def test_the_gap_at_which_a_pair_of_spikes_dies_has_a_closed_form():
    # Two bumps just touch θ where w (1 + x)² = 4 (1 + x²), with x = exp(-gap / 2).
    for weight in (2.1, 3.0, 3.8):
        x = math.exp(-exercises.last_gap(exercises._neuron(weight)) / 2)
        assert weight * (1 + x) ** 2 == pytest.approx(4 * (1 + x * x), rel=1e-3)


@pytest.mark.parametrize("jump", exercise("13.3").accepts, ids=range(4))
def test_walking_back_with_any_form_of_the_jump_gives_the_librarys_gradient(jump):
    names = {"my_jump": snn.check("13.3", jump)}
    names = run_cells("13", "t13-01 t13-20 t13-21", **names)
    by_hand = torch.tensor([float(each) for each in names["by_hand"]])
    torch.testing.assert_close(by_hand, names["library"][0].float(), rtol=1e-5, atol=1e-6)


def test_a_search_that_never_ends_is_told_why():
    def halve_for_ever(fires):
        near, far = 0.0, 10.0
        while near < far:
            middle = (near + far) / 2
            near, far = (middle, far) if fires(middle) else (near, middle)
        return near

    with pytest.raises(WrongAnswer) as raised:
        exercise("13.2").judge(Attempt(halve_for_ever))
    assert str(raised.value) == exercises.ENDLESS


def test_a_search_that_never_moves_its_near_end_is_told_so():
    def halve(fires):
        far = 10.0
        for _ in range(20):
            far = far if fires(far / 2) else far / 2
        return far

    with pytest.raises(WrongAnswer) as raised:
        exercise("13.2").judge(Attempt(halve))
    assert str(raised.value) == exercises.FAR_ALONE


def test_the_general_reply_tells_a_gap_that_is_near_from_one_elsewhere():
    for answer, reply in (
        (lambda fires: exercises.last_gap(fires) + 0.03, exercises.COARSE),
        (lambda fires: exercises.last_gap(fires) + 3.0, exercises.NO_CHANGE),
    ):
        with pytest.raises(WrongAnswer) as raised:
            exercise("13.2").judge(Attempt(answer))
        assert str(raised.value).endswith(reply)


def test_only_a_sum_of_the_slopes_is_called_a_sum():
    for answer, is_sum in (
        (lambda *given: exercises.my_slopes(*given).sum(), True),
        (lambda *given: exercises.my_slopes(*given)[0], False),
    ):
        with pytest.raises(WrongAnswer) as raised:
            exercise("13.1").judge(Attempt(answer))
        assert (str(raised.value) == exercises.ALL_AS_ONE) is is_sum


def test_the_general_replies_do_not_print_the_formula():
    assert "/" not in exercise("13.1").otherwise


@pytest.mark.parametrize("t_b", [0.5, 4.0])
def test_the_explorers_code_runs_and_gives_its_spike(t_b):
    one = snn.spike_time_explorer()
    known = {"t_b": t_b, "w_b": 2.5}
    found = eval(fill(one.code, known, one.controls, as_code=True))
    shown = one.run(**known)
    expected = shown["now"] if shown["spk"].sum() else math.inf
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_the_explorers_lines_end_where_the_spike_dies():
    alive = snn.spike_time_explorer().run(w_b=2.5)
    assert alive["x"][-1] == pytest.approx(2.65, abs=0.03)
    assert alive["out"].max() < 7.5
    assert len(snn.spike_time_explorer().run(w_b=5.0)["x"]) == 241
    assert len(snn.spike_time_explorer().run(w_b=0.5)["x"]) == 1


def test_the_explorer_shows_its_two_inputs():
    shown = snn.spike_time_explorer().run(t_b=2.0, w_b=2.5)
    assert shown["spk_in"].nonzero()[0].tolist() == [0, 100]
    assert shown["cur"][100] == pytest.approx(2.5 + 3 * math.exp(-2), rel=1e-5)
    assert shown["cur"][99] == pytest.approx(3 * math.exp(-1.98), rel=1e-5)


def test_with_b_at_3_the_output_needs_a_weight_of_2_7():
    run = snn.spike_time_explorer().run
    assert run(t_b=3.0, w_b=2.75)["spk"].sum() == 1
    assert run(t_b=3.0, w_b=2.6)["spk"].sum() == 0


def test_the_explorer_shows_a_spike_that_moves_and_dies():
    one = snn.spike_time_explorer()
    early, late, gone = (one.run(t_b=t, w_b=2.5) for t in (0.0, 1.5, 4.0))
    assert early["now"] < late["now"] < 7.5 == gone["now"]
    assert 0 < early["slope_now"] < late["slope_now"]
    assert gone["slope_now"] == 0
    assert "no spike" in gone["said"]
    assert early["spk"].sum() == 1
    assert gone["spk"].sum() == 0
    assert gone["mem"].max() < 1


def test_the_explorers_membrane_reaches_theta_at_the_spike_alone():
    shown = snn.spike_time_explorer().run(t_b=0.5, w_b=3.0)
    (place,) = shown["spk"].nonzero()[0]
    assert shown["mem"][place] == pytest.approx(1.0, abs=0.05)
    assert shown["mem"].max() < 1.02
    assert shown["mem"][place + 1 : place + 3].max() < 0.1


@pytest.mark.parametrize(("t_b", "w_b", "spikes"), [(0.0, 6.0, 3), (0.0, 5.0, 2), (6.0, 6.0, 2)])
def test_the_explorers_membrane_stays_below_theta_after_the_first_spike_too(t_b, w_b, spikes):
    shown = snn.spike_time_explorer().run(t_b=t_b, w_b=w_b)
    assert shown["mem"].max() < 1.02
    assert shown["spk"].sum() == spikes


def test_the_output_moves_less_than_b_at_first_and_more_before_it_dies():
    slope = snn.spike_time_explorer().run(w_b=2.5)["slope"]
    alive = slope[slope > 0]
    assert alive[0] < 1 < alive[-1] / 2
    assert alive.argmax() == len(alive) - 1
    strong = snn.spike_time_explorer().run(w_b=5.0)["slope"]
    assert strong.min() > 0
    assert strong[-1] == pytest.approx(1, abs=0.1)


def test_the_animation_shows_what_the_backward_pass_computes():
    film = both_passes([0.0, 0.4, 1.2], [4.5, 5.0, 5.5], [1.0, -0.5, 0.8])
    assert film.film["steps"] == 61
    assert "backward" in film.alt


def test_both_networks_fire_about_alike_before_they_learn():
    exact = st.Exact(0)
    times = st.encode(snn.data.yin_yang(300, 1)[0][0])
    stepped = st.Stepped(exact, steps=2000)
    (one, fired), (other, fired_too) = exact(times), stepped(times)
    assert (one < st.END).double().mean() > 0
    assert (fired == fired_too).double().mean() > 0.97
    assert (one - other).abs().median() < 0.01


def test_a_network_that_starts_asleep_stays_as_it_is_with_exact_gradients_and_lift_wakes_it():
    few = snn.data.yin_yang(300, 300, seed=1)
    settings = {"epochs": 2, "lr": 2e-2}
    net = st.Exact(0, scale=0.35)
    before = [weight.detach().clone() for weight in net.weights()]
    st.train(net, few[0], **settings)
    assert all(map(torch.equal, before, net.weights()))
    exact, surrogate = st.compare(0, 0.35, few, lifted=0, **settings)
    assert exact[0] == exact[2] < surrogate[2]
    woken = st.compare(0, 0.35, few, lifted=2, epochs=12, lr=2e-2)
    assert woken[:, 2].min() > 0.6


def test_outputs_that_tie_share_the_point_and_a_silent_network_gets_none():
    class Fixed(torch.nn.Module):
        def forward(self, times):
            out = torch.tensor([[1.0, 1.0, 2.0], [1.0, 1.0, 1.0], [3.0, 2.0, 4.0], [st.END] * 3])
            return out, torch.ones(4, 2, dtype=torch.bool)

    test = torch.zeros(4, 4), torch.tensor([0, 2, 1, 0])
    right, _ = st.score(Fixed(), test)
    assert right == pytest.approx((1 / 2 + 1 / 3 + 1 + 0) / 4)
    assert st.tied(Fixed(), test) == 0.5


def test_exact_times_learn_yin_yang():
    data, test = snn.data.yin_yang(2000, 1000, seed=0)
    net = st.train(st.Exact(0, hidden=100), data, epochs=5, lr=2e-2, tau=0.05, lifted=1.0)
    right, alive = st.score(net, test)
    assert right > 0.9
    assert alive > 0.9


def test_memory_of_exact_times_does_not_know_of_steps():
    net, (x, labels) = st.Exact(0, hidden=200), snn.data.yin_yang(50, 1)[0]
    times = st.encode(x)
    exact, _ = st.cost(net, times, labels)
    fifty, hundred = (st.cost(st.Stepped(net, steps), times, labels)[0] for steps in (50, 100))
    assert fifty / exact > 5
    assert hundred / fifty == pytest.approx(2, rel=0.05)
