"""Diehl and Cook's network in small: digits in, receptive fields and names of neurons out.

    net = network(200)
    learn(net, images, passes=2)                    # no labels
    names = name(responses(net, images), labels)    # each neuron's class, from training data
    answers = vote(responses(net, fresh), names)

Source: Diehl and Cook 2015, doi:10.3389/fncom.2015.00099. They show each image for 350 ms, to
conductance-based neurons; here it is 40 ms, with more spikes a millisecond, and currents. Their
code learns from triplets, and shows the 60,000 digits several times.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from snnedu.brains.plasticity import STDP, Plastic

Images = Float[Tensor, "samples pixels"]
Counts = Float[Tensor, "samples neurons"]
Labels = Int[Tensor, " samples"]
STEPS, RATE, PART = 40, 0.2, 250  # ms, spikes per ms of a black pixel, images at a time
RULE = STDP(a_plus=0.05, a_minus=5e-4, tau_plus=20.0, tau_minus=20.0, neighbors="nearest")
# Two rules that differ in τ+ alone. Traces add up, to about three times those of RULE where x
# fades, to five times where it counts.
FADING = RULE._replace(a_plus=0.05 / 3, neighbors="all")
COUNTING = FADING._replace(tau_plus=1e6)  # x counts the spikes of an image


def network(outputs: int, seed: int = 0, rule: STDP = RULE, **changes: Any) -> Plastic:
    """Return the network: inhibition by partners, extra thresholds, weights that sum to 78.

    Fewer neurons fire more often each: a spike then raises θ less, so that its mean is the same.
    `dt`, the length of a step in ms, is 1 by default: inhibition comes a step late.
    """
    how = {
        "beta": 0.99 ** changes.get("dt", 1.0),
        "threshold": 4.0,
        "inhibition": 500.0,
        "theta_plus": outputs / 50,
    }
    how |= {"theta_tau": 1e5, "total": 78.0} | changes
    return Plastic(784, outputs, rule, seed=seed, **how)


def encode(images: Images, seed: int, dt: float = 1.0) -> Float[Tensor, "time samples pixels"]:
    """Return random spikes of 40 ms: in each ms a pixel fires with a probability of 0.2 times its ink.

    `dt` is the length of a step in ms.
    """
    draw = torch.Generator().manual_seed(seed)
    chance = torch.rand(round(STEPS / dt), *images.shape, generator=draw)
    return (chance < RATE * dt * images).float()


def learn(
    net: Plastic, images: Images, passes: int = 1, seed: int = 0,
    after: Callable[[int], Any] = lambda shown: None,
) -> Plastic:  # fmt: skip
    """Show all images, `passes` times, in a random order; `after(shown)` is called in between."""
    draw, shown = torch.Generator().manual_seed(seed), 0
    for _ in range(passes):
        for part in torch.randperm(len(images), generator=draw).split(PART):
            net.learn(encode(images[part], 10_000 * seed + shown, net.dt))
            shown += len(part)
            after(shown)
    return net


def responses(net: Plastic, images: Images, seed: int = 0) -> Counts:
    """Return how often each neuron fires for each image, while nothing is learned."""
    parts = enumerate(images.split(PART))
    return torch.cat([net(encode(part, -1 - seed - n, net.dt)).sum(0) for n, part in parts])


def name(counts: Counts, labels: Labels) -> Int[Tensor, " neurons"]:
    """Return each neuron's class: the one for which it fires most on average; -1 if it is silent."""
    means = torch.stack([counts[labels == k].mean(0) for k in range(10)])
    names = means.nan_to_num(-1.0).argmax(0)  # NaN: a class that none of the images has
    return names.where(counts.sum(0) > 0, -1)


def vote(counts: Counts, names: Int[Tensor, " neurons"]) -> Labels:
    """Return each image's answer: the class whose neurons fire most on average."""
    means = [
        counts[:, names == k].mean(1) if (names == k).any() else torch.zeros(len(counts))
        for k in range(10)
    ]
    return torch.stack(means, 1).argmax(1)


def score(net: Plastic, train: tuple[Images, Labels], test: tuple[Images, Labels]) -> float:
    """Return the share of right answers to fresh images; neurons are named on training data."""
    names = name(responses(net, train[0]), train[1])
    return (vote(responses(net, test[0], seed=100), names) == test[1]).double().mean().item()
