"""Memory: keep what was freed, and see what training holds on to.

Large recordings are allocated and freed at every training step. The C library returns such memory
to the system at once, and the system clears each page before it hands it out again: above some
30 MB that costs more than the arithmetic of a spiking layer.
"""

import ctypes
from collections.abc import Callable

import torch
from torch import Tensor

# From glibc's malloc.h; see `man mallopt`.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Let this process reuse freed memory; return whether it will (only with glibc, on Linux).

    For the whole process, until it ends: it then holds on to the most memory it ever used. Training
    with large recordings gets faster, up to several times. Call it before the first large tensor.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  only glibc has it
    except (AttributeError, OSError, TypeError):
        return False
    never = 2**31 - 1
    settings = ((_M_TRIM_THRESHOLD, never), (_M_TOP_PAD, 64 * 2**20), (_M_MMAP_MAX, 0))
    return all(libc.mallopt(name, value) == 1 for name, value in settings)


def peak_saved_bytes(run: Callable[[], object]) -> int:
    """Return the most bytes that autograd held for the backward pass at one time during `run()`.

        peak_saved_bytes(lambda: net(x_rec)[0].sum().backward())

    Parameters that an operation saves are counted; a tensor saved twice counts twice.
    """
    now = most = 0

    class Saved:
        def __init__(self, tensor: Tensor) -> None:
            nonlocal now, most
            self.tensor = tensor
            now += tensor.nbytes
            most = max(most, now)

        def __del__(self) -> None:
            nonlocal now
            now -= self.tensor.nbytes

    with torch.autograd.graph.saved_tensors_hooks(Saved, lambda saved: saved.tensor):
        run()
    return most
