"""Eligibility traces: how each weight has moved each neuron's state, carried forward step by step.

For a weight from source i (an input, or a neuron's spike one step ago) to neuron j, with state U,
A, spikes S and thresholds as in `leaky_step` and `adaptive_leaky_step`,

    u = dU/dW     a = dA/dW     h[t] = slope of the surrogate at U[t] - Θ[t]

    u[t] = β u[t-1] + s[t] - k S[t-1] a[t-1]      s[t]: the source; "subtract"
    a[t] = ρ a[t-1] + (1-ρ) e[t-1]
    e[t] = h[t] (u[t] - k a[t])                   the eligibility trace, dS/dW

`Leaky` neurons have k = 0: u is the source, filtered as the membrane filters it, e = h u. With
"zero", β u[t-1] counts where no spike was, and k S is left out; the reset itself is detached, as
everywhere in this library.

e-prop (Bellec et al. 2020, doi:10.1038/s41467-020-17236-y) stops here. In a recurrent layer a
weight to neuron j also moves the other neurons, through j's spikes. Real-time recurrent learning
(Williams and Zipser 1989, doi:10.1162/neco.1989.1.2.270) carries u and e for every pair of neuron
and weight, and adds the sum over all neurons l of V_jl e_l[t-1] to s[t]. Nothing else differs.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core._buffers import buffer
from snnedu.core._compiled import has_numba
from snnedu.core.neurons import AdaptiveLeaky, Leaky

# One for all neurons, or one row for each; columns are sources, or for RTRL all weights.
Trace = Float[Tensor, "batch rows columns"]
Now = Float[Tensor, "batch neurons"]


class Past(NamedTuple):
    """u and a of this step; a is None for `Leaky`."""

    mem: Trace
    ada: Trace | None


def advance(
    past: Past | None, direct: Trace, spk: Now, slope: Now, neuron: Leaky | AdaptiveLeaky
) -> Past:
    """Return u[t] and a[t]; `past`, `spk` and `slope` are those of step t-1, `direct` is s[t].

    `past` is None at rest. All are dimensionless if the sources are.
    """
    if past is None:
        rows = direct.expand(-1, spk.shape[1], -1)
        return Past(direct, torch.zeros_like(rows) if isinstance(neuron, AdaptiveLeaky) else None)
    if past.ada is None:
        return Past(_kept(past.mem, spk, neuron) + direct, None)
    assert isinstance(neuron, AdaptiveLeaky)
    if past.ada.is_cpu and has_numba():
        return _in_one_pass(past, direct, spk, slope, neuron)
    mem = _kept(past.mem, spk, neuron) + direct
    effect = slope[..., None] * excess(past, neuron)  # e[t-1]
    if neuron.reset_mechanism == "subtract":
        mem = mem - (neuron.adaptation * spk)[..., None] * past.ada
    rho = _column(neuron.rho)
    return Past(mem, rho * past.ada + (1 - rho) * effect)


def _in_one_pass(past: Past, direct: Trace, spk: Now, slope: Now, neuron: AdaptiveLeaky) -> Past:
    from snnedu.brains._eligibility_loop import advance

    assert past.ada is not None
    k, rho = neuron.adaptation, neuron.rho
    kept = _kept(torch.ones_like(spk)[..., None], spk, neuron)[..., 0]
    paid = k * spk * (neuron.reset_mechanism == "subtract")
    each = [number.expand_as(spk) for number in (kept, paid, slope, k, rho, 1 - rho)]
    mem, ada = buffer(len(spk), past.ada), buffer(len(spk), past.ada)
    before = _arrays(past.mem.expand_as(ada), past.ada)
    advance(before, *_arrays(direct, *each), _arrays(mem, ada))
    return Past(mem, ada)


def _arrays(*tensors: Tensor) -> tuple[Any, ...]:
    return tuple([tensor.contiguous().numpy() for tensor in tensors])


def excess(past: Past, neuron: Leaky | AdaptiveLeaky) -> Trace:
    """Return how each weight has moved U - Θ: u - k a."""
    if past.ada is None:
        return past.mem
    assert isinstance(neuron, AdaptiveLeaky)
    room = buffer(len(past.ada), past.ada)
    return torch.sub(past.mem, torch.mul(past.ada, _column(neuron.adaptation), out=room), out=room)


def own(sources: Float[Tensor, "batch sources"], neurons: int) -> Trace:
    """Return s[t] for every pair of neuron and weight: 0 where the weight is another neuron's."""
    rows = torch.eye(neurons, dtype=sources.dtype, device=sources.device)
    return torch.einsum("jk,bi->bjki", rows, sources).flatten(2)


def _kept(mem: Tensor, spk: Tensor, neuron: Leaky | AdaptiveLeaky) -> Tensor:
    """Return what the leak and the reset leave of u."""
    mem = _column(neuron.beta) * mem
    return mem * (1 - spk)[..., None] if neuron.reset_mechanism == "zero" else mem


def _column(value: Tensor) -> Tensor:
    """Return a parameter, one number or one for each neuron, as it meets a trace."""
    return value if value.ndim == 0 else value[..., None]
