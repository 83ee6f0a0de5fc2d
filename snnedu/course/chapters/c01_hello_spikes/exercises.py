"""Exercises of 01 · Hello, spikes: read the answer out of spikes, count what it cost, find where it pays."""

import math

import torch
from torch import Tensor

from snnedu.course.attempt import TWO_THINGS, Attempt, WrongAnswer
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


COUNTS = "These are the counts. Which class has the largest one? `argmax` tells the place of the largest."
STILL_TIME = (
    "Your answer still has the time axis: you decide at each step. First add over time (axis 0)."
)
OVER_BATCH = "You compare the samples with each other. The classes are the last axis: `argmax(-1)`."
LARGEST = "These are the largest counts themselves. Asked for is whose they are: `argmax(-1)`."
VOTE = (
    "You let each step name a winner, and the most frequent one wins. A step without a spike then "
    "votes as well, for class 0. First add over time."
)
WRONG_AXIS = "You added over the batch, which is axis 1. Time is axis 0."
LEAST = "You pick the class that spiked least."
FIRST = "You pick the class that spiked at the last or first step. Count over all steps."
NOT_MOST = "That is not the class that spiked most. Count the spikes of each class over all steps."

DENSE = (
    "You count every step of every neuron. Where there is no spike, nothing is added: count spikes."
)
NO_FAN_OUT = "These are the spikes. Each one is added once for every neuron that receives it."
WHOLE_BATCH = "This is the sum over the whole batch. Take the mean over its samples."
PER_STEP = (
    "You average over time too. An operation at every step costs at every step: add over time."
)
PER_NEURON = "You average over the neurons as well. Every one of them costs: add over neurons."
BY_STEPS = "You divide by the number of steps. The samples are axis 1: `spk_rec.shape[1]`."
EACH_SAMPLE = "This is one number for each sample. One last step: their mean."

NO_UPDATES = (
    "You left out the updates: every output neuron needs one MAC at every step, spike or not."
)
TOTAL = "These are the spikes of all inputs together. Asked for are those of one input."
EACH_STEP = "You divided by the steps. Count the spikes of the whole run, as the cost does."
UPSIDE_DOWN = (
    "Your fraction stands on its head. How many cheap additions can be bought for what is left "
    "over from the dense layer?"
)
BUDGET = "This is what the updates leave of the budget. How many spikes for each input does it buy?"
ADDED = "You add the updates to the budget. They are paid out of it: subtract them."
ONE_UPDATE = "You count one update for each output neuron. There is one at every step."
CHEAP_UPDATES = "An update is a MAC, not an addition: the membrane is multiplied by β."
ROUNDED = "Do not round: half a spike for each input is a fine answer, as a mean."
FREE_FAN_OUT = "A spike costs one addition in each of the `outputs` neurons, not a single one."


def check_decode(answer: Attempt) -> None:
    """Let one class in each of six samples spike most, but never at the first and last step."""
    spk_rec = (torch.rand(20, 6, 4) < 0.3).float()
    targets = torch.tensor([0, 3, 1, 2, 3, 1])
    spk_rec[1:-1, torch.arange(6), targets] = 1
    spk_rec[[0, -1]] = 1 - torch.nn.functional.one_hot(targets, 4).float()
    got = torch.as_tensor(answer(spk_rec))
    if got.shape == (6, 4) and torch.equal(got.float(), spk_rec.sum(0)):
        raise WrongAnswer(COUNTS)
    if got.ndim > 1 and got.shape[0] == 20:
        raise WrongAnswer(STILL_TIME)
    if got.shape == (4,):
        raise WrongAnswer(OVER_BATCH)
    if got.shape == (20,):
        raise WrongAnswer(WRONG_AXIS)
    if got.shape != (6,):
        raise WrongAnswer(
            f"The answer needs one class for each sample, [6]. Yours is {list(got.shape)}."
        )
    winners = spk_rec.argmax(-1)
    known = {
        LEAST: spk_rec.sum(0).argmin(-1),
        LARGEST: spk_rec.sum(0).max(-1).values,
        VOTE: winners.mode(0).values,
    }
    for message, value in known.items():
        if torch.equal(got.float(), value.float()):
            raise WrongAnswer(message)
    if torch.equal(got, winners[0]) or torch.equal(got, winners[-1]):
        raise WrongAnswer(FIRST)
    if not torch.equal(got.float(), targets.float()):
        raise WrongAnswer(NOT_MOST)


def check_operations(answer: Attempt) -> None:
    """Give three samples of different activity, and a fan-out that is no other number here."""
    spk_rec = (torch.rand(10, 3, 8) < torch.tensor([0.1, 0.3, 0.6])[:, None]).float()
    got, right = torch.as_tensor(answer(spk_rec, 17)), spk_rec.sum((0, 2)).mean() * 17
    known = {
        DENSE: torch.tensor(10 * 8 * 17),
        NO_FAN_OUT: right / 17,
        WHOLE_BATCH: right * 3,
        PER_STEP: right / 10,
        PER_NEURON: right / 8,
        BY_STEPS: right * 3 / 10,
    }
    if got.shape == (3,):
        raise WrongAnswer(EACH_SAMPLE)
    if got.numel() != 1:
        raise WrongAnswer(f"One number is asked for. Yours has the shape {list(got.shape)}.")
    for message, value in known.items():
        if torch.isclose(got.float(), value.float(), rtol=1e-4):
            raise WrongAnswer(message)
    if not torch.isclose(got.float(), right, rtol=1e-4):
        raise WrongAnswer("The number is not right. Operations = spikes of a sample times fan-out.")


def check_break_even(answer: Attempt) -> None:
    """Compare for two layers with the right number, and with what mistakes give."""
    for given in ((200, 30, 20, 4.6, 0.9), (50, 8, 10, 3.0, 0.5)):
        got, right = float(answer(*given)), break_even(*given)
        inputs, outputs, steps, mac, add = given
        known = {
            NO_UPDATES: mac / add,
            TOTAL: right * inputs,
            EACH_STEP: right / steps,
            UPSIDE_DOWN: 1 / right,
            FREE_FAN_OUT: right * outputs,
            BUDGET: right * inputs * outputs * add,
            ADDED: (inputs + steps) * mac / (inputs * add),
            ONE_UPDATE: (inputs - 1) * mac / (inputs * add),
            CHEAP_UPDATES: (inputs * mac - steps * add) / (inputs * add),
            ROUNDED: round(right),
        }
        for message, value in known.items():
            if math.isclose(got, value, rel_tol=1e-3):
                raise WrongAnswer(message)
        if not math.isclose(got, right, rel_tol=1e-3):
            raise WrongAnswer(
                "Not yet. Write down two costs: of the dense layer, and of the spiking one when each "
                "input sends n spikes. For which n are they equal?"
            )


EXERCISES = [
    Exercise(
        id="01.1",
        title="Decode a raster",
        name="decode",
        solution=decode,
        check=check_decode,
        hints=(
            "Two steps: count the spikes of each class, then find the class with the most.",
            "`spk_rec.sum(0)` counts over time. What is left is [batch, classes].",
            "`argmax(-1)` gives the place of the largest along the last axis.",
        ),
        wrong=(
            (lambda spk_rec: spk_rec.sum(0), COUNTS),
            (lambda spk_rec: spk_rec.argmax(-1), STILL_TIME),
            (lambda spk_rec: spk_rec.sum(0).argmax(0), OVER_BATCH),
            (lambda spk_rec: spk_rec.sum(0).argmin(-1), LEAST),
            (lambda spk_rec: spk_rec[-1].argmax(-1), FIRST),
            (lambda spk_rec: spk_rec.sum(0).max(-1).values, LARGEST),
            (lambda spk_rec: spk_rec.sum(0).max(-1), TWO_THINGS),
            (lambda spk_rec: spk_rec.argmax(-1).mode(0).values, VOTE),
            (lambda spk_rec: spk_rec.sum(1).argmax(-1), WRONG_AXIS),
            (lambda spk_rec: spk_rec[10].argmax(-1), NOT_MOST),
        ),
    ),
    Exercise(
        id="01.2",
        title="Count synaptic operations",
        name="synaptic_operations",
        solution=synaptic_operations,
        check=check_operations,
        hints=(
            "Where nothing spikes, nothing is added. So begin with the number of spikes.",
            "Each spike arrives at `fan_out` neurons, and each of them adds one weight.",
            "Add over time and neurons, `spk_rec.sum((0, 2))`; then the mean over the batch.",
        ),
        wrong=(
            (lambda s, fan_out: torch.tensor(s[:, 0].numel() * fan_out), DENSE),
            (lambda s, fan_out: s.sum((0, 2)).mean(), NO_FAN_OUT),
            (lambda s, fan_out: s.sum() * fan_out, WHOLE_BATCH),
            (lambda s, fan_out: s.mean(0).sum(-1).mean() * fan_out, PER_STEP),
            (lambda s, fan_out: s.sum(0).mean() * fan_out, PER_NEURON),
            (lambda s, fan_out: s.sum() / len(s) * fan_out, BY_STEPS),
            (lambda s, fan_out: s.sum((0, 2)) * fan_out, EACH_SAMPLE),
        ),
    ),
    Exercise(
        id="01.3",
        title="Break even",
        name="break_even",
        solution=break_even,
        check=check_break_even,
        hints=(
            "The dense layer costs inputs times outputs MACs. That is the budget.",
            "The updates are paid from it first: steps times outputs MACs.",
            "If each input sends one spike, inputs times outputs additions follow. How many times "
            "can the rest of the budget pay for that?",
        ),
        wrong=(
            (lambda i, o, t, mac, add: mac / add, NO_UPDATES),
            (lambda i, o, t, mac, add: (i * o - t * o) * mac / (o * add), TOTAL),
            (lambda i, o, t, mac, add: (i - t) * mac / (i * add) / t, EACH_STEP),
            (lambda i, o, t, mac, add: i * add / ((i - t) * mac), UPSIDE_DOWN),
            (lambda i, o, t, mac, add: (i * o - t * o) * mac / (i * add), FREE_FAN_OUT),
            (lambda i, o, t, mac, add: (i * o - t * o) * mac, BUDGET),
            (lambda i, o, t, mac, add: (i + t) * mac / (i * add), ADDED),
            (lambda i, o, t, mac, add: (i - 1) * mac / (i * add), ONE_UPDATE),
            (lambda i, o, t, mac, add: (i * mac - t * add) / (i * add), CHEAP_UPDATES),
            (lambda i, o, t, mac, add: round((i - t) * mac / (i * add)), ROUNDED),
        ),
        right="A layer of any size has such a number. Is your network below it?",
    ),
]
