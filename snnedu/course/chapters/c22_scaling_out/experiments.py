"""What 22 measures: times of one step, a script in several processes, neurons without a reset."""

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from snnedu.core.data import manifolds
from snnedu.core.functional import ce_rate_loss
from snnedu.core.intervals import interval as interval
from snnedu.core.network import Sequential
from snnedu.core.neurons import Leaky
from snnedu.core.training import evaluate, fit
from snnedu.silicon.scale import Sweep

LEAST = 0.1  # seconds of measuring
MATRIX = 512  # rows of the matrices whose product is timed

# Processor time, since waiting for a busy core is no part of a measurement; on Windows it is coarse.
FINE = time.get_clock_info("process_time").resolution < 1e-5
CLOCK = time.process_time if FINE else time.perf_counter

# Measured once in November 2026, with torch 2.11 on an NVIDIA H200 and 16 cores beside it:
# milliseconds of a forward and a backward pass as in `step_time`, 50 steps, batch 64, by neurons;
H200_STEP = {64: (8.2, 3.3), 128: (8.1, 4.1), 256: (8.3, 5.6), 512: (6.6, 13.5), 4096: (13.0, None)}
# and of 32 x 64 neurons without reset on the GPU, by steps: the loop of `unroll`, one product.
H200_TIME = {16: (0.49, 0.22), 64: (1.98, 0.16), 256: (4.56, 0.15), 1024: (17.09, 0.31)}

# Measured by `make bench` in November 2026, on two idle cores of an AMD EPYC: milliseconds of an
# epoch of a wide network in one process and in two, see Processes in benchmarks/RESULTS.md.
WIDE = (963, 565)

# Measured once with seeds 0 to 15: what is changed in `learn_times`, and by how much the accuracy
# without a reset is then better, as mean and spread over seeds.
CONTROLS: dict[str, tuple[dict[str, Any], float, float]] = {
    "first weights twice as large": ({"scale": 2.0}, 0.22, 0.11),
    "half the learning rate": ({"lr": 5e-3}, 0.20, 0.10),
    "twice the learning rate": ({"lr": 2e-2}, 0.15, 0.10),
}
# The same with a reset in one layer alone: accuracy, and spikes per hidden neuron and step.
ONE_RESET = {"hidden": (0.92, 0.022), "output": (0.89, 0.212)}


def seconds(function: Callable[[], Any], repeats: int = 7) -> float:
    """Return the shortest time of several calls: what else the machine does only adds to it.

    Short functions are called more often, for LEAST seconds.
    """
    function()
    found, end = list[float](), time.perf_counter() + LEAST
    while len(found) < repeats or time.perf_counter() < end:
        start = CLOCK()
        function()
        found.append(CLOCK() - start)
    return min(found)


def arithmetic() -> float:
    """Return how many operations this machine does in a second, with one thread."""
    a, b = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
    return 2 * MATRIX**3 / seconds(lambda: a @ b)


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
    print("measured once, on an NVIDIA H200:")
    if what == "neurons":
        for neurons, (gpu, cpu) in H200_STEP.items():
            beside = "" if cpu is None else f", 16 cores beside it {cpu} ms"
            print(f"{neurons:4} neurons, 50 steps, batch 64: GPU {gpu} ms{beside}")
    else:
        for steps, (loop, product) in H200_TIME.items():
            print(f"{steps:4} steps of 2,048 neurons: loop {loop:.2f} ms, product {product:.2f} ms")


def tell_of_a_wide_network() -> None:
    """Print how fast two processes trained a network whose step takes long."""
    one, two = WIDE
    print("measured once, on two idle cores of an AMD EPYC:")
    print("784 inputs, 1,000 hidden neurons, 25 steps, four batches of 256:")
    print(f"an epoch in one process {one} ms, in two {two} ms, {one / two:.1f} times as fast")


def tell_of_controls() -> None:
    """Print what the race with and without reset gave under other conditions."""
    print("measured once, 16 seeds each:")
    for name, (_, mean, spread) in CONTROLS.items():
        print(f"{name}: without reset better by {mean:.2f} ± {spread:.2f}")
    for layer, (accuracy, rate) in ONE_RESET.items():
        print(f"a reset in the {layer} layer alone: accuracy {accuracy:.2f}, "
              f"spikes per hidden neuron and step {rate:.3f}")  # fmt: skip


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


def in_blocks(cur_rec: Tensor, beta: float = 0.9, block: int = 32) -> Tensor:
    """Return the same spikes: a product for each block of steps, which hands on its last U."""
    steps = torch.arange(block)
    kernel = (beta ** (steps[:, None] - steps).float()).tril()
    left = beta ** (steps + 1.0)[:, None]  # of the U that was handed on
    mem, spikes = torch.zeros(1), list[Tensor]()
    for part in cur_rec.flatten(1).split(block):
        now = kernel[: len(part), : len(part)] @ part + left[: len(part)] * mem
        spikes.append((now > 1).float())
        mem = now[-1]
    return torch.cat(spikes).view_as(cur_rec)


EARLY, EPOCHS = 10, 25


def learn_times(
    reset: Any, seed: int, last: Any = None, scale: float = 1.0, lr: float = 1e-2
) -> dict[str, float]:
    """Train on classes that differ in spike times alone; return test accuracy and spikes.

    `reset` is that of the hidden layer, and of the last one too by default. `scale` multiplies the
    first weights. `early` is the accuracy after 10 of the 25 epochs.
    """
    train, test = manifolds(4, 20, 40, samples=60, smoothness=1.5, seed=seed)
    torch.manual_seed(seed)
    hidden, output = (Leaky(0.9, reset_mechanism=each) for each in (reset, last or reset))
    net = Sequential(nn.Linear(20, 64), hidden, nn.Linear(64, 4), output)
    with torch.no_grad():
        for weight in net.parameters():
            weight *= scale
    with warnings.catch_warnings(action="ignore"):  # a silent output layer wakes up later
        history = fit(
            net, train, test, epochs=EPOCHS, batch_size=24, lr=lr, seed=seed, progress=False
        )  # fmt: skip
    rate = evaluate(net, test).rates["1"]
    early, accuracy = history.test_accuracy[EARLY - 1], history.test_accuracy[-1]
    return {"early": early, "accuracy": accuracy, "rate": rate}


def stored_race() -> Sweep:
    """Return what `learn_times` gave once for 16 seeds, with and without a reset.

    `race.json` holds the rows of this call, which computes for about 20 seconds:

        snn.sweep(experiments.learn_times, {"reset": ["subtract", "none"]}, seeds=16)
    """
    file = Path(__file__).with_name("race.json")
    return Sweep(json.loads(file.read_text(encoding="utf-8")))
