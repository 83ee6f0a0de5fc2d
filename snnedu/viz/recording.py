"""Recordings as pictures need them: arrays `[time, neurons]` of one sample; and in words."""

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
    """Return a tensor as an array of float64, wherever and whatever it is."""
    return _tensor(name, value).detach().to("cpu", torch.float64).numpy()


def about_spikes(spikes: Array) -> str:
    """Say in words what a raster plot shows."""
    steps, neurons = spikes.shape
    counts = spikes.sum(axis=0)
    text = f"{many(neurons, 'neuron')} over {many(steps, 'step')}, "
    text += many(int(counts.sum()), "spike")
    if not counts.any():
        return f"{text}."
    busiest, silent = int(counts.argmax()), int((counts == 0).sum())
    text += f", {spikes.mean():.3g} per neuron and step. "
    return f"{text}Busiest: neuron {busiest} with {counts[busiest]:.0f}; {silent} silent."


def about_counts(counts: Array, names: list[str], what: str) -> str:
    """Say in words what a bar chart of spikes shows."""
    text = f"Bar chart: {many(int(counts.sum()), 'spike')} of {many(len(counts), what)}. "
    if len(counts) > 20:
        most = int(counts.argmax())
        return f"{text}Most: {what} {names[most]} with {counts[most]:.0f}."
    bars = zip(names, counts, strict=True)
    return text + ", ".join(f"{name}: {count:.0f}" for name, count in bars) + "."


def about_evidence(values: Array, names: list[str]) -> str:
    """Say in words which class has the most evidence."""
    most = values.max()
    ahead = [name for name, value in zip(names, values, strict=True) if value == most]
    if len(ahead) == len(names):
        return f"In the end every class has the same evidence, {most:.3g}."
    return f"Most evidence in the end: {' and '.join(ahead)} with {most:.3g}."


def about_traces(
    mem: Array, spikes: Array | None, chosen: list[int], threshold: float | None, unit: str | None
) -> str:
    """Say in words what membrane potentials do."""
    shown = mem[:, chosen]
    who = ("neuron " if len(chosen) == 1 else "neurons ") + ", ".join(map(str, chosen))
    text = f"Membrane potential of {who} over {many(len(mem), 'step')}, from {shown.min():.3g} "
    text += f"to {shown.max():.3g}" + (f" {unit}" if unit else "")
    text += "" if threshold is None else f"; threshold {threshold:g}"
    if spikes is not None:
        counts = ", ".join(f"{count:.0f}" for count in spikes[:, chosen].sum(axis=0))
        text += f"; spikes: {counts}"
    return f"{text}."


def many(number: int, thing: str) -> str:
    """Return "1 spike", "2 spikes"."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


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
