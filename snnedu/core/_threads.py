"""Compiled loops over neurons, dealt out to the threads on which torch computes.

Torch's threads belong to OpenMP and spin for a while after each operation. Threads of our own, or
numba's, would fight with them for the cores; to call torch's costs microseconds. They are reached
through `GOMP_parallel(function, data, count, flags)` of GNU's OpenMP library, which calls
`function(data)` once on each thread and waits for all. Where torch uses another library (macOS,
Windows), and in a forked process, a pool of Python's threads does the same, later to begin.

Neurons are dealt out in shares: whoever is free claims the next one.
"""
# The compiler infers types itself, so there are none to check:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false, reportPrivateImportUsage=false

import ctypes
import multiprocessing
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, no_type_check

import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_PROCESS = os.getpid()
_BYTES = ir.IntType(8).as_pointer()
_INT = ir.IntType(32)
_FUNCTION = ir.FunctionType(ir.VoidType(), [_BYTES])
_GOMP_PARALLEL = ir.FunctionType(ir.VoidType(), [_FUNCTION.as_pointer(), _BYTES, _INT, _INT])


def openmp() -> int:
    """Return the address of `GOMP_parallel` in the library that torch uses, or 0."""
    return _openmp(os.getpid())


@cache
def _openmp(process: int) -> int:
    if process != _PROCESS or multiprocessing.parent_process() is not None:
        return 0  # a fork has none of OpenMP's threads, and would wait for them forever
    for name in (*Path(torch.__file__).parent.glob("lib/libgomp*"), "libgomp.so.1"):
        try:
            library = ctypes.CDLL(str(name), mode=os.RTLD_NOLOAD)  # only if it is loaded already
            return ctypes.cast(library.GOMP_parallel, ctypes.c_void_p).value or 0
        except (OSError, AttributeError):
            continue
    return 0


def on_pool(loop: Callable[..., bool], threads: int, share: int, size: int, *args: Any) -> bool:
    """Call `loop(start, stop, size, *args)` for all shares; return whether all returned True.

    This thread takes one after another, the helpers join in as soon as they get a core, and nobody
    waits for a helper that has not begun.
    """
    shares = deque(range(0, size, share))

    def work() -> bool:
        well = True
        while shares:
            try:
                start = shares.popleft()
            except IndexError:  # another thread was faster
                break
            well &= loop(start, min(size, start + share), size, *args)
        return well

    helpers = [_pool(os.getpid()).submit(work) for _ in range(threads - 1)]
    well = [work()]
    well += [helper.result() for helper in helpers if not helper.cancel()]
    return all(well)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """Return threads that sleep until they are called; a forked process makes its own."""
    return ThreadPoolExecutor(os.cpu_count(), "snnedu")


@no_type_check
def in_parallel(function):
    """Return, for compiled code, `call(gomp_parallel, threads, args)`: `function(*args)` on each.

    The compiler writes what one would write in C: `args` go into a structure, and a small function
    with the one argument that `GOMP_parallel` knows takes them out again.
    """

    @intrinsic
    def call(typing, gomp_parallel, threads, args):
        signature = types.void(*args.types)

        def generate(context, builder, _, values):
            address, count, pack = values
            data = cgutils.alloca_once_value(builder, pack)
            compiled = context.compile_subroutine(builder, function, signature).fndesc
            name = builder.module.get_unique_name(f"each.{compiled.mangled_name}")
            entry = ir.Function(builder.module, _FUNCTION, name)
            entry.linkage = "internal"
            inside = ir.IRBuilder(entry.append_basic_block())
            pack = inside.load(inside.bitcast(entry.args[0], data.type))
            each = cgutils.unpack_tuple(inside, pack)
            context.call_internal_no_propagate(inside, compiled, signature, each)
            inside.ret_void()
            run = builder.inttoptr(address, _GOMP_PARALLEL.as_pointer())
            count, flags = builder.trunc(count, _INT), _INT(0)
            builder.call(run, [entry, builder.bitcast(data, _BYTES), count, flags])
            return context.get_dummy_value()

        return types.void(gomp_parallel, threads, args), generate

    return call


@intrinsic
@no_type_check
def claim(typing, address, amount):
    """Add to a number that all threads see, and return what it was."""

    def generate(context, builder, _, values):
        address, amount = values
        number = builder.inttoptr(address, amount.type.as_pointer())
        return builder.atomic_rmw("add", number, amount, "monotonic")

    return types.int64(types.int64, types.int64), generate
