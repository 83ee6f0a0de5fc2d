"""The inner loops of the neurons, compiled: float32 on the CPU, one pass over memory.

`forward` is the equation at the top of `_sequence.py`, written for one element; `backward` is the
same equation differentiated by hand. Both take a block of neurons through all time steps before
they turn to the next block, so that its state stays in the fastest cache.

Tensors come as the addresses of contiguous float32 memory, since an integer is handed over faster
than an array: recordings [time, size], state [size], where size counts neurons times batch. With
each recording that may be shorter comes its number of rows (0: none; 1: the same row at every step)
and with each parameter its number of elements (1: one for all). `alpha=None` leaves the synapse
out, `rho=None` the adaptation, `subtract=None` that reset, and so on: numba then compiles the loop
without them. (A test inside the loop would halve its speed.)

State and parameters of a block are copied into rows of one array. The compiler can tell that those
do not overlap; of addresses it cannot, and with too many of them it would not use vectors.

Every product and sum is rounded by itself, as in torch: numba fuses none unless told (`fastmath`).
"""
# Numba infers types itself (so there are none to check), and drops what `is None` rules out:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPossiblyUnboundVariable=false, reportUntypedFunctionDecorator=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportCallIssue=false

import os
from typing import no_type_check

import numpy as np
import torch
from llvmlite import ir
from numba import carray, njit, types
from numba.extending import intrinsic

from snnedu._threads import claim, in_parallel, on_pool, openmp

BLOCK = 512  # neurons; their state, parameters and one step fit the fastest cache
LINE = 16  # float32 numbers in a cache line, which no two threads should write to
SHARES = 4  # for each thread: the one that begins first takes more
# Below so many elements (time x size) a second thread does not pay; one that sleeps wakes up late.
_SLEEPS = not openmp() or os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"
SERIAL = 3 << 18 if _SLEEPS else 1 << 17
FAR = 1 << 19  # elements beyond which recordings do not fit a core's own cache
SURROGATES = {"atan": 0, "fast_sigmoid": 1, "sigmoid": 2, "triangular": 3, "straight_through": 4}
NIL, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
HALF_PI, INFINITE = np.float32(np.pi / 2), np.float32(np.inf)

_compiled = njit(nogil=True, cache=True, error_model="numpy")


def run(kernel: str, size: int, t0: int, t1: int, *args: int | float | None) -> bool:
    """Call `forward` or `backward` over all neurons, on as many threads as torch uses if it pays.

    Return whether all went well: whether the last membranes are finite.
    """
    alone, together = _KERNELS[kernel]
    threads = torch.get_num_threads() if (t1 - t0) * size > SERIAL else 1
    if threads == 1:
        return alone(0, size, size, t0, t1, *args)
    share = -(-size // (SHARES * threads * LINE)) * LINE
    if gomp_parallel := openmp():
        return together(gomp_parallel, threads, share, size, (t0, t1, *args))
    return on_pool(alone, threads, share, size, t0, t1, *args)


@_compiled
@no_type_check
def forward(start, stop, size, t0, t1, rests, subtract, before, after, cur, cur_rows, spk,
            beta, n_beta, threshold, n_threshold, mem, mem_rec, mem_rows,
            alpha, n_alpha, syn, syn_rec, syn_rows,
            rho, n_rho, adaptation, n_adaptation, ada, ada_rec, ada_rows):  # fmt: skip
    """Take neurons start..stop through steps t0..t1; `mem`, `syn`, `ada` change in place.

    If `rests`, they start from 0. Return whether all of `mem` is finite in the end.
    """
    outside, far = 0, (t1 - t0) * size > FAR
    rows = np.empty((8, BLOCK), np.float32)
    b, theta, u, al, x, r, k, a = (
        rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]
    )  # fmt: skip
    for lo in range(start, stop, BLOCK):
        n = min(BLOCK, stop - lo)
        _fill(b, beta, n_beta, lo, n)
        _fill(theta, threshold, n_threshold, lo, n)
        _begin(u, mem, rests, lo, n)
        if alpha is not None:
            _fill(al, alpha, n_alpha, lo, n)
            _begin(x, syn, rests, lo, n)
        if rho is not None:
            _fill(r, rho, n_rho, lo, n)
            _fill(k, adaptation, n_adaptation, lo, n)
            _begin(a, ada, rests, lo, n)
        for t in range(t0, t1):
            if far and t + 1 < t1:
                _fetch(cur, min(t + 1, cur_rows - 1) * size + lo, n)
                _fetch(spk, (t + 1) * size + lo, n)
                if mem_rows > 0:
                    _fetch(mem_rec, (t + 1) * size + lo, n)
            i_t = _view(cur, min(t, cur_rows - 1) * size + lo, n)
            s_t = _view(spk, t * size + lo, n)
            for i in range(n):
                th = theta[i]
                if rho is not None:
                    th = th + k[i] * a[i]
                s = ONE if u[i] > th else NIL  # S[t-1]
                v = u[i]
                if before is not None:
                    v = (ONE - s) * v
                y = i_t[i]
                if alpha is not None:
                    y = al[i] * x[i] + y
                    x[i] = y
                v = b[i] * v + y
                if after is not None:
                    v = v - v * s
                if subtract is not None:
                    v = v - th * s
                u[i] = v
                if rho is not None:
                    a[i] = r[i] * a[i] + (ONE - r[i]) * s
                    th = theta[i] + k[i] * a[i]
                s_t[i] = ONE if v > th else NIL
            if mem_rows > 0:
                _copy(_view(mem_rec, t * size + lo, n), u, n)
            if alpha is not None and syn_rows > 0:
                _copy(_view(syn_rec, t * size + lo, n), x, n)
            if rho is not None and ada_rows > 0:
                _copy(_view(ada_rec, t * size + lo, n), a, n)
        _copy(_view(mem, lo, n), u, n)
        for i in range(n):
            outside += 0 if abs(u[i]) < INFINITE else 1
        if alpha is not None:
            _copy(_view(syn, lo, n), x, n)
        if rho is not None:
            _copy(_view(ada, lo, n), a, n)
    return outside == 0


@_compiled
@no_type_check
def backward(start, stop, size, t0, t1, subtract, before, after, surrogate, slope, slopes, learn,
             g_cur, g_spk, g_spk_rows, s_carry,
             beta, n_beta, threshold, n_threshold, mem0, mem_rec, g_mem, g_mem_rows, u_carry,
             g_beta, g_threshold,
             alpha, n_alpha, syn0, syn_rec, syn_rows, g_syn, g_syn_rows, x_carry, g_alpha,
             rho, n_rho, adaptation, n_adaptation, ada0, ada_rec, g_ada, g_ada_rows, a_carry,
             g_rho, g_adaptation):  # fmt: skip
    """Walk neurons start..stop from step t1 - 1 back to t0.

    g_... is the derivative of the loss by ...; ..._carry is what a later step hands to the one
    before it. Unless `learn` is None, derivatives by parameters are added up. `slopes`, where it is
    not 0, holds h(x) for steps t0..t1: a surrogate that is not built in.
    """
    far = (t1 - t0) * size > FAR
    rows = np.empty((20, BLOCK), np.float32)
    b, theta, h, gs, gu, uc, sc, gb, gth = (
        rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7], rows[8]
    )  # fmt: skip
    al, gx, xc, x_old, gal = rows[9], rows[10], rows[11], rows[12], rows[13]
    r, k, ga, ac, gr, gk = (
        rows[14], rows[15], rows[16], rows[17], rows[18], rows[19]
    )  # fmt: skip
    for lo in range(start, stop, BLOCK):
        n = min(BLOCK, stop - lo)
        _fill(b, beta, n_beta, lo, n)
        _fill(theta, threshold, n_threshold, lo, n)
        _copy(uc, _view(u_carry, lo, n), n)
        if s_carry is not None:
            _copy(sc, _view(s_carry, lo, n), n)
        if learn is not None:
            _copy(gb, _view(g_beta, lo, n), n)
            _copy(gth, _view(g_threshold, lo, n), n)
        if alpha is not None:
            _fill(al, alpha, n_alpha, lo, n)
            _copy(xc, _view(x_carry, lo, n), n)
            if learn is not None:
                _copy(gal, _view(g_alpha, lo, n), n)
        if rho is not None:
            _fill(r, rho, n_rho, lo, n)
            _fill(k, adaptation, n_adaptation, lo, n)
            _copy(ac, _view(a_carry, lo, n), n)
            if learn is not None:
                _copy(gr, _view(g_rho, lo, n), n)
                _copy(gk, _view(g_adaptation, lo, n), n)
        for t in range(t1 - 1, t0 - 1, -1):
            if far and t - 1 > t0:
                _fetch(mem_rec, (t - 2) * size + lo, n)
                _fetch(g_cur, (t - 1) * size + lo, n)
                if g_spk_rows > 1:
                    _fetch(g_spk, (t - 1) * size + lo, n)
                if g_mem_rows > 1:
                    _fetch(g_mem, (t - 1) * size + lo, n)
            u = _view(mem_rec, t * size + lo, n)
            u_old = _view(mem_rec, (t - 1) * size + lo, n) if t > 0 else _view(mem0, lo, n)
            gi_t = _view(g_cur, t * size + lo, n)
            _row(gs, g_spk, g_spk_rows, t, size, lo, n)
            _row(gu, g_mem, g_mem_rows, t, size, lo, n)
            if alpha is not None:
                _row(gx, g_syn, g_syn_rows, t, size, lo, n)
                if learn is not None:
                    if t > 0 and syn_rows > 0:  # there are rows if alpha is learned
                        _copy(x_old, _view(syn_rec, (t - 1) * size + lo, n), n)
                    else:
                        _copy(x_old, _view(syn0, lo, n), n)
            if rho is not None:
                _row(ga, g_ada, g_ada_rows, t, size, lo, n)
                a = _view(ada_rec, t * size + lo, n)
                a_old = _view(ada_rec, (t - 1) * size + lo, n) if t > 0 else _view(ada0, lo, n)
            if slopes != 0:
                _copy(h, _view(slopes, (t - t0) * size + lo, n), n)
            else:
                for i in range(n):
                    th = theta[i]
                    if rho is not None:
                        th = th + k[i] * a[i]
                    h[i] = u[i] - th
                _derivative(surrogate, np.float32(slope), h, n)
            for i in range(n):
                th = theta[i]
                if rho is not None:
                    th = th + k[i] * a_old[i]
                s = ONE if u_old[i] > th else NIL  # S[t-1]
                g = gs[i]
                if s_carry is not None:
                    g = g + sc[i]
                fire = g * h[i]
                g = gu[i] + fire + uc[i]
                if after is not None:
                    g = g * (ONE - s)
                back = g
                if before is not None:
                    back = g * (ONE - s)
                uc[i] = b[i] * back
                y = g
                if alpha is not None:
                    y = gx[i] + g + xc[i]
                    xc[i] = al[i] * y
                    if learn is not None:
                        gal[i] += y * x_old[i]
                gi_t[i] = y
                pay = NIL
                if subtract is not None:
                    pay = g * s
                if rho is not None:
                    z = ga[i] + ac[i] - k[i] * fire
                    ac[i] = r[i] * z - k[i] * pay
                    sc[i] = (ONE - r[i]) * z
                    if learn is not None:
                        gr[i] += z * (a_old[i] - s)
                        gk[i] -= fire * a[i] + pay * a_old[i]
                if learn is not None:
                    gb[i] += back * u_old[i]
                    gth[i] -= fire + pay
        _copy(_view(u_carry, lo, n), uc, n)
        if s_carry is not None:
            _copy(_view(s_carry, lo, n), sc, n)
        if learn is not None:
            _copy(_view(g_beta, lo, n), gb, n)
            _copy(_view(g_threshold, lo, n), gth, n)
        if alpha is not None:
            _copy(_view(x_carry, lo, n), xc, n)
            if learn is not None:
                _copy(_view(g_alpha, lo, n), gal, n)
        if rho is not None:
            _copy(_view(a_carry, lo, n), ac, n)
            if learn is not None:
                _copy(_view(g_rho, lo, n), gr, n)
                _copy(_view(g_adaptation, lo, n), gk, n)
    return True


@_compiled
@no_type_check
def _derivative(surrogate, k, x, n):
    """Replace x by h(x), the formula of `snnedu.surrogate`."""
    if surrogate == 0:
        for i in range(n):
            z = HALF_PI * k * x[i]
            x[i] = k / TWO / (ONE + z * z)
    elif surrogate == 1:
        for i in range(n):
            z = k * abs(x[i]) + ONE
            x[i] = ONE / (z * z)
    elif surrogate == 2:
        for i in range(n):
            e = np.exp(-abs(k * x[i]))  # σ (1 - σ) = e / (1 + e)², which cannot overflow
            x[i] = k * e / ((ONE + e) * (ONE + e))
    elif surrogate == 3:
        for i in range(n):
            x[i] = max(NIL, ONE - k * abs(x[i]))
    else:
        x[:n] = ONE


@_compiled
@no_type_check
def _fill(row, address, count, lo, n):
    """Fill a row with a parameter: one number for all, or one for each neuron."""
    if count == 1:
        row[:n] = _view(address, 0, 1)[0]
    else:
        _copy(row, _view(address, lo, n), n)


@_compiled
@no_type_check
def _begin(row, address, rests, lo, n):
    """Fill a row with the state at the start."""
    if rests:
        row[:n] = NIL
    else:
        _copy(row, _view(address, lo, n), n)


@_compiled
@no_type_check
def _row(row, address, rows, t, size, lo, n):
    """Fill a row with step t of a recording that may be absent."""
    if rows > 0:
        _copy(row, _view(address, min(t, rows - 1) * size + lo, n), n)
    else:
        row[:n] = NIL


@_compiled
@no_type_check
def _copy(to, values, n):
    for i in range(n):
        to[i] = values[i]


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


@_compiled
@no_type_check
def _fetch(address, offset, n):
    """Ask for a row before it is needed: with large recordings each one lies in a page of its own.

    The processor looks ahead by itself, but not beyond the end of a page.
    """
    row = address + 4 * offset
    for line in range(row, row + 4 * n, 4 * LINE):
        _prefetch(line)


@intrinsic
@no_type_check
def _prefetch(typing, address):
    def generate(context, builder, signature, arguments):
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        how = [number(0), number(3), number(1)]  # to read; into every cache; data
        builder.call(prefetch, [builder.inttoptr(arguments[0], byte), *how])
        return context.get_dummy_value()

    return types.void(address), generate


# --------------------------------------------------------------------------------- many threads


@no_type_check
def _forward_shares(claims, share, size, args):
    start = claim(claims, share)
    while start < size:
        if not forward(start, min(size, start + share), size, *args):
            claim(claims + 8 * LINE, 1)
        start = claim(claims, share)


@no_type_check
def _backward_shares(claims, share, size, args):
    start = claim(claims, share)
    while start < size:
        backward(start, min(size, start + share), size, *args)
        start = claim(claims, share)


_each_forward, _each_backward = in_parallel(_forward_shares), in_parallel(_backward_shares)


@_compiled
@no_type_check
def _forward_together(gomp_parallel, threads, share, size, args):
    claims = np.zeros(2 * LINE, np.int64)  # the neurons dealt out; the shares that went wrong
    _each_forward(gomp_parallel, threads, (claims.ctypes.data, share, size, args))
    return claims[LINE] == 0


@_compiled
@no_type_check
def _backward_together(gomp_parallel, threads, share, size, args):
    claims = np.zeros(2 * LINE, np.int64)
    _each_backward(gomp_parallel, threads, (claims.ctypes.data, share, size, args))
    return True


_KERNELS = {
    "forward": (forward, _forward_together),
    "backward": (backward, _backward_together),
}
