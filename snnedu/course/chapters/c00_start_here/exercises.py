"""Exercises of 00 · Start here: a toy, to see how checks, hints and quizzes work."""

import torch
from torch import Tensor

from snnedu.course.diagnosis import ByShape
from snnedu.course.exercise import Exercise


def count_spikes(spk_rec: Tensor) -> Tensor:
    """Return the number of spikes of each neuron: [time, neurons] -> [neurons]."""
    return spk_rec.sum(0)


ONE_NUMBER = "You return one number for all neurons together. Each neuron needs its own count: give `sum` the axis to add over."
WRONG_AXIS = "You add over the neurons and get one number per step. Time is the first axis, number 0: add over that one."
MEAN = "These are rates, spikes per step. A count is the sum, not the mean."

EXERCISES = [
    Exercise(
        id="00.1",
        title="Count spikes",
        name="count_spikes",
        solution=count_spikes,
        # Five neurons over eight steps, so that no two axes can be confused.
        cases=lambda: [((torch.rand(8, 5) < torch.linspace(0.1, 0.9, 5)).float(),)],
        mistakes={
            ONE_NUMBER: ByShape(lambda spk_rec: spk_rec.sum()),
            WRONG_AXIS: ByShape(lambda spk_rec: spk_rec.sum(1)),
            MEAN: lambda spk_rec: spk_rec.mean(0),
        },
        otherwise="The counts are not right. Add up the ones of each column.",
        accepts=(
            lambda spk_rec: sum(spk_rec),
            lambda spk_rec: spk_rec.int().sum(0),
            lambda spk_rec: spk_rec.numpy().sum(0),
            lambda spk_rec: spk_rec.sum(0).tolist(),
        ),
        hints=(
            "A recording holds 1 where a neuron spiked and 0 where it did not. What does the sum tell you?",
            "`spk_rec.sum(axis)` adds over one axis and keeps the others. Which axis is time?",
            "Time is always first here: axis 0.",
        ),
    )
]
