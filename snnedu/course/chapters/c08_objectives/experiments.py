"""What 08 does with its networks: watch them, stop them early, change their clock, draw the push."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from snnedu.core import functional
from snnedu.core.network import Sequential
from snnedu.core.neurons import Leaky

Loss = Callable[[Tensor, Tensor], Tensor]
STEPS, CLASSES = 25, 10
MARGINS = (1, 2, 3, 4, 5, 6, 8)  # spikes
RISES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # of a membrane, as θ


@dataclass(frozen=True)
class Watched:
    """What a network did on some digits, and how one reads it.

    `adds` is what each step adds to the evidence for each class, `[time, batch, classes]`: spikes,
    or the rise of the highest membrane so far. Their sum decides. `hidden` and `outputs` are the
    spikes of each step, `[time, batch]`. `right` is the accuracy of the full reading, 0 to 1.
    """

    adds: Tensor
    hidden: Tensor
    outputs: Tensor
    targets: Tensor
    right: float
    margins: Sequence[float]


def watch(net: Sequential, name: str, data: tuple[Tensor, Tensor], steps: int = STEPS) -> Watched:
    """Run a network on digits; read it as its loss does: "membrane", "latency", or by counts."""
    x, targets = data
    with torch.no_grad():
        hidden, (spk, mem) = net.record(look(x, steps)).values()
    adds = spk.unflatten(-1, (CLASSES, -1)).sum(-1)
    margins: Sequence[float] = MARGINS
    right = functional.accuracy_rate(adds, targets)
    if name == "membrane":
        peaks = mem.cummax(0).values
        adds = torch.cat([peaks[:1], peaks.diff(dim=0)])
        right, margins = functional.accuracy_max_membrane(mem, targets), RISES
    if name == "latency":
        right = functional.accuracy_temporal(spk, targets)
    return Watched(adds, hidden.spk.sum(-1), spk.sum(-1), targets, right, margins)


def share_right(seen: Watched, margin: float) -> float:
    """Return the accuracy, 0 to 1, of answers given as soon as one class leads by the margin."""
    classes, _ = functional.decide(seen.adds, margin)
    return (classes == seen.targets).float().mean().item()


def stop_early(seen: Watched, margin: float) -> tuple[float, float, float]:
    """Return the accuracy, the steps that were run, and the hidden spikes until then, as means."""
    _, steps = functional.decide(seen.adds, margin)
    running = torch.arange(len(seen.hidden)).unsqueeze(-1) <= steps
    spikes = (seen.hidden * running).sum(0)
    return share_right(seen, margin), (steps + 1).float().mean().item(), spikes.mean().item()


# ----------------------------------------------------------------------------- another clock


def look(x: Tensor, steps: int = STEPS) -> Tensor:
    """Return one look at digits, `[steps, batch, 64]`; a finer clock gives less in each step."""
    return _gain(steps) * x.expand(steps, *x.shape)


def make(seed: int, hidden: int = 64, outputs: int = CLASSES, steps: int = STEPS) -> Sequential:
    """Return an untrained network for a look of so many steps: a finer clock leaks less a step."""
    torch.manual_seed(seed)
    beta = 0.9 ** (STEPS / steps)
    layers = nn.Linear(64, hidden), nn.Linear(hidden, outputs)
    for layer in layers:
        layer.bias.data *= _gain(steps)
    return Sequential(layers[0], Leaky(beta), layers[1], Leaky(beta))


def _gain(steps: int) -> float:
    """Return by what a constant current shrinks so that it drives U to the same height."""
    return (1 - 0.9 ** (STEPS / steps)) / (1 - 0.9)


# ----------------------------------------------------------------------------- what a loss sees


def pushes(losses: Mapping[str, Loss], spk_rec: Tensor, mem_rec: Tensor, target: int) -> Any:
    """Return {name: push at each step for each class}, `[time, classes]`, of one sample."""
    found = dict[str, Tensor]()
    for name, loss in losses.items():
        rec = (mem_rec if name == "membrane" else spk_rec).detach().clone().requires_grad_()
        (grad,) = torch.autograd.grad(loss(rec, torch.tensor([target])), rec)
        found[name] = -grad[:, 0]
    return found


def rounded(peaks: Tensor, bits: int, known: Tensor) -> Tensor:
    """Return membranes as a converter of so many bits reads them; its range is that of `known`."""
    low, high = known.min(), known.max()
    levels = 2**bits - 1
    return ((peaks - low) / (high - low) * levels).round().clamp(0, levels)


def silent_neurons(net: Sequential, data: tuple[Tensor, Tensor]) -> tuple[int, int]:
    """Return how many hidden neurons, and how many outputs, fire for none of these digits."""
    with torch.no_grad():
        hidden, outputs = net.record(look(data[0])).values()
    never, mute = (int((layer.spk.sum((0, 1)) == 0).sum()) for layer in (hidden, outputs))
    return never, mute
