"""What a network's output means: losses, decoders, accuracies, activity regularizers.

    spk_rec, mem_rec = net(x_rec)            # [time, batch, outputs]
    loss = ce_rate_loss(spk_rec, targets)    # targets: the index of each sample's class, [batch]
    accuracy_rate(spk_rec, targets)          # 0 to 1

Recordings have time first, `[time, batch, outputs]`. `targets` are integers of any type, `[batch]`,
from 0 to classes - 1. Each output stands for one class, unless `num_classes` is given: then each
class owns a block of outputs / num_classes neurons, a population.

A loss is the mean over the batch, a single number; with `reduction="none"` there is one loss per
sample, `[batch]`. `weight`, one number per class, `[classes]`, multiplies the losses of that
class's samples. Spikes count 1, times are counted in steps from 0, and membranes keep their unit.

Sequences of unequal length are padded to one length. Then `mask`, `[time, batch]`, is True where a
step of a sample counts; `length_mask` makes one from lengths. A sample gets the loss, the gradient
and the answer that it gets alone: padding changes no number.

Spikes and membranes pass their gradient on to the neuron, which has a surrogate for it. A spike
time has no gradient at all; `spike_times` says what stands in its place. Recordings of 16 bits,
which cannot count beyond 256 (bfloat16), are summed and averaged in float32, and the results are
float32. Bad input is answered with ValueError (shapes, targets that are no class) or TypeError
(dtypes).

Names and values are those of snnTorch 1.0 (Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088);
where they differ, the docstring says so.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own abbreviation)
from jaxtyping import Float, Integer, Shaped
from torch import Tensor

from snnedu.core import _check, _mask
from snnedu.core._mask import Mask
from snnedu.core._precision import wide, wide_dtype

Record = Float[Tensor, "time batch outputs"]
Labels = Integer[Tensor, " batch"]
Hidden = Float[Tensor, " time *neurons"]
Weight = Float[Tensor, " classes"] | None
Loss = Float[Tensor, ""] | Float[Tensor, " batch"]
Times = (  # steps, one for each neuron
    Shaped[Tensor, " outputs"]
    | Shaped[Tensor, "batch outputs"]
    | Shaped[Tensor, "spikes batch outputs"]
)
WHOLE_NUMBERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
Number = float | int
Steps = Number | Sequence[Number]


def ce_rate_loss(
    spk_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    weight: Weight = None,
    mask: Mask | None = None,
    reduction: str = "mean",
) -> Loss:
    """Cross entropy at every step, averaged over steps: the right class should fire all the time.

        L = -mean over t of log softmax(S[t])[target]

        spk_rec, mem_rec = net(x_rec)                           # [time, batch, outputs]
        ce_rate_loss(spk_rec, torch.tensor([3, 1])).backward()  # classes of a batch of two

    `spk_rec` holds spikes, `targets` are class indices, `[batch]`. A population answers with the
    mean of its neurons. `help(snn.functional)` explains the other arguments.
    """
    scores = _groups(spk_rec, num_classes, mask).mean(-1)
    targets = _class_indices(targets, scores[0])
    every_step = targets.unsqueeze(-1).expand(-1, len(scores))
    loss = F.cross_entropy(scores.movedim(0, -1), every_step, reduction="none")
    loss = _mask.mean_over_time(loss.T, mask)
    return _reduce(_weighted(loss, targets, weight, scores), reduction)


def ce_count_loss(
    spk_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    weight: Weight = None,
    mask: Mask | None = None,
    reduction: str = "mean",
) -> Loss:
    """Cross entropy of the spike counts: the right class should fire more often than others.

        L = -log softmax(sum over t of S[t])[target]

    `spk_rec` holds spikes, `[time, batch, outputs]`, `targets` class indices, `[batch]`. A
    population answers with the sum of its neurons. `help(snn.functional)` explains the rest.
    """
    counts = _counts(spk_rec, num_classes, mask)
    targets = _class_indices(targets, counts)
    loss = F.cross_entropy(counts, targets, reduction="none")
    return _reduce(_weighted(loss, targets, weight, counts), reduction)


def ce_max_membrane_loss(
    mem_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    weight: Weight = None,
    mask: Mask | None = None,
    reduction: str = "mean",
) -> Loss:
    """Cross entropy of the highest membrane potentials; spikes do not matter.

        L = -log softmax(max over t of U[t])[target]

    `mem_rec` holds membranes, `[time, batch, outputs]`, `targets` class indices, `[batch]`. A
    population answers with its mean membrane. `help(snn.functional)` explains the rest.
    """
    peaks = _peaks(mem_rec, num_classes, mask)
    targets = _class_indices(targets, peaks)
    loss = F.cross_entropy(peaks, targets, reduction="none")
    return _reduce(_weighted(loss, targets, weight, peaks), reduction)


def mse_count_loss(
    spk_rec: Record,
    targets: Labels,
    *,
    correct_rate: Number = 1.0,
    incorrect_rate: Number = 0.0,
    num_classes: int | None = None,
    weight: Weight = None,
    mask: Mask | None = None,
    reduction: str = "mean",
) -> Loss:
    """Squared distance of the spike counts from target counts: wrong classes may fire too.

        L = mean over classes of (sum over t of S[t] - r T)² / T

    `spk_rec` holds spikes, `[time, batch, outputs]`, `targets` class indices, `[batch]`.
    r, the target rate (share of steps with a spike), is `correct_rate` for the right class and
    `incorrect_rate` for the others. A population answers with the sum of its neurons, each with
    that target. r T is not rounded (snnTorch cuts it down to a whole number).
    """
    rates = {"correct_rate": correct_rate, "incorrect_rate": incorrect_rate}
    for name, rate in rates.items():
        _check.between(name, rate, 0, 1, "It is the share of steps with a spike.")
    counts = _counts(spk_rec, num_classes, mask)
    targets = _class_indices(targets, counts)
    steps = _mask.num_steps(spk_rec, mask)
    most = steps * spk_rec.shape[-1] / counts.shape[-1]  # T spikes of every neuron
    wanted = _on_off(targets, counts, correct_rate, incorrect_rate) * most.unsqueeze(-1)
    loss = (counts - wanted).square().mean(-1) / steps
    return _reduce(_weighted(loss, targets, weight, counts), reduction)


def mse_membrane_loss(
    mem_rec: Record,
    targets: Labels | Integer[Tensor, "time batch"],
    *,
    on_target: Number = 1.0,
    off_target: Number = 0.0,
    num_classes: int | None = None,
    weight: Weight = None,
    mask: Mask | None = None,
    reduction: str = "mean",
) -> Loss:
    """Squared distance of the membranes from a target potential, at every step.

        L = mean over t and outputs of (U[t] - u)²

    `mem_rec` holds membranes, `[time, batch, outputs]`.
    u is `on_target` for the right class and `off_target` for the others, in the unit of U. Every
    neuron of a population has that target. `targets` is `[batch]`, or `[time, batch]` where the
    right class changes. For a target curve of the membrane use `torch.nn.functional.mse_loss`.
    """
    groups = _groups(mem_rec, num_classes, mask, "mem_rec")
    scores = groups[..., 0] if getattr(targets, "ndim", 1) == 2 else groups[0, ..., 0]
    targets = _class_indices(targets, scores)
    wanted = _on_off(targets, groups[..., 0], on_target, off_target)
    loss = (groups - wanted.unsqueeze(-1)).square().mean((-2, -1))
    loss = _mask.mean_over_time(_weighted(loss, targets, weight, wanted), mask)
    return _reduce(loss, reduction)


def ce_temporal_loss(
    spk_rec: Record,
    targets: Labels,
    *,
    inverse: str = "negate",
    num_classes: int | None = None,
    weight: Weight = None,
    mask: Mask | None = None,
    reduction: str = "mean",
) -> Loss:
    """Cross entropy of the times of the first spikes: the right class should fire before others.

        L = -log softmax(f(t))[target],    f(t) = -t        inverse="negate"
                                           f(t) = 1/(t+1)   inverse="reciprocal"

    `spk_rec` holds spikes, `[time, batch, outputs]`, `targets` class indices, `[batch]`. t is the
    step of the first spike, T - 1 without one (see `spike_times`). A population answers with the
    first spike of any of its neurons. With `weight` the mean is weighted, as in PyTorch.
    """
    _check.one_of("inverse", inverse, ("negate", "reciprocal"))
    times = _first_times(spk_rec, num_classes, mask)
    targets = _class_indices(targets, times)
    _check_reduction(reduction)
    scores = -times if inverse == "negate" else 1 / (times + 1)
    weight = None if weight is None else _class_weights(weight, scores)
    return F.cross_entropy(scores, targets, weight, reduction=reduction)


def mse_temporal_loss(
    spk_rec: Record,
    targets: Labels | Times,
    *,
    on_target: Steps = 0,
    off_target: Steps = -1,
    target_is_time: bool = False,
    tolerance: Number = 0,
    num_classes: int | None = None,
    weight: Weight = None,
    mask: Mask | None = None,
    reduction: str = "mean",
) -> Loss:
    """Squared distance of spike times from target times, both as shares of the T steps.

        L = mean over outputs of ((t - w) / T)²,  without those where |t - w| < tolerance

    `spk_rec` holds spikes, `[time, batch, outputs]`, `targets` class indices, `[batch]`.
    w is `on_target` for the right class and `off_target` for the others, counted from the end if
    negative. Several numbers, `on_target=(5, 10)`, ask for several spikes. With
    `target_is_time=True` `targets` are the times w themselves, `[outputs]`, `[batch, outputs]` or
    `[spikes, batch, outputs]`. Further spikes cost nothing.

    By default snnTorch 1.0 asks every class to fire at step 0; here only the right class should.
    """
    groups = _groups(spk_rec, num_classes, mask)
    if not target_is_time:
        targets = _class_indices(targets, groups[0, ..., 0])
        wanted = _labels_to_times(targets, groups, on_target, off_target)
    elif weight is None:
        wanted = _wanted_times(targets, groups)
    else:
        raise ValueError(
            "`weight` needs classes as targets. Received times as targets. Leave `weight` unset."
        )
    ends = _mask.ends(spk_rec, mask).unsqueeze(-1)
    wanted = _from_the_start(wanted, ends, len(spk_rec))
    late = spike_times(spk_rec, len(wanted), mask=mask) - wanted
    late = torch.where(late.abs() < tolerance, 0, late) / ends
    loss = late.square().mean((0, -1))
    return _reduce(_weighted(loss, targets, weight, groups[0, ..., 0]), reduction)


def spike_times(
    spk_rec: Hidden, num_spikes: int = 1, *, mask: Mask | None = None
) -> Float[Tensor, " spikes *neurons"]:
    """Return the steps of each neuron's first spikes, `[num_spikes, *neurons]`, to learn from.

    A spike that never came counts as one at the last step, T - 1, as in snnTorch.

    A step number jumps as a spike moves, so it has no derivative. Its estimate is -1 with respect
    to that one spike, S[t], and 0 otherwise: a higher membrane at the time of the spike would have
    brought the spike earlier. A neuron that was silent gets that push at the last step. From there
    the surrogate gradient of the neuron leads on.

    With a `mask`, `[time, batch]`, only spikes at steps that count are seen, and the last step is
    that of each sample.
    """
    _check.time_first("spk_rec", spk_rec)
    _check.count("num_spikes", num_spikes)
    _mask.check(mask, spk_rec)
    fired = _mask.keep(spk_rec.detach() != 0, mask)
    nth = fired.cumsum(0) * fired  # 1 at the first spike, 2 at the second, 0 without one
    hits = torch.stack([nth == n for n in range(1, num_spikes + 1)], 1)  # [time, num_spikes, ...]
    last: Any = len(spk_rec) - 1
    if mask is not None:
        last = (_mask.ends(spk_rec, mask) - 1).reshape(-1, *(1,) * (spk_rec.ndim - 2))
    steps = torch.where(hits.any(0), hits.int().argmax(0), last)
    spikes = spk_rec.gather(0, steps) if spk_rec.ndim > 1 else spk_rec[steps]
    spikes = wide(spikes)
    return steps - (spikes - spikes.detach())


def accuracy_rate(
    spk_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    mask: Mask | None = None,
) -> float:
    """Return the share of samples whose right class fired most, 0 to 1.

    `spk_rec` holds spikes, `[time, batch, outputs]`, `targets` class indices, `[batch]`.
    """
    return _share_right(_counts(spk_rec, num_classes, mask), targets)


def accuracy_temporal(
    spk_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    mask: Mask | None = None,
) -> float:
    """Return the share of samples whose right class fired first, 0 to 1.

    `spk_rec` holds spikes, `[time, batch, outputs]`, `targets` class indices, `[batch]`.
    """
    return _share_right(-_first_times(spk_rec, num_classes, mask), targets)


def accuracy_max_membrane(
    mem_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    mask: Mask | None = None,
) -> float:
    """Return the share of samples whose right class had the highest membrane, 0 to 1.

    `mem_rec` holds membranes, `[time, batch, outputs]`, `targets` class indices, `[batch]`.
    """
    return _share_right(_peaks(mem_rec, num_classes, mask), targets)


def predict_rate(
    spk_rec: Record, *, num_classes: int | None = None, mask: Mask | None = None
) -> Labels:
    """Return the class that fired most, `[batch]`; the first of equals, so silence reads as 0."""
    return _best(_counts(spk_rec, num_classes, mask))


def predict_temporal(
    spk_rec: Record, *, num_classes: int | None = None, mask: Mask | None = None
) -> Labels:
    """Return the class that fired first, `[batch]`; the lowest of equals, so silence reads as 0."""
    return _best(-_first_times(spk_rec, num_classes, mask))


def predict_max_membrane(
    mem_rec: Record, *, num_classes: int | None = None, mask: Mask | None = None
) -> Labels:
    """Return the class whose membrane rose highest, `[batch]`."""
    return _best(_peaks(mem_rec, num_classes, mask))


def decide(
    spk_rec: Record, margin: Number, *, num_classes: int | None = None, mask: Mask | None = None
) -> tuple[Labels, Labels]:
    """Answer as soon as one class leads; return `classes, steps`, each `[batch]`.

        c[t] = sum up to t of S       the class with most spikes answers at the first step t at
                                      which it leads the next one by `margin` or more

        classes, steps = decide(spk_rec, margin=2)
        (steps + 1).float().mean()    # steps that were run: they count from 0

    `spk_rec` holds spikes, `[time, batch, outputs]`; a population counts all its neurons. A sample
    without such a lead is decided at its last step, as by `predict_rate`. `margin` is a number of
    spikes above 0: with 1 the first spike decides, unless several classes fire it together.
    Nothing after the decision is looked at, so a network that streams could stop there.
    Raises ValueError for a margin of 0 or less, and for NaN.
    Source: a sequential test on evidence, as in Wald 1945, doi:10.1214/aoms/1177731118.
    """
    _check.positive("margin", margin)
    counts = _groups(spk_rec, num_classes, mask).sum(-1).cumsum(0)  # [time, batch, classes]
    best = counts.topk(min(2, counts.shape[-1]), -1).values
    ahead = best[..., 0] - (best[..., 1] if best.shape[-1] > 1 else 0) >= margin
    steps = torch.where(ahead.any(0), ahead.int().argmax(0), _mask.ends(spk_rec, mask) - 1)
    at_step = counts.gather(0, steps[None, :, None].expand(1, -1, counts.shape[-1]))
    return _best(at_step[0]), steps


def length_mask(lengths: Labels, num_steps: int | None = None) -> Mask:
    """Return the mask of sequences that begin at step 0, `[time, batch]`: True until they end.

        x = torch.nn.utils.rnn.pad_sequence(sequences)     # a list of [time, features]
        mask = length_mask(torch.tensor([len(each) for each in sequences]))

    `lengths` are whole numbers of steps, `[batch]`, 1 or more. `num_steps` is the length of the
    padded sequences; by default, that of the longest.
    """
    kind: Any = getattr(lengths, "dtype", type(lengths).__name__)
    if kind not in WHOLE_NUMBERS:
        raise TypeError(
            f"`lengths` must be a tensor of whole numbers, one for each sample. Received {kind}. "
            f"Pass `torch.tensor([len(each) for each in sequences])`."
        )
    if lengths.ndim != 1 or not len(lengths):
        raise ValueError(
            f"`lengths` must hold one number for each sample, [batch]. Received shape "
            f"{tuple(lengths.shape)}."
        )
    steps = int(lengths.max()) if num_steps is None else num_steps
    _check.count("num_steps", steps)
    _check.between("lengths", lengths, 1, steps, f"The padded sequences have {steps} steps.")
    return torch.arange(steps, device=lengths.device).unsqueeze(-1) < lengths


def l1_rate_sparsity(
    spk_rec: Hidden, strength: Number = 1e-5, *, mask: Mask | None = None
) -> Float[Tensor, ""]:
    """Make every spike cost the same: `strength` times their number. Add it to a loss."""
    _check.time_first("spk_rec", spk_rec)
    _mask.check(mask, spk_rec)
    return strength * _mask.keep(spk_rec, mask).sum(dtype=wide_dtype(spk_rec))


def lower_activity_loss(
    spk_rec: Hidden, rate: Number = 0.01, *, mask: Mask | None = None
) -> Float[Tensor, ""]:
    """Wake neurons that hardly ever fire.

        L = mean over neurons of max(0, rate - r)²

    r is a neuron's share of steps with a spike, over time and batch of `[time, batch, *features]`.
    Multiply it by a strength of your choice and add it to a loss.
    Source: after Zenke and Vogels 2021, doi:10.1162/neco_a_01367.
    """
    return (rate - _mean_rates(spk_rec, rate, mask)).clamp(min=0).square().mean()


def upper_activity_loss(
    spk_rec: Hidden, rate: Number = 0.1, *, mask: Mask | None = None
) -> Float[Tensor, ""]:
    """Calm neurons that fire too often; the counterpart of `lower_activity_loss`.

    L = mean over neurons of max(0, r - rate)²
    """
    return (_mean_rates(spk_rec, rate, mask) - rate).clamp(min=0).square().mean()


def _groups(
    rec: Tensor, num_classes: int | None, mask: Mask | None, name: str = "spk_rec"
) -> Tensor:
    """Give every class an axis of its own neurons, `[time, batch, classes, neurons]`."""
    _check.time_first(name, rec)
    if rec.ndim != 3:
        steps = f"Join steps by `torch.stack`; for one sample pass `{name}.unsqueeze(1)`."
        raise ValueError(
            f"A recording of outputs must be [time, batch, outputs]. Received {tuple(rec.shape)}. "
            f"{steps if rec.ndim < 3 else f'Pass `{name}.flatten(2)`.'}"
        )
    _mask.check(mask, rec)
    num_classes = rec.shape[-1] if num_classes is None else num_classes
    _check.count("num_classes", num_classes)
    if rec.shape[-1] % num_classes:
        raise ValueError(
            f"`num_classes` must divide the number of outputs. Received num_classes={num_classes} "
            f"for {rec.shape[-1]} outputs. Leave it unset if every output is a class."
        )
    return wide(_mask.keep(rec, mask).unflatten(-1, (num_classes, -1)))


def _counts(spk_rec: Tensor, num_classes: int | None, mask: Mask | None) -> Tensor:
    return _groups(spk_rec, num_classes, mask).sum((0, -1))


def _peaks(mem_rec: Tensor, num_classes: int | None, mask: Mask | None) -> Tensor:
    means = _groups(mem_rec, num_classes, mask, "mem_rec").mean(-1)
    return _mask.keep(means, mask, -math.inf).max(0).values


def _first_times(spk_rec: Tensor, num_classes: int | None, mask: Mask | None) -> Tensor:
    times = spike_times(_groups(spk_rec, num_classes, mask), mask=mask)
    return times.squeeze(0).amin(-1)


def _labels_to_times(targets: Tensor, groups: Tensor, on: Steps, off: Steps) -> Tensor:
    """Turn classes into times, `[spikes, batch, outputs]`."""
    ons, offs = ([x] if isinstance(x, float | int) else list(x) for x in (on, off))
    if len(ons) != len(offs):
        raise ValueError(
            f"`on_target` and `off_target` must name equally many spikes. "
            f"Received {len(ons)} and {len(offs)}. Fill the shorter one up with -1, the last step."
        )
    pairs = zip(ons, offs, strict=True)
    wanted = torch.stack([_on_off(targets, groups[0, ..., 0], *pair) for pair in pairs])
    return wanted.repeat_interleave(groups.shape[-1], -1)


def _wanted_times(targets: Tensor, groups: Tensor) -> Tensor:
    """Check times given as targets and bring them to `[spikes, batch, outputs]`."""
    shape = groups[0].flatten(1).shape  # [batch, outputs]
    full = targets if targets.ndim == 3 else targets.unsqueeze(0)
    if tuple(full.shape[1:]) not in (tuple(shape), tuple(shape[1:])):
        raise ValueError(
            f"Target times must be [outputs], [batch, outputs] or [spikes, batch, outputs]. "
            f"Received {tuple(targets.shape)} for {tuple(shape)} (batch, outputs). "
            f"For class indices leave `target_is_time` unset."
        )
    return full.to(groups.dtype).expand(len(full), *shape)  # a byte has no step below 0


def _from_the_start(wanted: Tensor, ends: Tensor, steps: int) -> Tensor:
    """Return times counted from step 0; refuse those that a sequence does not have."""
    _check.between("target times", wanted, -steps, steps - 1, "Steps count from 0.")
    found = torch.where(wanted < 0, wanted + ends, wanted)
    outside = (found < 0) | (found >= ends)
    if bool(outside.any()):
        raise ValueError(
            f"Target times must lie within each sequence. Received {wanted[outside][0]:g} for a "
            f"sequence of {ends.expand_as(found)[outside][0]} steps. Count from the end, -1, -2, …"
        )
    return found


def _on_off(targets: Tensor, scores: Tensor, on: Number, off: Number) -> Tensor:
    """Return `on` at the right class and `off` elsewhere, `[*targets, classes]`."""
    right = F.one_hot(targets, scores.shape[-1]).bool()
    return torch.where(right, scores.new_tensor(on), scores.new_tensor(off))


def _mean_rates(spk_rec: Tensor, rate: Number, mask: Mask | None) -> Tensor:
    _check.between("rate", rate, 0, 1, "It is the share of steps with a spike.")
    _check.time_first("spk_rec", spk_rec, at_least=2)
    _mask.check(mask, spk_rec)
    if mask is None:
        return spk_rec.mean((0, 1), dtype=wide_dtype(spk_rec))
    return _mask.keep(spk_rec, mask).sum((0, 1), dtype=wide_dtype(spk_rec)) / mask.sum()


def _best(scores: Tensor) -> Tensor:
    if not bool(scores.isfinite().all()):
        raise ValueError(
            "A decoder needs finite outputs. Received NaN or inf. "
            "Check the input; in training, lower the learning rate."
        )
    return scores.argmax(-1)


def _share_right(scores: Tensor, targets: Tensor) -> float:
    right = _best(scores) == _class_indices(targets, scores)
    # Divided in Python, in double precision: not every device has it (Apple's).
    return right.sum().item() / len(right) if len(right) else math.nan


def _class_indices(targets: Any, scores: Tensor) -> Tensor:
    """Return `targets` as int64, a class index for each row of `scores`, `[*targets, classes]`.

    As int64 since torch reads bytes as a mask, and knows few functions of the smaller integers.
    """
    kind = targets.dtype if isinstance(targets, Tensor) else type(targets).__name__
    if not isinstance(kind, torch.dtype) or kind.is_floating_point or kind == torch.bool:
        raise TypeError(
            f"`targets` must be class indices, a tensor of integers. Received {kind}. Pass "
            f"`targets.long()`, or `targets.argmax(-1)` if they are one-hot."
        )
    *shape, classes = scores.shape
    if list(targets.shape) != shape:
        raise ValueError(
            f"`targets` must hold one class index per sample, shape {tuple(shape)}. Received "
            f"{tuple(targets.shape)}. In recordings time comes first: [time, batch, outputs]."
        )
    _check.between("targets", targets, 0, classes - 1, f"There are {classes} classes.")
    return targets.long()


def _class_weights(weight: Tensor, scores: Tensor) -> Tensor:
    _check.floating("weight", weight)
    if weight.shape != scores.shape[-1:]:
        raise ValueError(
            f"`weight` must hold one number per class, shape {tuple(scores.shape[-1:])}. "
            f"Received {tuple(weight.shape)}. Pass `torch.ones({scores.shape[-1]})`, for example."
        )
    return weight.to(scores)


def _weighted(loss: Tensor, targets: Tensor, weight: Tensor | None, scores: Tensor) -> Tensor:
    return loss if weight is None else loss * _class_weights(weight, scores)[targets]


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    _check_reduction(reduction)
    return loss.mean() if reduction == "mean" else loss


def _check_reduction(reduction: str) -> None:
    _check.one_of("reduction", reduction, ("mean", "none"))
