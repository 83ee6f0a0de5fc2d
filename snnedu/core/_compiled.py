"""Compile a loop over plain numbers and arrays with numba, where it is installed."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` compiled, or else as it is: equal results, a hundred times slower."""
    if not find_spec("numba"):
        return function
    from numba import njit  # pyright: ignore[reportMissingImports]

    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # it finds no folder that it may write to
        return njit(**options)(function)
