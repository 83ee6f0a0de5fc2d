"""The event loops of `spike_times.py`: one neuron at a time, from spike to spike.

The equations, and what p and q are, stand at the top of `spike_times.py`. With x = exp(-s / τ_m),
after s without a spike

    V -> (V + I) x - I x²        I -> I x²                  forward
    p -> p x                     q -> q x² + p (x - x²)     backward, from the later time

so V reaches θ at a root of a quadratic equation. Where numba is installed, it compiles the loops:
they then run about a hundred times faster.
"""
# Numba infers types itself, so there are none to check:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false

import math
from typing import no_type_check

import numpy as np

from snnedu.core._compiled import compiled

TAU_SYN, TAU_MEM, THRESHOLD = 1.0, 2.0, 1.0  # the formulas hold for τ_m = 2 τ_s alone


@compiled
@no_type_check
def forward(arrivals, source, decay, weight, spikes, currents):
    """Fill in the `spikes` of all neurons, and the `currents` at these times.

    The events, the spikes that come in, stand in order of time and are alike for all neurons:
    `arrivals`, their times, `source`, their inputs, and `decay`, x from the event before, each
    [batch, events]. `weight`: [outputs, inputs]. `spikes`, `currents`: [batch, outputs, spikes],
    inf where none.
    """
    for b in range(len(arrivals)):
        for j in range(len(weight)):
            _fire(arrivals[b], source[b], decay[b], weight[j], spikes[b, j], currents[b, j])


@compiled
@no_type_check
def backward(arrivals, source, decay, weight, spikes, currents, g_spikes, g_arrivals, g_weight):
    """Add dL/d(arrivals) and dL/d(weight) to the last two; `g_spikes` is dL/d(spikes)."""
    for b in range(len(arrivals)):
        for j in range(len(weight)):
            _give_credit(
                arrivals[b], source[b], decay[b], weight[j], spikes[b, j], currents[b, j],
                g_spikes[b, j], g_arrivals[b], g_weight[j],
            )  # fmt: skip


@compiled
@no_type_check
def _fire(arrivals, source, decay, weights, spikes, currents):
    """Walk through the input spikes of one neuron; note when it fires itself."""
    t, v, i, n = 0.0, 0.0, 0.0, 0
    for e in range(len(arrivals) + 1):
        x = decay[e] if e < len(arrivals) else 0.0  # from t to the next spike that comes in
        crossing = _crossing(v, i)
        while crossing > x and n < len(spikes):  # earlier: every spike of its own
            t, v, i = t - TAU_MEM * math.log(crossing), 0.0, i * crossing**2
            spikes[n], currents[n], n = t, i, n + 1
            x, crossing = x / crossing, _crossing(v, i)
        if n == len(spikes) or e == len(arrivals) or arrivals[e] == np.inf:
            break
        t, v, i = arrivals[e], (v + i) * x - i * x * x, i * x * x + weights[source[e]]


@compiled
@no_type_check
def _crossing(v, i):
    """Return x = exp(-s / τ_m) of the time s when V reaches θ if no spike comes in; 0 if never."""
    inner = (v + i) ** 2 - 4 * i * THRESHOLD
    if i <= 0 or v >= i or v + i <= 0 or inner <= 0:  # V falls, or its peak is below θ
        return 0.0
    x = (v + i + math.sqrt(inner)) / (2 * i)  # the earlier of two crossings: V rises through θ
    return min(1.0, x)


@compiled
@no_type_check
def _give_credit(
    arrivals, source, decay, weights, spikes, currents, g_spikes, g_arrivals, g_weights
):
    """Walk through the same events backward; carry p = dL/dV and q = dL/dI along."""
    n, e = len(spikes) - 1, len(arrivals) - 1
    while n >= 0 and spikes[n] == np.inf:
        n -= 1
    if n < 0:
        return  # a silent neuron has no credit to give
    t, p, q = spikes[n], 0.0, 0.0  # what comes after its last spike changes nothing
    while e >= 0 and arrivals[e] > t:
        e -= 1
    after_own = True
    while n >= 0 or e >= 0:
        own = n >= 0 and (e < 0 or spikes[n] >= arrivals[e])
        before = spikes[n] if own else arrivals[e]
        x = math.exp((before - t) / TAU_MEM) if own or after_own else decay[e + 1]
        t, p, q, after_own = before, p * x, q * x * x + p * (x - x * x), own
        if own:
            p = (currents[n] * p - TAU_MEM * g_spikes[n]) / (currents[n] - THRESHOLD)
            n -= 1
        else:
            k = source[e]
            g_weights[k] += q
            g_arrivals[e] += weights[k] * (q / TAU_SYN - p / TAU_MEM)
            e -= 1
