"""The leaky neuron in integers: additions, shifts and comparisons, as a chip has them.

    U[t] = fit(U[t-1] - leak(U[t-1]) + I[t] - θ S[t-1])      S[t] = 1 if U[t] > θ else 0

`leak(U)` is U / 2ᵏ, a shift by k bits, rounded; so β = 1 - 2⁻ᵏ. `fit` is what happens to a sum that
is too large for the memory of the state. All numbers are integers, and all results are exact.
"""

import torch
from jaxtyping import Int, Int8
from torch import Tensor

from snnedu.core import _check
from snnedu.core.steps import REST

Now = Int[Tensor, "batch *features"]
Spikes = Int8[Tensor, "batch *features"]
ROUNDINGS = ("nearest", "floor", "zero")
OVERFLOWS = ("saturate", "wrap")
NO_LEAK = 31  # the shift that stands for β = 1


def int_leaky_step(
    cur: Now,
    mem: Now,
    *,
    shift: int | Int[Tensor, "..."],
    threshold: int | Int[Tensor, "..."],
    state_bits: int,
    rounding: str,
    overflow: str,
    reset_mechanism: str,
) -> tuple[Spikes, Now]:
    """Advance integer leaky neurons one step; return `spk, mem` = S[t], U[t].

        U[t] = fit(U[t-1] - leak(U[t-1]) + I[t] - θ S[t-1])                "subtract"
        U[t] = fit(V - leak(V) + I[t]),  V = (1 - S[t-1]) U[t-1]           "zero"
        S[t] = 1 if U[t] > θ else 0

    `shift`: k, from 0 (forget all) to 30; 31 stands for no leak. `rounding` of U / 2ᵏ: "nearest"
    (a half up), "floor" (what a plain shift does) or "zero" (toward zero). `overflow`: the state
    has `state_bits` bits, with sign; "saturate" stops at the largest and smallest number, "wrap"
    drops the bits above, as plain integer addition does. The sum itself is never too large here.

    All of `cur`, `mem` and `threshold` have one unit, which `integer` chooses. `mem` keeps its
    dtype. Raises TypeError for floats, ValueError for shapes that differ.
    Source: as in `leaky_step`, but for the decay, which is a shift of bits, as Rockpool's
    LIFBitshift has it for the chip Xylo.
    """
    _check_integers(cur, mem)
    before = mem.long()
    spk = before > threshold
    if reset_mechanism == "zero":
        before = torch.where(spk, 0, before)
    total = before - leak(before, shift, rounding) + cur
    if reset_mechanism == "subtract":
        total = total - threshold * spk
    now = fit(total, state_bits, overflow)
    return (now > threshold).to(torch.int8), now.to(mem.dtype)


def leak(mem: Now, shift: int | Int[Tensor, "..."], rounding: str) -> Now:
    """Return U / 2ᵏ, rounded to an integer; 0 where k = 31."""
    shift = torch.as_tensor(shift, device=mem.device)
    unit = torch.ones_like(shift, dtype=torch.int64) << shift
    if rounding == "nearest":
        mem = mem + (unit >> 1)
    elif rounding == "zero":
        mem = torch.where(mem < 0, mem + unit - 1, mem)
    return (mem >> shift) * (shift < NO_LEAK)


def fit(total: Now, state_bits: int, overflow: str) -> Now:
    """Return what a state of so many bits keeps of a sum."""
    half = 2 ** (state_bits - 1)
    if overflow == "saturate":
        return total.clamp(-half, half - 1)
    return (total + half) % (2 * half) - half


def nearest_shift(beta: float | Tensor) -> Int[Tensor, "..."]:
    """Return the k whose decay 1 - 2⁻ᵏ is nearest to β in the exponent; 31, no leak, for β = 1."""
    _check.fraction("beta", beta)
    rate = 1 - torch.as_tensor(beta, dtype=torch.float64).detach()
    shift = (-torch.log2(rate.clamp(min=2.0**-NO_LEAK))).round().clamp(0, NO_LEAK)
    return shift.to(torch.int32)


def decay(shift: int | Int[Tensor, "..."]) -> Tensor:
    """Return β = 1 - 2⁻ᵏ, and 1 for k = 31."""
    shift = torch.as_tensor(shift)
    return torch.where(shift >= NO_LEAK, 1.0, 1 - 2.0 ** -shift.float())


def _check_integers(cur: Tensor, mem: Tensor) -> None:
    for name, value in (("cur", cur), ("mem", mem)):
        if value.is_floating_point():
            raise TypeError(
                f"`{name}` must hold integers. Received {value.dtype}. Round it and call "
                f"`{name}.int()`, or convert a whole network with `snn.quantize.integer(net)`."
            )
    _check.same_shape("int_leaky_step(cur, mem)", cur, mem, REST)
