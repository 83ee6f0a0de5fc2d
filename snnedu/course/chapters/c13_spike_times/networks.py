"""Two networks for Yin-Yang from the same weights: exact spike times, and steps with a surrogate.

Both take input spike times, and return the time of each output's first spike: same readout, same
loss. Times are in units of τ_s; an output that stays silent counts as one that fires at END.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own abbreviation)
from torch import Tensor, nn

from snnedu.core import surrogate
from snnedu.core.data import batches
from snnedu.core.functional import spike_times
from snnedu.core.neurons import Synaptic
from snnedu.core.saved_bytes import peak_saved_bytes
from snnedu.core.spike_times import ExactLeaky

END = 5.0  # of a trial
ROUNDS = 20  # of a timing
SLOPE = 5.0  # of the surrogate; it is wider with a smaller one
DECAY = 0.88  # of the learning rate, each epoch
Pair = tuple[Tensor, Tensor]


def encode(x: Tensor) -> Tensor:
    """Return one spike time for each number, and a fifth that is always the same: [batch, 5, 1]."""
    times = torch.cat([0.15 + 1.85 * x, torch.full_like(x[:, :1], 0.9)], 1)
    return times.unsqueeze(-1).double()


class Exact(nn.Module):
    """Two layers of `ExactLeaky`; a `scale` below 1 makes all weights smaller."""

    def __init__(self, seed: int, hidden: int = 40, scale: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        first, second = 1.2 * scale, 40 / hidden * scale
        self.hidden = ExactLeaky(5, hidden, mean=first, std=2.0 * scale)
        self.out = ExactLeaky(hidden, 3, mean=second, std=0.8 * second, max_spikes=1)

    def forward(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs' times [batch, 3], and which hidden neurons fired [batch, hidden]."""
        hidden = self.hidden(times)
        out = self.out(hidden)[..., 0]
        return torch.where(out < END, out, END), hidden[..., 0].isfinite()

    def weights(self) -> list[Tensor]:
        """Return the weights of both layers."""
        return [self.hidden.weight, self.out.weight]


class Stepped(nn.Module):
    """The same neurons in `steps` time steps, with the same weights, and a surrogate gradient."""

    def __init__(self, exact: Exact, steps: int = 50, slope: float = SLOPE) -> None:
        super().__init__()
        self.steps, self.dt = steps, END / steps
        alpha, beta = math.exp(-self.dt), math.exp(-self.dt / 2)  # τ_s = 1, τ_m = 2
        grad = surrogate.fast_sigmoid(slope)
        # V gets (1 - β) of the current in each step. snnedu's neurons get all of it: so scale it.
        self.scale = 1 - beta
        self.first, self.second = (nn.Parameter(w.detach().float()) for w in exact.weights())
        self.hidden = Synaptic(alpha, beta, spike_grad=grad, reset_mechanism="zero")
        self.out = Synaptic(alpha, beta, spike_grad=grad, reset_mechanism="zero")

    def forward(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `Exact` returns."""
        steps = (times[..., 0] / self.dt).long()
        x_rec = torch.zeros(self.steps, *steps.shape).scatter_(0, steps[None], 1.0)
        hidden, *_ = self.hidden.unroll(self.scale * x_rec @ self.first.T)
        out, *_ = self.out.unroll(self.scale * hidden @ self.second.T)
        first = self.dt * spike_times(out)[0]
        silent = END - self.dt * (self.steps - 1)  # what a silent output's last step lacks
        return first + silent * (out.detach().sum(0) == 0), hidden.detach().sum(0) > 0

    def weights(self) -> list[Tensor]:
        """Return the weights of both layers."""
        return [self.first, self.second]


Network = Exact | Stepped


def time_loss(times: Tensor, labels: Tensor, tau: float = 0.1) -> Tensor:
    """Return the cross entropy of the first spike times [batch, 3]: the right one should be first.

    `tau` says by how much, roughly. A small second term asks it to be early (Göltz et al. 2021; Wunderlich and Pehle 2021).
    """
    right = times.gather(1, labels[:, None])
    return F.cross_entropy(-times / tau, labels) + 0.003 * (torch.exp(right / 2) - 1).mean()


def lift(net: Network, times: Tensor, fired: Tensor, labels: Tensor) -> Tensor:
    """Return a loss that raises all weights into neurons that should fire and do not.

    These are hidden neurons that no sample of the batch made fire, and the right outputs.
    """
    first, second = net.weights()
    dead = ~fired.any(0)
    wanted = F.one_hot(labels, 3).bool() & (times >= END)
    return -(first.mean(1) * dead).sum() - (second.sum(1) * wanted.double().mean(0)).sum()


def score(net: Network, test: Pair) -> tuple[float, float]:
    """Return the share of points with the right output first, and of hidden neurons that fire.

    Where n outputs fire first in the same step, one of them is drawn: the right one counts 1/n.
    """
    first, fired = _first(net, test[0])
    right = first.gather(1, test[1][:, None])[:, 0] / first.sum(1).clamp(min=1)
    return right.mean().item(), fired.any(0).double().mean().item()


def tied(net: Network, test: Pair) -> float:
    """Return the share of points for which two or three outputs fire first at the same time."""
    return (_first(net, test[0])[0].sum(1) > 1).double().mean().item()


def _first(net: Network, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return 1 for each output that is first, and does fire [batch, 3]; and what fired inside."""
    with torch.no_grad():
        times, fired = net(encode(x))
    return ((times == times.amin(1, keepdim=True)) & (times < END)).double(), fired


def cost(net: Network, times: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return what a batch's gradient takes: megabytes kept for the backward pass, milliseconds."""

    def once() -> None:
        time_loss(net(times)[0], labels).backward()

    megabytes = 1e-6 * peak_saved_bytes(once)
    start = time.process_time()
    for _ in range(ROUNDS):
        once()
    return megabytes, 1e3 * (time.process_time() - start) / ROUNDS


def train(
    net: Network, data: Pair, *, epochs: int, lr: float, tau: float = 0.1, lifted: float = 0.0,
    seed: int = 0,
    after: Callable[[int], Any] = lambda epoch: None,
) -> Network:  # fmt: skip
    """Train with Adam in batches of 50; `after(epoch)` is called after each; return the network."""
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, DECAY)
    draw = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        for x, labels in batches((encode(data[0]), data[1]), 50, seed=draw):
            times, fired = net(x)
            loss = time_loss(times, labels, tau)
            if lifted:
                loss = loss + lifted * lift(net, times, fired, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        after(epoch + 1)
    return net


def compare(
    seed: int, scale: float, data: tuple[Pair, Pair], slope: float = SLOPE, **how: Any
) -> Tensor:
    """Train both networks from the same weights, `how` as in `train`; return [method, 4].

    The four numbers are shares: hidden neurons that fire before; right answers, hidden neurons
    that fire, and points with a tie after.
    """
    few, test = data
    exact, rows = Exact(seed, scale=scale), list[list[float]]()
    for net in (exact, Stepped(exact, slope=slope)):  # made before the first one learns
        _, before = score(net, test)
        train(net, few, seed=seed, **how)
        rows.append([before, *score(net, test), tied(net, test)])
    return torch.tensor(rows)
