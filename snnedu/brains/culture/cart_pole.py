"""A pole on a cart, balanced by a culture, and a teacher that stimulates it after a failure.

    lesson = train(grow(34, seed=0), "adaptive", episodes=30)
    lesson.seconds                      # how long the pole stood in each episode

The four arms follow Robbins et al. 2026, doi:10.1016/j.celrep.2026.116984, where living organoids
did this: pulses chosen by their success ("adaptive"), pulses at random ("random"), no pulses
("none"), and chosen pulses while plasticity is blocked ("blocked"; there, blockers of glutamate).

Two more arms have no lessons. In "reward", pairs of spikes tag synapses while the culture plays,
and a `Critic` that sees the pole turns tags into weights: a rule of three factors. In "shuffled", a
coin chooses the sign of its reward: equal plasticity, nothing told.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from snnedu.brains.culture.loop import LEAD, BurstDesign, ChannelSet, Neurons, Tick
from snnedu.brains.culture.network import Culture, Rule
from snnedu.core import _check

ARMS = ("adaptive", "random", "none", "blocked", "reward", "shuffled")
TICKS = 100  # a second
START, FALLEN = 0.03, 0.28  # rad: 2 and 16 degrees
# The cart moves in slow motion: at full speed, a pole falls before this culture answers.
PACE = 0.25
STEEP, TOP = 600.0, 60.0  # Hz of pulses for each rad of lean, and at most
GAIN, STRONGEST, MEMORY = 1.0, 10.0, 0.75  # N a spike; N; what is left of a count after a tick
PAIRS = ((0, 0), (0, 1), (1, 0), (1, 1))  # lessons: which input is followed by which output
PULSES, PULSES_HZ, GAP = 30, 20, 5  # of a lesson; GAP in ms, from each group to the next
RULE = Rule(rate=0.1, most=8.0)
REWARDED = Rule(rate=0.05, most=8.0, tags=True)
Coach = Callable[[Float[np.ndarray, "4"], float, float, float], int]


@dataclass
class CartPole:
    """A pole of 1 m and 0.1 kg that stands on a cart of 1 kg.

    `x` (m) and `speed` (m/s) of the cart, `angle` (rad, positive to the right) and `turning`
    (rad/s) of the pole. Source: Barto, Sutton and Anderson 1983, doi:10.1109/TSMC.1983.6313077.
    """

    x: float = 0.0
    speed: float = 0.0
    angle: float = 0.0
    turning: float = 0.0

    def step(self, force: float, seconds: float = PACE / TICKS) -> None:
        """Push with a force (N, positive to the right) for a short time; the pole then moves."""
        sin, cos = math.sin(self.angle), math.cos(self.angle)
        push = (force + 0.05 * self.turning**2 * sin) / 1.1
        bend = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
        self.x += seconds * self.speed
        self.speed += seconds * (push - 0.05 * bend * cos / 1.1)
        self.angle += seconds * self.turning
        self.turning += seconds * bend

    @property
    def lean(self) -> float:
        """Angle plus a quarter of a second of turning, in rad: what the culture is told."""
        return self.angle + 0.25 * self.turning


class Roles(NamedTuple):
    """Which electrodes do what: an input and an output for the left, and for the right."""

    inputs: tuple[ChannelSet, ChannelSet]
    outputs: tuple[ChannelSet, ChannelSet]


def _block(rows: range, columns: range) -> ChannelSet:
    return ChannelSet(*(8 * row + column for row in rows for column in columns))


# The inputs are the left and the right half of two rows in the middle, the outputs all that is
# above and below. Each input borders on both outputs, since connections are short.
ROLES = Roles(
    inputs=(_block(range(3, 5), range(4)), _block(range(3, 5), range(4, 8))),
    outputs=(_block(range(3), range(8)), _block(range(5, 8), range(8))),
)


class Lesson(NamedTuple):
    """What came out of `train`: seconds of each episode, and the pair taught after it (or -1)."""

    seconds: Float[np.ndarray, " episodes"]
    pair: Int[np.ndarray, " episodes"]


def outputs(tick: Tick, roles: Roles = ROLES) -> Float[np.ndarray, "2"]:
    """Return how many spikes both outputs had in a tick."""
    channels = [spike.channel for spike in tick.analysis.spikes]
    return np.array([sum(c in output for c in channels) for output in roles.outputs], float)


def rest(neurons: Neurons, roles: Roles = ROLES, seconds: float = 5.0) -> Float[np.ndarray, "2"]:
    """Return the spikes of both outputs in a tick while nothing happens, on average."""
    ticks = neurons.loop(TICKS, stop_after_seconds=seconds)
    return np.mean([outputs(tick, roles) for tick in ticks], 0)


def play(
    neurons: Neurons,
    pole: CartPole,
    quiet: Float[np.ndarray, "2"],
    roles: Roles = ROLES,
    longest: float = 20.0,
    critic: "Critic | None" = None,
) -> float:
    """Let the culture hold the pole; return for how many s it stood, at most `longest`.

        pulses at the input of the side to which it leans: 600 Hz/rad · |lean|, at most 60 Hz
        force = 1 N · (right - left), of spikes in the last 40 ms or so, at most 10 N

    `quiet` (see `rest`) is subtracted from the spikes. A `critic` rewards each tick.
    """
    due, level = np.zeros(2), np.zeros(2)
    ticks, lean = 0, pole.lean
    for tick in neurons.loop(TICKS, stop_after_seconds=longest):
        ticks += 1
        level = MEMORY * level + outputs(tick, roles) - quiet
        pole.step(float(np.clip(GAIN * (level[1] - level[0]), -STRONGEST, STRONGEST)))
        if critic is not None:
            neurons.dish.reward(critic.judges(abs(lean), abs(pole.lean)))
            lean = pole.lean
        if abs(pole.angle) > FALLEN:
            break
        side = int(pole.lean > 0)
        due[side] += min(STEEP * abs(pole.lean), TOP) / TICKS
        if due[side] >= 1:
            due[side] -= 1
            neurons.stim(roles.inputs[side], 1.0)
    return ticks / TICKS


class Critic:
    """Says after each tick whether the lean shrank more than is usual for such a lean: 1, or -1.

        r = 1 if before - after > k · before, else -1    k = Σ (before - after) · before / Σ before²

    `before` and `after`: the lean, without its sign, in rad. k is a regression over all ticks so
    far, which forgets within 1000. With `shuffled`, each r has a random sign.
    """

    def __init__(self, rng: np.random.Generator, *, shuffled: bool = False) -> None:
        self.rng, self.shuffled = rng, shuffled
        self.shrank, self.leaned = 0.0, 1e-6

    def judges(self, before: float, after: float) -> float:
        """Take in a tick; return its reward."""
        self.shrank = 0.999 * self.shrank + (before - after) * before
        self.leaned = 0.999 * self.leaned + before**2
        reward = 1.0 if before - after > self.shrank / self.leaned * before else -1.0
        return float(self.rng.choice([-reward, reward])) if self.shuffled else reward


def teach(neurons: Neurons, pair: int, roles: Roles = ROLES, rule: Rule = RULE) -> None:
    """Pulse the other output, then an input, then the output of this pair; 5 ms apart, 30 times.

    The rule weakens the way from the input to what fired before it, and strengthens the way to
    what fires after it. `pair`: 0 to 3, left-left, left-right, right-left, right-right.
    """
    first, second = PAIRS[pair]
    order = (roles.outputs[1 - second], roles.inputs[first], roles.outputs[second])
    neurons.sync(ChannelSet(*order))
    for k, electrodes in enumerate(order):
        burst = BurstDesign(PULSES, PULSES_HZ)
        neurons.stim(electrodes, 1.0, burst, lead_time_us=max(1000 * k * GAP, LEAD))
    neurons.dish.rule = rule
    pause(neurons)
    neurons.dish.rule = Rule()


def pause(neurons: Neurons) -> None:
    """Live for as long as a lesson takes."""
    neurons.live(1000 * PULSES // PULSES_HZ)


def prefer(values: Float[np.ndarray, "4"], seconds: float, usual: float, dice: float) -> int:
    """Return a pair, drawn with a probability proportional to exp(value / 0.15).

    It is a coach: after an episode of `seconds` that was not longer than `usual`, it says which
    pair comes next, or -1 for none. `dice` is a random number between 0 and 1.
    """
    odds = np.exp(values / 0.15)
    return int(np.searchsorted(np.cumsum(odds / odds.sum())[:-1], dice, side="right"))


class Teacher:
    """Learns which pairs were followed by longer episodes than usual; its `coach` chooses.

        q += 0.3 · trace · (gain - q)    gain: how much longer than the usual episode, as a share

    The trace of a pair is 1 after its lesson and halves with each episode. A teacher that does not
    choose draws all pairs equally often.
    """

    def __init__(self, rng: np.random.Generator, *, chooses: bool, coach: Coach = prefer) -> None:
        self.rng, self.chooses, self.coach = rng, chooses, coach
        self.q, self.trace, self.usual = np.zeros(4), np.zeros(4), 0.0
        self.last = 0.0, 0.0  # the latest episode, and what was usual before it

    def hears(self, seconds: float) -> bool:
        """Take in how long an episode was; return whether a lesson is due: it was not longer."""
        self.usual = self.usual or seconds
        self.q += 0.3 * self.trace * ((seconds - self.usual) / self.usual - self.q)
        self.trace /= 2
        self.last = seconds, self.usual
        due = seconds <= self.usual
        self.usual += 0.1 * (seconds - self.usual)
        return due

    def picks(self) -> int:
        """Return the pair of the next lesson, or -1."""
        coach, values = (self.coach, self.q.copy()) if self.chooses else (prefer, np.zeros(4))
        pair = coach(values, *self.last, float(self.rng.random()))
        if pair >= 0:
            self.trace[pair] = 1
        return pair


def train(
    dish: Culture,
    arm: str,
    episodes: int = 30,
    *,
    seed: int = 0,
    coach: Coach = prefer,
    roles: Roles = ROLES,
    longest: float = 20.0,
) -> Lesson:
    """Let a culture balance the pole for so many episodes, with lessons as the arm says.

    Without a lesson, the culture rests for as long as one takes. Synapses change by `RULE` during
    lessons and at no other time: that only strong, repeated pulses change them is an assumption.
    In the arm "blocked", they never change. In "reward" and "shuffled", they change while the
    culture plays, by `REWARDED` and a `Critic`; after each episode, each cell's excitatory input is
    scaled to the sum that it had at first. Random lessons, too, come only after an episode that
    was not longer than usual, so that they end once the pole stands: this is a search. `seed`: of
    the side to which the pole leans at first (2 degrees), and of the pairs' choice.
    `coach` chooses in the arms "adaptive" and "blocked", as `prefer` does.

    Raises ValueError for an arm that is not in `ARMS`.
    """
    _check.one_of("arm", arm, ARMS)
    _check.count("episodes", episodes)
    sides, rng = (np.random.default_rng([seed, part]) for part in (0, 1))
    teacher = Teacher(rng, chooses=arm != "random", coach=coach)
    rule = Rule() if arm == "blocked" else RULE
    critic = Critic(rng, shuffled=arm == "shuffled") if arm in ("reward", "shuffled") else None
    drive = dish.drive()
    seconds, pairs = np.zeros(episodes), np.full(episodes, -1)
    with Neurons(dish) as neurons:
        quiet = rest(neurons, roles)
        for k in range(episodes):
            pole = CartPole(angle=START * float(sides.choice([-1, 1])))
            if critic is not None:
                dish.rule = REWARDED
                dish.state.tag[:] = 0
            seconds[k] = play(neurons, pole, quiet, roles, longest, critic)
            if critic is not None:
                dish.rule = Rule()
                dish.scale(drive)
            if teacher.hears(float(seconds[k])) and arm != "none" and critic is None:
                pairs[k] = teacher.picks()
            if pairs[k] >= 0:
                teach(neurons, int(pairs[k]), roles, rule)
            else:
                pause(neurons)
    return Lesson(seconds, pairs)
