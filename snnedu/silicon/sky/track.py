"""A tracker: from detections, some of them false, to the paths of things that move evenly."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from snnedu.core import _check

Points = Float[Tensor, "*n 2"]
Step = Callable[..., tuple[Tensor, Tensor]]


def track_step(
    place: Points,
    speed: Points,
    seen: Points,
    dt: float | int,
    alpha: float,
    beta: float,
) -> tuple[Points, Points]:
    """Advance an alpha-beta filter one step; return `place, speed`.

        p' = p + v dt                   predict
        r  = seen - p'                  by how much the prediction missed
        p  = p' + α r                   correct
        v  = v + (β / dt) r

    `place` (p) and `seen` are (y, x) in pixels, `speed` (v) is in pixels per second, `dt` in s.
    Where nothing was seen, `seen` is NaN, and the prediction stands: r = 0.
    Source: Benedict and Bordner 1962, doi:10.1109/TAC.1962.1105477.
    """
    place = place + speed * dt
    missed = (seen - place).nan_to_num(0.0)
    return place + alpha * missed, speed + beta / dt * missed


def track(
    found: Float[Tensor, "detections 3"],
    *,
    step: float | int = 100.0,
    steps: int,
    size: tuple[int, int],
    alpha: float = 0.5,
    beta: float = 0.1,
    gate: float | int = 4.0,
    confirm: int = 5,
    patience: int = 20,
    slowest: float | int = 0.5,
    advance: Step = track_step,
) -> Float[Tensor, "reports 3"]:
    """Return where confirmed tracks are, a row (t, y, x) for each track and step.

    `found` has a row (t in ms, y, x) for each detection. Time goes in `steps` steps of `step` ms,
    and nothing is looked at before it happens. At each step a detection goes to the track within
    `gate` pixels that was seen most often, and each track moves by `advance`, called as
    `track_step` is, towards the mean of its detections. Those without a track start new ones.

    A track reports once it has been seen in `confirm` steps, and while it moves with `slowest` px/s
    or faster, so stars and hot pixels report less. It ends after `patience` steps without a
    detection, and outside of `size` (height, width).
    """
    _check.positive("step", step)
    _check.count("steps", steps)
    _check.positive("gate", gate)
    when = (found[:, 0] / step).long().clamp(max=steps - 1)
    tracks, reports = _Tracks.none(), list[Tensor]()

    def forward(*given: Tensor) -> list[Tensor]:  # a step of one's own may return other numbers
        moved = advance(*given, step / 1000, alpha, beta)
        return [torch.as_tensor(part).double() for part in moved]

    for number in range(steps):
        now = found[when == number, 1:].double()
        tracks = _move(tracks, now, float(gate), forward)
        tracks = tracks[(tracks.missed <= patience) & _on(tracks.place, size)]
        sure = (tracks.seen >= confirm) & (tracks.speed.norm(dim=-1) >= slowest)
        place = tracks.place[sure]
        reports.append(torch.cat([torch.full_like(place[:, :1], (number + 1) * step), place], 1))
    return torch.cat(reports)


@dataclass(frozen=True)
class _Tracks:
    """Tracks, those that were seen most often first."""

    place: Float[Tensor, "tracks 2"]
    speed: Float[Tensor, "tracks 2"]
    seen: Int64[Tensor, " tracks"]  # in how many steps
    missed: Int64[Tensor, " tracks"]  # for how many steps in a row

    @classmethod
    def none(cls) -> "_Tracks":
        place, count = torch.zeros(0, 2).double(), torch.zeros(0).long()
        return cls(place, place, count, count)

    def __getitem__(self, which: Tensor) -> "_Tracks":
        return _Tracks(*(getattr(self, field.name)[which] for field in fields(self)))


def _move(tracks: _Tracks, now: Tensor, gate: float, advance: Callable[..., Any]) -> _Tracks:
    """Give each detection to a track or make it one, and move all tracks one step."""
    still = torch.full_like(tracks.place, torch.nan)
    expected = advance(tracks.place, tracks.speed, still)[0]
    mine = _first(torch.cdist(expected, now) <= gate)
    count = mine.sum(1)
    mean = (mine.double() @ now) / count[:, None]  # NaN where there is none
    place, speed = advance(tracks.place, tracks.speed, mean)
    seen = tracks.seen + (count > 0)
    missed = torch.where(count > 0, 0, tracks.missed + 1)

    new = now[~mine.any(0)]
    new = new[~_follows(new, gate)]
    zeros, ones = torch.zeros(len(new)).long(), torch.ones(len(new)).long()
    both = _Tracks(
        torch.cat([place, new]),
        torch.cat([speed, torch.zeros_like(new)]),
        torch.cat([seen, ones]),
        torch.cat([missed, zeros]),
    )
    both = both[both.seen.argsort(descending=True, stable=True)]
    return both[~_follows(both.place, gate / 2)]  # of two tracks of one thing the older one stays


def _first(close: Bool[Tensor, "tracks points"]) -> Bool[Tensor, "tracks points"]:
    """Keep the first True of each column."""
    return close & (close.cumsum(0) == 1)


def _follows(points: Points, distance: float) -> Bool[Tensor, " n"]:
    """Return True for each point that lies closer than `distance` to an earlier one."""
    return (torch.cdist(points, points) < distance).tril(-1).any(1)


def _on(place: Points, size: tuple[int, int]) -> Bool[Tensor, " n"]:
    ends = torch.tensor(size, dtype=place.dtype) - 0.5
    return ((place >= -0.5) & (place < ends)).all(-1)
