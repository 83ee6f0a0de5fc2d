"""Checks of what callers pass in, shared by all modules.

A message has three parts: what must hold, what came, what to do next.
"""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor


def one_of(name: str, value: object, allowed: Iterable[str]) -> None:
    """Raise `ValueError` unless `value` is one of the `allowed` names; suggest the nearest one."""
    names = list(allowed)
    if value in names:
        return
    near = get_close_matches(str(value), names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Pass `{name}={names[0]!r}`, for example."
    raise ValueError(
        f"`{name}` must be one of {', '.join(map(repr, names))}. Received {value!r}. {hint}"
    )


def fraction(name: str, value: float | int | Tensor) -> None:
    """Raise `ValueError` unless every element of `value` lies in [0, 1]."""
    numbers = _numbers(value)
    if not bool(((numbers >= 0) & (numbers <= 1)).all()):
        raise ValueError(
            f"`{name}` must lie in [0, 1]. Received {_brief(value)}. "
            f"A decay is the share that is left after one step, for example `{name}=0.9`."
        )


def positive(name: str, value: float | int | Tensor) -> None:
    """Raise `ValueError` unless every element of `value` is finite and above zero."""
    numbers = _numbers(value)
    if not bool(((numbers > 0) & (numbers < math.inf)).all()):
        raise ValueError(
            f"`{name}` must be finite and above 0. Received {_brief(value)}. "
            f"Pass a positive number."
        )


def floating(name: str, value: object) -> None:
    """Raise `TypeError` unless `value` is a tensor of floating-point numbers."""
    if not isinstance(value, Tensor):
        holds = isinstance(value, list | tuple) and any(isinstance(part, Tensor) for part in value)
        if isinstance(value, dict) or (holds and isinstance(value, tuple)):
            fix = "Pass one tensor that it holds."
        elif holds:
            fix = f"Pass `torch.stack({name})`."
        else:
            fix = f"Pass `torch.as_tensor({name}, dtype=torch.float32)`."
        raise TypeError(f"`{name}` must be a torch.Tensor. Received {type(value).__name__}. {fix}")
    if not value.is_floating_point():
        raise TypeError(
            f"`{name}` must hold floating-point numbers. Received {value.dtype}. "
            f"Pass `{name}.float()`."
        )


def time_first(name: str, value: object, at_least: int = 1) -> None:
    """Raise unless `value` is a floating tensor `[time, ...]` with one step or more."""
    floating(name, value)
    assert isinstance(value, Tensor)  # for the type checker; `floating` has raised otherwise
    if value.ndim < at_least or value.shape[0] == 0:
        no_axis = f"For one step without a time axis pass `{name}.unsqueeze(0)`."
        no_step = "It holds no step: in a slice `[start:stop]`, `stop` must lie after `start`."
        raise ValueError(
            f"`{name}` must have time first, at least one step and {at_least} dimension(s): "
            f"[time, batch, *features]. Received shape {tuple(value.shape)}. "
            f"{no_axis if value.ndim < at_least else no_step}"
        )


def same_shape(call: str, first: Tensor, second: Tensor, fix: str) -> None:
    """Raise `ValueError` unless both tensors have one shape: broadcasting would hide a mistake."""
    if first.shape != second.shape:
        raise ValueError(
            f"`{call}` needs equal shapes. Received {tuple(first.shape)} and "
            f"{tuple(second.shape)}. {fix}"
        )


def same_kind(call: str, first: Tensor, second: Tensor) -> None:
    """Raise unless both tensors share device and dtype."""
    if first.device != second.device or first.dtype != second.dtype:
        raise TypeError(
            f"`{call}` needs one device and one dtype. Received {first.dtype} on {first.device} "
            f"and {second.dtype} on {second.device}. Move one with `.to(other)`."
        )


def between(name: str, value: object, low: float | int, high: float | int, fix: str) -> None:
    """Raise `ValueError` unless every element of `value` lies in [low, high]; NaN does not."""
    numbers = _numbers(value)
    if not bool(((numbers >= low) & (numbers <= high)).all()):
        raise ValueError(
            f"`{name}` must lie in [{low:g}, {high:g}]. Received {_brief(value)}. {fix}"
        )


def broadcasts(name: str, value: Tensor, to: torch.Size, shape: torch.Size) -> None:
    """Raise `ValueError` unless a parameter is one number, or broadcasts to the neurons `to`."""
    sizes = zip(reversed(value.shape), reversed(to), strict=False)
    if value.ndim > len(to) or any(v not in (1, c) for v, c in sizes):
        raise ValueError(
            f"`{name}` must be one number, or one for each neuron: it must broadcast to "
            f"{tuple(to)}. Received {tuple(value.shape)} for a current of {tuple(shape)} at each "
            f"step. Make the layer with `{name}` of shape {tuple(shape[1:])}."
        )


def count(name: str, value: object) -> None:
    """Raise unless `value` is a whole number of one or more."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"`{name}` must be a whole number. Received {value!r}. Pass `int({name})`.")
    if value < 1:
        raise ValueError(f"`{name}` must be 1 or more. Received {value}. Pass `{name}=25`, say.")


def _numbers(value: Any) -> Tensor:
    """Return `value` ready to be compared: a tensor where it is, anything else on the CPU.

    A tensor keeps its precision, as some devices have no float64 (Apple's). Integers become int64:
    torch would compare a byte not with 300, but silently with 44.
    """
    if not isinstance(value, Tensor):
        return torch.as_tensor(value, dtype=torch.float64, device="cpu")
    return value.detach() if value.is_floating_point() else value.long()


def _brief(value: object) -> str:
    if isinstance(value, Tensor) and value.numel() > 4:
        low, high = value.min().item(), value.max().item()
        return f"a tensor from {low:.4g} to {high:.4g}"
    return repr(value.tolist() if isinstance(value, Tensor) else value)
