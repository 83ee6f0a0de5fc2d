"""A camera that looks at the sky: where directions fall on its pixels, and how much light."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from snnedu.core import _check

BLUR = 0.7  # pixels: the standard deviation of the spot that a star makes
AS_SKY = 5.5  # magnitude of a star with as much light as the sky on one pixel


@dataclass(frozen=True)
class Camera:
    """A camera with `height` x `width` pixels that sees `field` degrees from left to right.

    Raises ValueError for no pixels, and for a field outside of 0 to 90 degrees.
    """

    height: int = 64
    width: int = 64
    field: float = 10.0

    def __post_init__(self) -> None:
        _check.count("height", self.height)
        _check.count("width", self.width)
        _check.between("field", self.field, 1e-3, 90, "It is in degrees.")

    @property
    def focal(self) -> float:
        """The focal length, in pixels: a small angle of a rad covers as many."""
        return self.width / 2 / math.tan(math.radians(self.field) / 2)

    def project(
        self, directions: Float[Tensor, "*n 3"], axes: Float[Tensor, "*#n 3 3"]
    ) -> Float[Tensor, "*n 2"]:
        """Return (y, x) of unit vectors, in pixels; the center of pixel (0, 0) is (0, 0).

            y = (height - 1)/2 + f (v · down)/(v · ahead)         x with right in place of down

        `axes` has the rows right, down and ahead, see `looking`. What is behind becomes NaN. Points
        outside of the sensor keep their place out there.
        """
        right, down, ahead = (axes @ directions[..., None])[..., 0].unbind(-1)
        ahead = torch.where(ahead > 0, ahead, torch.nan)
        y, x = (self.focal * side / ahead for side in (down, right))
        return torch.stack([y + (self.height - 1) / 2, x + (self.width - 1) / 2], -1)

    def sees(self, points: Float[Tensor, "*n 2"]) -> Bool[Tensor, "*n"]:
        """Return True for each point (y, x) that lies on the sensor."""
        low = (points >= -0.5).all(-1)
        return low & (points[..., 0] < self.height - 0.5) & (points[..., 1] < self.width - 0.5)


def looking(at: Float[Tensor, "3"], roll: float = 0.0) -> Float[Tensor, "3 3"]:
    """Return the axes right, down and ahead of a camera that looks at a direction.

    With `roll` 0 north is up; it turns the camera about its line of sight, in degrees.
    """
    ahead = at / at.norm()
    right = torch.linalg.cross(ahead, torch.tensor([0.0, 0.0, 1.0]).to(ahead))
    right = right / right.norm()
    down = torch.linalg.cross(ahead, right)
    cos, sin = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    return torch.stack([cos * right + sin * down, cos * down - sin * right, ahead])


def light(mag: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """Return how much light a magnitude means: 1 is as much as the sky sends to one pixel."""
    return 10 ** (-0.4 * (mag - AS_SKY))


def film(
    points: Float[Tensor, "time points 2"], flux: Float[Tensor, "time points"], camera: Camera
) -> Float[Tensor, "time height width"]:
    """Return the light on each pixel: 1 from the sky, and a round spot for each point.

    `points` are (y, x) in pixels, `flux` their light as from `light`. A spot is a Gaussian with a
    standard deviation of 0.7 pixels; what falls on a pixel is integrated over its square. NaN sends
    no light.
    """
    flux = torch.where(points.isnan().any(-1), 0, flux)
    points = points.nan_to_num(-1e3)
    rows, columns = (
        _shares(points[..., axis], length)
        for axis, length in enumerate((camera.height, camera.width))
    )
    return 1 + torch.einsum("tny,tnx->tyx", flux[..., None] * rows, columns)


def _shares(place: Tensor, length: int) -> Tensor:
    """Return which share of a spot falls on each of `length` pixels in a line."""
    edges = torch.arange(length + 1, dtype=place.dtype) - 0.5
    inside = torch.special.ndtr((edges - place[..., None]) / BLUR)
    return inside.diff(dim=-1)
