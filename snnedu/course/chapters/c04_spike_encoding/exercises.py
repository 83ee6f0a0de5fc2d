"""Exercises of 04 · Spike encoding: by rate, by latency, by change, and the price of precision."""

import math
from collections.abc import Callable
from itertools import accumulate
from random import randint, random, uniform

import numpy as np
import torch
from torch import Tensor

from snnedu.core.spikegen import decode_delta, delta, latency, rate, receptive_fields
from snnedu.course.attempt import Attempt
from snnedu.course.diagnosis import ByShape, numbers, refuse
from snnedu.course.exercise import Exercise


def my_rate(x: Tensor, num_steps: int) -> Tensor:
    """Return spikes [time, numbers]: at each step each number x spikes with probability x."""
    chance = torch.rand(num_steps, len(x))
    return (chance < x).float()


def steps_needed(x: float, error: float) -> float:
    """Return the steps after which a rate code gives x with this standard error."""
    return x * (1 - x) / error**2


def my_latency(x: Tensor, num_steps: int) -> Tensor:
    """Return spikes [time, numbers]: one for each number; the larger the number, the sooner."""
    times = ((num_steps - 1) * (1 - x)).round()
    steps = torch.arange(num_steps)[:, None]
    return (steps == times).float()


def my_delta(x: Tensor, threshold: float) -> Tensor:
    """Return 1, -1 or 0 for each step of a signal [time]: compare with what was told so far."""
    told, spikes = 0.0, []
    for value in x.tolist():
        spike = (value - told >= threshold) - (value - told <= -threshold)
        told += threshold * spike
        spikes.append(float(spike))
    return torch.tensor(spikes)


def my_bells(x: Tensor, num_neurons: int) -> Tensor:
    """Return probabilities [numbers, neurons]: each neuron likes numbers near its favorite."""
    favorites = torch.linspace(0, 1, num_neurons)
    distance = (x[:, None] - favorites) * (num_neurons - 1)
    return torch.exp(-(distance**2) / 2)


def rebuild(spk: Tensor, threshold: float) -> Tensor:
    """Return the signal [time] that spikes 1, -1 or 0 describe; it starts from 0."""
    return threshold * spk.cumsum(0)


# ---------------------------------------------------------------- 04.1

TIME_LAST = "Your answer is [numbers, time]. In this course time comes first: [time, numbers]."
PROBABILITIES = "These are the probabilities. A spike is there or not: 0 or 1. Draw random numbers and compare them with the probabilities."
MANY_A_STEP = "Some of your steps hold several spikes, as Poisson counts do. Here a step holds one spike or none: 1 or 0."
NO_CHANCE = "You round x. Then 0.6 always spikes, like 1.0. Let chance decide, again at each step."
SAME_AGAIN = "Two calls with the same numbers give the same spikes. Let chance decide, anew in each call; with a fixed seed it does not."
ALWAYS = "Every number above 0 spikes at every step in your answer. x itself is the probability of a spike: compare each random number with x."
INVERTED = "Your small numbers spike often and your large ones rarely. Reverse the comparison."
ONE_THROW = "You toss one coin for each number and repeat the result at every step. Toss again at each step."
SHARED = "All numbers share one coin at each step, so that they spike together. Each number needs its own coin."
ALL_ALIKE = "All your numbers spike equally often. The probability of a spike is x: 0 never spikes, 1 always."
TOO_EVEN = "Your counts are right, but too even: trains of the same number have almost the same count. Coins that are tossed anew at each step scatter more."
SPEAKS = "x = 0 never spikes: its probability is 0. Some of your trains of 0 do."
SILENT = (
    "x = 1 spikes at every step: its probability is 1. Some of your trains of 1 leave steps out."
)
COINS = 40  # trains of each number


def check_rate(answer: Attempt) -> None:
    """Look at shape and values, at the share of each number, then at what the coins have in common.

    The margins are six standard deviations of fair coins or more. 0 and 1 leave nothing to chance,
    but `torch.rand() <= x` is as good: of 10,000 coins for 0, hardly ever one falls on 0.
    """
    levels = torch.cat([torch.tensor([0.0, 0.1, 0.6, 0.9, 1.0]), 0.2 + 0.2 * torch.rand(2)])
    levels, steps = levels[torch.randperm(7)], 250
    x = levels.repeat_interleave(COINS)
    got, again = (_coins(answer(x, steps), steps, x) for _ in range(2))
    trains = got.view(steps, len(levels), COINS)
    share = trains.mean((0, 2))
    off = share - levels
    worst = int(off.abs().argmax())
    alike = torch.equal(trains, trains[..., :1].expand_as(trains))
    refuse(
        {
            NO_CHANCE: torch.equal(got, (x > 0.5).float().expand_as(got)),
            ALWAYS: torch.equal(got, (x > 0).float().expand_as(got)),
            SAME_AGAIN: torch.equal(got, again),
            ONE_THROW: not got.diff(dim=0).any(),
            SHARED: alike and off.abs().max() < 0.2,
            INVERTED: (share - (1 - levels)).abs().max() < 0.035,
            ALL_ALIKE: share.max() - 0.07 < share.min() > 0.07,  # not all nearly silent
            SPEAKS: off[levels == 0] > 3e-4,
            SILENT: off[levels == 1] < -3e-4,
            f"A number {levels[worst]:.2f} spikes in {share[worst]:.0%} of your steps.": (
                off.abs().max() > 0.035
            ),
        }
    )
    tossed = (levels > 0) & (levels < 1)
    rest, variance = trains - levels[:, None], levels * (1 - levels)
    _refuse_dependence(rest[:, tossed], variance[tossed])


def _refuse_dependence(rest: Tensor, variance: Tensor) -> None:
    """Refuse coins that know of each other; `rest` is [steps, levels, trains], its mean 0."""
    over_time = (rest.sum(0).square().mean(-1) / (len(rest) * variance)).mean()
    over_trains = (rest.sum(-1).square().mean(0) / (COINS * variance)).mean()
    neighbors = ((rest[1:] * rest[:-1]).mean((0, 2)) / variance).abs().max()
    refuse(
        {
            TOO_EVEN: over_time < 0.5,
            "The coins of one step depend on those of another. Toss each one anew.": (
                over_time > 1.8 or neighbors > 0.07
            ),
            "The coins of different numbers depend on each other. Each needs its own.": (
                not 0.6 < over_trains < 1.6
            ),
        }
    )


def _coins(got: object, steps: int, x: Tensor) -> Tensor:
    """Return the spikes of a rate code; refuse what is none."""
    spk = _spikes(got, steps, x)
    whole = bool((spk == spk.round()).all()) and bool((spk >= 0).all())
    refuse(
        {
            PROBABILITIES: torch.allclose(spk, x.expand_as(spk)),
            MANY_A_STEP: whole and spk.max() > 1,
            "Spikes are 0 or 1. Yours have other values.": not ((spk == 0) | (spk == 1)).all(),
        }
    )
    return spk


def _spikes(got: object, steps: int, x: Tensor) -> Tensor:
    """Return an answer [steps, len(x)] as numbers; refuse another shape."""
    spk = numbers(got).float()
    refuse(
        {
            TIME_LAST: spk.shape == (len(x), steps),
            f"Return [time, numbers]: {steps} steps of {len(x)} numbers. Yours is "
            f"{list(spk.shape)}.": spk.shape != (steps, len(x)),
        }
    )
    return spk


def _shuffled_counts(x: Tensor, num_steps: int) -> Tensor:
    """Return exactly round(x T) spikes for each number, at random times."""
    ranks = torch.rand(num_steps, len(x)).argsort(0).argsort(0)
    return (ranks < (num_steps * x).round()).float()


# ---------------------------------------------------------------- 04.2

NOT_SQUARED = (
    "You divide by the error. The error falls with the root of T, so T goes with 1/error²."
)
ROOT_KEPT = "The root is still there. Square both sides of the equation before you solve for T."
NO_SILENCE = "You left out (1 - x). A pixel that always spikes has no error: it needs no steps."
ALL_SQUARED = (
    "You square too much: x (1 - x) stood below a root, so squaring only removes the root."
)
ANY_NUMBER = (
    "You leave x out. These steps are enough for every number; the question asks how many x needs."
)
NOT_BELOW = "Your steps are x (1 - x), whatever the error. If you wrote `a / b * b`: this divides by b, then multiplies by b again. Write `a / (b * b)` or `a / b**2`."
UPSIDE_DOWN = "Your steps grow with the error. If you accept a larger error, you need fewer steps."


def _precisions() -> list[tuple[float, float]]:
    """Return numbers and errors whose steps are 0.3 or more away from a whole number."""
    drawn = [(uniform(*ends), randint(40, 900) + uniform(0.3, 0.7)) for ends in RANGES]
    return [(x, (x * (1 - x) / steps) ** 0.5) for x, steps in drawn]


RANGES = ((0.85, 0.95), (0.1, 0.3), (0.6, 0.8))  # the error is never 1: it would hide a square


# ---------------------------------------------------------------- 04.3

LATE = "Your large numbers spike late. Strong means early: x = 1 spikes at step 0."
ONE_STEP_MORE = (
    "Your x = 0 spikes at step T, but the last step is T - 1. So T steps make T - 1 intervals."
)
CUT_OFF = "You cut off the decimals. Use the nearest step: `.round()`."
TIMES = "These are the times. Return spikes: 1 at the step of each time, 0 elsewhere."
STAYS_ON = "Your neurons stay on after their time. Each spikes once: `==`, not `>=`."
WHOLE_ROWS = "All your numbers spike at the times of all: `spk[times] = 1` fills whole rows. Mark one place for each: `spk[times, torch.arange(len(x))] = 1`."
OF_17 = "Your times are those of 17 steps, the notebook's `T`. Use `num_steps`."
ZERO_OR_ONE = "Spikes are 0 or 1: 1 at the step of each time, 0 elsewhere."
NOT_ROUNDED = "Few of your times are whole numbers, and steps are: such a time meets none of them. Take the nearest step: `.round()`."
NOT_ONE = "Each number spikes exactly once. In your answer x = {:.3g} spikes {} times."


def _run_latency(answer: Attempt, x: Tensor, steps: int) -> Tensor:
    got = answer(x, steps)
    refuse({TIMES: numbers(got).shape == x.shape})
    spk = _spikes(got, steps, x)
    refuse({ZERO_OR_ONE: not ((spk == 0) | (spk == 1)).all()})
    return spk


def _levels() -> list[tuple[Tensor, int]]:
    """Return numbers from 0 to 1 for codes of two lengths; none lies halfway between two steps."""
    return [(_near_steps(steps), steps) for steps in (12, randint(15, 30))]


def _near_steps(steps: int) -> Tensor:
    times = torch.randint(1, steps - 1, (40,)) + 0.9 * (torch.rand(40) - 0.5)
    return 1 - torch.cat([torch.tensor([0.0, steps - 1]), times]) / (steps - 1)


def _compare_latencies(got: Tensor, right: Tensor, x: Tensor, steps: int) -> str:
    counts = got.sum(0)
    if not (counts == 1).all():
        number = int((counts != 1).nonzero()[0])
        return NOT_ONE.format(x[number], int(counts[number]))
    first = int((got != right).any(0).nonzero()[0])
    return (
        f"Of {steps} steps, 0 to {steps - 1}, x = {x[first]:.3g} spikes at your step "
        f"{int(got[:, first].argmax())}. t = {steps - 1} (1 - x) = "
        f"{(steps - 1) * (1 - x[first]):.2f}: take the nearest step."
    )


def _latency_by_loop(x: Tensor, num_steps: int) -> Tensor:
    spk = torch.zeros(num_steps, len(x))
    for i, value in enumerate(x):
        spk[round((num_steps - 1) * (1 - value.item())), i] = 1
    return spk


def _at(times: Tensor, steps: int) -> Tensor:
    return (torch.arange(steps)[:, None] == times.round()).float()


# ---------------------------------------------------------------- 04.4

STEP_BEFORE = "You compare with the step before. Then a slow rise never spikes. Compare with what your spikes have told so far."
NO_DOWN = "Your signal only ever rises. A fall by θ is a spike, too: -1."
NEVER_TOLD = "You always compare with the start. After each spike, what was told moves by θ."
TELLS_ALL = "After a spike you take over the signal itself. The reader only knows that it moved by θ: move what was told by θ as well."
IN_THETA = "Your spikes have the size θ. A spike is 1, -1 or 0; the reader knows θ."
RETURNS_SUM = (
    "You return what was told, the sum. Return the spikes, 1, -1 or 0: the reader adds them up."
)
BY_ONE = "You move what was told by 1 with each spike. A spike moves it by θ."
SEVERAL = "At step {} you send {:g}, several spikes at once. A step holds 1, -1 or 0: what is left to tell waits for the next steps."
TOLD_WRONG_WAY = "What was told moves away from the signal. After a spike 1 it rises by θ."


def _moves() -> list[tuple[Tensor, float]]:
    """Return two signals, slow, then fast, then a jump; at first they move by exactly θ, up, down."""
    return [(_signal(threshold), threshold) for threshold in (0.125, 0.25)]


def _signal(threshold: float) -> Tensor:
    time, phase = torch.arange(160), uniform(0, 6)
    signal = torch.sin(time / uniform(11, 13)) * torch.exp(-time / 90)
    signal = signal + 0.3 * torch.sin(time / 3 + phase) + time / 200
    jump = (signal[-1] + 3.3 * threshold).expand(8)
    return torch.cat([torch.tensor([threshold, 0.0]), signal, jump])


def _compare_changes(got: Tensor, right: Tensor, x: Tensor, threshold: float) -> str:
    if got.any() and set(got.abs().unique().tolist()) <= {0.0, threshold}:
        return IN_THETA
    step = int((got != right).nonzero()[0])
    if abs(got[step]) > 1 and got[step] == got[step].round():
        return SEVERAL.format(step, got[step])
    told = threshold * float(right[:step].sum())
    return (
        f"At step {step} the signal is {x[step]:.3g}, your spikes have told {told:.3g} so far, and "
        f"θ is {threshold}. There you say {got[step]:g}. Did the signal move up or down by θ or "
        f"more from what was told?"
    )


def _sender(
    update: str, down: bool = True, first: bool = False
) -> Callable[[Tensor, float], Tensor]:
    """Return a delta encoder with one mistake in what it thinks was told."""

    def send(x: Tensor, threshold: float) -> Tensor:
        told, spikes = float(x[0]) if first else 0.0, list[float]()
        for value in x.tolist():
            up, fell = value - told >= threshold, value - told <= -threshold
            spike = float(up) - float(fell and down)
            moved = told + threshold * spike
            new = {"signal": value, "never": 0.0, "away": told - threshold * spike}
            new["one"] = told + spike
            told = (value if spike else told) if update == "jump" else new.get(update, moved)
            spikes.append(spike)
        return torch.tensor(spikes)

    return send


def _where(moved: Tensor, threshold: float) -> Tensor:
    """Return 1 where a signal moved up by the threshold or more, -1 where down, else 0."""
    return (moved >= threshold).float() - (moved <= -threshold).float()


# ---------------------------------------------------------------- 04.5

NOT_ADDED = (
    "You show each spike by itself. A spike is a change: changes must be added up over time."
)
NO_SIZE = "You count spikes. Each one means a move by θ."
ONE_LATE = "Your signal comes one step late. The spike at step t belongs to the signal at step t."
ONE_OBJECT = "All your values are the last one. `r += ...` changes the tensor that is already in your list; `r = r + ...` makes a new one."
NO_SIGN = "Your signal only ever rises. A spike -1 means: θ lower than before."
ONLY_END = "You return a single number. The question asks for the signal at every step."


def _changes() -> Tensor:
    """Return spikes that rise, rest and fall, go far beyond 1 and -1, then twenty that are drawn."""
    begin = torch.tensor([1.0, 1, 0, 1, -1, 0, -1, -1, -1])
    return torch.cat([begin, torch.ones(13), -torch.ones(24), torch.randint(-1, 2, (20,)).float()])


def _compare_signals(got: Tensor, right: Tensor, spk: Tensor, threshold: float) -> str:
    step = int((got - right).abs().gt(1e-4).nonzero()[0])
    return (
        f"The spikes {[int(s) for s in spk[: step + 1]]} with θ = {threshold:.3g} describe "
        f"{right[step]:g}. You say {got[step]:g}."
    )


def _one_object(spk: Tensor, threshold: float) -> list[Tensor]:
    """Add up in place: every place of the list then holds the same tensor."""
    told, signal = torch.zeros(()), list[Tensor]()
    for spike in spk:
        told += threshold * spike
        signal.append(told)
    return signal


# ---------------------------------------------------------------- 04.6

NEURONS_FIRST = "Your answer is [neurons, numbers]. The numbers come first: [numbers, neurons]."
SHARP = "Your curves have a sharp tip. Square the distance: a bell is round at its top."
NOT_SQUARED_DISTANCE = "The square is missing: for numbers below a favorite your exponent is positive, so that the probability exceeds 1."
GROWS = "Your neurons like numbers that are far away. The exponent needs a minus, and it stands before the square: `-(a**2)`."
NO_HALF = "Your bells are too narrow. The exponent is divided by 2 σ²: the 2 counts, too."
SIGMA_ONE = "You left out σ: your bells are so wide that all neurons answer nearly alike."
ONE_OVER_N = "Ten favorites from 0 to 1 are 1/9 apart, not 1/10: σ is 1 / (num_neurons - 1)."
SUMS_TO_ONE = "You divide by the sum, so that the neurons share one spike. Here each has its own probability, 1 at its favorite."
NO_BRACKETS = "`a / 2 * b` divides by 2 alone, then multiplies by b. Put brackets around all that stands below the line: `a / (2 * b)`."
SIGMA_NOT_SQUARED = "You divide by 2 σ. The exponent is divided by 2 σ²: square σ as well."
SPIKES = "Your values are all 0 or 1. Return the probabilities themselves. Spikes are drawn from them later."
TWO_SQUARED = (
    "Your exponent is divided by 4 σ²: `(2 * a)**2` squares the 2, too. Only σ is squared: 2 σ²."
)
DENSITY = "Your bells have a factor before the exponential, as a density has. Here each value is a probability, 1 at the favorite: leave the factor out."
NO_LAST = "No neuron likes 1.0 best. The favorites reach from 0 to 1, both included."


def _bells(x: Tensor, num_neurons: int, power: float = 2, half: float = 2) -> Tensor:
    """Return the solution with another exponent."""
    return torch.exp(-(_distances(x, num_neurons).abs() ** power) / half)


def _distances(x: Tensor, num_neurons: int) -> Tensor:
    """Return x - μ [numbers, neurons], in units of σ."""
    return (x[:, None] - torch.linspace(0, 1, num_neurons)) * (num_neurons - 1)


def _from_zero(x: Tensor, num_neurons: int, steepness: int) -> Tensor:
    """Return bells whose favorites stop before 1; σ is 1 / `steepness`."""
    favorites = torch.arange(num_neurons) / num_neurons
    return torch.exp(-(((x[:, None] - favorites) * steepness) ** 2) / 2)


def _compare_bells(got: Tensor, right: Tensor, x: Tensor, num_neurons: int) -> str:
    if ((got == 0) | (got == 1)).all():
        return SPIKES
    number, neuron = divmod(int((got - right).abs().argmax()), num_neurons)
    return (
        f"Of {num_neurons} neurons, neuron {neuron} prefers {neuron / (num_neurons - 1):.3g}. For "
        f"x = {x[number]:.3g} its probability is {right[number, neuron]:.3g}, you say "
        f"{got[number, neuron]:.3g}."
    )


EXERCISES = [
    Exercise(
        id="04.1",
        title="How often",
        name="my_rate",
        solution=my_rate,
        check=check_rate,
        mistakes={
            NO_CHANCE: lambda x, num_steps: (x > 0.5).float().expand(num_steps, -1),
            ALWAYS: lambda x, num_steps: (x > 0).float().expand(num_steps, -1),
            ONE_THROW: lambda x, num_steps: (torch.rand_like(x) < x).float().expand(num_steps, -1),
            SHARED: lambda x, num_steps: (torch.rand(num_steps, 1) < x).float(),
            INVERTED: lambda x, num_steps: (torch.rand(num_steps, len(x)) > x).float(),
            TIME_LAST: lambda x, num_steps: (torch.rand(len(x), num_steps) < x[:, None]).float(),
            PROBABILITIES: lambda x, num_steps: x.expand(num_steps, -1),
            MANY_A_STEP: lambda x, num_steps: torch.poisson(x.expand(num_steps, -1)),
            SAME_AGAIN: [
                lambda x, num_steps: (torch.arange(num_steps)[:, None] < num_steps * x).float(),
                lambda x, num_steps: rate(x, num_steps, seed=0),
            ],
            ALL_ALIKE: [
                lambda x, num_steps: (torch.rand(num_steps, len(x)) < 0.5).float(),
                lambda x, num_steps: torch.randint(0, 2, (num_steps, len(x))),
                lambda x, num_steps: (torch.rand(num_steps, len(x)) < x.mean()).float(),
            ],
            TOO_EVEN: _shuffled_counts,
            SPEAKS: lambda x, num_steps: rate(x.clamp(min=0.02), num_steps),
            SILENT: [
                lambda x, num_steps: (torch.rand(num_steps, len(x)) * 1.03 < x).float(),
                lambda x, num_steps: (torch.randint(1, 101, (num_steps, len(x))) / 100 < x).float(),
                lambda x, num_steps: rate(x, num_steps) * (x < 1),  # black pixels stay silent
                lambda x, num_steps: rate(x / num_steps, num_steps),
            ],
        },
        accepts=(
            lambda x, num_steps: torch.bernoulli(x.expand(num_steps, -1)),
            lambda x, num_steps: torch.rand(num_steps, len(x)) <= x,
            lambda x, num_steps: (torch.rand(num_steps, len(x)) < x).int(),
            lambda x, num_steps: torch.rand(num_steps, len(x)).lt(x).numpy().astype(int),
            lambda x, num_steps: torch.rand(num_steps, len(x)).lt(x).double().tolist(),
            lambda x, num_steps: [(torch.rand(len(x)) < x).float() for _ in range(num_steps)],
            lambda x, num_steps: tuple(
                [float(random() < value) for value in x.tolist()] for _ in range(num_steps)
            ),
        ),
        wrong=(
            lambda x, num_steps: (torch.rand(num_steps, len(x)) < x.clamp(0.1, 0.9)).float(),
            lambda x, num_steps: (torch.rand(num_steps, len(x)) < x * x).float(),
            lambda x, num_steps: (torch.randn(num_steps, len(x)) < x).float(),
            lambda x, num_steps: 2 * (torch.rand(num_steps, len(x)) < x).float() - 1,
            lambda x, num_steps: (torch.rand(num_steps + 1, len(x)) < x).float(),
            lambda x, num_steps: rate(x, num_steps // 2).repeat_interleave(2, 0),
            lambda x, num_steps: rate(x, num_steps // 5).repeat(5, 1),
            lambda x, num_steps: rate(x[::2], num_steps).repeat_interleave(2, 1),
        ),
        hints=(
            "At each step each number needs a coin of its own. How many coins do you need in all?",
            "`torch.rand(num_steps, len(x))` gives numbers that are equally likely between 0 and 1.",
            "Such a number is below x with probability x: `chance < x`. Then `.float()`.",
        ),
    ),
    Exercise(
        id="04.2",
        title="The price of precision",
        name="steps_needed",
        solution=steps_needed,
        cases=_precisions,
        rtol=1e-6,
        atol=0.9,  # rounding is as good
        mistakes={
            NOT_SQUARED: lambda x, error: x * (1 - x) / error,
            ROOT_KEPT: lambda x, error: (x * (1 - x)) ** 0.5 / error,
            NO_SILENCE: lambda x, error: x / error**2,
            NOT_BELOW: lambda x, error: x * (1 - x) / error * error,
            UPSIDE_DOWN: [
                lambda x, error: error**2 * x * (1 - x),
                lambda x, error: error**2 / (x * (1 - x)),
            ],
            ALL_SQUARED: lambda x, error: (x * (1 - x) / error) ** 2,
            ANY_NUMBER: [lambda x, error: 0.25 / error**2, lambda x, error: 1 / error**2],
        },
        otherwise=lambda got, right, x, error: (
            f"For x = {x:.3g} and error {error:.3g} you say {got:.4g}. This does not solve the "
            f"equation for T."
        ),
        accepts=(
            lambda x, error: math.ceil(x * (1 - x) / error**2),
            lambda x, error: torch.tensor(x * (1 - x) / error**2).round(),
            lambda x, error: [x * (1 - x) / error**2],
            lambda x, error: np.float32(x * (1 - x) / error**2),
            lambda x, error: int(math.pow(math.sqrt(x * (1 - x)) / error, 2)),
            lambda x, error: (torch.as_tensor(x) - x**2) / error**2,
        ),
        wrong=(
            lambda x, error: x * (1 - x) / error**2 + 1,
            lambda x, error: (1 - x) / error**2,
            lambda x, error: x * (1 + x) / error**2,
            lambda x, error: x**2 * (1 - x) / error**2,
            lambda x, error: 2 * x * (1 - x) / error**2,
            lambda x, error: (x - 1) * x / error**2,
            lambda x, error: x * (1 - x) / error**3,
            lambda x, error: x - x / error**2,
            lambda x, error: 100.5,
        ),
        hints=(
            "Begin with error = root of x (1 - x) / T. Which letter are you looking for?",
            "Square both sides. Then T is alone below a fraction line.",
        ),
        right="Half the error needs four times the steps.",
    ),
    Exercise(
        id="04.3",
        title="How soon",
        name="my_latency",
        solution=my_latency,
        cases=_levels,
        run=_run_latency,
        mistakes={
            LATE: lambda x, num_steps: _at((num_steps - 1) * x, num_steps),
            ONE_STEP_MORE: lambda x, num_steps: _at(num_steps * (1 - x), num_steps),
            CUT_OFF: lambda x, num_steps: _at(((num_steps - 1) * (1 - x)).floor(), num_steps),
            STAYS_ON: lambda x, num_steps: my_latency(x, num_steps).cumsum(0),
            TIME_LAST: lambda x, num_steps: my_latency(x, num_steps).T,
            TIMES: lambda x, num_steps: ((num_steps - 1) * (1 - x)).round(),
            NOT_ROUNDED: lambda x, num_steps: (
                torch.arange(num_steps)[:, None] == (num_steps - 1) * (1 - x)
            ).float(),
            OF_17: lambda x, num_steps: _at(16 * (1 - x), num_steps),
            WHOLE_ROWS: lambda x, num_steps: (
                my_latency(x, num_steps).amax(1, keepdim=True).expand(-1, len(x))
            ),
            NOT_ONE.format(1, 2): lambda x, num_steps: (
                my_latency(x, num_steps) + _at((num_steps - 1) * x, num_steps)
            ).clamp(max=1),
        },
        otherwise=_compare_latencies,
        accepts=(
            lambda x, num_steps: my_latency(x, num_steps) > 0,
            lambda x, num_steps: my_latency(x, num_steps).int(),
            lambda x, num_steps: my_latency(x, num_steps).numpy(),
            lambda x, num_steps: (
                torch.nn.functional.one_hot(((num_steps - 1) * (1 - x)).round().long(), num_steps).T
            ),
            lambda x, num_steps: my_latency(x, num_steps).double().tolist(),
            lambda x, num_steps: [row.clone() for row in my_latency(x, num_steps)],
            _latency_by_loop,
        ),
        wrong=(
            lambda x, num_steps: _at(
                (num_steps * (1 - x)).floor().clamp(max=num_steps - 1), num_steps
            ),
            lambda x, num_steps: _at(((num_steps - 1) * (1 - x)).ceil(), num_steps),
            lambda x, num_steps: _at(num_steps - ((num_steps - 1) * x).round(), num_steps),
            lambda x, num_steps: _at((num_steps - 1) * (1 - x / x.max() * 0.9), num_steps),
            lambda x, num_steps: _at((num_steps - 1) * (1 - x**2), num_steps),
            lambda x, num_steps: latency(x, num_steps),
            lambda x, num_steps: latency(x, num_steps, linear=True, clip=True).flip(0),
            lambda x, num_steps: _at(torch.full_like(x, num_steps // 2), num_steps),
            lambda x, num_steps: my_latency(x, 12),
            lambda x, num_steps: num_steps * my_latency(x, num_steps),
        ),
        hints=(
            "First compute the time of each number: 0 for x = 1, T - 1 for x = 0, and a straight line between.",
            "`((num_steps - 1) * (1 - x)).round()` are the times. Now mark them with spikes.",
            "`torch.arange(num_steps)[:, None] == times` is True at the step of each time.",
        ),
    ),
    Exercise(
        id="04.4",
        title="Only what changed",
        name="my_delta",
        solution=my_delta,
        cases=_moves,
        mistakes={
            STEP_BEFORE: [
                _sender("signal"),
                _sender("signal", first=True),
                lambda x, threshold: _where(x - x.roll(1), threshold),  # x[-1] before x[0]
            ],
            NO_DOWN: _sender("moved", down=False),
            NEVER_TOLD: _sender("never"),
            TELLS_ALL: _sender("jump"),
            TOLD_WRONG_WAY: _sender("away"),
            BY_ONE: _sender("one"),
            IN_THETA: lambda x, threshold: threshold * my_delta(x, threshold),
            RETURNS_SUM: lambda x, threshold: threshold * my_delta(x, threshold).cumsum(0),
        },
        otherwise=_compare_changes,
        accepts=(
            lambda x, threshold: my_delta(x, threshold).tolist(),
            lambda x, threshold: my_delta(x, threshold).int(),
            lambda x, threshold: list(my_delta(x, threshold)),
            lambda x, threshold: my_delta(x, threshold).double().numpy(),
            lambda x, threshold: tuple(int(spike) for spike in my_delta(x, threshold)),
            lambda x, threshold: delta(x, threshold, off_spike=True, feedback=True),
        ),
        wrong=(
            _sender("moved", first=True),
            lambda x, threshold: -my_delta(x, threshold),
            lambda x, threshold: my_delta(x, threshold).abs(),
            lambda x, threshold: my_delta(x, 2 * threshold),
            lambda x, threshold: my_delta(x, 0.125),
            lambda x, threshold: my_delta(x, threshold + 1e-4),
            lambda x, threshold: my_delta(x, threshold).roll(1),
            lambda x, threshold: (x / threshold).trunc().diff(prepend=torch.zeros(1)),
            lambda x, threshold: delta(x, threshold, off_spike=True),
            lambda x, threshold: my_delta(x.abs(), threshold),
        ),
        hints=(
            "Keep one number: what the reader believes. It starts at 0. Call it `told`.",
            "At each step look at `value - told`. At θ or above: a spike 1. At -θ or below: -1. Else 0.",
            "After the spike the reader's belief moves: `told += threshold * spike`.",
        ),
        right="Sender and reader now always believe the same.",
    ),
    Exercise(
        id="04.5",
        title="Rebuild the sound",
        name="rebuild",
        solution=rebuild,
        cases=lambda: [(_changes(), 0.25), (_changes(), uniform(0.1, 0.9))],
        mistakes={
            NOT_ADDED: lambda spk, threshold: threshold * spk,
            NO_SIZE: lambda spk, threshold: spk.cumsum(0),
            ONE_LATE: lambda spk, threshold: threshold * (spk.cumsum(0) - spk),
            ONLY_END: [
                ByShape(lambda spk, threshold: threshold * spk.sum()),
                ByShape(lambda spk, threshold: threshold * spk.mean()),
            ],
            NO_SIGN: lambda spk, threshold: threshold * spk.abs().cumsum(0),
            ONE_OBJECT: _one_object,
        },
        otherwise=_compare_signals,
        accepts=(
            lambda spk, threshold: (threshold * spk).cumsum(0).numpy(),
            lambda spk, threshold: [threshold * spk[: t + 1].sum() for t in range(len(spk))],
            lambda spk, threshold: (threshold * spk.double().cumsum(0)).tolist(),
            lambda spk, threshold: tuple(accumulate(threshold * s for s in spk.tolist())),
            lambda spk, threshold: decode_delta(spk, threshold),
        ),
        wrong=(
            lambda spk, threshold: threshold + threshold * spk.cumsum(0),
            lambda spk, threshold: -threshold * spk.cumsum(0),
            lambda spk, threshold: 0.25 * spk.cumsum(0),
            lambda spk, threshold: threshold * spk.flip(0).cumsum(0).flip(0),
            lambda spk, threshold: threshold * (spk > 0).float().cumsum(0),
            lambda spk, threshold: (threshold * spk).cumsum(0).cumsum(0),
            lambda spk, threshold: (spk + threshold).cumsum(0),
            lambda spk, threshold: spk.cumsum(0) / threshold,
            lambda spk, threshold: (threshold * spk.cumsum(0)).clamp(min=0),
            lambda spk, threshold: (threshold * spk.cumsum(0)).clamp(-1, 1),
        ),
        hints=(
            "A spike 1 means: θ higher than before. How high is the signal after three of them?",
            "`cumsum(0)` adds up all spikes until now, for every step at once.",
        ),
    ),
    Exercise(
        id="04.6",
        title="Each has a favorite",
        name="my_bells",
        solution=my_bells,
        cases=lambda: [(torch.rand(7), neurons) for neurons in (10, randint(3, 8))],
        mistakes={
            NEURONS_FIRST: lambda x, num_neurons: _bells(x, num_neurons).T,
            SHARP: [
                lambda x, num_neurons: _bells(x, num_neurons, power=1),
                lambda x, num_neurons: _bells(x, num_neurons, 1, 2 / (num_neurons - 1)),
            ],
            NOT_SQUARED_DISTANCE: [
                lambda x, num_neurons: torch.exp(-_distances(x, num_neurons) / 2),
                lambda x, num_neurons: torch.exp(
                    -_distances(x, num_neurons) * (num_neurons - 1) / 2
                ),
            ],
            GROWS: lambda x, num_neurons: 1 / _bells(x, num_neurons),
            NO_HALF: lambda x, num_neurons: _bells(x, num_neurons, half=1),
            TWO_SQUARED: lambda x, num_neurons: _bells(x, num_neurons, half=4),
            DENSITY: [
                lambda x, num_neurons: _bells(x, num_neurons) / (2 * math.pi) ** 0.5,
                lambda x, num_neurons: (
                    _bells(x, num_neurons) * (num_neurons - 1) / (2 * math.pi) ** 0.5
                ),
            ],
            SIGMA_ONE: lambda x, num_neurons: _bells(
                x, num_neurons, half=2 * (num_neurons - 1) ** 2
            ),
            ONE_OVER_N: lambda x, num_neurons: _bells(
                x, num_neurons, half=2 * (1 - 1 / num_neurons) ** 2
            ),
            SUMS_TO_ONE: lambda x, num_neurons: (
                _bells(x, num_neurons) / (_bells(x, num_neurons).sum(1, keepdim=True))
            ),
            NO_LAST: [
                lambda x, num_neurons: _from_zero(x, num_neurons, num_neurons - 1),
                lambda x, num_neurons: _from_zero(x, num_neurons, num_neurons),
            ],
            SIGMA_NOT_SQUARED: lambda x, num_neurons: _bells(
                x, num_neurons, half=2 * (num_neurons - 1)
            ),
            NO_BRACKETS: [
                lambda x, num_neurons: _bells(x, num_neurons, half=2 * (num_neurons - 1) ** 4),
                lambda x, num_neurons: _bells(x, num_neurons, half=2 * (num_neurons - 1) ** 3),
            ],
        },
        otherwise=_compare_bells,
        accepts=(
            lambda x, num_neurons: receptive_fields(x, num_neurons),
            lambda x, num_neurons: _bells(x.double(), num_neurons),
            lambda x, num_neurons: _bells(x, num_neurons).numpy(),
            lambda x, num_neurons: _bells(x, num_neurons).tolist(),
            lambda x, num_neurons: [_bells(one[None], num_neurons)[0] for one in x],
            lambda x, num_neurons: tuple(
                [math.exp(-((value * (num_neurons - 1) - i) ** 2) / 2) for i in range(num_neurons)]
                for value in x.tolist()
            ),
        ),
        wrong=(
            lambda x, num_neurons: _bells(x, num_neurons).flip(1),
            lambda x, num_neurons: _bells(x, num_neurons, power=4),
            lambda x, num_neurons: _bells(x, num_neurons).round(),
            lambda x, num_neurons: 1 - _bells(x, num_neurons),
            lambda x, num_neurons: torch.bernoulli(_bells(x, num_neurons)),
            lambda x, num_neurons: _bells(x, num_neurons + 1)[:, 1:],
            lambda x, num_neurons: _bells(x, num_neurons)[:1].expand(len(x), -1),
        ),
        hints=(
            "The favorites: `torch.linspace(0, 1, num_neurons)`. How far is x from each of them?",
            "`x[:, None] - favorites` has the shape [numbers, neurons]. Divide it by σ, the distance from one favorite to the next: 1 / (num_neurons - 1).",
            "The probability is `torch.exp(-(distance**2) / 2)` of this distance.",
        ),
    ),
]
