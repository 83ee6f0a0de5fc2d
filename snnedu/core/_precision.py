"""In which precision numbers are added up."""

import torch
from torch import Tensor


def wide_dtype(numbers: Tensor) -> torch.dtype:
    """Return float32 for numbers of 16 bits, else their own dtype.

    16 bits are too few for sums, draws and times: bfloat16 has no 257, and draws no number between
    0 and 1/256; float16 ends at 65,504. float64 would be wide too, but Apple's devices lack it.
    """
    return torch.promote_types(numbers.dtype, torch.float32)


def wide(numbers: Tensor) -> Tensor:
    """Return the numbers in that precision."""
    return numbers if numbers.dtype == torch.float32 else numbers.to(wide_dtype(numbers))
