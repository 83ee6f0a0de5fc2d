"""What a learner of 05 is invited to change must not make a later cell fail."""

import pytest
import torch
from matplotlib import pyplot as plt

import snnedu as snn
from snnedu.course.attempt import WrongAnswer
from snnedu.course.check import verdict
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house


def names_of(ids, changes):
    """Return the names of these cells, each text in `changes` replaced."""
    earlier = {"torch": torch, "snn": snn, "plt": plt, "nn": torch.nn, "viz": snn.viz}
    return run_cells("05", ids, changes, **earlier, lif=snn.Leaky(beta=0.9))


def test_the_sliders_of_the_network_may_stand_anywhere(capsys):
    moved = "explorer.values = {'weight': 0.8, 'inhibition': 0.0, 'drive': 0.0}\nfigure, ax"
    names = names_of("c05-14 c05-16", {"figure, ax": moved})
    assert "inhibition 0 x weight: alive up to a weight of 0.12" in capsys.readouterr().out
    assert names["explorer"].values["drive"] == 0.0


@pytest.mark.parametrize("current", ["0.21", "0.22", "0.235", "0.24", "0.3"])
def test_another_current_in_the_competition_is_only_another_result(current):
    together = names_of("c05-20 c05-21", {"0.21,": f"{current},"})["together"].sum(0).flatten()
    winners = {"0.21": [2], "0.22": [2, 3], "0.235": [2, 3], "0.24": [2, 3], "0.3": [3]}[current]
    assert together.nonzero().flatten().tolist() == winners


def test_mean_and_fluctuation_each_make_about_half_of_the_spikes():
    """The text once said that the mean does nothing, for weights that are drawn only once."""
    torch.manual_seed(0)
    for fan_in in (10, 100, 1000):
        inputs = (torch.rand(500, 1, fan_in) < 0.1).float()
        cur = inputs @ (1.5 * torch.randn(400, fan_in) / fan_in**0.5).T
        mean = cur.mean(0, keepdim=True).expand_as(cur)
        both, steady, moving = (snn.Leaky(0.9).unroll(c)[0].mean() for c in (cur, mean, cur - mean))
        assert 0.4 < steady / both < 0.7
        assert 0.4 < moving / both < 0.7
        torch.testing.assert_close((cur - mean).std(), torch.tensor(0.45), rtol=0.06, atol=0)


def test_a_function_that_assigns_a_number_and_returns_nothing_is_not_called_open():
    def wake(net, x_rec):
        factor = 1.1  # noqa: F841

    with pytest.raises(WrongAnswer, match="returns nothing"):
        verdict(exercise("05.3"), wake)


def test_an_answer_that_counts_on_six_layers_hears_of_the_seventh():
    def wake(net, x_rec):
        with torch.no_grad():
            for number in range(6):
                while net.record(x_rec)[str(2 * number + 1)].spk.mean() < 0.1:
                    net[2 * number].weight *= 1.1
        return net

    with pytest.raises(WrongAnswer, match="layer 7 still spikes in fewer than 8 %"):
        verdict(exercise("05.3"), wake)


def test_no_network_of_the_check_is_awake_before():
    def wake(net, x_rec):
        raise ValueError(f"rate {net.record(x_rec)['1'].spk.mean():.3f}")

    for seed in (236, 1366, 1383):  # drawn only once, these fire in 10 to 14 % of the steps
        with pytest.raises(WrongAnswer, match=r"rate 0\.0[0-7]"):
            verdict(exercise("05.3"), wake, seed=seed)


def test_endless_growth_asks_whether_spikes_reach_the_layer():
    def wake(net, x_rec):
        with torch.no_grad():
            while net.record(x_rec)["3"].spk.mean() < 2.0:
                net[2].weight *= 1.1
        return net

    with pytest.raises(WrongAnswer, match="Do spikes reach this layer already"):
        verdict(exercise("05.3"), wake)


def test_seven_layers_from_the_last_one_on_are_not_called_a_wrong_rate():
    def wake(net, x_rec):
        with torch.no_grad():
            for layer in reversed(range(7)):
                while [found.spk.mean() for found in net.record(x_rec).values()][layer] < 0.1:
                    net[2 * layer].weight *= 1.1
        return net

    for seed in (0, 1):  # the last layer is too active, or grows without end where no spike comes
        with pytest.raises(WrongAnswer, match=r"Begin with the layer|Do spikes reach this layer"):
            verdict(exercise("05.3"), wake, seed=seed)


@pytest.mark.parametrize(
    ("make", "id"), [(snn.fluctuation_explorer, "05.p2"), (snn.network_explorer, "05.p4")]
)
def test_the_answer_in_an_explorer_is_kept_and_recalled(make, id, capsys):
    explorer = make(ask=id)
    assert explorer.guess == ""
    assert set(explorer._spec["replies"]) == set(explorer._spec["options"])
    wrong = next(text for text in explorer._spec["options"] if text != explorer._spec["right"])
    explorer.guess = wrong
    assert make(ask=id).guess == wrong
    assert not make()._spec["predict"]
    snn.recap("05")
    assert f"You thought “{wrong}”. It was “{explorer._spec['right']}”" in capsys.readouterr().out
