"""Compile a loop over plain numbers and arrays with numba, where it is installed."""

import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any


@cache
def has_numba() -> bool:
    """Tell whether numba can be used. The first call imports it: a quarter of a second."""
    try:
        import_module("numba")
    except ImportError:
        return False
    return True


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` compiled, or else as it is: equal results, a hundred times slower."""
    if not has_numba():
        return function
    from numba import njit  # pyright: ignore[reportMissingImports]

    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # it finds no folder that it may write to
        _warn_once()
        return njit(**options)(function)


@cache
def _warn_once() -> None:
    warnings.warn(
        "numba finds no folder to keep what it compiles, so each process takes some seconds for "
        "it. Set NUMBA_CACHE_DIR to a folder that you may write to.", stacklevel=4,
    )  # fmt: skip
