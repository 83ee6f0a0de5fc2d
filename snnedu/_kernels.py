"""The inner loops of the neurons, compiled: float32 on the CPU, one pass over memory.

`forward` is the equation of `neurons.leaky_step` and its relatives, written for one element.
`backward` is the same equation differentiated by hand. Both walk a block of neurons through all time
steps before they take the next block, so that the state of a block stays in the cache.

All arrays are float32. `cur`, recordings and their gradients are [time, neurons] (neurons: batch and
features flattened), state and parameters [neurons]. An argument of None leaves out a part of the model:
`alpha=None` has no synapse, `rho=None` no adaptation; numba then compiles the loop without it.
A recording without rows is not written. An array of one row stands for the same row at every step.

Every product and sum is rounded by itself, as in torch: numba fuses none unless asked (`fastmath`).
"""

import os
import threading
from typing import Any

import numpy as np
import torch
from numba import njit, prange  # pyright: ignore[reportMissingImports]

BLOCK = 2048  # neurons; their state, parameters and one step fit the fastest cache
SERIAL = 1 << 16  # below so many elements a second thread costs more than it saves
SURROGATES = {"atan": 0, "fast_sigmoid": 1, "sigmoid": 2, "triangular": 3, "straight_through": 4}
ZERO, ONE = np.float32(0), np.float32(1)
HALF_PI = np.float32(np.pi / 2)

_compiled = njit(nogil=True, cache=True, error_model="numpy")
_compiled_parallel = njit(nogil=True, cache=True, error_model="numpy", parallel=True)
_one_at_a_time = threading.Lock()
_process = os.getpid()


def run(kernel: str, steps: int, neurons: int, *args: Any) -> None:
    """Call `forward` or `backward` over all neurons, on as many threads as torch uses if it pays.

    Numba's threads serve one caller at a time and do not survive a fork; then one thread does it all.
    """
    serial, parallel = _KERNELS[kernel]
    threads = torch.get_num_threads() if steps * neurons > SERIAL else 1
    if threads > 1 and os.getpid() == _process and _one_at_a_time.acquire(blocking=False):
        try:
            parallel(threads, -(-neurons // threads), neurons, *args)
        finally:
            _one_at_a_time.release()
    else:
        serial(0, neurons, *args)


def numbers(values: Any) -> Any:
    """Return float32 numbers for a kernel."""
    return np.asarray(values, np.float32)


@_compiled
def forward(start, stop, t0, t1, reset, cur, spk, beta, threshold, mem, mem_rec,
            alpha, syn, syn_rec, rho, adaptation, ada, ada_rec):  # fmt: skip
    """Advance neurons start..stop through steps t0..t1; `mem`, `syn`, `ada` change in place."""
    subtract, before, after = reset[0], reset[1], reset[2]
    for lo in range(start, stop, BLOCK):
        hi = min(lo + BLOCK, stop)
        u, b, theta = mem[lo:hi], beta[lo:hi], threshold[lo:hi]
        if alpha is not None:
            x, al = syn[lo:hi], alpha[lo:hi]
        if rho is not None:
            a, r, k = ada[lo:hi], rho[lo:hi], adaptation[lo:hi]
        for t in range(t0, t1):
            i_t, s_t = cur[min(t, cur.shape[0] - 1), lo:hi], spk[t, lo:hi]
            for n in range(hi - lo):
                th = theta[n]
                if rho is not None:
                    th = th + k[n] * a[n]
                s = ONE if u[n] > th else ZERO  # S[t-1]
                y = i_t[n]
                if alpha is not None:
                    y = al[n] * x[n] + y
                    x[n] = y
                v = b[n] * ((ONE - before * s) * u[n]) + y
                v = v - v * (after * s)
                v = v - th * (subtract * s)
                u[n] = v
                if rho is not None:
                    a[n] = r[n] * a[n] + (ONE - r[n]) * s
                    th = theta[n] + k[n] * a[n]
                s_t[n] = ONE if v > th else ZERO
            if mem_rec.shape[0] > 0:
                mem_rec[t, lo:hi] = u
            if alpha is not None and syn_rec.shape[0] > 0:
                syn_rec[t, lo:hi] = x
            if rho is not None and ada_rec.shape[0] > 0:
                ada_rec[t, lo:hi] = a


@_compiled
def backward(start, stop, t0, t1, reset, surrogate, slope, slopes, learn, g_cur, g_spk, s_carry,
             beta, threshold, mem0, mem_rec, g_mem, u_carry, g_beta, g_threshold,
             alpha, syn0, syn_rec, g_syn, x_carry, g_alpha,
             rho, adaptation, ada0, ada_rec, g_ada, a_carry, g_rho, g_adaptation):  # fmt: skip
    """Walk neurons start..stop from step t1 - 1 back to t0.

    g_... is the derivative of the loss by ..., and ..._carry what a later step hands to an earlier one;
    both are updated in place. `slopes`, if it has rows, holds h(x) for steps t0..t1 (a surrogate of one's own).
    """
    subtract, before, after = reset[0], reset[1], reset[2]
    scratch = np.empty(BLOCK, np.float32)
    for lo in range(start, stop, BLOCK):
        hi = min(lo + BLOCK, stop)
        b, theta, uc, sc = beta[lo:hi], threshold[lo:hi], u_carry[lo:hi], s_carry[lo:hi]
        gb, gth, h = g_beta[lo:hi], g_threshold[lo:hi], scratch[: hi - lo]
        if alpha is not None:
            al, xc, gal = alpha[lo:hi], x_carry[lo:hi], g_alpha[lo:hi]
        if rho is not None:
            r, k, ac = rho[lo:hi], adaptation[lo:hi], a_carry[lo:hi]
            gr, gk = g_rho[lo:hi], g_adaptation[lo:hi]
        for t in range(t1 - 1, t0 - 1, -1):
            u = mem_rec[t, lo:hi]
            u_old = mem_rec[t - 1, lo:hi] if t > 0 else mem0[lo:hi]
            gs_t, gu_t = _row(g_spk, t)[lo:hi], _row(g_mem, t)[lo:hi]
            gi_t = g_cur[t, lo:hi]
            if alpha is not None:
                gx_t = _row(g_syn, t)[lo:hi]
                kept = t > 0 and syn_rec.shape[0] > 0  # always so where alpha is learned
                x_old = syn_rec[t - 1, lo:hi] if kept else syn0[lo:hi]
            if rho is not None:
                a, ga_t = ada_rec[t, lo:hi], _row(g_ada, t)[lo:hi]
                a_old = ada_rec[t - 1, lo:hi] if t > 0 else ada0[lo:hi]
            if slopes.shape[0] > 0:
                h[:] = slopes[t - t0, lo:hi]
            else:
                for n in range(hi - lo):
                    h[n] = u[n] - theta[n]
                    if rho is not None:
                        h[n] = u[n] - (theta[n] + k[n] * a[n])
                _derivative(surrogate, slope, h)
            for n in range(hi - lo):
                th = theta[n]
                if rho is not None:
                    th = th + k[n] * a_old[n]
                s = ONE if u_old[n] > th else ZERO  # S[t-1]
                fire = (gs_t[n] + sc[n]) * h[n]
                g = (gu_t[n] + fire + uc[n]) * (ONE - after * s)
                pay = g * (subtract * s)
                keep = ONE - before * s
                uc[n] = b[n] * keep * g
                y = g
                if alpha is not None:
                    y = gx_t[n] + g + xc[n]
                    xc[n] = al[n] * y
                    if learn:
                        gal[n] += y * x_old[n]
                gi_t[n] = y
                if rho is not None:
                    z = ga_t[n] + ac[n] - k[n] * fire
                    ac[n] = r[n] * z - k[n] * pay
                    sc[n] = (ONE - r[n]) * z
                    if learn:
                        gr[n] += z * (a_old[n] - s)
                        gk[n] -= fire * a[n] + pay * a_old[n]
                if learn:
                    gb[n] += g * keep * u_old[n]
                    gth[n] -= fire + pay


@_compiled
def _row(array, t):
    return array[min(t, array.shape[0] - 1)]


@_compiled
def _derivative(surrogate, k, x):
    """Replace x by h(x), the formula of `snnedu.surrogate`."""
    if surrogate == 0:
        for n in range(x.size):
            x[n] = k / 2 / (ONE + (HALF_PI * k * x[n]) ** 2)
    elif surrogate == 1:
        for n in range(x.size):
            x[n] = ONE / (k * abs(x[n]) + ONE) ** 2
    elif surrogate == 2:
        for n in range(x.size):
            e = np.exp(-abs(k * x[n]))  # σ(1 - σ) = e / (1 + e)², which cannot overflow
            x[n] = k * e / ((ONE + e) * (ONE + e))
    elif surrogate == 3:
        for n in range(x.size):
            x[n] = max(ZERO, ONE - k * abs(x[n]))
    else:
        x[:] = ONE


@_compiled_parallel
def _forward_parallel(threads, share, neurons, *args):
    for part in prange(threads):
        forward(part * share, min(neurons, (part + 1) * share), *args)


@_compiled_parallel
def _backward_parallel(threads, share, neurons, *args):
    for part in prange(threads):
        backward(part * share, min(neurons, (part + 1) * share), *args)


_KERNELS = {"forward": (forward, _forward_parallel), "backward": (backward, _backward_parallel)}
