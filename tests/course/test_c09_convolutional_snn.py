"""What 09 claims, on other seeds; and what a learner may do without a later cell failing."""

import pytest
import torch

import snnedu as snn
from snnedu.course.chapters.c09_convolutional_snn import experiments as lab
from snnedu.course.chapters.c09_convolutional_snn.exercises import my_penalty
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house

DEEP = "t09-18"


@pytest.fixture(scope="module")
def setup():
    """The names of the first cells; the network is not trained."""
    names = run_cells("09", "t09-01 t09-05")
    names["net"] = names["make"](seed=2)
    lab.rates(names["net"].train(), steps=5)  # the batch norms remember a batch
    names["net"].eval()
    return names


def test_two_steps_in_place_of_five_save_spikes_and_cost_little(setup):
    spikes, right = lab.by_steps(lab.trained(setup["make"](seed=3), 4)).T
    assert (spikes.diff() > 0).all()
    assert spikes[1] < 0.5 * spikes[4]
    assert right[4] > 0.9
    assert right[1] > right[4] - 0.05


def test_batch_norm_keeps_every_layer_awake_and_none_does_not(setup):
    names = run_cells("09", DEEP, {"range(8)": "range(8, 10)"}, **setup)
    awake = torch.stack(
        [lab.rates(names["deep"](torch.nn.BatchNorm2d, seed)) for seed in range(8, 10)]
    )[:, :5]
    assert names["silent"][:, 1:].max() < 0.05
    assert 0.1 < awake.min() < awake.max() < 0.3


def test_a_penalty_on_spikes_saves_spikes(setup):
    net = lab.trained(setup["make"](seed=3), 1)
    calm = lab.trained(net, 1, penalty=lambda spk: 1e-3 * spk["2"].sum() / spk["2"].shape[1])
    busy = lab.trained(setup["make"](seed=3), 2)
    assert lab.by_steps(calm)[4, 0] < 0.8 * lab.by_steps(busy)[4, 0]


@pytest.mark.parametrize("fold", exercise("09.2").accepts, ids=range(9))
def test_a_fold_in_another_form_changes_no_spike(fold, setup, capsys):
    names = {**setup, "my_fold": snn.check("09.2", fold)}
    names = run_cells("09", "t09-26", **names)
    for layer in ("2", "6"):
        before, after = (names[when][layer].spk for when in ("before", "after"))
        assert 0 < before.mean() < 1
        assert (before != after).sum() <= 5  # some forms are rounded to 32 bit


@pytest.mark.parametrize("merge", exercise("09.1").accepts, ids=range(5))
def test_a_merge_in_another_form_gives_the_same_currents(merge, setup):
    names = run_cells("09", "t09-13", **{**setup, "my_merge": snn.check("09.1", merge)})
    torch.testing.assert_close(names["at_once"], names["pooled_first"], rtol=0, atol=1e-5)
    assert names["pooled_first"].std() > 0.01


def test_a_norm_for_each_step_sees_one_step_only(setup):
    names = run_cells("09", DEEP, {"range(8)": "range(1)"}, **setup)
    names |= {"right": {"batch norm": torch.zeros(6)}}
    names["lab"] = type("Lab", (), {"learned": lambda *_: 0.0, "dots": lambda _: None})
    norm = run_cells("09", "t09-43", **names)["StepNorm"](8)
    drifting = torch.randn(4, 16, 8, 3, 3) + torch.arange(4.0)[:, None, None, None, None]
    seen = norm(drifting.flatten(0, 1)).unflatten(0, (4, 16)).mean((1, 2, 3, 4))
    together = torch.nn.BatchNorm2d(8)(drifting.flatten(0, 1)).unflatten(0, (4, 16))
    assert seen.abs().max() < 1e-5
    assert together.mean((1, 2, 3, 4)).abs().max() > 0.5


@pytest.mark.parametrize("guess", [5, 10, 25])
def test_a_low_guess_of_the_or_gets_a_reply_that_is_true_of_it(guess, capsys):
    snn.predict("09.p2", guess)
    snn.outcome("09.p2", 34.4)
    said = capsys.readouterr().out
    assert "spikes more often than any one of them" in said
    assert "maximum of the four rates is" not in said


def test_a_share_in_place_of_percent_is_refused_and_thirty_percent_is_close(capsys):
    with pytest.raises(ValueError, match="between 1 and 100"):
        snn.predict("09.p2", 0.34)
    snn.predict("09.p2", 30)
    snn.outcome("09.p2", 34.4)
    assert ": close." in capsys.readouterr().out


def test_a_penalty_by_comparisons_is_right(capsys):
    def my_penalty(spk_rec, low, high):
        rate = spk_rec.mean((0, 1, 3, 4))
        outside = (rate > high) * (rate - high) + (rate < low) * (low - rate)
        return outside.square().mean()

    assert snn.check("09.3", my_penalty) is my_penalty
    assert capsys.readouterr().out.startswith("✅")


def test_a_penalty_with_a_wrong_number_is_not_told_that_its_gradient_is_wrong(capsys):
    snn.check("09.3", lambda spk_rec, low, high: my_penalty(spk_rec, low, high) + spk_rec.mean())
    said = capsys.readouterr().out
    assert "The number is not right" in said
    assert "gradient" not in said


def test_a_penalty_with_a_part_that_is_detached_is_told_so(capsys):
    def detached(spk_rec, low, high):
        total = my_penalty(spk_rec, low, high)
        return total / 2 + total.detach() / 2

    snn.check("09.3", detached)
    assert "The number is right, its gradient is not" in capsys.readouterr().out


def test_counts_of_some_digits_at_once_are_those_of_all(setup, monkeypatch):
    net = setup["net"]
    some = lab.by_steps(net), lab.channel_rates(net, "2")
    monkeypatch.setattr(lab, "AT_ONCE", 1000)
    every = lab.by_steps(net), lab.channel_rates(net, "2")
    torch.testing.assert_close(some, every, rtol=0, atol=1e-3)
    assert some[0][-1, 0] > some[0][0, 0] > 0
    assert some[1].std() > 0


def test_the_explorer_shows_code_that_runs_and_gives_what_it_shows():
    explorer = snn.pooling_explorer()
    start = {"pooling": "'average'", "step": 2, "kernel": "'upper edges'", "gain": 0.8, "label": 5}
    shown = eval(explorer.code.format(**start), {"snn": snn})
    assert (shown["pooled"] == explorer.run()["pooled"]).all()
    assert 0 < shown["sent"] < shown["spikes"]  # at the start, a pooling merges some spikes


def test_the_answer_in_the_explorer_is_kept(capsys):
    explorer = snn.pooling_explorer(ask="09.p1")
    assert explorer.guess == ""
    explorer.guess = "Up to four spikes"
    assert snn.pooling_explorer(ask="09.p1").guess == "Up to four spikes"
    snn.recap("09")
    assert "You thought “Up to four spikes”" in capsys.readouterr().out


def test_the_animation_counts_steps(setup):
    assert lab.film(setup["net"], lab.TEST[0][5], steps=2).film["clock"] == "step"


def test_digits_move_by_their_seed_and_keep_their_ink():
    x = lab.TRAIN[0][:200]
    torch.manual_seed(0)
    once = lab.moved(x)
    assert not torch.equal(once, lab.moved(x))
    torch.manual_seed(0)
    assert torch.equal(once, lab.moved(x))
    assert once.shape == x.shape
    assert 0 <= once.min() < once.max() <= 1
    assert once.sum() == pytest.approx(x.sum().item(), rel=0.05)


@pytest.mark.parametrize("label", [0, 5, 9])
def test_the_explorer_pools_the_spikes_that_it_shows(label):
    explorer = snn.pooling_explorer()
    average, most = (
        explorer.run(label=label, pooling=pooling) for pooling in ("average", "maximum")
    )
    assert 4 * average["pooled"].sum() == average["spk"].sum() > 0
    assert average["sent"] == most["sent"] == most["pooled"].sum()
    assert average["fractions"] > 0 == most["fractions"]
