"""Exercises of 13 · Spike times: the slope of a time, where a spike dies, a jump of the credit."""

import math
from collections.abc import Callable, Iterator
from random import gauss, uniform
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.core.spike_times import exact_spike_times
from snnedu.course.attempt import WrongAnswer
from snnedu.course.diagnosis import refuse
from snnedu.course.exercise import Exercise

Fires = Callable[[float], bool]


def my_slopes(weights: Tensor, times: Tensor, fired: Tensor) -> Tensor:
    """Return dt*/dw of each input of a neuron that fired once, at `fired`, after all of them."""
    x = torch.exp(-(fired - times) / 2)
    rise = (weights * (x**2 - x / 2)).sum()
    return -(x - x**2) / rise


def last_gap(fires: Fires) -> float:
    """Return the largest gap between two input spikes at which the neuron still fires."""
    near, far = 0.0, 10.0
    while far - near > 1e-4:
        middle = (near + far) / 2
        if fires(middle):
            near = middle
        else:
            far = middle
    return near


def my_jump(p: float, g: float, cur: float) -> float:
    """Return the credit dL/dV just before a spike; `p` is the one after it, `g` is dL/dt*."""
    before, after = (cur - 1) / 2, cur / 2  # dV/dt on both sides
    return (after * p - g) / before


# --------------------------------------------------------------------------------------- 13.1

LATER = "Your signs are reversed. A larger weight lifts the membrane, so the spike comes earlier: the slope is negative."
OWN_RISE = "You divide each input by its own rise. The membrane rises by all inputs together: sum their parts first."
NO_WEIGHTS = (
    "Your rise adds up the bumps as if all weights were 1. Input i lifts V by w_i times its bump."
)
MEAN_RISE = "Your rise is a mean over the inputs. What they do to V adds up: a sum."
WEIGHTED_BUMP = "You multiply the bump by the weight. The derivative of w κ(s) with respect to w is the bump alone."
UPSIDE_DOWN = (
    "You return dw/dt*, the weight that a shift of the spike would need. Turn the fraction over."
)
ALL_AS_ONE = (
    "You add the inputs up. Each weight has a slope of its own: return as many as there are."
)
NO_RISE = (
    "You divide by nothing, or by V itself, which is 1 at the spike. Divide by the rise of V. (Did "
    "you lose the 1/2 in x² - x/2?)"
)
OTHER_TAU = "Your x decays with τ = 1, as the current does. x = exp(-s/τ_m) with τ_m = 2."
GROWS = "Your x grows with the time that has passed. Each x should lie between 0 and 1."
TWICE = (
    "Your rise is twice that of V: from τ_m dV/dt = I - V with τ_m = 2 follows dV/dt = (I - V)/2."
)
BY_X = (
    "Your rise is the slope of κ by x, 1 - 2x. By time it is x² - x/2, because x shrinks with time."
)
NO_WAIT = "Your x are those of time 0. For each input, take the time that has passed from it to the output spike."
ONLY_X = "Your bump is x. After a spike of weight 1 the membrane is x - x²: it begins at 0."


def _draw_neurons() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Draw neurons that fire once all inputs have come."""
    for inputs in (3, 4, 2):
        while True:
            weights = 1 + 3 * torch.rand(inputs, dtype=torch.float64)
            times = torch.rand(inputs, dtype=torch.float64) / 2
            fired = exact_spike_times(times.view(1, -1, 1), weights[None], 1)[0, 0, 0]
            if times.max() < fired < torch.inf:
                break
        yield weights, times, fired


def _slopes(
    sign: float = -1.0, tau: float = 2.0, rise: str = "all", bump: str = "x - x²"
) -> Callable[..., Tensor]:
    """Return a variant of the solution."""

    def slopes(weights: Tensor, times: Tensor, fired: Tensor) -> Tensor:
        x = torch.exp(-(fired - times) / tau)
        each = weights * (x**2 - x / 2)
        rises = {"all": each.sum(), "own": each, "plain": (x**2 - x / 2).sum(), "none": 1.0}
        rises |= {"own, plain": x**2 - x / 2, "mean": each.mean()}
        rises["V"] = (weights * (x - x**2)).sum()
        rises |= {"twice": 2 * each.sum(), "by x": (weights * (1 - 2 * x)).sum()}
        bumps = {"x - x²": x - x**2, "x": x, "weighted": weights * (x - x**2)}
        return sign * bumps[bump] / rises[rise]

    return slopes


def _slope_list(weights: Tensor, times: Tensor, fired: Tensor) -> list[float]:
    waits = [float(fired - t) for t in times]
    xs = [math.exp(-s / 2) for s in waits]
    rise = sum(float(w) * (x * x - x / 2) for w, x in zip(weights, xs, strict=True))
    return [-(x - x * x) / rise for x in xs]


def _slope_array(weights: Tensor, times: Tensor, fired: Tensor) -> Any:
    x = np.exp((times - fired).numpy() / 2)
    return (x - x**2) / (weights.numpy() * (x / 2 - x**2)).sum()


def _by_autograd(weights: Tensor, times: Tensor, fired: Tensor) -> Tensor:
    w = weights.clone().requires_grad_()
    exact_spike_times(times.view(1, -1, 1), w[None], 1).sum().backward()
    assert w.grad is not None
    return w.grad


# --------------------------------------------------------------------------------------- 13.2

REVERSED = "You keep the wrong half. If the neuron fires at a gap, the last such gap is there or further out."
COARSE = "Your answer is off by more than a thousandth. Search more finely."
HALF_DONE = (
    "Your search stays at its first step. In each round move one end to the middle: the near one "
    "if the neuron fires there, else the far one. Repeat until they nearly meet."
)
FAR_ALONE = "You move the far end alone. Where the neuron fires, search further out from there."
AT_ZERO = (
    "You return a gap of 0. There every neuron fires: search for the last gap at which it does."
)
NO_MIDDLE = "You halve the distance of the two ends. The middle between them is half of their sum."
NO_SEARCH = (
    "Your number does not depend on `fires`. Call it with a gap to see whether this neuron fires."
)
TOO_NEAR = "Your search ends too early: the gap may be anywhere between 0 and 10."
TRUE_FALSE = "You return whether the neuron fires. Return the gap, a number."
NO_CHANGE = (
    "The neuron does not change there between firing and silence. Search between gaps of 0 and 10."
)
ENDLESS = (
    "You asked `fires` 20,000 times, and your search goes on. Does an end move each time? Is the "
    "middle half of their sum? And two floats may never meet: stop when they are 0.0001 apart."
)
ONE_GAP = "`fires` takes one gap, a number. Ask it for one after the other."
MOST_CALLS = 20_000


def _neuron(weight: float) -> Fires:
    """Return whether a neuron fires after two spikes of this weight, at 0 and at a gap."""
    weights = torch.tensor([[weight, weight]], dtype=torch.float64)

    def fires(gap: float) -> bool:
        times = torch.tensor([[[0.0], [float(gap)]]], dtype=torch.float64)
        return bool(exact_spike_times(times, weights, 1).isfinite())

    return fires


def _draw_gaps() -> Iterator[tuple[Fires]]:
    for low, high in ((2.02, 2.08), (2.5, 3.0), (3.5, 3.8)):
        yield (_neuron(uniform(low, high)),)


def _found(answer: Callable[[Fires], Any], fires: Fires) -> Any:
    """Return the answer's gap, unless it is no gap, or the search does not end."""
    asked, several = 0, False

    def counted(gap: float) -> bool:
        nonlocal asked, several
        asked += 1
        several = np.asarray(gap).size != 1
        if several or asked > MOST_CALLS:
            raise RuntimeError(ONE_GAP if several else ENDLESS)
        return fires(gap)

    try:
        gap = answer(counted)
    except WrongAnswer:
        refuse({ONE_GAP: several, ENDLESS: asked > MOST_CALLS})
        raise
    refuse({TRUE_FALSE: isinstance(gap, bool), NO_SEARCH: gap is not None and not asked})
    return gap


def _how_far(got: Tensor, right: Tensor, fires: Fires) -> str:
    """Tell an answer that is near from one that is elsewhere."""
    return COARSE if (got - right).abs().item() < 1 else NO_CHANGE


def _halve(
    fires: Fires, times: int = 30, keep: bool = True, far: Any = 16.0, answer: str = "near"
) -> float:
    near = 0.0
    for _ in range(times):
        middle = (near + far) / 2
        if bool(fires(middle)) is keep:
            near = middle
        else:
            far = middle
    return {"near": near, "far": far, "middle": (near + far) / 2}[answer]


def _move_far(share: float) -> Callable[[Fires], float]:
    """Return a variant that moves the far end alone, and returns a share of it."""

    def search(fires: Fires) -> float:
        far = 10.0
        while not fires(far / 2):
            far /= 2
        return share * far

    return search


def _half_distance(fires: Fires) -> float:
    near, far = 0.0, 10.0
    for _ in range(40):
        middle = (far - near) / 2
        near, far = (middle, far) if fires(middle) else (near, middle)
    return near


def _by_steps(fires: Fires) -> float:
    """Walk outward in steps that shrink."""
    gap, step = 0.0, 1.0
    while step > 1e-5:
        if fires(gap + step):
            gap += step
        else:
            step /= 2
    return gap


def _walk(step: float) -> Callable[[Fires], float]:
    def walk(fires: Fires) -> float:
        gap = 0.0
        while fires(gap + step):
            gap += step
        return gap

    return walk


# --------------------------------------------------------------------------------------- 13.3

WRONG_SIGN = "Your g has the wrong sign, or both rises have. A higher V makes the spike earlier, so a loss that grows with the time falls: minus g."
NO_LATER = "You forgot p, the credit after the spike. An earlier reset also leaves a higher membrane for what follows."
NO_AFTER = "You forgot the rise after the spike. The time gained is worth *after* times p."
NO_RATIO = (
    "Your p stays as it is. The nudge dV before the spike becomes dV times the ratio of the two "
    "rises after it: V is 1 before, 0 after."
)
RATIO_TURNED = "Your ratio of the two rises is upside down. The rise before the spike is below the fraction line."
NO_HALF = "You left out τ_m = 2: dV/dt = (I - V)/τ_m."
SAME_RISE = (
    "You use the same rise on both sides. Just before the spike V = θ = 1, just after it V = 0."
)
NO_DIVISION = (
    "Your g is not divided by the rise before the spike. A steep membrane moves its spike little."
)
NO_GAIN = "Your p is not divided by the rise before the spike. The time gained is dV/before, in both parts."
DIFFERENCE = "You multiply p by the difference of the two rises. The spike resets V to 0, with and without the nudge: *after* alone counts."
PRODUCT = "You multiply the two parts. The nudge does two things: their credits add up."
SWAPPED = (
    "You swapped the two rises. The one before the spike is at V = 1, the one after it at V = 0."
)
TIMES_TAU = "You multiply by τ_m = 2. From τ_m dV/dt = I - V follows dV/dt = (I - V)/τ_m: divide."
P_TWICE = (
    "You count p twice. After the reset V is 0 with and without the nudge: p counts for the part "
    "with *after* alone."
)
NO_G = (
    "You forgot g. The nudge also makes this spike come earlier, and the loss has a slope for that."
)
P_SIGN = "Your p has the wrong sign. A higher V before the spike leaves a higher V after it: plus *after* times p."
ALL_SIGNS = "All your signs are reversed. The credit is what the loss gains when V grows: plus *after* times p, minus g."
TIMES_RISE = (
    "You multiply by the rise before the spike. A steep membrane moves its spike little: divide."
)
RISE_OF_CURRENT = "Your rise before the spike is that of V = 0. There V = θ = 1."


def _draw_jumps() -> Iterator[tuple[float, float, float]]:
    for _ in range(4):
        yield gauss(0, 1), gauss(0, 1), uniform(1.5, 6)


# --------------------------------------------------------------------------------------- all

EXERCISES = [
    Exercise(
        id="13.1",
        title="The slope of a spike time",
        name="my_slopes",
        solution=my_slopes,
        cases=_draw_neurons,
        mistakes={
            LATER: _slopes(sign=1.0),
            OWN_RISE: [_slopes(rise="own"), _slopes(rise="own, plain")],
            MEAN_RISE: _slopes(rise="mean"),
            NO_WEIGHTS: _slopes(rise="plain"),
            WEIGHTED_BUMP: _slopes(bump="weighted"),
            UPSIDE_DOWN: lambda *given: 1 / my_slopes(*given),
            ALL_AS_ONE: lambda *given: my_slopes(*given).sum(),
            NO_RISE: [
                _slopes(rise="none"),
                _slopes(rise="none", sign=1.0),
                _slopes(rise="V"),
            ],
            OTHER_TAU: _slopes(tau=1.0),
            GROWS: _slopes(tau=-2.0),
            ONLY_X: _slopes(bump="x"),
            TWICE: _slopes(rise="twice"),
            BY_X: [_slopes(rise="by x"), _slopes(rise="by x", sign=1.0)],
            NO_WAIT: lambda weights, times, fired: my_slopes(weights, times, 0 * fired + 2 * times),
        },
        otherwise="These are not the slopes. Look at each x, which lies between 0 and 1, then at each bump, then at the rise of V.",
        accepts=(_slope_list, _slope_array, _by_autograd),
        hints=(
            "At the spike V = θ, before and after the weight has changed. So what the weight adds to V is what the shift of the time takes away.",
            "With x = exp(-(t* - t_i)/2): κ = x - x², and its slope in time is x² - x/2.",
            "dV/dt is the sum over all inputs of w_i (x_i² - x_i/2). Each input's κ is divided by this one number, with a minus.",
        ),
        right="This is SpikeProp: the threshold condition, differentiated.",
    ),
    Exercise(
        id="13.2",
        title="Where a spike dies",
        name="last_gap",
        solution=last_gap,
        cases=_draw_gaps,
        mistakes={
            REVERSED: lambda fires: _halve(fires, keep=False, far=10.0, times=20),
            HALF_DONE: [
                lambda fires: _halve(fires, times=1, far=10.0),
                lambda fires: _halve(fires, times=1, far=10.0, answer="middle"),
            ],
            FAR_ALONE: [_move_far(1.0), _move_far(0.5)],
            AT_ZERO: lambda fires: 0.0 * fires(0.0),
            NO_MIDDLE: _half_distance,
            COARSE: [
                _walk(0.1),
                _walk(0.5),
                _walk(0.01),
                lambda fires: _halve(fires, times=5, far=10.0),
                lambda fires: _halve(fires, times=8, far=10.0),
                lambda fires: _halve(fires, times=8, far=10.0, answer="far"),
                lambda fires: _halve(fires, times=10, far=10.0),
                lambda fires: max(gap for gap in range(10) if fires(gap)),
            ],
            NO_SEARCH: [lambda fires: 10.0, lambda fires: 5.0, lambda fires: 1.31],
            TOO_NEAR: [
                lambda fires: _halve(fires, far=1.0),
                lambda fires: _halve(fires, far=2.0),
                lambda fires: _halve(fires, far=5.0),
            ],
            TRUE_FALSE: lambda fires: fires(_halve(fires)),
            ONE_GAP: [
                lambda fires: torch.linspace(0, 10, 10_001)[fires(torch.linspace(0, 10, 10_001))],
                lambda fires: fires(np.arange(0, 10, 0.001)),
            ],
        },
        run=_found,
        otherwise=_how_far,
        accepts=(
            _halve,
            _by_steps,
            lambda fires: np.float32(_halve(fires)),
            lambda fires: torch.tensor(_halve(fires, answer="far")),
            lambda fires: [_halve(fires, answer="middle")],
            lambda fires: _halve(fires, far=torch.tensor(10.0, dtype=torch.float64)),
        ),
        atol=1e-3,
        hints=(
            "At a gap of 0 it fires, at a gap of 10 it does not. Ask in the middle: which half holds the change?",
            "Keep two numbers: `near`, where it fires, and `far`, where it does not. Replace one of them by the middle.",
            "Repeat while `far - near` is larger than 0.0001, then return `near`.",
        ),
        right="Beyond this gap no gradient tells the neuron what it misses.",
    ),
    Exercise(
        id="13.3",
        title="A jump of the credit",
        name="my_jump",
        solution=my_jump,
        cases=_draw_jumps,
        mistakes={
            WRONG_SIGN: lambda p, g, cur: (cur * p + 2 * g) / (cur - 1),
            NO_LATER: lambda p, g, cur: -2 * g / (cur - 1),
            NO_RATIO: lambda p, g, cur: p - 2 * g / (cur - 1),
            NO_AFTER: lambda p, g, cur: 2 * (p - g) / (cur - 1),
            RATIO_TURNED: lambda p, g, cur: p * (cur - 1) / cur - 2 * g / (cur - 1),
            NO_HALF: lambda p, g, cur: (cur * p - g) / (cur - 1),
            SAME_RISE: lambda p, g, cur: p - 2 * g / cur,
            NO_DIVISION: lambda p, g, cur: cur * p / (cur - 1) - g,
            SWAPPED: lambda p, g, cur: ((cur - 1) * p - 2 * g) / cur,
            TIMES_TAU: lambda p, g, cur: (cur * p - g / 2) / (cur - 1),
            NO_GAIN: lambda p, g, cur: cur * p / 2 - 2 * g / (cur - 1),
            DIFFERENCE: [
                lambda p, g, cur: (p - 2 * g) / (cur - 1),
                lambda p, g, cur: (-p - 2 * g) / (cur - 1),
            ],
            PRODUCT: lambda p, g, cur: -cur * p * g / (cur - 1),
            P_TWICE: lambda p, g, cur: p + (cur * p - 2 * g) / (cur - 1),
            NO_G: lambda p, g, cur: cur * p / (cur - 1),
            P_SIGN: lambda p, g, cur: -(cur * p + 2 * g) / (cur - 1),
            ALL_SIGNS: lambda p, g, cur: (2 * g - cur * p) / (cur - 1),
            TIMES_RISE: lambda p, g, cur: cur * p / (cur - 1) - g * (cur - 1) / 2,
            RISE_OF_CURRENT: lambda p, g, cur: cur * p / (cur - 1) - 2 * g / cur,
        },
        otherwise="This is not the credit before the spike. The credit has two parts: the shift of the spike itself, and what the earlier reset leaves for later.",
        accepts=(
            lambda p, g, cur: (cur * p - 2 * g) / (cur - 1),
            lambda p, g, cur: p + (p - 2 * g) / (cur - 1),
            lambda p, g, cur: torch.tensor([(cur * p - 2 * g) / (cur - 1)]),
            lambda p, g, cur: np.float64((cur * p - 2 * g) / (cur - 1)),
        ),
        hints=(
            "dV/dt = (I - V)/2. Write it down for V = 1, just before the spike, and for V = 0, just after it.",
            "A nudge dV before the spike moves it by -dV/before. After the reset V is then higher by dV·after/before.",
            "So the credit has two parts, both divided by the rise before: `after` times p, and minus g.",
        ),
        right="With it you can walk backward through any spike.",
    ),
]
