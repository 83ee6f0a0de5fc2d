"""The inner loops of the neurons, compiled: float32 on the CPU, one pass over memory.

`forward` is the equation at the top of `_sequence.py`, written for one element; `backward` is the
same equation differentiated by hand. Both take a block of neurons through all time steps before
they turn to the next block, so that its state stays in the fastest cache.

Tensors come as pairs (address, count) of contiguous float32 memory, since numbers are handed over
faster than arrays. Of a parameter or a state count says how many numbers there are: one for all, or
one for each element (0: none, read as zero). Of a recording it says how many rows `[size]`: one for
each step, or one that stands for all (0: none). `size` is neurons times batch. Weights of all
neurons to all come as (address, neurons, width): rows filled up with zeros, one of them the bias.

Names of one element: b al r k th w are β α ρ k θ W; u x a are U X A, s is S[t-1]. On the way back h
is the slope dS/dU, g_ is the derivative of the loss by what follows, and c_ what the step after
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

from snnedu.core._threads import claim, in_parallel, on_pool, openmp

BLOCK = 1024  # neurons; their state, parameters and one step fit the fastest cache
LINE = 16  # float32 numbers in a cache line, which no two threads should write to
# Below so many elements (time x size) a second thread does not pay; one that sleeps wakes up late.
_SLEEPS = not openmp() or os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"
SERIAL = 3 << 18 if _SLEEPS else 1 << 16
SHARE = BLOCK  # neurons of a thread, at least: two that work on one short row wait for each other
MIXED = 512  # neurons that feed back to all, at most: their weights fit the second cache
FAR = 1 << 18  # elements beyond which it pays to ask for rows ahead
# Surrogates of `snnedu.surrogate`, brought to one form: (p, q, r1, r2) of slope k in
# h(x) = max(0, p - q|x|) / (1 + r1|x| + r2 x²), which costs no more than the division it needs.
SHAPES: dict[str, Callable[[float], tuple[float, float, float, float]]] = {
    "atan": lambda k: (k / 2, 0.0, 0.0, (math.pi * k / 2) ** 2),
    "fast_sigmoid": lambda k: (1.0, 0.0, 2 * k, k * k),
    "triangular": lambda k: (1.0, k, 0.0, 0.0),
    "straight_through": lambda k: (1.0, 0.0, 0.0, 0.0),
}
NIL, ONE, INFINITE = np.float32(0), np.float32(1), np.float32(np.inf)

_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}
_compiled = njit(**_OPTIONS)


def run(loop: Any, size: int, steps: int, weight: tuple[int, ...], *others: Any) -> bool:
    """Call `forward` or `backward` for all neurons, on as many threads as torch uses if it pays.

    Return whether all went well: whether the last membranes are finite.
    """
    unit = weight[1] or LINE  # neurons that only one thread can take
    threads = 1
    if steps * size * (1 + weight[1] // 16) > SERIAL:
        threads = min(torch.get_num_threads(), size // max(SHARE, unit)) or 1
    args = steps, weight, *others
    if threads == 1:
        return loop(0, size, size, *args)
    share = -(-size // (threads * unit)) * unit  # one for each: long rows, the same next time
    if gomp_parallel := openmp():
        which = (True, None) if loop is forward else (None, True)
        return _together(*which, gomp_parallel, threads, share, size, args)
    return on_pool(loop, threads, share, size, *args)


@_compiled
@no_type_check
def forward(start, stop, size, steps, weight,
            subtract, before, after, synapse, adapts, one_to_one, all_to_all,
            params, begin, end, cur, spk, recorded):  # fmt: skip
    """Take neurons start..stop through all steps, from the state `begin` to the state `end`.

    Return whether all membranes are finite in the end.
    """
    outside, far = 0, steps * size > FAR
    # The compiler can tell that the rows of one array do not overlap.
    scratch = np.empty((11, BLOCK + 3 * LINE), np.float32)
    numbers, state, last, fed = scratch[:6], scratch[6:9], scratch[9], scratch[10]
    b, theta, al, r, k, w = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
    u, x, a = state[0], state[1], state[2]
    u_rec, x_rec, a_rec = recorded
    block = BLOCK if all_to_all is None else BLOCK // weight[1] * weight[1]
    for lo in range(start, stop, block):
        n = min(block, stop - lo)
        _load(numbers, params, lo, n)
        _load(state, begin, lo, n)
        for t in range(steps):
            if far and t + 1 < steps:
                _fetch(cur, t + 1, size, lo, n)
                _fetch(spk, t + 1, size, lo, n)
                _fetch(u_rec, t + 1, size, lo, n)
            if all_to_all is not None:
                for i in range(n):
                    last[i] = ONE if u[i] > theta[i] else NIL
                spread(fed, last, n, weight)
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
                if one_to_one is not None:
                    y = y + w[i] * s
                if all_to_all is not None:
                    y = y + fed[i]
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
            _write(u_rec, u, t, size, lo, n)
            if synapse is not None:
                _write(x_rec, x, t, size, lo, n)
            if adapts is not None:
                _write(a_rec, a, t, size, lo, n)
        _store(end, state, lo, n)
        for i in range(n):
            outside += 0 if abs(u[i]) < INFINITE else 1
    return outside == 0


@_compiled
@no_type_check
def backward(start, stop, size, steps, weight,
             subtract, before, after, synapse, adapts, one_to_one, all_to_all, feeds, learn,
             shape, sigmoid, slopes,
             params, begin, recorded, carry, g_params, grads, g_cur):  # fmt: skip
    """Walk neurons start..stop from the last step back to the first.

    `grads`, `g_params` and `g_cur` are derivatives of the loss: by S, U, X, A, by the parameters
    (added up if they `learn`), and by the current (added up if there is one row). `carry` is what
    a step hands to the one before it, for U, X, A and, if it `feeds` anything back, S. The
    surrogate is given by its `shape` or, that being None, by the slope k of a `sigmoid` or, that
    being 0, by the `slopes` h(x) of all steps.
    """
    far = steps * size > FAR
    if shape is not None:
        p, q = np.float32(shape[0]), np.float32(shape[1])
        r1, r2 = np.float32(shape[2]), np.float32(shape[3])
    scratch = np.empty((24, BLOCK + 3 * LINE), np.float32)
    numbers, sums, first = scratch[:6], scratch[6:11], scratch[11:14]
    carried, given, h, g_sum = scratch[14:18], scratch[18:22], scratch[22], scratch[23]
    b, theta, al, r, k, w = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]
    g_b, g_th, g_al, g_r, g_k = sums[0], sums[1], sums[2], sums[3], sums[4]
    c_u, c_x, c_a, c_s = carried[0], carried[1], carried[2], carried[3]
    g_u, g_x, g_a = given[1], given[2], given[3]
    given[:] = NIL
    u_rec, x_rec, a_rec = recorded
    # Half a block: here more rows are at work at once.
    block = BLOCK // 2 if all_to_all is None else BLOCK // weight[1] * weight[1]
    for lo in range(start, stop, block):
        n = min(block, stop - lo)
        _load(numbers, params, lo, n)
        _load(first, begin, lo, n)
        _load(carried, carry, lo, n)
        if learn is not None:
            _load(sums, g_params, lo, n)
        for t in range(steps - 1, -1, -1):
            if far:
                _fetch(u_rec, t - 2, size, lo, n)
                _fetch(grads[0], t - 1, size, lo, n)
                _fetch(grads[1], t - 1, size, lo, n)
                _fetch(g_cur, t - 1, size, lo, n)
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
                _copy(h, _at(slopes, t, size, lo, n), n)
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
                if all_to_all is not None:
                    c_s[i] = NIL
                if one_to_one is not None:
                    c_s[i] = w[i] * y
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
            if all_to_all is not None:
                _spread_back(c_s, g_i, n, weight)
            if g_cur[1] == 1:
                _add(_at(g_cur, t, size, lo, n), g_i, n)
        _store(carry, carried, lo, n)
        if learn is not None:
            _store(g_params, sums, lo, n)
    return True


@_compiled
@no_type_check
def spread(to, spk, n, weight):
    """Add up what spikes of `n` neurons, sample by sample, bring to each: W S + b.

    `weight` is the transpose of W and, below it, b. Only a spike costs anything: it adds a row.
    """
    address, neurons, width = weight
    start = _view(address, neurons * width, width)
    total, firing = np.empty(width, np.float32), np.empty(neurons + 4, np.int64)
    for lo in range(0, n, neurons):
        count = 0
        for j in range(neurons):  # without an `if`, which no processor could foresee
            firing[count] = j
            count += 1 if spk[lo + j] != NIL else 0
        firing[count : count + 4] = firing[0]
        _copy(total, start, width)
        for c in range(0, count, 4):  # four rows at once: `total` is fetched and stored less
            j0, j1, j2, j3 = firing[c], firing[c + 1], firing[c + 2], firing[c + 3]
            s0, s1 = spk[lo + j0], spk[lo + j1] if c + 1 < count else NIL
            s2 = spk[lo + j2] if c + 2 < count else NIL
            s3 = spk[lo + j3] if c + 3 < count else NIL
            w0, w1 = _view(address, j0 * width, width), _view(address, j1 * width, width)
            w2, w3 = _view(address, j2 * width, width), _view(address, j3 * width, width)
            for i in range(width):
                total[i] = total[i] + s0 * w0[i] + s1 * w1[i] + s2 * w2[i] + s3 * w3[i]
        _copy(to[lo : lo + neurons], total, neurons)


@njit(**_OPTIONS, fastmath={"contract"})  # a gradient may fuse product and sum
@no_type_check
def _spread_back(c_s, g_i, n, weight):
    """Add to the derivative by spikes what it is by the currents that they made, W' g."""
    address, neurons, width = weight
    scratch = np.zeros((4, BLOCK + 4), np.float32)
    g, h, to, also = scratch[0], scratch[1], scratch[2], scratch[3]
    for lo in range(0, n, 2 * neurons):  # two samples and four rows at once: fewer fetched
        two = lo + neurons < n
        _copy(g, g_i[lo : lo + neurons], neurons)
        if two:
            _copy(h, g_i[lo + neurons : lo + 2 * neurons], neurons)
        to[:] = NIL
        also[:] = NIL
        for i in range(0, neurons, 4):
            g0, g1, g2, g3 = g[i], g[i + 1], g[i + 2], g[i + 3]
            h0, h1, h2, h3 = h[i], h[i + 1], h[i + 2], h[i + 3]
            rows = _view(address, i * width, 4 * width)
            for j in range(width):
                w0, w1 = rows[j], rows[width + j]
                w2, w3 = rows[2 * width + j], rows[3 * width + j]
                to[j] += g0 * w0 + g1 * w1 + g2 * w2 + g3 * w3
                also[j] += h0 * w0 + h1 * w1 + h2 * w2 + h3 * w3
        _add(c_s[lo : lo + neurons], to, neurons)
        if two:
            _add(c_s[lo + neurons : lo + 2 * neurons], also, neurons)


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
def _write(recording, row, t, size, lo, n):
    if recording[1] > 0:
        _copy(_at(recording, t, size, lo, n), row, n)


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
        how = [number(0), number(2), number(1)]  # to read; into the second cache; data
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
