"""What a learner of 06 may answer must not make a later cell fail."""

import pytest
import torch

import snnedu as snn
from snnedu.core import surrogate
from snnedu.course.attempt import Unsolved, WrongAnswer
from snnedu.course.chapters.c06_surrogate_gradients.exercises import NO_RETURN, MySpike
from snnedu.course.check import verdict
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house
HILLS = exercise("06.2").accepts


@pytest.mark.parametrize("hill", HILLS, ids=range(len(HILLS)))
def test_the_notebook_goes_on_with_every_hill_that_is_accepted(hill):
    """A steep hill, which hardly learns, once failed at an assertion on the accuracy."""
    setup = "c06-01 c06-07 c06-08 c06-09 c06-19 c06-22 c06-23"
    names = run_cells("06", setup, MySpike=hill)
    assert 0 <= names["accuracy"] <= 1


def test_a_high_hill_does_harm_where_the_gradient_flows_through_the_reset():
    """After Zenke and Vogels 2021, Figure 5; without the reset Adam does not see the height."""
    setup = "c06-01 c06-07 c06-08 c06-33 c06-37b"
    accuracy_at = run_cells("06", setup)["accuracy_at"]
    assert accuracy_at(10, seed=0) > 0.7
    assert accuracy_at(1, seed=0, detached=False) > 0.7
    assert accuracy_at(10, seed=0, detached=False) < 0.3


def test_sgd_learns_with_a_high_hill_at_a_smaller_learning_rate():
    """The text once said that the height matters to SGD: this was so at one learning rate."""
    accuracy_at = run_cells("06", "c06-01 c06-07 c06-08 c06-33 c06-37b")["accuracy_at"]
    sgd = {"seed": 0, "optimizer": torch.optim.SGD, "momentum": 0.9, "epochs": 4}
    assert accuracy_at(1, lr=0.1, **sgd) > 0.6
    assert accuracy_at(10, lr=0.1, **sgd) < 0.2
    assert accuracy_at(10, lr=0.001, **sgd) > 0.6


def test_long_tails_forgive_a_hill_that_is_too_narrow_but_not_one_that_is_too_wide():
    """Shapes were once compared at the same k, from where triangular is best to narrower hills."""
    setup = "c06-01 c06-07 c06-08 c06-34"
    two = {"range(8)": "range(2)", "(4, 1, 1 / 4, 1 / 16)": "(4, 1 / 16)"}
    wide, narrow = run_cells("06", setup, two)["grid"].mean(-1).unbind(1)
    assert narrow[0] > 0.6 > 0.4 > narrow[2:].max()
    assert wide[0] < wide[1:].max()


def test_a_later_step_may_get_the_largest_gradient_where_weights_are_small():
    gradients = run_cells("06", "c06-01 c06-26")["gradients"]
    assert gradients("atan", 2.0, 3.0)["steps"].argmax() == 0
    assert gradients("atan", 10.0, 1.5)["steps"].argmax() > 0


def test_each_layer_multiplies_the_gradient_by_the_height():
    norms = run_cells("06", "c06-01 c06-07 c06-08 c06-33 c06-37b c06-37f")["norms"]
    torch.testing.assert_close(norms(10.0) / norms(1.0), torch.tensor([1000.0, 100.0, 10.0]))


@pytest.mark.parametrize("kind", ["atan", "fast_sigmoid", "sigmoid", "triangular"])
def test_heights_of_hills_are_those_of_the_table(kind):
    height = {"atan": 2.5, "sigmoid": 1.25}.get(kind, 1.0)
    at_zero = getattr(surrogate, kind)(5.0).derivative(torch.zeros(1))
    torch.testing.assert_close(at_zero, torch.tensor([height]))


def test_the_answer_in_the_explorer_is_kept_and_recalled(capsys):
    explorer = snn.surrogate_explorer(ask="06.p3")
    assert explorer.guess == ""
    explorer.guess = "Nothing changes there"
    assert snn.surrogate_explorer(ask="06.p3").guess == "Nothing changes there"
    assert not snn.surrogate_explorer()._spec["predict"]
    hill = {k: explorer.run(slope=k, at=1.0)["grad_here"].item() for k in (2.0, 8.0)}
    assert 0 < hill[8.0] < hill[2.0]
    snn.recap("06")
    assert "You thought “Nothing changes there”. It was “The neuron learns less”" in (
        capsys.readouterr().out
    )


class NoReturn(MySpike):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        (x > 0).to(x.dtype)


class Stub(MySpike):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ...  # return the spikes


def test_a_forward_without_return_is_told_apart_from_the_stub():
    with pytest.raises(WrongAnswer, match=NO_RETURN[:20]):
        verdict(exercise("06.2"), NoReturn)
    with pytest.raises(Unsolved):
        verdict(exercise("06.2"), Stub)


@pytest.mark.parametrize("seed", range(5))
def test_a_function_for_six_layers_learns_that_networks_have_other_numbers(seed):
    """Cut to six layers it was once right or wrong as the networks were drawn."""

    def by_index(gradient_norms, firing_rates):
        for i in range(6):
            if firing_rates[i] == 0:
                return i
        return max((i for i in range(6) if gradient_norms[i] < 1e-6), default=-1)

    def cut(gradient_norms, firing_rates):
        return exercise("06.3").solution(gradient_norms[:6], firing_rates[:6])

    with pytest.raises(WrongAnswer, match=r"This network has [45] layers"):
        verdict(exercise("06.3"), by_index, seed)
    with pytest.raises(WrongAnswer, match="counts on six layers"):
        verdict(exercise("06.3"), cut, seed)


def test_a_list_that_was_changed_has_no_clone():
    def from_the_end(gradient_norms, firing_rates):
        gradient_norms.reverse()
        return -1

    with pytest.raises(WrongAnswer, match=r"Change a copy instead: `list\(x\)`"):
        verdict(exercise("06.3"), from_the_end)
