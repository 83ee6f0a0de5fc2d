"""Fair timing: all contestants in one process, taking turns, and the median of what each one took.

A machine that is busy for a moment slows all of them alike, so ratios can be trusted where
milliseconds cannot.
"""

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SAMPLE = 5e-3  # seconds that one sample takes at least: shorter calls are made many times

Call = Callable[[], object]
Times = dict[str, float]


@dataclass
class Goal:
    """One line of the table of goals. `wanted` is a lower bound, or an upper one if `at_most`."""

    what: str
    value: float
    wanted: float
    unit: str = "×"
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.value <= self.wanted if self.at_most else self.value >= self.wanted

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        reached = f"{self.value:.3g} {self.unit}" if math.isfinite(self.value) else "not measured"
        mark = "✅" if self.met else "❌" if math.isfinite(self.value) else "–"
        return f"| {self.what} | {sign} {self.wanted:g} {self.unit} | {reached} | {mark} |"


@dataclass
class Result:
    """What one benchmark found: rows of numbers, goals, and what a reader must know."""

    title: str
    about: str
    rows: list[dict[str, object]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.rows:
            return f"## {self.title}\n\n{self.about}\n"
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        lines = [columns, ["---"] * len(columns)]
        lines += [[_shown(row.get(name, "")) for name in columns] for row in self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"## {self.title}\n\n{self.about}\n\n{table}\n"


def race(
    contestants: Mapping[str, Call],
    seconds: float = 1.0,
    rounds: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> Times:
    """Return the median time of a call, in ms, for each contestant.

    They take turns until `seconds` have gone by for each on average, or at least `rounds` times.
    Each turn begins with a call that is not timed. `clock=time.process_time` counts CPU time, of
    all threads: what one thread does alone is not measured against the wall clock of two.
    """
    repeats = {name: _repeats(call) for name, call in contestants.items()}
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    end = time.perf_counter() + seconds * len(contestants)
    gc.collect()
    gc.disable()
    try:
        while min(map(len, samples.values())) < rounds or time.perf_counter() < end:
            for name, call in contestants.items():
                call()  # the caches, and threads that still spin, are those of the one before
                samples[name].append(_time(call, repeats[name], clock))
    finally:
        gc.enable()
    return {name: 1e3 * statistics.median(taken) for name, taken in samples.items()}


def ratios(times: Times, ours: str = "snnedu") -> dict[str, float]:
    """Return how many times longer each of the others took."""
    return {name: taken / times[ours] for name, taken in times.items() if name != ours}


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def _repeats(call: Call) -> int:
    call()  # the first one compiles, imports, allocates
    return max(1, math.ceil(SAMPLE / max(_time(call, 1), 1e-9)))


def _time(call: Call, repeats: int, clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
