"""How fast is a layer of leaky neurons on a GPU? Without one there is nothing to measure.

There the layer is plain torch: one small kernel after another, so that short, small sequences are
bound by the time that it takes to start a kernel, not by the GPU.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.timing import Goal, Result, Times, geometric_mean, race

BETA = 0.9
# time, batch, neurons
GRID = [(25, 128, 100), (100, 64, 100), (100, 128, 1000), (500, 128, 1000), (100, 1024, 4000)]
TITLE = "On a GPU"


def run(quick: bool) -> list[Result]:
    """Return times of a layer, forward and forward + backward."""
    if not torch.cuda.is_available():
        return [Result(TITLE, "Not measured: there is no CUDA device. GPU.md tells of one.")]
    grid = GRID[:2] if quick else GRID
    results: list[Result] = []
    for what, pass_over in {"forward": _forward, "forward + backward": _both}.items():
        times = [_measure(size, pass_over, quick) for size in grid]
        results.append(_result(what, grid, times))
    return results


def _measure(size: tuple[int, ...], pass_over: Callable[..., object], quick: bool) -> Times:
    x = torch.randn(size, device="cuda") * 0.4 + 0.15
    with torch.device("cuda"):
        layers = peers.leaky(BETA, "subtract")

    def call(layer: peers.Run) -> None:
        pass_over(layer, x)
        torch.cuda.synchronize()

    calls = {name: lambda layer=layers[name]: call(layer) for name in ("snnedu", "snntorch")}
    return race(calls, 0.2 if quick else 1.0, 3)


def _forward(layer: peers.Run, x: Tensor) -> None:
    with torch.no_grad():
        layer(x)


def _both(layer: peers.Run, x: Tensor) -> None:
    x = x.detach().requires_grad_()
    layer(x).sum().backward()


def _result(what: str, grid: list[tuple[int, int, int]], table: list[Times]) -> Result:
    rows: list[dict[str, object]] = [
        {"T": T, "B": B, "N": N, **times, "× snnTorch": times["snntorch"] / times["snnedu"]}
        for (T, B, N), times in zip(grid, table, strict=True)
    ]
    mean = geometric_mean([times["snntorch"] / times["snnedu"] for times in table])
    goal = Goal(f"On a GPU, {what}: against snnTorch (geometric mean)", mean, 6)
    return Result(
        f"{TITLE}, {what}", f"In ms, on one {torch.cuda.get_device_name()}.", rows, [goal]
    )
