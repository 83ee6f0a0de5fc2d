"""Events: what an event camera sends instead of pictures."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from snnedu.core import _check

Index = slice | Tensor
ROUNDING = 1e-6  # of the duration: a time in single precision may lie so much later


@dataclass(frozen=True)
class Events:
    """A stream of events in the order of their times.

        events.t    when, in ms from the start; float64, ascending
        events.x    column, from 0
        events.y    row, from 0 at the top
        events.p    polarity: 1 (ON, brighter) or -1 (OFF, darker)

    `size` is (height, width) of the sensor in pixels, `duration` the length of the recording in ms.
    `events[mask]` and `events[:1000]` are a part of the stream; `len(events)` counts.

    Raises TypeError where one of the four is no tensor. Raises ValueError where they differ in
    length, `duration` is not positive, times are not in order or outside of 0 to `duration`, pixels
    lie outside of the sensor, or polarities are neither 1 nor -1.
    """

    t: Float[Tensor, " events"]
    x: Int[Tensor, " events"]
    y: Int[Tensor, " events"]
    p: Int[Tensor, " events"]
    size: tuple[int, int]
    duration: float

    def __post_init__(self) -> None:
        parts: dict[str, object] = {"t": self.t, "x": self.x, "y": self.y, "p": self.p}
        for name, part in parts.items():
            if not isinstance(part, Tensor):
                raise TypeError(
                    f"`Events` needs tensors. Received `{name}` as {type(part).__name__}. "
                    f"Pass `torch.as_tensor({name})`."
                )
        shapes = {name: tuple(getattr(self, name).shape) for name in parts}
        if len(set(shapes.values())) > 1 or self.t.ndim != 1:
            raise ValueError(
                f"`Events` needs `t`, `x`, `y` and `p` with one number for each event. Received "
                f"the shapes {shapes}. Pass four tensors of equal length."
            )
        _check.positive("duration", self.duration)
        if len(self.t):
            self._check_values()

    def _check_values(self) -> None:
        first, last = self.t[0].item(), self.t[-1].item()
        end = self.duration * (1 + ROUNDING)
        if not (first >= 0 and last <= end and bool((self.t.diff() >= 0).all())):
            raise ValueError(
                f"`t` must ascend from 0 or later to `duration` or earlier. Received times from "
                f"{first:g} to {last:g} ms, with a duration of {self.duration:g} ms. Sort the "
                f"events with `order = t.argsort()`, or subtract the time of the first."
            )
        for name, values, end in (("y", self.y, self.size[0]), ("x", self.x, self.size[1])):
            low, high = (int(value) for value in values.aminmax())
            if low < 0 or high >= end:
                raise ValueError(
                    f"`{name}` must lie on the sensor: from 0 to {end - 1} for `size={self.size}`, "
                    f"which is (height, width). Received {low} to {high}. Pass another `size`."
                )
        if not bool((self.p.abs() == 1).all()):
            raise ValueError(
                f"`p` must be 1 (brighter) or -1 (darker). Received "
                f"{self.p.unique()[:4].tolist()}. Of zeros and ones make `2 * p - 1`."
            )

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, which: Index) -> "Events":
        """Return some of the events: a slice, a mask, or ascending indices."""
        parts = (part[which] for part in (self.t, self.x, self.y, self.p))
        return Events(*parts, size=self.size, duration=self.duration)

    @property
    def pixel(self) -> Int[Tensor, " events"]:
        """The number of each event's pixel, counted row by row: y · width + x."""
        return self.y.long() * self.size[1] + self.x.long()

    def __repr__(self) -> str:
        on = int((self.p > 0).sum())
        height, width = self.size
        return (
            f"Events({len(self):,}: {on:,} ON, {len(self) - on:,} OFF; {height} x {width} pixels, "
            f"{self.duration:g} ms)"
        )
