"""The matrix product of one time step, on as many threads as pay."""

import torch
from torch import Tensor
from torch.nn.functional import linear

# Up to so many products, a second thread takes longer to wake than it saves, and far longer where
# another program keeps its core busy.
ONE_THREAD = 1 << 21


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `linear(x, weight, bias)`; a small one, as each time step needs it, on one thread."""
    if torch.compiler.is_compiling() or not x.is_cpu or x.numel() * len(weight) > ONE_THREAD:
        return linear(x, weight, bias)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        return linear(x, weight, bias)
    finally:
        torch.set_num_threads(threads)
