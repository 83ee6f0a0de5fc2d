"""Recordings as pictures need them: arrays `[time, neurons]` of one sample, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def spikes(name: str, value: object, sample: int) -> Array:
    """Return the spikes of one sample, `[time, neurons]`; raise unless all are 0 or 1."""
    read = _recording(name, value, sample)
    if not ((read == 0) | (read == 1)).all():
        raise ValueError(
            f"`{name}` must hold spikes: 0 or 1. Received values from {read.min():.4g} to "
            f"{read.max():.4g}. For membranes there is `viz.traces(mem_rec)`."
        )
    return read


def finite(name: str, value: object, sample: int) -> Array:
    """Return the recording of one sample, `[time, neurons]`; raise if it holds NaN or infinity."""
    import numpy as np

    read = _recording(name, value, sample)
    wrong = np.nonzero(~np.isfinite(read).all(axis=1))[0]
    if wrong.size:
        raise ValueError(
            f"`{name}` must be finite. Received NaN or infinity from step {wrong[0]} on. "
            f"Look for what made it: a decay above 1, or NaN in the input."
        )
    return read


def numbers(name: str, value: object) -> Array:
    """Return a copy of a tensor as an array of float64, wherever and whatever the tensor is."""
    return _tensor(name, value).detach().to("cpu", torch.float64, copy=True).numpy()


def _recording(name: str, value: object, sample: int) -> Array:
    read = _tensor(name, value)
    if not 1 <= read.ndim <= 3 or read.numel() == 0:
        raise ValueError(
            f"`{name}` must be [time, neurons] or [time, batch, neurons]. Received shape "
            f"{tuple(read.shape)}. For feature maps pass `{name}.flatten(2)`."
        )
    if read.ndim == 3 and not 0 <= sample < read.shape[1]:
        raise ValueError(
            f"`sample` must be one of the {read.shape[1]} in the batch of `{name}`. "
            f"Received {sample}. Pass `sample=0` for the first."
        )
    one = read[:, sample] if read.ndim == 3 else read
    return numbers(name, one.reshape(len(read), -1))


def _tensor(name: str, value: object) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"`{name}` must be a torch.Tensor. Received {type(value).__name__}. "
            f"Pass `torch.as_tensor({name})`."
        )
    return value
