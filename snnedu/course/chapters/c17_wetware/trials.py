"""A culture balances a pole: what it senses, how it moves the cart, and who gives it pulses.

The electrodes on the left and on the right of the middle are inputs; those at the upper and at the
lower edge are outputs. Every 20 ms the spikes of the outputs push the cart, and a pulse at one of
the inputs tells on which side the pole leans. The pole is long (4 m) and falls slowly, so that
the few spikes of a culture have time to add up.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from snnedu.brains import culture

Array = NDArray[np.float64]
Policy = Callable[[torch.Tensor, float, float, float], Any]

TICK, LONGEST, FALLEN = 20, 20.0, 0.28  # ms; s; rad
HALF, CART, POLE, GRAVITY = 2.0, 1.0, 0.1, 9.8  # m (half of the pole), kg, kg, m/s²
GAIN, MOST, MEMORY = 0.5, 10.0, 0.15  # N per expected spike, N, s: from spikes to a force
LEAD, CLEAR = 0.5, 0.1  # s; rad: what is told of the pole, and when a pulse is certain
PULSES, EVERY, GAP = 20, 50, 5  # pulses of a lesson, ms between them, ms from input to output
RATE = 0.2  # of the plasticity
REACH = 210.0  # um: a pulse of 2 uA
PAIRS = ((0, 0), (0, 1), (1, 0), (1, 1))  # input and output of each lesson
TOLD = (0, 3)  # the lessons that help: each input with the output on its side
ARMS = ("none", "random", "adaptive", "told", "blocked")


def _block(rows: range, columns: range) -> list[int]:
    return [8 * row + column for row in rows for column in columns]


INPUTS = _block(range(3, 5), range(1, 3)), _block(range(3, 5), range(5, 7))
OUTPUTS = _block(range(2), range(1, 7)), _block(range(6, 8), range(1, 7))


class Run(NamedTuple):
    """What came of a culture: how long each trial lasted (s), and which lesson came after it (-1:
    none); and the path of the longest trial, as in `Body.trial`.
    """

    seconds: Array
    lessons: list[int]
    path: list[Array]


class Body:
    """A culture with its inputs and outputs; `tick` lets it live for 20 ms."""

    def __init__(self, dish: culture.Culture) -> None:
        self.dish = dish
        distance = [np.hypot(*(dish.wiring.position - culture.SITES[site]).T) for site in range(64)]
        near: NDArray[np.bool_] = np.array(distance) < REACH
        self.inputs = [np.any(near[sites], 0) for sites in INPUTS]
        self.outputs = [np.any(near[sites], 0) for sites in OUTPUTS]
        self.heard = np.array([np.isin(dish.wiring.electrode, sites) for sites in OUTPUTS])
        self.usual = self._answers()

    def tick(self, pushed: NDArray[np.bool_] | None = None, ms: int = TICK) -> Array:
        """Live for some ms; return the spikes at both outputs, in units of a usual answer."""
        _, cells = self.dish.advance(ms, pushed)
        return self.heard[:, cells].sum(1) / self.usual

    def _answers(self, repeats: int = 10) -> Array:
        """Return how many spikes each output usually has within 100 ms after a pulse."""
        counts, self.usual = np.zeros(2), np.ones(2)
        for number in range(2 * repeats):
            counts += self.tick(self.inputs[number % 2], 100)
        return np.maximum(counts / (2 * repeats), 0.2)

    def lesson(self, number: int, rate: float = RATE) -> None:
        """Stimulate an input and then an output, 20 times: a pair of `PAIRS`.

        Synapses change meanwhile, at this `rate`: we assume that only such strong, repeated pulses
        change them. Then the outputs are measured again.
        """
        sense, move = PAIRS[number]
        self.dish.rule = culture.Rule(rate)
        for _ in range(PULSES):
            self.tick(self.inputs[sense], GAP)
            self.tick(self.outputs[move], EVERY - GAP)
        self.dish.rule = culture.Rule()
        self.usual = self._answers(5)

    def trial(self, rng: np.random.Generator, path: list[Array] | None = None) -> float:
        """Balance until the pole falls; return the time in s. `path` keeps x, angle and force."""
        x, speed, angle, turn = 0.0, 0.0, float(rng.uniform(-0.05, 0.05)), 0.0
        level = np.zeros(2)
        for step in range(round(1000 * LONGEST / TICK)):
            lean = angle + LEAD * turn
            sense = rng.random() < abs(lean) / CLEAR
            level *= 1 - TICK / 1000 / MEMORY
            level += self.tick(self.inputs[int(lean > 0)] if sense else None)
            force = float(np.clip(GAIN * (level[1] - level[0]), -MOST, MOST))
            x, speed, angle, turn = moved(x, speed, angle, turn, force)
            if path is not None:
                path.append(np.array([x, angle, force]))
            if abs(angle) > FALLEN:
                return (step + 1) * TICK / 1000
        return LONGEST


def moved(
    x: float, speed: float, angle: float, turn: float, force: float
) -> tuple[float, float, float, float]:
    """Move cart (m, m/s) and pole (rad, rad/s) by one tick under a force in N.

    Source: Barto, Sutton and Anderson 1983, doi:10.1109/TSMC.1983.6313077.
    """
    dt, mass = TICK / 1000, CART + POLE
    push = (force + POLE * HALF * turn**2 * math.sin(angle)) / mass
    down = HALF * (4 / 3 - POLE * math.cos(angle) ** 2 / mass)
    bend = (GRAVITY * math.sin(angle) - math.cos(angle) * push) / down
    pull = push - POLE * HALF * bend * math.cos(angle) / mass
    turn, speed = turn + dt * bend, speed + dt * pull
    return x + dt * speed, speed, angle + dt * turn, turn


def run(arm: str, seed: int, policy: Policy, trials: int = 40, day: float = 34) -> Run:
    """Let a culture try again and again; return how long the pole stayed up.

    After a trial that was not better than usual there may be a lesson. "none": there is none.
    "random": one of four at random. "adaptive": `policy` chooses, by the value of each lesson: how
    much longer the next trials were. "told": the two
    lessons that help, in turn. "blocked": as told, while no synapse can change.
    """
    rng, body = np.random.default_rng(seed), Body(culture.grow(day, seed))
    value, trace, usual = torch.zeros(4), torch.zeros(4), 0.0
    seconds, given, longest = list[float](), list[int](), list[Array]()
    for _ in range(trials):
        path = list[Array]()
        lasted = body.trial(rng, path)
        longest = max(longest, path, key=len)
        usual = usual or lasted
        value += 0.3 * trace * ((lasted - usual) / usual - value)
        trace *= 0.5
        lesson = int(policy(value, lasted, usual, rng.random()))
        if arm == "random" and lesson >= 0:
            lesson = int(rng.integers(4))
        if arm in ("told", "blocked") and lesson >= 0:
            lesson = TOLD[len(given) % 2]
        if arm != "none" and lesson >= 0:
            trace[lesson] = 1
            body.lesson(lesson, 0.0 if arm == "blocked" else RATE)
        body.tick(ms=300)
        usual += 0.1 * (lasted - usual)
        seconds.append(lasted)
        given.append(lesson)
    return Run(np.array(seconds), given, longest)


def search(seed: int, trials: int = 40) -> Array:
    """Balance the same pole with a force of k · lean; search k at random; return the seconds.

    Each trial tries the best k so far, changed at random, and keeps it if the pole stayed up
    longer. Source: Mania, Guy and Recht 2018, doi:10.48550/arXiv.1803.07055 (simplified).
    """
    rng = np.random.default_rng(seed)
    best, most, seconds = 0.0, 0.0, list[float]()
    for _ in range(trials):
        k = best + 20 * rng.standard_normal()
        lasted = linear(k, rng)
        best, most = (k, lasted) if lasted > most else (best, most)
        seconds.append(lasted)
    return np.array(seconds)


def linear(k: float, rng: np.random.Generator) -> float:
    """Return for how many s a force of `k` times the lean (N/rad) keeps the pole up."""
    x, speed, angle, turn = 0.0, 0.0, float(rng.uniform(-0.05, 0.05)), 0.0
    for step in range(round(1000 * LONGEST / TICK)):
        force = max(-MOST, min(MOST, k * (angle + LEAD * turn)))
        x, speed, angle, turn = moved(x, speed, angle, turn, force)
        if abs(angle) > FALLEN:
            return (step + 1) * TICK / 1000
    return LONGEST
