"""The loops of `_sequence.py`, compiled by numba: float32 on the CPU, one pass over memory.

`forward` is the equation at the top of `_sequence.py`, written for one neuron; `backward` is its
derivative. Both take a block of neurons through all steps before they turn to the next block, so
that its state stays in the fastest cache.

Arrays are `[time, neurons]`, batch and features flattened. A recording with fewer rows than steps
uses them in turn: a constant current has one, a state that is not recorded two, and the last step
always stands in the last row. Parameters and states are `[neurons]`, or of one
number for all, or empty, which reads as zero.

Terms that these neurons do not have are plain booleans outside the compiled functions: numba drops
what they rule out, and keeps one compiled version for each combination. (A test inside the loop
would halve its speed.) Every product and sum is rounded by itself, as in torch.
"""
# Numba infers types itself, so there are none to check:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false, reportPossiblyUnboundVariable=false

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, no_type_check

import numpy as np
import torch

from snnedu.core._compiled import compiled

BLOCK = 1024  # neurons whose state fits the fastest cache
PADDED = BLOCK + 48  # rows of one array whose distance is no power of two share no cache set
PARALLEL = 1 << 20  # values of a sequence from which on a second thread pays
NIL, ONE = np.float32(0), np.float32(1)


def run(loop: Callable[..., bool], numbers: Any, outs: Any, *args: Any) -> bool:
    """Call `forward` or `backward` for all neurons, on several threads where that pays.

    Return whether all results that the loop looks at are finite.
    """
    steps, size = outs[-1].shape
    threads = torch.get_num_threads() if steps * size >= PARALLEL else 1
    each = -(-size // (threads * BLOCK)) * BLOCK
    if each >= size:
        return loop(0, size, numbers, outs, *args)
    own, *others = [(lo, min(size, lo + each)) for lo in range(0, size, each)]
    waiting = [_helpers().submit(loop, *share, numbers, outs, *args) for share in others]
    return all([loop(*own, numbers, outs, *args), *[share.result() for share in waiting]])


@cache
def _helpers() -> ThreadPoolExecutor:
    """Return threads that are kept: to start one takes longer than 100,000 values."""
    return ThreadPoolExecutor(thread_name_prefix="snnedu")


if hasattr(os, "register_at_fork"):  # a forked process has none of its parent's threads
    os.register_at_fork(after_in_child=_helpers.cache_clear)


@cache
@no_type_check
def make_forward(subtract, zero_before, zero_after, synapse, adapts):
    """Return `forward(begin, end, numbers, outs, start, cur)` for neurons with these terms.

    It takes the neurons from `begin` to `end` through all steps of `cur`, writes the recordings
    U X A S in `outs`, and returns whether the last U is finite. `numbers`: β θ α ρ k, those
    that these neurons have. `start`: U X A S before the first step.
    """

    @compiled
    def forward(begin, end, numbers, outs, start, cur):
        mem, syn, ada, spk = outs
        rows = np.empty((8, PADDED), np.float32)
        b, theta, al, r, k = rows[0], rows[1], rows[2], rows[2 + synapse], rows[3 + synapse]
        x, a = rows[6], rows[7]
        zero = NIL  # or NaN, once a membrane is not finite
        for lo in range(begin, end, BLOCK):
            n = min(BLOCK, end - lo)
            for j in range(len(numbers)):
                _load(rows[j], numbers[j], lo, n)
            for j in range(3):
                _load(rows[5 + j], start[j], lo, n)
            u = rows[5][:n]  # U[t-1]
            for t in range(-len(spk), 0):
                i_t, s_t, u_t = _row(cur, t, lo, n), _row(spk, t, lo, n), _row(mem, t, lo, n)
                for i in range(n):
                    th = theta[i]
                    if adapts:
                        th = th + k[i] * a[i]
                    s = ONE if u[i] > th else NIL  # S[t-1]
                    y = i_t[i]
                    if synapse:
                        y = al[i] * x[i] + y
                        x[i] = y
                    v = u[i]
                    if zero_before:
                        v = (ONE - s) * v
                    v = b[i] * v + y
                    if zero_after:
                        v = v - v * s
                    if subtract:
                        v = v - th * s
                    if adapts:
                        a[i] = r[i] * a[i] + (ONE - r[i]) * s
                        th = theta[i] + k[i] * a[i]
                    u_t[i] = v
                    s_t[i] = ONE if v > th else NIL
                if synapse:
                    _copy(_row(syn, t, lo, n), x, n)
                if adapts:
                    _copy(_row(ada, t, lo, n), a, n)
                u = u_t
            for i in range(n):
                zero = zero + NIL * u[i]
        return zero == NIL

    return forward


@cache
@no_type_check
def make_backward(subtract, zero_before, zero_after, synapse, adapts, formula, adjoints):
    """Return `backward(begin, end, numbers, outs, rec, grads, carry, first, shape, slopes)`.

    `outs`: of each step f, λ_U and λ_A, if these `adjoints` are asked for and differ from the last,
    the derivative by the current. `rec`: U A S over time, `first`: S before. `grads`: derivatives
    by U X A S. `carry`: room for those by U X A S before the first step. The slope dS/dU is
    h(x) = max(0, p - q|x|) / (1 + r1|x| + r2 x²) with `shape` (p, q, r1, r2) for a surrogate that
    has such a `formula`, else read from `slopes`.
    """

    @compiled
    def backward(begin, end, numbers, outs, rec, grads, carry, first, shape, slopes):
        fire, lam_mem, lam_ada, g_cur = outs
        u_rec, a_rec, s_rec = rec
        grads_mem, grads_syn, grads_ada, grads_spk = grads
        p, q, r1, r2 = shape[0], shape[1], shape[2], shape[3]
        rows = np.empty((18, PADDED), np.float32)
        b, theta, al, r, k = rows[0], rows[1], rows[2], rows[2 + synapse], rows[3 + synapse]
        c_u, c_x, c_a, c_s = rows[5], rows[6], rows[7], rows[8]  # from the step after
        f, lam, z, h, a = rows[9], rows[10], rows[11], rows[12], rows[13]
        g_x, g_a, s_first, zeros = rows[14], rows[15], rows[16], rows[17]
        zeros[:] = NIL
        for lo in range(begin, end, BLOCK):
            n = min(BLOCK, end - lo)
            for j in range(len(numbers)):
                _load(rows[j], numbers[j], lo, n)
            rows[5:9] = NIL
            _load(s_first, first, lo, n)
            for t in range(-1, -len(g_cur) - 1, -1):
                u, g_i = _row(u_rec, t, lo, n), _row(g_cur, t, lo, n)
                g_u = _row_or(zeros, grads_mem, t, lo, n)
                g_s = _row_or(zeros, grads_spk, t, lo, n)
                if synapse:  # few arrays in the loop: LLVM has to check that none overlap
                    _copy(g_x, _row_or(zeros, grads_syn, t, lo, n), n)
                if adapts:
                    _copy(g_a, _row_or(zeros, grads_ada, t, lo, n), n)
                    _copy(a, _row(a_rec, t, lo, n), n)
                if not formula:
                    _copy(h, _row(slopes, t, lo, n), n)
                s = u
                if zero_before or zero_after or adapts:
                    s = _row(s_rec, t - 1, lo, n) if t > -len(g_cur) else s_first[:n]
                for i in range(n):
                    if formula:
                        th = theta[i]
                        if adapts:
                            th = th + k[i] * a[i]
                        d = abs(u[i] - th)
                        slope = max(NIL, p - q * d) / (ONE + r1 * d + r2 * d * d)
                    else:
                        slope = h[i]
                    g = g_s[i]
                    if adapts:
                        g = g + c_s[i]
                    fired = g * slope
                    g = g_u[i] + fired + c_u[i]
                    if adapts:
                        g_ada = g_a[i] + c_a[i] - k[i] * fired
                        c_a[i] = r[i] * g_ada
                        if subtract:
                            c_a[i] = c_a[i] - k[i] * g * s[i]
                        c_s[i] = (ONE - r[i]) * g_ada
                        z[i] = g_ada
                    if zero_after:
                        g = g * (ONE - s[i])
                    c_u[i] = b[i] * g
                    if zero_before:
                        c_u[i] = c_u[i] * (ONE - s[i])
                    if adjoints:
                        f[i] = fired
                        lam[i] = g
                    if synapse:
                        g = g_x[i] + g + c_x[i]
                        c_x[i] = al[i] * g
                    g_i[i] = g
                if adjoints:
                    _copy(_row(fire, t, lo, n), f, n)
                    if synapse:
                        _copy(_row(lam_mem, t, lo, n), lam, n)
                    if adapts:
                        _copy(_row(lam_ada, t, lo, n), z, n)
            for j in range(4):
                if len(carry[j]) > 0:
                    _copy(carry[j][lo : lo + n], rows[5 + j], n)
        return True

    return backward


@compiled
@no_type_check
def _load(row, values, lo, n):
    """Fill a row from one number for all, from one for each neuron, or with zero."""
    if len(values) > 1:
        _copy(row, values[lo : lo + n], n)
    else:
        row[:n] = values[0] if len(values) == 1 else NIL


@compiled
@no_type_check
def _row(recording, t, lo, n):
    """Return step t, counted from the end, of a block of neurons; few rows are used in turn."""
    i = t + len(recording)
    if i < 0:
        i = i & (len(recording) - 1)  # of one row or two
    return recording[i, lo : lo + n]


@compiled
@no_type_check
def _row_or(zeros, recording, t, lo, n):
    """Return step t of a block of neurons, zeros where there is no recording."""
    return _row(recording, t, lo, n) if len(recording) > 0 else zeros[:n]


@compiled
@no_type_check
def _copy(to, values, n):
    for i in range(n):
        to[i] = values[i]
