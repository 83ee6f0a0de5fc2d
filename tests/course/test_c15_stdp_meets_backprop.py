"""What 15 claims, on few seeds; and what a learner may do without a later cell failing."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy, linear

import snnedu as snn
from snnedu.course.chapters.c15_stdp_meets_backprop import (
    differences,
    exercises,
    experiments,
    explorers,
    simplex,
    winners,
)
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house
START = torch.tensor([0.40, 0.35, 0.25], dtype=torch.float64)


# ----------------------------------------------------------------------------- three factors


@pytest.mark.parametrize("update", exercise("15.1").accepts, ids=range(3))
def test_any_form_of_the_update_gives_autograds_gradient_and_all_pairs(update):
    names = run_cells("15", "t15-01 t15-06 t15-08", my_update=snn.check("15.1", update))
    assert names["off"] < 1e-5
    assert 0 < names["spk"].mean() < 1
    torch.testing.assert_close(names["grown"], names["pairs"], rtol=1e-4, atol=1e-5)


def test_the_surrogates_slope_is_its_formula():
    x = torch.linspace(-2, 2, 9)
    torch.testing.assert_close(explorers.derivative(x, 5.0), 1 / (1 + 5 * x.abs()) ** 2)


def test_the_explorers_trace_fades_by_beta():
    spk = torch.zeros(6)
    spk[[1, 3]] = 1.0
    by_hand = [0.0, 1.0, 0.9, 0.81 + 1, 0.9 * 1.81, 0.81 * 1.81]
    torch.testing.assert_close(explorers.faded(spk), torch.tensor(by_hand))


def test_in_the_explorer_a_silent_neuron_has_a_gradient_and_no_stdp():
    shown = snn.three_factor_explorer().run(weight=0.2, other=0.0, signal="more spikes")
    assert shown["spk"].sum() == 0
    assert shown["gradient_end"] > 0.5
    assert (shown["stdp"] == 0).all()


def test_in_the_explorer_stdp_learns_without_a_signal_and_does_not_notice_its_sign():
    def run(**given):
        return snn.three_factor_explorer().run(weight=0.6, **given)

    more, fewer, none = (run(signal=name) for name in explorers.SIGNALS)
    assert none["gradient_end"] == 0 < none["stdp_end"]
    assert more["gradient_end"] == pytest.approx(-fewer["gradient_end"])
    assert more["stdp_end"] == fewer["stdp_end"] == none["stdp_end"]


def test_in_the_explorer_a_late_signal_finds_what_is_left_of_the_trace():
    late = snn.three_factor_explorer().run(weight=0.6, signal="more spikes", when=35)
    assert late["pre"][35:45].sum() == 0
    assert late["gradient"][44] > 0.05


def test_the_explorer_opens_on_its_question_and_its_code_runs():
    explorer = snn.three_factor_explorer()
    assert explorer.run()["count"] == 0
    code = explorer.code.format(**{n: repr(v) for n, v in explorer.values.items()})
    assert eval(code, {"snn": snn})["gradient_end"] == explorer.run()["gradient_end"]


def test_the_explorer_stdp_falls_where_an_input_comes_after_an_output():
    shown = snn.three_factor_explorer().run(weight=0.6)
    falls = torch.from_numpy(shown["stdp"]).diff() < 0
    assert falls.nonzero().flatten().add(1).tolist() == [11, 25, 31, 45, 51]


def test_the_explorers_traces_stay_on_their_axes():
    for weight in (0.0, 0.3, 1.0):
        for other in (0.0, 0.02, 0.05):
            shown = explorers.factors(weight, other, "more spikes", 20)
            assert shown["trace"].max() < 3
            assert -0.3 < shown["mem"].min() <= shown["mem"].max() < 2.2


# ------------------------------------------------------------------------------- the simplex


def test_the_losss_slope_has_a_closed_form():
    p = START.clone().requires_grad_()
    (slope,) = torch.autograd.grad(simplex.loss(p), p)
    torch.testing.assert_close(slope, START * ((START**2).sum() - START))


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_simulated_steps_have_the_mean_that_is_calculated(noise):
    generator = torch.Generator().manual_seed(1)
    steps = simplex.stdp_step(START.expand(400_000, -1), 0.1, noise, generator) - START
    error = steps.std(0) / math.sqrt(len(steps))
    mean = exercises.my_mean_step(START.float(), 0.1).double()
    allowed = 4 * error + (1e-3 if noise else 0)  # noise adds to the second order in the rate
    assert ((steps.mean(0) - mean).abs() < allowed).all()


def test_a_mean_step_is_the_slope_of_the_loss_for_small_rates():
    p = START.float()
    slope = p * (p - (p**2).sum())
    errors = [(exercises.my_mean_step(p, rate) / rate - slope).abs().max() for rate in (0.1, 0.01)]
    assert errors[1] < errors[0] / 5
    assert errors[1] < 1e-3


def test_the_mean_step_in_closed_form_is_the_sum_over_all_triggers():
    for p in (START, torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)):
        torch.testing.assert_close(simplex.mean_step(p, 0.3), exercises.my_mean_step(p, 0.3))


def test_shares_stay_on_the_simplex():
    for p_rec in (
        simplex.walk(START, 0.3, neurons=20, spikes=60),
        simplex.noisy_descent(START, 0.3, neurons=20, spikes=60),
    ):
        assert (p_rec >= 0).all()
        torch.testing.assert_close(p_rec.sum(2), torch.ones_like(p_rec.sum(2)))


def test_a_slow_learner_finds_the_strongest_input_and_a_fast_one_is_lucky():
    won = [
        (simplex.walk(START, rate, neurons=200, spikes=round(20 / rate))[-1].argmax(1) == 0)
        for rate in (0.3, 0.02)
    ]
    assert won[0].double().mean() < 0.62 < 0.68 < won[1].double().mean()


def test_stdp_comes_to_rest_and_constant_noise_does_not():
    settings = {"neurons": 60, "spikes": 250}
    at_rest, restless = (
        (1 - run(START, 0.1, **settings)[-1].max(1).values).median()
        for run in (simplex.walk, simplex.noisy_descent)
    )
    assert at_rest < 1e-4 < 1e-2 < restless


def test_the_film_has_alt_text_and_all_frames():
    film = simplex.film(simplex.walk(START.float(), 0.1, neurons=3, spikes=480))
    assert film.film["steps"] == simplex.FRAMES + 1
    assert "triangle" in film.alt


def test_the_notebooks_film_ends_in_a_and_b_as_its_alt_text_says():
    last = simplex.walk(START.float(), 0.1, neurons=8, spikes=480, seed=3)[-1]
    assert last.max(1).values.min() > 0.99
    assert set(last.argmax(1).tolist()) == {0, 1}
    assert "corners A and B" in simplex.ALT


# -------------------------------------------------------------------------------- experiments


def test_a_winners_weights_move_to_the_trace_of_its_input():
    layer = winners.Winners(196, 5, torch.Generator().manual_seed(0))
    image = torch.zeros(40, 196)
    image[:, :50] = 1.0
    layer.learn(image, lr=0.5)
    torch.testing.assert_close(layer.weight.sum(1), torch.ones(5))
    assert layer.weight[:, :50].sum(1).max() > 0.9
    assert layer.weight.min() >= 0


def test_only_one_neuron_fires_at_a_time():
    layer = winners.Winners(196, 7, torch.Generator().manual_seed(0))
    spk_in = winners.spikes(torch.rand(11, 196), torch.Generator().manual_seed(0))
    wins, traces = layer._show(spk_in)
    assert wins.sum() == 11 * (winners.STEPS - winners.EARLIEST)
    assert ((wins > 0) == (traces.sum(1) > 0)).all()


def test_a_blank_image_teaches_nothing():
    layer = winners.Winners(196, 7, torch.Generator().manual_seed(0))
    layer.theta = torch.linspace(-0.3, 0.3, 7)  # as after learning: they sum to 0
    before = layer.weight.clone()
    layer.learn(torch.zeros(11, 196), lr=0.5)
    torch.testing.assert_close(layer.weight, before)


def test_controls_keep_what_they_should():
    begun = experiments.starts(0)
    for one, other in zip(begun["STDP"], begun["shuffled"], strict=True):
        assert torch.equal(one.sort().values, other.sort().values)
    assert not torch.equal(begun["STDP"], begun["shuffled"])
    spk_in = winners.spikes(winners.scans()[0][0][:100], torch.Generator().manual_seed(0))
    for weight in begun.values():
        fixed = experiments.centered(weight)
        active = experiments.rates(experiments.gain(fixed, spk_in) * fixed, spk_in).mean()
        assert active == pytest.approx(experiments.ACTIVE, abs=0.03)


def test_features_lead_shuffled_ones_with_few_labels_and_pixels_lead_with_many():
    found = experiments.hybrid(0)
    assert found["STDP"][0] > found["shuffled"][0] + 0.03
    assert found["STDP"][1] > found["shuffled"][1]
    assert found["pixels"][1] > found["STDP"][1] + 0.02


def test_with_a_weaker_decay_features_keep_more_of_their_lead():
    strong, weak = experiments.hybrid(0), experiments.hybrid(0, decay=1e-4)
    lead = [found["STDP"][1] - found["shuffled"][1] for found in (strong, weak)]
    assert lead[1] > lead[0] + 0.02


def test_a_head_start_leads_the_shuffled_one():
    found = experiments.head_start(0, lr=0.002, epochs=1)
    assert found["STDP"][0] > found["shuffled"][0] + 0.01


def test_a_head_start_leads_the_usual_one_at_a_low_rate_and_so_do_images():
    found = experiments.head_start(0, lr=0.0005, epochs=1, names=("usual", "STDP", "images"))
    assert found["STDP"][0] > found["usual"][0] + 0.05
    assert found["images"][0] > found["usual"][0] + 0.05


def test_drifts_do_nothing_at_stage_0_and_slip_moves_strokes_to_the_right():
    x = torch.zeros(1, 28, 28)
    x[0, 10, 10] = 1.0
    for drift in experiments.DRIFTS.values():
        torch.testing.assert_close(drift(x.view(1, 784), 0), winners.shrink(x.view(1, 784)))
    moved = experiments.slip(x.view(1, 784), 2).view(14, 14)
    assert moved.nonzero().tolist() == [[5, 6]]


def test_stdp_follows_a_slip_and_renormalizing_repairs_fading():
    slip, fade = experiments.drifting(0, "slip"), experiments.drifting(0, "fade")
    assert slip["STDP goes on"] > slip["renormalize"] + 0.03
    assert fade["renormalize"] > fade["STDP goes on"] + 0.1


def test_a_later_run_starts_from_the_same_layer():
    before = experiments.learned(0).weight.clone()
    first, again = (experiments.drifting(0, "slip") for _ in range(2))
    assert torch.equal(experiments.learned(0).weight, before)
    assert first["nothing"] == again["nothing"]


def test_growth_and_fall_are_sums_over_pairs():
    generator = torch.Generator().manual_seed(0)
    spk_in, spk_rec = ((torch.rand(9, 2, n, generator=generator) < 0.4).float() for n in (4, 3))
    times = [(s, t) for s in range(9) for t in range(9)]
    up = sum(0.9 ** (t - s) * spk_rec[t].T @ spk_in[s] for s, t in times if s <= t)
    down = sum(0.9 ** (s - t) * spk_rec[t].T @ spk_in[s] for s, t in times if s > t)
    torch.testing.assert_close(differences.grown(spk_in, spk_rec), up)
    torch.testing.assert_close(differences.lost(spk_in, spk_rec), down)


def test_the_gradients_of_single_images_sum_to_autograds():
    net = differences.Trained(0)
    weight = net.weight.clone().requires_grad_()
    spk_rec = snn.Leaky(0.9).unroll(linear(net.spk_in, weight, net.bias))[0]
    cross_entropy(net.answers(spk_rec), net.labels, reduction="sum").backward()
    torch.testing.assert_close(net.gradients().sum(0), -weight.grad, rtol=1e-4, atol=1e-4)


def test_the_difference_of_two_runs_points_where_the_gradient_points():
    found = differences.directions(0)
    assert found["STDP"] < 0.5
    assert found["3"] > 0.85 > found["0.1"]
    assert found["settled"] > 0.85


def test_much_of_the_direction_needs_neither_spikes_nor_the_right_image():
    found = differences.controls(0)
    assert found["error x trace"] > 0.9
    assert 0.6 < found["other images' errors"] < 0.85
    assert found["one image"] < 0.85
    assert abs(found["random feedback"]) < 0.3


def test_settled_activity_gives_the_right_answers():
    net = differences.Trained(0)
    right = net.answers(net.hidden(net.settled())).argmax(1) == net.labels
    assert right.float().mean() > 0.98


# ---------------------------------------------------------------------------------- replies

SPREAD = "spread is that of the two sets"


def fixed_beta(x, post, signal, beta):
    return exercises._meet(post * signal, exercises._traces(x, 0.9))


def last_trace(x, post, signal, beta):
    return torch.outer((post * signal).sum(0), exercises._traces(x, beta)[-1])


def one_tensor(x, post, signal, beta):
    trace, traces = torch.zeros(x.shape[1]), []
    for now in x:
        trace *= beta
        trace += now
        traces.append(trace)
    return (post * signal).T @ torch.stack(traces)


def from_1(x, post, signal, beta):
    trace = torch.zeros_like(x)
    for t in range(1, len(x)):
        trace[t] = beta * trace[t - 1] + x[t]
    return (post * signal).T @ trace


def first_step(x, post, signal, beta):
    return torch.outer(signal[0] * post[0], x[0])


def by_rate(p, rate):
    change = torch.zeros(len(p))
    for trigger in range(len(p)):
        new = p.clone()
        new[trigger] *= rate
        change = change + p[trigger] * (new / new.sum() - p)
    return change


def by_columns(p, rate):
    new = p.repeat(len(p), 1) * (1 + rate * torch.eye(len(p)))
    return p @ (new / new.sum(0)) - p


def all_at_once(p, rate):
    new = p * (1 + rate)
    return new / new.sum() - p


def one_draw(p, rate):
    return exercises._divided(p, rate)[torch.multinomial(p, 1)[0]] - p


def never_from_p_again(p, rate):
    new, change = p.clone(), torch.zeros(len(p))
    for trigger in range(len(p)):
        new[trigger] *= 1 + rate
        new /= new.sum()
        change += p[trigger] * (new - p)
    return change


def own_only(p, rate):
    change = torch.zeros(len(p))
    for trigger in range(len(p)):
        new = p.clone()
        new[trigger] *= 1 + rate
        change[trigger] = p[trigger] * (new / new.sum() - p)[trigger]
    return change


def over(ours, theirs, spread, lead=torch.mean):
    middle = lead(ours - theirs)
    return middle, middle / spread


@pytest.mark.parametrize(
    ("id", "wrong", "reply"),
    [
        ("15.1", fixed_beta, "argument `beta`"),
        ("15.1", last_trace, "with the last trace"),
        ("15.1", one_tensor, "that is already there"),
        ("15.1", from_1, "begin at 1"),
        ("15.1", first_step, "is `return` inside the loop"),
        ("15.2", by_columns, "the wrong axis"),
        (
            "15.2",
            lambda p, rate: exercises._divided(p, rate).softmax(1).T @ p - p,
            "weight by its p_i",
        ),
        ("15.2", all_at_once, "all shares at once"),
        ("15.2", lambda p, rate: torch.zeros(len(p)), "mean change is 0"),
        ("15.2", one_draw, "nothing at random"),
        ("15.2", never_from_p_again, "start from p again"),
        ("15.2", lambda p, rate: rate * p * (p - (p**2).sum()), "minus the slope of L"),
        ("15.2", by_rate, "Multiply it by 1 + α"),
        ("15.2", lambda p, rate: exercises.my_mean_step(p, rate) / len(p), "the mean already"),
        ("15.2", own_only, "the trigger's own share"),
        ("15.2", lambda p, rate: (exercises._divided(p, rate) - p) @ p, "that of the trigger"),
        ("15.3", lambda a, b: over(a, b, a.std()), SPREAD),
        ("15.3", lambda a, b: over(a, b, (a.std() + b.std()) / 2), SPREAD),
        ("15.3", lambda a, b: over(a, b, torch.cat([a, b]).std()), SPREAD),
        ("15.3", lambda a, b: over(a, b, (a - b).std() / (len(a) - 1)), "has that inside"),
        ("15.3", lambda a, b: ((a - b).mean(), (a - b) / (a - b).std()), "for each seed"),
        ("15.3", lambda a, b: (a - b, (a - b).mean() / (a - b).std()), "for each seed"),
        ("15.3", lambda a, b: ((a - b).mean(), (a - b).std() / (a - b).mean()), "turned over"),
        ("15.3", lambda a, b: over(a, b, a.std() - b.std()), SPREAD),
        ("15.3", lambda a, b: over((a - b).abs(), 0, (a - b).std()), "lost the sign"),
        ("15.3", lambda a, b: over(a, b, (a - b).std(), torch.median), "the median"),
    ],
)
def test_a_natural_mistake_gets_its_own_reply(id, wrong, reply, capsys):
    snn.check(id, wrong)
    assert reply in capsys.readouterr().out
