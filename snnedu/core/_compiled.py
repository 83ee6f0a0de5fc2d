"""Compile a loop over plain numbers and arrays with numba, where it is installed."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any


@cache
def has_numba() -> bool:
    """Tell whether numba is installed; without it, asking the disk at each step would take long."""
    return find_spec("numba") is not None


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` compiled, or else as it is: equal results, a hundred times slower."""
    if not has_numba():
        return function
    from numba import njit  # pyright: ignore[reportMissingImports]

    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # it finds no folder that it may write to
        return njit(**options)(function)
