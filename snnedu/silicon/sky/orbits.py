"""Orbits of real satellites, and where an observer on the ground sees them."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check
from snnedu.core._extras import extra

EARTH = 6378.135  # km, the radius at the equator
TURN = 7.292115e-5  # rad/s, how fast the Earth turns

# Two-line elements from the verification set of Vallado et al. 2006, AIAA 2006-6753.
TLES = {
    "VANGUARD 1": (
        "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
        "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
    ),
    "DELTA 1 DEB": (
        "1 06251U 62025E   06176.82412014  .00008885  00000-0  12808-3 0  3985",
        "2 06251  58.0579  54.0425 0030035 139.1568 221.1854 15.56387291  6774",
    ),
    "CBERS 2": (
        "1 28057U 03049A   06177.78615833  .00000060  00000-0  35940-4 0  1836",
        "2 28057  98.4283 247.6961 0000884  88.1964 271.9322 14.35478080140550",
    ),
}


def orbit(name: str, minutes: Float[Tensor, " time"]) -> Float[Tensor, "time 3"]:
    """Return the positions of a satellite, km from the center of the Earth, in the frame TEME.

    `name` is one of `TLES`; `minutes` count from the epoch of its elements, which are good for
    some days. TEME does not turn with the Earth: its axes are those of the stars to within 0.3°.
    Raises ModuleNotFoundError without `sgp4`, ValueError for unknown names and where SGP4 fails.
    Source: Vallado et al. 2006, doi:10.2514/6.2006-6753.
    """
    _check.one_of("name", name, TLES)
    api = extra("sgp4.api", "Orbits need", "Run: python -m pip install 'snnedu[sky]'")
    satellite = api.Satrec.twoline2rv(*TLES[name])
    days = minutes.double().numpy() / 1440
    whole = np.full_like(days, satellite.jdsatepoch)
    errors, positions, _ = satellite.sgp4_array(whole, satellite.jdsatepochF + days)
    if errors.any():
        raise ValueError(
            f"`minutes` must be near the epoch of the elements. Received {minutes[0]:g} to "
            f"{minutes[-1]:g}, where SGP4 gives error {errors.max()}. Pass a day or less."
        )
    return torch.from_numpy(positions)


def sight(
    positions: Float[Tensor, "time 3"], site: Float[Tensor, "3"], seconds: Float[Tensor, " time"]
) -> tuple[Float[Tensor, "time 3"], Float[Tensor, " time"]]:
    """Return where an observer sees a satellite: directions [time, 3], and distances in km.

    `site` is the unit vector to the observer at second 0, on a sphere that turns eastward with the
    Earth. Directions are unit vectors in the frame of `positions`. The bending of light by the air
    (below 0.03° from 30° up) and its travel time are left out.
    """
    ground = EARTH * turned(site.expand(len(seconds), 3), TURN * seconds)
    between = positions - ground
    distance = between.norm(dim=-1)
    return between / distance[:, None], distance


def turned(vectors: Float[Tensor, "*n 3"], angle: Float[Tensor, "*#n"]) -> Float[Tensor, "*n 3"]:
    """Turn vectors about the axis of the Earth, eastward, by `angle` in rad."""
    x, y, z = vectors.unbind(-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([x * cos - y * sin, x * sin + y * cos, z], -1)


def site_below(
    position: Float[Tensor, "3"], elevation: float, azimuth: float
) -> Float[Tensor, "3"]:
    """Return an observer who sees a position at an elevation, in degrees, as a unit vector.

    There is a circle of them; `azimuth` in degrees picks one, 0 lies south of the satellite.
    """
    up = position / position.norm()
    height = math.radians(elevation)
    away = math.acos(EARTH / float(position.norm()) * math.cos(height)) - height
    east = torch.linalg.cross(torch.tensor([0.0, 0.0, 1.0]).to(up), up)
    east = east / east.norm()
    north = torch.linalg.cross(up, east)
    turn = math.radians(azimuth)
    aside = -math.cos(turn) * north + math.sin(turn) * east
    return math.cos(away) * up + math.sin(away) * aside
