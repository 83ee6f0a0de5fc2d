"""What 14 claims, on few seeds; and what a learner may do without a later cell failing."""

import math

import pytest
import torch

import snnedu as snn
from snnedu.brains.plasticity import STDP, VISUAL_CORTEX
from snnedu.course.chapters.c14_stdp import digits as dc, exercises, fields, pairings
from snnedu.course.chapters.c14_stdp.explorers import RULES, expected_drift
from snnedu.course.chapters.c14_stdp.inputs import poisson
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house


@pytest.mark.parametrize("trace", exercise("14.1").accepts, ids=range(5))
@pytest.mark.parametrize("change", [exercises.my_change, *exercise("14.2").accepts[:2]])
def test_the_window_comes_out_with_any_form_of_both_answers(trace, change):
    names = {"my_trace": snn.check("14.1", trace), "my_change": snn.check("14.2", change)}
    names = run_cells("14", "t14-01 t14-12 t14-13", **names)
    torch.testing.assert_close(names["window"], names["formula"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("play", exercise("14.3").accepts, ids=range(4))
def test_any_form_of_the_round_runs_the_race_of_the_chapter(play):
    few = snn.data.mnist_small()[0][0][:60]
    names = run_cells("14", "t14-01 t14-25", my_round=snn.check("14.3", play), few=few)
    alone, fair = names["shares"]
    assert alone[9] > 250 > alone[0]
    assert fair.min() > 0.3 * fair.max()
    assert (names["wins"] > 0).sum() > 20


def test_traces_of_the_exercise_are_those_of_the_library():
    spk = (torch.rand(80, 2) < 0.1).double()
    x, y = exercises.my_trace(spk[:, 0], 15.0), exercises.my_trace(spk[:, 1], 30.0)
    change = exercises.my_change(spk[:, 0], spk[:, 1], x, y, 0.01, 0.02)
    rule = STDP(a_plus=0.01, a_minus=0.02, tau_plus=15.0, tau_minus=30.0, w_max=10.0)
    start = torch.full((1, 1), 5.0, dtype=torch.float64)
    moved = snn.plasticity.impose(start, spk[:, :1], spk[:, 1:], rule) - 5
    assert moved.item() == pytest.approx(change.item(), rel=1e-5)


def test_shared_spikes_do_not_change_rates():
    spk = poisson(60, 20, 10, seed=0, shared=0.5)[:, 0]
    rates = spk.mean(0) * 1000
    assert rates.tolist() == pytest.approx([20] * 10, rel=0.2)
    together = (spk.T @ spk) / len(spk) * 1000  # spikes in the same ms, per second
    assert together[0, 1] == pytest.approx(20 * (0.25 + 0.75 * 0.02), rel=0.3)
    assert together[0, 9] == pytest.approx(20 * 0.02, abs=0.3)


# --- explorers --------------------------------------------------------------------------------


def test_the_window_is_seen_at_low_frequency_and_the_order_is_lost_at_50_pairs_a_second():
    run = snn.stdp_explorer().run
    rare, often = run(lag=-10, often=1), run(lag=-10, often=50)
    assert rare["now"] == pytest.approx(-20 * 0.6065, rel=1e-3)
    assert abs(often["now"]) < 0.15 * abs(rare["now"])
    assert run(lag=10, often=1)["now"] == pytest.approx(20 * 0.6065, rel=1e-3)


def test_triplets_need_frequency():
    run = snn.stdp_explorer().run
    assert abs(run(lag=10, often=1, kind="triplets")["change"].max()) < 0.1
    often = run(lag=10, often=50, kind="triplets")["change"]
    assert (often > 0).mean() > 0.7
    assert often.max() < 60


def test_the_traces_in_the_explorer_rise_at_their_spikes():
    shown = snn.stdp_explorer().run(lag=20)
    assert shown["x"][30] == shown["y"][50] == 1
    assert shown["pre"].nonzero()[0].tolist() == [30]
    assert shown["x"][50] == pytest.approx(0.3679, abs=1e-3)


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("post", [5, 40])
def test_the_measured_drift_is_the_expected_one(kind, post):
    shown = snn.drift_explorer().run(pre=20, post=post, kind=kind)
    expected = shown["expected"][post]
    assert shown["measured"] == pytest.approx(expected, rel=0.25, abs=0.002)


@pytest.mark.parametrize("post", [10, 50])
def test_weights_do_not_drift_where_both_areas_are_equal(post):
    run = snn.drift_explorer().run
    assert run(post=post, ratio=1.0)["expected"][post] == pytest.approx(0, abs=1e-12)
    lower, higher = (run(post=post, ratio=r)["expected"][post] for r in (0.95, 1.05))
    assert higher < 0 < lower


def test_what_explorers_offer_to_copy_runs():
    for explorer in (snn.stdp_explorer(), snn.drift_explorer()):
        code = explorer.code.format(**{k: repr(v) for k, v in explorer.values.items()})
        assert torch.as_tensor(eval(code, {"snn": snn})).numel() >= 1


def test_triplets_turn_from_falling_to_rising_with_the_postsynaptic_rate():
    low, high = expected_drift(10.0, torch.tensor([3.0, 40.0]), VISUAL_CORTEX)
    assert low < 0 < high


# --- pairings ---------------------------------------------------------------------------------


def test_one_pairing_has_the_windows_size():
    rule = VISUAL_CORTEX._replace(a_plus=0.01, a_minus=0.0, a3_plus=0.0)
    rare = pairings.pairing(rule, 0.1, 10)
    assert rare == pytest.approx(60 * 0.01 * 2.71828 ** (-10 / 16.8), rel=1e-4)
    assert pairings.pairing(rule, 0.1, -10) == pytest.approx(0, abs=1e-6)


def test_triplets_fit_the_slices_and_pairs_do_not():
    pairs, triplets = pairings.fit("a_plus"), pairings.fit("a3_plus")
    assert triplets.error < 0.8 < 1.3 < pairs.error
    taus = pairings.TAUS
    assert min(taus) < triplets.rule.tau_plus < max(taus)
    assert min(taus) < triplets.rule.tau_minus < max(taus)
    assert pairs.rule.a3_plus == triplets.rule.a_plus == 0
    again = pairings.changes(triplets.rule)
    torch.testing.assert_close(again, triplets.changes, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("tau_y", [40.0, 200.0])
def test_the_fit_of_triplets_does_not_hang_on_one_time_constant(tau_y):
    assert pairings.fit("a3_plus", tau_y).error < 0.75


# --- digits -----------------------------------------------------------------------------------


def test_ink_is_the_rate_of_a_pixel():
    spk = dc.encode(torch.tensor([[0.0, 0.5, 1.0]]).expand(300, 3), seed=0)
    assert spk.mean((0, 1)).tolist() == pytest.approx([0, 0.1, 0.2], abs=0.01)


def test_names_and_votes_are_those_of_the_largest_mean():
    labels = torch.tensor([3, 3, 7, 7])
    counts = torch.tensor([[5.0, 0, 1], [4, 1, 0], [0, 6, 9], [1, 6, 0]])
    names = dc.name(counts, labels)
    assert names.tolist() == [3, 7, 7]
    assert dc.vote(counts, names).tolist() == [3, 3, 7, 7]


def test_a_silent_neuron_has_no_name_and_no_vote():
    labels = torch.tensor([0, 0, 7])
    counts = torch.tensor([[2.0, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0.9]])
    names = dc.name(counts, labels)
    assert names.tolist() == [0, -1, -1, 7]
    assert dc.vote(counts, names).tolist() == [0, 0, 0]  # two silent ones do not halve class 0


def test_digits_are_learned_without_labels_and_better_than_by_random_fields():
    train, test = snn.data.mnist_small()
    few, fresh = (train[0][:500], train[1][:500]), (test[0][:300], test[1][:300])
    net = dc.network(50, seed=0)
    before = dc.score(net, few, fresh)
    start, shown = net.weight.clone(), []
    dc.learn(net, few[0], passes=2, after=shown.append)
    assert shown == [250, 500, 750, 1000]
    assert dc.score(net, few, fresh) > max(0.55, before + 0.1)
    assert net.weight.sum(1).tolist() == pytest.approx([78.0] * 50, rel=0.02)
    assert (net.weight - start).abs().max() > 0.3


def test_inhibition_without_homeostasis_lets_very_few_neurons_win():
    few = snn.data.mnist_small()[0][0][:250]
    wins = {}
    for plus in (0.0, 6.0):
        net = dc.learn(dc.network(60, theta_plus=plus, threshold=30.0), few)
        wins[plus] = (dc.responses(net, few).sum(0) > 0).sum()
    assert wins[0.0] <= 5
    assert wins[6.0] > 30


def test_the_fields_are_laid_out_row_by_row():
    weight = torch.zeros(20, 784)
    weight[11] = 1.0
    sheet = fields.sheet(weight)
    assert sheet.shape == (60, 300)
    assert sheet[31:59, 31:59].min() == 1
    assert sheet.sum() == 784
    film = fields.forming([(0, weight), (250, 1 - weight)])
    assert film.film["steps"] == 2


def test_finer_steps_leave_fewer_neurons_that_fire_at_once():
    # Inhibition comes a step late, so neurons that pass their thresholds in one step all learn.
    few, answering = snn.data.mnist_small()[0][0][:200], {}
    for dt in (1.0, 0.25):
        net = dc.learn(dc.network(200, theta_plus=1.0, dt=dt), few)
        answering[dt] = (dc.responses(net, few) > 0).sum(1).double().mean().item()
    assert answering[0.25] < 0.8 * answering[1.0], answering
    sent = [dc.encode(few, 0, dt).sum().item() for dt in (0.25, 1.0)]
    assert sent[0] == pytest.approx(sent[1], rel=0.02)


# --- replies ----------------------------------------------------------------------------------


def in_place(spk, tau):
    x, trace = torch.zeros(()), []
    for now in spk:
        x *= math.exp(-1 / tau)
        x += now
        trace.append(x)
    return trace


def in_place_late(spk, tau):
    x, trace = 0, []
    for now in spk:
        x += now
        x *= math.exp(-1 / tau)
        trace.append(x)
    return torch.tensor(trace)


def not_kept(spk, tau):
    x, trace = 0.0, []
    for now in spk:
        x = x * math.exp(-1 / tau)
        trace.append(x + now)
    return trace


def from_1(spk, tau):
    trace = torch.zeros(len(spk))
    for t in range(1, len(spk)):
        trace[t] = trace[t - 1] * math.exp(-1 / tau) + spk[t]
    return trace


def from_ms_1(pre, post, x, y, up, down):
    steps = range(1, len(pre))
    return sum(up * x[t] * post[t] - down * (y[t] - post[t]) * pre[t] for t in steps)


def one_off(pre, post, x, y, up, down):
    return sum(up * x[t] * post[t] - down * (y[t] - 1) * pre[t] for t in range(len(pre)))


def one_tau(spk, tau):
    return exercises.my_trace(spk, 20.0)


def ms_before(pre, post, x, y, up, down):
    return sum(up * x[t] * post[t] - down * y[t - 1] * pre[t] for t in range(len(pre)))


def both_ms_before(pre, post, x, y, up, down):
    steps = range(1, len(pre))
    return sum(up * x[t - 1] * post[t] - down * y[t - 1] * pre[t] for t in steps)


def post_first(pre, post, x, y, up, down):
    return (up * (x - pre) * post - down * y * pre).sum()


def neither(pre, post, x, y, up, down):
    return ((1 - pre) * up * x * post - (1 - post) * down * y * pre).sum()


def one_trace(pre, post, x, y, up, down):
    return (up * x * post - down * x * pre).sum()


def last_change(pre, post, x, y, up, down):
    change = 0.0
    for t in range(len(pre)):
        if post[t]:
            change = up * x[t]
        if pre[t]:
            change = -down * (y[t] - post[t])
    return change


def ms_before_from_1(pre, post, x, y, up, down):
    steps = range(1, len(pre))
    return sum(up * x[t] * post[t] - down * y[t - 1] * pre[t] for t in steps)


def first_ms(pre, post, x, y, up, down):
    return up * x[0] * post[0] - down * y[0] * pre[0]  # `return` in the loop


def no_spikes(pre, post, x, y, up, down):
    return up * x.sum() - down * y.sum()


def both_rise(pre, post, x, y, up, down):
    return (up * x * post).sum() + (down * y * pre).sum()


def winner_stays(drive, extra):
    winner = (drive - extra).argmax()
    after = 0.99 * extra
    after[winner] = extra[winner] + 0.5
    return winner, after


def its_drive(drive, extra):
    winner, after = exercises.my_round(drive, extra)
    return drive[winner], after


@pytest.mark.parametrize(
    ("id", "wrong", "reply"),
    [
        ("14.1", in_place, "already in the list"),
        ("14.1", in_place_late, "already in the list"),
        ("14.1", not_kept, "Keep the new x"),
        ("14.1", from_1, "begin at 1"),
        ("14.2", from_ms_1, "begin at 1"),
        ("14.2", one_off, "Take off `post`"),
        ("14.1", one_tau, "the argument `tau`"),
        ("14.2", ms_before, "take y from the ms before"),
        ("14.2", both_ms_before, "both traces from the ms before"),
        ("14.2", post_first, "let the postsynaptic spike come first"),
        ("14.2", neither, "leave a sentence out"),
        ("14.2", one_trace, "one trace in both parts"),
        ("14.2", last_change, "the last change only"),
        ("14.2", ms_before_from_1, "take y from the ms before"),
        ("14.2", first_ms, "is `return` inside the loop"),
        ("14.2", no_spikes, "do not wait for spikes"),
        ("14.2", both_rise, "add both parts"),
        ("14.3", winner_stays, "winner's threshold does not fade"),
        ("14.3", its_drive, "Return the place"),
    ],
)
def test_a_natural_mistake_gets_its_own_reply(id, wrong, reply, capsys):
    snn.check(id, wrong)
    assert reply in capsys.readouterr().out
