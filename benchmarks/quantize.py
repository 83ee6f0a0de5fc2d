"""What does a network of integers cost on this machine, beside the same network in floats?

On a chip the integers are cheaper. A CPU has no such luck: products are computed in float64, and
the neurons step by step.
"""

import torch
from torch import nn

import snnedu as snn
from benchmarks.timing import Goal, Result, race


def run(quick: bool) -> list[Result]:
    """Return the time of one step, and of a whole sequence, in floats and in integers."""
    torch.manual_seed(0)
    steps, batch = 25, 8 if quick else 32
    dense = snn.Sequential(
        nn.Linear(784, 256), snn.Leaky(0.875), nn.Linear(256, 10), snn.Leaky(0.875)
    )
    conv = snn.Sequential(
        nn.Conv2d(1, 12, 5), snn.Leaky(0.875), nn.MaxPool2d(2), nn.Conv2d(12, 32, 5),
        snn.Leaky(0.875), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10), snn.Leaky(0.875),
    )  # fmt: skip
    inputs = {"784-256-10": (dense, (784,)), "12C5-32C5-10": (conv, (1, 28, 28))}
    rows: list[dict[str, object]] = []
    goals: list[Goal] = []
    for name, (net, shape) in inputs.items():
        chip = snn.quantize.integer(net, input_bits=1)
        x_rec = (torch.rand(steps, batch, *shape) < 0.2).float()
        with torch.no_grad():
            same = (chip(x_rec)[0] == snn.quantize.weights(net, 8)(x_rec)[0]).float().mean()
            took = race({
                "step, floats": lambda net=net, x=x_rec[0]: net.step(x),
                "step, integers": lambda chip=chip, x=x_rec[0]: chip.step(x),
                "sequence, floats": lambda net=net, x_rec=x_rec: net(x_rec),
                "sequence, integers": lambda chip=chip, x_rec=x_rec: chip(x_rec),
            })  # fmt: skip
        assert same > 0.95, f"only {same:.1%} of the output spikes are the same"
        rows.append({"network": name, **{f"{what} (ms)": ms for what, ms in took.items()}})
        times = took["step, integers"] / took["step, floats"]
        goals.append(Goal(f"Integer step, {name}: times a step in floats", times, 6, at_most=True))
    about = f"{steps} steps, batch {batch}, random spikes, 8-bit weights, 16-bit states."
    return [Result("Integer network", about, rows, goals)]
