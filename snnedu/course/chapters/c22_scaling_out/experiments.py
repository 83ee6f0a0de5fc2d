"""What 22 measures: times of one step, a script in several processes, neurons without a reset."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from snnedu.core.data import manifolds
from snnedu.core.functional import ce_rate_loss
from snnedu.core.network import Sequential
from snnedu.core.neurons import Leaky
from snnedu.core.training import evaluate, fit

MATRIX = 512  # rows of the matrices whose product is timed
COPIED = 2**23  # numbers that are copied: more than a cache holds

# Processor time, since waiting for a busy core is no part of a measurement; on Windows it is coarse.
FINE = time.get_clock_info("process_time").resolution < 1e-5
CLOCK = time.process_time if FINE else time.perf_counter

# Measured once in November 2026, with torch 2.11 on an NVIDIA H200 and 16 cores beside it:
# milliseconds of a forward and a backward pass as in `step_time`, 50 steps, batch 64, by neurons;
H200_STEP = {64: (8.2, 3.3), 128: (8.1, 4.1), 256: (8.3, 5.6), 512: (6.6, 13.5), 4096: (13.0, None)}
# and of 64 x 512 neurons without reset on the GPU, by steps: the loop of `unroll`, one product.
H200_TIME = {64: (2.19, 0.06), 256: (7.66, 0.15), 1024: (30.17, 1.54), 4096: (83.80, 21.98)}


def seconds(function: Callable[[], Any], repeats: int = 7) -> float:
    """Return the shortest time of several calls: what else the machine does only adds to it."""
    function()
    found: list[float] = []
    for _ in range(repeats):
        start = CLOCK()
        function()
        found.append(CLOCK() - start)
    return min(found)


def limits() -> tuple[float, float]:
    """Return what this machine can do with one thread: operations, and bytes, per second."""
    a, b = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
    old, new = torch.rand(COPIED), torch.empty(COPIED)
    operations = 2 * MATRIX**3 / seconds(lambda: a @ b)
    return operations, 8 * COPIED / seconds(lambda: new.copy_(old))  # read 4 bytes, write 4


def step_time(steps: int = 20, neurons: int = 128, batch: int = 64) -> float:
    """Return the seconds of a forward and a backward pass of a network with one hidden layer."""
    torch.manual_seed(0)
    layers = nn.Linear(neurons, neurons), Leaky(0.9), nn.Linear(neurons, 10), Leaky(0.9)
    net = Sequential(*layers)
    x_rec = (torch.rand(steps, batch, neurons) < 0.2).float()
    targets = torch.arange(batch) % 10

    def learn() -> None:
        net.zero_grad()
        ce_rate_loss(net(x_rec)[0], targets).backward()

    return seconds(learn)


def operations(steps: int, neurons: int, batch: int) -> float:
    """Return how many operations the matrix products of `step_time` need."""
    hidden = 4 * neurons**2  # forward, and the weights' gradient; the input needs none
    return steps * batch * (hidden + 6 * 10 * neurons)


def tell_of_a_gpu(what: str) -> None:
    """Print what was measured on a GPU, over "neurons" or "steps"."""
    if what == "neurons":
        for neurons, (gpu, cpu) in H200_STEP.items():
            beside = "" if cpu is None else f", 16 cores beside it {cpu} ms"
            print(f"{neurons:4} neurons, 50 steps, batch 64: H200 {gpu} ms{beside}")
    else:
        for steps, (loop, product) in H200_TIME.items():
            print(f"{steps:4} steps on an H200: loop {loop:.2f} ms, product {product:.2f} ms")


def launch(script: str, processes: int) -> Any:
    """Run a script in so many processes, and return what it has saved to `sys.argv[1]`."""
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "train.py", Path(folder) / "found.pt"
        file.write_text(script, encoding="utf-8")
        command = [sys.executable, *_torchrun(processes), str(file), str(out)]
        running = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=_alone()
        )
        try:
            _, errors = running.communicate()
        except BaseException:  # ■ in a notebook
            _stop(running)
            raise
        if running.returncode:
            raise RuntimeError(f"The script has failed:\n{errors[-2000:]}")
        return torch.load(out)


def _stop(running: subprocess.Popen[str]) -> None:
    """End a process and all that it has started: torchrun's children outlive a killed torchrun."""
    with suppress(psutil.NoSuchProcess):
        torchrun = psutil.Process(running.pid)
        family = [torchrun, *torchrun.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    running.communicate()


def _torchrun(processes: int) -> list[str]:
    if processes == 1:
        return []
    return ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]


def _alone() -> dict[str, str]:
    """Return the environment of processes that have one thread each, as Dask's workers do."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "USE_LIBUV": "0"}


def without_reset(cur_rec: Tensor, beta: float = 0.9) -> Tensor:
    """Return the spikes of neurons that never reset, [time, ...], of all steps in one product."""
    steps = torch.arange(len(cur_rec))
    ages = (steps[:, None] - steps).clamp(min=0)
    weights = beta ** ages.float()
    counts = (steps[:, None] >= steps) & (weights > 1e-30)  # smaller numbers slow a CPU down
    kernel = torch.where(counts, weights, 0.0)
    return ((kernel @ cur_rec.flatten(1)) > 1).float().view_as(cur_rec)


def in_steps(cur_rec: Tensor, beta: float = 0.9) -> Tensor:
    """Return the spikes of the same neurons, step after step, as plain PyTorch."""
    lif, mem = Leaky(beta, reset_mechanism="none"), None
    spikes: list[Tensor] = []
    for cur in cur_rec:
        spk, mem = lif(cur, mem)
        spikes.append(spk)
    return torch.stack(spikes)


def learn_times(reset: Any, seed: int) -> dict[str, float]:
    """Train on classes that differ in spike times alone; return test accuracy and spikes."""
    train, test = manifolds(4, 20, 40, samples=60, smoothness=1.5, seed=seed)
    torch.manual_seed(seed)
    hidden, last = Leaky(0.9, reset_mechanism=reset), Leaky(0.9, reset_mechanism=reset)
    net = Sequential(nn.Linear(20, 64), hidden, nn.Linear(64, 4), last)
    fit(net, train, epochs=15, batch_size=24, lr=5e-3, seed=seed, progress=False)
    score = evaluate(net, test)
    return {"accuracy": score.accuracy or 0.0, "rate": score.rates["1"]}
