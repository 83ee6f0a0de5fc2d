"""What training holds on to: the bytes that autograd keeps for the backward pass."""

from collections.abc import Callable

import torch
from torch import Tensor


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
