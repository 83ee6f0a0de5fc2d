"""The same loop on a real device: an adapter to Cortical Labs' `cl`.

    with culture.connect() as neurons:          # instead of culture.open(dish)
        for tick in neurons.loop(ticks_per_second=100, stop_after_seconds=10):
            ...

`cl` is the package `cl-sdk`, here of version 1.0. It is never required: it needs Python 3.12 or
later, and its licence (CC BY-NC 4.0) forbids commercial use. Without a device, it runs its own
simulator.
"""

from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Float32

from snnedu.brains.culture.electrodes import SAMPLING, Recording, in_order
from snnedu.brains.culture.loop import LEAD, BurstDesign, ChannelSet, Stim, StimDesign
from snnedu.core._extras import extra

MICROVOLTS = 0.195  # uV, what one step of `cl`'s whole numbers means


class Device:
    """`cl`'s own connection, with the pulses and recordings of this library; see `connect`.

    `neurons` is what `cl.open()` gave, for all that is not here: data streams, plans, files.
    """

    def __init__(self, cl: Any) -> None:
        self.cl = cl
        self.connection = cl.open()
        self.neurons: Any = None

    def __enter__(self) -> "Device":
        self.neurons = self.connection.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> Any:
        return self.connection.__exit__(kind, error, at)

    def __getattr__(self, name: str) -> Any:
        """Hand everything else on: `loop`, `timestamp`, `create_stim_plan`, …."""
        return getattr(self.neurons, name)

    def stim(
        self,
        channel_set: ChannelSet | int,
        stim_design: StimDesign | float,
        /,
        burst_design: BurstDesign | None = None,
        lead_time_us: int = LEAD,
    ) -> None:
        """Give pulses, as `Neurons.stim` does. The corners 0, 7, 56 and 63 give none."""
        self.neurons.stim(*self._pulses(channel_set, stim_design, burst_design), lead_time_us)

    def interrupt(self, channel_set: ChannelSet | int, /) -> None:
        """Take back the pulses that these electrodes have not given yet."""
        self.neurons.interrupt(self._channels(channel_set))

    def interrupt_then_stim(
        self,
        channel_set: ChannelSet | int,
        stim_design: StimDesign | float,
        /,
        burst_design: BurstDesign | None = None,
        lead_time_us: int = LEAD,
    ) -> None:
        """Take back the pulses of these electrodes, and give others."""
        pulses = self._pulses(channel_set, stim_design, burst_design)
        self.neurons.interrupt_then_stim(*pulses, lead_time_us)

    def sync(self, channel_set: ChannelSet | int, /) -> None:
        """Let electrodes wait for each other."""
        self.neurons.sync(self._channels(channel_set))

    def read(
        self, frame_count: int, from_timestamp: int | None = None, /
    ) -> Float32[np.ndarray, "frames electrodes"]:
        """Return the voltage of so many frames in uV."""
        return self.neurons.read(frame_count, from_timestamp).astype(np.float32) * MICROVOLTS

    def record(
        self, *, stop_after_seconds: float | None = None, stop_after_frames: int | None = None
    ) -> "DeviceRecorder":
        """Begin to record spikes and pulses. For a file of `cl`, call `neurons.neurons.record`."""
        return DeviceRecorder(
            self.neurons,
            {"stop_after_seconds": stop_after_seconds, "stop_after_frames": stop_after_frames},
        )

    def _channels(self, channel_set: ChannelSet | int) -> Any:
        return self.cl.ChannelSet(*ChannelSet(channel_set))

    def _pulses(
        self,
        channel_set: ChannelSet | int,
        stim_design: StimDesign | float,
        burst_design: BurstDesign | None,
    ) -> tuple[Any, Any, Any]:
        design = (
            self.cl.StimDesign(*stim_design)
            if isinstance(stim_design, StimDesign)
            else float(stim_design)
        )
        burst = burst_design and self.cl.BurstDesign(burst_design.count, burst_design.hz)
        return self._channels(channel_set), design, burst


class DeviceRecorder:
    """A running recording of a device; `stop()` returns it, `stims` then holds the pulses."""

    def __init__(self, neurons: Any, end: dict[str, Any]) -> None:
        self.folder = TemporaryDirectory()
        self.file = neurons.record(file_location=self.folder.name, include_raw_samples=False, **end)
        self.start_timestamp = int(self.file.start_timestamp)
        self.stims: list[Stim] = []

    def wait_until_stopped(self) -> Recording:
        """Wait for the end that `record(stop_after_seconds=…)` has set; return the recording."""
        self.file.wait_until_stopped()
        return self.stop()

    def stop(self) -> Recording:
        """Return all spikes since the start, with times in s. Which cell it was, nobody knows."""
        self.file.stop()
        view = self.file.open()
        try:
            spikes, stims = view.spikes[:], view.stims[:]
            seconds = float(view.attributes["duration_frames"]) / SAMPLING
        finally:
            view.close()
            self.folder.cleanup()
        start = self.start_timestamp  # `cl` counts from it; ours counts since the connection
        pairs = zip(stims["timestamp"].tolist(), stims["channel"].tolist(), strict=True)
        self.stims = [Stim(start + when, channel, np.nan) for when, channel in pairs]
        electrode = spikes["channel"].astype(np.int64)
        times = spikes["timestamp"] / SAMPLING
        return in_order(times, electrode, np.full(len(times), -1), seconds)


def connect() -> Device:
    """Connect to a CL1, or to the simulator of `cl-sdk`.

    Raises ModuleNotFoundError where `cl` is not installed.
    """
    advice = (
        "It wants Python 3.12 or later, and its licence is CC BY-NC: no commercial use. Run: "
        "python -m pip install cl-sdk. Or use a simulated culture: "
        "`culture.open(culture.grow(34))`."
    )
    return Device(extra("cl", "A real device needs", advice))
