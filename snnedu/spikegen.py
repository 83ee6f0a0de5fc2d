"""From numbers to spikes, and back: four codes.

    rate         how often: a large number spikes often
    latency      how soon: a large number spikes early, once
    delta        only change: a spike where a signal has moved
    population   who: neurons with overlapping preferences share a number

Every encoder puts time first, `[time, *data]`, and each has its inverse, `decode_...`. Random
draws follow `seed`: a number, a `torch.Generator`, or None for torch's own random state.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu import _check

Values = Float[Tensor, "..."]
Seed = int | torch.Generator | None


def rate(
    data: Values,
    num_steps: int | None = None,
    *,
    gain: float = 1.0,
    offset: float = 0.0,
    seed: Seed = None,
) -> Values:
    """Spike at every step with a probability that is the number itself; return `[time, *data]`.

        P(S[t] = 1) = p,    p = gain x + offset, cut to [0, 1]

    `data` (x) lies in [0, 1]. `num_steps` repeats it that often; leave it out for data that have
    time first already. Steps are independent (Bernoulli; short steps make it a Poisson process), so
    a count over T steps has mean T p and variance T p (1 - p): precision costs time.

    Raises ValueError if `data` leaves [0, 1] or holds NaN, TypeError if it is not floating-point.
    """
    _check.floating("data", data)
    _check.between("data", data, 0, 1, "Rescale it, for example `data / data.max()`.")
    p = (gain * data + offset).clamp(0, 1)
    if num_steps is None:
        _check.time_first("data", data)
    else:
        _check.count("num_steps", num_steps)
        p = p.expand(num_steps, *p.shape)
    # torch.bernoulli would do the same in four times the time
    chance = torch.rand(
        p.shape, generator=_generator(seed, p.device), dtype=p.dtype, device=p.device
    )
    return chance.lt_(p)


def decode_rate(spk_rec: Values) -> Values:
    """Return the share of steps with a spike, the best guess of p behind a rate code: `[*data]`.

    Its standard error is sqrt(p (1 - p) / T). Undo `gain` and `offset` yourself.
    """
    _check.time_first("spk_rec", spk_rec)
    return spk_rec.mean(0)


def _generator(seed: Seed, device: torch.device) -> torch.Generator | None:
    if isinstance(seed, int):
        return torch.Generator(device).manual_seed(seed)
    return seed
