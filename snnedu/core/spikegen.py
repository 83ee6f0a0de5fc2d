"""From numbers to spikes, and back: four codes.

    rate         how often: a large number spikes often
    latency      how soon: a large number spikes early, once
    delta        only change: a spike where a signal has moved
    population   which: neurons with overlapping preferences share a number

    x = torch.rand(32, 64)                  # a batch of 32 samples, 64 numbers each
    spk_rec = rate(x, num_steps=25)         # [25, 32, 64]: [time, batch, features]

Data may have any shape; every encoder puts time first, `[time, *data]`, and each has its inverse,
`decode_...`. Spikes are 0 or 1 (or -1) in the dtype of the data. Times are counted in steps, from
0. Random draws follow `seed`: a number, a `torch.Generator`, or None for torch's own random state.
Data of 16 bits are encoded and decoded in float32: bfloat16 has only 128 numbers from 0.5 to 1.
All raise TypeError for data that are not floating-point, and ValueError for data out of range, NaN
included.

Names are those of snnTorch 1.0 (Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088); where the
numbers differ, the docstring says so.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check
from snnedu.core._precision import wide, wide_dtype

Data = Float[Tensor, " *data"]
Trains = Float[Tensor, " time *data"]
Fields = Float[Tensor, "*data neurons"]
Number = float | int
Seed = int | torch.Generator | None

MARGIN = 1.01  # by default, what exceeds the threshold by 1 % still spikes by itself
GRID = 501  # candidates among which `decode_population` looks for the best


def rate(
    data: Data,
    num_steps: int | None = None,
    *,
    gain: Number = 1.0,
    offset: Number = 0.0,
    seed: Seed = None,
) -> Float[Tensor, " *time_and_data"]:
    """Spike at every step with a probability that is the number itself; return `[time, *data]`.

        P(S[t] = 1) = p,    p = gain x + offset, cut to [0, 1]

        x = torch.rand(32, 64)               # [batch, features]
        spk_rec = rate(x, num_steps=25)      # [time, batch, features], here [25, 32, 64]

    `data` (x) lies in [0, 1]. `num_steps` repeats it that often; leave it unset for data that
    have time first already. Steps are independent (Bernoulli; short steps make it a Poisson
    process), so a count over T steps has mean T p and variance T p (1 - p): precision costs time.
    """
    _check_unit(data)
    if num_steps is None:
        _check.time_first("data", data)
    else:
        _check.count("num_steps", num_steps)
    p = (gain * wide(data) + offset).clamp(0, 1)
    p = p if num_steps is None else p.expand(num_steps, *p.shape)
    # torch.bernoulli would do the same in four times the time
    chance = torch.rand(p.shape, generator=_generator(seed, p), dtype=p.dtype, device=p.device)
    return chance.lt_(p).to(data.dtype)


def decode_rate(spk_rec: Trains) -> Data:
    """Return the share of steps with a spike, `[*data]`: the best estimate of a rate code's p.

    Its standard error is sqrt(p (1 - p) / T). Undo `gain` and `offset` yourself.
    """
    _check.time_first("spk_rec", spk_rec)
    return wide(spk_rec).mean(0).to(spk_rec.dtype)


def latency(
    data: Data,
    num_steps: int,
    *,
    tau: Number | None = None,
    threshold: Number = 0.01,
    linear: bool = False,
    clip: bool = False,
) -> Trains:
    """Spike once, the sooner the larger the number; return `[time, *data]`.

        t = τ ln(x / (x - θ))    the time that an RC circuit under current x takes to reach θ
        t = τ (1 - x)            with linear=True

        x = torch.rand(32, 64)               # [batch, features]
        spk_rec = latency(x, num_steps=25)   # [time, batch, features], here [25, 32, 64]

    t is rounded to whole steps. `data` (x) lies in [0, 1]. `threshold` (θ), in the unit of x, is
    never reached by x <= θ. Numbers whose time has not come at the last step, T - 1, spike there
    all the same, so that each spikes exactly once; with `clip=True` they stay silent.

    `tau` (τ), in steps, sets the pace. By default x = 1.01 θ (linear: x = 0) meets the last step.
    That depends on T alone: a number keeps its time whatever else is in the batch. (In snnTorch
    `normalize=True` stretches each batch by its own latest spike. Its `bypass` is not needed.)
    """
    _check_unit(data)
    _check.count("num_steps", num_steps)
    tau = _check_pace(tau, threshold, num_steps, linear)
    x = wide(data)
    times = tau * (1 - x) if linear else -tau * torch.log1p(-(threshold / x).clamp(max=1))
    times = times.masked_fill(x <= threshold, math.inf).round().unsqueeze(0)
    in_time = times < num_steps
    spk_rec = data.new_zeros(num_steps, *data.shape)
    spikes = in_time.to(data.dtype) if clip else torch.ones_like(spk_rec[:1])
    return spk_rec.scatter_(0, times.clamp(max=num_steps - 1).long(), spikes)


def decode_latency(
    spk_rec: Trains,
    *,
    tau: Number | None = None,
    threshold: Number = 0.01,
    linear: bool = False,
    clip: bool = False,
) -> Data:
    """Return the numbers that the first spikes stand for, `[*data]`; silence means 0.

        x = (x(t - 1/2) + x(t + 1/2)) / 2,   x(t) = θ / (1 - exp(-t / τ))
        x = 1 - t / τ                        with linear=True

    cut to [0, 1]. All numbers between x(t + 1/2) and x(t - 1/2) spike at step t, and come back as
    the middle of them. So step 0 means the middle of x(1/2) and 1. Without `clip` the last step
    means the middle of 0 and x(T - 3/2), since all that is smaller spikes there, too.

    Pass the `tau`, `threshold`, `linear` and `clip` that the encoder had.
    """
    _check.time_first("spk_rec", spk_rec)
    last = len(spk_rec) - 1
    tau = _check_pace(tau, threshold, last + 1, linear)
    fired = spk_rec != 0
    t = fired.int().argmax(0).to(wide_dtype(spk_rec))
    if linear:
        x = (1 - t / tau).clamp(0, 1)
    else:
        most, least = (_drive(t + half, tau, threshold) for half in (-0.5, 0.5))
        x = (most + (least if clip else least.masked_fill(t == last, 0))) / 2
    return (x * fired.any(0)).to(spk_rec.dtype)


def delta(
    data: Trains,
    threshold: Number = 0.1,
    *,
    off_spike: bool = False,
    padding: bool = False,
    feedback: bool = False,
) -> Trains:
    """Spike where a signal has risen by `threshold` or more; `data` and result are `[time, ...]`.

        S[t] = 1 if x[t] - x[t-1] >= θ     compared with the step before
        S[t] = 1 if x[t] - r[t-1] >= θ,    with feedback=True: compared with what the spikes
               r[t] = r[t-1] + θ S[t]      have told so far (send on delta)

        x = torch.rand(100, 32, 8).cumsum(0)    # [time, batch, features]
        spk_rec = delta(x, threshold=0.5)       # of the same shape

    `threshold` (θ) is in the unit of x. With `off_spike` a fall by θ gives -1. The first step is
    compared with 0, or with `padding` with itself. Without feedback, a slow drift never spikes and
    a jump of 10 θ spikes once, so a reconstruction goes astray; with feedback it stays within θ as
    long as no step exceeds θ.
    Source of the latter: Miskowicz 2006, doi:10.3390/s6010049.
    """
    _check.time_first("data", data)
    _check.positive("threshold", threshold)
    if not bool(data.isfinite().all()):
        raise ValueError("`data` must be finite. Received NaN or inf. Drop or fill those samples.")
    signal = wide(data)
    before = signal[:1] if padding else torch.zeros_like(signal[:1])
    if not feedback:
        return _fire(signal.diff(dim=0, prepend=before), threshold, off_spike).to(data.dtype)
    told, spikes = before[0], list[Tensor]()
    for x in signal.unbind(0):
        spikes.append(_fire(x - told, threshold, off_spike))
        told = told + threshold * spikes[-1]
    return torch.stack(spikes).to(data.dtype)


def decode_delta(spk_rec: Trains, threshold: Number = 0.1, start: Number | Data = 0.0) -> Trains:
    """Rebuild a signal by adding up its steps, `[time, ...]`.

        r[t] = start + θ (S[0] + ... + S[t])

    `start` is 0, or the first sample, `data[0]`, if the encoder had `padding`.
    """
    _check.time_first("spk_rec", spk_rec)
    _check.positive("threshold", threshold)
    rebuilt = start + threshold * wide(spk_rec).cumsum(0)
    return rebuilt.to(torch.result_type(spk_rec, start))


def population(
    data: Data,
    num_steps: int,
    num_neurons: int = 10,
    *,
    low: Number = 0.0,
    high: Number = 1.0,
    width: Number = 1.0,
    seed: Seed = None,
) -> Float[Tensor, " time *data neurons"]:
    """Share each number among neurons that prefer different ones; `[time, *data, num_neurons]`.

        x = torch.rand(32, 4)                             # [batch, features]
        spk_rec = population(x, num_steps=25).flatten(2)  # [25, 32, 40], ten neurons per feature

    The `receptive_fields` give every neuron a probability to spike at each step, as in `rate`.
    Pass them to `latency` instead for a code in which the best neuron spikes first.
    """
    _check.floating("data", data)
    fields = receptive_fields(wide(data), num_neurons, low=low, high=high, width=width)
    return rate(fields, num_steps, seed=seed).to(data.dtype)


def decode_population(
    spk_rec: Float[Tensor, " time *data neurons"],
    *,
    low: Number = 0.0,
    high: Number = 1.0,
    width: Number = 1.0,
) -> Data:
    """Return the numbers whose receptive fields fit the spike counts best, `[*data]`.

        x = argmin over x of the sum over i of (r_i - a_i(x))²

    r_i is the share of steps in which neuron i spiked. x is searched on 501 points of [low, high].
    Where all neurons were silent nothing is known: NaN.
    """
    _check.time_first("spk_rec", spk_rec, at_least=2)
    rates = wide(spk_rec).mean(0)  # [*data, neurons]
    grid = torch.linspace(low, high, GRID, dtype=rates.dtype, device=rates.device)
    fields = receptive_fields(grid, rates.shape[-1], low=low, high=high, width=width)
    misfit = fields.square().sum(-1) - 2 * rates @ fields.T  # the sum of r_i² is the same for all x
    return grid[misfit.argmin(-1)].masked_fill(~rates.any(-1), math.nan).to(spk_rec.dtype)


def receptive_fields(
    data: Data,
    num_neurons: int = 10,
    *,
    low: Number = 0.0,
    high: Number = 1.0,
    width: Number = 1.0,
) -> Fields:
    """Return how strongly each neuron of a population responds to each number, from 0 to 1.

        a_i(x) = exp(-(x - μ_i)² / (2 σ²)),    σ = width · (high - low) / (num_neurons - 1)

    Returns `[*data, num_neurons]`. The preferred numbers μ_i are spaced evenly from `low` to
    `high`, in the unit of x; `width` is counted in their distances.
    Source: Bohte et al. 2002, doi:10.1016/S0925-2312(01)00658-0 (with other centers).
    """
    _check.floating("data", data)
    _check.count("num_neurons - 1", num_neurons - 1)
    _check.positive("width", width)
    _check.positive("high - low", high - low)
    _check.between("data", data, low, high, "Set `low` and `high` to its range.")
    x = wide(data)
    centers = torch.linspace(low, high, num_neurons, dtype=x.dtype, device=x.device)
    sigma = width * (high - low) / (num_neurons - 1)
    return torch.exp(-((x.unsqueeze(-1) - centers) ** 2) / (2 * sigma**2)).to(data.dtype)


def _fire(change: Tensor, threshold: Number, off_spike: bool) -> Tensor:
    spikes = (change >= threshold).to(change.dtype)
    return spikes - (change <= -threshold).to(change.dtype) if off_spike else spikes


def _check_unit(data: Tensor) -> None:
    _check.floating("data", data)
    _check.between("data", data, 0, 1, "Rescale it, for example `data / data.max()`.")


def _check_pace(tau: Number | None, threshold: Number, num_steps: int, linear: bool) -> Number:
    """Check `tau` and `threshold`; return τ, the default one for None."""
    _check.between("threshold", threshold, 1e-6, 1 - 1e-6, "The default is 0.01.")
    if tau is None:
        last = max(num_steps - 1, 1)
        return last if linear else last / math.log(MARGIN / (MARGIN - 1))
    _check.positive("tau", tau)
    return tau


def _drive(t: Tensor, tau: Number, threshold: Number) -> Tensor:
    """Return the number whose circuit reaches the threshold at time t, at most 1."""
    return (threshold / -torch.expm1(-t.clamp(min=1e-9) / tau)).clamp(max=1)


def _generator(seed: Seed, like: Tensor) -> torch.Generator | None:
    if isinstance(seed, int):
        return torch.Generator(like.device).manual_seed(seed)
    return seed
