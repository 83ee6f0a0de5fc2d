"""A stream: one sample after another goes through `net.step`, and each should be answered in time.

    run = stream(net, x_rec, period_ms=1.0)         # x_rec is [time, batch, *features]
    print(run)                                      # p50, p95, p99, late samples, memory
    run.spk_rec, run.state                          # what came out, and where it would continue

Samples come at a fixed period, whether the network is ready or not. One that comes too early waits:

    W[t] = max(0, D[t-1] - P)          D[t] = W[t] + L[t]           D[-1] = 0

L[t] = how long the step took, P = the period, W[t] = the wait, D[t] = the delay from the arrival
of a sample to its answer, all in ms. So one slow step makes the samples after it late as well.
Source: Lindley 1952, doi:10.1017/S0305004100027638.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check
from snnedu.core.network import Sequential

Times = Float[np.ndarray, "time"]
Step = Callable[[Any, Any], tuple[Any, Any]]  # spk, state = step(x, state)


@dataclass(frozen=True, repr=False)
class Stream:
    """What a stream gave: spikes, the last state, and for each sample how long it took, in ms."""

    spk_rec: Tensor
    state: Any
    latency_ms: Times
    period_ms: float
    deadline_ms: float
    state_bytes: int  # all that the network keeps from one sample to the next

    @property
    def delay_ms(self) -> Times:
        """D, the time from the arrival of each sample to its answer."""
        return delays(self.latency_ms, self.period_ms)

    @property
    def late(self) -> int:
        """How many samples were answered after the deadline."""
        return int((self.delay_ms > self.deadline_ms).sum())

    def percentile(self, percent: float) -> float:
        """Return the time in ms that so many percent of the steps do not exceed."""
        return float(np.percentile(self.latency_ms, percent))

    def __repr__(self) -> str:
        p50, p95, p99 = (self.percentile(percent) for percent in (50, 95, 99))
        return (
            f"{len(self.latency_ms)} steps: p50 ≈ {p50:.2f} ms, p95 ≈ {p95:.2f} ms, "
            f"p99 ≈ {p99:.2f} ms; answers later than {self.deadline_ms:g} ms at a period of "
            f"{self.period_ms:g} ms: ≈ {self.late}; {self.state_bytes:,} bytes of state"
        )


def stream(
    net: Sequential | Step,
    x_rec: Iterable[Tensor],
    period_ms: float = 1.0,
    deadline_ms: float | None = None,
    *,
    state: Any = None,
    warm_up: int = 20,
    clock: Callable[[], float] = time.perf_counter,
) -> Stream:
    """Run samples one by one; return what came out, and how long each one took.

    `net`: a network, or any function `spk, state = step(x, state)`, whose first state is None.
    `x_rec`: samples `[batch, *features]` in order. `period_ms`: they come every so many ms; steps
    are run without a pause, and the waiting is computed from the times measured. `deadline_ms`: by
    default the period. `warm_up`: the first sample is run so many times before, from rest, as first
    calls load and compile; nothing is kept of it. `clock` returns seconds.

    Raises ValueError without samples, or where times are not above 0.
    """
    _check.positive("period_ms", period_ms)
    deadline_ms = period_ms if deadline_ms is None else deadline_ms
    _check.positive("deadline_ms", deadline_ms)
    step: Step = net.step if isinstance(net, Sequential) else net
    spikes, latency = [], []
    with torch.no_grad():
        for number, x in enumerate(x_rec):
            for _ in range(warm_up if number == 0 else 0):
                step(x, state)
            start = clock()
            spk, state = step(x, state)
            latency.append(1e3 * (clock() - start))
            spikes.append(torch.as_tensor(spk))
    if not spikes:
        raise ValueError("A stream needs samples. Received none. Pass `[time, batch, *features]`.")
    return Stream(
        torch.stack(spikes), state, np.array(latency), period_ms, deadline_ms, _bytes(state)
    )


def delays(latency_ms: Any, period_ms: float) -> Times:
    """Return D, the delay from arrival to answer of each sample; the equation stands above.

    `latency_ms`: L, the time that each step takes, `[time]`; `period_ms`: P.
    """
    _check.positive("period_ms", period_ms)
    delay, found = 0.0, []
    for latency in np.asarray(latency_ms, np.float64):
        delay = max(0.0, delay - period_ms) + latency
        found.append(delay)
    return np.array(found)


def _bytes(state: Any) -> int:
    """Return how many bytes the tensors or arrays of a state take."""
    if isinstance(state, dict):
        return sum(map(_bytes, state.values()))
    if isinstance(state, (tuple, list)):
        return sum(map(_bytes, state))
    return int(getattr(state, "nbytes", 0))
