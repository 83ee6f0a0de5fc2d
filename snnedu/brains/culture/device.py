"""The same loop on a real device: an adapter to Cortical Labs' `cl`.

    with culture.connect() as neurons:          # instead of culture.open(dish)
        for tick in neurons.loop(ticks_per_second=100, stop_after_seconds=10):
            ...

`cl` is the package `cl-sdk`. It is never required: it needs Python 3.12 or later, and its licence
(CC BY-NC 4.0) forbids commercial use. Without a device, it runs its own simulator.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from snnedu.brains.culture.loop import BurstDesign, StimDesign
from snnedu.core._extras import extra

PHASE = 160  # us, of both phases where only a current is given


class Device:
    """`cl`'s own connection; only `stim` takes the pulses of this library. `connect` returns it."""

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
        """Hand everything else on: `loop`, `read`, `record`, `timestamp`."""
        return getattr(self.neurons, name)

    def stim(
        self,
        channels: int | Sequence[int],
        design: float | StimDesign,
        burst: BurstDesign | None = None,
    ) -> None:
        """Give pulses, as `Neurons.stim` does; a current alone is a pulse of 160 us, twice."""
        channels = [channels] if isinstance(channels, int) else channels
        if not isinstance(design, StimDesign):
            design = StimDesign(PHASE, -abs(design), PHASE, abs(design))
        given = [self.cl.ChannelSet(*channels), self.cl.StimDesign(*design)]
        if burst is not None:
            given.append(self.cl.BurstDesign(burst.count, burst.hz))
        self.neurons.stim(*given)


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
