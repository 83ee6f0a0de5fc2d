"""Exercises of 04 · Spike encoding: often, soon, or changed, and the price of precision."""

from collections.abc import Callable

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.exercise import Exercise


def my_rate(x: Tensor, num_steps: int) -> Tensor:
    """Return spikes [time, numbers]: at each step each number x spikes with probability x."""
    chance = torch.rand(num_steps, len(x))
    return (chance < x).float()


def steps_needed(x: float, error: float) -> float:
    """Return the steps after which a rate code tells x with this standard error."""
    return x * (1 - x) / error**2


def my_latency(x: Tensor, num_steps: int) -> Tensor:
    """Return spikes [time, numbers]: one for each number, the sooner the larger it is."""
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
    """Return the signal [time] that spikes 1, -1 or 0 tell of; it starts from 0."""
    return threshold * spk.cumsum(0)


TIME_LAST = "Your answer is [numbers, time]. In this course time comes first: [time, numbers]."
BOOLEAN = "Your spikes are True and False. Make numbers of them: `.float()`."
PROBABILITIES = "These are the probabilities. A spike is there or not: 0 or 1. Throw the coins."
NO_CHANCE = "You round x. Then 0.6 always spikes, like 1.0. Let chance decide, at each step anew."
INVERTED = "Your small numbers spike often and your large ones rarely. Turn the comparison round."
ONE_THROW = (
    "You throw one coin for each number and repeat it at every step. Throw at each step anew."
)
SHARED = "All numbers share one coin at each step, so that they spike together. Each needs its own."


def check_rate(answer: Attempt) -> None:
    """Look at shape and values, then at the mean of each number, then at who shares a coin."""
    x = torch.tensor([0.1, 0.4, 0.4, 0.6, 0.6, 0.9])
    got = _spikes(answer(x, 2000), 2000, len(x), PROBABILITIES)
    share, steps = got.mean(0), got.diff(dim=0).any(0)
    if (share - (x > 0.5).float()).abs().max() < 0.01:
        raise WrongAnswer(NO_CHANCE)
    if not steps.any():
        raise WrongAnswer(ONE_THROW)
    if torch.equal(got[:, 1], got[:, 2]) or torch.equal(got[:, 3], got[:, 4]):
        raise WrongAnswer(SHARED)
    if (share - (1 - x)).abs().max() < 0.06:
        raise WrongAnswer(INVERTED)
    if (share - x).abs().max() > 0.06:
        raise WrongAnswer(
            f"A number 0.9 spikes in {share[-1]:.0%} of your steps: it should be 90%."
        )


def _spikes(got: object, steps: int, numbers: int, not_spikes: str) -> Tensor:
    """Return the answer as numbers, if it is spikes of the right shape."""
    spk = torch.as_tensor(got)
    if spk.shape == (numbers, steps):
        raise WrongAnswer(TIME_LAST)
    if spk.shape != (steps, numbers):
        raise WrongAnswer(
            f"{steps} steps of {numbers} numbers are [{steps}, {numbers}]. Yours is {list(spk.shape)}."
        )
    if spk.dtype == torch.bool:
        raise WrongAnswer(BOOLEAN)
    if not bool(((spk == 0) | (spk == 1)).all()):
        raise WrongAnswer(not_spikes)
    return spk.float()


NOT_SQUARED = (
    "You divide by the error. The error falls with the root of T, so T goes with 1/error²."
)
ROOT_KEPT = "The root is still there. Square both sides of the equation before you solve for T."
NO_SILENCE = "You left out (1 - x). A pixel that always spikes has no error: it needs no steps."
ALL_SQUARED = "You square too much: x (1 - x) stood below a root, so the square only frees it."
ANY_NUMBER = "You leave x out. These steps do for every number; asked for are those that x needs."
UPSIDE_DOWN = "Your steps grow with the error. Whoever accepts a larger error needs fewer steps."


def check_steps(answer: Attempt) -> None:
    """Ask for three numbers; the error is never 1, which would hide a missing square."""
    for x, error in ((0.5, 0.1), (0.9, 0.02), (0.2, 0.05)):
        got, right = float(answer(x, error)), steps_needed(x, error)
        known = {
            NOT_SQUARED: x * (1 - x) / error,
            ROOT_KEPT: (x * (1 - x)) ** 0.5 / error,
            NO_SILENCE: x / error**2,
            UPSIDE_DOWN: error**2 * x * (1 - x),
            ALL_SQUARED: (x * (1 - x) / error) ** 2,
        }
        if abs(got - right) <= 1:  # rounding up is as good
            continue
        for message, value in known.items():
            if abs(got - value) <= 1e-6:
                raise WrongAnswer(message)
        if min(abs(got - most / error**2) for most in (0.25, 1)) <= 1e-6:
            raise WrongAnswer(ANY_NUMBER)
        raise WrongAnswer(f"For x = {x} and error {error} you say {got:g}: not what T solves.")


LATE = "Your large numbers spike late. Strong means early: x = 1 spikes at step 0."
ONE_STEP_MORE = (
    "Your x = 0 spikes at step T, but the last step is T - 1. So T steps make T - 1 intervals."
)
CUT_OFF = "You cut the decimals off. Use the nearest step: `.round()`."
TIMES = "These are the times. Asked for are spikes: a 1 where the time has come, 0 elsewhere."
STAYS_ON = "Your neurons stay on after their time. Each spikes once: `==`, not `>=`."
NOT_ONE = "Each number spikes exactly once. One of yours spikes {} times."


def check_latency(answer: Attempt) -> None:
    """Look at where each of six numbers spikes; some do not fall on a step."""
    x = torch.tensor([0.0, 0.1, 0.52, 0.66, 0.98, 1.0])
    raw = torch.as_tensor(answer(x, 12))
    if raw.shape == (len(x),):
        raise WrongAnswer(TIMES)
    got = _spikes(raw, 12, len(x), "Spikes are 0 or 1. Where the time has come 1, elsewhere 0.")
    right, counts = my_latency(x, 12), got.sum(0)
    if torch.equal(got, right.cumsum(0)):
        raise WrongAnswer(STAYS_ON)
    if torch.equal(got[:, 1:], _at(12 * (1 - x), 12)[:, 1:]):
        raise WrongAnswer(ONE_STEP_MORE)
    if not torch.equal(counts, torch.ones(len(x))):
        raise WrongAnswer(NOT_ONE.format(int(counts[counts != 1][0])))
    if torch.equal(got, _at(11 * x, 12)):
        raise WrongAnswer(LATE)
    if torch.equal(got, _at((11 * (1 - x)).floor(), 12)):
        raise WrongAnswer(CUT_OFF)
    if not torch.equal(got, right):
        place = int(got[:, 2].argmax())
        raise WrongAnswer(
            f"Of 12 steps, 0 to 11, x = 0.52 spikes at your step {place}: t = 11 (1 - x)."
        )


def _at(times: Tensor, steps: int) -> Tensor:
    return (torch.arange(steps)[:, None] == times.round()).float()


STEP_BEFORE = (
    "You compare with the step before. Then a slow rise never spikes. Compare with what your spikes "
    "have told so far."
)
NO_DOWN = "Your signal only ever rises. A fall by θ is a spike, too: -1."
NEVER_TOLD = "You always compare with the start. After each spike, what was told moves by θ."
TELLS_ALL = (
    "After a spike you take over the signal itself. The receiver only knows that it moved by θ: move "
    "what was told by θ as well."
)
IN_THETA = "Your spikes have the size θ. A spike is 1, -1 or 0; the receiver knows θ."
TOLD_WRONG_WAY = "What was told moves away from the signal. After a spike 1 it rises by θ."


def check_delta(answer: Attempt) -> None:
    """Send a signal with slow and fast parts; compare with the right code and with each mistake."""
    time = torch.arange(160)
    x = torch.sin(time / 12) * torch.exp(-time / 90) + 0.3 * torch.sin(time / 3) + time / 200
    got = torch.as_tensor(answer(x, 0.125)).float()
    if got.shape != x.shape:
        raise WrongAnswer(
            f"160 steps go in, one spike or none for each. Out come {list(got.shape)}."
        )
    if torch.equal(got, my_delta(x, 0.125)):
        return
    if got.any() and set(got.unique().tolist()) <= {-0.125, 0.0, 0.125}:
        raise WrongAnswer(IN_THETA)
    for message, mistake in MISTAKES.items():
        if torch.equal(got, mistake(x, 0.125)):
            raise WrongAnswer(message)
    raise WrongAnswer(_first_difference(got, my_delta(x, 0.125)))


def _first_difference(got: Tensor, right: Tensor) -> str:
    step = int((got != right).nonzero()[0])
    return (
        f"Up to step {step} all is well; there you say {got[step]:g}. Compare the signal with what "
        f"was told: moved by θ or more, up or down?"
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


MISTAKES: dict[str, Callable[[Tensor, float], Tensor]] = {
    STEP_BEFORE: _sender("signal"),
    NO_DOWN: _sender("moved", down=False),
    NEVER_TOLD: _sender("never"),
    TELLS_ALL: _sender("jump"),
    TOLD_WRONG_WAY: _sender("away"),
}

NOT_ADDED = (
    "You show each spike by itself. A spike is a change: changes must be added up over time."
)
NO_SIZE = "You count spikes. Each one stands for a move by θ."
ONE_LATE = "Your signal comes one step late. The spike at step t belongs to the signal at step t."
ONE_OBJECT = (
    "All your values are the last one. `r += ...` changes the tensor that is in your list already; "
    "`r = r + ...` makes a new one."
)
NO_SIGN = "Your signal only ever rises. A spike -1 means: θ lower than before."
ONLY_END = "This is where the signal ends. Asked for is its value at every step."


def check_rebuild(answer: Attempt) -> None:
    """Rebuild a short signal that rises, rests and falls."""
    spk = torch.tensor([1.0, 1, 0, 1, -1, 0, -1, -1, 0, 1])
    got, right = torch.as_tensor(answer(spk, 0.25)).float(), rebuild(spk, 0.25)
    if got.numel() == 1:
        raise WrongAnswer(ONLY_END)
    if got.shape != spk.shape:
        raise WrongAnswer(f"10 steps of spikes tell 10 values. Yours are {list(got.shape)}.")
    known = {
        NOT_ADDED: 0.25 * spk,
        NO_SIZE: spk.cumsum(0),
        ONE_LATE: right - 0.25 * spk,
        NO_SIGN: 0.25 * spk.abs().cumsum(0),
    }
    if torch.allclose(got[1:], right[-1]):
        raise WrongAnswer(ONE_OBJECT)
    for message, value in known.items():
        if torch.allclose(got, value):
            raise WrongAnswer(message)
    if not torch.allclose(got, right):
        step = int((got - right).abs().gt(1e-4).nonzero()[0])
        raise WrongAnswer(
            f"The spikes {[int(s) for s in spk[: step + 1]]} with θ = 0.25 tell of "
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
        hints=(
            "At each step each number needs a coin of its own. How many coins is that in all?",
            "`torch.rand(num_steps, len(x))` gives numbers that are equally likely between 0 and 1.",
            "Such a number is below x with probability x: `chance < x`. Then `.float()`.",
        ),
        wrong=(
            (lambda x, num_steps: (x > 0.5).float().expand(num_steps, -1), NO_CHANCE),
            (lambda x, n: (torch.rand_like(x) < x).float().expand(n, -1), ONE_THROW),
            (lambda x, n: (torch.rand(n, 1) < x).float(), SHARED),
            (lambda x, n: (torch.rand(n, len(x)) > x).float(), INVERTED),
            (lambda x, n: (torch.rand(len(x), n) < x[:, None]).float(), TIME_LAST),
            (lambda x, n: torch.rand(n, len(x)) < x, BOOLEAN),
            (lambda x, num_steps: x.expand(num_steps, -1), PROBABILITIES),
        ),
    ),
    Exercise(
        id="04.2",
        title="The price of precision",
        name="steps_needed",
        solution=steps_needed,
        check=check_steps,
        hints=(
            "Begin with error = root of x (1 - x) / T. Which letter do you look for?",
            "Square both sides. Then T stands alone below a fraction line.",
        ),
        wrong=(
            (lambda x, error: x * (1 - x) / error, NOT_SQUARED),
            (lambda x, error: (x * (1 - x)) ** 0.5 / error, ROOT_KEPT),
            (lambda x, error: x / error**2, NO_SILENCE),
            (lambda x, error: error**2 * x * (1 - x), UPSIDE_DOWN),
            (lambda x, error: (x * (1 - x) / error) ** 2, ALL_SQUARED),
            (lambda x, error: 0.25 / error**2, ANY_NUMBER),
        ),
        right="Half the error, four times the steps.",
    ),
    Exercise(
        id="04.3",
        title="How soon",
        name="my_latency",
        solution=my_latency,
        check=check_latency,
        hints=(
            "First compute the time of each number: 0 for x = 1, T - 1 for x = 0, a line between.",
            "`((num_steps - 1) * (1 - x)).round()` are the times. Now mark them.",
            "`torch.arange(num_steps)[:, None] == times` is True where the time has come.",
        ),
        wrong=(
            (lambda x, n: _at((n - 1) * x, n), LATE),
            (lambda x, n: _at(n * (1 - x), n), ONE_STEP_MORE),
            (lambda x, n: _at(((n - 1) * (1 - x)).floor(), n), CUT_OFF),
            (lambda x, n: my_latency(x, n).cumsum(0), STAYS_ON),
            (lambda x, n: my_latency(x, n).T, TIME_LAST),
            (lambda x, n: ((n - 1) * (1 - x)).round(), TIMES),
        ),
    ),
    Exercise(
        id="04.4",
        title="Only what changed",
        name="my_delta",
        solution=my_delta,
        check=check_delta,
        hints=(
            "Keep one number: what the receiver believes. It starts at 0. Call it `told`.",
            "At each step look at `value - told`. At θ or above: a spike 1. At -θ or below: -1. Else 0.",
            "After the spike the receiver's belief moves: `told += threshold * spike`.",
        ),
        wrong=(
            *((mistake, message) for message, mistake in MISTAKES.items()),
            (lambda x, threshold: threshold * my_delta(x, threshold), IN_THETA),
        ),
        right="Sender and receiver now always believe the same.",
    ),
    Exercise(
        id="04.5",
        title="Rebuild the sound",
        name="rebuild",
        solution=rebuild,
        check=check_rebuild,
        hints=(
            "A spike 1 means: θ higher than before. Where is the signal after three of them?",
            "`cumsum(0)` adds up all spikes until now, for every step at once.",
        ),
        wrong=(
            (lambda spk, threshold: threshold * spk, NOT_ADDED),
            (lambda spk, threshold: spk.cumsum(0), NO_SIZE),
            (lambda spk, threshold: threshold * (spk.cumsum(0) - spk), ONE_LATE),
            (lambda spk, threshold: threshold * spk.sum(), ONLY_END),
            (lambda spk, threshold: threshold * spk.abs().cumsum(0), NO_SIGN),
            (_one_object, ONE_OBJECT),
        ),
    ),
]
