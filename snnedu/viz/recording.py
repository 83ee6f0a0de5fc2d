"""Recordings as pictures need them: arrays `[time, neurons]` of one sample, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

Array = np.ndarray[Any, np.dtype[Any]]


def spikes(
    name: str, value: object, sample: int, *, signed: bool = False
) -> Float64[Array, "time neurons"]:
    """Return the spikes of one sample; raise unless all are 0 or 1, or -1 where `signed`."""
    read = _one_sample(name, value, sample)
    if not np.isin(read, (-1, 0, 1) if signed else (0, 1)).all():
        allowed = "0, 1 or -1" if signed else "0 or 1"
        raise ValueError(
            f"`{name}` must hold spikes: {allowed}. Received values from {read.min():.4g} to "
            f"{read.max():.4g}. {_advice(name, read)}"
        )
    return read


def finite(name: str, value: object, sample: int) -> Float64[Array, "time neurons"]:
    """Return the recording of one sample; raise if it holds NaN or infinity."""
    read = _one_sample(name, value, sample)
    wrong = np.nonzero(~np.isfinite(read).all(axis=1))[0]
    if wrong.size:
        raise ValueError(
            f"`{name}` must be finite. Received NaN or infinity from step {wrong[0]} on. "
            f"Look for its cause: a decay above 1, or NaN in the input."
        )
    return read


def numbers(name: str, value: object) -> Float64[Array, "..."]:
    """Return a tensor as an array, whatever its device and dtype."""
    return _tensor(name, value).detach().to("cpu", torch.float64).numpy()


def _advice(name: str, read: Float64[Array, "time neurons"]) -> str:
    """Return what to do about values that are no spikes."""
    if not np.isfinite(read).all():
        return "Look for the cause of NaN or infinity: a decay above 1, or NaN in the input."
    if np.isin(read, (-1, 0, 1)).all():
        return f"To count spikes of -1 like those of +1, pass `{name}.abs()`."
    if (read == read.round()).all():
        return f"To show only whether there is a spike, pass `{name}.sign()`."
    return "For membranes there is `viz.traces(mem_rec)`."


def _one_sample(name: str, value: object, sample: int) -> Float64[Array, "time neurons"]:
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
