"""The traces of adaptive neurons, one step further: the equations of eligibility.py in one pass.

Torch would go through these large arrays ten times, and write most of what it reads only once.
"""
# Numba infers types itself, so there are none to check:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false

from typing import no_type_check

from snnedu.core._compiled import compiled


@compiled
@no_type_check
def advance(past, direct, kept, paid, slope, k, rho, fresh, now):
    """Fill `now`, the arrays u[t] and a[t], `[batch, rows, columns]`.

    `past`: those of the step before. `direct`: s[t], with one row for all neurons, or one for each.
    The others are `[batch, rows]`: β where u counts on, k S, h, k, ρ and 1 - ρ.
    """
    (u_past, a_past), (u_now, a_now) = past, now
    batch, rows, columns = a_past.shape
    for b in range(batch):
        for j in range(rows):
            source = direct[b, j if direct.shape[1] > 1 else 0]
            u, a, u_next, a_next = u_past[b, j], a_past[b, j], u_now[b, j], a_now[b, j]
            for i in range(columns):
                effect = slope[b, j] * (u[i] - k[b, j] * a[i])
                u_next[i] = kept[b, j] * u[i] + source[i] - paid[b, j] * a[i]
                a_next[i] = rho[b, j] * a[i] + fresh[b, j] * effect
