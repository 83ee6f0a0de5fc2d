"""What does it take to estimate a network's energy, beside one pass through the network?"""

import torch
from torch import nn

import snnedu as snn
from benchmarks.timing import Goal, Result, race


def run(quick: bool) -> list[Result]:
    """Return the time of `energy.report` for a dense and for a convolutional network."""
    torch.manual_seed(0)
    batch = 4 if quick else 16
    dense = snn.Sequential(nn.Linear(784, 256), snn.Leaky(0.9), nn.Linear(256, 10), snn.Leaky(0.9))
    conv = snn.Sequential(
        nn.Conv2d(1, 12, 5), snn.Leaky(0.9), nn.MaxPool2d(2), nn.Conv2d(12, 32, 5),
        snn.Leaky(0.9), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10), snn.Leaky(0.9),
    )  # fmt: skip
    inputs = {"784-256-10": (dense, (784,)), "12C5-32C5-10": (conv, (1, 28, 28))}
    rows: list[dict[str, object]] = []
    goals: list[Goal] = []
    for name, (net, shape) in inputs.items():
        x_rec = (torch.rand(25, batch, *shape) < 0.2).float()
        with torch.no_grad():
            took = race({
                "forward": lambda net=net, x_rec=x_rec: net(x_rec),
                "report": lambda net=net, x_rec=x_rec: snn.energy.report(net, x_rec),
            })  # fmt: skip
        times = took["report"] / took["forward"]
        rows.append({
            "network": name, "forward (ms)": took["forward"], "report (ms)": took["report"],
            "report / forward": times,
        })  # fmt: skip
        goals.append(Goal(f"`energy.report`, {name}: times a forward pass", times, 2, at_most=True))
    return [Result("Energy report", f"25 steps, batch {batch}, random spikes.", rows, goals)]
