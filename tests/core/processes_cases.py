"""What `test_processes.py` trains, in one process and, as a script under `torchrun`, in two."""

import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn

import snnedu as snn
from snnedu.core.training import Interrupted


def task(samples=23, features=6):
    """Return sequences and classes; 23 = 3 x 7 + 2 leaves a last batch of two samples."""
    torch.manual_seed(0)
    return torch.rand(samples, 9, features), torch.arange(samples) % 3


def net(*layers, seed=0):
    torch.manual_seed(seed)
    hidden = layers or (snn.Leaky(0.8, learn_beta=True),)
    made = snn.Sequential(nn.Linear(6, 12), *hidden, nn.Linear(12, 3), snn.Leaky(0.9))
    for weight in (made[0].weight, made[-2].weight):
        weight.data *= 4  # so that all layers fire
    return made


def coins(x):
    return snn.spikegen.rate(x.mean(1), 9)


def padded():
    x, targets = task()
    return x, targets, 3 + torch.arange(len(x)) % 7


def quiet(spikes, mask):
    """Cost spikes, as a mean over samples: a sum would count less in two processes."""
    return 0.1 * (spikes["1"] * mask[..., None]).sum((0, 2)).mean()


CASES = {
    "ragged": lambda: (net(), task(), {"batch_size": 7}),
    "a last batch of one": lambda: (net(), task(22), {"batch_size": 7}),
    "a random encoder": lambda: (net(), task(), {"batch_size": 7, "encode": coins}),
    "lengths": lambda: (net(), padded(), {"batch_size": 7, "penalty": quiet}),
    "truncated and clipped": lambda: (net(), task(), {"truncate": 4, "clip": 0.1}),
    "recurrent, delayed": lambda: (
        net(snn.RLeaky(0.8, linear_features=12), snn.Delay(torch.rand(12), 3, learn_delay=True)),
        task(),
        {},
    ),
    "no seed": lambda: (net(), task(), {"batch_size": 7, "seed": None}),
    "the best": lambda: (net(), task(), {"batch_size": 7, "keep_best": True}),
}


def train(name):
    """Return the weights, and what happened."""
    network, data, how = CASES[name]()
    if name == "no seed":
        torch.manual_seed(5 + int(os.environ.get("RANK", "0")))  # the first process decides
    history = snn.fit(network, data, data, epochs=3, progress=False, **how)
    return network.state_dict(), told(history)


def told(history):
    return {k: v for k, v in vars(history).items() if k != "seconds"}


def other_weights(rank):
    network = net(seed=rank)
    snn.fit(network, task(), epochs=1, progress=False)
    return network.state_dict()


def dropout():
    seen, network = [], net(snn.Leaky(0.8), nn.Dropout(0.5))
    network[2].register_forward_hook(lambda layer, given, out: seen.append(out == 0))
    snn.fit(network, (torch.ones(8, 9, 6), torch.zeros(8).long()), epochs=2, progress=False)
    return network.state_dict(), [seen[0], seen[1]]


def resumed(folder, rank):
    """Train one epoch, stopped by the last process alone; then the rest, from the file."""
    file = Path(folder) / f"seen-by-{rank}.pt"
    how = {"epochs": 3, "batch_size": 7, "progress": False, "checkpoint": file}
    first = snn.fit(net(), task(), on_epoch=lambda history: rank == 1, **how)
    network = net(seed=rank)
    history = snn.fit(network, task(), **how)
    return network.state_dict(), told(first), told(history), file.exists()


def interrupted(rank):
    """Press Ctrl-C in the last process alone, in the second batch."""

    def press(report):
        if rank == 1 and report.batch == 2:
            signal.raise_signal(signal.SIGINT)

    try:
        snn.fit(net(), task(), batch_size=7, on_batch=press, progress=False)
    except Interrupted as stop:
        return len(stop.history.batch_loss), stop.history.stopped


def error(network, data):
    try:
        snn.fit(network, data, epochs=1, progress=False)
    except ValueError as refused:
        return str(refused)


def main(folder):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    rank = int(os.environ["RANK"])
    x, targets = task()
    found = {name: train(name) for name in CASES}
    found["other weights"] = other_weights(rank)
    found["dropout"] = dropout()
    found["resumed"] = resumed(folder, rank)
    found["interrupted"] = interrupted(rank)
    found["batch norm"] = error(net(nn.BatchNorm1d(12), snn.Leaky(0.8)), task())
    found["other data"] = error(net(), (x[rank::2], targets[rank::2]))
    found["alone"] = snn.evaluate(net(), (x[: 5 + rank], targets[: 5 + rank])).loss
    snn.fit(net(), task(), epochs=1)  # shows a bar
    torch.save(found, Path(folder) / f"{rank}.pt")


if __name__ == "__main__":
    main(sys.argv[1])
