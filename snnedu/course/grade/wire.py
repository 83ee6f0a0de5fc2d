"""What goes between the grader and the process that runs a student's code.

The grader is trusted: its messages are pickles. The process is not: its results are read with
torch's restricted reader, which makes tensors, plain values and layers, and runs nothing.
"""

import inspect
import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnedu.core import surrogate
from snnedu.core.network import Recording
from snnedu.silicon.event_stream import Events

MOST_BYTES = 64_000_000  # of one result
COURSE = "snnedu.course"
LIBRARY = ("torch.nn.modules.", "snnedu.core.", "snnedu.brains.", "snnedu.silicon.")


def pack_result(result: Any) -> bytes:
    """Return a result as bytes. Raises an error for what cannot travel, a function for example."""
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        torch.save(result, file)
    return file.getvalue()


def unpack_result(packed: bytes) -> Any:
    """Return what was packed. Raises `pickle.UnpicklingError` for what could run code."""
    with torch.serialization.safe_globals(_harmless(len(sys.modules))):
        return torch.load(io.BytesIO(packed), weights_only=True)


def pack_message(message: Any, functions: list[Callable[..., Any]]) -> bytes:
    """Return a message as bytes; functions inside are numbered, and appended to `functions`."""
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):  # of hooks, which stay here
        _Pickler(file, functions).dump(message)
    return file.getvalue()


def unpack_message(packed: bytes, ask: Callable[..., Any]) -> Any:
    """Return what was packed; a function inside calls `ask(number, *args)`."""
    return _Unpickler(packed, ask).load()


def tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors inside a value, those of networks too, always in the same order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, nn.Module):
        yield from value.state_dict(keep_vars=True).values()
    elif isinstance(value, (dict, Recording)):
        yield from tensors(list((value if isinstance(value, dict) else vars(value)).values()))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors(part)


class _Pickler(pickle.Pickler):
    """Sends a chapter's function as a number, and an object of a chapter's class as its base."""

    def __init__(self, file: io.BytesIO, functions: list[Callable[..., Any]]) -> None:
        super().__init__(file)
        self.functions = functions

    def persistent_id(self, obj: Any) -> int | None:
        if not inspect.isfunction(obj) or not _is_absent(obj):
            return None
        self.functions.append(obj)
        return len(self.functions) - 1

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type) or not _is_absent(type(obj)):
            return NotImplemented
        base = next(base for base in type(obj).__mro__ if not _is_absent(base))
        return object.__new__, (base,), dict(vars(obj))


class _Unpickler(pickle.Unpickler):
    def __init__(self, packed: bytes, ask: Callable[..., Any]) -> None:
        super().__init__(io.BytesIO(packed))
        self.ask = ask

    def persistent_load(self, pid: int) -> Callable[..., Any]:
        return lambda *args: self.ask(pid, *args)


def _is_absent(thing: Any) -> bool:
    """Tell whether a student's process lacks a function or class: all that chapters define."""
    return thing.__module__.startswith(COURSE) or "<" in thing.__qualname__


@lru_cache(1)
def _harmless(imported: int) -> list[Any]:
    """Return the layers of torch and of our library, our surrogates, events, and NumPy's arrays.

    `imported` is the number of modules: with a new one there may be new layers.
    """
    modules = [module for name, module in sys.modules.items() if name.startswith(LIBRARY)]
    layers = {thing for module in modules for thing in vars(module).values() if _is_layer(thing)}
    slopes = [thing for thing in vars(surrogate).values() if inspect.isfunction(thing)]
    makers = [np.ones(1).__reduce__()[0], np.float64(1).__reduce__()[0]]
    dtypes = [np.ndarray, np.dtype, *(type(np.dtype(kind)) for kind in "?bBhHiIlLqQefd")]
    return [*layers, *slopes, surrogate.Surrogate, Recording, Events, *makers, *dtypes]


def _is_layer(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, nn.Module)
