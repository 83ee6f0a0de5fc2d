"""What joins both: how well an update without a gradient points where the gradient points."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear, one_hot, softmax

import snnedu as snn
from snnedu.course.chapters.c15_stdp_meets_backprop.experiments import network, train
from snnedu.course.chapters.c15_stdp_meets_backprop.winners import scans, spikes

BETA, SAMPLES = 0.9, 300
NUDGES = (0.1, 0.3, 1.0, 3.0, 10.0)
SETTLE = 8  # rounds in which activity moves before any weight does


def grown(spk_in: Tensor, spk_rec: Tensor) -> Tensor:
    """Return what STDP adds to the weights `[post, pre]`: traces of inputs at output spikes."""
    trace, total = torch.zeros_like(spk_in[0]), spk_rec.new_zeros(spk_rec.shape[2], spk_in.shape[2])
    for spk, fired in zip(spk_in, spk_rec, strict=True):
        trace = BETA * trace + spk
        total += fired.T @ trace
    return total


def lost(spk_in: Tensor, spk_rec: Tensor) -> Tensor:
    """Return what STDP takes away: traces of the outputs at later input spikes."""
    trace, total = (
        torch.zeros_like(spk_rec[0]),
        spk_rec.new_zeros(spk_rec.shape[2], spk_in.shape[2]),
    )
    for spk, fired in zip(spk_in, spk_rec, strict=True):
        total += trace.T @ spk
        trace = BETA * trace + fired
    return total


def angle(a: Tensor, b: Tensor) -> float:
    """Return the cosine between two updates: 1 for the same direction, 0 for none in common."""
    return torch.cosine_similarity(a.flatten(), b.flatten(), 0).item()


class Trained:
    """A network after some epochs of backprop, and real digits: 0 to 4, and the other ones."""

    def __init__(self, seed: int, epochs: int = 1) -> None:
        (x, labels), _ = scans()
        net = network(None, seed)
        train(net, epochs, seed, lr=2e-3)
        self.weight, self.bias, self.out, self.out_bias = (p.detach() for p in net.parameters())
        generator = torch.Generator().manual_seed(seed)
        low, high = x[labels < 5][:SAMPLES], x[labels >= 5][:SAMPLES]
        self.spk_in, self.spk_other = spikes(low, generator), spikes(high, generator)
        self.labels, self.labels_other = labels[labels < 5][:SAMPLES], labels[labels >= 5][:SAMPLES]
        self.target = one_hot(self.labels, 10).float()

    def hidden(self, nudge: Tensor | float = 0.0) -> Tensor:
        """Return the hidden spikes, with a current added to each neuron at each step."""
        cur_rec = linear(self.spk_in, self.weight, self.bias) + nudge
        return snn.Leaky(BETA).unroll(cur_rec)[0]

    def answers(self, spk_rec: Tensor) -> Tensor:
        """Return the outputs' mean membranes `[samples, 10]`."""
        readout = snn.Leaky(BETA, reset_mechanism="none")
        return readout.unroll(linear(spk_rec, self.out, self.out_bias))[1].mean(0)

    def error(self, spk_rec: Tensor) -> Tensor:
        """Return the output's error, sent back to the hidden neurons `[samples, hidden]`."""
        return (self.target - softmax(self.answers(spk_rec), 1)) @ self.out

    def gradient(self) -> Tensor:
        """Return minus the gradient of the loss with respect to the hidden weights."""
        weight = self.weight.clone().requires_grad_()
        spk_rec = snn.Leaky(BETA).unroll(linear(self.spk_in, weight, self.bias))[0]
        (slope,) = torch.autograd.grad(cross_entropy(self.answers(spk_rec), self.labels), weight)
        return -slope

    def settled(self) -> Tensor:
        """Return the hidden spikes after activity has moved, in rounds, until the answer is right."""
        nudge = torch.zeros(SAMPLES, len(self.weight))
        for _ in range(SETTLE):
            nudge = nudge + self.error(self.hidden(nudge))
        return self.hidden(nudge)

    def losses(self, weight: Tensor) -> tuple[float, float]:
        """Return the loss on the digits that are learned, and on the other ones."""
        found: list[float] = []
        for spk_in, labels in ((self.spk_in, self.labels), (self.spk_other, self.labels_other)):
            spk_rec = snn.Leaky(BETA).unroll(linear(spk_in, weight, self.bias))[0]
            found.append(cross_entropy(self.answers(spk_rec), labels).item())
        return found[0], found[1]

    def forgotten(self, update: Tensor, drop: float = 0.3) -> float:
        """Step until the loss has fallen by a share `drop`; return how much the other one rose."""
        learned, other = self.losses(self.weight)
        low, high = 0.0, 2.0
        for _ in range(9):
            middle = (low + high) / 2
            now, _ = self.losses(self.weight + middle * update / update.norm())
            low, high = (middle, high) if now > (1 - drop) * learned else (low, middle)
        return self.losses(self.weight + high * update / update.norm())[1] / other - 1


def directions(seed: int) -> dict[str, float]:
    """Return the cosine with the (surrogate) gradient of each update of the hidden weights."""
    net = Trained(seed)
    wanted, free = net.gradient(), net.hidden()
    before, back = grown(net.spk_in, free), net.error(free)
    found = {"STDP": angle(before - lost(net.spk_in, free), wanted)}
    for nudge in NUDGES:
        found[f"{nudge:g}"] = angle(grown(net.spk_in, net.hidden(nudge * back)) - before, wanted)
    return found


def interference(seed: int, epochs: int = 1) -> dict[str, float]:
    """Return how much the loss on other digits rises, for an equal gain on those learned."""
    net = Trained(seed, epochs)
    wanted, before = net.gradient(), grown(net.spk_in, net.hidden())
    settled = grown(net.spk_in, net.settled()) - before
    return {
        "gradient": net.forgotten(wanted),
        "activity first": net.forgotten(settled),
        "cosine": angle(settled, wanted),
    }
