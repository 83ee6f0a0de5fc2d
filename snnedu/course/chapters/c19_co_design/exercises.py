"""Exercises of 19 · Co-design: choose a shift, a neuron that does not overflow, a new chip."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_shift(tau: float, dt: float) -> int:
    """Return the k whose time constant, 2ᵏ steps, is nearest to tau."""
    return round(torch.log2(torch.tensor(tau / dt)).item())


def my_step(
    cur: Tensor, mem: Tensor, k: int, threshold: int, state_bits: int
) -> tuple[Tensor, Tensor]:
    """Return spk and mem of integer neurons whose membrane saturates."""
    spk = mem > threshold
    mem = mem - (mem >> k) + cur - threshold * spk
    top = 2 ** (state_bits - 1) - 1
    mem = mem.clamp(-top - 1, top)
    return (mem > threshold).int(), mem


def my_chip(weight: Tensor, sd: float) -> Tensor:
    """Return the weights of a chip that is drawn at each call."""
    return weight * (1 + sd * torch.randn_like(weight))


# --------------------------------------------------------------------------------------- 19.1

NATURAL = "You take the natural logarithm. 2ᵏ = τ/Δt, so k is the logarithm to base 2."
DOWN = "You round down. The nearest k may be the next larger one."
UP = "You round up. The nearest k may be the next smaller one."
NO_DT = "You leave out Δt. The time constant of a shift is 2ᵏ steps, and each takes Δt."
TURNED = "Your k is negative: you divide Δt by τ. A slower membrane needs a larger k."
POWER = "You return 2ᵏ. Return k, the number of places to shift."
EXACT = "Your k is not a whole number. A shift moves by whole places: round it."
DECAY = "You return the decay β. Return the k of β = 1 - 2⁻ᵏ."
ONE_SIDED_K = "Your measure favors one side, as differences do, and ratios minus 1. Half as long is as far as twice as long: divide the larger of 2ᵏ and τ/Δt by the smaller."
LINEAR = "You return τ/Δt, in steps. Which power of two is that?"


def _draw_shifts() -> Iterator[tuple[float, float]]:
    """Draw time constants that are nearer to one power of two than to the next, some only just.

    The last two kinds are those where differences of steps, or of decays, choose another k.
    """
    for number, k in enumerate(torch.randint(5, 10, (8,)).tolist()):
        start, width = ((0.05, 0.25), (0.62, 0.25), (0.52, 0.04), (0.43, 0.03))[number % 4]
        part = start + width * torch.rand(1).item()
        dt = 0.1 + 0.7 * torch.rand(1).item()
        yield dt * 2 ** (k + part), dt


def _rounded(to: Callable[[float], Any]) -> Callable[[float, float], Any]:
    return lambda tau, dt: to(math.log2(tau / dt))


def _of_nearest_beta(tau: float, dt: float) -> int:
    beta = math.exp(-dt / tau)
    return int(np.argmin([abs(math.log(1 - beta) + k * math.log(2)) for k in range(16)]))


# --------------------------------------------------------------------------------------- 19.2

UNLIMITED = "Your membrane has no limit: it leaves the numbers that `state_bits` bits can hold."
WRAPS = "Your membrane wraps around: what is above the top comes out below 0. Stop it at the top."
ONLY_TOP = (
    "Your membrane stops at the top, but not at the bottom. Strong inhibition overflows, too."
)
ONLY_BOTTOM = "Your membrane stops at the bottom, but not at the top."
NO_NEGATIVE = (
    "Your membrane stops at 0. With inhibition it goes below 0: its lowest number is -2**(b - 1)."
)
SYMMETRIC = "Your lowest number is -top. With b bits it is -2**(b - 1), one lower than that."
CARET = "In Python `^` is not the power operator: write `2 ** (state_bits - 1)`."
BRACKETS = "In Python, `-` and `+` go before `>>`. Put the leak in brackets: `mem - (mem >> k)`."
KEEPS_LEAK = (
    "You keep the leak and lose the rest: `mem >> k` is what leaks away. Subtract it from `mem`."
)
SWAPPED = "You return the membrane first. Return `spk, mem`."
ONE_BIT_MORE = "Your range is twice as large as it should be. One of the bits is the sign."
ONE_BIT_LESS = (
    "Your range is half as large as it should be: b bits hold -2**(b - 1) to 2**(b - 1) - 1."
)
TOP_TOO_HIGH = "Your top is 2**(b - 1). The largest number is one less: 0 needs a place as well."
AT_THETA = "Your neuron fires at θ. Ours fires above θ: use `>`."
EXPONENT = "In Python, `**` goes before `-`. Put the exponent in brackets: `2 ** (state_bits - 1)`."
PAYS_ONE = "Your neuron pays 1 for a spike. It pays θ: `threshold * spk`."
NO_RESET = "Your neuron never pays θ for a spike."
RESET_NOW = "Your neuron pays θ in the step in which it fires. Ours pays one step later: take the spike from the old membrane."
TO_ZERO = "Your reset sets the membrane to 0. Ours subtracts θ, so what is above θ counts."
NO_LEAK = "Your membrane does not leak."
LEAK_GROWS = "Your membrane grows by the leak. The leak is subtracted."
LEAK_LATE = "You shift the sum, with the new current. Only the old membrane leaks."
LEAK_OF_RESET = "You subtract θ before the leak. The leak is that of the whole old membrane."
HALVES = "You multiply by 1 - 2⁻ᵏ and round. A shift rounds the leak down, and the rest is exact."
TOWARD_ZERO = "Your leak is rounded toward 0. A shift rounds down, also below 0: -1 >> 3 is -1."
OLD_SPIKES = "You return the spikes of the old membrane. Return those of the new one."
CLIPS_CURRENT = (
    "You limit the current, not the sum. Two numbers that fit can have a sum that does not."
)
EARLY = "You limit the membrane before θ is subtracted. Limit the whole sum, once, at the end."
TWO_PARTS = "Return two things: `spk, mem`."
EIGHT_BITS = "Your limits are those of 8 bits. Take them from `state_bits`."
K_IS_3 = "You shift by 3, whatever `k` is."
NOT_WHOLE = "Your membrane has numbers that are not whole. Use `>>` for the leak, or `//`."


def _draw_currents() -> Iterator[tuple[Tensor, int, int, int]]:
    """Draw currents that reach the top and the bottom, and some that do neither."""
    for k, theta, state_bits in ((2, 21, 7), (3, 40, 8)):
        half = 2 ** (state_bits - 1)
        small = torch.randint(-8, 25, (40, 4))
        large = torch.randint(-2 * half, 2 * half, (40, 4))
        swing = torch.where(torch.arange(40)[:, None] % 20 < 10, 1, -1) * half // 2
        exact = torch.full((40, 1), theta)  # the membrane is θ after one step
        exact[1:] = 0
        yield torch.cat([small, large, swing.expand(-1, 2), exact], 1).int(), k, theta, state_bits


def _run_steps(answer: Any, cur_rec: Tensor, k: int, theta: int, state_bits: int) -> Tensor:
    """Return spikes and membranes over time, `[time, 2, neurons]`."""
    mem, rows = torch.zeros_like(cur_rec[0]), list[Tensor]()
    for cur in cur_rec:
        result = answer(cur, mem, k, theta, state_bits)
        if isinstance(result, (Tensor, np.ndarray)):
            result = list(result)
        refuse({TWO_PARTS: not isinstance(result, (tuple, list)) or len(result) != 2})
        spk, mem = (tensor(part).double() for part in result)
        if spk.shape != cur.shape or mem.shape != cur.shape:
            shapes = f"{list(spk.shape)} and {list(mem.shape)}"
            raise WrongAnswer(f"{len(cur)} neurons go in. Out come {shapes}.")
        refuse({NOT_WHOLE: bool((mem != mem.round()).any())})
        rows.append(torch.stack([spk, mem]))
        mem = mem.int()
    return torch.stack(rows)


def _steps(
    *,
    low: Callable[[int], float] = lambda half: -half,
    high: Callable[[int], float] = lambda half: half - 1,
    wrap: bool = False,
    fires: Callable[[Tensor, int], Tensor] = torch.gt,
    reset: str = "subtract",
    leak: Callable[[Tensor, int], Tensor] = lambda mem, k: mem >> k,
    order: str = "",
    clips: str = "sum",
) -> Callable[..., Any]:
    """Return a variant of the solution."""

    def step(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
        half = 2 ** (state_bits - 1)

        def limited(total: Tensor) -> Tensor:
            if wrap:
                return (total + half) % (2 * half) - half
            return total.clamp(low(half), high(half)).int()

        old = fires(mem, theta).int()
        paid = {"subtract": theta * old, "one": old, "none": 0 * old, "zero": mem * old}[reset]
        if order == "reset first":
            mem = mem - paid
            total = mem - leak(mem, k) + cur
        elif order == "leak last":
            total = mem + cur
            total = total - leak(total, k) - paid
        elif order == "limit first":
            total = limited(mem - leak(mem, k) + cur) - paid
        else:
            total = mem - leak(mem, k) + (limited(cur) if clips == "current" else cur) - paid
        now = limited(total) if clips == "sum" and order != "limit first" else total
        return (old if order == "old spikes" else fires(now, theta).int()), now

    return step


def _reset_at_once(
    cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int, *, early: bool = True
) -> Any:
    """Pay θ in the step of the spike; `early` limits the sum before, not after it."""
    half = 2 ** (state_bits - 1)
    mem = mem - (mem >> k) + cur
    mem = mem.clamp(-half, half - 1) if early else mem
    spk = (mem > theta).int()
    return spk, (mem - theta * spk).clamp(-half, half - 1)


def _all_to_zero(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    half = 2 ** (state_bits - 1)
    now = torch.where(mem > theta, 0, (mem - (mem >> k) + cur).clamp(-half, half - 1))
    return (now > theta).int(), now


def _with_caret(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    total = mem - (mem >> k) + cur - theta * (mem > theta)
    now = total.clamp(-2^(state_bits - 1), 2^(state_bits - 1) - 1)  # fmt: skip
    return (now > theta).int(), now


def _half_with_caret(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    half = 2 ^ (state_bits - 1)
    now = (mem - (mem >> k) + cur - theta * (mem > theta)).clamp(-half, half - 1)
    return (now > theta).int(), now


def _without_brackets(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    half = 2 ** (state_bits - 1)
    total = mem - mem >> k + cur - theta * (mem > theta)
    return (total.clamp(-half, half - 1) > theta).int(), total.clamp(-half, half - 1)


def _limited_twice(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    half = 2 ** (state_bits - 1)
    total = (mem - (mem >> k) + cur).clamp(-half, half - 1)
    now = (total - theta * (mem > theta)).clamp(-half, half - 1)
    return (now > theta).int(), now


def _spikes_at_theta(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    now = my_step(cur, mem, k, theta, state_bits)[1]
    return (now >= theta).int(), now


def _by_product(
    cur: Tensor,
    mem: Tensor,
    k: int,
    theta: int,
    state_bits: int,
    *,
    to: Callable[[Tensor], Tensor] = torch.round,
) -> Any:
    half = 2 ** (state_bits - 1)
    left = to(mem * (1 - 2.0**-k)).int()
    mem = (left + cur - theta * (mem > theta)).clamp(-half, half - 1)
    return (mem > theta).int(), mem


def _neuron_by_neuron(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    low, high = -(2 ** (state_bits - 1)), 2 ** (state_bits - 1) - 1
    spk, now = [], []
    for i, u in zip(cur.tolist(), mem.tolist(), strict=True):
        total = u - u // 2**k + i - (theta if u > theta else 0)
        now.append(max(low, min(high, total)))
        spk.append(now[-1] > theta)
    return spk, now


def _in_numpy(cur: Tensor, mem: Tensor, k: int, theta: int, state_bits: int) -> Any:
    u, half = mem.numpy().astype(np.int64), 2 ** (state_bits - 1)
    u = u - (u >> k) + cur.numpy() - np.where(u > theta, theta, 0)
    u = np.minimum(np.maximum(u, -half), half - 1)
    return np.stack([(u > theta).astype(np.int64), u])


# --------------------------------------------------------------------------------------- 19.3

FROZEN = "Two calls give the same chip. Draw inside the function, and leave the seed alone: each call is another chip."
ONE_FACTOR = "All weights get one factor. Each device differs: draw a factor for each weight."
BY_ROW = "All weights of one neuron get the same factor. Draw a factor for each weight."
ADDED = "You add noise of one size to all weights. Mismatch is a share of each weight: multiply."
NO_MEAN = "Your factors are around 0. They should be around 1: the weight, and a share of it more or less."
SD_SQUARED = "Your spread is sd². `randn` has a standard deviation of 1: multiply it by sd."
SD_ROOT = "Your spread is the root of sd, as if sd were a variance. Multiply `randn` by sd."
UNIFORM = "Your factors are never further from 1 than sd. Mismatch is normal: use `randn`."
ONE_SIDED = "Your factors are never below 1. Devices are weaker, too: use `randn`, not `rand`."
NOT_NORMAL = "Your factors have the right mean and spread, but are not normal: use `randn`."
FACTORS = "You return the factors alone. Multiply the weights by them."
ONE_OUTSIDE = "You add 1 to the weights times sd times `randn`. The 1 belongs to the factor: put brackets around it, `(1 + sd * …)`."
SIGN = "Your weights have lost their sign. Multiply the weight itself, not its size."
PART = "The gradient reaches `weight` without the factor. Multiply the weight itself by the factor, and leave `detach` out."
CUT = "Your result carries no gradient to `weight`. Multiply the weight itself: nothing can learn through `detach`, `no_grad` or `torch.normal(weight, …)`."
IN_NUMPY = "NumPy keeps no gradients, and refuses a weight that needs one. Draw with torch: `torch.randn_like(weight)`."
NO_SPREAD = "Your factors should have mean 1 and spread sd. Theirs are {mean:.2f} and {spread:.2f}, for sd = {sd}."
SAME_SHAPE = "Return weights in the shape of `weight`."


def check_chip(answer: Attempt) -> None:
    """Return if the answer draws a factor for each weight at each call, else raise `WrongAnswer`.

    It is judged by statistics of 10,000 factors, so that any way to draw them is right.
    """
    layer = torch.rand(32, 64) + 0.5  # as in the notebook: factors drawn for it once fit, too
    calls = [tensor(answer(layer, 0.2)).detach() for _ in range(2)]
    refuse({SAME_SHAPE: calls[0].shape != layer.shape, FROZEN: torch.equal(*calls)})
    for sd in (0.2, 0.35):
        weight = torch.randn(100, 100).sign() * (0.5 + torch.rand(100, 100))
        weight.requires_grad_()
        first, second = (_with_gradient(answer, weight, sd) for _ in range(2))
        refuse({SAME_SHAPE: first.shape != weight.shape})
        factor = (first / weight).detach().double()
        again = (second / weight).detach().double()
        spread, mean = factor.std().item(), factor.mean().item()
        size = weight.detach().abs()
        added = (first - weight).detach().abs()
        small, large = (added[part].mean().item() for part in (size < 0.7, size > 1.3))
        refuse({FROZEN: torch.equal(factor, again)})
        refuse({ONE_FACTOR: spread < 1e-4, BY_ROW: factor.std(1).max() < 1e-4})
        refuse({BY_ROW: factor.std(0).max() < 1e-4})
        flat = abs(first[size < 0.7].mean() - first[size > 1.3].mean()) < 0.1
        positive = (first > 0).double().mean() > 0.9
        spreads = [first[part].std() for part in (size < 0.7, size > 1.3)]
        refuse({ONE_OUTSIDE: positive and flat and spreads[1] > 1.5 * spreads[0]})
        refuse({FACTORS: positive and flat, SIGN: positive})
        refuse({NO_MEAN: abs(mean) < 0.5})
        refuse({ADDED: large < 1.2 * small})
        refuse({ONE_SIDED: factor.min() > 1 - 1e-6})
        refuse({SD_SQUARED: abs(spread - sd**2) < 0.05 * sd**2})
        refuse({SD_ROOT: abs(spread - sd**0.5) < 0.05 * sd**0.5})
        within = (factor - 1).abs().max() < 1.01 * sd
        refuse({UNIFORM: within and spread > sd / 4})
        told = NO_SPREAD.format(mean=mean, spread=spread, sd=sd)
        refuse({told: abs(spread - sd) > 0.04 * sd or abs(mean - 1) > 0.02})
        near = ((factor - 1).abs() < sd).double().mean().item()
        refuse({NOT_NORMAL: abs(near - 0.683) > 0.03})  # the share of a normal within one sd
        third = tensor(answer.changing(weight, sd))  # with the tensor itself, whose gradient counts
        slope = _slope(third, weight)
        refuse({CUT: not slope.any()})
        refuse({PART: not torch.allclose(slope, (third / weight).to(slope), atol=0.05)})


def _with_gradient(answer: Attempt, weight: Tensor, sd: float) -> Tensor:
    """Return the answer for a weight that needs a gradient, which NumPy refuses."""
    try:
        return tensor(answer(weight, sd))
    except WrongAnswer as reply:
        refuse({IN_NUMPY: "call numpy() on Tensor that requires grad" in str(reply)})
        raise


def _slope(result: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient that each weight gets: zeros where none arrives."""
    if not result.requires_grad:
        return torch.zeros_like(weight)
    return torch.autograd.grad(result.sum(), weight, materialize_grads=True)[0]


def _fixed(weight: Tensor, sd: float) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return weight * (1 + sd * torch.randn(weight.shape, generator=generator))


EXERCISES = [
    Exercise(
        id="19.1",
        title="Choose a shift",
        name="my_shift",
        solution=my_shift,
        cases=_draw_shifts,
        mistakes={
            NATURAL: lambda tau, dt: round(math.log(tau / dt)),
            DOWN: _rounded(math.floor),
            UP: _rounded(math.ceil),
            NO_DT: lambda tau, dt: round(math.log2(tau)),
            TURNED: lambda tau, dt: round(math.log2(dt / tau)),
            POWER: lambda tau, dt: 2 ** round(math.log2(tau / dt)),
            EXACT: _rounded(float),
            DECAY: [
                lambda tau, dt: 1 - dt / tau,
                lambda tau, dt: math.exp(-dt / tau),
                lambda tau, dt: 1 - 2.0 ** -round(math.log2(tau / dt)),
            ],
            ONE_SIDED_K: [
                lambda tau, dt: min(range(20), key=lambda k: abs(2**k - tau / dt)),
                lambda tau, dt: min(range(20), key=lambda k: abs(2.0**-k - dt / tau)),
                lambda tau, dt: min(range(20), key=lambda k: abs(tau / dt / 2**k - 1)),
                lambda tau, dt: min(range(20), key=lambda k: abs(2**k / tau * dt - 1)),
            ],
            LINEAR: [lambda tau, dt: tau / dt, lambda tau, dt: round(tau / dt)],
        },
        otherwise=lambda got, right, tau, dt: (
            f"τ = {tau:.1f} ms are {tau / dt:.1f} steps of {dt:.2f} ms. The nearest power of two "
            f"is 2 to the power {right.item():.0f}; you return {got.flatten()[0].item():g}."
        ),
        accepts=(_of_nearest_beta, lambda tau, dt: torch.log2(torch.tensor(tau / dt)).round()),
        hints=(
            "With a shift by k, the share 2⁻ᵏ of the membrane leaks at each step. So it lasts for about 2ᵏ steps.",
            "τ is τ/Δt steps long. You look for the k with 2ᵏ = τ/Δt, as nearly as a whole number can.",
            "`math.log2` and `round` are all you need. Without `import math`: `torch.log2(torch.tensor(x)).item()`.",
        ),
        right="A chip with shifts has time constants in powers of two, and no others.",
    ),
    Exercise(
        id="19.2",
        title="An integer neuron that does not overflow",
        name="my_step",
        solution=my_step,
        cases=_draw_currents,
        run=_run_steps,
        mistakes={
            UNLIMITED: _steps(low=lambda half: -(2**30), high=lambda half: 2**30),
            WRAPS: _steps(wrap=True),
            ONLY_TOP: _steps(low=lambda half: -(2**30)),
            ONLY_BOTTOM: _steps(high=lambda half: 2**30),
            NO_NEGATIVE: [
                _steps(low=lambda half: 0),
                _steps(low=lambda half: 0, high=lambda half: 2 * half - 1),
            ],
            SYMMETRIC: _steps(low=lambda half: 1 - half),
            CARET: [_with_caret, _half_with_caret],
            BRACKETS: [_steps(leak=lambda mem, k: mem), _without_brackets],
            KEEPS_LEAK: _steps(leak=lambda mem, k: mem - (mem >> k)),
            SWAPPED: lambda *case: _steps()(*case)[::-1],
            ONE_BIT_MORE: _steps(low=lambda half: -2 * half, high=lambda half: 2 * half - 1),
            ONE_BIT_LESS: _steps(low=lambda half: -half // 2, high=lambda half: half // 2 - 1),
            TOP_TOO_HIGH: [
                _steps(high=lambda half: half),
                _steps(low=lambda half: -half - 1, high=lambda half: half),
            ],
            AT_THETA: [_steps(fires=torch.ge), _spikes_at_theta],
            EIGHT_BITS: _steps(low=lambda half: -128, high=lambda half: 127),
            K_IS_3: lambda cur, mem, k, *more: my_step(cur, mem, 3, *more),
            EXPONENT: [
                _steps(low=lambda half: -2 * half - 1, high=lambda half: 2 * half - 2),
                _steps(low=lambda half: -2 * half - 1, high=lambda half: 2 * half - 1),
            ],
            PAYS_ONE: _steps(reset="one"),
            NO_RESET: _steps(reset="none"),
            RESET_NOW: [_reset_at_once, partial(_reset_at_once, early=False)],
            TO_ZERO: [_steps(reset="zero", order="reset first"), _all_to_zero],
            NO_LEAK: _steps(leak=lambda mem, k: 0 * mem),
            LEAK_GROWS: _steps(leak=lambda mem, k: -(mem >> k)),
            LEAK_LATE: _steps(order="leak last"),
            LEAK_OF_RESET: _steps(order="reset first"),
            HALVES: [
                _by_product,
                partial(_by_product, to=torch.floor),
                partial(_by_product, to=torch.trunc),
            ],
            TOWARD_ZERO: _steps(
                leak=lambda mem, k: torch.div(mem, 2**k, rounding_mode="trunc").int()
            ),
            OLD_SPIKES: _steps(order="old spikes"),
            CLIPS_CURRENT: _steps(clips="current"),
            EARLY: [_steps(order="limit first"), _limited_twice],
        },
        otherwise="These are not the spikes and membranes of the equation. Line by line: the old spikes, the sum, its limits, the new spikes.",
        accepts=(_neuron_by_neuron, _in_numpy),
        hints=(
            "The old spikes are `mem > threshold`. The leak is `mem >> k`.",
            "Add up everything first: `mem - (mem >> k) + cur - threshold * spk`. Then limit the sum.",
            "b bits with a sign hold -2**(b - 1) to 2**(b - 1) - 1: `mem.clamp(low, high)`.",
        ),
        right="Each line is an operation that a chip has: compare, shift, add, saturate.",
    ),
    Exercise(
        id="19.3",
        title="Another chip at each call",
        name="my_chip",
        solution=my_chip,
        check=check_chip,
        mistakes={
            FROZEN: _fixed,
            ONE_FACTOR: lambda weight, sd: weight * (1 + sd * torch.randn(())),
            BY_ROW: [
                lambda weight, sd: weight * (1 + sd * torch.randn(len(weight), 1)),
                lambda weight, sd: weight * (1 + sd * torch.randn(weight.shape[1])),
            ],
            ADDED: lambda weight, sd: weight + sd * torch.randn_like(weight),
            SAME_SHAPE: lambda weight, sd: weight.T * (1 + sd * torch.randn_like(weight.T)),
            NO_MEAN: [
                lambda weight, sd: weight * (sd * torch.randn_like(weight)),
                lambda weight, sd: weight * (sd + torch.randn_like(weight)),
            ],
            FACTORS: lambda weight, sd: 1 + sd * torch.randn_like(weight) + 0 * weight,
            ONE_OUTSIDE: lambda weight, sd: weight * sd * torch.randn_like(weight) + 1,
            SIGN: lambda weight, sd: weight.abs() * (1 + sd * torch.randn_like(weight)),
            NOT_NORMAL: [
                lambda weight, sd: weight * (1 + sd * 12**0.5 * (torch.rand_like(weight) - 0.5)),
                lambda weight, sd: (
                    weight * torch.distributions.Laplace(1.0, sd / 2**0.5).sample(weight.shape)
                ),
            ],
            PART: lambda weight, sd: weight + (weight * sd * torch.randn_like(weight)).detach(),
            SD_SQUARED: lambda weight, sd: weight * (1 + sd**2 * torch.randn_like(weight)),
            SD_ROOT: lambda weight, sd: weight * (1 + sd**0.5 * torch.randn_like(weight)),
            UNIFORM: lambda weight, sd: weight * (1 + sd * (2 * torch.rand_like(weight) - 1)),
            ONE_SIDED: [
                lambda weight, sd: weight * (1 + sd * torch.rand_like(weight)),
                lambda weight, sd: weight * (1 + sd * torch.randn_like(weight).abs()),
            ],
            IN_NUMPY: lambda weight, sd: weight * np.random.normal(1, sd, weight.shape),  # noqa: NPY002
            CUT: [
                lambda weight, sd: torch.normal(weight, sd * weight.abs()),
                lambda weight, sd: weight.detach() * (1 + sd * torch.randn_like(weight)),
                lambda weight, sd: (
                    (weight * (1 + sd * torch.randn_like(weight))).detach().requires_grad_()
                ),
            ],
        },
        wrong=(
            lambda weight, sd: weight * (1.04 + sd * torch.randn_like(weight)),
            lambda weight, sd: weight * (1 + 1.06 * sd * torch.randn_like(weight)),
            lambda weight, sd: weight * (1 + sd / 100 * torch.randn_like(weight)),
        ),
        accepts=(
            lambda weight, sd: torch.normal(1.0, sd, weight.shape) * weight,
            lambda weight, sd: weight + sd * weight * torch.randn(*weight.shape),
            lambda weight, sd: weight * (1 + sd * torch.randn(weight.shape, dtype=torch.float64)),
        ),
        hints=(
            "Mismatch is a share of each weight: multiply each one by a factor of its own, around 1.",
            "`torch.randn_like(weight)` draws a number for each weight, with mean 0 and spread 1.",
            "The factor is `1 + sd * torch.randn_like(weight)`.",
        ),
        right="The gradient flows through the factor: the network learns for chips that it has never seen.",
    ),
]
