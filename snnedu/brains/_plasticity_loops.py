"""The loops of `plasticity.py`: neurons that run, and synapses that change, step by step.

The equations stand in `plasticity.py`, in `triplet_step` and its neighbors; a test holds both
equal. A step costs what its spikes cost: a weight is touched only where one of its two neurons
fires. Where numba is installed, it compiles the loops.
"""
# Numba infers types itself, so there are none to check:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false

from typing import no_type_check

import numpy as np

from snnedu.core._compiled import compiled


@compiled
@no_type_check
def present(x, weight, theta, spk, neuron, rule, learns):
    """Show the samples `x` [time, batch, pre] one after the other; fill `spk` [time, batch, post].

    Each starts with membranes and traces at 0. If it `learns`, `weight` [post, pre] and `theta`
    [post] change. `neuron` and `rule` are tuples of numbers, in the order of `Neuron` and `Decays`.
    """
    beta, threshold, inhibition, theta_decay, theta_plus, total = neuron
    for b in range(x.shape[1]):
        mem, before = np.zeros_like(theta), np.zeros_like(theta)
        traces_pre, traces_post = _traces(weight)
        for t in range(len(x)):
            active = np.flatnonzero(x[t, b])
            now = spk[t, b]
            inhibited = inhibition * before.sum()
            for i in range(len(mem)):
                drive = 0.0
                for j in active:
                    drive += weight[i, j]
                pull = inhibited - inhibition * before[i]
                mem[i] = beta * (1.0 - before[i]) * mem[i] + drive - pull
                now[i] = 1.0 if mem[i] > threshold + theta[i] else 0.0
            before = now
            if learns:
                change(x[t, b], active, now, weight, traces_pre, traces_post, rule)
                for i in range(len(theta)):
                    theta[i] = theta_decay * theta[i] + theta_plus * now[i]
        if learns and total > 0:
            _normalize(weight, total, rule[-1])


@compiled
@no_type_check
def impose(pre, post, weight, rule):
    """Let a rule change `weight` [post, pre] by given spikes: `pre`, `post` [time, neurons]."""
    traces_pre, traces_post = _traces(weight)
    for t in range(len(pre)):
        active = np.flatnonzero(pre[t])
        change(pre[t], active, post[t], weight, traces_pre, traces_post, rule)


@compiled
@no_type_check
def change(pre, active, post, weight, traces_pre, traces_post, rule):
    """Advance traces and weights one step: `triplet_step`, but sparse."""
    a_plus, a_minus, a3_plus, a3_minus, fast_pre, fast_post, slow_pre, slow_post = rule[:8]
    nearest, mu, w_max = rule[8:]
    traces_pre[0] *= fast_pre
    traces_pre[1] *= slow_pre
    traces_post[0] *= fast_post
    traces_post[1] *= slow_post
    _bump(traces_pre[0], pre, nearest)
    for i in range(len(post)):
        lowers = traces_post[0, i] > 0
        if post[i] > 0:
            rise, y = a_plus + a3_plus * traces_post[1, i], traces_post[0, i]
            row, x, x_slow = weight[i], traces_pre[0], traces_pre[1]
            if mu == 0.0:  # apart: the compiler then takes several weights at once
                for j in range(len(pre)):
                    down = (a_minus + a3_minus * x_slow[j]) * y * pre[j]
                    moved = row[j] + rise * x[j] - down
                    moved = moved if moved > 0.0 else 0.0
                    row[j] = moved if moved < w_max else w_max
            else:
                for j in range(len(pre)):
                    down = (a_minus + a3_minus * x_slow[j]) * y * pre[j]
                    row[j] = _bounded(row[j], rise * x[j], down, mu, w_max)
        elif lowers:
            for j in active:
                fall = a_minus + a3_minus * traces_pre[1, j]
                weight[i, j] = _bounded(weight[i, j], 0.0, fall * traces_post[0, i], mu, w_max)
    _bump(traces_pre[1], pre, nearest)
    _bump(traces_post[0], post, nearest)
    _bump(traces_post[1], post, nearest)


@compiled
@no_type_check
def _bounded(w, up, down, mu, w_max):
    """Return a weight moved up and down, and kept from 0 to `w_max`."""
    if mu == 0.0:
        moved = w + up - down
    elif mu == 1.0:
        moved = w + up * (1.0 - w / w_max) - down * (w / w_max)
    else:
        moved = w + up * (1.0 - w / w_max) ** mu - down * (w / w_max) ** mu
    return min(max(moved, 0.0), w_max)


@compiled
@no_type_check
def _bump(trace, spk, nearest):
    for k in range(len(spk)):
        if spk[k] > 0:
            trace[k] = 1.0 if nearest else trace[k] + 1.0


@compiled
@no_type_check
def _traces(weight):
    """Return the fast and the slow trace of each neuron at rest: [2, pre] and [2, post]."""
    post, pre = weight.shape
    return np.zeros((2, pre), weight.dtype), np.zeros((2, post), weight.dtype)


@compiled
@no_type_check
def _normalize(weight, total, w_max):
    for i in range(len(weight)):
        held = weight[i].sum()
        if held > 0:
            for j in range(weight.shape[1]):
                weight[i, j] = min(weight[i, j] * (total / held), w_max)
