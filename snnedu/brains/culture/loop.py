"""A closed loop with a culture: read its spikes, answer with pulses, a hundred times a second.

    with culture.open(dish) as neurons:
        neurons.stim(27, 1.0)                               # a pulse of 1 uA at electrode 27
        for tick in neurons.loop(ticks_per_second=100, stop_after_seconds=10):
            for spike in tick.analysis.spikes:
                spike.timestamp, spike.channel              # frames since the start, electrode

The calls have the shape of Cortical Labs' `cl` (arXiv:2602.11632), so that the same lines can run
on living neurons: `connect` opens the real one where it is installed. Here, time is simulated and
goes as fast as the computer does, unless `real_time=True`.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32

from snnedu.brains.culture.electrodes import SAMPLING, SITES, Recording, in_order, voltage
from snnedu.brains.culture.network import Culture
from snnedu.core import _check

FRAMES_PER_MS = SAMPLING // 1000
SPREAD = 150.0  # um: how far a pulse of 1 uA reaches; this is assumed, it varies in reality


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
    """Electrodes to be stimulated together: `ChannelSet(3, 4, 11)`."""

    def __new__(cls, *channels: int) -> "ChannelSet":  # noqa: D102
        for channel in channels:
            _check.between("channel", channel, 0, len(SITES) - 1, "Electrodes count from 0 to 63.")
        return super().__new__(cls, channels)


class StimDesign(tuple[float, ...]):
    """One pulse: duration (us) and current (uA) of each phase, `StimDesign(160, -1, 160, 1)`.

    Raises ValueError unless the phases cancel: a charge that stays harms the electrode.
    """

    def __new__(cls, *phases: float) -> "StimDesign":  # noqa: D102
        durations, currents = phases[::2], phases[1::2]
        charge = sum(d * c for d, c in zip(durations, currents, strict=False))
        if not phases or len(phases) % 2 or abs(charge) > 1e-6:
            raise ValueError(
                "`StimDesign` needs pairs of a duration (us) and a current (uA) whose charges add "
                f"up to 0. Received {phases}. Pass `StimDesign(160, -1.0, 160, 1.0)`, for example."
            )
        return super().__new__(cls, phases)

    @property
    def current(self) -> float:
        """The strongest current in uA."""
        return max(abs(current) for current in self[1::2])


@dataclass(frozen=True)
class BurstDesign:
    """Repeat a pulse: `count` pulses, `hz` a second."""

    count: int
    hz: float


class Analysis(NamedTuple):
    """What happened during a tick."""

    spikes: list[Spike]
    stims: list[Stim]


class Tick(NamedTuple):
    """One round of the loop: its number, when it began (frames), and what happened before it."""

    iteration: int
    iteration_timestamp: int
    analysis: Analysis


class Recorder:
    """A running recording; `stop()` returns it."""

    def __init__(self, neurons: "Neurons", until: int | None) -> None:
        self.neurons, self.start, self.until = neurons, neurons.timestamp(), until
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
        self.stims = [s for s in self.neurons.stims if self.start <= s.timestamp < stop]
        return self.neurons.between(self.start, stop)


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

    def stim(
        self,
        channels: int | Sequence[int],
        design: float | StimDesign,
        burst: BurstDesign | None = None,
        *,
        after_ms: int = 0,
    ) -> None:
        """Give pulses at one electrode or some, from the next ms on, or `after_ms` later.

        `design`: a current in uA, or phases. A pulse fires all cells within
        150 um · √(current / 1 uA), except those that have just fired; inhibitory ones, too.
        """
        if not isinstance(channels, ChannelSet):
            channels = ChannelSet(*([channels] if isinstance(channels, int) else channels))
        current = design.current if isinstance(design, StimDesign) else abs(float(design))
        burst = BurstDesign(1, 1.0) if burst is None else burst
        _check.positive("hz", burst.hz)
        for k in range(burst.count):
            when = self._ms + after_ms + round(1000 * k / burst.hz)
            self._pulses.setdefault(when, []).extend((channel, current) for channel in channels)

    def loop(
        self,
        ticks_per_second: float,
        *,
        stop_after_seconds: float | None = None,
        stop_after_ticks: int | None = None,
    ) -> Iterator[Tick]:
        """Live tick by tick: each one holds the spikes since the last.

        Without an end, it goes on until you `break`. In real time, raises TimeoutError where your
        code takes longer than a tick.
        """
        _check.positive("ticks_per_second", ticks_per_second)
        ms = round(1000 / ticks_per_second)
        if ms < 1 or abs(ms * ticks_per_second - 1000) > 1e-6:
            raise ValueError(
                f"A tick must last whole ms. Received {ticks_per_second:g} ticks a second. Pass "
                "1000, 500, 200, 100 or 50, for example."
            )
        if stop_after_seconds is not None:
            stop_after_ticks = round(stop_after_seconds * ticks_per_second)
        number, self._began = 0, time.monotonic() - self._ms / 1000
        while stop_after_ticks is None or number < stop_after_ticks:
            begin, spikes, stims = self.timestamp(), len(self.spikes), len(self.stims)
            self._advance(ms)
            yield Tick(number, begin, Analysis(self.spikes[spikes:], self.stims[stims:]))
            number += 1

    def read(self, frame_count: int) -> Float32[np.ndarray, "frames electrodes"]:
        """Live for so many frames (25,000/s); return their voltage in uV."""
        _check.count("frame_count", frame_count)
        begin = self.timestamp()
        self.live(-(-frame_count // FRAMES_PER_MS))
        recording = self.between(begin, self.timestamp())
        return voltage(recording, seed=begin)[:frame_count]

    def record(self, stop_after_seconds: float | None = None) -> Recorder:
        """Begin to record, and go on with other things: `record().stop()` ends it."""
        if stop_after_seconds is None:
            return Recorder(self, None)
        return Recorder(self, self.timestamp() + round(1000 * stop_after_seconds) * FRAMES_PER_MS)

    def live(self, ms: int) -> None:
        """Let the culture live for so many ms, with the pulses that are due."""
        self._began = time.monotonic() - self._ms / 1000
        self._advance(ms)

    def _advance(self, ms: int) -> None:
        end = self._ms + ms
        while self._ms < end:
            pushed = self._push(self._pulses.pop(self._ms, []))
            until = min([end, *(when for when in self._pulses if when < end)])
            self._log(*self.dish.advance(until - self._ms, pushed))
            self._ms = until
        if self.real_time:
            self._wait(ms)

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
        when, who, channel = when[heard], who[heard], channel[heard]
        frame = (self._ms + when) * FRAMES_PER_MS + self.dish.rng.integers(
            FRAMES_PER_MS, size=len(when)
        )
        order = np.argsort(frame, kind="stable")
        pairs = zip(frame[order].tolist(), channel[order].tolist(), strict=True)
        self.spikes.extend(Spike(*pair) for pair in pairs)
        self.cells.extend(who[order].tolist())

    def _wait(self, ms: int) -> None:
        late = time.monotonic() - self._began - self._ms / 1000
        if late > ms / 1000:
            raise TimeoutError(
                f"In real time, a tick must be answered before the next one ends. Received an "
                f"answer {1000 * late:.1f} ms late, with ticks of {ms} ms. Do less between ticks, "
                "or use fewer of them a second."
            )
        time.sleep(max(-late, 0.0))


def open(dish: Culture, *, real_time: bool = False) -> Neurons:  # noqa: A001
    """Connect to a culture: `with culture.open(dish) as neurons: ...`.

    It is the culture that you have recorded from before, and it goes on from where it was.
    """
    return Neurons(dish, real_time=real_time)
