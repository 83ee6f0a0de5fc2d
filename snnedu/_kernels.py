"""The inner loops of the neurons, compiled: float32 on the CPU, one pass over memory.

`forward` is the equation at the top of `_sequence.py`, written for one element; `backward` is the
same equation differentiated by hand. Both take a block of neurons through all time steps before
they turn to the next block, so that its state stays in the fastest cache.

Tensors come as pairs (address, count) of contiguous float32 memory, since numbers are handed over
faster than arrays. Of a parameter or a state count says how many numbers there are: one for all, or
one for each element (0: none, read as zero). Of a recording it says how many rows `[size]`: one for
each step, or one that stands for all (0: none). `size` is neurons times batch.

Names of one element: b al r k th are β α ρ k θ; u x a are U X A, s is S[t-1]. On the way back h is
the slope dS/dU, g_ is the derivative of the loss by what follows, and c_ what the step after
carries over to it: g_u, c_u and so on.

What may be left out is a flag, True or None: numba compiles the loop without what `is None` rules
out. (A test inside the loop would halve its speed.) Every product and sum is rounded by itself, as
in torch: numba fuses none unless told (`fastmath`).
"""
# Numba infers types itself (so there are none to check), and drops what `is None` rules out:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPossiblyUnboundVariable=false, reportUntypedFunctionDecorator=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportCallIssue=false

import math
import os
from collections.abc import Callable
from typing import Any, no_type_check

import numpy as np
import torch
from llvmlite import ir
from numba import carray, njit, types
from numba.extending import intrinsic

from snnedu._threads import claim, in_parallel, on_pool, openmp

BLOCK = 512  # neurons; their state, parameters and one step fit the fastest cache
LINE = 16  # float32 numbers in a cache line, which no two threads should write to
# Below so many elements (time x size) a second thread does not pay; one that sleeps wakes up late.
_SLEEPS = not openmp() or os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"
SERIAL = 3 << 18 if _SLEEPS else 1 << 16
FAR = 1 << 15  # elements (time x size) beyond which it pays to ask for rows ahead
# Surrogates of `snnedu.surrogate`, brought to one form: (p, q, r1, r2) of slope k in
# h(x) = max(0, p - q|x|) / (1 + r1|x| + r2 x²), which costs no more than the division it needs.
SHAPES: dict[str, Callable[[float], tuple[float, float, float, float]]] = {
    "atan": lambda k: (k / 2, 0.0, 0.0, (math.pi * k / 2) ** 2),
    "fast_sigmoid": lambda k: (1.0, 0.0, 2 * k, k * k),
    "triangular": lambda k: (1.0, k, 0.0, 0.0),
    "straight_through": lambda k: (1.0, 0.0, 0.0, 0.0),
}
NIL, ONE, INFINITE = np.float32(0), np.float32(1), np.float32(np.inf)

_compiled = njit(nogil=True, cache=True, error_model="numpy")


def run(loop: Any, size: int, t0: int, t1: int, *others: Any) -> bool:
    """Call `forward` or `backward` for all neurons, on as many threads as torch uses if it pays.

    Return whether all went well: whether the last membranes are finite.
    """
    threads = torch.get_num_threads() if (t1 - t0) * size > SERIAL else 1
    args = t0, t1, *others
    if threads == 1:
        return loop(0, size, size, *args)
    share = -(-size // (threads * LINE)) * LINE  # one for each: long rows, and the same next time
    if gomp_parallel := openmp():
        which = (True, None) if loop is forward else (None, True)
        return _together(*which, gomp_parallel, threads, share, size, args)
    return on_pool(loop, threads, share, size, *args)


@_compiled
@no_type_check
def forward(start, stop, size, t0, t1, subtract, before, after, synapse, adapts,
            params, begin, end, cur, spk, recorded):  # fmt: skip
    """Take neurons start..stop through steps t0..t1, from the state `begin` to the state `end`.

    Return whether all membranes are finite in the end.
    """
    outside, far = 0, (t1 - t0) * size > FAR
    scratch = np.empty((8, BLOCK), np.float32)  # the compiler can tell that its rows do not overlap
    numbers, state = scratch[:5], scratch[5:]
    b, theta, al, r, k = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    u, x, a = state[0], state[1], state[2]
    u_rec, x_rec, a_rec = recorded
    for lo in range(start, stop, BLOCK):
        n = min(BLOCK, stop - lo)
        _load(numbers, params, lo, n)
        _load(state, begin, lo, n)
        for t in range(t0, t1):
            if far and t + 1 < t1:
                _fetch(cur, t + 1, size, lo, n)
                _fetch(spk, t + 1, size, lo, n)
                _fetch(u_rec, t + 1, size, lo, n)
            i_t, s_t = _at(cur, t, size, lo, n), _at(spk, t, size, lo, n)
            for i in range(n):
                th = theta[i]
                if adapts is not None:
                    th = th + k[i] * a[i]
                s = ONE if u[i] > th else NIL  # S[t-1]
                v = u[i]
                if before is not None:
                    v = (ONE - s) * v
                y = i_t[i]
                if synapse is not None:
                    y = al[i] * x[i] + y
                    x[i] = y
                v = b[i] * v + y
                if after is not None:
                    v = v - v * s
                if subtract is not None:
                    v = v - th * s
                u[i] = v
                if adapts is not None:
                    a[i] = r[i] * a[i] + (ONE - r[i]) * s
                    th = theta[i] + k[i] * a[i]
                s_t[i] = ONE if v > th else NIL
            if u_rec[1] > 0:
                _copy(_at(u_rec, t, size, lo, n), u, n)
            if synapse is not None and x_rec[1] > 0:
                _copy(_at(x_rec, t, size, lo, n), x, n)
            if adapts is not None and a_rec[1] > 0:
                _copy(_at(a_rec, t, size, lo, n), a, n)
        _store(end, state, lo, n)
        for i in range(n):
            outside += 0 if abs(u[i]) < INFINITE else 1
    return outside == 0


@_compiled
@no_type_check
def backward(start, stop, size, t0, t1, subtract, before, after, synapse, adapts, feeds, learn,
             shape, sigmoid, slopes,
             params, begin, recorded, carry, g_params, grads, g_cur):  # fmt: skip
    """Walk neurons start..stop from step t1 - 1 back to t0.

    `grads`, `g_params` and `g_cur` are derivatives of the loss: by S, U, X, A, by the parameters
    (added up if they `learn`), and by the current (added up if there is one row). `carry` is what
    a step hands to the one before it, for U, X, A and, if it `feeds` anything back, S. The
    surrogate is given by its `shape` or, that being None, by the slope k of a `sigmoid` or, that
    being 0, by the `slopes` h(x) of steps t0..t1.
    """
    far = (t1 - t0) * size > FAR
    if shape is not None:
        p, q = np.float32(shape[0]), np.float32(shape[1])
        r1, r2 = np.float32(shape[2]), np.float32(shape[3])
    scratch = np.empty((23, BLOCK), np.float32)
    numbers, sums, first = scratch[:5], scratch[5:10], scratch[10:13]
    carried, given = scratch[13:17], scratch[17:21]
    b, theta, al, r, k = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    g_b, g_th, g_al, g_r, g_k = sums[0], sums[1], sums[2], sums[3], sums[4]
    c_u, c_x, c_a, c_s = carried[0], carried[1], carried[2], carried[3]
    g_u, g_x, g_a = given[1], given[2], given[3]
    given[:] = NIL
    h, g_sum = scratch[21], scratch[22]
    u_rec, x_rec, a_rec = recorded
    for lo in range(start, stop, BLOCK):
        n = min(BLOCK, stop - lo)
        _load(numbers, params, lo, n)
        _load(first, begin, lo, n)
        _load(carried, carry, lo, n)
        if learn is not None:
            _load(sums, g_params, lo, n)
        for t in range(t1 - 1, t0 - 1, -1):
            if far and t > t0:
                _fetch(u_rec, t - 2, size, lo, n)
                _fetch(g_cur, t - 1, size, lo, n)
                _fetch(grads[0], t - 1, size, lo, n)
                _fetch(grads[1], t - 1, size, lo, n)
            g_s = _at(grads[0], t, size, lo, n) if grads[0][1] > 0 else given[0]
            _read(grads[1], g_u, t, size, lo, n)
            if synapse is not None:
                _read(grads[2], g_x, t, size, lo, n)
            if adapts is not None:
                _read(grads[3], g_a, t, size, lo, n)
            u, a = _at(u_rec, t, size, lo, n), _at(a_rec, t, size, lo, n)
            u_old = _at(u_rec, t - 1, size, lo, n) if t > 0 else first[0]
            x_old = _at(x_rec, t - 1, size, lo, n) if t > 0 else first[1]
            a_old = _at(a_rec, t - 1, size, lo, n) if t > 0 else first[2]
            g_i = _at(g_cur, t, size, lo, n) if g_cur[1] > 1 else g_sum
            if shape is None and sigmoid == 0:
                _copy(h, _at(slopes, t - t0, size, lo, n), n)
            else:
                for i in range(n):
                    th = theta[i]
                    if adapts is not None:
                        th = th + k[i] * a[i]
                    h[i] = u[i] - th  # x: U may lie where the gradient is written
                if sigmoid > 0:
                    _sigmoid_slope(np.float32(sigmoid), h, n)
            for i in range(n):
                th = theta[i]
                if adapts is not None:
                    th = th + k[i] * a_old[i]
                s = ONE if u_old[i] > th else NIL  # S[t-1]
                g = g_s[i]
                if feeds is not None:
                    g = g + c_s[i]
                slope = h[i]
                if shape is not None:
                    v = abs(slope)
                    slope = max(NIL, p - q * v) / (ONE + r1 * v + r2 * v * v)
                fire = g * slope
                g = g_u[i] + fire + c_u[i]
                if after is not None:
                    g = g * (ONE - s)
                back = g
                if before is not None:
                    back = g * (ONE - s)
                c_u[i] = b[i] * back
                y = g
                if synapse is not None:
                    y = g_x[i] + g + c_x[i]
                    c_x[i] = al[i] * y
                    if learn is not None:
                        g_al[i] += y * x_old[i]
                g_i[i] = y
                pay = NIL
                if subtract is not None:
                    pay = g * s
                if adapts is not None:
                    z = g_a[i] + c_a[i] - k[i] * fire
                    c_a[i] = r[i] * z - k[i] * pay
                    c_s[i] = (ONE - r[i]) * z
                    if learn is not None:
                        g_r[i] += z * (a_old[i] - s)
                        g_k[i] -= fire * a[i] + pay * a_old[i]
                if learn is not None:
                    g_b[i] += back * u_old[i]
                    g_th[i] -= fire + pay
            if g_cur[1] == 1:
                _add(_at(g_cur, t, size, lo, n), g_i, n)
        _store(carry, carried, lo, n)
        if learn is not None:
            _store(g_params, sums, lo, n)
    return True


@_compiled
@no_type_check
def _sigmoid_slope(k, x, n):
    """Replace x by k σ(kx) (1 - σ(kx)), written so that it cannot overflow."""
    for i in range(n):
        e = np.exp(-abs(k * x[i]))
        x[i] = k * e / ((ONE + e) * (ONE + e))


@_compiled
@no_type_check
def _load(rows, given, lo, n):
    """Fill a row with each parameter or state: none, one number for all, or one for each."""
    for j in range(len(given)):
        address, count = given[j]
        if count > 1:
            _copy(rows[j], _view(address, lo, n), n)
        else:
            rows[j, :n] = _view(address, 0, 1)[0] if count == 1 else NIL


@_compiled
@no_type_check
def _store(given, rows, lo, n):
    for j in range(len(given)):
        address, count = given[j]
        if count > 0:
            _copy(_view(address, lo, n), rows[j], n)


@_compiled
@no_type_check
def _read(recording, row, t, size, lo, n):
    if recording[1] > 0:
        _copy(row, _at(recording, t, size, lo, n), n)


@_compiled
@no_type_check
def _copy(to, values, n):
    for i in range(n):
        to[i] = values[i]


@_compiled
@no_type_check
def _add(to, values, n):
    for i in range(n):
        to[i] += values[i]


@_compiled
@no_type_check
def _at(recording, t, size, lo, n):
    """Return step t of a recording."""
    address, count = recording
    return _view(address, min(t, count - 1) * size + lo, n)


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
def _fetch(recording, t, size, lo, n):
    """Ask for a row before it is needed: with large recordings each one lies in a page of its own.

    The processor looks ahead by itself, but not beyond the end of a page.
    """
    address, count = recording
    if count > 1 and t >= 0:
        row = address + 4 * (t * size + lo)
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


@_compiled
@no_type_check
def _shares(forth, back, claims, share, size, args):
    """Work on one share after another until none is left; count those that went wrong."""
    start = claim(claims, share)
    while start < size:
        well, stop = True, min(size, start + share)
        if forth is not None:
            well = forward(start, stop, size, *args)
        if back is not None:
            well = backward(start, stop, size, *args)
        if not well:
            claim(claims + 8 * LINE, 1)
        start = claim(claims, share)


@in_parallel
@no_type_check
def _on_each(forth, back, claims, share, size, args):
    _shares(forth, back, claims, share, size, args)


@_compiled
@no_type_check
def _together(forth, back, gomp_parallel, threads, share, size, args):
    claims = np.zeros(2 * LINE, np.int64)  # the neurons dealt out; the shares that went wrong
    _on_each(gomp_parallel, threads, (forth, back, claims.ctypes.data, share, size, args))
    return claims[LINE] == 0
