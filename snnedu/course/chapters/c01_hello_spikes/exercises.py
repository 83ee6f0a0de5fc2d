"""Exercises of 01 · Hello, spikes: read the answer out of spikes, count what it cost, find where it pays."""

from math import ceil, floor
from random import uniform

import numpy as np
import torch
from torch import Tensor

from snnedu.course.attempt import TWO_THINGS
from snnedu.course.diagnosis import NEARLY, ByShape, alike
from snnedu.course.exercise import Exercise


def decode(spk_rec: Tensor) -> Tensor:
    """Return the class that spiked most: [time, batch, classes] -> [batch]."""
    return spk_rec.sum(0).argmax(-1)


def synaptic_operations(spk_rec: Tensor, fan_out: int) -> Tensor:
    """Return the additions that spikes [time, batch, neurons] cause, mean over the batch."""
    return spk_rec.sum((0, 2)).mean() * fan_out


def break_even(inputs: int, outputs: int, steps: int, mac: float, add: float) -> float:
    """Return how many spikes each input may send until the spiking layer costs as much."""
    dense = inputs * outputs * mac
    updates = steps * outputs * mac
    one_spike_each = inputs * outputs * add
    return (dense - updates) / one_spike_each


# ---------------------------------------------------------------- 01.1

COUNTS = "These are the counts. Which class has the largest one? `argmax` gives the position of the largest value."
STILL_TIME = "Your answer still has the time axis. First add over time (axis 0)."
ADDED_BATCH = "You add over the samples, too. Each sample needs a class of its own: add over time alone, `sum(0)`."
OVER_BATCH = "You compare the samples with each other. The classes are the last axis: `argmax(-1)`."
LARGEST = "These are the largest counts themselves. The question is which class they belong to: `argmax(-1)`."
VOTE = "You let each step name a winner, and the most frequent winner wins. A step without a spike then votes as well, for class 0. First add over time."
WRONG_AXIS = "You do not add over time, which is axis 0: `sum(0)` leaves [batch, classes]."
LEAST = "You pick the class that spiked least."
ONE_ANSWER = "You return one number for the whole batch. Each sample needs a class of its own: add over time alone, `sum(0)`, then look along the last axis, `argmax(-1)`."
FIRST = "You pick the class that spiked at the last or first step. Count over all steps."


def _raster(steps: int) -> Tensor:
    """Let one class in each of six samples spike most, but never at the first and last step."""
    targets = torch.tensor([0, 1, 2, 3, 1, 3])[torch.randperm(6)]
    noise = torch.where(targets > 1, 0.5, 0.2)[:, None]  # a vote of the steps misses 2 and 3
    spk_rec = (torch.rand(steps, 6, 4) < noise).float()
    spk_rec[1:-1, torch.arange(6), targets] = 1
    spk_rec[[0, -1]] = 1 - torch.nn.functional.one_hot(targets, 4).float()
    quiet = (targets < 2).nonzero()[:, 0]  # here another class starts last, so starts tell nothing
    spk_rec[: steps // 2, quiet, targets[quiet] + 1] = 0
    return spk_rec


def _by_loop(spk_rec: Tensor) -> list[int]:
    """Decode with loops; a right answer."""
    answers = list[int]()
    for counts in spk_rec.sum(0).tolist():
        answers.append(counts.index(max(counts)))
    return answers


class _Decoder:
    """A right answer as an object that can be called."""

    def __call__(self, spk_rec: Tensor) -> Tensor:
        return spk_rec.double().sum(0).topk(1).indices[:, 0]


# ---------------------------------------------------------------- 01.2

DENSE = (
    "You count every step of every neuron. Where there is no spike, nothing is added: count spikes."
)
NO_FAN_OUT = "These are the spikes. Each one is added once for every neuron that receives it."
WHOLE_BATCH = "This is the sum over the whole batch. Take the mean over its samples."
PER_STEP = (
    "You average over time too. An operation at every step costs at every step: add over time."
)
PER_NEURON = "You average over the neurons. Every one of them costs: add over the neurons, and take the mean over the samples."
BY_STEPS = "You take the mean over the steps, axis 0. The samples are axis 1: there are `spk_rec.shape[1]`."
PER_ALL = "You average over time and neurons too. Every spike costs: add over time and neurons, and take the mean over the samples alone."
WHOLE_NUMBER = "You round the mean to a whole number. A mean of whole numbers may lie between them: divide with `/`, and do not round."
EVERY_NEURON = "You multiply by the number of neurons. Their sum counts the spikes of every one of them already."
OWN_FAN_OUT = (
    "You write a number in place of `fan_out`. Another layer has another one: use the argument."
)
EACH_SAMPLE = "This is one number for each sample. What is needed is the mean over the samples."


def _activity(steps: int) -> Tensor:
    """Draw spikes of three samples of different activity whose mean count is no whole number."""
    spk_rec = (torch.rand(steps, 3, 8) < torch.tensor([0.05, 0.2, 0.4])[:, None]).float()
    if spk_rec.sum() % 3 == 0:
        spk_rec[0, 0, 0] = 1 - spk_rec[0, 0, 0]
    return spk_rec


# ---------------------------------------------------------------- 01.3

NO_UPDATES = (
    "You left out the updates: every output neuron needs one MAC at every step, spike or not."
)
TOTAL = "These are the spikes of all inputs together. The question asks for those of one input."
EACH_STEP = "You divided by the steps. Count the spikes of the whole run, as the cost does."
UPSIDE_DOWN = "Your fraction is upside down. How many cheap additions can be bought for what is left over from the dense layer?"
ADDITIONS = "These are additions, for all inputs together. If each input sends one spike, `inputs * outputs` of them follow."
DENSE_STEPS = "You let the dense layer run at every step. It runs once for each scan."
HARD_CODED = "You write numbers where the arguments belong. The check has other layers and other prices: use `inputs`, `outputs`, `steps`, `mac` and `add`."
CLOSE = "Do you round, or try one number after another? Set the two costs equal, solve for n, and return it as it is."
COSTS = "Write down two costs: of the dense layer, and of the spiking one when each input sends n spikes. For which n are they equal?"
BUDGET = "This is what the updates leave of the budget. How many spikes for each input does it buy?"
ADDED = "You add the updates to the budget. They are paid out of it: subtract them."
ONE_UPDATE = "For one run of the dense layer you count one update of each output neuron. The dense layer runs once, but there is an update at every step."
CHEAP_UPDATES = "An update is a MAC, not an addition: the membrane is multiplied by β."
ONE_NEURON = "You count one update at every step. There is one for each output neuron."
INPUT_UPDATES = "You update the inputs. The neurons of this layer are its outputs: `outputs` updates at every step."
PARENTHESES = "Python computes `a / b * c` from the left, as `(a / b) * c`. Put what you divide by in parentheses: `a / (b * c)`."
PRECEDENCE = (
    "Python divides before it subtracts: put the whole difference in parentheses, `(a - b) / c`."
)
WHOLE_MAC = (
    "`mac` is the price of a whole multiply-accumulate: the price of its addition is part of it."
)
EACH_WEIGHT = "You count an update for each weight. There is one for each output neuron and step: `steps * outputs`."
NEGATIVE = "You subtract the dense layer's cost from the updates. The updates are paid out of it: turn the difference round."
ROUNDED = "Do not round, and do not count in whole spikes: half a spike for each input is a valid answer, as a mean."
FREE_FAN_OUT = "A spike costs one addition in each of the `outputs` neurons, not a single one."

EXERCISES = [
    Exercise(
        id="01.1",
        title="Decode a raster",
        name="decode",
        solution=decode,
        cases=lambda: [(_raster(30),), (_raster(40),)],
        mistakes={
            COUNTS: lambda spk_rec: spk_rec.sum(0),
            STILL_TIME: ByShape(lambda spk_rec: spk_rec.argmax(-1)),
            ADDED_BATCH: [
                lambda spk_rec: spk_rec.sum((0, 1)),
                lambda spk_rec: spk_rec.sum((0, 1)).argmax().expand(spk_rec.shape[1]),
            ],
            OVER_BATCH: lambda spk_rec: spk_rec.sum(0).argmax(0),
            LEAST: lambda spk_rec: spk_rec.sum(0).argmin(-1),
            FIRST: [lambda spk_rec: spk_rec[-1].argmax(-1), lambda spk_rec: spk_rec[0].argmax(-1)],
            LARGEST: lambda spk_rec: spk_rec.sum(0).max(-1).values,
            TWO_THINGS: lambda spk_rec: spk_rec.sum(0).max(-1),
            VOTE: lambda spk_rec: spk_rec.argmax(-1).mode(0).values,
            ONE_ANSWER: ByShape(lambda spk_rec: spk_rec.sum(0).argmax()),
            WRONG_AXIS: [
                ByShape(lambda spk_rec: spk_rec.sum(1).argmax(-1)),
                lambda spk_rec: spk_rec.sum(1).argmax(0),
                lambda spk_rec: spk_rec.sum(2).argmax(0),
            ],
        },
        otherwise="That is not the class that spiked most. Count the spikes of each class over all steps.",
        accepts=(
            lambda spk_rec: spk_rec.mean(0).max(-1).indices,
            lambda spk_rec: spk_rec.sum(0).argmax(-1).float(),
            lambda spk_rec: spk_rec.numpy().sum(0).argmax(-1),
            lambda spk_rec: spk_rec.sum(0).argmax(-1).tolist(),
            lambda spk_rec: tuple(spk_rec.sum(0).argmax(-1).int()),
            _by_loop,
            _Decoder(),
        ),
        wrong=(
            lambda spk_rec: spk_rec[:5].sum(0).argmax(-1),
            lambda spk_rec: torch.zeros(spk_rec.shape[1]),
            lambda spk_rec: spk_rec.sum(0).argmax(-1) + 1,
            lambda spk_rec: spk_rec.sum(0).argsort(-1)[:, -2],
            lambda spk_rec: spk_rec.argmax(0).argmax(-1),
        ),
        hints=(
            "Two steps: count the spikes of each class, then find the class with the most.",
            "`spk_rec.sum(0)` counts over time. What is left is [batch, classes].",
            "`argmax(-1)` gives the position of the largest value along the last axis.",
        ),
    ),
    Exercise(
        id="01.2",
        title="Count synaptic operations",
        name="synaptic_operations",
        solution=synaptic_operations,
        # The fan-out is no other number here.
        cases=lambda: [(_activity(10), 17), (_activity(14), 23)],
        mistakes={
            DENSE: [
                lambda spk_rec, fan_out: spk_rec[:, 0].numel() * fan_out,
                lambda spk_rec, fan_out: spk_rec.numel() * fan_out,
            ],
            NO_FAN_OUT: [
                lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean(),
                lambda spk_rec, fan_out: spk_rec.sum((0, 2)),
                lambda spk_rec, fan_out: spk_rec.sum(),
            ],
            WHOLE_BATCH: lambda spk_rec, fan_out: spk_rec.sum() * fan_out,
            PER_STEP: [
                lambda spk_rec, fan_out: spk_rec.mean(0).sum(-1).mean() * fan_out,
                lambda spk_rec, fan_out: spk_rec.mean(0).sum(-1) * fan_out,
            ],
            PER_NEURON: [
                lambda spk_rec, fan_out: spk_rec.sum(0).mean() * fan_out,
                lambda spk_rec, fan_out: spk_rec.sum((0, 1)).mean() * fan_out,
                lambda spk_rec, fan_out: spk_rec.sum(0).mean(-1) * fan_out,
            ],
            BY_STEPS: lambda spk_rec, fan_out: spk_rec.sum() / len(spk_rec) * fan_out,
            PER_ALL: lambda spk_rec, fan_out: spk_rec.mean() * fan_out,
            WHOLE_NUMBER: [
                lambda spk_rec, fan_out: spk_rec.sum() // spk_rec.shape[1] * fan_out,
                lambda spk_rec, fan_out: spk_rec.sum() * fan_out // spk_rec.shape[1],
                lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean().int() * fan_out,
                lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean().round() * fan_out,
                lambda spk_rec, fan_out: (spk_rec.sum((0, 2)).mean() * fan_out).round(),
            ],
            EVERY_NEURON: [
                lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean() * fan_out * spk_rec.shape[2],
                lambda spk_rec, fan_out: spk_rec.sum() * fan_out * spk_rec.shape[2],
            ],
            OWN_FAN_OUT: [
                lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean() * 10,
                lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean() * 100,
            ],
            EACH_SAMPLE: ByShape(lambda spk_rec, fan_out: spk_rec.sum((0, 2)) * fan_out),
        },
        otherwise="The number is not right. Operations = spikes of a sample times fan-out.",
        accepts=(
            lambda spk_rec, fan_out: float(spk_rec.sum() / spk_rec.shape[1] * fan_out),
            lambda spk_rec, fan_out: spk_rec.numpy().sum((0, 2)).mean() * fan_out,
            lambda spk_rec, fan_out: [fan_out * spk_rec.double().sum() / spk_rec.shape[1]],
            lambda spk_rec, fan_out: (
                sum(fan_out * one.sum() for one in spk_rec.unbind(1)) / spk_rec.shape[1]
            ),
        ),
        wrong=(
            lambda spk_rec, fan_out: spk_rec[:, 0].sum() * fan_out,
            lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean() / fan_out,
            lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean() + fan_out,
            lambda spk_rec, fan_out: spk_rec.sum((0, 2)).max() * fan_out,
            lambda spk_rec, fan_out: spk_rec.sum((0, 2)).mean() * 17,
        ),
        hints=(
            "Where nothing spikes, nothing is added. So begin with the number of spikes.",
            "Each spike arrives at `fan_out` neurons, and each of them adds one weight.",
            "Add over time and neurons, `spk_rec.sum((0, 2))`; then the mean over the batch.",
        ),
    ),
    Exercise(
        id="01.3",
        title="Break even",
        name="break_even",
        solution=break_even,
        cases=lambda: [
            (200, 30, 20, uniform(4.0, 5.0), uniform(0.8, 0.95)),
            (50, 8, 10, uniform(2.5, 3.5), uniform(0.4, 0.6)),
        ],
        mistakes={
            NO_UPDATES: lambda i, o, t, mac, add: mac / add,
            TOTAL: lambda i, o, t, mac, add: (i * o - t * o) * mac / (o * add),
            EACH_STEP: [
                lambda i, o, t, mac, add: (i - t) * mac / (i * add) / t,
                lambda i, o, t, mac, add: 100 * (i - t) * mac / (i * add) / t,
            ],
            UPSIDE_DOWN: lambda i, o, t, mac, add: i * add / ((i - t) * mac),
            FREE_FAN_OUT: lambda i, o, t, mac, add: (i * o - t * o) * mac / (i * add),
            BUDGET: lambda i, o, t, mac, add: (i * o - t * o) * mac,
            ADDITIONS: lambda i, o, t, mac, add: (i * o - t * o) * mac / add,
            DENSE_STEPS: lambda i, o, t, mac, add: (i * t - t) * mac / (i * add),
            HARD_CODED: [
                lambda i, o, t, mac, add: (i - t) * 4.6 / (i * 0.9),
                lambda i, o, t, mac, add: (i - 25) * mac / (i * add),
                lambda i, o, t, mac, add: (64 - t) * mac / (64 * add),
                lambda i, o, t, mac, add: (64 - 25) * mac / (64 * add),
                lambda i, o, t, mac, add: (64 - 25) * 4.6 / (64 * 0.9),
            ],
            ADDED: lambda i, o, t, mac, add: (i + t) * mac / (i * add),
            ONE_UPDATE: lambda i, o, t, mac, add: (i - 1) * mac / (i * add),
            CHEAP_UPDATES: lambda i, o, t, mac, add: (i * mac - t * add) / (i * add),
            ONE_NEURON: lambda i, o, t, mac, add: (i * o * mac - t * mac) / (i * o * add),
            INPUT_UPDATES: lambda i, o, t, mac, add: (o - t) * mac / (o * add),
            PRECEDENCE: [
                lambda i, o, t, mac, add: i * o * mac - t * o * mac / (i * o * add),
                lambda i, o, t, mac, add: i * mac - t * mac / (i * add),
            ],
            WHOLE_MAC: [
                lambda i, o, t, mac, add: (i - t) * (mac + add) / (i * add),
                lambda i, o, t, mac, add: (i * (mac + add) - t * mac) / (i * add),
                lambda i, o, t, mac, add: (i * mac - t * (mac + add)) / (i * add),
            ],
            EACH_WEIGHT: lambda i, o, t, mac, add: (1 - t) * mac / add,
            NEGATIVE: lambda i, o, t, mac, add: (t - i) * mac / (i * add),
            PARENTHESES: [
                lambda i, o, t, mac, add: (i * o * mac - t * o * mac) / i * o * add,
                lambda i, o, t, mac, add: (i * mac - t * mac) / i * add,
            ],
            ROUNDED: [
                lambda i, o, t, mac, add: round((i - t) * mac / (i * add)),
                lambda i, o, t, mac, add: floor((i - t) * mac / (i * add)),
                lambda i, o, t, mac, add: ceil((i - t) * mac / (i * add)),
                lambda i, o, t, mac, add: round((i - t) * mac / (i * add), 1),
            ],
        },
        otherwise=lambda got, right, *_: CLOSE if alike(got, right, NEARLY) else COSTS,
        accepts=(
            lambda i, o, t, mac, add: (1 - t / i) * mac / add,
            lambda i, o, t, mac, add: torch.tensor([(i - t) * mac / (i * add)]),
            lambda i, o, t, mac, add: [(i * o - t * o) * mac / (i * o * add)],
            lambda i, o, t, mac, add: np.float64(mac / add) * (i - t) / i,
        ),
        wrong=(
            lambda i, o, t, mac, add: (i - t) * add / (i * mac),
            lambda i, o, t, mac, add: (i - t) * mac / (i * add) + 0.01,
        ),
        hints=(
            "The dense layer costs inputs times outputs MACs. That is the budget.",
            "The updates are paid from it first: steps times outputs MACs.",
            "If each input sends one spike, inputs times outputs additions follow. How many times can the rest of the budget pay for that?",
        ),
        right="The number of outputs cancels. Is your network below this limit?",
    ),
]
