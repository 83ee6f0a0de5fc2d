"""Losses, decoders, accuracies, regularizers: cases worked out by hand, laws, bad input."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from snnedu import functional as f, surrogate

SPIKE_LOSSES = (f.ce_rate_loss, f.ce_count_loss, f.mse_count_loss, f.ce_temporal_loss)
LOSSES = (*SPIKE_LOSSES, f.mse_temporal_loss, f.ce_max_membrane_loss, f.mse_membrane_loss)


def trains(*patterns: str) -> Tensor:
    """Make spikes [time, 1, outputs] from one "0101" an output."""
    return torch.tensor([[float(c) for c in p] for p in patterns]).T.unsqueeze(1)


def random_spikes(seed: int = 0, steps: int = 12, batch: int = 5, outputs: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(steps, batch, outputs, generator=generator).round()


def targets_for(spk_rec: Tensor, classes: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(classes, spk_rec.shape[1:2], generator=generator)


# --- values worked out by hand ---------------------------------------------------------------


def test_rate_loss_is_the_mean_over_steps():
    # two classes; step 1: (1, 0), step 2: (0, 0); -log softmax of the right one
    expected = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    loss = f.ce_rate_loss(trains("10", "00"), torch.tensor([0]))
    assert loss.item() == pytest.approx(expected)


def test_count_loss_compares_counts():
    loss = f.ce_count_loss(trains("1110", "0100"), torch.tensor([1]))  # counts 3 and 1
    assert loss.item() == pytest.approx(math.log(1 + math.exp(2)))


def test_max_membrane_loss_looks_at_the_peak_only():
    mem_rec = torch.tensor([[[0.2, -1.0]], [[2.0, 0.5]], [[-9.0, 0.1]]])
    loss = f.ce_max_membrane_loss(mem_rec, torch.tensor([0]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1.5)))


def test_count_distance_vanishes_at_the_wanted_rates():
    spk_rec, right = trains("1110", "0100"), torch.tensor([0])
    assert f.mse_count_loss(spk_rec, right, correct_rate=0.75, incorrect_rate=0.25) == 0
    assert f.mse_count_loss(spk_rec, right).item() == pytest.approx((1 + 1) / 2 / 4)


def test_membrane_distance_takes_a_class_for_all_steps_or_one_a_step():
    mem_rec = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    assert f.mse_membrane_loss(mem_rec, torch.tensor([0])).item() == pytest.approx(0.5)
    assert f.mse_membrane_loss(mem_rec, torch.tensor([[0], [1]])) == 0
    wanted = f.mse_membrane_loss(mem_rec, torch.tensor([[0], [1]]), on_target=2, off_target=-1)
    assert wanted.item() == pytest.approx(1)


def test_temporal_losses_know_who_was_first():
    spk_rec = trains("0011", "0100", "0000")  # first spikes at 2, 1, and never: 3
    expected = -torch.tensor([-2.0, -1.0, -3.0]).log_softmax(0)[1]
    assert f.ce_temporal_loss(spk_rec, torch.tensor([1])).item() == pytest.approx(expected.item())
    expected = -torch.tensor([1 / 3, 1 / 2, 1 / 4]).log_softmax(0)[1]
    loss = f.ce_temporal_loss(spk_rec, torch.tensor([1]), inverse="reciprocal")
    assert loss.item() == pytest.approx(expected.item())
    # wanted by default: 0 for the right class, the last step for the others
    loss = f.mse_temporal_loss(spk_rec, torch.tensor([1]))
    assert loss.item() == pytest.approx(((1 / 4) ** 2 + (1 / 4) ** 2 + 0) / 3)


def test_tolerance_forgives_small_differences():
    spk_rec, right = trains("0011", "0100"), torch.tensor([1])
    assert f.mse_temporal_loss(spk_rec, right, on_target=0, off_target=3, tolerance=2) == 0
    assert f.mse_temporal_loss(spk_rec, right, on_target=0, off_target=3, tolerance=1) > 0


def test_several_spikes_can_be_wanted():
    spk_rec = trains("01010", "00110")
    times = torch.tensor([[[1, 2]], [[3, 3]]])
    assert f.mse_temporal_loss(spk_rec, times, target_is_time=True) == 0
    loss = f.mse_temporal_loss(spk_rec, torch.tensor([0]), on_target=(1, 3), off_target=(2, 4))
    assert loss.item() == pytest.approx((1 / 5) ** 2 / 4)


@pytest.mark.parametrize("shape", [(2,), (1, 2), (1, 1, 2)])
def test_times_as_targets_in_any_of_three_shapes_stay_untouched(shape: tuple[int, ...]):
    times = torch.tensor([1.0, -3.0]).reshape(shape)
    assert f.mse_temporal_loss(trains("01010", "00110"), times, target_is_time=True) == 0
    assert times.flatten().tolist() == [1, -3]


def test_decoders_and_accuracies():
    spk_rec = torch.cat([trains("0111", "1000"), trains("0000", "0001")], 1)  # two samples
    assert f.predict_rate(spk_rec).tolist() == [0, 1]
    assert f.predict_temporal(spk_rec).tolist() == [1, 0]  # second sample: 3 and never: equal
    assert f.predict_max_membrane(spk_rec * torch.tensor([1, 2])).tolist() == [1, 1]
    targets = torch.tensor([0, 1])
    assert f.accuracy_rate(spk_rec, targets) == 1
    assert f.accuracy_temporal(spk_rec, targets) == 0
    assert f.accuracy_max_membrane(spk_rec, targets) == 1


def test_l1_counts_spikes():
    spk_rec = random_spikes()
    assert f.l1_rate_sparsity(spk_rec, 0.5).item() == pytest.approx(spk_rec.sum().item() / 2)


def test_activity_bounds_cost_only_beyond_the_bound():
    spk_rec = trains("0000", "0001", "1111")  # rates 0, 1/4, 1
    assert f.lower_activity_loss(spk_rec, 0.25).item() == pytest.approx(0.25**2 / 3)
    assert f.upper_activity_loss(spk_rec, 0.25).item() == pytest.approx(0.75**2 / 3)


# --- laws ------------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_spike_times_are_those_of_a_plain_search(steps: int, batch: int, spikes: int, seed: int):
    spk_rec = random_spikes(seed, steps, batch, 3)
    times = f.spike_times(spk_rec, spikes)
    for b in range(batch):
        for n in range(3):
            found = [t for t in range(steps) if spk_rec[t, b, n]] + [steps - 1] * spikes
            assert times[:, b, n].tolist() == found[:spikes]


def test_a_spike_time_pulls_at_its_own_spike_only():
    spk_rec = trains("0110", "0000").requires_grad_()
    (f.spike_times(spk_rec, 2) * torch.tensor([[[1.0, 10.0]], [[2.0, 20.0]]])).sum().backward()
    assert spk_rec.grad is not None
    # the silent neuron is pushed at the last step, by both missing spikes
    assert spk_rec.grad.squeeze(1).T.tolist() == [[0, -1, -2, 0], [0, 0, 0, -30]]


def test_the_gradient_of_a_spike_time_reaches_the_membrane():
    mem = torch.tensor([0.5, 1.5, 0.2]).reshape(3, 1, 1).requires_grad_()
    times = f.spike_times(surrogate.fast_sigmoid(25.0)(mem - 1.0))
    times.sum().backward()
    assert times.item() == 1
    assert mem.grad is not None
    expected = -1 / (25 * 0.5 + 1) ** 2  # a higher membrane brings the spike earlier
    assert mem.grad.flatten().tolist() == pytest.approx([0, expected, 0])


@pytest.mark.parametrize("loss", LOSSES)
def test_a_mean_is_the_mean_of_the_samples(loss: Callable[..., Tensor]):
    spk_rec = random_spikes()
    targets = targets_for(spk_rec, 6)
    each = loss(spk_rec, targets, reduction="none")
    assert each.shape == (5,)
    assert loss(spk_rec, targets).item() == pytest.approx(each.mean().item())
    one = loss(spk_rec[:, 2:3], targets[2:3])
    assert one.item() == pytest.approx(each[2].item())


@pytest.mark.parametrize("loss", LOSSES)
def test_a_weight_scales_the_samples_of_its_class(loss: Callable[..., Tensor]):
    spk_rec, weight = random_spikes(), torch.arange(6.0)
    targets = targets_for(spk_rec, 6)
    plain = loss(spk_rec, targets, reduction="none")
    weighted = loss(spk_rec, targets, weight=weight, reduction="none")
    assert torch.allclose(weighted, plain * weight[targets])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_loss_keeps_its_dtype_and_gives_a_gradient(
    loss: Callable[..., Tensor], dtype: torch.dtype
):
    spk_rec = random_spikes().to(dtype).requires_grad_()
    value = loss(spk_rec, targets_for(spk_rec, 6))
    value.backward()
    assert value.dtype == dtype
    assert spk_rec.grad is not None
    assert spk_rec.grad.isfinite().all()
    assert spk_rec.grad.any()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_population_of_equal_neurons_answers_like_one(loss: Callable[..., Tensor]):
    spk_rec = random_spikes(outputs=3)
    if loss in (f.ce_max_membrane_loss, f.mse_membrane_loss):
        spk_rec = torch.rand(spk_rec.shape, generator=torch.Generator().manual_seed(1))
    targets = targets_for(spk_rec, 3)
    crowd = spk_rec.repeat_interleave(4, -1)
    one, many = loss(spk_rec, targets), loss(crowd, targets, num_classes=3)
    if loss is f.ce_count_loss:  # sums: four times the evidence
        one = torch.nn.functional.cross_entropy(4 * spk_rec.sum(0), targets)
    if loss is f.mse_count_loss:
        one = one * 16
    assert many.item() == pytest.approx(one.item(), rel=1e-5)


@pytest.mark.parametrize("predict", [f.predict_rate, f.predict_temporal, f.predict_max_membrane])
def test_a_population_is_read_as_a_whole(predict: Callable[..., Tensor]):
    spk_rec = trains("0010", "0000", "0100", "0110")  # classes 0 and 1, two neurons each
    assert predict(spk_rec, num_classes=2).item() == 1
    early = trains("0001", "1000", "0100", "0110")
    assert predict(early, num_classes=2).item() == (0 if predict is f.predict_temporal else 1)


def test_gradients_agree_with_differences():
    rec = torch.rand(4, 3, 4, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([0, 1, 1])
    for loss in (f.ce_rate_loss, f.ce_count_loss, f.ce_max_membrane_loss, f.mse_count_loss):
        assert torch.autograd.gradcheck(lambda x, loss=loss: loss(x, targets, num_classes=2), rec)
    assert torch.autograd.gradcheck(lambda x: f.mse_membrane_loss(x, targets), rec)
    assert torch.autograd.gradcheck(lambda x: f.lower_activity_loss(x, 0.6), rec)
    assert torch.autograd.gradcheck(lambda x: f.upper_activity_loss(x, 0.4), rec)


@pytest.mark.parametrize("loss", SPIKE_LOSSES)
def test_descending_a_loss_makes_the_right_class_win(loss: Callable[..., Tensor]):
    generator = torch.Generator().manual_seed(0)
    ramp = torch.linspace(0.125, 1, 8).reshape(8, 1, 1)  # membranes that rise with a slope of w
    w = (torch.rand(4, 3, generator=generator) * 2).requires_grad_()
    targets, spike = torch.tensor([0, 1, 2, 0]), surrogate.atan()
    accuracy = f.accuracy_temporal if loss is f.ce_temporal_loss else f.accuracy_rate
    before = accuracy(spike(w * ramp - 1), targets)
    for _ in range(60):
        (grad,) = torch.autograd.grad(loss(spike(w * ramp - 1), targets), w)
        with torch.no_grad():
            w -= 0.5 * grad
    assert before < 1
    assert accuracy(spike(w * ramp - 1), targets) == 1


# --- sequences of unequal length -------------------------------------------------------------

DECODERS = (f.predict_rate, f.predict_temporal, f.predict_max_membrane)
ACCURACIES = (f.accuracy_rate, f.accuracy_temporal, f.accuracy_max_membrane)
LENGTHS = torch.tensor([7, 12, 1, 5, 9])


def ragged(seed: int = 0, junk: float = math.nan) -> tuple[Tensor, Tensor]:
    """Return spikes of five sequences with junk after their ends, and their mask."""
    spk_rec, mask = random_spikes(seed), f.length_mask(LENGTHS)
    return spk_rec.masked_fill(~mask.unsqueeze(-1), junk), mask


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("num_classes", [6, 3])
def test_padding_changes_no_loss_and_no_gradient(loss: Callable[..., Tensor], num_classes: int):
    spk_rec, mask = ragged()
    spk_rec.requires_grad_()
    targets = targets_for(spk_rec, num_classes)
    options = {"num_classes": num_classes, "weight": torch.arange(1.0, num_classes + 1)}
    if loss is f.ce_temporal_loss:
        options["inverse"] = "reciprocal"
    each = loss(spk_rec, targets, mask=mask, reduction="none", **options)
    (together,) = torch.autograd.grad(each.sum(), spk_rec)
    assert together.isfinite().all()
    assert together.masked_fill(mask.unsqueeze(-1), 0).eq(0).all()
    for sample, length in enumerate(LENGTHS):
        alone = spk_rec[:length, sample : sample + 1].detach().requires_grad_()
        value = loss(alone, targets[sample : sample + 1], reduction="none", **options)
        assert each[sample].item() == pytest.approx(value.item(), rel=1e-5)
        (grad,) = torch.autograd.grad(value.sum(), alone)
        torch.testing.assert_close(together[:length, sample], grad[:, 0])


@pytest.mark.parametrize("decode", [*DECODERS, lambda spk, **m: f.decide(spk, 2, **m)[0]])
def test_padding_changes_no_decision(decode: Callable[..., Tensor]):
    for seed in range(20):
        spk_rec, mask = ragged(seed, junk=1e3)
        alone = [spk_rec[:length, i : i + 1] for i, length in enumerate(LENGTHS)]
        assert decode(spk_rec, mask=mask).tolist() == [decode(each).item() for each in alone]


@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_padding_changes_no_accuracy(accuracy: Callable[..., float]):
    spk_rec, mask = ragged(junk=1e3)
    targets = targets_for(spk_rec, 6)
    alone = [
        accuracy(spk_rec[:length, i : i + 1], targets[i : i + 1])
        for i, length in enumerate(LENGTHS)
    ]
    assert accuracy(spk_rec, targets, mask=mask) == pytest.approx(sum(alone) / len(alone))


def test_padding_changes_no_time_and_a_silent_sequence_ends_at_its_own_last_step():
    spk_rec, mask = trains("0001", "0110").expand(-1, 2, -1), f.length_mask(torch.tensor([2, 4]))
    assert f.spike_times(spk_rec, 2, mask=mask).tolist() == [[[1, 1], [3, 1]], [[1, 1], [3, 2]]]


def test_target_times_count_from_the_end_of_each_sequence():
    # times 1 and 0 of two steps; 1 and 3 of four. Wanted: the last step, whatever its number
    spk_rec = torch.cat([trains("0100", "1000"), trains("0100", "0001")], 1)
    loss = f.mse_temporal_loss(
        spk_rec, torch.tensor([0, 1]), on_target=-1, off_target=0,
        mask=f.length_mask(torch.tensor([2, 4])), reduction="none",
    )  # fmt: skip
    assert loss.tolist() == pytest.approx([0, ((1 / 4) ** 2 + 0) / 2])


def test_a_mask_may_leave_out_steps_at_the_beginning():
    spk_rec, mask = trains("1100", "0011"), torch.tensor([[False], [False], [True], [True]])
    assert f.predict_rate(spk_rec, mask=mask).item() == 1
    assert f.predict_temporal(spk_rec, mask=mask).item() == 1
    loss = f.mse_count_loss(spk_rec, torch.tensor([1]), mask=mask)
    assert loss == 0


def test_regularizers_count_only_what_counts():
    spk_rec, mask = random_spikes(), f.length_mask(LENGTHS)
    kept = spk_rec[mask]  # [counted steps, outputs]
    assert f.l1_rate_sparsity(spk_rec, 1.0, mask=mask).item() == pytest.approx(kept.sum().item())
    one_sample = kept.unsqueeze(1)
    for bound in (f.lower_activity_loss, f.upper_activity_loss):
        expected = bound(one_sample, 0.5).item()
        assert expected > 0
        assert bound(spk_rec, 0.5, mask=mask).item() == pytest.approx(expected)


def test_a_mask_of_lengths():
    mask = f.length_mask(torch.tensor([1, 3], dtype=torch.uint8), 4)
    assert mask.int().T.tolist() == [[1, 0, 0, 0], [1, 1, 1, 0]]
    assert len(f.length_mask(torch.tensor([1, 3]))) == 3


# --- early exit ------------------------------------------------------------------------------


def test_a_lead_decides_at_once():
    # counts after each step: 0 0, 1 0, 1 1, 2 1, 3 1
    spk_rec = trains("01011", "00100")
    for margin, answer in {0.5: 1, 1: 1, 2: 4, 3: 4}.items():
        classes, steps = f.decide(spk_rec, margin)
        assert (classes.item(), steps.item()) == (0, answer)


def test_a_sample_without_a_lead_is_decided_at_the_end_as_by_its_counts():
    classes, steps = f.decide(trains("0000", "0110", "1000"), 3)
    assert (classes.item(), steps.item()) == (1, 3)


def test_a_tie_does_not_decide():
    classes, steps = f.decide(trains("1000", "1010"), 1)
    assert (classes.item(), steps.item()) == (1, 2)


def test_populations_decide_together():
    spk_rec = trains("1000", "0100", "1100", "1100")  # classes 0 and 1, two neurons each
    classes, steps = f.decide(spk_rec, 2, num_classes=2)
    assert (classes.item(), steps.item()) == (1, 1)


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_decisions_are_those_of_a_plain_race(steps: int, margin: int, seed: int):
    spk_rec = random_spikes(seed, steps, 4, 3)
    classes, times = f.decide(spk_rec, margin)
    for b in range(4):
        for t in range(steps):
            counts = spk_rec[: t + 1, b].sum(0)
            second, first = sorted(counts.tolist())[-2:]
            if first - second >= margin or t == steps - 1:
                assert (classes[b].item(), times[b].item()) == (counts.argmax().item(), t)
                break


@given(st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_a_wider_margin_never_decides_earlier_and_what_follows_does_not_matter(seed: int):
    spk_rec = random_spikes(seed)
    (classes, early), (_, late) = f.decide(spk_rec, 1), f.decide(spk_rec, 2)
    assert (early <= late).all()
    after = torch.arange(len(spk_rec)).unsqueeze(-1) > early
    noise = torch.where(after.unsqueeze(-1), 1 - spk_rec, spk_rec)
    again = f.decide(noise, 1)
    decided = early < len(spk_rec) - 1
    assert torch.equal(again[0][decided], classes[decided])
    assert torch.equal(again[1][decided], early[decided])


# --- bad input -------------------------------------------------------------------------------

GOOD, FIT = torch.ones(4, 2, 6), torch.tensor([0, 1])
NAN = torch.full((4, 2, 6), math.nan)
BAD: list[tuple[str, Callable[[], object], type[Exception], str]] = [
    ("class too high", lambda: f.ce_rate_loss(GOOD, FIT + 5), ValueError, r"in \[0, 5\].*\[5, 6\]"),
    ("class below 0", lambda: f.ce_count_loss(GOOD, FIT - 1), ValueError, r"\[-1, 0\].*6 classes"),
    (
        "class beyond the populations",
        lambda: f.ce_rate_loss(GOOD, FIT + 2, num_classes=3),
        ValueError,
        "There are 3 classes",
    ),
    ("float targets", lambda: f.ce_rate_loss(GOOD, FIT.float()), TypeError, r"targets\.long\(\)"),
    ("one-hot targets", lambda: f.ce_rate_loss(GOOD, GOOD[0].long()), ValueError, r"shape \(2,\)"),
    ("another batch", lambda: f.ce_count_loss(GOOD, torch.zeros(3).long()), ValueError, r"\(3,\)"),
    ("no time", lambda: f.ce_count_loss(GOOD[0], FIT), ValueError, r"\[time, batch, outputs\]"),
    ("no step", lambda: f.ce_rate_loss(GOOD[:0], FIT), ValueError, "at least one step"),
    ("images", lambda: f.ce_rate_loss(GOOD[..., None], FIT), ValueError, r"flatten\(2\)"),
    ("whole numbers", lambda: f.ce_rate_loss(GOOD.int(), FIT), TypeError, r"\.float\(\)"),
    ("a list", lambda: f.ce_rate_loss([[1.0]], FIT), TypeError, "Received list"),
    ("uneven population", lambda: f.ce_rate_loss(GOOD, FIT, num_classes=4), ValueError, "divide"),
    ("no class", lambda: f.accuracy_rate(GOOD, FIT, num_classes=0), ValueError, "1 or more"),
    ("half a class", lambda: f.predict_rate(GOOD, num_classes=1.5), TypeError, "whole number"),
    ("unknown reduction", lambda: f.ce_rate_loss(GOOD, FIT, reduction="men"), ValueError, "'mean'"),
    (
        "unknown inverse",
        lambda: f.ce_temporal_loss(GOOD, FIT, inverse="negative"),
        ValueError,
        "Did you mean 'negate'",
    ),
    (
        "rate above 1",
        lambda: f.mse_count_loss(GOOD, FIT, correct_rate=20),
        ValueError,
        r"`correct_rate` must lie in \[0, 1\]. Received 20",
    ),
    ("bound of 5", lambda: f.upper_activity_loss(GOOD, 5), ValueError, "share of steps"),
    ("one axis", lambda: f.lower_activity_loss(GOOD[:, 0, 0]), ValueError, "time first"),
    (
        "time after the end",
        lambda: f.mse_temporal_loss(GOOD, FIT, on_target=9),
        ValueError,
        r"must lie in \[-4, 3\]",
    ),
    (
        "on without off",
        lambda: f.mse_temporal_loss(GOOD, FIT, on_target=(1, 2)),
        ValueError,
        "Received 2 and 1",
    ),
    (
        "times of others",
        lambda: f.mse_temporal_loss(GOOD, torch.ones(1, 3, 6), target_is_time=True),
        ValueError,
        "leave `target_is_time` unset",
    ),
    (
        "weight without class",
        lambda: f.mse_temporal_loss(GOOD, GOOD[0], target_is_time=True, weight=torch.ones(6)),
        ValueError,
        "needs classes as targets",
    ),
    (
        "class of every step, batch first",
        lambda: f.mse_membrane_loss(GOOD, torch.zeros(2, 4).long()),
        ValueError,
        "time comes first",
    ),
    (
        "list of steps",
        lambda: f.ce_rate_loss(list(GOOD), FIT),
        TypeError,
        r"Received list\. Pass `torch\.stack\(spk_rec\)`",
    ),
    (
        "whole membranes",
        lambda: f.mse_membrane_loss(GOOD.long(), FIT),
        TypeError,
        r"Pass `mem_rec\.float\(\)`",
    ),
    ("no spike wanted", lambda: f.spike_times(GOOD, 0), ValueError, "1 or more"),
    ("NaN membrane", lambda: f.predict_max_membrane(NAN), ValueError, "finite outputs"),
    ("NaN accuracy", lambda: f.accuracy_max_membrane(NAN, FIT), ValueError, "learning rate"),
    ("margin of 0", lambda: f.decide(GOOD, 0), ValueError, r"`margin`.*above 0"),
    ("NaN spikes", lambda: f.decide(NAN, 1), ValueError, "finite outputs"),
    (
        "mask of numbers",
        lambda: f.ce_rate_loss(GOOD, FIT, mask=GOOD[..., 0]),
        TypeError,
        "length_mask",
    ),
    ("mask is a list", lambda: f.decide(GOOD, 1, mask=[True]), TypeError, "Received list"),
    (
        "mask with batch first",
        lambda: f.ce_count_loss(GOOD, FIT, mask=GOOD[..., 0].T > 0),
        ValueError,
        r"\(4, 2\)\. Received \(2, 4\)",
    ),
    (
        "empty sequence",
        lambda: f.accuracy_rate(GOOD, FIT, mask=torch.tensor([[True, False]] * 4)),
        ValueError,
        "none for sample 1",
    ),
    (
        "mask of one axis",
        lambda: f.l1_rate_sparsity(GOOD, mask=torch.tensor([True])),
        ValueError,
        "Time comes first",
    ),
    (
        "time after the end of a short sequence",
        lambda: f.mse_temporal_loss(
            GOOD, FIT, on_target=3, mask=f.length_mask(torch.tensor([2, 4]))
        ),
        ValueError,
        "Received 3 for a sequence of 2 steps",
    ),
    ("lengths of a list", lambda: f.length_mask([2, 3]), TypeError, "Received list"),
    ("half a step", lambda: f.length_mask(torch.tensor([2.5])), TypeError, "whole numbers"),
    ("length 0", lambda: f.length_mask(torch.tensor([0, 3])), ValueError, r"in \[1, 3\]"),
    ("too long", lambda: f.length_mask(torch.tensor([5]), 4), ValueError, "have 4 steps"),
    ("one length", lambda: f.length_mask(torch.tensor(5)), ValueError, "one number for each"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_raises(call: Callable[[], object], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        call()
