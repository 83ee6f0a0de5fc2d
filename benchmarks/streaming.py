"""One step at a time: how long does 64-256-10 take for one sample, here and elsewhere?"""

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import nn

import snnedu as snn
from benchmarks.timing import Goal, Result
from snnedu.silicon.streaming import Stream


def run(quick: bool) -> list[Result]:
    """Return latencies of `net.step`, of ONNX Runtime and of snnTorch on the same spikes."""
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(64, 256), snn.Leaky(0.9), nn.Linear(256, 10), snn.Leaky(0.9))
    x_rec = 2 * torch.rand(300 if quick else 3000, 1, 64)
    threads, steps, rows = torch.get_num_threads(), _steps(net), list[dict[str, object]]()
    for number in (threads, 1):
        torch.set_num_threads(number)
        runs = {name: snn.stream(step, x_rec) for name, step in steps.items()}
        rows += _rows(runs, number)
    torch.set_num_threads(threads)
    p99 = runs["snnedu"].percentile(99)
    goal = Goal("Streaming 64-256-10: p99 of a step", p99, 1, "ms", at_most=True)
    about = (
        "One sample, one step, state in and out. The goal is for one thread, as the course sets "
        "it: two share so small a product, and one that has to wait for a core delays the answer."
    )
    return [Result("Streaming", about, rows, [goal])]


def _rows(runs: dict[str, Stream], threads: int) -> list[dict[str, object]]:
    counts = {name: each.spk_rec.sum().item() for name, each in runs.items()}
    assert min(counts.values()) > 0
    assert max(counts.values()) - min(counts.values()) <= 0.01 * max(counts.values()), counts
    return [
        {"step of": name, "threads": threads, "p50 (ms)": each.percentile(50),
         "p95": each.percentile(95), "p99": each.percentile(99),
         "state (bytes)": each.state_bytes or "inside"}
        for name, each in runs.items()
    ]  # fmt: skip


def _steps(net: snn.Sequential) -> dict[str, Any]:
    steps: dict[str, Any] = {"snnedu": net}
    if find_spec("onnxruntime") and find_spec("onnxscript"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.onnx"
            snn.to_onnx(net, path, (64,))
            steps["ONNX Runtime"] = snn.from_onnx(path)
    if find_spec("snntorch"):
        steps["snntorch"] = _snntorch(net)
    return steps


def _snntorch(net: snn.Sequential) -> Callable[..., Any]:
    from snntorch import utils

    theirs = snn.to_snntorch(net)

    def step(x: Any, state: Any) -> tuple[Any, Any]:
        if state is None:
            utils.reset(theirs)
        spk, _ = theirs(x)
        return spk, "inside"

    return step
