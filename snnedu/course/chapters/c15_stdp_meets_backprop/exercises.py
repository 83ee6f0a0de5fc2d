"""Exercises of 15 · STDP meets backprop: one rule both ways, a mean step, and who helped."""

import math
from collections.abc import Callable, Iterator
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt
from snnedu.course.diagnosis import ByShape, refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_update(x_rec: Tensor, post_rec: Tensor, signal_rec: Tensor, beta: float) -> Tensor:
    """Return the sum over time of signal, factor of the output and trace: [outputs, inputs]."""
    trace = torch.zeros(x_rec.shape[1])
    update = torch.zeros(post_rec.shape[1], x_rec.shape[1])
    for x, post, signal in zip(x_rec, post_rec, signal_rec, strict=True):
        trace = beta * trace + x
        update = update + torch.outer(signal * post, trace)
    return update


def my_mean_step(p: Tensor, rate: float) -> Tensor:
    """Return the change of the shares by one output spike, on average over its trigger."""
    change = torch.zeros(len(p))
    for trigger in range(len(p)):
        new = p.clone()
        new[trigger] = new[trigger] * (1 + rate)
        change = change + p[trigger] * (new / new.sum() - p)
    return change


def my_effect(ours: Tensor, theirs: Tensor) -> tuple[float, float]:
    """Return the mean difference of seeds that belong together, and its effect size."""
    difference = ours - theirs
    return difference.mean().item(), (difference.mean() / difference.std()).item()


# --------------------------------------------------------------------------------------- 15.1

LATE_TRACE = "Your trace misses the spike of its own step. U[t] already contains x[t], so update the trace first, then use it."
NO_BETA = "Your trace fades by 0.9, whatever β is. Use the argument `beta`."
NO_FADE = "Your trace does not fade. Multiply it by β in each step, as the membrane does."
NO_TRACE = "You multiply by the input of the same step alone. An input of three steps ago is still in the membrane, with β³."
FADE_TWICE = "You let the new spike fade at once. x[t] enters U[t] with its full size."
TURNED = (
    "Your table is turned. A row belongs to an output, a column to an input, as in `nn.Linear`."
)
NO_SIGNAL = "You left the learning signal out. All three factors are multiplied."
NO_POST = "You left the factor of the output out. All three factors are multiplied."
DESCENDS = (
    "Your sign is reversed. This is the plain product; a minus comes later, where we go downhill."
)
LAST_ONLY = "You keep the last step only. Add up the products of all steps."
FIRST_ONLY = "You keep the first step only: is `return` inside the loop?"
FROM_1 = "You leave the first step out: its input spikes count, too. Does your loop begin at 1?"
LAST_TRACE = "You multiply the sum of the outputs' factors with the last trace: each step needs its own. (Are all traces in a list the last one? `trace *= beta` and `trace += x` change the tensor that is already there.)"
MEAN_TIME = "You average over the steps. Add the products up."
SUMS_FIRST = "You sum the factors over time before you multiply them. What happened at the same time must meet: multiply in each step."
MIXED_LEAKY = (
    "Your trace takes a share 1 - β of each spike. In U[t] = β U[t-1] + x[t] a spike counts fully."
)


def _draw_recordings() -> Iterator[tuple[Tensor, Tensor, Tensor, float]]:
    for steps, inputs, outputs, beta in ((7, 4, 3, 0.9), (12, 3, 2, 0.6), (5, 2, 4, 0.75)):
        x_rec = (torch.rand(steps, inputs) < 0.5).float()
        x_rec[0] = x_rec[-1] = 1.0
        yield x_rec, 0.1 + torch.rand(steps, outputs), torch.randn(steps, outputs), beta


def _traces(x_rec: Tensor, beta: float, new: float = 1.0) -> Tensor:
    trace, rows = torch.zeros_like(x_rec[0]), list[Tensor]()
    for x in x_rec:
        trace = beta * trace + new * x
        rows.append(trace)
    return torch.stack(rows)


def _meet(outputs: Tensor, inputs: Tensor) -> Tensor:
    return torch.einsum("to,ti->oi", outputs, inputs)


def _with_traces(make: Callable[[Tensor, float], Tensor]) -> Callable[..., Tensor]:
    """Return a variant of the solution with other traces."""
    return lambda x_rec, post_rec, signal_rec, beta: _meet(post_rec * signal_rec, make(x_rec, beta))


def _late(x_rec: Tensor, beta: float) -> Tensor:
    return torch.cat([torch.zeros(1, x_rec.shape[1]), _traces(x_rec, beta)[:-1]])


def _from_1(x_rec: Tensor, beta: float) -> Tensor:
    return torch.cat([torch.zeros(1, x_rec.shape[1]), _traces(x_rec[1:], beta)])


def _sums_first(x_rec: Tensor, post_rec: Tensor, signal_rec: Tensor, beta: float) -> Tensor:
    return torch.outer((post_rec * signal_rec).sum(0), _traces(x_rec, beta).sum(0))


def _sum_and_last_trace(x_rec: Tensor, post_rec: Tensor, signal_rec: Tensor, beta: float) -> Tensor:
    return torch.outer((post_rec * signal_rec).sum(0), _traces(x_rec, beta)[-1])


def _in_lists(
    x_rec: Tensor, post_rec: Tensor, signal_rec: Tensor, beta: float
) -> list[list[float]]:
    steps = range(len(x_rec))
    return [
        [
            sum(
                float(signal_rec[t, o] * post_rec[t, o] * x_rec[s, i]) * beta ** (t - s)
                for t in steps
                for s in range(t + 1)
            )
            for i in range(x_rec.shape[1])
        ]
        for o in range(post_rec.shape[1])
    ]


def _in_place(x_rec: Tensor, post_rec: Tensor, signal_rec: Tensor, beta: float) -> Tensor:
    trace = torch.zeros(x_rec.shape[1], dtype=torch.float64)
    update = torch.zeros(post_rec.shape[1], x_rec.shape[1], dtype=torch.float64)
    for t in range(len(x_rec)):
        trace *= beta
        trace += x_rec[t]
        update += (signal_rec[t] * post_rec[t])[:, None] * trace[None, :]
    return update


def _array(x_rec: Tensor, post_rec: Tensor, signal_rec: Tensor, beta: float) -> Any:
    return _meet(post_rec * signal_rec, _traces(x_rec, beta)).numpy()


# --------------------------------------------------------------------------------------- 15.2

NOT_WEIGHTED = (
    "You give all triggers the same chance. Input i triggers a spike with probability p_i."
)
NOT_DIVIDED = "Your new shares do not sum to 1. Divide them by their sum, for each trigger, before you average."
DIVIDED_LATE = "You average first, and only then divide by the sum. Each spike is followed by its own division: divide first, then average."
NEW_SHARES = "You return the new shares. Asked is the change: subtract p."
PER_RATE = "You divided by the rate. Return the change itself."
NO_CHANGE = "Your mean change is 0. That is what adding the rate gives, and multiplying all shares at once. Multiply the share of the trigger alone: p_i (1 + α)."
UPHILL = "Your signs are reversed. The change is new minus old."
LIMIT = "This is α times minus the slope of L: the limit of a small rate. Asked is the mean for this rate, with the division by the sum."
BEST_ONLY = "You let the largest input trigger every spike. The others do so, too, with their own probability."
ONE_AFTER_ANOTHER = "You change shares that an earlier trigger has already changed. For each trigger start from p again."
DIVIDED_TWICE = "You weight by the probabilities, and divide by the number of inputs, too. The probabilities sum to 1: the weighted sum is the mean already."
ALPHA_ALONE = (
    "You multiply the share of the trigger by α, which makes it smaller. Multiply it by 1 + α."
)
OTHER_WEIGHTS = "You weight each change by the probability of the input that changes. Weight it by that of the trigger: p_i belongs to all changes of case i."
OWN_ONLY = "You keep the change of the trigger's own share. In each case the other shares change, too: they are divided by the same sum."
COLUMNS = "You divide along the wrong axis. The new shares of one trigger should sum to 1: divide each trigger's by their own sum."
SUM_ALL = "You add the changes of all triggers without their probabilities."


def _draw_shares() -> Iterator[tuple[Tensor, float]]:
    # So many that an answer which draws a trigger does not by chance draw the largest each time.
    sizes, rates = (3, 4, 2, 5, 6, 7, 5, 6), (0.3, 0.1, 0.5, 0.2, 0.4, 0.3, 0.1, 0.2)
    for inputs, rate in zip(sizes, rates, strict=True):
        p = 0.2 + torch.rand(inputs)
        yield p / p.sum(), rate


def _table(p: Tensor, rate: float) -> Tensor:
    """Return the new shares [triggers, inputs], not yet divided."""
    return p * (1 + rate * torch.eye(len(p)))


def _divided(p: Tensor, rate: float) -> Tensor:
    table = _table(p, rate)
    return table / table.sum(1, keepdim=True)


def _late_division(p: Tensor, rate: float) -> Tensor:
    mean = p @ _table(p, rate)
    return mean / mean.sum() - p


def _by_adding(p: Tensor, rate: float) -> Tensor:
    table = p + rate * torch.eye(len(p))
    return p @ (table / table.sum(1, keepdim=True)) - p


def _by_alpha(p: Tensor, rate: float) -> Tensor:
    table = p * (1 + (rate - 1) * torch.eye(len(p)))
    return p @ (table / table.sum(1, keepdim=True)) - p


def _one_after_another(p: Tensor, rate: float) -> Tensor:
    new, change = p.clone(), torch.zeros(len(p))
    for trigger in range(len(p)):
        new[trigger] *= 1 + rate
        new = new / new.sum()
        change = change + p[trigger] * (new - p)
    return change


def _about_the_sum(got: Tensor, right: Tensor, p: Tensor, rate: float) -> str:
    if abs(float(got.sum())) < 1e-5:
        return "Your changes sum to 0, as they must, but they are not the mean. For each possible trigger: divide the new shares by their sum, subtract p, weight by its p_i. Draw nothing at random."
    return "These are not the mean changes: those sum to 0. Write down the new shares for one trigger first."


def _closed(p: Tensor, rate: float) -> Tensor:
    divided = p / (1 + rate * p)
    return p * (divided.sum() + rate * divided - 1)


# --------------------------------------------------------------------------------------- 15.3

UNPAIRED = "Your spread is that of the two sets, not of the differences. A seed's two results belong together: subtract first."
OF_THE_MEAN = "You divided the spread by √n: this is the t value, which grows with the number of seeds. An effect size does not."
BIASED = "Your spread divides by n. With few seeds divide by n - 1, as `std()` of a tensor does."
VARIANCE = "You divide by the variance. Divide by its root, the standard deviation."
OTHER_SIGN = "Your signs are reversed: ours minus theirs."
NO_SIGN = "You lost the sign. It says who is ahead."
SPREAD_ONLY = (
    "Your second number is the spread. The effect size is the mean difference divided by it."
)
MEDIAN = "Your first number is the median. Asked is the mean difference."
TURNED_OVER = "Your fraction is turned over. Divide the mean difference by its spread."
AGAIN = "You divide the spread by n - 1. The standard deviation has that inside, and `std()` of a tensor does it for you."
EACH_SEED = "You return a number for each seed. First take the mean of the differences, then divide this mean by their spread."
SWAPPED = "Your two numbers are swapped: first the mean difference, then the effect size."


def _draw_seeds() -> Iterator[tuple[Tensor, Tensor]]:
    for seeds, lead in ((8, 0.03), (6, -0.02), (5, 0.1)):
        common = 0.7 + 0.1 * torch.rand(seeds)
        yield common + lead + 0.03 * torch.randn(seeds), common + 0.02 * torch.randn(seeds)


def _two_numbers(answer: Attempt, ours: Tensor, theirs: Tensor) -> Any:
    found = answer(ours, theirs)
    if isinstance(found, (tuple, list)) and len(found) == 2:
        refuse({EACH_SEED: len(ours) in [tensor(one).numel() for one in found]})
    return found


def _pair(ours: Tensor, theirs: Tensor, spread: Callable[[Tensor], Tensor]) -> tuple[float, float]:
    return _over((ours - theirs).mean(), spread(ours - theirs))


def _unpaired(ours: Tensor, theirs: Tensor) -> tuple[float, float]:
    return _pair(ours, theirs, lambda _: ((ours.var() + theirs.var()) / 2).sqrt())


def _over(lead: Tensor, spread: Tensor) -> tuple[float, float]:
    return lead.item(), (lead / spread).item()


def _unsigned(ours: Tensor, theirs: Tensor) -> tuple[float, float]:
    a, b = my_effect(ours, theirs)
    return abs(a), abs(b)


def _with_median(ours: Tensor, theirs: Tensor) -> tuple[float, float]:
    difference = ours - theirs
    return _over(difference.quantile(0.5), difference.std())


def _by_statistics(ours: Tensor, theirs: Tensor) -> list[float]:
    difference = [float(a - b) for a, b in zip(ours, theirs, strict=True)]
    return [mean(difference), mean(difference) / stdev(difference)]


# --------------------------------------------------------------------------------------- all

EXERCISES = [
    Exercise(
        id="15.1",
        title="One rule, both ways",
        name="my_update",
        solution=my_update,
        cases=_draw_recordings,
        mistakes={
            LATE_TRACE: _with_traces(_late),
            NO_FADE: _with_traces(lambda x_rec, beta: _traces(x_rec, 1.0)),
            NO_BETA: _with_traces(lambda x_rec, beta: _traces(x_rec, 0.9)),
            NO_TRACE: _with_traces(lambda x_rec, beta: x_rec),
            FADE_TWICE: _with_traces(lambda x_rec, beta: _traces(x_rec, beta, beta)),
            MIXED_LEAKY: _with_traces(lambda x_rec, beta: _traces(x_rec, beta, 1 - beta)),
            TURNED: ByShape(lambda *given: my_update(*given).T),
            NO_SIGNAL: lambda x_rec, post_rec, signal_rec, beta: _meet(
                post_rec, _traces(x_rec, beta)
            ),
            NO_POST: lambda x_rec, post_rec, signal_rec, beta: _meet(
                signal_rec, _traces(x_rec, beta)
            ),
            DESCENDS: lambda *given: -my_update(*given),
            LAST_ONLY: lambda x_rec, post_rec, signal_rec, beta: torch.outer(
                (post_rec * signal_rec)[-1], _traces(x_rec, beta)[-1]
            ),
            MEAN_TIME: lambda *given: my_update(*given) / len(given[0]),
            FIRST_ONLY: lambda x_rec, post_rec, signal_rec, beta: torch.outer(
                post_rec[0] * signal_rec[0], x_rec[0]
            ),
            SUMS_FIRST: _sums_first,
            LAST_TRACE: _sum_and_last_trace,
            FROM_1: [
                _with_traces(_from_1),
                lambda x_rec, post_rec, signal_rec, beta: _meet(
                    (post_rec * signal_rec)[1:], _traces(x_rec, beta)[1:]
                ),
            ],
        },
        otherwise="This is not the sum of the products. Look first at the trace of one input, then at one product, then at the sum.",
        accepts=(_in_lists, _in_place, _array),
        hints=(
            "The trace of an input obeys the equation of the membrane: it fades by β, and each spike adds 1.",
            "In each step: update the traces, then multiply signal and factor of each output with the trace of each input.",
            "`torch.outer(signal * post, trace)` makes the table of one step. Add up the tables.",
        ),
        right="The same few lines compute an exact gradient and the growth by STDP.",
    ),
    Exercise(
        id="15.2",
        title="The mean step of STDP",
        name="my_mean_step",
        solution=my_mean_step,
        cases=_draw_shares,
        mistakes={
            NOT_WEIGHTED: lambda p, rate: _divided(p, rate).mean(0) - p,
            SUM_ALL: lambda p, rate: (_divided(p, rate) - p).sum(0),
            COLUMNS: lambda p, rate: p @ (_table(p, rate) / _table(p, rate).sum(0)) - p,
            NOT_DIVIDED: lambda p, rate: p @ _table(p, rate) - p,
            DIVIDED_LATE: _late_division,
            NEW_SHARES: lambda p, rate: p @ _divided(p, rate),
            PER_RATE: lambda p, rate: my_mean_step(p, rate) / rate,
            NO_CHANGE: _by_adding,
            UPHILL: lambda p, rate: -my_mean_step(p, rate),
            LIMIT: lambda p, rate: rate * p * (p - (p**2).sum()),
            ONE_AFTER_ANOTHER: _one_after_another,
            DIVIDED_TWICE: lambda p, rate: my_mean_step(p, rate) / len(p),
            ALPHA_ALONE: _by_alpha,
            OTHER_WEIGHTS: [
                lambda p, rate: (p * (_divided(p, rate) - p)).sum(0),
                lambda p, rate: (_divided(p, rate) - p) @ p,
            ],
            OWN_ONLY: lambda p, rate: p * (_divided(p, rate).diagonal() - p),
            BEST_ONLY: lambda p, rate: _divided(p, rate)[p.argmax()] - p,
        },
        otherwise=_about_the_sum,
        accepts=(
            _closed,
            lambda p, rate: (p @ _divided(p, rate) - p).tolist(),
            lambda p, rate: my_mean_step(p.double(), rate).numpy(),
        ),
        hints=(
            "There are only as many cases as inputs. In case i, input i triggers the spike. Its probability is p_i.",
            "In case i, p_i is multiplied by 1 + α, then all shares are divided by their sum.",
            "Add up, over all cases: p_i times (new shares of case i, minus p).",
        ),
        right="An average over all triggers: no simulation is needed.",
    ),
    Exercise(
        id="15.3",
        title="Who helped?",
        name="my_effect",
        solution=my_effect,
        cases=_draw_seeds,
        run=_two_numbers,
        mistakes={
            UNPAIRED: [
                _unpaired,
                lambda a, b: _pair(a, b, lambda _: (a.std() + b.std()) / 2),
                lambda a, b: _pair(a, b, lambda _: (a.var() + b.var()).sqrt()),
                lambda a, b: _pair(a, b, lambda _: a.std()),
                lambda a, b: _pair(a, b, lambda _: b.std()),
                lambda a, b: _pair(a, b, lambda _: a.std() - b.std()),
                lambda a, b: _pair(a, b, lambda _: a.std() + b.std()),
                lambda a, b: _pair(a, b, lambda _: torch.cat([a, b]).std()),
            ],
            OF_THE_MEAN: lambda a, b: _pair(a, b, lambda d: d.std() / math.sqrt(len(d))),
            BIASED: lambda a, b: _pair(a, b, lambda d: d.std(correction=0)),
            AGAIN: [
                lambda a, b: _pair(a, b, lambda d: d.std() / (len(d) - 1)),
                lambda a, b: _pair(a, b, lambda d: d.std(correction=0) / (len(d) - 1)),
            ],
            TURNED_OVER: lambda a, b: ((a - b).mean().item(), 1 / my_effect(a, b)[1]),
            EACH_SEED: [
                lambda a, b: ((a - b).mean(), (a - b) / (a - b).std()),
                lambda a, b: (a - b, (a - b).mean() / (a - b).std()),
            ],
            VARIANCE: lambda a, b: _pair(a, b, lambda d: d.var()),
            OTHER_SIGN: lambda a, b: my_effect(b, a),
            NO_SIGN: [
                _unsigned,
                lambda a, b: _over((a - b).abs().mean(), (a - b).std()),
                lambda a, b: _over((a - b).abs().mean(), (a - b).abs().std()),
            ],
            SPREAD_ONLY: lambda a, b: ((a - b).mean().item(), (a - b).std().item()),
            MEDIAN: [
                _with_median,
                lambda a, b: _over((a - b).median(), (a - b).std()),
                lambda a, b: ((a - b).median().item(), my_effect(a, b)[1]),
            ],
            SWAPPED: lambda a, b: my_effect(a, b)[::-1],
        },
        otherwise="These are not the two numbers. Print the differences of all seeds first.",
        accepts=(
            _by_statistics,
            lambda a, b: torch.stack([(a - b).mean(), (a - b).mean() / (a - b).std()]),
            lambda a, b: tuple(map(float, _by_statistics(a.double(), b.double()))),
        ),
        hints=(
            "Seed 3 of one side has the same data order as seed 3 of the other. Subtract seed by seed.",
            "The effect size is the mean of these differences, divided by their standard deviation.",
            "`difference = ours - theirs`, then `difference.mean()` and `difference.std()`.",
        ),
        right="You can say how large a lead is beside its own spread.",
    ),
]
