"""Pairings in slices of visual cortex, and rules that are fitted to them.

Pairs of spikes, 10 ms apart, were repeated at five frequencies (Sjöström, Turrigiano and Nelson
2001, doi:10.1016/S0896-6273(01)00542-6). The numbers, and sixty pairs in a row as a model of the
experiment, are those of Pfister and Gerstner 2006, table 1, doi:10.1523/JNEUROSCI.1425-06.2006.
"""

import itertools
from typing import NamedTuple

import torch
from torch import Tensor

from snnedu.brains.plasticity import STDP, VISUAL_CORTEX, impose

FREQUENCIES = (0.1, 10.0, 20.0, 40.0, 50.0)  # pairs a second
LAGS = (10, -10)  # ms: the postsynaptic spike later, or earlier
# Relative change of the synapse, and its standard error: [lag, frequency].
MEASURED = torch.tensor(
    [[-0.04, 0.14, 0.29, 0.53, 0.56], [-0.29, -0.41, -0.34, 0.56, 0.75]], dtype=torch.float64
)
ERRORS = torch.tensor(
    [[0.05, 0.10, 0.14, 0.11, 0.26], [0.08, 0.11, 0.10, 0.32, 0.19]], dtype=torch.float64
)
PAIRS, DT = 60, 5  # ms: all spikes lie on this grid
LONGEST = (
    1000  # ms from pair to pair: by then traces have faded, so 10 s would change next to nothing
)
FAR = 1000.0  # from any bound
TAUS = (
    5.0,
    10.0,
    16.8,
    33.7,
    60.0,
    100.0,
    200.0,
)  # ms, tried for both time constants of both rules


class Fit(NamedTuple):
    """A fitted rule, its changes [lag, frequency], and its error in standard errors of the data.

    The error is the root of the mean square over the ten data. If only their scatter is left, it is
    about 1; with four fitted numbers, about √0.6 ≈ 0.8.
    """

    rule: STDP
    changes: Tensor
    error: float


def pairing(rule: STDP, frequency: float, lag: int) -> float:
    """Return the change of a weight by sixty pairs, `lag` ms apart."""
    gap = round(min(1000 / frequency, LONGEST) / DT)
    when = 10 + gap * torch.arange(PAIRS)
    pre_rec, post_rec = torch.zeros(2, 20 + gap * PAIRS, 1, dtype=torch.float64)
    pre_rec[when], post_rec[when + lag // DT] = 1, 1
    start = torch.full((1, 1), FAR / 2, dtype=torch.float64)
    return impose(start, pre_rec, post_rec, rule._replace(w_max=FAR), dt=DT).item() - FAR / 2


def fit(potentiation: str, tau_y: float = VISUAL_CORTEX.tau_y) -> Fit:
    """Fit a rule to all ten measurements: two amplitudes and two time constants.

    `potentiation` is the amplitude that may be above 0 beside `a_minus`: "a_plus" of pairs, or
    "a3_plus" of triplets. `tau_y`, in ms, matters to triplets alone; 114 was published as the best
    for these data.
    """
    base = VISUAL_CORTEX._replace(a_plus=0.0, a_minus=0.0, a3_plus=0.0, tau_y=tau_y)
    clocks = itertools.product(TAUS, TAUS)
    fits = [
        _amplitudes(potentiation, base._replace(tau_plus=plus, tau_minus=minus))
        for plus, minus in clocks
    ]
    return min(fits, key=lambda found: found.error)


def _amplitudes(potentiation: str, base: STDP) -> Fit:
    """Return the best amplitudes, not below 0: changes are linear in them, far from bounds."""
    from scipy.optimize import nnls

    names = (potentiation, "a_minus")
    parts = torch.stack([changes(base._replace(**{name: 1.0})) for name in names], -1)
    scaled = parts / ERRORS[..., None]
    sizes, _ = nnls(scaled.view(-1, 2).numpy(), (MEASURED / ERRORS).view(-1).numpy())
    rule = base._replace(**dict(zip(names, map(float, sizes), strict=True)))
    found = parts @ torch.from_numpy(sizes)
    return Fit(rule, found, ((found - MEASURED) / ERRORS).square().mean().sqrt().item())


def changes(rule: STDP) -> Tensor:
    """Return what a rule does in each of the ten experiments, [lag, frequency]."""
    rows = [[pairing(rule, f, lag) for f in FREQUENCIES] for lag in LAGS]
    return torch.tensor(rows, dtype=torch.float64)
