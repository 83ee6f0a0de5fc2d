"""A culture: how fast it lives, and whether one learns to balance a pole.

Each arm of `snn.culture.train` has its own copy of the same cultures, of seeds that were not used
to choose any setting.
"""

import math
import time

import numpy as np

import snnedu as snn
from benchmarks.timing import Goal, Result

FRESH = 100  # the first seed; settings were chosen on seeds below 8
EPISODES, LATE = 30, 10


def run(quick: bool) -> list[Result]:
    """Return the time of five minutes of recording, and how long the pole stood in each arm."""
    snn.culture.grow(34, 0).record(1)  # compiles
    return [_speed(quick), _arms(2 if quick else 20)]


def _speed(quick: bool) -> Result:
    rows: list[dict[str, object]] = []
    for day in (34,) if quick else snn.culture.AGES:
        dish = snn.culture.grow(day, FRESH)
        start = time.process_time()
        spikes = len(dish.record(300).times)
        rows.append({"day": day, "spikes": spikes, "CPU (s)": time.process_time() - start})
    worst = max(float(str(row["CPU (s)"])) for row in rows)
    goal = Goal("A culture, 5 minutes of 64 electrodes, slowest day", worst, 5, "s", at_most=True)
    return Result("A culture: time", "5 minutes in steps of 1 ms.", rows, [goal])


def _arms(cultures: int) -> Result:
    """Run each arm on as many cultures."""
    seconds: dict[str, np.ndarray] = {}
    rows: list[dict[str, object]] = []
    for arm in ("none", "blocked", "random", "adaptive"):
        start = time.process_time()
        seconds[arm] = np.array([_late(arm, FRESH + k) for k in range(cultures)])
        took = (time.process_time() - start) / cultures
        late = seconds[arm]
        rows.append(
            {"arm": arm, "mean (s)": late.mean(), "sd (s)": late.std(ddof=1),
             "median (s)": np.median(late), "over 10 s": f"{(late > 10).sum()} of {cultures}",
             "CPU (s a culture)": took}
        )  # fmt: skip
    for row in rows[:-1]:
        other = seconds[str(row["arm"])]
        row["adaptive minus this, in sd"] = _effect(seconds["adaptive"], other)
        row["p"] = _by_chance(seconds["adaptive"] - other)
    about = (
        f"Seconds that the pole stood in the last {LATE} of {EPISODES} episodes, at most 20, mean "
        f"of each culture; {cultures} cultures of day 34, the same in each arm. The last columns "
        "compare with adaptive: difference of the means by the pooled sd, and the share of random "
        "signs of the differences within cultures that give at least this mean (one-sided). "
        "Settings were chosen on seeds 0 to 4."
    )
    return Result("A culture: learning to balance a pole", about, rows)


def _late(arm: str, seed: int) -> float:
    lesson = snn.culture.train(snn.culture.grow(34, seed), arm, EPISODES, seed=seed)
    return float(lesson.seconds[-LATE:].mean())


def _effect(one: np.ndarray, other: np.ndarray) -> float:
    """Return Cohen's d of two groups of equal size."""
    return float((one.mean() - other.mean()) / math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2))


def _by_chance(difference: np.ndarray, draws: int = 10_000) -> float:
    """Return how often the mean would be at least as large, if each sign were random."""
    signs = np.random.default_rng(0).choice([-1, 1], (draws, len(difference)))
    return float(((signs * difference).mean(1) >= difference.mean() - 1e-12).mean())
