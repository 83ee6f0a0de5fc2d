"""How good a detector of satellites is: sensitivity, specificity, informedness."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check
from snnedu.silicon.event_stream import Events
from snnedu.silicon.sky.passes import Pass

Found = Float[Tensor, "detections 3"]  # t in ms, y, x in pixels


@dataclass(frozen=True)
class Score:
    """What a detector found, counted in volumes of space and time; scores add up with +.

    `hits` of `entered`: volumes that the true path enters, and in which something was found.
    `alarms` of `empty`: volumes far from the path in which something was found all the same.
    `distance`: the sum of the distances from the true path, px, over `near` detections.
    """

    hits: int
    entered: int
    alarms: int
    empty: int
    distance: float
    near: int

    @property
    def sensitivity(self) -> float:
        """The share of the satellite's volumes in which it was found; NaN if it was never there."""
        return self.hits / self.entered if self.entered else float("nan")

    @property
    def specificity(self) -> float:
        """The share of the empty volumes that stayed empty."""
        return 1 - self.alarms / self.empty

    @property
    def informedness(self) -> float:
        """Sensitivity + specificity - 1: 1 is perfect, 0 is what a guess gives on average."""
        return self.sensitivity + self.specificity - 1

    @property
    def error(self) -> float:
        """The mean distance of the detections near the path from it, in pixels."""
        return self.distance / self.near if self.near else float("nan")

    def __add__(self, other: "Score") -> "Score":
        """Return the score of both recordings together."""
        return Score(
            *(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )


def total(scores: Iterable[Score]) -> Score:
    """Return the score over several recordings: their volumes are counted together."""
    return sum(scores, Score(0, 0, 0, 0, 0.0, 0))


def as_found(events: Events) -> Found:
    """Return events as detections, `[events, 3]`: as if each one were the satellite."""
    return torch.stack([events.t, events.y.double(), events.x.double()], -1)


def score(
    found: Found,
    true: Pass,
    *,
    every: float | int = 500.0,
    block: int = 4,
    radius: float | int = 4.0,
) -> Score:
    """Return how well detections meet the true path of a pass.

        informedness = sensitivity + specificity - 1

    `found` has a row for each detection: t in ms, y and x in pixels. The recording is cut into
    volumes of `every` ms and `block` x `block` pixels. Sensitivity is the share of the volumes
    entered by the true path that hold a detection. Specificity is the share of the empty volumes
    that hold none; these are farther than `radius` pixels from the path. Volumes in between count
    neither way. Both shares count the same kind of volume. So who reports each volume with chance
    q gets q + (1 - q) - 1 = 0 on average.

    Like the scores of Afshar et al. 2020 (doi:10.1109/JSEN.2020.3009687), it counts volumes of
    space and time, not events; sizes and rules are ours, so only scores from this function compare.
    Informedness: Powers 2011, doi:10.48550/arXiv.2010.16061.
    Raises ValueError for detections that are no rows of three numbers, and outside the sensor.
    """
    _check_found(found, true)
    _check.count("block", block)
    _check.positive("every", every)
    _check.positive("radius", radius)
    t, place = found[:, 0].double(), found[:, 1:].double()
    away = (place - true.at(t)).norm(dim=-1)
    near = away <= radius  # False for NaN

    slices = int(-(-true.events.duration // every))
    aside = _distances(true, slices, float(every), block)
    entered, empty = aside == 0, aside > radius
    when = (t / every).long().clamp(max=slices - 1)
    rows, columns = ((place + 0.5) / block).long().unbind(-1)
    reported = torch.zeros_like(entered)
    reported[when, rows, columns] = True
    return Score(
        hits=int((reported & entered).sum()),
        entered=int(entered.sum()),
        alarms=int((reported & empty).sum()),
        empty=int(empty.sum()),
        distance=float(away[near].sum()),
        near=int(near.sum()),
    )


def _distances(true: Pass, slices: int, every: float, block: int) -> Tensor:
    """Return how far each volume is from the path, px, [slices, rows, columns]; 0 if entered."""
    height, width = (-(-length // block) for length in true.events.size)
    corners = torch.cartesian_prod(torch.arange(height), torch.arange(width))
    low = (corners * block - 0.5).double()
    point = true.path[:, None]  # [time, 1, 2]
    aside = torch.maximum(low - point, point - low - block).clamp(min=0).norm(dim=-1)
    times = torch.arange(len(true.path)) * true.dt
    which = (times / every).long().clamp(max=slices - 1)
    far = torch.full((slices, height * width), torch.inf, dtype=torch.double)
    which = which[:, None].expand_as(aside)
    nearest = far.scatter_reduce(0, which, aside.nan_to_num(torch.inf), "amin")
    return nearest.unflatten(1, (height, width))


def _check_found(found: Tensor, true: Pass) -> None:
    _check.floating("found", found)
    if found.ndim != 2 or found.shape[1] != 3:
        raise ValueError(
            f"`found` must be [detections, 3]: t in ms, y and x in pixels. Received "
            f"{tuple(found.shape)}. For no detection pass `torch.zeros(0, 3)`."
        )
    ends = torch.tensor([true.events.duration, *true.events.size], dtype=found.dtype)
    low = torch.tensor([0.0, -0.5, -0.5], dtype=found.dtype)
    high = ends - torch.tensor([0.0, 0.5, 0.5], dtype=found.dtype)
    inside = (found >= low) & torch.cat([found[:, :1] <= high[:1], found[:, 1:] < high[1:]], 1)
    if not bool(inside.all()):
        raise ValueError(
            f"`found` must lie in the recording: t from 0 to {ends[0]:g} ms, y and x on "
            f"{true.events.size} pixels. Received {found.amin(0).tolist()} to "
            f"{found.amax(0).tolist()}. Drop what lies outside."
        )
