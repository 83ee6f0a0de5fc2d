"""Exercises of 14 · STDP: a trace, the change of a weight from traces, a fair race of neurons."""

import math
from collections.abc import Callable, Iterator
from random import uniform
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_trace(spk: Tensor, tau: float) -> Tensor:
    """Return a neuron's trace after each ms; `spk` holds 0 or 1 for each ms."""
    x, trace, fade = 0.0, [], torch.tensor(-1 / tau).exp()
    for now in spk:
        x = x * fade + now
        trace.append(x)
    return torch.stack(trace)


def my_change(pre: Tensor, post: Tensor, x: Tensor, y: Tensor, up: float, down: float) -> Tensor:
    """Return the whole change of the weight; `x` and `y` are traces with this ms's spikes."""
    before = y - post
    return up * (x * post).sum() - down * (before * pre).sum()


def my_round(drive: Tensor, extra: Tensor) -> tuple[Tensor, Tensor]:
    """Return the winner of one round, and the extra thresholds after it."""
    winner = (drive - extra).argmax()
    extra = 0.99 * extra
    extra[winner] += 0.5
    return winner, extra


# --------------------------------------------------------------------------------------- 14.1

FADES_LATE = (
    "Your trace fades after it has taken up the spike. At the spike itself the trace rises by 1."
)
NEVER_FADES = "Your trace never fades: it counts spikes. Multiply it by exp(-1/τ) in each ms."
ONLY_LAST = "Your trace forgets earlier spikes: at each spike it starts again from 1. Add 1 to what is left of it."
EULER = "You multiply by 1 - 1/τ. This is close for a large τ, but the exact share that is left is exp(-1/τ)."
GROWS = "Your trace grows between spikes. The share that is left is exp(-1/τ): with a minus."
TOO_FAST = (
    "Your trace fades by exp(-τ) in each ms. The exponent is the time that passed, divided by τ."
)
ONLY_END = (
    "You return one number. Keep the trace of each ms: as many numbers as `spk` has. Is `return` "
    "inside the loop?"
)
WAITS = (
    "Your trace does not fade in a ms with a spike. It fades in each ms; then the spike is added."
)
SINCE_START = (
    "Your trace fades by exp(-t/τ) in ms t. The trace itself is multiplied in each ms, so the share "
    "that is left is always exp(-1/τ)."
)
DIVIDES = "You divide the trace by τ in each ms. The share that is left is exp(-1/τ)."
ONE_TENSOR = (
    "All your numbers are the last one. `x *= …` and `x += …` change the tensor that is already in "
    "the list: write `x = x * …` instead."
)
FIXED = "Your trace fades by the same share for every τ. Use the argument `tau`."
LATE = "Your trace rises one ms after the spike. It should contain the spike of the same ms."
ONLY_SPIKES = "Nothing is left of earlier spikes in your trace. Keep the new x, with its spike, for the next ms."
FROM_1 = "Your trace leaves out a spike of the first ms. Does your loop begin at 1?"


def _draw_trains() -> Iterator[tuple[Tensor, float]]:
    for shortest, longest in ((5, 30), (2, 4), (5, 30)):  # exp(-τ) is not 0 for a short τ
        spk = (torch.rand(60) < 0.15).float()
        spk[[0, 3, 8]] = 1.0
        yield spk, uniform(shortest, longest)


def _traces(
    share: Callable[[float], float] = lambda tau: math.exp(-1 / tau),
    bump: Callable[[float, float, float], float] = lambda x, s, k: x * k + s,
    lag: int = 0,
) -> Callable[[Tensor, float], list[float]]:
    """Return a variant of the solution."""

    def trace(spk: Tensor, tau: float) -> list[float]:
        x, rows = 0.0, [0.0] * lag
        for now in spk.tolist():
            x = bump(x, now, share(tau))
            rows.append(x)
        return rows[: len(spk)]

    return trace


def _filled(spk: Tensor, tau: float) -> Tensor:
    trace = torch.zeros(len(spk))
    for t in range(len(spk)):
        trace[t] = spk[t] + (trace[t - 1] * math.exp(-1 / tau) if t else 0)
    return trace


def _one_tensor(late: bool = False) -> Callable[..., list[Tensor]]:
    """Add up in place, and fade before or after: every place then holds the same tensor."""

    def trace(spk: Tensor, tau: float) -> list[Tensor]:
        x, rows, left = torch.zeros(()), list[Tensor](), math.exp(-1 / tau)
        for now in spk:
            x *= 1 if late else left
            x += now
            x *= left if late else 1
            rows.append(x)
        return rows

    return trace


def _from_1(spk: Tensor, tau: float) -> list[float]:
    return [0.0, *_traces()(spk[1:], tau)]


def _fades_since_start(spk: Tensor, tau: float) -> list[float]:
    x, rows = 0.0, list[float]()
    for t, now in enumerate(spk.tolist()):
        x = x * math.exp(-t / tau) + now
        rows.append(x)
    return rows


def _by_kernel(spk: Tensor, tau: float) -> Any:
    kernel = np.exp(-np.arange(len(spk)) / tau)
    return np.convolve(spk.numpy(), kernel)[: len(spk)]


# --------------------------------------------------------------------------------------- 14.2

SIGNS = (
    "Your signs are reversed. A postsynaptic spike raises the weight, a presynaptic one lowers it."
)
OWN_TRACES = "You read each trace at the spikes of its own neuron. A postsynaptic spike looks at x, a presynaptic one at y."
NOT_BEFORE = (
    "You count a spike of the same ms in y, too. There the presynaptic spike was first: take y "
    "before it rose, which is y - post."
)
LEAVES_FIRST = "You leave out the first ms. Does your loop begin at 1?"
ONE_OFF = (
    "You take 1 off y at each presynaptic spike. Take off `post`: it is 1 only where both neurons "
    "fire."
)
BOTH_BEFORE = (
    "You leave the spikes of the same ms out of x, too. There the presynaptic spike counts as the "
    "earlier: x contains it."
)
SWAPPED = "You swapped the two amplitudes: `up` belongs to postsynaptic spikes, `down` to presynaptic ones."
NO_DOWN = "Your weight only rises. At each presynaptic spike it also falls, by `down` times y."
NO_UP = "Your weight only falls. At each postsynaptic spike it rises, by `up` times x."
EACH_MS = "You return a number for each ms. The whole change is one number, a sum over all ms."
NO_SPIKES = (
    "Your changes do not wait for spikes. A trace alone changes nothing: multiply it by the spikes "
    "of the other neuron."
)
SIDES_TURNED = (
    "Your weight rises at presynaptic spikes, and falls at postsynaptic ones. It is the other way "
    "round."
)
LEAVES_OUT = (
    "Where both neurons fire in one ms you leave a sentence out. Both hold: the weight rises by "
    "up times x, and falls by down times the y of earlier spikes."
)
POST_FIRST = (
    "Where both neurons fire in one ms you let the postsynaptic spike come first. The presynaptic "
    "one counts as the first: x contains it, and y is taken before it rose, y - post."
)
MS_BEFORE = (
    "You take y from the ms before. It has faded by one ms more since then: use y - post instead."
)
BOTH_MS_BEFORE = (
    "You take both traces from the ms before. Take x as it is: it contains the spike of this ms, "
    "which counts. For y take y - post."
)
ONE_TRACE = (
    "You use one trace in both parts. A postsynaptic spike looks at x, a presynaptic one at y."
)
LAST_EVENT = "Your result holds the last change only. Add up all changes: `+=` and `-=`."
NO_SIZES = "You leave out the amplitudes: multiply by `up` and by `down`."
MEAN = "You return the mean over time. The whole change is the sum."
FIRST_MS = "Your result holds one ms only: is `return` inside the loop?"
TWO_NUMBERS = "Return one number: what the weight rises minus what it falls."
BOTH_RISE = "You add both parts. A presynaptic spike after a postsynaptic one lowers the weight."


def _draw_pairs() -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, float, float]]:
    for up, down in ((0.01, 0.03), (0.05, 0.01), (0.01, 0.03)):
        pre, post = (torch.rand(2, 80) < 0.12).float()
        pre[[0, 5, 20]], post[[0, 20, 31]] = 1.0, 1.0  # two of them in the same ms
        x, y = my_trace(pre, uniform(10, 20)), my_trace(post, uniform(22, 35))
        yield pre, post, x, y, up + uniform(0, 0.01), down + uniform(0, 0.01)


def _one_number(answer: Attempt, *given: Any) -> Any:
    change = answer(*given)
    if isinstance(change, (tuple, list)) and len(change) == 2:
        raise WrongAnswer(TWO_NUMBERS)
    return change


def _change(
    rises: Callable[..., Tensor] = lambda pre, post, x, y: x * post,
    falls: Callable[..., Tensor] = lambda pre, post, x, y: (y - post) * pre,
) -> Callable[..., Tensor]:
    """Return a variant of the solution; both parts get the four rows."""

    def change(*given: Any) -> Tensor:
        *rows, up, down = given
        return (up * rises(*rows) - down * falls(*rows)).sum()

    return change


def _late(pre: Tensor, post: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the falls, with a spike of the same ms in y."""
    return y * pre


def _before(y: Tensor) -> Tensor:
    return torch.cat([torch.zeros(1), y[:-1]])


def _last_event(pre: Tensor, post: Tensor, x: Tensor, y: Tensor, up: float, down: float) -> float:
    change = 0.0
    for t in range(len(pre)):
        if post[t]:
            change = up * float(x[t])
        if pre[t]:
            change = -down * float(y[t] - post[t])
    return change


def _change_in_a_loop(
    pre: Tensor, post: Tensor, x: Tensor, y: Tensor, up: float, down: float
) -> float:
    change = 0.0
    for t in range(len(pre)):
        if post[t]:
            change += up * float(x[t])
        if pre[t]:
            change -= down * float(y[t] - post[t])
    return change


# --------------------------------------------------------------------------------------- 14.3

BOTH = "Return two things: the winner, and the new thresholds, in this order."
A_PLACE = "Your winner should be a place, one whole number: `argmax()` gives it."
ALL_THRESHOLDS = "Return the thresholds of all neurons, as many as `extra` has."
A_VALUE = "Your winner is a value. Return the place of the largest drive - extra: `argmax()`."
EARLY = "Your thresholds fade before the winner is chosen. First choose, then fade."
ONE_FADES = "Only the winner's threshold fades. All of them keep 0.99."
WINNER_STAYS = (
    "Your winner's threshold does not fade. All of them keep 0.99, then the winner's rises by 0.5."
)
SMALL_REST = "You keep 0.01 of the thresholds. Keep 0.99: multiply by 0.99."
SUBTRACTS = "You subtract from the thresholds. All keep 0.99 of their value: multiply."
OTHERS_RISE = "The thresholds of the others rise. Only the winner's does."
NO_THETA = "Your winner does not look at `extra`. The neuron with the largest drive - extra wins."
ADDED = "You add extra to the drive. A threshold makes it harder to fire: subtract it."
LOSERS_PAY = "Your thresholds rise for all neurons. Only the winner's rises."
NEVER_RESTS = "Your thresholds never fall. Each round first keeps 0.99 of them."
PAYS_NOT = "Your winner's threshold does not rise. Add 0.5 to it."
FADES_AFTER = "You let the thresholds fade after the winner's has risen: so 0.495 arrives. Fade first, then add 0.5."
FALLS = "Your winner's threshold falls. It would win even more often."
SET = "You set the winner's threshold to 0.5. Add 0.5 to what is left of it."
LEAST = "You choose the neuron with the smallest drive - extra. The largest one fires first."


def _draw_rounds() -> Iterator[tuple[Tensor, Tensor]]:
    for neurons, tired in ((7, 3.6), (6, 3.9), (8, 20.0)):
        drive, extra = torch.rand(neurons), 0.05 + 0.95 * torch.rand(neurons)
        first, second, third, fourth, fifth = torch.randperm(neurons)[:5]
        drive[first], extra[first] = 4.99, tired  # the largest drive; with 3.6 just behind
        drive[second], extra[second] = 1.6, 0.2  # the winner
        drive[third], extra[third] = 1.5, 8.0  # wins if thresholds are added
        drive[fourth], extra[fourth] = 0.0, 9.0  # has the least drive - extra
        drive[fifth], extra[fifth] = 1.35, 0.01  # the least extra
        if neurons == 6:  # here no drive - extra is as far below 0 as the winner's above
            extra[third], extra[fourth] = 2.7, 1.3
        yield drive, extra


def _played(answer: Attempt, drive: Tensor, extra: Tensor) -> Tensor:
    """Return the winner and the thresholds as one row of numbers."""
    result = answer.changing(drive.clone(), extra.clone())  # extra may change in place
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise WrongAnswer(BOTH)
    winner, after = (tensor(part).double().reshape(-1) for part in result)
    neurons = len(extra)
    refuse({
        BOTH: (len(winner), len(after)) == (neurons, 1),
        A_PLACE: len(winner) != 1,
        ALL_THRESHOLDS: len(after) != neurons,
    })  # fmt: skip
    return torch.cat([winner, after])


def _rounds(
    by: Callable[[Tensor, Tensor], Tensor] = lambda drive, extra: (drive - extra).argmax(),
    after: Callable[[Tensor, Tensor], Tensor] = lambda extra, won: 0.99 * extra + 0.5 * won,
) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return a variant of the solution; `won` is 1 for the winner, else 0."""

    def play(drive: Tensor, extra: Tensor) -> tuple[Tensor, Tensor]:
        winner = by(drive, extra)
        won = torch.nn.functional.one_hot(winner, len(extra)).to(extra.dtype)
        return winner, after(extra, won)

    return play


def _round_list(drive: Tensor, extra: Tensor) -> list[Any]:
    left = [float(d - t) for d, t in zip(drive, extra, strict=True)]
    winner = left.index(max(left))
    return [winner, [0.99 * float(t) + 0.5 * (i == winner) for i, t in enumerate(extra)]]


def _round_in_place(drive: Tensor, extra: Tensor) -> tuple[int, Tensor]:
    winner = int(torch.argmax(drive - extra))
    extra *= 0.99
    extra[winner] += 0.5
    return winner, extra


def _round_array(drive: Tensor, extra: Tensor) -> tuple[Any, Any]:
    tired = extra.numpy().astype(np.float64)
    winner = np.argmax(drive.numpy() - tired)
    tired = 0.99 * tired
    tired[winner] += 0.5
    return winner, tired


# --------------------------------------------------------------------------------------- all

EXERCISES = [
    Exercise(
        id="14.1",
        title="A trace",
        name="my_trace",
        solution=my_trace,
        cases=_draw_trains,
        mistakes={
            FADES_LATE: _traces(bump=lambda x, s, k: (x + s) * k),
            NEVER_FADES: _traces(share=lambda tau: 1.0),
            ONLY_LAST: _traces(bump=lambda x, s, k: 1.0 if s else x * k),
            EULER: _traces(share=lambda tau: 1 - 1 / tau),
            GROWS: _traces(share=lambda tau: math.exp(1 / tau)),
            TOO_FAST: _traces(share=lambda tau: math.exp(-tau)),
            ONLY_END: [
                ByShape(lambda spk, tau: my_trace(spk, tau)[-1]),
                ByShape(lambda spk, tau: my_trace(spk, tau)[:1]),
            ],
            WAITS: _traces(bump=lambda x, s, k: x + s if s else x * k),
            SINCE_START: _fades_since_start,
            DIVIDES: _traces(share=lambda tau: 1 / tau),
            LATE: _traces(lag=1),
            ONE_TENSOR: [_one_tensor(), _one_tensor(late=True)],
            ONLY_SPIKES: lambda spk, tau: 1.0 * spk,
            FROM_1: _from_1,
            FIXED: [
                _traces(share=lambda tau: math.exp(-1 / 20)),
                _traces(share=lambda tau: math.exp(-1 / 10)),
                _traces(share=lambda tau: math.exp(-1)),
                _traces(share=lambda tau: 0.9),
            ],
        },
        otherwise="This is not the trace. Look at a single spike: the trace is 1 there, and then exp(-1/τ), exp(-2/τ), …",
        accepts=(
            _traces(),
            _filled,
            _by_kernel,
            lambda spk, tau: my_trace(spk.double(), tau),
            lambda spk, tau: tuple(my_trace(spk, tau)),
        ),
        hints=(
            "Keep one number, x, which starts at 0. Walk through the spikes ms by ms.",
            "In each ms: first x fades to x·exp(-1/τ), then the spike of this ms is added.",
            "With `fade = torch.tensor(-1 / tau).exp()`: x = x * fade + now. Append x to a list in each ms, and return `torch.stack` of it.",
        ),
        right="A synapse needs no clock: two such numbers know when both neurons fired.",
    ),
    Exercise(
        id="14.2",
        title="From traces to the window",
        name="my_change",
        solution=my_change,
        cases=_draw_pairs,
        run=_one_number,
        mistakes={
            SIGNS: [
                lambda *given: -my_change(*given),
                lambda *given: -_change(falls=_late)(*given),
            ],
            OWN_TRACES: [
                _change(lambda pre, post, x, y: x * pre, lambda pre, post, x, y: y * post),
                _change(lambda pre, post, x, y: x * pre, lambda pre, post, x, y: (y - post) * post),
                _change(lambda pre, post, x, y: y * post, lambda pre, post, x, y: x * pre),
            ],
            SIDES_TURNED: [
                _change(lambda pre, post, x, y: y * pre, lambda pre, post, x, y: x * post),
                _change(lambda pre, post, x, y: (y - post) * pre, lambda pre, post, x, y: x * post),
            ],
            LEAVES_OUT: [
                _change(falls=lambda pre, post, x, y: y * pre * (1 - post)),
                _change(lambda pre, post, x, y: x * post * (1 - pre)),
                _change(
                    lambda pre, post, x, y: x * post * (1 - pre), lambda pre, post, x, y: y * pre
                ),
                _change(
                    lambda pre, post, x, y: x * post * (1 - pre),
                    lambda pre, post, x, y: y * pre * (1 - post),
                ),
            ],
            MS_BEFORE: [
                _change(falls=lambda pre, post, x, y: _before(y) * pre),
                _change(falls=lambda pre, post, x, y: y.roll(1) * pre),  # y[-1] is the last one
                _change(  # a loop that begins at 1
                    lambda pre, post, x, y: (x * post)[1:],
                    lambda pre, post, x, y: (_before(y) * pre)[1:],
                ),
                _change(falls=lambda pre, post, x, y: torch.where(post > 0, y.roll(1), y) * pre),
            ],
            BOTH_MS_BEFORE: [
                _change(
                    lambda pre, post, x, y: _before(x) * post,
                    lambda pre, post, x, y: _before(y) * pre,
                ),
                _change(
                    lambda pre, post, x, y: x.roll(1) * post,
                    lambda pre, post, x, y: y.roll(1) * pre,
                ),
            ],
            POST_FIRST: _change(
                lambda pre, post, x, y: (x - pre) * post, lambda pre, post, x, y: y * pre
            ),
            LAST_EVENT: _last_event,
            ONE_TRACE: [
                _change(falls=lambda pre, post, x, y: x * pre),
                _change(lambda pre, post, x, y: y * post),
                _change(lambda pre, post, x, y: y * post, lambda pre, post, x, y: y * pre),
            ],
            NO_SIZES: lambda pre, post, x, y, up, down: _change()(pre, post, x, y, 1, 1),
            MEAN: lambda *given: my_change(*given) / 80,
            FIRST_MS: [
                lambda pre, post, x, y, up, down: up * x[0] * post[0],
                lambda pre, post, x, y, up, down: up * x[0] * post[0] - down * y[0] * pre[0],
            ],
            NOT_BEFORE: _change(falls=_late),
            LEAVES_FIRST: [
                _change(
                    lambda pre, post, x, y: (x * post)[1:],
                    lambda pre, post, x, y: ((y - post) * pre)[1:],
                ),
                _change(
                    lambda pre, post, x, y: (x * post)[1:], lambda pre, post, x, y: (y * pre)[1:]
                ),
            ],
            ONE_OFF: _change(falls=lambda pre, post, x, y: (y - 1) * pre),
            BOTH_BEFORE: lambda pre, post, x, y, up, down: (
                up * ((x - pre) * post).sum() - down * ((y - post) * pre).sum()
            ),
            SWAPPED: lambda pre, post, x, y, up, down: my_change(pre, post, x, y, down, up),
            NO_DOWN: lambda pre, post, x, y, up, down: up * (x * post).sum(),
            NO_UP: lambda pre, post, x, y, up, down: -down * ((y - post) * pre).sum(),
            EACH_MS: ByShape(
                lambda pre, post, x, y, up, down: up * x * post - down * (y - post) * pre
            ),
            NO_SPIKES: [
                _change(lambda pre, post, x, y: x, lambda pre, post, x, y: y - post),
                _change(lambda pre, post, x, y: x, lambda pre, post, x, y: y),
            ],
            BOTH_RISE: [
                _change(falls=lambda pre, post, x, y: (post - y) * pre),
                _change(falls=lambda pre, post, x, y: -y * pre),
            ],
        },
        otherwise="This is not the change. Take the two kinds of events one by one: what happens at a postsynaptic spike, and what at a presynaptic one?",
        accepts=(
            _change_in_a_loop,
            lambda pre, post, x, y, up, down: up * (x @ post) - down * ((y - post) @ pre),
            lambda pre, post, x, y, up, down: [
                (up * x * post - down * (y - post) * pre).sum().item()
            ],
            lambda pre, post, x, y, up, down: np.float64(
                np.dot(up * x.numpy(), post.numpy())
                - down * np.dot((y - post).numpy(), pre.numpy())
            ),
        ),
        hints=(
            "At each postsynaptic spike the weight rises by up times x; at each presynaptic spike it falls by down times y.",
            "Spikes are 0 or 1: `(x * post).sum()` adds up x at the postsynaptic spikes.",
            "y contains the postsynaptic spike of the same ms. The presynaptic one came before it: use y - post there.",
        ),
        right="This is the whole of pair STDP.",
    ),
    Exercise(
        id="14.3",
        title="A fair race",
        name="my_round",
        solution=my_round,
        cases=_draw_rounds,
        run=_played,
        mistakes={
            NO_THETA: _rounds(by=lambda drive, extra: drive.argmax()),
            ADDED: _rounds(by=lambda drive, extra: (drive + extra).argmax()),
            LOSERS_PAY: _rounds(after=lambda extra, won: 0.99 * extra + 0.5),
            NEVER_RESTS: _rounds(after=lambda extra, won: extra + 0.5 * won),
            PAYS_NOT: _rounds(after=lambda extra, won: 0.99 * extra),
            FADES_AFTER: _rounds(after=lambda extra, won: 0.99 * (extra + 0.5 * won)),
            FALLS: _rounds(after=lambda extra, won: 0.99 * extra - 0.5 * won),
            SET: _rounds(after=lambda extra, won: torch.where(won > 0, 0.5, 0.99 * extra)),
            LEAST: _rounds(by=lambda drive, extra: (drive - extra).argmin()),
            BOTH: [
                lambda drive, extra: my_round(drive, extra)[1],
                lambda drive, extra: my_round(drive, extra)[::-1],
            ],
            A_PLACE: lambda drive, extra: (
                my_round(drive, extra)[1] > 0,
                my_round(drive, extra)[1],
            ),
            ALL_THRESHOLDS: lambda drive, extra: (my_round(drive, extra)[0], extra.max()),
            A_VALUE: [
                lambda drive, extra: ((drive - extra).max(), my_round(drive, extra)[1]),
                lambda drive, extra: (
                    drive[(drive - extra).argmax()],
                    my_round(drive, extra)[1],
                ),
            ],
            EARLY: _rounds(by=lambda drive, extra: (drive - 0.99 * extra).argmax()),
            ONE_FADES: _rounds(after=lambda extra, won: extra * (1 - 0.01 * won) + 0.5 * won),
            WINNER_STAYS: _rounds(
                after=lambda extra, won: torch.where(won > 0, extra + 0.5, 0.99 * extra)
            ),
            SMALL_REST: _rounds(after=lambda extra, won: 0.01 * extra + 0.5 * won),
            SUBTRACTS: _rounds(after=lambda extra, won: extra - 0.99 + 0.5 * won),
            OTHERS_RISE: _rounds(after=lambda extra, won: 0.99 * extra + 0.5 * (1 - won)),
        },
        otherwise="This is not the round. The largest drive - extra wins; then all thresholds keep 0.99, and the winner's gets 0.5 more.",
        wrong=(
            _rounds(by=lambda drive, extra: (drive - 2 * extra).argmax()),
            _rounds(by=lambda drive, extra: (drive - 0.5 * extra).argmax()),
            _rounds(by=lambda drive, extra: (drive / extra).argmax()),
            _rounds(by=lambda drive, extra: extra.argmin()),
            _rounds(by=lambda drive, extra: (drive - extra).abs().argmax()),
        ),
        accepts=(_rounds(), _round_list, _round_in_place, _round_array),
        hints=(
            "`argmax()` gives the place of the largest number. Of which numbers?",
            "After the winner is known: extra = 0.99 * extra, for all neurons.",
            "winner = (drive - extra).argmax(); then `extra[winner] += 0.5`, and return both.",
        ),
        right="A neuron that has just won waits a little longer, so all neurons get a share.",
    ),
]
