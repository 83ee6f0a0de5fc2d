"""Random input spikes, some of them shared."""

import torch
from jaxtyping import Float
from torch import Tensor


def poisson(
    seconds: int, rate: float, neurons: int, seed: int, shared: float = 0.0
) -> Float[Tensor, "time 1 neurons"]:
    """Return random spikes at `rate` Hz in steps of 1 ms, one sample.

    The first half of the neurons takes a part, `shared`, of its spikes from one common source, at
    the same times. Rates stay as they are.
    """
    draw = torch.Generator().manual_seed(seed)
    shape, chance = (1000 * seconds, 1, neurons), rate / 1000
    spk = torch.rand(shape, generator=draw) < chance
    half = neurons // 2
    common = torch.rand(*shape[:2], 1, generator=draw) < chance
    copied = torch.rand(*shape[:2], half, generator=draw) < shared
    kept = torch.rand(*shape[:2], half, generator=draw) < 1 - shared
    spk[..., :half] = (common & copied) | (spk[..., :half] & kept)
    return spk.float()
