"""How fast is one layer of leaky neurons over a whole sequence, forward and backward?"""

import contextlib
from collections.abc import Generator
from itertools import product
from math import prod
from typing import Any

import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.timing import Goal, Result, Times, geometric_mean, race
from snnedu.core import _sequence

BETA = 0.9
# time, batch, neurons
GRID: list[tuple[int, int, int]] = list(product((25, 100, 500), (1, 64, 128), (100, 1000)))
QUICK = [(25, 128, 100), (100, 64, 100), (100, 1, 100)]
LARGEST_FOR_SINABS = 2_000_000  # its backward pass is quadratic in time: seconds, then minutes
BEYOND_CACHE = 3_000_000  # values: 12 MB for each array
LIMIT = "memory limit"
PLAIN = "snnedu, plain torch"


def run(quick: bool) -> list[Result]:
    """Return the grid, forward and forward + backward, and what it says about the goals."""
    check()
    grid = QUICK if quick else GRID
    forward = [_measure(size, False, quick) for size in grid]
    both = [_measure(size, True, quick) for size in grid]
    return [
        Result(
            "Leaky neurons, forward",
            "One layer, spikes out, in ms. The memory limit is the time that torch takes to stream "
            "three arrays of that size once. No gradients are asked for. sinabs is left out above "
            f"{LARGEST_FOR_SINABS:,} values: backward it would take minutes.",
            [_row(size, times) for size, times in zip(grid, forward, strict=True)],
            _goals("forward", forward, 50, 25),
        ),
        Result(
            "Leaky neurons, forward and backward",
            "As above, with the gradient by the current; the limit streams six arrays. Of the "
            "large sizes those are memory-bound where it streams slowest, or up to 1.5 times that.",
            [_row(size, times) for size, times in zip(grid, both, strict=True)],
            _goals("forward + backward", both, 25, 15) + _more_goals(grid, both),
        ),
    ]


def busy(quick: bool) -> list[Result]:
    """Return the grid forward + backward, beside snnTorch and the fastest peer of most sizes."""
    grid = QUICK if quick else GRID
    both = [_measure(size, True, True, ("snnedu", "snntorch", "spikingjelly")) for size in grid]
    rows = [_row(size, times) for size, times in zip(grid, both, strict=True)]
    goals = _goals("forward + backward", both, 20, 1)[:1]
    return [Result("Leaky neurons, forward and backward", "As above.", rows, goals)]


def check() -> None:
    """All compute the same spikes where they mean the same thing, and the same gradients."""
    x = torch.randn(50, 8, 20, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.15
    g = torch.randn(50, 8, 20, generator=torch.Generator().manual_seed(1))
    _compare(peers.leaky(BETA, "zero"), x, g, with_gradient=("snntorch", "spikingjelly"))
    late = {k: v for k, v in peers.leaky(BETA, "subtract").items() if k in ("snnedu", "snntorch")}
    _compare(late, x, g, with_gradient=("snntorch",))
    with plain_path():
        _compare(late, x, g, with_gradient=("snntorch",))


def _compare(
    layers: dict[str, peers.Run], x: Tensor, g: Tensor, with_gradient: tuple[str, ...]
) -> None:
    expected, expected_grad = _with_gradient(layers["snnedu"], x, g)
    if not 0.01 < expected.mean() < 0.99:
        raise AssertionError("neurons that never or always fire prove nothing")
    for name, layer in layers.items():
        spk, grad = _with_gradient(layer, x, g)
        differ = (spk != expected).float().mean().item()
        if differ > 1e-3:  # a rounding may move a spike where the order of operations differs
            raise AssertionError(f"{name}: {differ:.1%} of the spikes differ")
        if name in with_gradient:
            torch.testing.assert_close(grad, expected_grad, rtol=1e-4, atol=1e-5)


def _with_gradient(layer: peers.Run, x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    spk = layer(x)
    spk.backward(g)
    assert x.grad is not None
    return spk.detach(), x.grad


@contextlib.contextmanager
def plain_path() -> Generator[None]:
    """Let snnedu do without its compiled loops inside. (`mock.patch` would take 0.2 ms a call.)"""
    known: Any = vars(_sequence)["has_numba"]
    vars(_sequence)["has_numba"] = lambda: False
    try:
        yield
    finally:
        vars(_sequence)["has_numba"] = known


def _measure(
    size: tuple[int, int, int], backward: bool, quick: bool, only: tuple[str, ...] = ()
) -> Times:
    x = torch.randn(size) * 0.4 + 0.15
    g = torch.randn(size)
    layers = peers.leaky(BETA, "subtract")
    layers = {name: layer for name, layer in layers.items() if not only or name in only}
    if x.numel() > LARGEST_FOR_SINABS:
        layers.pop("sinabs", None)

    def call(layer: peers.Run) -> object:
        if not backward:
            with torch.no_grad():
                return layer(x)
        return _gradient(layer, x.detach().requires_grad_(), g)

    def plain() -> object:
        with plain_path():
            return call(layers["snnedu"])

    a, b, c = (torch.zeros(size) for _ in range(3))

    def stream() -> None:
        for _ in range(1 + backward):
            torch.add(a, b, out=c)

    calls = {name: (lambda layer=layer: call(layer)) for name, layer in layers.items()}
    return race({**calls, PLAIN: plain, LIMIT: stream}, 0.1 if quick else 0.3, 3)


def _gradient(layer: peers.Run, x: Tensor, g: Tensor) -> Tensor | None:
    layer(x).backward(g)
    return x.grad


def _row(size: tuple[int, int, int], times: Times) -> dict[str, object]:
    named = dict(zip(("T", "B", "N"), size, strict=True))
    ours, others = times["snnedu"], _others(times)
    return {
        **named, **times, "× snnTorch": others.get("snntorch", float("nan")) / ours,
        "× fastest peer": min(others.values(), default=float("nan")) / ours,
    }  # fmt: skip


def _others(times: Times) -> Times:
    return {name: taken for name, taken in times.items() if name in peers.PEERS}


def _speed_up(table: list[Times], ours: str, theirs: str | None) -> list[float]:
    """Return, for each size, how many times faster than a peer, or than the fastest one."""
    found: list[float] = []
    for times in table:
        others = _others(times)
        if others and (theirs is None or theirs in others):
            found.append((min(others.values()) if theirs is None else others[theirs]) / times[ours])
    return found


def _goals(what: str, table: list[Times], snntorch: float, fastest: float) -> list[Goal]:
    against_snntorch = geometric_mean(_speed_up(table, "snnedu", "snntorch"))
    against_fastest = geometric_mean(_speed_up(table, "snnedu", None))
    return [
        Goal(f"Leaky, {what}: against snnTorch (geometric mean)", against_snntorch, snntorch),
        Goal(f"Leaky, {what}: against the fastest peer (geometric mean)", against_fastest, fastest),
    ]


def _more_goals(grid: list[tuple[int, int, int]], table: list[Times]) -> list[Goal]:
    over = max([t["snnedu"] / t[LIMIT] for t in _memory_bound(grid, table)], default=float("nan"))
    against_snntorch = geometric_mean(_speed_up(table, PLAIN, "snntorch"))
    ours, plain = _worst(table, "snnedu"), _worst(table, PLAIN)
    return [
        Goal("Leaky, at every size: against the fastest peer", ours, 4),
        Goal("Leaky, memory-bound: times the memory limit", over, 2.5, at_most=True),
        Goal("Plain torch: against snnTorch (geometric mean)", against_snntorch, 6),
        Goal("Plain torch, at every size: against the fastest peer", plain, 1),
    ]


def _memory_bound(grid: list[tuple[int, int, int]], table: list[Times]) -> list[Times]:
    """Return large sizes where the limit itself is slow: it streams from memory, not a cache."""
    large = [(prod(size), t) for size, t in zip(grid, table, strict=True)]
    rates = [(values / t[LIMIT], t) for values, t in large if values >= BEYOND_CACHE]
    slowest = min([rate for rate, _ in rates], default=0.0)
    return [t for rate, t in rates if rate <= 1.5 * slowest]


def _worst(table: list[Times], ours: str) -> float:
    return min(_speed_up(table, ours, None), default=float("nan"))
