"""Events as tensors: frames, voxel grids, time surfaces; and without isolated events."""

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check
from snnedu.silicon.event_stream import Events

Number = float | int


def frames(events: Events, num_frames: int) -> Float[Tensor, "time 2 height width"]:
    """Count events in `num_frames` stretches of equal length: OFF in channel 0, ON in channel 1.

    Add a batch axis with `.unsqueeze(1)`, or stack several recordings along it. What a network
    cannot see any more is when within its stretch an event came.
    """
    _check.count("num_frames", num_frames)
    place = (events.t * (num_frames / events.duration)).long().clamp(max=num_frames - 1)
    cell = (2 * place + (events.p > 0)) * _pixels(events) + events.pixel
    counts = cell.bincount(minlength=2 * num_frames * _pixels(events))
    return counts.view(num_frames, 2, *events.size).to(torch.get_default_dtype())


def voxel_grid(events: Events, num_bins: int) -> Float[Tensor, "bins height width"]:
    """Share each event between the two nearest of `num_bins` moments, signed by its polarity.

        V[b] = sum over events of p · max(0, 1 - |b - s|)      s = (num_bins - 1) · t / duration

    Unlike in a frame, an event that comes a little later changes the result a little. ON and OFF
    in one bin and pixel cancel.
    Source: Zhu et al. 2019, doi:10.1109/CVPR.2019.00108.
    """
    _check.count("num_bins - 1", num_bins - 1)
    s = events.t * ((num_bins - 1) / events.duration)
    first = s.long().clamp(max=num_bins - 2)
    later = s - first  # the share of the later one
    grid = torch.zeros(num_bins * _pixels(events), dtype=torch.float64)
    for place, share in ((first, 1 - later), (first + 1, later)):
        grid.index_add_(0, place * _pixels(events) + events.pixel, events.p * share)
    return grid.view(num_bins, *events.size).to(torch.get_default_dtype())


def time_surface(
    events: Events, tau: Number, at: Number | None = None
) -> Float[Tensor, "2 height width"]:
    """Return how recent each pixel's last event is: OFF in channel 0, ON in channel 1.

        surface = exp(-(at - t_last) / τ)      0 where there was none

    `tau` (τ) is in ms, as is `at`: the moment to look from, by default the end of the recording.
    Later events are not seen.
    Source: Lagorce et al. 2017 (HOTS), doi:10.1109/TPAMI.2016.2574707.
    """
    _check.positive("tau", tau)
    at = events.duration if at is None else at
    past = events[events.t <= at]
    last = torch.full((2 * _pixels(events),), -torch.inf, dtype=torch.float64)
    last.scatter_reduce_(0, (past.p > 0) * _pixels(events) + past.pixel, past.t, "amax")
    surface = ((last - at) / tau).exp()
    return surface.view(2, *events.size).to(torch.get_default_dtype())


def denoise(events: Events, window: Number) -> Events:
    """Keep events that a neighbor supports: one of the 8 pixels around had one just before.

    "Just before" is at most `window` ms earlier, of any polarity. What moves makes neighbors fire
    one after the other; random events are alone. The first events of an edge are lost, too.
    Source: Delbruck 2008, background activity filter; doi:10.5167/uzh-17620.
    """
    _check.positive("window", window)
    from snnedu.silicon import _event_loops  # numba takes a quarter of a second: only when used

    height, width = events.size
    last = torch.full((height + 2, width + 2), -torch.inf, dtype=torch.float64)
    supported = torch.zeros(len(events), dtype=torch.bool)
    places = (part.numpy() for part in (events.t, events.y, events.x))
    _event_loops.support(*places, float(window), last.numpy(), supported.numpy())
    return events[supported]


def _pixels(events: Events) -> int:
    return events.size[0] * events.size[1]
