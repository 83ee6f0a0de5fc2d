"""Exercises of 00 · Start here: a toy, to see how checks, hints and quizzes work."""

import torch
from torch import Tensor

from snnedu.course.diagnosis import ByShape
from snnedu.course.exercise import Exercise


def count_spikes(spk_rec: Tensor) -> Tensor:
    """Return the number of spikes of each neuron: [time, neurons] -> [neurons]."""
    return spk_rec.sum(0)


class _Counter:
    """A right answer as an object that can be called."""

    def __call__(self, spk_rec: Tensor) -> Tensor:
        return torch.einsum("tn->n", spk_rec)


def _raster(steps: int) -> Tensor:
    """Draw spikes of five neurons; the first and last step count."""
    spk_rec = (torch.rand(steps, 5) < torch.linspace(0.2, 0.8, 5)).float()
    spk_rec[0], spk_rec[-1] = torch.tensor([[1.0, 0, 1, 0, 1], [0, 1, 0, 1, 1]])
    return spk_rec


def _loop(spk_rec: Tensor) -> Tensor:
    counts = torch.zeros(spk_rec.shape[1])
    for spk in spk_rec:
        counts += spk
    return counts


ONE_NUMBER = (
    "You return a single number. Each neuron needs its own count: give `sum` the axis to add over."
)
WRONG_AXIS = "You add over the neurons and get one number per step. Time is the first axis, number 0: add over that one."
SPIKES = "You return the recording itself. Add up its spikes over time."
RUNNING = "You return the count after every step. The question asks for the counts at the end: `sum` returns only these."
FIRED = "You tell whether a neuron spiked. Count how many times it did."
SILENT = "You count the steps without a spike."
MEAN = "These are rates, spikes per step. A count is the sum, not the mean."

EXERCISES = [
    Exercise(
        id="00.1",
        title="Count spikes",
        name="count_spikes",
        solution=count_spikes,
        cases=lambda: [(_raster(9),), (_raster(12),)],
        mistakes={
            ONE_NUMBER: ByShape(lambda spk_rec: spk_rec.sum()),
            WRONG_AXIS: ByShape(lambda spk_rec: spk_rec.sum(1)),
            MEAN: lambda spk_rec: spk_rec.mean(0),
            SPIKES: lambda spk_rec: spk_rec.clone(),
            RUNNING: lambda spk_rec: spk_rec.cumsum(0),
            FIRED: [lambda spk_rec: spk_rec.any(0), lambda spk_rec: spk_rec.max(0).values],
            SILENT: lambda spk_rec: (spk_rec == 0).sum(0),
        },
        otherwise="The counts are not right. Add up the ones of each column.",
        accepts=(
            _loop,
            _Counter(),
            lambda spk_rec: sum(spk_rec),
            lambda spk_rec: spk_rec.double().sum(0),
            lambda spk_rec: spk_rec.mean(0) * len(spk_rec),
            lambda spk_rec: torch.ones(len(spk_rec)) @ spk_rec,
            lambda spk_rec: tuple(int(train.sum()) for train in spk_rec.T),
            lambda spk_rec: spk_rec.int().sum(0),
            lambda spk_rec: spk_rec.numpy().sum(0),
            lambda spk_rec: spk_rec.sum(0).tolist(),
        ),
        wrong=(
            lambda spk_rec: spk_rec[1:].sum(0),
            lambda spk_rec: spk_rec[:-1].sum(0),
            lambda spk_rec: spk_rec[-1],
            lambda spk_rec: spk_rec.sum(0) + 1,
            lambda spk_rec: spk_rec.argmax(0),
        ),
        hints=(
            "A recording holds 1 where a neuron spiked and 0 where it did not. What does the sum tell you?",
            "`spk_rec.sum(axis)` adds over one axis and keeps the others. Which axis is time?",
            "Time is always first here: axis 0.",
        ),
    )
]
