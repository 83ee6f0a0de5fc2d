"""A layer that learns features by STDP, without labels: the neurons compete to answer an image."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from snnedu.core.data import mnist_small

STEPS, INK = 10, 0.5  # of an image; the chance that a black pixel spikes in a step
# The index of the first step in which a neuron may fire: before, there is little to see.
EARLIEST = 3
BETA, FADE, BATCH = 0.9, 0.8, 20  # decay of the membrane, of the trace; images of a batch
HOMEOSTASIS = 0.5  # how fast the threshold of a frequent winner rises


def scans() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return real digits of 14 by 14 pixels: 2,000 `(x [samples, 196], labels)`, 1,000 for the test."""
    (x, labels), (x_test, labels_test) = mnist_small()
    return (shrink(x), labels), (shrink(x_test), labels_test)


def shrink(x: Tensor) -> Tensor:
    """Return images `[samples, 784]` at half the width and height, `[samples, 196]`."""
    return avg_pool2d(x.view(-1, 1, 28, 28), 2).flatten(1)


def spikes(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return a rate code `[10, samples, pixels]`."""
    return (torch.rand(STEPS, *x.shape, generator=generator) < INK * x).float()


class Winners:
    """Leaky neurons that compete; the winner's weights follow the trace of its inputs.

    From the fourth step on, the neuron that is furthest above its threshold fires. The thresholds
    sum to 0, so one neuron fires in each of these steps, unless the image is blank.

        at a spike of neuron i:   w_i ← w_i + η (x̄ / Σ x̄ - w_i)

    x̄ is the presynaptic trace. Weights from inputs that just fired grow, those from silent inputs
    fall: pair STDP, with a fall that depends on the weight. The weights of a neuron sum to 1.
    A neuron that wins often gets a higher threshold. The winner resets all membranes to 0.
    `weight` is `[neurons, pixels]`, `theta` `[neurons]`.
    """

    def __init__(self, pixels: int, neurons: int, generator: torch.Generator) -> None:
        weight = torch.rand(neurons, pixels, generator=generator)
        self.weight = weight / weight.sum(1, keepdim=True)
        self.theta = torch.zeros(neurons)
        self.generator = generator

    def learn(self, x: Tensor, lr: float) -> "Winners":
        """Look at images once, in random order."""
        for chosen in torch.randperm(len(x), generator=self.generator).split(BATCH):
            wins, traces = self._show(spikes(x[chosen], self.generator))
            aim = traces / traces.sum(1, keepdim=True).clamp(min=1e-9)
            share = (1 - (1 - lr) ** wins) * (wins > 0)  # of several spikes, one after the other
            self.weight = self.weight + share[:, None] * (aim - self.weight)
            self.theta = self.theta + HOMEOSTASIS * (wins / wins.sum().clamp(min=1) - 1 / len(wins))
        return self

    def _show(self, spk_in: Tensor) -> tuple[Tensor, Tensor]:
        """Return each neuron's spikes `[neurons]`, and the sum of the traces that it saw then."""
        cur_rec = spk_in @ self.weight.T
        mem, trace = torch.zeros_like(cur_rec[0]), torch.zeros_like(spk_in[0])
        wins, traces = torch.zeros(len(self.weight)), torch.zeros_like(self.weight)
        for step, (cur, spk) in enumerate(zip(cur_rec, spk_in, strict=True)):
            mem, trace = BETA * mem + cur, FADE * trace + spk
            if step >= EARLIEST:
                lead, winner = (mem - self.theta).max(1)
                able = (lead > 0) & (trace.sum(1) > 0)  # a blank image teaches nothing
                fired = torch.zeros_like(mem)
                fired[able, winner[able]] = 1.0
                wins, traces = wins + fired.sum(0), traces + fired.T @ trace
                mem = torch.where(able, 0.0, mem.T).T
        return wins, traces


def mature(x: Tensor, seed: int, neurons: int = 100) -> Winners:
    """Return a layer that has seen the images twice, with a rate that falls from 0.05 to 0.005."""
    layer = Winners(x.shape[1], neurons, torch.Generator().manual_seed(seed))
    parts = [*x.chunk(8), *x.chunk(8)]
    for number, part in enumerate(parts):
        layer.learn(part, lr=0.05 * 0.1 ** (number / (len(parts) - 1)))
    return layer
