"""Sequences of unequal length in one tensor: a mask says which steps count.

A mask is `[time, batch]`, True where a step of a sample counts. What stands at other steps, the
padding, must not change a number: not a loss, a gradient, a decision or a rate.
"""

from typing import Any

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor

Mask = Bool[Tensor, "time batch"]


def check(mask: Any, rec: Tensor) -> None:
    """Raise unless `mask` is None, or fits a recording and leaves a step of each sample."""
    if mask is None:
        return
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(
            f"`mask` must be a tensor of True and False, [time, batch]. Received {kind}. "
            f"For lengths pass `functional.length_mask(lengths, num_steps)`."
        )
    if mask.shape != rec.shape[:2]:
        raise ValueError(
            f"`mask` must say of each step and sample whether it counts, [time, batch] = "
            f"{tuple(rec.shape[:2])}. Received {tuple(mask.shape)}. Time comes first."
        )
    if not bool(mask.any(0).all()):
        sample = int((~mask.any(0)).nonzero()[0])
        raise ValueError(
            f"`mask` must leave at least one step of each sample. Received none for sample "
            f"{sample}. Leave empty sequences out of the batch."
        )


def keep(
    rec: Shaped[Tensor, "time batch *neurons"], mask: Mask | None, fill: float | int = 0
) -> Shaped[Tensor, "time batch *neurons"]:
    """Return a recording with `fill` at steps that do not count, which then have no gradient."""
    if mask is None:
        return rec
    return rec.masked_fill(~mask.reshape(*mask.shape, *(1,) * (rec.ndim - 2)), fill)


def mean_over_time(
    values: Shaped[Tensor, "time batch"], mask: Mask | None
) -> Shaped[Tensor, " batch"]:
    """Return the mean of each sample over the steps that count."""
    return values.mean(0) if mask is None else keep(values, mask).sum(0) / mask.sum(0)


def num_steps(rec: Tensor, mask: Mask | None) -> Shaped[Tensor, " batch"]:
    """Return how many steps count, for each sample."""
    return _all_steps(rec) if mask is None else mask.sum(0)


def ends(rec: Tensor, mask: Mask | None) -> Shaped[Tensor, " batch"]:
    """Return the step after the last one that counts, for each sample."""
    return _all_steps(rec) if mask is None else len(mask) - mask.flip(0).int().argmax(0)


def _all_steps(rec: Tensor) -> Tensor:
    return torch.full(rec.shape[1:2], len(rec), device=rec.device)
