"""What two options differ by, with a 95 % interval, from what other chapters print.

`COMPARISONS` has ten of the open questions, each measured under two conditions.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from snnedu.core.intervals import students_t
from snnedu.course.chapters.c23_open_questions import open_questions as given
from snnedu.course.chapters.c23_open_questions.open_questions import Printed


@dataclass(frozen=True)
class Difference:
    """A difference in points of accuracy, its standard error, and its degrees of freedom."""

    points: float
    error: float
    freedom: float

    @property
    def low(self) -> float:
        """Return the lower end of the 95 % interval."""
        return self.points - self._half

    @property
    def high(self) -> float:
        """Return the upper end of the 95 % interval."""
        return self.points + self._half

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def _half(self) -> float:
        return students_t(self.freedom) * self.error


@dataclass(frozen=True)
class Comparison:
    """One option against the other under two conditions, each a pair of lines.

    Where the line itself is a difference, seed by seed, there is no second line. `scale` turns the
    numbers into points of accuracy; it is negative where they say how far accuracy fell.
    """

    question: int
    options: str
    conditions: tuple[str, str]
    lines: tuple[tuple[Printed, Printed | None], tuple[Printed, Printed | None]]
    scale: float = 100.0

    def differences(self) -> tuple[Difference, Difference]:
        """Return the difference under either condition."""
        first, second = (difference(*pair, self.scale) for pair in self.lines)
        return first, second

    @property
    def same_winner(self) -> bool:
        """Whether both conditions name a winner clearly, and it is the same one."""
        first, second = self.differences()
        return first.clear and second.clear and first.points * second.points > 0

    @property
    def turns_round(self) -> bool:
        """Whether both conditions name a winner clearly, and not the same one."""
        first, second = self.differences()
        return first.clear and second.clear and first.points * second.points < 0

    def change(self) -> Difference:
        """Return by how much the difference changes from one condition to the other."""
        first, second = self.differences()
        errors = [(each.error**2, each.freedom) for each in (first, second)]
        return _combined(first.points - second.points, errors)


def difference(one: Printed, other: Printed | None = None, scale: float = 1.0) -> Difference:
    """Return `one` minus `other` (0 without it).

    Where both lines have the number of each seed, it is the mean of the gains, seed by seed, as in
    exercise 23.1. Elsewhere it has Welch's degrees of freedom, doi:10.1093/biomet/34.1-2.28, and
    without `other` Student's, of one sample.
    """
    if other and one.each_seed and other.each_seed:
        gains = [scale * (a - b) for a, b in zip(one.seeds(), other.seeds(), strict=True)]
        return _combined(mean(gains), [(stdev(gains) ** 2 / len(gains), len(gains) - 1)])
    points, errors = 0.0, list[tuple[float, float]]()
    for sign, each in ((1, one), (-1, other)):
        if each:
            middle, spread = each.mean_and_spread()
            points += sign * scale * middle
            errors.append(((scale * spread) ** 2 / each.runs, each.runs - 1))
    return _combined(points, errors)


def _combined(points: float, errors: list[tuple[float, float]]) -> Difference:
    """Return a difference whose parts have these squared errors and degrees of freedom."""
    total = sum(square for square, _ in errors)
    doubt = sum(square**2 / freedom for square, freedom in errors)
    return Difference(points, sqrt(total), total**2 / doubt if doubt else 1.0)


def _of_hills(line: str, at: int) -> Printed:
    cell = "c06-37d" if line.startswith("Adam") else "c06-34"
    return Printed("06", cell, line, at=at)


COMPARISONS = (
    Comparison(
        3, "latency - rate, fall", ("60 % lost", "extra spikes"),
        ((given.LATENCY, given.THIN), (given.LATENCY_MORE, given.THIN_MORE)), -100.0,
    ),
    Comparison(
        4, "second order - delays", ("weights × 3", "weights × 1"),
        ((given.GAP_SYNAPSE, given.GAP_DELAYS), (given.SMALL_SYNAPSE, given.SMALL_DELAYS)),
    ),
    Comparison(
        6, "reset detached - in the gradient", ("height × 10", "height × 1"),
        (
            (_of_hills(given.DETACHED, 2), _of_hills(given.ATTACHED, 2)),
            (_of_hills(given.DETACHED, 1), _of_hills(given.ATTACHED, 1)),
        ),
    ),
    Comparison(
        7, "fast_sigmoid - sigmoid", ("half-width 1/16", "half-width 1"),
        (
            (_of_hills(given.FAST, 3), _of_hills(given.SIGMOID, 3)),
            (_of_hills(given.FAST, 1), _of_hills(given.SIGMOID, 1)),
        ),
    ),
    Comparison(
        8, "8 spikes - rate loss", ("lr 0.003", "lr 0.02"),
        ((given.SLOW_RATE, None), (given.FAST_RATE, None)), 1.0,
    ),
    Comparison(
        11, "own, learned β - fixed β", ("recall", "gap"),
        ((given.RECALL_OWN, given.RECALL_FIXED), (given.GAP_OWN, given.GAP_FIXED)),
    ),
    Comparison(
        12, "start by data - by width", ("PyTorch's width", "best of five"),
        ((given.BY_DATA, given.PYTORCH), (given.BY_DATA, given.WIDTH)),
    ),
    Comparison(
        13, "no reset - subtraction", ("recall", "gap"),
        ((given.RECALL_FREE, given.RECALL_OWN), (given.GAP_FREE, given.GAP_OWN)),
    ),
    Comparison(
        14, "train - convert", ("2 steps", "4 steps"),
        ((given.TRAIN_2, None), (given.TRAIN_4, None)), 1.0,
    ),
    Comparison(
        17, "whole past - no past", ("recall", "speech"),
        ((given.CUE_BPTT, given.CUE_SLTT), (given.SPEECH_BPTT, given.SPEECH_SLTT)),
    ),
)  # fmt: skip
