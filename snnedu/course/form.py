"""The form of a result: whether it is a tensor, a number or two things, whatever the numbers are.

A right answer may be a list where our solution returns a tensor. Later cells need the tensor, so
`check` hands on a function whose results are `converted`. Where that cannot be, `misfit` says why.
"""

import functools
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor

FUNCTIONS = (BuiltinFunctionType, FunctionType, MethodType)
NAMES = {
    Tensor: "a tensor",
    np.ndarray: "a NumPy array",
    str: "a text",
    dict: "a dict",
    **dict.fromkeys(FUNCTIONS, "a function"),
}


@dataclass(frozen=True)
class Form:
    """The type of a result; of a tensor also dtype and number of axes, of a tuple its parts."""

    kind: type
    dtype: torch.dtype | None = None
    axes: int = 0
    parts: tuple["Form", ...] = ()


def form_of(result: Any) -> Form:
    """Return the form of a result."""
    if isinstance(result, Tensor):
        return Form(Tensor, result.dtype, result.ndim)
    if isinstance(result, (tuple, list)):
        return Form(tuple if isinstance(result, tuple) else list, parts=tuple(map(form_of, result)))
    return Form(type(result), axes=getattr(result, "ndim", 0))


def converted(result: Any, form: Form) -> Any:
    """Return a result in another form, as it is where it has none."""
    try:
        return _converted(result, form)
    except (TypeError, ValueError, RuntimeError):
        return result


def returning(answer: Callable[..., Any], form: Form) -> Callable[..., Any]:
    """Return a function that does the same as `answer`, and returns its results in that form."""

    @functools.wraps(answer)
    def function(*args: Any, **kwargs: Any) -> Any:
        return converted(answer(*args, **kwargs), form)

    return function


def tensor(result: Any) -> Tensor:
    """Return a tensor of a number, an array, or a list of them, nested or not; gradients stay."""
    if isinstance(result, np.ndarray):
        return torch.as_tensor(result.copy())  # torch knows no arrays that run backward
    if isinstance(result, (list, tuple)) and not all(map(_is_plain, result)):
        return torch.stack([tensor(part) for part in result])
    return torch.as_tensor(result)


def misfit(form: Form, wanted: Form) -> str:
    """Say why a result of one form cannot be one of another; "" if it can."""
    if wanted.kind in (tuple, list):
        return _misfit_of_parts(form, wanted)
    if _is_numeric(wanted):
        fits = _is_numeric(form) and not _too_many(form, wanted)
        needed = "One number" if wanted.axes == 0 else "A tensor"
    else:
        needed = _named(wanted)  # each widget is of a class of its own, with the same name
        fits = issubclass(form.kind, wanted.kind) or _named(form) == needed
    if fits:
        return ""
    needed = needed[0].upper() + needed[1:]
    return f"{needed} is needed. Your function returns {_named(form)}.{_advice(form)}"


def _advice(form: Form) -> str:
    if form.kind in FUNCTIONS:
        return " Call it: are brackets missing at its end, `()`?"
    if not any(map(_is_numeric, form.parts)):
        return ""
    if len(form.parts) > 1:
        return " Return one of them."
    if form.kind is tuple:
        return " Return what is in it. (A comma at the end of a line makes a tuple.)"
    return " Return what is in it."


def _converted(result: Any, form: Form) -> Any:
    if form_of(result) == form:
        return result
    if form.kind in (tuple, list):
        pairs = zip(result, form.parts, strict=True)
        return form.kind(_converted(part, wanted) for part, wanted in pairs)
    if form.kind is Tensor:
        found = tensor(result).to(form.dtype)
        return found.reshape(()) if form.axes == 0 and found.numel() == 1 else found
    if form.kind in (bool, int, float):
        return form.kind(tensor(result).item())
    return str(result) if form.kind is str and isinstance(result, str) else result


def _is_plain(part: Any) -> bool:
    return isinstance(part, (bool, int, float))


def _misfit_of_parts(form: Form, wanted: Form) -> str:
    needed, found = len(wanted.parts), len(form.parts)
    if form.kind in (tuple, list) and found == needed:
        return next(filter(None, map(misfit, form.parts, wanted.parts)), "")
    stacked = form.kind in (Tensor, np.ndarray) and form.axes > 0
    if stacked or (_are_numbers(form) and _are_numbers(wanted)):  # how many follows from the data
        return ""
    if wanted.kind is list and all(part.parts for part in wanted.parts):  # how many, too
        return (
            f"For this input, return a list of {needed} things. Your function returns "
            f"{_named(form)}."
        )
    return f"Return {needed} things. Your function returns {_named(form)}."


def _are_numbers(form: Form) -> bool:
    numeric = (_is_numeric(part) and part.axes == 0 and not part.parts for part in form.parts)
    return form.kind is list and all(numeric)


def _is_numeric(form: Form) -> bool:
    if form.kind in (tuple, list):
        return all(map(_is_numeric, form.parts))
    return issubclass(form.kind, (Tensor, np.ndarray, np.generic, numbers.Number)) and (
        not issubclass(form.kind, np.str_)
    )


def _too_many(form: Form, wanted: Form) -> bool:
    """Tell whether these are several results, of which each could be the one that is wanted."""
    if wanted.axes == 0:
        return len(form.parts) > 1
    return bool(form.parts) and _axes(form) > wanted.axes


def _axes(form: Form) -> int:
    return 1 + max(map(_axes, form.parts)) if form.parts else form.axes


def _named(form: Form) -> str:
    if form.kind in (tuple, list):
        if len(form.parts) == 1:
            return f"a {form.kind.__name__} of one thing"
        return f"a {form.kind.__name__} of {len(form.parts)} things"
    if _is_numeric(form):
        return "one number" if form.axes == 0 else NAMES[form.kind]
    return NAMES.get(form.kind, f"an object of type `{form.kind.__name__}`")
