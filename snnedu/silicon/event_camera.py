"""An event camera, simulated: a video goes in, events come out.

Each pixel works alone. It remembers a brightness, and compares what it sees with it:

    L(t) = ln(intensity(t) + dark)         brightness, as the pixel sees it
    L(t) - M ≥ θ_on     an ON event;  then M becomes M + θ_on
    L(t) - M ≤ -θ_off   an OFF event; then M becomes M - θ_off

Between two frames L is taken to change at a constant pace, so a large change gives several events,
each at its own time. M starts as the brightness of the first frame.
"""

import math

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from snnedu.core import _check
from snnedu.silicon.event_stream import Events

Number = float | int
Values = NDArray[np.float64]
Found = tuple[Values, NDArray[np.int32], NDArray[np.int8]]  # times, pixels, polarities

SMALLEST = 0.05  # of the mean threshold: the least that mismatch leaves of one


def from_video(
    video: Float[Tensor, "time height width"],
    *,
    dt: Number = 1.0,
    threshold: Number | tuple[Number, Number] = 0.2,
    mismatch: Number = 0.0,
    refractory: Number = 0.0,
    leak: Number = 0.0,
    noise: Number = 0.0,
    dark: Number = 0.05,
    seed: int | torch.Generator | None = None,
) -> Events:
    """Return the events that a camera sends while it watches `video`.

    `video`: light intensity, 0 or more; `dt` is the time between frames in ms.
    `threshold`: θ, the change of ln(intensity) that makes an event; a pair is (θ_on, θ_off). A
    change by 0.2 is a change of the light by a factor of 1.22.
    `mismatch`: how much thresholds differ from pixel to pixel and between the polarities: their
    standard deviation as a share of θ.
    `refractory`: for so many ms after an event the pixel is blind; then it remembers the brightness
    that it sees.
    `leak`: ON events that a pixel sends per second although nothing changes: M leaks.
    `noise`: events at random, per pixel and second, ON and OFF alike. They leave M as it is. In
    real cameras there are more of them in the dark.
    `dark`: what a pixel adds to the intensity, in its unit. It keeps the logarithm finite.
    `seed`: of mismatch and noise, as in `spikegen`.

    Raises ValueError or TypeError for a video that is no `[time, height, width]` of two frames or
    more, for negative light, and for NaN.
    Source: Lichtsteiner et al. 2008, doi:10.1109/JSSC.2007.914337; simulated as in Rebecq et al.
    2018 (ESIM) and Hu et al. 2021 (v2e), doi:10.1109/CVPRW53098.2021.00144.
    """
    on, off = threshold if isinstance(threshold, tuple) else (threshold, threshold)
    _check_video(video, dark)
    _check.positive("dt", dt)
    _check.positive("threshold", torch.tensor([float(on), float(off)]))
    for name, value in (
        ("mismatch", mismatch), ("refractory", refractory), ("leak", leak), ("noise", noise)
    ):  # fmt: skip
        _check.between(name, value, 0, math.inf, "With 0 the camera is ideal.")
    _, height, width = video.shape
    generator = torch.Generator("cpu").manual_seed(seed) if isinstance(seed, int) else seed
    log = (video.detach().cpu().double() + dark).log().flatten(1).numpy()
    rises, falls = (_thresholds(each, mismatch, height * width, generator) for each in (on, off))
    duration = (len(log) - 1) * float(dt)
    found = [
        _watch(log, float(dt), rises, falls, float(refractory), leak / 1000),  # per ms
        _random_events(noise / 1000, height * width, duration, generator),
    ]
    t, pixel, p = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = _in_time(t, duration)
    y, x = np.divmod(pixel[order], width)
    parts = (torch.from_numpy(part) for part in (np.sort(t), x, y, p[order]))
    return Events(*parts, size=(height, width), duration=duration)


def _watch(
    log: Values, dt: float, on: Values, off: Values, refractory: float, leak: float
) -> Found:
    """Return when which pixels fire, and with which sign."""
    from snnedu.silicon import _event_loops  # numba takes a quarter of a second: only when used

    # Each event takes one threshold of what a pixel's brightness moves up and down in all.
    moved = np.abs(np.diff(log, axis=0)).sum(0) + leak * on * dt * (len(log) - 1)
    room = int((moved / np.minimum(on, off) + 1).sum()) + 1
    t, pixel, sign = np.empty(room), np.empty(room, np.int32), np.empty(room, np.int8)
    count = _event_loops.watch(log, dt, on, off, refractory, leak, t, pixel, sign)
    return t[:count], pixel[:count], sign[:count]


def _in_time(t: Values, duration: float) -> NDArray[np.int64]:
    """Return the order of ascending times; equal ones keep theirs.

    NumPy sorts whole numbers some ten times faster than it finds the order of fractions. So each
    time, in fine ticks, shares one number with its place. A tick is below 1e-10 of the duration:
    events that are closer may change places.
    """
    bits = len(t).bit_length()
    ticks = (t * ((1 << (62 - bits)) / duration)).astype(np.int64)
    return np.sort((ticks << bits) + np.arange(len(t))) & ((1 << bits) - 1)


def _thresholds(
    theta: Number, mismatch: Number, pixels: int, generator: torch.Generator | None
) -> Values:
    draw = torch.randn(pixels, generator=generator, dtype=torch.float64, device="cpu")
    return (theta * (1 + mismatch * draw).clamp(min=SMALLEST)).numpy()


def _random_events(
    rate: Number, pixels: int, duration: float, generator: torch.Generator | None
) -> Found:
    mean = torch.tensor(rate * pixels * duration, dtype=torch.float64, device="cpu")
    count = int(torch.poisson(mean, generator=generator))
    t = torch.rand(count, generator=generator, dtype=torch.float64, device="cpu") * duration
    pixel = torch.randint(pixels, (count,), generator=generator, device="cpu")
    sign = 2 * torch.randint(2, (count,), generator=generator, device="cpu") - 1
    return t.numpy(), pixel.int().numpy(), sign.to(torch.int8).numpy()


def _check_video(video: Tensor, dark: Number) -> None:
    _check.floating("video", video)
    if video.ndim != 3 or len(video) < 2 or video.numel() == 0:
        raise ValueError(
            f"`video` must be [time, height, width] with two frames or more. Received "
            f"{tuple(video.shape)}. Of several videos, or several colors, pass one at a time."
        )
    _check.between("dark", dark, 0, math.inf, "It is a light intensity, in the unit of the video.")
    low = video.detach().min().item()
    if not (low >= 0 and low + dark > 0 and bool(video.isfinite().all())):
        raise ValueError(
            f"`video` must be finite light of 0 or more, and above 0 together with `dark`. "
            f"Received a smallest value of {low:g}, with `dark={dark:g}`. Rescale it to 0 … 1."
        )
