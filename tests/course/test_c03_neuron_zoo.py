"""What tutorial 03 depends on: every unknown neuron has one right name, and the zoo behaves."""

import numpy as np
import pytest
import torch

from snnedu.brains.biophysics import KINDS, HodgkinHuxley, Izhikevich
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c03_neuron_zoo import exercises as ex03, experiments as zoo
from snnedu.course.chapters.c03_neuron_zoo.explorers import (
    axon_explorer,
    firing_explorer,
    zoo_explorer,
)
from snnedu.course.check import verdict
from snnedu.course.exercise import exercise
from snnedu.widgets.models import BUILT_IN
from snnedu.widgets.panels import fill

# --- the zoo ---------------------------------------------------------------------------------


def test_in_the_zoo_two_tire_and_none_opens_saturated():
    step = BUILT_IN["zoo"]()
    names = ("leaky", "synaptic", "alpha", "adaptive", "izhikevich", "hodgkin_huxley")
    gaps = {n: np.diff(np.flatnonzero(step[f"{n}_spk"])) for n in names}
    assert np.ptp(gaps["leaky"]) == 0
    assert gaps["adaptive"][-1] > 1.3 * gaps["adaptive"][0]
    assert gaps["izhikevich"][-1] > 2 * gaps["izhikevich"][0]
    for name in names:
        assert 2 < step[f"{name}_count"] < 20, name
    fires = np.flatnonzero(step["adaptive_spk"])
    assert (step["adaptive_mem"][fires] > step["adaptive_threshold"][fires]).all()


def test_under_the_zoos_ramp_only_the_axon_stays_silent_until_it_is_steep():
    counts = {
        amplitude: BUILT_IN["zoo"](drive="ramp", amplitude=amplitude) for amplitude in (0.3, 0.5)
    }
    others = ("leaky", "synaptic", "alpha", "adaptive", "izhikevich")
    assert counts[0.3]["hodgkin_huxley_count"] == 0
    assert min(counts[0.3][f"{name}_count"] for name in others) > 0
    assert counts[0.5]["hodgkin_huxley_count"] > 0  # the text says so


def test_under_the_zoos_pulses_two_membranes_jump_and_two_swell():
    run = BUILT_IN["zoo"](drive="pulses", amplitude=1.0)
    latest = {name: int(run[f"{name}_mem"][:10].argmax()) for name in ("leaky", "adaptive")}
    assert set(latest.values()) == {0}  # the pulse comes at step 0
    for name in ("synaptic", "alpha"):
        assert run[f"{name}_mem"][:10].argmax() >= 3  # steps 3 and 4 are equal but for rounding


def test_each_panel_of_the_zoo_names_its_time():
    assert all(panel.xlabel.startswith("time (") for panel in zoo_explorer().panels)


def test_the_slope_alone_decides_at_one_height():
    assert [zoo.ramp(rise, 8.0) for rise in (1, 20, 50, 100)] == [19, 19, 0, 0]
    assert zoo.ramp(100, 12.0) > 0  # a stronger current needs no push


@pytest.mark.parametrize("make", [zoo_explorer, firing_explorer, axon_explorer])
def test_an_explorer_asks_only_when_told_and_answers_each_option(make):
    asked = make(
        ask={zoo_explorer: "03.p1", firing_explorer: "03.p4", axon_explorer: "03.p6"}[make]
    )._spec
    assert len(asked["replies"]) == len(asked["options"]) >= 3
    assert asked["right"] in asked["options"]
    assert not make()._spec["predict"]


# --- a synapse -------------------------------------------------------------------------------


def test_my_synaptic_equals_the_librarys_synaptic():
    from snnedu.core.neurons import Synaptic

    cur_rec, syn, mem = torch.rand(50, 3), torch.zeros(3), torch.zeros(3)
    spk_rec, syn_rec, mem_rec = Synaptic(0.8, 0.7).unroll(cur_rec)
    assert 0 < spk_rec.mean() < 1
    for cur, *wanted in zip(cur_rec, spk_rec, syn_rec, mem_rec, strict=True):
        spk, syn, mem = ex03.my_synaptic(cur, syn, mem, 0.8, 0.7, 1.0)
        for ours, theirs in zip((spk, syn, mem), wanted, strict=True):
            torch.testing.assert_close(ours, theirs)


# --- a neuron that tires ---------------------------------------------------------------------


def test_every_pair_that_the_last_hint_offers_is_right():
    for rho in np.linspace(0.992, 0.998, 7):
        for adaptation in np.linspace(15, 30, 7):
            ex03.check_tired((rho, adaptation))


@pytest.mark.parametrize("pair", [(0.98, 10.0), (0.9, 40.0), (0.97, 100.0), (0.999999, 1.0)])
def test_a_wrong_pair_is_answered_with_its_own_intervals(pair):
    with pytest.raises(WrongAnswer) as raised:
        verdict(exercise("03.2"), pair)
    first = ", ".join(map(str, ex03.intervals_of(*pair)[:5]))
    assert f"Your intervals: {first}" in str(raised.value)
    ours = ", ".join(map(str, ex03.intervals_of(0.995, 20.0)[:5]))
    assert ours not in str(raised.value)


@pytest.mark.parametrize(
    ("reply", "limit", "price"),
    [(ex03.PAYS_ONE, 2.0, 1.0), (ex03.COMPARES_ONE, 1.0, 2.0), (ex03.FIXED_THRESHOLD, 1.0, 1.0)],
)
def test_a_1_for_the_threshold_is_named_where_it_stands(reply, limit, price):
    def step(cur, syn, mem, alpha, beta, threshold):
        syn = alpha * syn + cur
        mem = beta * mem + syn - price * (mem > limit)
        return mem > limit, syn, mem

    with pytest.raises(WrongAnswer) as raised:
        verdict(exercise("03.1"), step)
    assert str(raised.value) == reply


def test_right_states_are_called_right_where_only_the_spikes_are_not():
    def early(cur, syn, mem, alpha, beta, threshold):
        syn = alpha * syn + cur
        new = beta * mem + syn
        return new > threshold, syn, new - threshold * (mem > threshold)

    with pytest.raises(WrongAnswer, match="Your states are right, your spikes are not"):
        verdict(exercise("03.1"), early)


def test_a_larger_k_is_not_asked_for_where_a_spike_is_forgotten_at_once():
    assert ex03.intervals_of(0.0, 1.0) == ex03.intervals_of(0.0, 1000.0)
    with pytest.raises(WrongAnswer, match="nearly forgotten a spike") as raised:
        verdict(exercise("03.2"), (0.0, 1000.0))
    assert "k times" not in str(raised.value)


@pytest.mark.parametrize("pair", [(0.9, 20.0), (0.98, 600.0), (0.99, 1000.0)])
def test_equal_intervals_are_not_called_forgetting_where_a_spike_is_remembered(pair):
    last = ex03.intervals_of(*pair)[-1]
    assert pair[0] ** last > 0.2  # the share of its rise that is left when the next spike comes
    with pytest.raises(WrongAnswer, match="first spike alone slows it"):
        verdict(exercise("03.2"), pair)


# --- firing classes --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", zoo.RELATIVES)
@pytest.mark.parametrize("ms", [300, 500, 900])
def test_the_solution_names_every_relative_from_its_features(kind, ms):
    for number in range(len(zoo.RELATIVES[kind])):
        neuron = zoo.relative(kind, number)
        weak, strong = (zoo.intervals(neuron, cur, ms) for cur in (2.0, 10.0))
        assert ex03.name_neuron(weak, strong) == kind


@pytest.mark.parametrize("seed", range(6))
def test_a_rule_that_misses_one_relative_is_never_right_and_not_put_down_to_the_length(seed):
    names = list(zoo.RELATIVES)

    def by_the_longest(weak, strong):  # some that burst at first have a longer interval than 40 ms
        if weak:
            return names[4]
        if strong[0] > 10:
            return names[0]
        return names[2] if max(strong) > 40 else names[1] if max(strong) > 15 else names[3]

    strange = zoo.relative("intrinsically_bursting", 2)
    assert by_the_longest([], zoo.intervals(strange, 10.0, 500)) == "chattering"
    with pytest.raises(WrongAnswer, match="Look at the later ones"):
        verdict(exercise("03.3"), by_the_longest, seed)


def test_ten_ms_tell_the_first_interval_of_a_burst_from_that_of_regular_spiking():
    first = {
        kind: [zoo.intervals(zoo.relative(kind, n), 10.0)[0] for n in range(9)]
        for kind in ("regular_spiking", "intrinsically_bursting")
    }
    assert max(first["intrinsically_bursting"]) < 8
    assert min(first["regular_spiking"]) > 12  # the reply to a confusion of the two says so


def test_fast_and_regular_spiking_settle_where_the_reply_says():
    late = {
        kind: [zoo.intervals(zoo.relative(kind, n), 10.0, 900)[-1] for n in range(9)]
        for kind in ("fast_spiking", "regular_spiking")
    }
    assert {round(ms) for ms in late["fast_spiking"]} == {7, 8}
    assert min(late["regular_spiking"]) > 40


def test_learners_meet_all_kinds():
    neurons = [zoo.unknown_neuron(seed) for seed in range(200)]
    assert len({(n.constants.a, n.constants.b) for n in neurons}) == 3  # those of the kind
    named = {
        ex03.name_neuron(*(zoo.intervals(neuron, cur) for cur in (2.0, 10.0)))
        for neuron in neurons[:5]
    }
    assert named == set(zoo.RELATIVES)


def test_an_empty_list_may_be_asked_for_its_truth():
    def by_truth(weak, strong):
        if weak:
            return "low_threshold_spiking"
        return ex03.name_neuron([], strong)

    verdict(exercise("03.3"), by_truth)


def test_the_mean_of_all_intervals_is_told_that_it_depends_on_the_length():
    def by_mean(weak, strong):
        if weak:
            return "low_threshold_spiking"
        limits = {"fast_spiking": 9, "chattering": 25, "intrinsically_bursting": 40}
        mean = sum(strong) / len(strong)
        return next((kind for kind, most in limits.items() if mean < most), "regular_spiking")

    with pytest.raises(WrongAnswer, match="the mean of all intervals"):
        verdict(exercise("03.3"), by_mean)


def test_the_kinds_have_the_published_parameters_and_do_what_the_paper_says():
    kinds = list(KINDS)[:5]
    published = [(0.02, 0.2, -65, 8), (0.02, 0.2, -55, 4), (0.02, 0.2, -50, 2)]
    published += [(0.1, 0.2, -65, 2), (0.02, 0.25, -65, 2)]
    assert [tuple(KINDS[kind]) for kind in kinds] == published
    regular, bursting, chattering, fast, low = (zoo.intervals(Izhikevich(k), 10.0) for k in kinds)
    assert regular[0] < regular[-1] / 2
    assert max(regular[1:]) - min(regular[1:]) < 1
    assert max(bursting[:2]) < 5 < 20 < min(bursting[3:])  # one burst, then single spikes
    assert sum(step > 20 for step in chattering) > 5
    assert sum(step < 5 for step in chattering) > 20
    assert max(fast) < 8
    assert low[-1] > 4 * low[0]


@pytest.mark.parametrize(
    ("c", "pairs"), [(-65, False), (-55, False), (-50, False), (-49, True), (-45, True)]
)
def test_a_higher_reset_alone_makes_pairs_again_and_again(c, pairs):
    later = zoo.intervals(Izhikevich(c=c), 10.0)[2:]
    assert (min(later) < 6 < 40 < max(later)) == pairs


@pytest.mark.parametrize("knob", [{"a": a} for a in (0.01, 0.1, 0.2)] + [{"d": d} for d in (0, 4)])
def test_no_other_knob_alone_makes_it_burst(knob):
    later = zoo.intervals(Izhikevich(**knob), 10.0)[2:]
    assert max(later) < 3 * min(later)


# --- the axon --------------------------------------------------------------------------------


def run_axon(**changes):
    settings = {
        "stimulus": "one pulse", "strength": 15.0, "gap": 10.0, "sodium": 1.0, "potassium": 1.0,
    }  # fmt: skip
    return zoo.axon(**settings | changes)


def width(run) -> float:
    return (run["mem"] > -40).sum().item() * 0.05


def test_tea_lengthens_the_spike_and_leaves_the_rest():
    """As in the axon; g_K = 0 alone lifts the rest by 60 mV, so V rises without a push."""
    healthy, half, most = (run_axon(potassium=left) for left in (1.0, 0.5, 0.1))
    for run in (healthy, half, most, run_axon(potassium=0.0)):
        assert (run["mem"][:100] + 65).abs().max() < 0.1  # before the pulse
        assert run["count"] == 1
    assert 2 < width(healthy) < width(half) - 0.3
    assert width(most) > 2 * width(healthy)
    assert (most["mem"][-1] + 65).abs() < 2
    for left in (0.0, 0.05):
        assert run_axon(potassium=left)["mem"][400:].min() > -30  # a second stable state
    bare = HodgkinHuxley(g_k=0)
    assert bare.rest()[0] > -10


def test_ttx_stops_the_spike_however_strong_the_push():
    assert [run_axon(sodium=0.0, strength=cur)["count"] for cur in (15.0, 40.0)] == [0, 0]


def test_the_code_of_the_axons_explorer_runs_as_it_is_pasted():
    explorer = axon_explorer()
    code = fill(explorer.code, explorer.values, explorer.controls, as_code=True)
    assert eval(code, {"zoo": zoo})["count"] == 1  # the notebook imports it by this name


def test_healthy_axon_and_poisoned_axon_with_all_channels_are_one():
    plain, poisoned = HodgkinHuxley(dt=0.05), zoo.poisoned(1.0, 1.0)
    assert tuple(plain.constants) == pytest.approx(tuple(poisoned.constants))


def test_after_a_spike_the_axon_is_first_deaf_then_hard_of_hearing():
    equal = {gap: zoo.two_pulses(gap, 15.0) for gap in (2, 6, 10, 12, 14, 20)}
    assert equal == {2: 1, 6: 1, 10: 1, 12: 1, 14: 2, 20: 2}
    strong = {gap: zoo.two_pulses(gap, 100.0) for gap in (2, 4, 6, 8, 10)}
    assert strong == {2: 1, 4: 1, 6: 1, 8: 2, 10: 2}


def spikes_after(before, after, put_back=""):
    """Count the spikes of the second current, some states put back to rest in between."""
    rest = [torch.tensor([value]) for value in HodgkinHuxley().rest()]
    now = [rec[-1] for rec in HodgkinHuxley(dt=0.02).unroll(before, *rest)[1:]]
    start = [
        old if name in put_back else new for name, old, new in zip("Vmhn", rest, now, strict=True)
    ]
    return int(HodgkinHuxley(dt=0.02).unroll(after, *start)[0].sum())


def test_at_10_ms_potassium_keeps_the_axon_silent_and_at_12_either_gate_does():
    pulse = torch.zeros(1500, 1)
    pulse[:50] = 15.0
    for steps, answers in ((500, [0, 1, 0]), (600, [0, 1, 1])):
        assert [spikes_after(pulse[:steps], pulse, gate) for gate in ("", "n", "h")] == answers


def test_both_gates_make_the_rebound():
    for pull, answers in ((-3.0, [1, 0, 0]), (-5.0, [1, 0, 1])):
        held, free = torch.full((2500, 1), pull), torch.zeros(1500, 1)
        assert [spikes_after(held, free, gate) for gate in ("", "n", "h")] == answers


def test_the_axon_is_of_class_2_and_regular_spiking_of_class_1():
    axon, regular = HodgkinHuxley(dt=0.02), Izhikevich()
    assert zoo.lasting_rate(axon, 6.2) == 0
    assert 45 < zoo.lasting_rate(axon, 6.3) < 60
    assert zoo.lasting_rate(regular, 3.7, 2000) == 0
    assert 0 < zoo.lasting_rate(regular, 3.78, 2000) < 8


def test_a_push_that_is_just_strong_enough_gives_a_late_spike_not_a_small_one():
    weak, strong = run_axon(strength=8.0), run_axon(strength=15.0)
    assert weak["count"] == strong["count"] == 1
    assert weak["mem"].argmax() > strong["mem"].argmax() + 20
    assert abs(weak["mem"].max() - strong["mem"].max()) < 10
    assert run_axon(strength=5.0)["count"] == 0


def test_the_axons_explorer_answers_at_every_corner_of_its_controls():
    explorer = axon_explorer()
    for settings in explorer.extremes():
        outputs = explorer.run(**settings)
        assert np.isfinite(outputs["mem"]).all()
        assert 0 <= outputs["m"].min() <= outputs["m"].max() <= 1
    assert explorer.run(stimulus="two pulses", gap=20.0)["count"] == 2
    assert explorer.run(stimulus="two pulses", gap=5.0)["count"] == 1


# --- a model of the real neuron --------------------------------------------------------------


def test_a_search_depends_on_its_seed_alone_and_finds_more_than_chance():
    torch.manual_seed(5)
    one = zoo.search("Leaky", 0, settings=20)
    torch.manual_seed(6)
    assert zoo.search("Leaky", 0, settings=20) == one
    assert zoo.search("Leaky", 1, settings=20) != one
    for name in ("Leaky", "Synaptic", "AdaptiveLeaky"):
        assert 0.2 < zoo.search(name, 0, settings=50) < 0.8


def test_the_phase_plane_is_drawn_as_an_animation():
    pytest.importorskip("celluloid")
    film = zoo.phase_plane()
    assert film.film["steps"] > 30
    assert "loop" in film.alt
