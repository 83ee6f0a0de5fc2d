"""Losses and accuracies beside snnTorch 1.0's: equal where it is right, and a test for each bug.

Its losses are classes, made and then called; ours are functions. Its own tests use as many samples
as classes, which hides axes that are mixed up; these do not.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from snnedu import functional as ours

theirs = pytest.importorskip("snntorch.functional")
pytestmark = pytest.mark.parity

SEEDS = range(3)


def records(seed: int, outputs: int = 6) -> tuple[Tensor, Tensor]:
    torch.manual_seed(seed)
    return torch.rand(9, 5, outputs).round(), torch.randint(outputs, (5,))


def both(name: str, *args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    ours_of, theirs_of = getattr(ours, name), getattr(theirs, name)
    return ours_of(*args, **options), theirs_of(**options)(*args)


CASES: list[tuple[str, dict[str, Any]]] = [
    ("ce_rate_loss", {}),
    ("ce_count_loss", {}),
    ("ce_max_membrane_loss", {}),
    ("mse_count_loss", {}),
    ("mse_membrane_loss", {}),
    ("mse_membrane_loss", {"on_target": 1.5, "off_target": 0.5}),
    ("ce_temporal_loss", {}),
    ("ce_temporal_loss", {"inverse": "reciprocal"}),
    ("mse_temporal_loss", {"on_target": 2, "off_target": 7}),
    ("mse_temporal_loss", {"on_target": 2, "off_target": 7, "tolerance": 3}),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_and_gradients_are_equal(name: str, options: dict[str, Any], seed: int):
    rec, targets = records(seed)
    gradients: list[Tensor] = []
    losses = both(name, a := rec.clone().requires_grad_(), targets, **options)
    torch.testing.assert_close(losses[0], losses[1].squeeze())
    for loss in losses:
        a.grad = None
        loss.sum().backward()
        assert a.grad is not None
        gradients.append(a.grad)
    torch.testing.assert_close(gradients[0], gradients[1])


@pytest.mark.parametrize(
    "name", ["ce_rate_loss", "ce_count_loss", "ce_max_membrane_loss", "ce_temporal_loss"]
)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_class_weights_are_equal(name: str, reduction: str):
    rec, targets = records(7)
    loss, expected = both(name, rec, targets, weight=torch.rand(6), reduction=reduction)
    torch.testing.assert_close(loss, expected.squeeze())


@pytest.mark.parametrize("name", ["ce_count_loss", "mse_count_loss"])
def test_populations_are_equal_where_it_can_count_them(name: str):
    rec, targets = records(4, outputs=6)
    expected = getattr(theirs, name)(population_code=True, num_classes=3)(rec, targets % 3)
    torch.testing.assert_close(getattr(ours, name)(rec, targets % 3, num_classes=3), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_accuracies_are_equal(seed: int):
    rec, targets = records(seed)
    assert ours.accuracy_rate(rec, targets) == theirs.accuracy_rate(rec, targets)
    assert ours.accuracy_temporal(rec, targets) == theirs.accuracy_temporal(rec, targets)
    ours_of = ours.accuracy_rate(rec, targets % 3, num_classes=3)
    assert ours_of == theirs.accuracy_rate(rec, targets % 3, True, 3)


def test_l1_is_equal():
    rec, _ = records(0)
    torch.testing.assert_close(ours.l1_rate_sparsity(rec), theirs.l1_rate_sparsity()(rec))


# --- where snnTorch 1.0 is wrong -------------------------------------------------------------


def test_default_temporal_targets_tell_classes_apart():
    """The targets of `mse_temporal_loss` by default, 0 and -1, all became 0 (pull request 361)."""
    everybody_at_once = torch.ones(5, 1, 3)
    only_the_right = torch.zeros(5, 1, 3)
    only_the_right[0, 0, 1] = 1
    right = torch.tensor([1])
    wrong = theirs.mse_temporal_loss()
    assert wrong(everybody_at_once, right) == 0 < wrong(only_the_right, right)
    assert ours.mse_temporal_loss(only_the_right, right) == 0
    assert ours.mse_temporal_loss(everybody_at_once, right) > 0


def test_a_rate_loss_takes_populations():
    """`ce_rate_loss(population_code=True)` subscripts its missing class weights (None)."""
    rec, targets = records(0)
    with pytest.raises(TypeError):
        theirs.ce_rate_loss(population_code=True, num_classes=3)(rec, targets % 3)
    expected = theirs.ce_rate_loss()(rec.unflatten(-1, (3, 2)).mean(-1), targets % 3).squeeze()
    torch.testing.assert_close(ours.ce_rate_loss(rec, targets % 3, num_classes=3), expected)


@pytest.mark.parametrize("name", ["mse_count_loss", "mse_membrane_loss"])
def test_weights_belong_to_samples(name: str):
    """Class weights of the mean squared losses ran along the classes, or did not fit at all."""
    rec, targets = records(0)
    with pytest.raises(RuntimeError):
        getattr(theirs, name)(weight=torch.rand(6))(rec, targets)
    one = torch.eye(6)[targets[0]]  # counts the samples of one class only
    loss = getattr(ours, name)(rec, targets, weight=one, reduction="none")
    assert (loss != 0).tolist() == (targets == targets[0]).tolist()


def test_wrong_classes_may_be_wanted_below_zero():
    """Targets were clamped at `off_target` from below, so that -1 became 0 (issue 253)."""
    mem_rec, targets = torch.tensor([[[1.0, -1.0]]]), torch.tensor([0])
    assert theirs.mse_membrane_loss(on_target=1, off_target=-1)(mem_rec, targets) > 0
    assert ours.mse_membrane_loss(mem_rec, targets, on_target=1, off_target=-1) == 0


def test_the_right_class_may_change_with_time():
    """`mse_membrane_loss(time_var_targets=True)` could not read targets `[time, batch]`."""
    mem_rec, targets = torch.eye(3).unsqueeze(1), torch.tensor([[0], [1], [2]])
    with pytest.raises(RuntimeError):
        theirs.mse_membrane_loss(time_var_targets=True)(mem_rec, targets)
    assert ours.mse_membrane_loss(mem_rec, targets) == 0


def test_the_callers_times_are_left_alone():
    """Negative target times were counted from the end inside the caller's own tensor."""
    rec, _ = records(0)
    times = torch.full((5, 6), -1.0)
    theirs.mse_temporal_loss(target_is_time=True)(rec, times)
    assert (times == 8).all()
    times = torch.full((5, 6), -1.0)
    ours.mse_temporal_loss(rec, times, target_is_time=True)
    assert (times == -1).all()


def test_second_spikes_are_those_of_the_neuron_itself():
    """The search for a second spike wiped out all neurons' spikes at the time of any first one."""
    rec = torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1], [0, 0]]).unsqueeze(1)
    times = torch.tensor([[[0.0, 1.0]], [[2.0, 3.0]]])
    wrong: Callable[..., Tensor] = theirs.mse_temporal_loss(target_is_time=True, multi_spike=True)
    assert ours.mse_temporal_loss(rec, times, target_is_time=True) == 0
    rec[1, 0, 0] = 1  # the first neuron fires again, at the time of the other's first spike
    times[1, 0, 0] = 1
    assert wrong(rec, times.clone()) > 0
    assert ours.mse_temporal_loss(rec, times, target_is_time=True) == 0


def test_a_rate_of_29_percent_of_100_steps_is_29_spikes():
    """Wanted counts were cut down to whole numbers, 28 here, because 100 * 0.29 is 28.999…."""
    rec = torch.zeros(100, 1, 1)
    rec[:29] = 1
    assert theirs.mse_count_loss(correct_rate=0.29)(rec, torch.tensor([0])) > 0
    assert ours.mse_count_loss(rec, torch.tensor([0]), correct_rate=0.29).item() < 1e-9
