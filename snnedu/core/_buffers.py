"""Memory for recordings and traces, used again once nothing holds it any more.

The first write to memory that the system has just handed out takes several times as long as the
loop that fills it. Large blocks go back to the system as soon as they are freed, so each training
step would pay for them anew. Here the blocks freed last wait for the next step.
"""

import math
import weakref
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

LARGE = 1 << 18  # values of a recording from which on its block is kept
KEPT = 1 << 28  # bytes that wait at most

_waiting: list[Any] = []  # freed blocks, the latest last


def buffer(steps: int, like: Tensor) -> Tensor:
    """Return room for a recording of so many steps, else shaped like another one.

    On the CPU it comes from NumPy, which is quicker, and asks the system for large pages.
    """
    shape = (steps, *like.shape[1:])
    if like.dtype != torch.float32 or not like.is_cpu:
        return like.new_empty(shape)
    size = math.prod(shape)
    if size < LARGE:
        return torch.from_numpy(np.empty(shape, np.float32))
    block = _take(size)
    array = block.reshape(shape)  # the tensor holds it, and it lives as long as the tensor's memory
    weakref.finalize(array, _give_back, block).atexit = False
    return torch.from_numpy(array)


def _take(size: int) -> Any:
    """Return the latest block of this size, or a new one. Others have waited longer then.

    Another thread may free or take a block at any moment: each line holds by itself.
    """
    with suppress(IndexError):
        for _ in range(len(_waiting)):
            block = _waiting.pop()
            if block.size == size:
                return block
            _waiting.insert(0, block)
    return np.empty(size, np.float32)


def _give_back(block: Any) -> None:
    _waiting.append(block)
    with suppress(IndexError):
        while sum(waits.nbytes for waits in _waiting.copy()) > KEPT:
            del _waiting[0]
