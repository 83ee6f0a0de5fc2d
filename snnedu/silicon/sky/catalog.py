"""The stars that a naked eye can see."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check

FAINTEST = 6.5  # of the catalog, in magnitudes


class Stars(NamedTuple):
    """Stars as `direction` [stars, 3], unit vectors (x to RA 0, z to the pole), and `mag` [stars].

    A magnitude of 5 more is a hundredth of the light.
    """

    direction: Float[Tensor, "stars 3"]
    mag: Float[Tensor, " stars"]


def stars(faintest: float | int = FAINTEST) -> Stars:
    """Return the stars up to a magnitude, brightest first: 7,982 of them up to 6.5.

    Directions are those of 1991.25, in the frame ICRS; magnitudes are in the band Hp.
    Raises ValueError for stars fainter than the catalog.
    Source: Hipparcos, the new reduction: van Leeuwen 2007, doi:10.1051/0004-6361:20078357.
    """
    _check.between("faintest", faintest, -2, FAINTEST, "The catalog ends at 6.5.")
    with np.load(Path(__file__).with_name("stars.npz")) as file:
        ra, dec, mag = (torch.from_numpy(file[key].astype(np.float64)) for key in file.files)
    seen = mag <= faintest
    return Stars(towards(ra, dec)[seen], mag[seen])


def towards(ra: Float[Tensor, " n"], dec: Float[Tensor, " n"]) -> Float[Tensor, "n 3"]:
    """Return unit vectors for right ascensions and declinations in rad."""
    return torch.stack([ra.cos() * dec.cos(), ra.sin() * dec.cos(), dec.sin()], -1)
