"""Neurons whose spike count is a rounded activation: networks converted from an ANN have them.

    neuron = IntegrateAndFire(threshold=2.0)          # no leak, starts at θ/2
    spk_rec, mem_rec = neuron.unroll(cur.expand(8, *cur.shape))
    2.0 / 8 * spk_rec.sum(0)                          # cur, rounded to one of 9 values from 0 to 2

`TwoPhase` first collects all its input, and fires afterwards: the timing of the input is no matter.
"""

from typing import Any

from torch import Tensor

from snnedu.core import _check
from snnedu.core.layer import SpikingLayer
from snnedu.core.neurons import Leaky
from snnedu.core.steps import REST, Now, Number, SpikeGrad


class IntegrateAndFire(Leaky):
    """Neurons without a leak that start at a share of θ; the equation is `leaky_step` with β = 1.

    A constant current I makes them fire, in T steps from rest,

        N = clip(ceil(T I/θ + s) - 1, 0, T)        s = `start`

    times: T I/θ rounded down for s = 0, rounded to the nearest whole number for s = 1/2. (Since
    they fire above θ, not at θ, a half is rounded down.) The rest stays in the membrane.

    The reset must be "subtract". Ours comes one step late; without a leak the spikes are those of
    an immediate reset, and `mem - threshold * spk` is the membrane that it would leave.
    Source: Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682; the start: Bu et al. 2022,
    arXiv:2303.04347.
    """

    start: float | int

    def __init__(
        self,
        threshold: Number = 1.0,
        start: float | int = 0.5,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_threshold: bool = False,
    ) -> None:
        super().__init__(1.0, threshold, spike_grad, learn_threshold=learn_threshold)
        self.start = start

    def rest(self, name: str, cur: Now) -> Now:
        """Return the membrane before the first step, s θ."""
        return _start(self, cur)

    def __setattr__(self, name: str, value: Any) -> None:
        _check_start(name, value)
        super().__setattr__(name, value)


def two_phase_step(
    cur: Now,
    mem: Now,
    age: Now,
    *,
    threshold: Number,
    window: Number,
    fires_after: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now, Now]:
    """Advance neurons that collect first and fire afterwards; return `spk, mem, age`.

        A[t] = A[t-1] + 1                            the number of this step, from 1 on
        U[t] = U[t-1] + I[t] - θ S[t-1]              I counts while F - W < A[t] ≤ F
        S[t] = 1 if U[t] > θ and F < A[t] ≤ F + W, else 0

    W = `window`, F = `fires_after`, both in steps. "zero" empties the membrane after a spike,
    "none" leaves it as it is. Source: the two phases of Bojković et al. 2025, arXiv:2502.14487;
    theirs fire at random, ours do not.
    """
    for part in (mem, age):
        _check.same_shape("two_phase_step(cur, mem, age)", cur, part, REST)
    spk = spike_grad(mem - threshold).detach() * _within(age - fires_after, window)
    age = age + 1
    if reset_mechanism == "zero":
        mem = (1 - spk) * mem
    mem = mem + cur * _within(age - fires_after + window, window)
    if reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold) * _within(age - fires_after, window), mem, age


class TwoPhase(SpikingLayer):
    """Neurons that collect for `window` steps, then fire for as many; see `two_phase_step`.

    All input has arrived when they begin to fire, so its timing cannot matter:

        N = clip(ceil(sum of I/θ + s) - 1, 0, W)        the sum is that over the window

    `fires_after`: the steps before the firing begins, `window` or more. `start`: s, as in
    `IntegrateAndFire`.
    """

    step = staticmethod(two_phase_step)
    state_names = ("mem", "age")
    numbers = ("threshold", "window", "fires_after")
    decays = ()
    start: float | int
    window: Tensor
    fires_after: Tensor

    def __init__(
        self,
        threshold: Number = 1.0,
        start: float | int = 0.5,
        spike_grad: SpikeGrad | None = None,
        *,
        window: int,
        fires_after: int,
        reset_mechanism: str = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        _check.count("window", window)
        _check.count("fires_after", fires_after)
        if fires_after < window:
            raise ValueError(
                f"`fires_after` must be `window` or more: the neuron collects before it fires. "
                f"Received {fires_after} and {window}. Pass `fires_after={window}`."
            )
        self.own("threshold", threshold)
        self.own("window", window)
        self.own("fires_after", fires_after)
        self.start = start

    def rest(self, name: str, cur: Now) -> Now:
        """Return the membrane s θ, and the age 0."""
        return _start(self, cur) if name == "mem" else super().rest(name, cur)

    def __setattr__(self, name: str, value: Any) -> None:
        _check_start(name, value)
        super().__setattr__(name, value)


def _within(steps: Tensor, window: Number) -> Tensor:
    """Return 1 where 0 < steps ≤ window."""
    return ((steps > 0) & (steps <= window)).to(steps.dtype)


def _start(neuron: IntegrateAndFire | TwoPhase, cur: Tensor) -> Tensor:
    """Return s θ for each neuron."""
    threshold = neuron.used("threshold").detach().to(cur.dtype)
    return (neuron.start * threshold).expand(cur.shape).contiguous()


def _check_start(name: str, value: Any) -> None:
    if name == "start":
        _check.between(name, value, 0, 1, "It is a share of θ; 0.5 rounds to the nearest count.")
