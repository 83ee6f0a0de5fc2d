"""A closed loop with a culture: read its spikes, answer with pulses, a hundred times a second.

    with culture.open(dish) as neurons:
        neurons.stim(27, 1.0)                               # a pulse of 1 uA at electrode 27
        for tick in neurons.loop(ticks_per_second=100, stop_after_seconds=10):
            for spike in tick.analysis.spikes:
                spike.timestamp, spike.channel              # frames since the start, electrode

The calls have the names and parameters of Cortical Labs' `cl` 1.0 (arXiv:2602.11632), so that the
same lines can run on living neurons: `connect` opens the real one where it is installed. Here, time
is simulated and goes as fast as the computer does, unless `real_time=True`.

What differs: pulses come in whole ms; `read` returns uV, `cl` whole numbers of 0.195 uV; a recorder
returns its spikes, `cl` writes a file; `cl` gives no pulse at the corners 0, 7, 56 and 63. Plans of
stimulation, data streams, recovery from jitter, and the voltage in ticks and spikes are left out.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32

from snnedu.brains.culture.electrodes import SAMPLING, SITES, Recording, in_order, voltage
from snnedu.brains.culture.network import Culture
from snnedu.core import _check

FRAMES_PER_MS = SAMPLING // 1000
SPREAD = 150.0  # um: how far a pulse of 1 uA reaches; this is assumed, it varies in reality
PHASE = 160  # us, of both phases where only a current is given
MOST_CURRENT, MOST_CHARGE = 3.0, 3000.0  # uA, and uA us of a phase: limits of `cl`, as the next two
BIN, MOST_HZ = 20, 200.0  # us, of which a phase lasts a multiple; pulses a second
LEAD = 80  # us, at least, from the call to its pulse


class Spike(NamedTuple):
    """A spike: `timestamp` in frames (25,000/s) since the connection was opened, `channel` 0-63."""

    timestamp: int
    channel: int


class Stim(NamedTuple):
    """A pulse that was given: `timestamp` in frames, `channel`, `current` in uA."""

    timestamp: int
    channel: int
    current: float


class ChannelSet(tuple[int, ...]):
    """Electrodes to be stimulated together: `ChannelSet(3, 4, 11)` or `ChannelSet(range(8))`.

    In order, each once. `|`, `&`, `^` and `~` join sets, as those of Python.
    """

    def __new__(cls, *channels: int | Iterable[int]) -> "ChannelSet":  # noqa: D102
        chosen = set[int]()
        for some in channels:
            chosen.update([some] if isinstance(some, int) else some)
        for channel in chosen and {min(chosen), max(chosen)}:
            _check.between("channel", channel, 0, len(SITES) - 1, "Electrodes count from 0 to 63.")
        return super().__new__(cls, sorted(chosen))

    def __or__(self, other: Iterable[int]) -> "ChannelSet":
        return ChannelSet(set(self).union(other))

    def __and__(self, other: Iterable[int]) -> "ChannelSet":
        return ChannelSet(set(self).intersection(other))

    def __xor__(self, other: Iterable[int]) -> "ChannelSet":
        return ChannelSet(set(self).symmetric_difference(other))

    def __invert__(self) -> "ChannelSet":
        return ChannelSet(set(range(len(SITES))).difference(self))


class StimDesign(tuple[float, ...]):
    """One pulse: duration (us) and current (uA) of each phase, `StimDesign(160, -1, 160, 1)`.

    Raises ValueError unless the phases cancel: a charge that stays harms the electrode. (`cl` does
    not check this.) Also beyond the limits of `cl`: 3 phases, and for each 3 uA, 3 nC, a multiple
    of 20 us, and a current of the other sign than before.
    """

    def __new__(cls, *phases: float) -> "StimDesign":  # noqa: D102
        durations, currents = phases[::2], phases[1::2]
        charges = [d * c for d, c in zip(durations, currents, strict=False)]
        if len(phases) not in (2, 4, 6) or abs(sum(charges)) > 1e-6:
            raise ValueError(
                "`StimDesign` needs pairs of a duration (us) and a current (uA) whose charges add "
                f"up to 0. Received {phases}. Pass `StimDesign(160, -1.0, 160, 1.0)`, for example."
            )
        turns = all(a * b <= 0 for a, b in pairwise(currents))
        bins = all(d >= BIN and d % BIN == 0 for d in durations)
        limits = max(map(abs, currents)) <= MOST_CURRENT and max(map(abs, charges)) <= MOST_CHARGE
        if not (turns and bins and limits):
            raise ValueError(
                "A pulse may have currents of alternating sign, of at most 3 uA and 3 nC (us times "
                f"uA / 1000) a phase, in phases of a multiple of 20 us. Received {phases}. Pass "
                "`StimDesign(160, -1.0, 160, 1.0)`, for example."
            )
        return super().__new__(cls, phases)

    @property
    def current(self) -> float:
        """The strongest current in uA."""
        return max(abs(current) for current in self[1::2])

    @property
    def duration_us(self) -> float:
        """How long the pulse lasts in us."""
        return sum(self[::2])


@dataclass(frozen=True)
class BurstDesign:
    """Repeat a pulse: `count` pulses, `hz` a second. Raises ValueError for more than 200 Hz."""

    count: int
    hz: float

    def __post_init__(self) -> None:
        _check.positive("hz", self.hz)
        if self.hz > MOST_HZ or self.count < 0:
            raise ValueError(
                f"A burst has 0 pulses or more, at most 200 a second. Received {self.count} pulses "
                f"and {self.hz:g} Hz. Pass `BurstDesign(10, 20)`, for example."
            )


ONE = BurstDesign(1, MOST_HZ)  # a pulse alone


class Analysis(NamedTuple):
    """What happened in the frames from `start_timestamp` to before `stop_timestamp`."""

    start_timestamp: int
    stop_timestamp: int
    spikes: list[Spike]
    stims: list[Stim]


class Loop:
    """Rounds of equal length: `for tick in neurons.loop(100): ...`, or `run` with a function."""

    def __init__(self, neurons: "Neurons", ms: int, ticks: int | None, patience: float) -> None:
        self.neurons, self.ms, self.ticks, self.patience = neurons, ms, ticks, patience
        self._stopped = False

    def __iter__(self) -> "Iterator[Tick]":
        neurons, number, self._stopped = self.neurons, 0, False
        neurons.begin()
        while not self._stopped and (self.ticks is None or number < self.ticks):
            start, spikes, stims = neurons.timestamp(), len(neurons.spikes), len(neurons.stims)
            neurons.advance(self.ms, self.patience)
            stop = neurons.timestamp()
            found = Analysis(start, stop, neurons.spikes[spikes:], neurons.stims[stims:])
            yield Tick(self, number, stop, 2 * stop - start, found)
            number += 1

    def run(self, loop_body_callback: "Callable[[Tick], None]") -> None:
        """Call a function with each tick; it ends the loop by `tick.loop.stop()`."""
        for tick in self:
            loop_body_callback(tick)

    def stop(self) -> None:
        """End the loop after this round."""
        self._stopped = True


class Tick(NamedTuple):
    """One round of the loop.

    `iteration`: its number. `iteration_timestamp`: the frame at which you answer, where its
    `analysis` ends. `iteration_next_timestamp`: that of the next round.
    """

    loop: Loop
    iteration: int
    iteration_timestamp: int
    iteration_next_timestamp: int
    analysis: Analysis


class Recorder:
    """A running recording; `stop()` returns it. Its times count from `start_timestamp`."""

    def __init__(self, neurons: "Neurons", until: int | None) -> None:
        self.neurons, self.start_timestamp, self.until = neurons, neurons.timestamp(), until
        self.stims: list[Stim] = []

    def wait_until_stopped(self) -> Recording:
        """Live until the end that `record(stop_after_seconds)` has set; return the recording."""
        if self.until is None:
            raise ValueError(
                "A recording without an end cannot be waited for. Received no "
                "`stop_after_seconds`. Call `stop()`, or `record(stop_after_seconds=10)`."
            )
        self.neurons.live((self.until - self.neurons.timestamp()) // FRAMES_PER_MS)
        return self.stop()

    def stop(self) -> Recording:
        """Return all spikes since the start, with times in s; `stims` holds the pulses."""
        now = self.neurons.timestamp()
        stop = now if self.until is None else min(now, self.until)
        start = self.start_timestamp
        self.stims = [s for s in self.neurons.stims if start <= s.timestamp < stop]
        return self.neurons.between(start, stop)


class Neurons:
    """A culture behind the calls of a device; `open` returns it."""

    def __init__(self, dish: Culture, *, real_time: bool = False) -> None:
        self.dish, self.real_time = dish, real_time
        self.spikes: list[Spike] = []
        self.cells: list[int] = []
        self.stims: list[Stim] = []
        self._ms = 0
        self._began = 0.0  # when, on the clock of the computer, this life has begun
        self._pulses: dict[int, list[tuple[int, float]]] = {}  # by the ms in which they come
        self._free = np.zeros(len(SITES))  # us: from when an electrode takes further pulses
        self._interval = np.zeros(len(SITES))  # us, from its last pulse to the next
        far = dish.wiring.position[:, None] - SITES[None]
        self._distance = np.hypot(far[..., 0], far[..., 1])

    def __enter__(self) -> "Neurons":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._pulses.clear()

    def timestamp(self) -> int:
        """Return the time in frames since the connection was opened."""
        return self._ms * FRAMES_PER_MS

    def get_frames_per_second(self) -> int:
        """Return 25,000."""
        return SAMPLING

    def get_channel_count(self) -> int:
        """Return 64."""
        return len(SITES)

    def get_frame_duration_us(self) -> float:
        """Return 40."""
        return 1e6 / SAMPLING

    def stim(
        self,
        channel_set: ChannelSet | int,
        stim_design: StimDesign | float,
        /,
        burst_design: BurstDesign | None = None,
        lead_time_us: int = LEAD,
    ) -> None:
        """Give pulses at one electrode or some, `lead_time_us` after they are free, at least 80.

        `stim_design`: phases, or a current in uA for a negative and a positive phase of 160 us. A
        pulse fires all cells within 150 um · √(current / 1 uA), except those that have just fired;
        inhibitory ones, too. It comes in the ms into which its time falls. An electrode is free
        once its burst is over; a pulse alone takes 5 ms. Those of a set wait for each other.
        """
        channels = _channels(channel_set)
        design = stim_design if isinstance(stim_design, StimDesign) else _pulse(stim_design)
        if lead_time_us < LEAD or lead_time_us % BIN:
            raise ValueError(
                f"`lead_time_us` must be a multiple of {BIN} us, and at least {LEAD}. Received "
                f"{lead_time_us!r}. Leave it out, or pass 5000 for 5 ms, for example."
            )
        burst = ONE if burst_design is None else burst_design
        interval = 1e6 / burst.hz
        self.sync(channels)
        for channel in channels:
            start = max(self._free[channel], 1000.0 * self._ms) + lead_time_us
            for k in range(burst.count):
                when = int(start + k * interval) // 1000
                self._pulses.setdefault(when, []).append((channel, design.current))
            self._free[channel] = start - LEAD + burst.count * interval
            self._interval[channel] = interval

    def sync(self, channel_set: ChannelSet | int, /) -> None:
        """Let electrodes wait for each other: what follows begins once all of them are free."""
        channels = list(_channels(channel_set))
        self._free[channels] = self._free[channels].max(initial=0.0)

    def interrupt(self, channel_set: ChannelSet | int, /) -> None:
        """Take back all pulses that these electrodes have not given yet."""
        channels = _channels(channel_set)
        for when, pulses in self._pulses.items():
            self._pulses[when] = [pulse for pulse in pulses if pulse[0] not in channels]
        for channel in channels:
            given = [stim.timestamp for stim in self.stims if stim.channel == channel]
            last = max(given, default=-math.inf) * 1e6 / SAMPLING
            self._free[channel] = max(last + self._interval[channel], 0.0)

    def interrupt_then_stim(
        self,
        channel_set: ChannelSet | int,
        stim_design: StimDesign | float,
        /,
        burst_design: BurstDesign | None = None,
        lead_time_us: int = LEAD,
    ) -> None:
        """Take back the pulses of these electrodes, and give others; see `stim`."""
        self.interrupt(channel_set)
        self.stim(channel_set, stim_design, burst_design, lead_time_us)

    def loop(
        self,
        ticks_per_second: float,
        stop_after_seconds: float | None = None,
        stop_after_ticks: int | None = None,
        ignore_jitter: bool = False,
        jitter_tolerance_frames: int = 0,
    ) -> Loop:
        """Live tick by tick: each one holds the spikes since the last.

        Without an end, it goes on until you `break`. In real time, raises TimeoutError where your
        code takes longer than a tick and `jitter_tolerance_frames`, unless you `ignore_jitter`.
        """
        _check.positive("ticks_per_second", ticks_per_second)
        ms = round(1000 / ticks_per_second)
        if ms < 1 or abs(ms * ticks_per_second - 1000) > 1e-6:
            raise ValueError(
                f"A tick must last whole ms. Received {ticks_per_second:g} ticks a second. Pass "
                "1000, 500, 200, 100 or 50, for example."
            )
        if stop_after_seconds is not None:
            if stop_after_ticks is not None:
                raise ValueError(
                    "A loop has one end. Received `stop_after_seconds` and `stop_after_ticks`. "
                    "Leave one of them out."
                )
            _check.positive("stop_after_seconds", stop_after_seconds)
            stop_after_ticks = math.ceil(stop_after_seconds * ticks_per_second - 1e-9)
        patience = math.inf if ignore_jitter else jitter_tolerance_frames / SAMPLING
        return Loop(self, ms, stop_after_ticks, patience)

    def read(
        self, frame_count: int, from_timestamp: int | None = None, /
    ) -> Float32[np.ndarray, "frames electrodes"]:
        """Return the voltage of so many frames (25,000/s) in uV, from a frame or from now on.

        The culture lives for as long as that takes.
        """
        _check.count("frame_count", frame_count)
        begin = self.timestamp() if from_timestamp is None else from_timestamp
        _check.between("from_timestamp", begin, 0, math.inf, "Count frames from the start, 0.")
        missing = begin + frame_count - self.timestamp()
        if missing > 0:
            self.live(-(-missing // FRAMES_PER_MS))
        stop = begin + -(-frame_count // FRAMES_PER_MS) * FRAMES_PER_MS
        return voltage(self.between(begin, stop), seed=begin)[:frame_count]

    def record(
        self, *, stop_after_seconds: float | None = None, stop_after_frames: int | None = None
    ) -> Recorder:
        """Begin to record, and go on with other things: `record().stop()` ends it."""
        if stop_after_seconds is not None:
            stop_after_frames = round(1000 * stop_after_seconds) * FRAMES_PER_MS
        if stop_after_frames is None:
            return Recorder(self, None)
        return Recorder(self, self.timestamp() + stop_after_frames)

    def live(self, ms: int) -> None:
        """Let the culture live for so many ms, with the pulses that are due."""
        self.begin()
        self.advance(ms)

    def begin(self) -> None:
        """In real time, count from now on."""
        self._began = time.monotonic() - self._ms / 1000

    def advance(self, ms: int, patience: float = 0.0) -> None:
        """Live for so many ms; in real time, wait for their end.

        There, raises TimeoutError where this comes later than `ms` and `patience` (s) allow.
        """
        end = self._ms + ms
        while self._ms < end:
            pushed = self._push(self._pulses.pop(self._ms, []))
            until = min([end, *(when for when in self._pulses if when < end)])
            self._log(*self.dish.advance(until - self._ms, pushed))
            self._ms = until
        if self.real_time:
            self._wait(ms, patience)

    def between(self, start: int, stop: int) -> Recording:
        """Return the spikes from `start` to before `stop`, both in frames."""
        stamps = np.array([spike.timestamp for spike in self.spikes], np.int64)
        first, last = np.searchsorted(stamps, [start, stop])
        return in_order(
            (stamps[first:last] - start) / SAMPLING,
            np.array([spike.channel for spike in self.spikes[first:last]], np.int64),
            np.array(self.cells[first:last], np.int64),
            (stop - start) / SAMPLING,
        )

    def _push(self, pulses: list[tuple[int, float]]) -> Any:
        reached = np.zeros(len(self._distance), bool)
        for channel, current in pulses:
            reached |= self._distance[:, channel] < SPREAD * current**0.5
            self.stims.append(Stim(self.timestamp(), channel, current))
        return reached

    def _log(self, when: Any, who: Any) -> None:
        """Keep the spikes that electrodes hear, each at a random frame of its ms."""
        channel = self.dish.wiring.electrode[who]
        heard = channel >= 0
        if not heard.any():
            return
        when, who, channel = when[heard], who[heard], channel[heard]
        frame = (self._ms + when) * FRAMES_PER_MS + self.dish.rng.integers(
            FRAMES_PER_MS, size=len(when)
        )
        order = np.argsort(frame, kind="stable")
        pairs = zip(frame[order].tolist(), channel[order].tolist(), strict=True)
        self.spikes.extend(Spike(*pair) for pair in pairs)
        self.cells.extend(who[order].tolist())

    def _wait(self, ms: int, patience: float) -> None:
        late = time.monotonic() - self._began - self._ms / 1000
        if late > ms / 1000 + patience:
            raise TimeoutError(
                f"In real time, a tick must be answered before the next one ends. Received an "
                f"answer {1000 * late:.1f} ms late, with ticks of {ms} ms. Do less between ticks, "
                "or use fewer of them a second."
            )
        time.sleep(max(-late, 0.0))


def _channels(channel_set: object) -> ChannelSet:
    if not isinstance(channel_set, ChannelSet | int):
        raise ValueError(
            "`channel_set` must be an electrode or a `ChannelSet`. Received "
            f"{type(channel_set).__name__}. Pass `ChannelSet(3, 4)`, for example."
        )
    return channel_set if isinstance(channel_set, ChannelSet) else ChannelSet(channel_set)


def _pulse(current: float) -> StimDesign:
    return StimDesign(PHASE, -current, PHASE, current)


def open(dish: Culture, *, real_time: bool = False) -> Neurons:  # noqa: A001
    """Connect to a culture: `with culture.open(dish) as neurons: ...`.

    It is the culture that you have recorded from before, and it goes on from where it was.
    """
    return Neurons(dish, real_time=real_time)
