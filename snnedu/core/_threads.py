"""On how many threads the operations of one time step run.

Each step waits for its operations. A second thread that sleeps until then takes longer to wake than
a small operation takes, and far longer where another program keeps its core busy.
"""

import os
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor
from torch.nn.functional import linear

PRODUCT = 1 << 21  # multiplications of a matrix product up to which one thread is faster
ROW = 1 << 18  # and values of one time step
SLEEPING = os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"  # as `snnedu lab` has it


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `linear(x, weight, bias)`; a small one, as each time step needs it, on one thread."""
    if torch.compiler.is_compiling() or not x.is_cpu or x.numel() * len(weight) > PRODUCT:
        return linear(x, weight, bias)
    with _one_thread():
        return linear(x, weight, bias)


def for_steps(row: Tensor, weight: Tensor | None) -> AbstractContextManager[None]:
    """Return the context for a loop over time in torch, whose steps are shaped like `row`.

    Threads that spin while they wait are awake, so that all are used. A matrix of recurrent weights
    leaves it to `product`.
    """
    small = SLEEPING and row.is_cpu and row.numel() <= ROW
    return _one_thread() if small and (weight is None or weight.ndim < 2) else nullcontext()


@contextmanager
def _one_thread() -> Generator[None]:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(threads)
