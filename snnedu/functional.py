"""What a network's output spikes mean: losses, decoders, accuracies, activity regularisers.

All take recordings with time first, `spk_rec` or `mem_rec` `[time, batch, outputs]`, and `targets`,
the index of the right class of each sample, `[batch]`. One output stands for one class, unless
`num_classes` says otherwise: then each class owns a block of outputs / num_classes neurons, a
population.

The losses are means over the batch; with `reduction="none"` they come one a sample, `[batch]`.
`weight`, one number a class, multiplies the losses of that class's samples.
"""

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own abbreviation)
from jaxtyping import Float, Int
from torch import Tensor

from snnedu import _check

Record = Float[Tensor, "..."]  # [time, batch, outputs]; `_per_class` says it in words
Labels = Int[Tensor, "..."]  # [batch]
Weight = Float[Tensor, "..."] | None  # [classes]
Loss = Float[Tensor, "..."]  # 0-d, or [batch]


def ce_rate_loss(
    spk_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    weight: Weight = None,
    reduction: str = "mean",
) -> Loss:
    """Cross entropy at every step, averaged over steps: the right class shall fire all the time.

        L = -mean over t of log softmax(S[t])[target]

    A population answers with the mean of its neurons.
    """
    spk_rec = _per_class(spk_rec, num_classes).mean(-1)
    _check_targets(targets, spk_rec)
    every_step = targets.unsqueeze(-1).expand(-1, len(spk_rec))
    loss = F.cross_entropy(spk_rec.movedim(0, -1), every_step, reduction="none").mean(-1)
    return _reduce(loss, targets, weight, reduction)


def ce_count_loss(
    spk_rec: Record,
    targets: Labels,
    *,
    num_classes: int | None = None,
    weight: Weight = None,
    reduction: str = "mean",
) -> Loss:
    """Cross entropy of the spike counts: the right class shall fire more often than the others.

        L = -log softmax(sum over t of S[t])[target]

    A population answers with the sum of its neurons.
    """
    counts = _per_class(spk_rec, num_classes).sum((0, -1))
    _check_targets(targets, counts)
    return _reduce(F.cross_entropy(counts, targets, reduction="none"), targets, weight, reduction)


def accuracy_rate(spk_rec: Record, targets: Labels, *, num_classes: int | None = None) -> float:
    """Return the share of samples whose class fired most."""
    return _share_right(predict_rate(spk_rec, num_classes=num_classes), targets, spk_rec)


def predict_rate(spk_rec: Record, *, num_classes: int | None = None) -> Labels:
    """Return the class that fired most, `[batch]`; of equals the first, so silence reads as 0."""
    return _per_class(spk_rec, num_classes).sum((0, -1)).argmax(-1)


def _share_right(predicted: Tensor, targets: Tensor, spk_rec: Tensor) -> float:
    _check_targets(targets, spk_rec)
    return (predicted == targets).double().mean().item()


def _per_class(rec: Tensor, num_classes: int | None) -> Tensor:
    """Give every class an axis of its own neurons: `[time, batch, classes, neurons]`."""
    _check.time_first("spk_rec", rec, at_least=3)
    if rec.ndim != 3:
        raise ValueError(
            f"A recording of outputs must be [time, batch, outputs]. Received {tuple(rec.shape)}. "
            f"Pass `spk_rec.flatten(2)`."
        )
    num_classes = rec.shape[-1] if num_classes is None else num_classes
    _check.count("num_classes", num_classes)
    if rec.shape[-1] % num_classes:
        raise ValueError(
            f"`num_classes` must divide the number of outputs. Received num_classes={num_classes} "
            f"for {rec.shape[-1]} outputs. Leave it out if every output is a class."
        )
    return rec.unflatten(-1, (num_classes, -1))


def _check_targets(targets: Tensor, scores: Tensor) -> None:
    """Raise unless `targets` are class indices that fit `scores`, `[..., batch, classes]`."""
    batch, classes = scores.shape[-2:]
    if targets.is_floating_point() or targets.dtype == torch.bool:
        raise TypeError(
            f"`targets` must be class indices. Received {targets.dtype}. Pass `targets.long()`, "
            f"or `targets.argmax(-1)` if they are one-hot."
        )
    if targets.shape != (batch,):
        raise ValueError(
            f"`targets` must hold one class index a sample, shape ({batch},). "
            f"Received {tuple(targets.shape)}. Recordings have time first: [time, batch, outputs]."
        )
    _check.between("targets", targets, 0, classes - 1, f"There are {classes} classes.")


def _reduce(loss: Tensor, targets: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    _check.one_of("reduction", reduction, ("mean", "none"))
    if weight is not None:
        loss = loss * weight[targets]
    return loss.mean() if reduction == "mean" else loss
