"""The inner loops of the neurons, compiled: float32 on the CPU, one pass over memory.

`forward` is the equation at the top of `_sequence.py`, written for one element; `backward` is the
same equation differentiated by hand. Both take a block of neurons through all time steps before
they turn to the next block, so that its state stays in the fastest cache.

Tensors come as the addresses of contiguous float32 memory, since an integer is handed over faster
than an array: recordings [time, size], state [size], where size counts neurons times batch. With
each recording that may be shorter comes its number of rows (0: none; 1: the same row at every step)
and with each parameter its number of elements (1: one for all). `alpha=None` leaves the synapse out
and `rho=None` the adaptation: numba then compiles the loop without them. (A test inside the loop
would halve its speed.)

Every product and sum is rounded by itself, as in torch: numba fuses none unless told (`fastmath`).
"""
# Numba infers types itself (so there are none to check), and drops what `is None` rules out:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPossiblyUnboundVariable=false, reportUntypedFunctionDecorator=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportCallIssue=false

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import no_type_check

import numpy as np
import torch
from numba import carray, njit, types
from numba.extending import intrinsic

BLOCK = 1024  # neurons; their state, parameters and one step fit the fastest cache
LINE = 16  # float32 numbers in a cache line, which no two threads should write to
SERIAL = 1 << 19  # below so many elements (time x size) waking a second thread does not pay
SUBTRACT, ZERO_BEFORE, ZERO_AFTER = 1, 2, 4
SURROGATES = {"atan": 0, "fast_sigmoid": 1, "sigmoid": 2, "triangular": 3, "straight_through": 4}
NIL, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
HALF_PI = np.float32(np.pi / 2)

_compiled = njit(nogil=True, cache=True, error_model="numpy")


def run(kernel: str, size: int, t0: int, t1: int, *args: int | float | None) -> None:
    """Call `forward` or `backward` over all neurons, on as many threads as torch uses if it pays.

    The neurons are dealt out in shares. This thread takes one after another, the helpers join in as
    soon as they get a core, and nobody waits for a helper that has not begun. (Numba's own threads
    spin while they wait, as torch's do; the two then fight for the cores for milliseconds.)
    """
    compiled = _KERNELS[kernel]
    threads = torch.get_num_threads() if (t1 - t0) * size > SERIAL else 1
    if threads == 1:
        compiled(0, size, size, t0, t1, *args)
        return
    share = -(-size // (4 * threads * LINE)) * LINE
    shares = deque(range(0, size, share))

    def work() -> None:
        while shares:
            try:
                start = shares.popleft()
            except IndexError:  # another thread was faster
                return
            compiled(start, min(size, start + share), size, t0, t1, *args)

    helpers = [_pool(os.getpid()).submit(work) for _ in range(threads - 1)]
    work()
    for helper in helpers:
        if not helper.cancel():
            helper.result()


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """Return threads that sleep until they are called; a forked process makes its own."""
    return ThreadPoolExecutor(os.cpu_count(), "snnedu")


@_compiled
@no_type_check
def forward(start, stop, size, t0, t1, reset, cur, cur_rows, spk,
            beta, n_beta, threshold, n_threshold, mem, mem_rec, mem_rows,
            alpha, n_alpha, syn, syn_rec, syn_rows,
            rho, n_rho, adaptation, n_adaptation, ada, ada_rec, ada_rows):  # fmt: skip
    """Take neurons start..stop through steps t0..t1; `mem`, `syn`, `ada` change in place."""
    subtract, before, after = _flags(reset)
    scratch = np.empty((5, BLOCK), np.float32)
    for lo in range(start, stop, BLOCK):
        n = min(BLOCK, stop - lo)
        b = _fill(scratch[0, :n], beta, n_beta, lo)
        theta = _fill(scratch[1, :n], threshold, n_threshold, lo)
        u = _view(mem, lo, n)
        if alpha is not None:
            al = _fill(scratch[2, :n], alpha, n_alpha, lo)
            x = _view(syn, lo, n)
        if rho is not None:
            r = _fill(scratch[3, :n], rho, n_rho, lo)
            k = _fill(scratch[4, :n], adaptation, n_adaptation, lo)
            a = _view(ada, lo, n)
        for t in range(t0, t1):
            i_t = _view(cur, min(t, cur_rows - 1) * size + lo, n)
            s_t = _view(spk, t * size + lo, n)
            for i in range(n):
                th = theta[i]
                if rho is not None:
                    th = th + k[i] * a[i]
                s = ONE if u[i] > th else NIL  # S[t-1]
                y = i_t[i]
                if alpha is not None:
                    y = al[i] * x[i] + y
                    x[i] = y
                v = b[i] * ((ONE - before * s) * u[i]) + y
                v = v - v * (after * s)
                v = v - th * (subtract * s)
                u[i] = v
                if rho is not None:
                    a[i] = r[i] * a[i] + (ONE - r[i]) * s
                    th = theta[i] + k[i] * a[i]
                s_t[i] = ONE if v > th else NIL
            if mem_rows > 0:
                _view(mem_rec, t * size + lo, n)[:] = u
            if alpha is not None and syn_rows > 0:
                _view(syn_rec, t * size + lo, n)[:] = x
            if rho is not None and ada_rows > 0:
                _view(ada_rec, t * size + lo, n)[:] = a


@_compiled
@no_type_check
def backward(start, stop, size, t0, t1, reset, surrogate, slope, slopes, learn,
             g_cur, g_spk, g_spk_rows, s_carry,
             beta, n_beta, threshold, n_threshold, mem0, mem_rec, g_mem, g_mem_rows, u_carry,
             g_beta, g_threshold,
             alpha, n_alpha, syn0, syn_rec, syn_rows, g_syn, g_syn_rows, x_carry, g_alpha,
             rho, n_rho, adaptation, n_adaptation, ada0, ada_rec, g_ada, g_ada_rows, a_carry,
             g_rho, g_adaptation):  # fmt: skip
    """Walk neurons start..stop from step t1 - 1 back to t0.

    g_... is the derivative of the loss by ...; ..._carry is what a later step hands to the one
    before it. Unless `learn` is None, derivatives by parameters are added up. `slopes`, where it is
    not 0, holds h(x) for steps t0..t1: a surrogate that is not built in. `s_carry` of 0: no carry.
    """
    subtract, before, after = _flags(reset)
    scratch, zeros = np.empty((6, BLOCK), np.float32), np.zeros(BLOCK, np.float32)
    for lo in range(start, stop, BLOCK):
        n = min(BLOCK, stop - lo)
        b = _fill(scratch[0, :n], beta, n_beta, lo)
        theta = _fill(scratch[1, :n], threshold, n_threshold, lo)
        h, zero, uc = scratch[2, :n], zeros[:n], _view(u_carry, lo, n)
        sc = _view(s_carry, lo, n) if s_carry != 0 else zero
        gb, gth = _view(g_beta, lo, n), _view(g_threshold, lo, n)
        if alpha is not None:
            al = _fill(scratch[3, :n], alpha, n_alpha, lo)
            xc, gal = _view(x_carry, lo, n), _view(g_alpha, lo, n)
        if rho is not None:
            r = _fill(scratch[4, :n], rho, n_rho, lo)
            k = _fill(scratch[5, :n], adaptation, n_adaptation, lo)
            ac, gr, gk = _view(a_carry, lo, n), _view(g_rho, lo, n), _view(g_adaptation, lo, n)
        for t in range(t1 - 1, t0 - 1, -1):
            u = _view(mem_rec, t * size + lo, n)
            u_old = _view(mem_rec, (t - 1) * size + lo, n) if t > 0 else _view(mem0, lo, n)
            gs_t = _row(g_spk, g_spk_rows, t, size, lo, zero)
            gu_t = _row(g_mem, g_mem_rows, t, size, lo, zero)
            gi_t = _view(g_cur, t * size + lo, n)
            if alpha is not None:
                gx_t = _row(g_syn, g_syn_rows, t, size, lo, zero)
                x_old = _view(syn0, lo, n)
                if t > 0 and syn_rows > 0:  # there are rows if alpha is learned
                    x_old = _view(syn_rec, (t - 1) * size + lo, n)
            if rho is not None:
                ga_t = _row(g_ada, g_ada_rows, t, size, lo, zero)
                a = _view(ada_rec, t * size + lo, n)
                a_old = _view(ada_rec, (t - 1) * size + lo, n) if t > 0 else _view(ada0, lo, n)
            if slopes != 0:
                h[:] = _view(slopes, (t - t0) * size + lo, n)
            else:
                for i in range(n):
                    h[i] = u[i] - theta[i]
                    if rho is not None:
                        h[i] = u[i] - (theta[i] + k[i] * a[i])
                _derivative(surrogate, np.float32(slope), h)
            for i in range(n):
                th = theta[i]
                if rho is not None:
                    th = th + k[i] * a_old[i]
                s = ONE if u_old[i] > th else NIL  # S[t-1]
                fire = (gs_t[i] + sc[i]) * h[i]
                g = (gu_t[i] + fire + uc[i]) * (ONE - after * s)
                pay = g * (subtract * s)
                keep = ONE - before * s
                uc[i] = b[i] * keep * g
                y = g
                if alpha is not None:
                    y = gx_t[i] + g + xc[i]
                    xc[i] = al[i] * y
                    if learn is not None:
                        gal[i] += y * x_old[i]
                gi_t[i] = y
                if rho is not None:
                    z = ga_t[i] + ac[i] - k[i] * fire
                    ac[i] = r[i] * z - k[i] * pay
                    sc[i] = (ONE - r[i]) * z
                    if learn is not None:
                        gr[i] += z * (a_old[i] - s)
                        gk[i] -= fire * a[i] + pay * a_old[i]
                if learn is not None:
                    gb[i] += g * keep * u_old[i]
                    gth[i] -= fire + pay


@_compiled
@no_type_check
def _derivative(surrogate, k, x):
    """Replace x by h(x), the formula of `snnedu.surrogate`."""
    if surrogate == 0:
        for i in range(x.size):
            x[i] = k / TWO / (ONE + (HALF_PI * k * x[i]) ** 2)
    elif surrogate == 1:
        for i in range(x.size):
            x[i] = ONE / (k * abs(x[i]) + ONE) ** 2
    elif surrogate == 2:
        for i in range(x.size):
            e = np.exp(-abs(k * x[i]))  # σ (1 - σ) = e / (1 + e)², which cannot overflow
            x[i] = k * e / ((ONE + e) * (ONE + e))
    elif surrogate == 3:
        for i in range(x.size):
            x[i] = max(NIL, ONE - k * abs(x[i]))
    else:
        x[:] = ONE


@_compiled
@no_type_check
def _flags(reset):
    """Return 0 or 1 for each of the three resets."""
    return (np.float32(reset & SUBTRACT != 0), np.float32(reset & ZERO_BEFORE != 0),
            np.float32(reset & ZERO_AFTER != 0))  # fmt: skip


@_compiled
@no_type_check
def _fill(block, address, count, lo):
    """Fill a block with a parameter: one number for all, or one for each neuron."""
    if count == 1:
        block[:] = _view(address, 0, 1)[0]
    else:
        block[:] = _view(address, lo, block.size)
    return block


@_compiled
@no_type_check
def _row(address, rows, t, size, lo, zero):
    if rows == 0:
        return zero
    return _view(address, min(t, rows - 1) * size + lo, zero.size)


@_compiled
@no_type_check
def _view(address, offset, n):
    return carray(_pointer(address + 4 * offset), (n,))


@intrinsic
@no_type_check
def _pointer(typing, address):
    """The address of a float32, as a pointer."""
    pointer = types.CPointer(types.float32)

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(address), generate


_KERNELS = {"forward": forward, "backward": backward}
