"""What 10 measures: tasks that need memory, and networks that differ in where they keep it.

All networks of a task are of one size, counted in parameters, and are trained alike.
"""

from collections.abc import Callable, Iterator
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import snnedu as snn

Task = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
RECALL, GAP = 40, 24  # steps of the tasks; a match is as long as a recall
GAPS = (3, 6, 9, 12)  # steps
ANSWER = 4  # steps at the end in which a recall or a match is asked for
WIDE = 4  # a delay's kernel begins with this part of the longest delay as its σ


def recall(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return `x_rec [40, count, 10]` and targets: which of two cues came in the first four steps?

    Lines 0 to 3 carry one cue, 4 to 7 the other, with noise on both; 8 and 9 ask at the end.
    """
    targets = torch.randint(2, (count,), generator=generator)
    x_rec = (torch.rand(RECALL, count, 10, generator=generator) < 0.05).float()
    _show(x_rec[:4], targets)
    x_rec[:, :, 8:] = 0.0
    x_rec[-ANSWER:, :, 8:] = 1.0
    return x_rec, targets


def match(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return `x_rec [40, count, 10]` and targets: is the cue at the end the one at the beginning?

    As `recall`, with a second cue in the place of the question; 1: the same, 0: the other.
    """
    first, last = torch.randint(2, (2, count), generator=generator)
    x_rec = (torch.rand(RECALL, count, 10, generator=generator) < 0.05).float()
    _show(x_rec[:4], first)
    _show(x_rec[-ANSWER:], last)
    x_rec[:, :, 8:] = 0.0
    return x_rec, (first == last).long()


def _show(some: Tensor, cues: Tensor) -> None:
    for cue in (0, 1):
        some[:, cues == cue, 4 * cue : 4 * cue + 4] = 1.0


def gap(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return `x_rec [24, count, 2]` and targets: which of four gaps lies between two spikes?"""
    targets = torch.randint(len(GAPS), (count,), generator=generator)
    first = torch.randint(1, GAP - 6 - max(GAPS), (count,), generator=generator)
    x_rec, sample = torch.zeros(GAP, count, 2), torch.arange(count)
    x_rec[first, sample, 0] = 1.0
    x_rec[first + torch.tensor(GAPS)[targets], sample, 1] = 1.0
    return x_rec, targets


# --------------------------------------------------------------------------- where memory is kept


def decays(count: int, longest: float) -> Tensor:
    """Return the decays of time constants from 2 to `longest` steps, their logarithms uniform."""
    tau = 2 * (longest / 2) ** torch.rand(count)
    return torch.exp(-1 / tau)


def _adaptive(neurons: int, longest: int) -> nn.Module:
    rho = decays(neurons, longest)
    rise = 1.0 / (1 - rho)  # each spike raises the threshold by 1
    return snn.AdaptiveLeaky(0.9, rho, rise, learn_rho=True)


Layers = Callable[[int, int, int], list[nn.Module]]  # (inputs, neurons, steps)

MEMORIES: dict[str, Layers] = {
    "β = 0.9": lambda n, m, steps: [nn.Linear(n, m), snn.Leaky(0.9)],
    "own β": lambda n, m, steps: [nn.Linear(n, m), snn.Leaky(decays(m, steps), learn_beta=True)],
    "own β, no reset": lambda n, m, steps: [
        nn.Linear(n, m),
        snn.Leaky(decays(m, steps), learn_beta=True, reset_mechanism="none"),
    ],
    "own β, to zero": lambda n, m, steps: [
        nn.Linear(n, m),
        snn.Leaky(decays(m, steps), learn_beta=True, reset_mechanism="zero"),
    ],
    "synapse": lambda n, m, steps: [
        nn.Linear(n, m),
        snn.Synaptic(decays(m, steps), 0.9, learn_alpha=True),
    ],
    "adaptation": lambda n, m, steps: [nn.Linear(n, m), _adaptive(m, steps)],
    "recurrence": lambda n, m, steps: [nn.Linear(n, m), snn.RLeaky(0.9, linear_features=m)],
    "delays": lambda n, m, steps: [
        snn.DelayedLinear(n, m, steps - 1, sigma=steps / WIDE),
        snn.Leaky(0.9),
    ],
}


def network(
    memory: str, inputs: int, outputs: int, steps: int, parameters: int, beta: float, seed: int
) -> snn.Sequential:
    """Return the largest network with this memory in its hidden layer and so many parameters."""
    neurons = _largest(memory, inputs, outputs, steps, parameters)
    torch.manual_seed(seed)
    return snn.Sequential(*_layers(memory, inputs, neurons, outputs, steps, beta))


@cache
def _largest(memory: str, inputs: int, outputs: int, steps: int, parameters: int) -> int:
    neurons = 2
    while _size(_layers(memory, inputs, neurons + 1, outputs, steps, 0.9)) <= parameters:
        neurons += 1
    return neurons


def _layers(
    memory: str, inputs: int, neurons: int, outputs: int, steps: int, beta: float
) -> list[nn.Module]:
    readout = snn.Leaky(beta, reset_mechanism="none")
    return [*MEMORIES[memory](inputs, neurons, steps), nn.Linear(neurons, outputs), readout]


def _size(layers: list[nn.Module]) -> int:
    return sum(p.numel() for layer in layers for p in layer.parameters())


# ------------------------------------------------------------------------------------- training


def recall_score(memory: str, seed: int, rounds: int = 100) -> float:
    """Train on `recall` with at most 800 parameters; return the share of right answers on new sequences."""
    net = network(memory, 10, 2, RECALL, 800, 0.5, seed)
    return _train(net, recall, ANSWER, rounds, lr=0.01, seed=seed)


def match_score(memory: str, seed: int, rounds: int = 100) -> float:
    """Train on `match` as `recall_score` does; return the share of right answers on new sequences."""
    net = network(memory, 10, 2, RECALL, 800, 0.5, seed)
    return _train(net, match, ANSWER, rounds, lr=0.01, seed=seed)


def gap_score(memory: str, seed: int, rounds: int = 120, gain: float = 3.0) -> float:
    """Train on `gap` with at most 400 parameters; return the share of right answers on new ones.

    `gain` multiplies the first layer's weights at the start: one spike must wake a neuron.
    """
    net = network(memory, 2, 4, GAP, 400, 1.0, seed)
    with torch.no_grad():
        net[0].weight *= gain  # pyright: ignore[reportOperatorIssue]
    return _train(net, gap, 1, rounds, lr=0.02, seed=seed)


def _train(
    net: snn.Sequential, task: Task, answer: int, rounds: int, lr: float, seed: int
) -> float:
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(_by_speed(net, lr))
    for sigma in shrinking(net, rounds):
        _set_sigma(net, sigma)
        x_rec, targets = task(32, generator)
        loss = cross_entropy(net(x_rec)[1][-answer:].mean(0), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    _set_sigma(net, 0.0)
    with torch.no_grad():
        x_rec, targets = task(500, generator)
        guess = net(x_rec)[1][-answer:].mean(0).argmax(1)
    return (guess == targets).float().mean().item()


def _by_speed(net: snn.Sequential, lr: float) -> list[dict[str, object]]:
    """Let delays, which are counted in steps, move faster than weights."""
    named = dict(net.named_parameters())
    fast = [p for name, p in named.items() if name.endswith("delay")]
    slow = [p for name, p in named.items() if not name.endswith("delay")]
    return [{"params": slow, "lr": lr}, {"params": fast, "lr": 0.2}]


def shrinking(net: snn.Sequential, rounds: int) -> Iterator[float]:
    """Yield σ for each round: it shrinks from where the delays have it to half a step."""
    sigmas = [layer.sigma.item() for layer in net if isinstance(layer, snn.DelayedLinear)]
    start = max(sigmas, default=0.5)
    for number in range(rounds):
        yield max(0.5, start * (0.5 / start) ** (1.5 * number / rounds))


def _set_sigma(net: snn.Sequential, sigma: float) -> None:
    for layer in net:
        if isinstance(layer, snn.DelayedLinear):
            layer.sigma = sigma  # pyright: ignore[reportAttributeAccessIssue]


# --------------------------------------------------------------------------------------- speech


def speech() -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]:
    """Return the vowels as `(x_rec, speakers, lengths)` twice: time first, each channel scaled.

    Mean and deviation are those of the frames for training; the padding is 0.
    """
    sets = snn.data.japanese_vowels()
    x, _, lengths = sets[0]
    frames = x.transpose(0, 1)[snn.functional.length_mask(lengths, x.shape[1])]
    mean, deviation = frames.mean(0), frames.std(0)
    train, test = (
        (_scaled(x, lengths, mean, deviation), speakers, lengths) for x, speakers, lengths in sets
    )
    return train, test


def _scaled(x: Tensor, lengths: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    own = snn.functional.length_mask(lengths, x.shape[1])
    return (x.transpose(0, 1) - mean) / deviation * own.unsqueeze(-1)


def listener(beta: float, seed: int, neurons: int = 64) -> snn.Sequential:
    """Return a network for the speech; with β = 0 nothing in it remembers the step before."""
    torch.manual_seed(seed)
    return snn.Sequential(
        nn.Linear(12, neurons),
        snn.Leaky(beta),
        nn.Dropout(0.3),
        nn.Linear(neurons, 9),
        snn.Leaky(beta, reset_mechanism="none"),
    )


def listen(
    net: snn.Sequential,
    scores: Callable[[Tensor, Tensor], Tensor],
    data: tuple[Tensor, Tensor, Tensor],
    rounds: int = 60,
) -> snn.Sequential:
    """Train on all utterances together; `scores(mem_rec, lengths)` is `[batch, speakers]`."""
    x_rec, speakers, lengths = data
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(rounds):
        loss = cross_entropy(scores(net(x_rec)[1], lengths), speakers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def heard(
    net: snn.Sequential,
    scores: Callable[[Tensor, Tensor], Tensor],
    data: tuple[Tensor, Tensor, Tensor],
    steps: int = 0,
) -> float:
    """Return the share of utterances whose speaker is named, padded to so many `steps`."""
    x_rec, speakers, lengths = data
    more = x_rec.new_zeros(max(0, steps - len(x_rec)), *x_rec.shape[1:])
    with torch.no_grad():
        guess = scores(net(torch.cat([x_rec, more]))[1], lengths).argmax(1)
    return (guess == speakers).float().mean().item()


def mixed(data: tuple[Tensor, Tensor, Tensor], seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Return the utterances with the frames of each in another order."""
    x_rec, speakers, lengths = data
    generator, mixed = torch.Generator().manual_seed(seed), x_rec.clone()
    for sample, length in enumerate(lengths.tolist()):
        order = torch.randperm(length, generator=generator)
        mixed[:length, sample] = x_rec[order, sample]
    return mixed, speakers, lengths
