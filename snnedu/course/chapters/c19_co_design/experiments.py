"""The experiments of 19 · Co-design: a small network to fit to a chip, and what it costs."""

from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.silicon.energy import PRICES

STEPS, HIDDEN, K = 16, 32, 3
CHIPS = ("skips both", "skips inputs", "skips nothing")
COUNTS = ("operations", "at the input", "dense", "bytes")
PRICE = PRICES["45nm-int8"]


@cache
def digits() -> Any:
    """Return scans for training and for the test, with their labels."""
    return snn.data.digits()


def make(seed: int) -> snn.Sequential:
    """Return a new network, 64-32-10, whose decay is a shift by 3: β = 0.875."""
    torch.manual_seed(seed)
    beta = 1 - 2**-K
    return snn.Sequential(
        nn.Linear(64, HIDDEN), snn.Leaky(beta), nn.Linear(HIDDEN, 10), snn.Leaky(beta)
    )


def train(net: snn.Sequential, epochs: int, seed: int) -> snn.Sequential:
    """Train a network in place on constant currents, and return it, ready to be tested."""
    (x, labels), _ = digits()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    net.train()
    for _ in range(epochs):
        for chosen in torch.randperm(len(x), generator=generator).split(32):
            optimizer.zero_grad()
            spk_rec, _ = net(shown(x[chosen]))
            snn.functional.ce_rate_loss(spk_rec, labels[chosen]).backward()
            optimizer.step()
    return net.eval()


def shown(x: Tensor) -> Tensor:
    """Return scans as constant currents, `[time, samples, 64]`."""
    return x.expand(STEPS, *x.shape)


@torch.no_grad()
def right(net: nn.Module) -> float:
    """Return the percentage of right answers on the test set, in floats or in integers."""
    _, (x, labels) = digits()
    counts = net(shown(x))[0].long().sum(0)
    return 100 * (counts.argmax(-1) == labels).double().mean().item()


def on_chips(net: snn.Sequential, sd: float, chips: int, seed: int) -> Tensor:
    """Return the percentage of right answers on each of so many chips with mismatch."""
    generator = torch.Generator().manual_seed(1000 + seed)
    drawn = (snn.quantize.mismatch(net, sd, generator) for _ in range(chips))
    return torch.tensor([right(chip) for chip in drawn])


@torch.no_grad()
def shifted(net: snn.Sequential, sd: float, seed: int) -> snn.Sequential:
    """Return a copy with noise in each current that is drawn once, in units of θ, and stays."""
    generator, copied = torch.Generator().manual_seed(2000 + seed), snn.quantize.plain(net)
    for layer in copied:
        if isinstance(layer, nn.Linear):
            layer.bias.add_(sd * torch.randn(layer.bias.shape, generator=generator))
    return copied


# ----------------------------------------------------------------------------------------- cost


@torch.no_grad()
def cost(
    net: snn.Sequential, bits: int, state_bits: int = 16, sum_price: float = 1.0
) -> dict[str, float]:
    """Return operations, bytes of weights, and the energy on three chips, nJ an inference.

    The chip "skips both" adds a weight only where input and weight are not 0; a pruned layer then
    stores an address of 8 bits with each weight. "skips inputs" reads all weights of each input that is not 0.
    "skips nothing" adds everything, and keeps each sum in a register until it is complete.

    "operations" count pairs of an input and a weight that are both not 0, as the effective ones of
    NeuroBench do; "dense" are all pairs, its dense ones; "at the input" those of the first layer,
    where the input is no spike. Bytes of the weights that are not 0 are our own count. Prices:
    Horowitz 2014, in proportion to the bits, memory by its size. Sums of A and B pay for his
    smallest memory, 8 kB, though theirs would be smaller: `sum_price` is a factor on it. Not counted: neurons, biases, and moving
    spikes.
    """
    x_rec = shown(digits()[1][0][:100])
    recordings = list(net.record(x_rec).values())
    sources = [x_rec, *(each.spk for each in recordings)]
    found: dict[str, float] = dict.fromkeys((*COUNTS, *CHIPS), 0.0)
    layers = [layer for layer in net if isinstance(layer, nn.Linear)]
    for number, layer in enumerate(layers):
        busy = (sources[number] != 0).sum(0).double().mean(0)  # steps with input, for each input
        kept = (layer.weight != 0).double()
        done = (kept @ busy).sum().item()
        found["operations"] += done
        found["at the input"] += done if number == 0 else 0
        found["dense"] += STEPS * kept.numel()
        found["bytes"] += kept.sum().item() * bits / 8
        for chip in CHIPS:
            found[chip] += 1e-3 * _energy(
                chip, kept, busy, bits, state_bits, sum_price, number == 0
            )
    return found


def _energy(
    chip: str,
    kept: Tensor,
    busy: Tensor,
    bits: int,
    state_bits: int,
    sum_price: float,
    multiplies: bool,
) -> float:
    """Return what one layer costs, pJ: compute, weights read, and sums read and written."""
    stored = bits
    if chip != "skips both":
        kept = torch.ones_like(kept)
    elif kept.mean() < 0.7:
        stored = bits + 8
    if chip == "skips nothing":
        busy = torch.full_like(busy, STEPS)
    done, sums = (kept @ busy).sum().item(), len(kept)
    moved = STEPS * sums + (0.0 if chip == "skips nothing" else done)
    compute = PRICE.add * state_bits / 8 + multiplies * PRICE.multiply * bits / 8
    read = replace(PRICE, bits=stored).access(int(kept.sum()))
    one_sum = sum_price * replace(PRICE, bits=state_bits).access(sums)
    return done * (compute + read) + 2 * moved * one_sum


def agreement(metric: Tensor, energy: Tensor) -> float:
    """Return in how many percent of the pairs that differ in energy a metric names the cheaper."""
    votes = [
        float((metric[a] < metric[b]) == (energy[a] < energy[b]))
        for a, b in combinations(range(len(metric)), 2)
        if energy[a] != energy[b]
    ]
    return 100 * sum(votes) / len(votes)


def differing(energy: Tensor) -> int:
    """Return how many pairs differ in energy."""
    return sum(bool(a != b) for a, b in combinations(energy, 2))


def agreements(surface: dict[Any, list[dict[str, float]]]) -> dict[str, list[tuple[float, int]]]:
    """Return for each chip and seed `agreement` of operations and energy, and of how many pairs."""
    seeds = list(zip(*surface.values(), strict=True))

    def column(networks: tuple[dict[str, float], ...], what: str) -> Tensor:
        return torch.tensor([each[what] for each in networks])

    return {
        chip: [
            (
                agreement(column(nets, "operations"), column(nets, chip)),
                differing(column(nets, chip)),
            )
            for nets in seeds
        ]
        for chip in CHIPS
    }


def compress(base: snn.Sequential, bits: int, share: float, seed: int) -> snn.Sequential:
    """Return `base`, pruned and rounded, after four more epochs of training with both."""
    net = snn.quantize.prune(base, share) if share else base
    return snn.quantize.plain(train(snn.quantize.aware(net, bits), 4, seed))
