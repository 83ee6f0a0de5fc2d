"""The cells of a culture: where they are, how they are connected, and how they fire.

    dish = grow(day=34, seed=0)         # from day 16 to 94
    recording = dish.record(300)        # s; the culture lives on between recordings
    recording.trains()                  # the spike times of each electrode, in s

The equations are in `Culture`, the parameters of each age in `AGES`.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from snnedu.brains.culture import _loop
from snnedu.brains.culture.electrodes import SITES, Recording, in_order, repeat
from snnedu.core import _check

CELLS, WIDTH = 400, 1600.0  # cells before any has died, and the side of the square in um
EXCITATORY = 0.8  # of all cells
HEARING = 40.0  # um, how far an electrode hears
REACH = 220.0  # um, over which the chance of a connection falls to 1/e
SPEED = 300.0  # um/ms, along an axon
LONGEST = 64  # ms: no delay is as long
TAU_MEM, TAU_INHIBITION, TAU_FATIGUE, TAU_RECOVERY, TAU_SLOW = 20.0, 10.0, 120.0, 5000.0, 200.0
TAU_TIDE, TAU_TAG = 5000.0, 300.0  # ms, as the others
NOISE = 2.5  # mV, the sd of the noise of a free membrane
WARM_UP = 3000  # ms that a new culture lives before anybody sees it

Cells = Float[np.ndarray, " cells"]
Synapses = Float[np.ndarray, " synapses"]


class Age(NamedTuple):
    """What changes as a culture grows older; potentials in mV, times in ms.

    `bias`, `spread`: mean and sd over the cells of a constant drive. `slow`: sd of each cell's own
    drive, which changes within 200 ms. `tide`: sd of a drive that all cells share, which changes
    within 5 s. `partners`: connections of a cell, were none dead. `strength`: the mean effect of
    an excitatory spike; `inhibition`: times stronger is an inhibitory one. `lasting`: time constant
    of excitation. `depletion`: share of the transmitter that a spike uses up. `tiring`: what a
    spike adds to the fatigue. `alive`: share of cells. `heard`: share of the cells near an
    electrode whose spikes pass its threshold. `repeats`: probability that the detector reports a
    spike once more.
    """

    bias: float
    spread: float
    slow: float
    tide: float
    partners: float
    strength: float
    inhibition: float
    lasting: float
    depletion: float
    tiring: float
    alive: float
    heard: float
    repeats: float


AGES: dict[int, Age] = {
    16: Age(3.7, 2.15, 2.0, 0.0, 15, 1.0, 12.0, 70, 0.045, 1.88, 0.7, 0.26, 0.386),
    21: Age(5.8, 3.3, 1.0, 0.0, 20, 1.0, 12.0, 70, 0.045, 1.88, 0.7, 0.8, 0.545),
    34: Age(2.8, 4.5, 2.9, 0.0, 28, 1.05, 12.0, 70, 0.045, 1.88, 0.9, 1.0, 0.452),
    45: Age(4.3, 4.3, 2.0, 0.5, 60, 1.04, 12.0, 70, 0.045, 1.88, 0.8, 0.5, 0.33),
    59: Age(2.15, 2.8, 2.65, 2.6, 38, 1.5, 12.0, 70, 0.052, 1.6, 0.7, 0.58, 0.18),
    73: Age(1.5, 3.8, 4.4, 2.1, 104, 1.33, 12.0, 70, 0.045, 2.28, 0.7, 0.62, 0.104),
    94: Age(0.8, 1.4, 3.4, 1.8, 100, 6.5, 3.0, 10, 0.1, 4.15, 0.7, 0.17, 0.078),
}
LOGARITHMIC = [Age._fields.index(name) for name in ("strength", "lasting")]


def age(day: float) -> Age:
    """Return the parameters at a day: between the days of `AGES`, straight lines.

    Strength and duration of excitation change by factors: straight lines of their logarithms.
    Raises ValueError before day 16 and after day 94.
    """
    days = sorted(AGES)
    _check.between("day", day, days[0], days[-1], f"Pass `day={days[2]}`, for example.")
    rows = np.array([AGES[d] for d in days])
    rows[:, LOGARITHMIC] = np.log(rows[:, LOGARITHMIC])
    row = np.array([np.interp(day, days, column) for column in rows.T])
    row[LOGARITHMIC] = np.exp(row[LOGARITHMIC])
    return Age(*row.tolist())


class Wiring(NamedTuple):
    """What stays as it grew. Synapses are sorted by their source cell.

    `first[i]:first[i + 1]`: the synapses of source i. `inputs[first_input[i]:first_input[i + 1]]`:
    the excitatory synapses onto cell i. Bias in mV, delays in ms.
    """

    position: Float[np.ndarray, "cells 2"]
    excitatory: Bool[np.ndarray, " cells"]
    electrode: Int[np.ndarray, " cells"]
    bias: Cells
    source: Int[np.ndarray, " synapses"]
    target: Int[np.ndarray, " synapses"]
    delay: Int[np.ndarray, " synapses"]
    first: Int[np.ndarray, " bounds"]
    inputs: Int[np.ndarray, " excitatory_synapses"]
    first_input: Int[np.ndarray, " bounds"]
    mean_weight: float


class State(NamedTuple):
    """What changes while a culture lives; the loop writes into these arrays."""

    clock: Int[np.ndarray, " one"]
    mem: Cells
    drive: Cells
    tide: Float[np.ndarray, " one"]
    excitation: Cells
    inhibition: Cells
    fatigue: Cells
    resource: Cells
    trace: Cells
    silent: Int[np.ndarray, " cells"]
    excited: Float[np.ndarray, "delay cells"]
    inhibited: Float[np.ndarray, "delay cells"]
    weight: Synapses
    tag: Synapses


class Factors(NamedTuple):
    """What one step multiplies or adds; made from an `Age`."""

    membrane: float
    excitation: float
    inhibition: float
    fatigue: float
    recovery: float
    trace: float
    tag: float
    slow_kept: float
    slow_step: float
    tide_kept: float
    tide_step: float
    noise: float
    tiring: float
    depletion: float


class Rule(NamedTuple):
    """The plasticity of excitatory synapses: pairs of spikes, as in STDP.

    `rate`: the share of the mean weight by which a pair of spikes at once strengthens a synapse;
    0 blocks plasticity. `depression`: times stronger is weakening, where the target fired first.
    `most`: the largest weight, in mean weights. Both effects decay with 20 ms between the spikes;
    spikes of the same ms change nothing: none of them can have caused the other.

    With `tags`, a pair changes no weight. It leaves its effect as a tag at the synapse, which
    decays with 300 ms, and `Culture.reward` turns tags into weights: a rule of three factors.
    """

    rate: float = 0.0
    depression: float = 1.05
    most: float = 4.0
    tags: bool = False


def grow(day: float = 34, seed: int = 0, parameters: Age | None = None) -> "Culture":
    """Return a culture of this day. One seed gives one culture, with all that it will ever do.

    `parameters` replaces those of the day. The first 3 s of its life are over.
    """
    now = age(day) if parameters is None else parameters
    rng = np.random.default_rng(seed)
    wiring, weight = _wire(now, rng)
    culture = Culture(now, wiring, _rest(wiring, weight), rng)
    culture.advance(WARM_UP)
    culture.state.clock[0] = 0
    return culture


@dataclass
class Culture:
    """400 leaky neurons and more synapses, over an array of 64 electrodes.

        20 dv/dt = -v + bias + drive + tide + e - h - w + noise    v in mV above rest, t in ms
        v > 15:  spike, v = 5, silent for 3 ms, w += tiring

    e, h (excitation, inhibition) and w (fatigue) decay. A spike of cell j adds J x_j to e of its
    targets, after 1 ms + distance / 300 um/ms; if j is inhibitory, it adds J to h. The transmitter
    x_j falls by a share at each spike and recovers within 5 s: this ends a burst. A connection over
    a distance d has a probability proportional to exp(-d / 220 um).

    The parameters of each day are fitted to one real culture (Cotterill et al. 2016,
    doi:10.1152/jn.00093.2016): this is a description, not a prediction. Of the 28 real values
    (rate, Fano factor, CV, and bursts a minute on seven days), 25 lie between the smallest and the
    largest of ten simulated cultures of five minutes, of other seeds than those of the search; the
    other three lie below the smallest by 3 % at most (`python -m benchmarks culture`). Cultures of
    one day differ much, in their rates by a factor of 2 to 13. Intervals between bursts are about
    as irregular as the real ones (median CV 1.2 on day 59, real 1.3; on day 73 0.8, real 1.1).
    Depression of synapses: Tsodyks and Markram 1997, doi:10.1073/pnas.94.2.719.
    """

    parameters: Age
    wiring: Wiring
    state: State
    rng: np.random.Generator
    rule: Rule = field(default_factory=Rule)

    @property
    def now(self) -> float:
        """The age in s since `grow`."""
        return float(self.state.clock[0]) / 1000

    def links(self) -> Int[np.ndarray, "electrodes electrodes"]:
        """Return how many synapses lead from the cells heard at one electrode (row) to another's.

        Nobody can see this in a real culture: it is the truth for `connectivity`.
        """
        heard = self.wiring.electrode
        ends = heard[self.wiring.source], heard[self.wiring.target]
        both = (ends[0] >= 0) & (ends[1] >= 0)
        links = np.zeros((len(SITES), len(SITES)), int)
        np.add.at(links, (ends[0][both], ends[1][both]), 1)
        return links

    def advance(
        self, ms: int, pushed: Bool[np.ndarray, " cells"] | None = None
    ) -> tuple[Int[np.ndarray, " spikes"], Int[np.ndarray, " spikes"]]:
        """Live for so many ms; return `when` (ms since now) and `who` (cell) of each spike.

        `pushed` marks the cells that a pulse makes fire in the first ms.
        """
        cells = len(self.wiring.bias)
        pushed = np.zeros(cells, bool) if pushed is None else pushed
        when, who = np.empty((2, max(cells * ms // 4, cells)), np.int64)
        factors = _factors(self.parameters)
        count = _loop.advance(
            ms, self.wiring, self.state, factors, self.rule, self.rng, pushed, when, who
        )
        return when[:count].copy(), who[:count].copy()

    def reward(self, amount: float) -> None:
        """Change each excitatory synapse by its tag, times a reward, which may be negative.

            J <- J + mean J · amount · tag    J stays from 0 to `rule.most` mean weights

        Source of the three factors, pre, post and reward: Izhikevich 2007,
        doi:10.1093/cercor/bhl152.
        """
        mean, weight = self.wiring.mean_weight, self.state.weight
        changed = weight + mean * amount * self.state.tag  # no inhibitory synapse has a tag
        excites = self.wiring.excitatory[self.wiring.source]
        weight[:] = np.where(excites, changed.clip(0, self.rule.most * mean), weight)

    def drive(self) -> Cells:
        """Return the sum of the excitatory weights onto each cell, in mV."""
        excites = self.wiring.excitatory[self.wiring.source]
        return np.bincount(
            self.wiring.target[excites], self.state.weight[excites], len(self.wiring.bias)
        )

    def scale(self, drive: Cells) -> None:
        """Scale the excitatory weights onto each cell so that they add up to `drive` (mV) again.

        Such a homeostasis keeps a culture that learns from falling silent or from bursting.
        Source: Turrigiano et al. 1998, doi:10.1038/36103.
        """
        excites = self.wiring.excitatory[self.wiring.source]
        now = self.drive()
        factor = np.divide(drive, now, out=np.ones_like(now), where=now > 0)
        self.state.weight[excites] *= factor[self.wiring.target[excites]]

    def record(self, seconds: float, *, repeats: bool = True) -> Recording:
        """Live for so many s; return what the electrodes report.

        As a real detector does, they report some spikes several times within 2 ms. `clean` removes
        such repeats; with `repeats=False` there are none.
        """
        _check.positive("seconds", seconds)
        start, ms = self.now, round(seconds * 1000)
        when, cell = self.advance(ms)
        times = start + (when + self.rng.random(len(when))) / 1000  # somewhere within the ms
        electrode = self.wiring.electrode[cell]
        heard = electrode >= 0
        recording = in_order(times[heard] - start, electrode[heard], cell[heard], ms / 1000)
        if repeats:
            recording = repeat(recording, self.parameters.repeats, self.rng)
        return recording


def _wire(now: Age, rng: np.random.Generator) -> tuple[Wiring, Synapses]:
    """Place the living cells and connect them."""
    position = rng.uniform(0, WIDTH, (CELLS, 2))
    excitatory = rng.permutation(CELLS) < round(EXCITATORY * CELLS)
    alive = np.zeros(CELLS, bool)
    for group in (excitatory, ~excitatory):  # exact counts: bursts are close to a threshold
        members = rng.permutation(np.flatnonzero(group))
        alive[members[: round(now.alive * len(members))]] = True
    distance = np.hypot(*(position[:, None] - position[None]).transpose(2, 0, 1))
    chance = np.exp(-distance / REACH)
    np.fill_diagonal(chance, 0)
    chance *= now.partners / chance.sum(1).mean()
    position, excitatory = position[alive], excitatory[alive]
    distance, chance = (x[np.ix_(alive, alive)] for x in (distance, chance))
    source, target = np.nonzero(rng.random(chance.shape) < np.minimum(chance, 0.9))
    weight = now.strength * rng.lognormal(-0.125, 0.5, len(source))  # its mean is the strength
    weight[~excitatory[source]] *= now.inhibition
    delay = np.clip(np.round(1 + distance[source, target] / SPEED), 1, LONGEST - 1).astype(int)
    inputs = np.argsort(target, kind="stable")
    inputs = inputs[excitatory[source[inputs]]]
    cells = np.arange(len(position) + 1)
    wiring = Wiring(
        position=position,
        excitatory=excitatory,
        electrode=_electrodes(position, now.heard, rng),
        bias=rng.normal(now.bias, now.spread, len(position)),
        source=source,
        target=target,
        delay=delay,
        first=np.searchsorted(source, cells),
        inputs=inputs,
        first_input=np.searchsorted(target[inputs], cells),
        mean_weight=now.strength,
    )
    return wiring, weight


def _electrodes(
    position: Float[np.ndarray, "cells 2"], heard: float, rng: np.random.Generator
) -> Int[np.ndarray, " cells"]:
    """Return which electrode hears each cell, or -1."""
    far = np.hypot(*(position[:, None] - SITES[None]).transpose(2, 0, 1))
    near = (far.min(1) < HEARING) & (rng.random(len(position)) < heard)
    return np.where(near, far.argmin(1), -1)


def _rest(wiring: Wiring, weight: Synapses) -> State:
    cells = len(wiring.bias)
    zeros = {name: np.zeros(cells) for name in State._fields}
    zeros |= {"clock": np.zeros(1, int), "tide": np.zeros(1), "silent": np.zeros(cells, int)}
    zeros |= {name: np.zeros((LONGEST, cells)) for name in ("excited", "inhibited")}
    zeros |= {"resource": np.ones(cells), "weight": weight, "tag": np.zeros(len(weight))}
    return State(**zeros)


@lru_cache
def _factors(now: Age) -> Factors:
    """Return what a step of 1 ms multiplies, and a slow step of 10 ms."""
    slow, tide = (math.exp(-_loop.SLOW_STEP / tau) for tau in (TAU_SLOW, TAU_TIDE))
    membrane = math.exp(-1 / TAU_MEM)
    return Factors(
        membrane=membrane,
        excitation=math.exp(-1 / now.lasting),
        inhibition=math.exp(-1 / TAU_INHIBITION),
        fatigue=math.exp(-1 / TAU_FATIGUE),
        recovery=math.exp(-1 / TAU_RECOVERY),
        trace=math.exp(-1 / 20),
        tag=math.exp(-_loop.SLOW_STEP / TAU_TAG),
        slow_kept=slow,
        slow_step=now.slow * math.sqrt(1 - slow**2),
        tide_kept=tide,
        tide_step=now.tide * math.sqrt(1 - tide**2),
        noise=NOISE * math.sqrt(1 - membrane**2),
        tiring=now.tiring,
        depletion=now.depletion,
    )
