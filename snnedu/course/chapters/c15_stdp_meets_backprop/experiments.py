"""What 15 measures: features, a head start, and a drifting sensor, each with its controls."""

import copy
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

import snnedu as snn
from snnedu.core.data import mnist_small
from snnedu.course.chapters.c15_stdp_meets_backprop.winners import (
    Winners,
    mature,
    scans,
    shrink,
    spikes,
)

ACTIVE = 0.3  # the share of steps in which a hidden neuron fires, the same for all weights
FEW, MANY = 100, 1000  # labels
DECAY = 1e-3  # of a readout; it suits shuffled features best: a control gets a fair chance
LATE = 0.02  # the rate at which STDP goes on after deployment
STAGES = 3  # of the drift

Drift = Callable[[Tensor, int], Tensor]  # (28 by 28 images, stage) -> 14 by 14 images


@cache
def learned(seed: int) -> Winners:
    """Return the layer that STDP makes of the training images; copy it before it learns on."""
    return mature(scans()[0][0], seed)


def starts(seed: int) -> dict[str, Tensor]:
    """Return hidden weights `[100, 196]` by their origin; none of them has seen a label.

    "shuffled" has the values of "STDP", each neuron's in random places. "images" are 100 of the
    training images, as they are.
    """
    generator = torch.Generator().manual_seed(seed)
    x, weight = scans()[0][0], learned(seed).weight
    mixed = torch.stack([row[torch.randperm(len(row), generator=generator)] for row in weight])
    copied = x[torch.randperm(len(x), generator=generator)[: len(weight)]]
    return {"STDP": weight, "shuffled": mixed, "images": copied}


def centered(weight: Tensor) -> Tensor:
    """Return weights of mean 0 and length 1 for each neuron: what is below its mean inhibits."""
    weight = weight - weight.mean(1, keepdim=True)
    return weight / weight.norm(dim=1, keepdim=True)


def gain(weight: Tensor, spk_in: Tensor, active: float = ACTIVE) -> float:
    """Return the factor at which the neurons fire in a share `active` of all steps, on average."""
    cur_rec, low, high = spk_in @ weight.T, 0.01, 20.0
    for _ in range(10):
        middle = (low * high) ** 0.5
        fires = snn.Leaky(0.9).unroll(middle * cur_rec)[0].mean()
        low, high = (middle, high) if fires < active else (low, middle)
    return low


def rates(weight: Tensor, spk_in: Tensor) -> Tensor:
    """Return the firing rates `[samples, neurons]` of leaky neurons with these weights."""
    return snn.Leaky(0.9).unroll(spk_in @ weight.T)[0].mean(0)


def readout(features: Tensor, labels: Tensor, seed: int, decay: float = DECAY) -> nn.Linear:
    """Train a linear readout by gradient descent: 300 steps, each on all samples."""
    torch.manual_seed(seed)
    line = nn.Linear(features.shape[1], 10)
    optimizer = torch.optim.Adam(line.parameters(), lr=0.1, weight_decay=decay)
    for _ in range(300):
        error = cross_entropy(line(features), labels)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    return line


def right(line: nn.Linear, features: Tensor, labels: Tensor) -> float:
    """Return the share of right answers."""
    return (line(features).argmax(1) == labels).float().mean().item()


# ------------------------------------------------------------------------------------- features


def hybrid(seed: int, decay: float = DECAY) -> dict[str, list[float]]:
    """Return what a readout gets right with few and with many labels, by its features."""
    (x, labels), (x_test, labels_test) = scans()
    generator = torch.Generator().manual_seed(seed)
    spk_in, spk_test = spikes(x[:MANY], generator), spikes(x_test, generator)
    features = {"pixels": (spk_in.mean(0), spk_test.mean(0))}
    for name, weight in starts(seed).items():
        fixed = centered(weight)
        fixed = gain(fixed, spk_in[:, :100]) * fixed
        features[name] = rates(fixed, spk_in), rates(fixed, spk_test)
    return {
        name: [
            right(readout(seen[:few], labels[:few], seed, decay), tested, labels_test)
            for few in (FEW, MANY)
        ]
        for name, (seen, tested) in features.items()
    }


# ---------------------------------------------------------------------------------- a head start


def network(weight: Tensor | None, seed: int) -> snn.Sequential:
    """Return a network of two layers; its hidden weights are given, or torch's usual ones."""
    torch.manual_seed(seed)
    hidden, out = nn.Linear(196, 100), nn.Linear(100, 10)
    if weight is not None:
        some = spikes(scans()[0][0][:100], torch.Generator().manual_seed(seed))
        fixed = centered(weight)
        with torch.no_grad():
            hidden.weight.copy_(gain(fixed, some, 0.15) * fixed)
            hidden.bias.zero_()
    readout = snn.Leaky(0.9, reset_mechanism="none")
    return snn.Sequential(hidden, snn.Leaky(0.9), out, readout)


def train(net: snn.Sequential, epochs: int, seed: int, lr: float) -> list[float]:
    """Train all layers; return the share of right test answers after each epoch."""
    (x, labels), (x_test, labels_test) = scans()
    generator = torch.Generator().manual_seed(seed)
    optimizer, spk_test = torch.optim.Adam(net.parameters(), lr=lr), spikes(x_test, generator)
    curve: list[float] = []
    for _ in range(epochs):
        for chosen in torch.randperm(len(x), generator=generator).split(50):
            _, mem_rec = net(spikes(x[chosen], generator))
            error = cross_entropy(mem_rec.mean(0), labels[chosen])
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
        with torch.no_grad():
            answers = net(spk_test)[1].mean(0).argmax(1)
        curve.append((answers == labels_test).float().mean().item())
    return curve


STARTS = "usual", "STDP", "shuffled", "images"


def head_start(
    seed: int, lr: float, epochs: int = 3, names: Sequence[str] = STARTS
) -> dict[str, list[float]]:
    """Return the accuracy after each epoch of backprop, by where the hidden weights begin."""
    begun = {"usual": None, **starts(seed)}
    return {name: train(network(begun[name], seed), epochs, seed, lr) for name in names}


# ------------------------------------------------------------------------------------- the drift


def slip(x: Tensor, stage: int) -> Tensor:
    """Move images to the right by `stage` of their 28 pixels."""
    moved = pad(x.view(-1, 28, 28), (stage, 0))[:, :, :28]
    return shrink(moved.reshape(-1, 784))


def fade(x: Tensor, stage: int) -> Tensor:
    """Let each pixel lose its own part of its sensitivity."""
    loss = torch.randn(196, generator=torch.Generator().manual_seed(15)).abs()
    return shrink(x) * torch.exp(-0.5 * stage * loss)


def steady(x: Tensor, stage: int) -> Tensor:
    """Change nothing."""
    return shrink(x)


DRIFTS: dict[str, Drift] = {"none": steady, "slip": slip, "fade": fade}


@cache
def deployed(seed: int) -> tuple[float, nn.Linear]:
    """Return the gain of the hidden layer and the readout, trained on all 2,000 labels."""
    x, labels = scans()[0]
    weight, seen = centered(learned(seed).weight), spikes(x, torch.Generator().manual_seed(seed))
    scale = gain(weight, seen[:, :100])
    return scale, readout(rates(scale * weight, seen), labels, seed)


def drifting(seed: int, drift: str) -> dict[str, float]:
    """Return what a deployed network still gets right after the last stage, by what is done.

    At each stage 1,000 images without labels come in. "renormalize" gives each pixel the mean it
    had. "STDP goes on" lets the hidden weights learn. The readout stays as it was.
    """
    (x, _), (x_test, labels_test) = mnist_small()
    generator = torch.Generator().manual_seed(1000 + seed)  # other draws than in training
    layer, (scale, line) = copy.copy(learned(seed)), deployed(seed)
    layer.generator, old, came = generator, layer.weight, shrink(x)
    for stage in range(1, STAGES + 1):
        came = DRIFTS[drift](x[torch.randperm(len(x), generator=generator)[:1000]], stage)
        layer.learn(came, lr=LATE)
    tested = DRIFTS[drift](x_test, STAGES)
    ratio = shrink(x).mean(0).clamp(min=1e-3) / came.mean(0).clamp(min=1e-3)
    arms = {
        "nothing": (old, tested),
        "renormalize": (old, (ratio * tested).clamp(0, 1)),
        "STDP goes on": (layer.weight, tested),
    }
    found: dict[str, float] = {}
    for name, (weight, images) in arms.items():
        spk_test = spikes(images, torch.Generator().manual_seed(seed))  # the same draws for all
        found[name] = right(line, rates(scale * centered(weight), spk_test), labels_test)
    return found
