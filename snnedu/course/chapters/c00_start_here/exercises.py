"""Exercises of 00 · Start here: a toy, to see how checks, hints and quizzes work."""

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.exercise import Exercise


def count_spikes(spk_rec: Tensor) -> Tensor:
    """Return the number of spikes of each neuron: [time, neurons] -> [neurons]."""
    return spk_rec.sum(0)


ONE_NUMBER = (
    "You return one number for all neurons together. Each neuron needs a count of its own: give "
    "`sum` the axis to add over."
)
WRONG_AXIS = "You add over the neurons: one number a step. Time is the first axis, number 0; add over that one."
MEAN = "These are rates, spikes per step. A count is the sum, not the mean."


def check_count(answer: Attempt) -> None:
    """Give five neurons over eight steps, so that no two axes can be confused."""
    spk_rec = (torch.rand(8, 5) < torch.linspace(0.1, 0.9, 5)).float()
    counts = torch.as_tensor(answer(spk_rec))
    if counts.ndim == 0:
        raise WrongAnswer(ONE_NUMBER)
    if counts.shape == (8,):
        raise WrongAnswer(WRONG_AXIS)
    if torch.allclose(counts.float(), spk_rec.mean(0)):
        raise WrongAnswer(MEAN)
    if counts.shape != (5,) or not torch.equal(counts.float(), spk_rec.sum(0)):
        raise WrongAnswer("The counts are not right. Add up the ones of each column.")


EXERCISES = [
    Exercise(
        id="00.1",
        title="Count spikes",
        name="count_spikes",
        solution=count_spikes,
        check=check_count,
        hints=(
            "A recording holds 1 where a neuron spiked and 0 where not. What does the sum say?",
            "`spk_rec.sum(axis)` adds over one axis and keeps the others. Which axis is time?",
            "Time is always first here: axis 0.",
        ),
        wrong=(
            (lambda spk_rec: spk_rec.sum(), ONE_NUMBER),
            (lambda spk_rec: spk_rec.sum(1), WRONG_AXIS),
            (lambda spk_rec: spk_rec.mean(0), MEAN),
        ),
    )
]
