"""Exercises of 04 · Spike encoding: by rate, by latency, by change, and the price of precision."""

import math
from collections.abc import Callable
from random import uniform

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, refuse
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


def rebuild(spk: Tensor, threshold: float) -> Tensor:
    """Return the signal [time] that spikes 1, -1 or 0 describe; it starts from 0."""
    return threshold * spk.cumsum(0)


# ---------------------------------------------------------------- 04.1

TIME_LAST = "Your answer is [numbers, time]. In this course time comes first: [time, numbers]."
BOOLEAN = "Your spikes are True and False. Make numbers of them: `.float()`."
PROBABILITIES = "These are the probabilities. A spike is there or not: 0 or 1. Draw random numbers and compare them with the probabilities."
NO_CHANCE = "You round x. Then 0.6 always spikes, like 1.0. Let chance decide, again at each step."
INVERTED = "Your small numbers spike often and your large ones rarely. Reverse the comparison."
ONE_THROW = "You toss one coin for each number and repeat the result at every step. Toss again at each step."
SHARED = "All numbers share one coin at each step, so that they spike together. Each number needs its own coin."


def check_rate(answer: Attempt) -> None:
    """Look at shape and values, then at the mean of each number, then at numbers that share a coin."""
    x = torch.tensor([0.1, 0.4, 0.4, 0.6, 0.6, 0.9])
    got = _spikes(answer(x, 2000), 2000, len(x), PROBABILITIES)
    if got.shape != (2000, len(x)):
        raise WrongAnswer(f"Return [2000, 6]: 2000 steps of 6 numbers. Yours is {list(got.shape)}.")
    share = got.mean(0)
    refuse(
        {
            NO_CHANCE: (share - (x > 0.5).float()).abs().max() < 0.01,
            ONE_THROW: not got.diff(dim=0).any(),
            SHARED: torch.equal(got[:, 1], got[:, 2]) or torch.equal(got[:, 3], got[:, 4]),
            INVERTED: (share - (1 - x)).abs().max() < 0.06,
            f"A number 0.9 spikes in {share[-1]:.0%} of your steps: it should be 90%.": (
                (share - x).abs().max() > 0.06
            ),
        }
    )


def _spikes(got: object, steps: int, numbers: int, not_spikes: str) -> Tensor:
    """Return the answer as numbers; refuse what is no spikes, if the shape is right."""
    spk = torch.as_tensor(got)
    if spk.shape == (numbers, steps):
        raise WrongAnswer(TIME_LAST)
    if spk.shape == (steps, numbers):
        is_bool = spk.dtype == torch.bool
        refuse({BOOLEAN: is_bool, not_spikes: not ((spk == 0) | (spk == 1)).all()})
    return spk.float()


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
UPSIDE_DOWN = "Your steps grow with the error. If you accept a larger error, you need fewer steps."


# ---------------------------------------------------------------- 04.3

LATE = "Your large numbers spike late. Strong means early: x = 1 spikes at step 0."
ONE_STEP_MORE = (
    "Your x = 0 spikes at step T, but the last step is T - 1. So T steps make T - 1 intervals."
)
CUT_OFF = "You cut off the decimals. Use the nearest step: `.round()`."
TIMES = "These are the times. Return spikes: 1 at the step of each time, 0 elsewhere."
STAYS_ON = "Your neurons stay on after their time. Each spikes once: `==`, not `>=`."
NOT_ONE = "Each number spikes exactly once. One of yours spikes {} times."


def _run_latency(answer: Attempt, x: Tensor, steps: int) -> Tensor:
    got = torch.as_tensor(answer(x, steps))
    return _spikes(
        got, steps, len(x), "Spikes are 0 or 1: 1 at the step of each time, 0 elsewhere."
    )


def _compare_latencies(got: Tensor, right: Tensor, x: Tensor, steps: int) -> str:
    counts = got.sum(0)
    if not (counts == 1).all():
        return NOT_ONE.format(int(counts[counts != 1][0]))
    first = int((got != right).any(0).nonzero()[0])
    return (
        f"Of {steps} steps, 0 to {steps - 1}, x = {x[first]:g} spikes at your step "
        f"{int(got[:, first].argmax())}: t = {steps - 1} (1 - x)."
    )


def _at(times: Tensor, steps: int) -> Tensor:
    return (torch.arange(steps)[:, None] == times.round()).float()


# ---------------------------------------------------------------- 04.4

STEP_BEFORE = "You compare with the step before. Then a slow rise never spikes. Compare with what your spikes have told so far."
NO_DOWN = "Your signal only ever rises. A fall by θ is a spike, too: -1."
NEVER_TOLD = "You always compare with the start. After each spike, what was told moves by θ."
TELLS_ALL = "After a spike you take over the signal itself. The receiver only knows that it moved by θ: move what was told by θ as well."
IN_THETA = "Your spikes have the size θ. A spike is 1, -1 or 0; the receiver knows θ."
TOLD_WRONG_WAY = "What was told moves away from the signal. After a spike 1 it rises by θ."


def _signal() -> Tensor:
    """Return a signal with slow and fast parts; first it moves by exactly θ, up and down."""
    time = torch.arange(160)
    signal = torch.sin(time / 12) * torch.exp(-time / 90) + 0.3 * torch.sin(time / 3) + time / 200
    return torch.cat([torch.tensor([0.125, 0.0]), signal])


def _compare_changes(got: Tensor, right: Tensor, x: Tensor, threshold: float) -> str:
    if got.any() and set(got.abs().unique().tolist()) <= {0.0, threshold}:
        return IN_THETA
    step = int((got != right).nonzero()[0])
    return (
        f"Your spikes are right before step {step}; there you say {got[step]:g}. Compare the signal "
        f"with what was told: did it move up or down by θ or more?"
    )


def _sender(update: str, down: bool = True) -> Callable[[Tensor, float], Tensor]:
    """Return a delta encoder with one mistake in what it thinks was told."""

    def send(x: Tensor, threshold: float) -> Tensor:
        told, spikes = 0.0, list[float]()
        for value in x.tolist():
            up, fell = value - told >= threshold, value - told <= -threshold
            spike = float(up) - float(fell and down)
            moved = told + threshold * spike
            new = {"signal": value, "never": 0.0, "away": told - threshold * spike}
            told = (value if spike else told) if update == "jump" else new.get(update, moved)
            spikes.append(spike)
        return torch.tensor(spikes)

    return send


# ---------------------------------------------------------------- 04.5

NOT_ADDED = (
    "You show each spike by itself. A spike is a change: changes must be added up over time."
)
NO_SIZE = "You count spikes. Each one means a move by θ."
ONE_LATE = "Your signal comes one step late. The spike at step t belongs to the signal at step t."
ONE_OBJECT = "All your values are the last one. `r += ...` changes the tensor that is already in your list; `r = r + ...` makes a new one."
NO_SIGN = "Your signal only ever rises. A spike -1 means: θ lower than before."
ONLY_END = "This is where the signal ends. The question asks for its value at every step."


def _changes() -> Tensor:
    """Return spikes that rise, rest and fall, then twenty that are drawn."""
    return torch.cat([torch.tensor([1.0, 1, 0, 1, -1, 0, -1]), torch.randint(-1, 2, (20,)).float()])


def _compare_signals(got: Tensor, right: Tensor, spk: Tensor, threshold: float) -> str:
    step = int((got - right).abs().gt(1e-4).nonzero()[0])
    return (
        f"The spikes {[int(s) for s in spk[: step + 1]]} with θ = {threshold} describe "
        f"{right[step]:g}. You say {got[step]:g}."
    )


def _one_object(spk: Tensor, threshold: float) -> list[Tensor]:
    """Add up in place: every place of the list then holds the same tensor."""
    told, signal = torch.zeros(()), list[Tensor]()
    for spike in spk:
        told += threshold * spike
        signal.append(told)
    return signal


EXERCISES = [
    Exercise(
        id="04.1",
        title="How often",
        name="my_rate",
        solution=my_rate,
        check=check_rate,
        mistakes={
            NO_CHANCE: lambda x, num_steps: (x > 0.5).float().expand(num_steps, -1),
            ONE_THROW: lambda x, num_steps: (torch.rand_like(x) < x).float().expand(num_steps, -1),
            SHARED: lambda x, num_steps: (torch.rand(num_steps, 1) < x).float(),
            INVERTED: lambda x, num_steps: (torch.rand(num_steps, len(x)) > x).float(),
            TIME_LAST: lambda x, num_steps: (torch.rand(len(x), num_steps) < x[:, None]).float(),
            BOOLEAN: lambda x, num_steps: torch.rand(num_steps, len(x)) < x,
            PROBABILITIES: lambda x, num_steps: x.expand(num_steps, -1),
        },
        accepts=(
            lambda x, num_steps: torch.bernoulli(x.expand(num_steps, -1)),
            lambda x, num_steps: (torch.rand(num_steps, len(x)) < x).int(),
            lambda x, num_steps: torch.rand(num_steps, len(x)).lt(x).numpy().astype(int),
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
        # The error is never 1, which would hide a missing square.
        cases=lambda: [(0.9, uniform(0.01, 0.02)), (0.2, uniform(0.03, 0.05)), (0.7, 0.01)],
        atol=1.0,  # rounding up is as good
        mistakes={
            NOT_SQUARED: lambda x, error: x * (1 - x) / error,
            ROOT_KEPT: lambda x, error: (x * (1 - x)) ** 0.5 / error,
            NO_SILENCE: lambda x, error: x / error**2,
            UPSIDE_DOWN: lambda x, error: error**2 * x * (1 - x),
            ALL_SQUARED: lambda x, error: (x * (1 - x) / error) ** 2,
            ANY_NUMBER: [lambda x, error: 0.25 / error**2, lambda x, error: 1 / error**2],
        },
        otherwise=lambda got, right, x, error: (
            f"For x = {x} and error {error:.3g} you say {got:g}. This does not solve the equation for T."
        ),
        accepts=(
            lambda x, error: math.ceil(x * (1 - x) / error**2),
            lambda x, error: torch.tensor(x * (1 - x) / error**2).round(),
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
        # Some of the numbers do not fall on a step.
        cases=lambda: [(torch.tensor([0.0, 0.1, 0.52, 0.66, 0.98, 1.0]), 12)],
        run=_run_latency,
        mistakes={
            LATE: lambda x, num_steps: _at((num_steps - 1) * x, num_steps),
            ONE_STEP_MORE: lambda x, num_steps: _at(num_steps * (1 - x), num_steps),
            CUT_OFF: lambda x, num_steps: _at(((num_steps - 1) * (1 - x)).floor(), num_steps),
            STAYS_ON: lambda x, num_steps: my_latency(x, num_steps).cumsum(0),
            TIME_LAST: lambda x, num_steps: my_latency(x, num_steps).T,
            BOOLEAN: lambda x, num_steps: my_latency(x, num_steps) > 0,
            TIMES: ByShape(lambda x, num_steps: ((num_steps - 1) * (1 - x)).round()),
            NOT_ONE.format(2): lambda x, num_steps: (
                my_latency(x, num_steps) + _at((num_steps - 1) * x, num_steps)
            ).clamp(max=1),
        },
        otherwise=_compare_latencies,
        accepts=(
            lambda x, num_steps: my_latency(x, num_steps).int(),
            lambda x, num_steps: my_latency(x, num_steps).numpy(),
            lambda x, num_steps: (
                torch.nn.functional.one_hot(((num_steps - 1) * (1 - x)).round().long(), num_steps).T
            ),
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
        cases=lambda: [(_signal(), 0.125)],
        mistakes={
            STEP_BEFORE: _sender("signal"),
            NO_DOWN: _sender("moved", down=False),
            NEVER_TOLD: _sender("never"),
            TELLS_ALL: _sender("jump"),
            TOLD_WRONG_WAY: _sender("away"),
            IN_THETA: lambda x, threshold: threshold * my_delta(x, threshold),
        },
        otherwise=_compare_changes,
        accepts=(
            lambda x, threshold: my_delta(x, threshold).tolist(),
            lambda x, threshold: my_delta(x, threshold).int(),
            lambda x, threshold: list(my_delta(x, threshold)),
        ),
        hints=(
            "Keep one number: what the receiver believes. It starts at 0. Call it `told`.",
            "At each step look at `value - told`. At θ or above: a spike 1. At -θ or below: -1. Else 0.",
            "After the spike the receiver's belief moves: `told += threshold * spike`.",
        ),
        right="Sender and receiver now always believe the same.",
    ),
    Exercise(
        id="04.5",
        title="Rebuild the sound",
        name="rebuild",
        solution=rebuild,
        cases=lambda: [(_changes(), 0.25)],
        mistakes={
            NOT_ADDED: lambda spk, threshold: threshold * spk,
            NO_SIZE: lambda spk, threshold: spk.cumsum(0),
            ONE_LATE: lambda spk, threshold: threshold * (spk.cumsum(0) - spk),
            ONLY_END: ByShape(lambda spk, threshold: threshold * spk.sum()),
            NO_SIGN: lambda spk, threshold: threshold * spk.abs().cumsum(0),
            ONE_OBJECT: _one_object,
        },
        otherwise=_compare_signals,
        accepts=(
            lambda spk, threshold: (threshold * spk).cumsum(0).numpy(),
            lambda spk, threshold: [threshold * spk[: t + 1].sum() for t in range(len(spk))],
        ),
        hints=(
            "A spike 1 means: θ higher than before. How high is the signal after three of them?",
            "`cumsum(0)` adds up all spikes until now, for every step at once.",
        ),
    ),
]
