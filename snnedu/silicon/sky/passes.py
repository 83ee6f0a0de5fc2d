"""A satellite passes through the field of an event camera: the recording, and the true path."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check
from snnedu.silicon.event_camera import from_video
from snnedu.silicon.event_stream import Events
from snnedu.silicon.sky.camera import Camera, film, light, looking
from snnedu.silicon.sky.catalog import stars
from snnedu.silicon.sky.orbits import TLES, TURN, orbit, sight, site_below, turned

DT = 50.0  # ms from frame to frame of the light
FLICKER = 100.0  # ms: how long the air keeps a star brighter or darker


@dataclass(frozen=True)
class Night:
    """What sky, satellite and sensor are like.

    `threshold` and `mismatch` are those of `events.from_video`. `noise`: random events per pixel
    and second. `hot`: the share of pixels that send `hot_rate` events per second on their own.
    `twinkle`: the standard deviation of ln(light) of a star. `brightest`, `faintest`: between which
    magnitudes the satellite lies at its best. `depth`: the share of its light that comes and goes
    as it tumbles. `slew`: degrees per second by which the mount turns, stars and all.

    Raises ValueError for values that cannot be.
    """

    threshold: float = 0.2
    mismatch: float = 0.05
    noise: float = 0.05
    hot: float = 0.003
    hot_rate: float = 5.0
    twinkle: float = 0.2
    brightest: float = 2.5
    faintest: float = 5.5
    depth: float = 0.9
    slew: float = 0.0

    def __post_init__(self) -> None:
        for name in ("hot", "depth"):
            _check.fraction(name, getattr(self, name))
        for name in ("mismatch", "noise", "hot_rate", "twinkle", "slew"):
            _check.between(name, getattr(self, name), 0, math.inf, "0 switches it off.")
        _check.positive("threshold", self.threshold)
        _check.between("brightest", self.brightest, -10, self.faintest, "Or raise `faintest`.")


@dataclass(frozen=True)
class Pass:
    """A recording and what is true of it.

    `events`; `path` [time, 2], the satellite's (y, x) in pixels each `dt` ms, NaN where the camera
    does not see it; `mag` [time], its magnitude; `stars` [stars, 2], where they stand at the start;
    `name` of the satellite.
    """

    events: Events
    path: Float[Tensor, "time 2"]
    mag: Float[Tensor, " time"]
    stars: Float[Tensor, "stars 2"]
    name: str
    dt: float = DT

    def at(self, t: Float[Tensor, " n"]) -> Float[Tensor, "n 2"]:
        """Return the true (y, x) at the times `t` in ms; NaN where it is not seen."""
        return self.path[(t / self.dt).round().long().clamp(0, len(self.path) - 1)]


def simulate(
    seed: int,
    *,
    seconds: float | int = 8.0,
    camera: Camera | None = None,
    night: Night | None = None,
) -> Pass:
    """Simulate a pass: a real orbit, real stars behind it, a simulated camera on the ground.

    `seed` draws the satellite, the time, an observer who sees it 30° to 80° above the horizon,
    where in the field it passes, its brightness, and all noise. The camera stands still on the
    Earth, so stars drift by 15 arcseconds a second.

    Not simulated: daylight, the shadow of the Earth, clouds, the delays of dark pixels, and
    everything in a real sensor that nobody has modeled.
    Raises ModuleNotFoundError without `sgp4`; ValueError for a time of 0 or less.
    """
    _check.positive("seconds", seconds)
    camera, night = camera or Camera(), night or Night()
    draw = np.random.default_rng(seed)
    time = torch.arange(0, float(seconds) + 1e-9, DT / 1000, dtype=torch.float64)
    name = str(draw.choice(list(TLES)))
    seen = _directions(name, time, draw)
    axes = _pointing(seen[len(seen) // 2], camera, time, night.slew, draw)
    path = camera.project(seen, axes)
    mag = _tumbling(time, night, draw)

    catalog = stars()
    near = catalog.direction @ axes[len(time) // 2, 2] > math.cos(math.radians(camera.field))
    points = camera.project(catalog.direction[near].expand(len(time), -1, 3), axes[:, None])
    flux = light(catalog.mag[near]) * _twinkle(len(time), int(near.sum()), night.twinkle, draw)
    video = film(
        torch.cat([points, path[:, None]], 1), torch.cat([flux, light(mag)[:, None]], 1), camera
    )
    events = from_video(
        video, dt=DT, threshold=night.threshold, mismatch=night.mismatch, noise=night.noise,
        dark=0.0, seed=int(draw.integers(2**31)),
    )  # fmt: skip
    events = _with_hot_pixels(events, night, draw)
    path = torch.where(camera.sees(path)[:, None], path, torch.nan)
    start = points[0]
    return Pass(events, path, mag, start[camera.sees(start)], name)


def dimmer(night: Night, by: float | int) -> Night:
    """Return the same night with satellites that are `by` magnitudes fainter."""
    return replace(night, brightest=night.brightest + by, faintest=night.faintest + by)


def _directions(name: str, time: Tensor, draw: np.random.Generator) -> Tensor:
    """Return where some observer sees the satellite, at some time of the day of its elements."""
    minutes = draw.uniform(0, 1440) + time / 60
    positions = orbit(name, minutes)
    middle = positions[len(positions) // 2]
    site = site_below(middle, draw.uniform(30, 80), draw.uniform(0, 360))
    return sight(positions, site, time - time[len(time) // 2])[0]


def _pointing(
    at: Tensor, camera: Camera, time: Tensor, slew: float, draw: np.random.Generator
) -> Tensor:
    """Return the camera's axes at each time: fixed to the Earth, or slewing along its columns."""
    middle = looking(at, draw.uniform(0, 360))
    aside = np.radians(draw.uniform(-0.25, 0.25, 2) * camera.field)
    moved = middle[2] + aside[0] * middle[0] + aside[1] * middle[1]
    axes = looking(moved, draw.uniform(0, 360))
    since = time - time[len(time) // 2]
    angle = math.radians(slew) * since
    right, down, ahead = axes
    slewed = torch.stack(
        [
            right.expand(len(time), 3),
            torch.outer(angle.cos(), down) - torch.outer(angle.sin(), ahead),
            torch.outer(angle.cos(), ahead) + torch.outer(angle.sin(), down),
        ],
        1,
    )
    return turned(slewed, (TURN * since)[:, None])


def _tumbling(time: Tensor, night: Night, draw: np.random.Generator) -> Tensor:
    """Return the magnitude of a body that shows a bright and a dark side in turn."""
    best = draw.uniform(night.brightest, night.faintest)
    phase = 2 * math.pi * (time / draw.uniform(2, 6) + draw.uniform())
    share = 1 - night.depth * (1 - phase.cos()) / 2  # of its best light
    return best - 2.5 * share.clamp(min=1e-3).log10()


def _twinkle(steps: int, count: int, size: float, draw: np.random.Generator) -> Tensor:
    """Return factors that change at random: ln is Gaussian, and remembered for `FLICKER` ms."""
    kept = math.exp(-DT / FLICKER)
    noise = torch.from_numpy(draw.standard_normal((steps, count)))
    for step in range(1, steps):
        noise[step] = kept * noise[step - 1] + math.sqrt(1 - kept**2) * noise[step]
    return (size * noise).exp()


def _with_hot_pixels(events: Events, night: Night, draw: np.random.Generator) -> Events:
    """Add the events of a few broken pixels, which are ON at random times."""
    height, width = events.size
    hot = draw.choice(height * width, draw.binomial(height * width, night.hot), replace=False)
    counts = draw.poisson(night.hot_rate * events.duration / 1000, len(hot))
    pixel = torch.from_numpy(np.repeat(hot, counts))
    t = torch.from_numpy(draw.uniform(0, events.duration, len(pixel)))
    more = (t, pixel % width, pixel // width, torch.ones_like(pixel))
    parts = (
        torch.cat([one, other.to(one.dtype)])
        for one, other in zip((events.t, events.x, events.y, events.p), more, strict=True)
    )
    t, x, y, p = parts
    order = t.argsort(stable=True)
    return Events(t[order], x[order], y[order], p[order], events.size, events.duration)
