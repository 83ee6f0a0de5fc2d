"""Data sets: small ones that need no download, and loaders for the well-known ones.

Each returns a training and a test pair of tensors, `(x, labels), (x_test, labels_test)`, in random
order. All randomness follows `seed`: it names the data, and leaves torch's own random state alone.
"""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from snnedu import _check

Pair = tuple[Float[Tensor, "..."], Int[Tensor, "..."]]  # [samples, ...], [samples]


def digits(*, test_share: float = 0.2, seed: int = 0) -> tuple[Pair, Pair]:
    """Return 1,797 scans of handwritten digits as `(x, labels), (x_test, labels_test)`.

    `x` is `[samples, 64]`, ink from 0 to 1, an 8 x 8 image row by row (`x.view(-1, 1, 8, 8)` for a
    convolution); labels are 0 to 9. Every class gives the same share of its scans to the test.

    Raises ModuleNotFoundError without scikit-learn, which ships the scans.
    Source: Alpaydin and Kaynak 1998, doi:10.24432/C50P49 (its test set), through scikit-learn.
    """
    with gzip.open(_scikit_learn() / "datasets" / "data" / "digits.csv.gz", "rt") as file:
        table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.int64))
    return _split(table[:, :-1].float() / 16, table[:, -1], test_share, seed)


def _split(x: Tensor, labels: Tensor, test_share: float, seed: int) -> tuple[Pair, Pair]:
    """Draw `test_share` of every class for the test, and shuffle both sets."""
    _check.fraction("test_share", test_share)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    test = torch.zeros_like(labels, dtype=torch.bool)
    for label in labels.unique():
        members = order[labels[order] == label]
        test[members[: round(test_share * len(members))]] = True
    order = torch.randperm(
        len(labels), generator=generator
    )  # a new one: the first knows the classes
    train, test = order[~test[order]], order[test[order]]
    return (x[train], labels[train]), (x[test], labels[test])


def _scikit_learn() -> Path:
    """Find scikit-learn's folder without its import, which takes some 0.7 s."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "These data need scikit-learn. It is not installed. "
            "Run `python -m pip install scikit-learn`."
        )
    return Path(spec.origin).parent
