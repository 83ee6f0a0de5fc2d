"""What joins both: how well an update without a gradient points where the gradient points."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear, one_hot, softmax

import snnedu as snn
from snnedu.course.chapters.c15_stdp_meets_backprop.experiments import network, train
from snnedu.course.chapters.c15_stdp_meets_backprop.winners import scans, spikes

BETA, SAMPLES = 0.9, 300
NUDGES, BEST = (0.1, 0.3, 1.0, 3.0, 10.0), 3.0
SETTLE = 8  # rounds in which activity moves before any weight does


def traces(spk_in: Tensor) -> Tensor:
    """Return the traces `[time, samples, inputs]` of spikes, with each step's own spikes in them."""
    found = [torch.zeros_like(spk_in[0])]
    for spk in spk_in:
        found.append(BETA * found[-1] + spk)
    return torch.stack(found[1:])


def grown(spk_in: Tensor, spk_rec: Tensor) -> Tensor:
    """Return what STDP adds to the weights `[post, pre]`: traces of inputs at output spikes."""
    return torch.einsum("tso,tsi->oi", spk_rec, traces(spk_in))


def lost(spk_in: Tensor, spk_rec: Tensor) -> Tensor:
    """Return what STDP takes away: traces of the outputs at later input spikes."""
    earlier = BETA * torch.cat([torch.zeros_like(spk_rec[:1]), traces(spk_rec)[:-1]])
    return torch.einsum("tso,tsi->oi", earlier, spk_in)


def angle(a: Tensor, b: Tensor) -> float:
    """Return the cosine between two updates: 1 for the same direction, 0 for none in common."""
    return torch.cosine_similarity(a.flatten(), b.flatten(), 0).item()


class Trained:
    """A network after one epoch of backprop, and real digits from 0 to 4."""

    def __init__(self, seed: int) -> None:
        (x, labels), _ = scans()
        net = network(None, seed)
        train(net, 1, seed, lr=2e-3)
        self.weight, self.bias, self.out, self.out_bias = (p.detach() for p in net.parameters())
        self.generator = torch.Generator().manual_seed(seed)
        self.spk_in = spikes(x[labels < 5][:SAMPLES], self.generator)
        self.labels = labels[labels < 5][:SAMPLES]
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
        """Return the output's error `[samples, 10]`: what is wanted, minus what is answered."""
        return self.target - softmax(self.answers(spk_rec), 1)

    def gradients(self) -> Tensor:
        """Return minus the gradient of each image's loss: `[samples, hidden, inputs]`."""
        cur_rec = linear(self.spk_in, self.weight, self.bias).requires_grad_()
        spk_rec = snn.Leaky(BETA).unroll(cur_rec)[0]
        error = cross_entropy(self.answers(spk_rec), self.labels, reduction="sum")
        (slope,) = torch.autograd.grad(error, cur_rec)
        return -torch.einsum("tso,tsi->soi", slope, self.spk_in)

    def difference(self, nudge: Tensor) -> Tensor:
        """Return what STDP adds in a run with a current, minus what it adds in the free run."""
        return grown(self.spk_in, self.hidden(nudge) - self.hidden())

    def settled(self) -> Tensor:
        """Return the current that moves activity, in rounds, until the answers are right."""
        nudge = torch.zeros(SAMPLES, len(self.weight))
        for _ in range(SETTLE):
            nudge = nudge + self.error(self.hidden(nudge)) @ self.out
        return nudge


def directions(seed: int) -> dict[str, float]:
    """Return the cosine with the (surrogate) gradient of each update of the hidden weights."""
    net = Trained(seed)
    wanted, free = net.gradients().sum(0), net.hidden()
    back = net.error(free) @ net.out
    found = {"STDP": angle(grown(net.spk_in, free) - lost(net.spk_in, free), wanted)}
    for nudge in NUDGES:
        found[f"{nudge:g}"] = angle(net.difference(nudge * back), wanted)
    found["settled"] = angle(net.difference(net.settled()), wanted)
    return found


def controls(seed: int) -> dict[str, float]:
    """Return the cosine with the gradient for updates that lack a part of the difference.

    "other images' errors" gives each image the error of another one. "error x trace" has neither a
    second run nor the neuron's spikes. "random feedback" sends the error back through random
    weights of the same size. "one image" is the mean cosine of single images with their own
    gradients, of those images in which the nudge changes a spike.
    """
    net = Trained(seed)
    each, error = net.gradients(), net.error(net.hidden())
    wanted, back = each.sum(0), error @ net.out
    mixed = back[torch.randperm(SAMPLES, generator=net.generator)]
    random = net.out.std() * torch.randn(net.out.shape, generator=net.generator)
    return {
        "other images' errors": angle(net.difference(BEST * mixed), wanted),
        "error x trace": angle(back.T @ traces(net.spk_in).sum(0), wanted),
        "random feedback": angle(net.difference(BEST * error @ random), wanted),
        "one image": _one_by_one(net, BEST * back, each),
    }


def _one_by_one(net: Trained, nudge: Tensor, wanted: Tensor) -> float:
    changed = net.hidden(nudge) - net.hidden()
    update = torch.einsum("tso,tsi->soi", changed, traces(net.spk_in))
    moved = update.flatten(1).any(1)
    return torch.cosine_similarity(update.flatten(1), wanted.flatten(1))[moved].mean().item()
