"""The claim of Fang et al. 2021 (doi:10.1109/ICCV48922.2021.00266), small enough for a notebook.

Their neuron leaks a share 1/τ of U in each step, and takes in a share 1/τ of its current:

    U[t] = (1 - 1/τ) U[t-1] + I[t] / τ    reset to zero at a spike

τ is learned through w: 1/τ = sigmoid(w). All neurons of a layer share one w.
"""

import math
import warnings
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

import snnedu as snn

STEPS, HIDDEN = 8, 64
Neuron = Callable[[float], Sequence[nn.Module]]
OverTime = Float[Tensor, "time *shape"]


class Gain(nn.Module):
    """Multiply a current by sigmoid(w), which starts as `start`; `learn` makes w a parameter.

    Raises ValueError unless 0 < `start` < 1.
    """

    def __init__(self, start: float, learn: bool = False) -> None:
        super().__init__()
        if not 0 < start < 1:
            raise ValueError(
                f"`Gain(start)` needs a share between 0 and 1: it is sigmoid(w). Received {start:g}. "
                "Pass 1/τ, for example."
            )
        self.w = nn.Parameter(torch.tensor(math.log(start / (1 - start))), requires_grad=learn)

    def forward(self, cur: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return the current, multiplied."""
        return cur * torch.sigmoid(self.w)


class OneMinusSigmoid(nn.Module):
    """Make β = 1 - sigmoid(w) of a parameter w."""

    def forward(self, w: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Return β."""
        return 1 - torch.sigmoid(w)

    def right_inverse(self, beta: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Return w."""
        return torch.log((1 - beta) / beta)


def elsewhere(
    cur_rec: OverTime, tau: float, gain: float, amount: float, threshold: float
) -> OverTime:
    """Return the spikes of a neuron as other libraries have it.

        U[t] = V[t-1] + (g I[t] - V[t-1]) / τ    S[t] = 1 if U[t] > θ else 0
        V[t] = U[t] - r S[t]                     the reset comes at once

    `gain` is g, `amount` r, `threshold` θ. The form is that of Norse, sinabs and SpikingJelly, up
    to their signs of equality at θ. sinabs has 1 - exp(-1/τ) in place of 1/τ.
    """
    left, spikes = torch.zeros_like(cur_rec[0]), list[Tensor]()
    for cur in cur_rec:
        mem = left + (gain * cur - left) / tau
        spikes.append((mem > threshold).to(cur.dtype))
        left = mem - amount * spikes[-1]
    return torch.stack(spikes)


def leaky(beta: float) -> snn.Leaky:
    """Return a leaky neuron whose reset and surrogate are those of the paper."""
    return snn.Leaky(beta, reset_mechanism="zero", spike_grad=snn.surrogate.atan(2.0))


def fixed(tau: float) -> Sequence[nn.Module]:
    """Return the neuron of the paper with a τ that stays as it is."""
    return Gain(1 / tau), leaky(1 - 1 / tau)


def learned(tau: float) -> Sequence[nn.Module]:
    """Return the neuron of the paper: one w decides how much comes in, and how much leaks."""
    gain, lif = Gain(1 / tau, learn=True), _learns_leak(tau)
    lif.parametrizations.beta.original = gain.w  # pyright: ignore
    return gain, lif


def learned_leak(tau: float) -> Sequence[nn.Module]:
    """Return the other control: the leak is learned, and the gain stays 1/τ."""
    return Gain(1 / tau), _learns_leak(tau)


def _learns_leak(tau: float) -> snn.Leaky:
    lif = leaky(1 - 1 / tau)
    lif.beta = nn.Parameter(torch.as_tensor(lif.beta).clone())
    nn.utils.parametrize.register_parametrization(lif, "beta", OneMinusSigmoid())
    return lif


def undivided(tau: float) -> Sequence[nn.Module]:
    """Return the neuron of this course: τ decides the leak alone."""
    return (leaky(1 - 1 / tau),)


def network(neuron: Neuron, tau: float, seed: int) -> snn.Sequential:
    """Return 64-64-10, with the weights of this seed."""
    torch.manual_seed(seed)
    first, last = nn.Linear(64, HIDDEN), nn.Linear(HIDDEN, 10)
    return snn.Sequential(first, *neuron(tau), last, *neuron(tau))


def constant(x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "time batch pixels"]:
    """Return a picture as the same current at each step."""
    return x.expand(STEPS, *x.shape)


def accuracies(
    neuron: Neuron, tau: float, seed: int, *, epochs: int = 6, lr: float = 0.02
) -> Tensor:
    """Train on the digits, and return the test accuracy after each epoch, [epochs]."""
    return _train(network(neuron, tau, seed), seed, epochs, lr)


def ends(neuron: Neuron, tau: float, seed: int) -> tuple[list[float], list[float]]:
    """Train on the digits; return 1/gain and τ = 1/(1 - β) [steps] after it, of each layer."""
    net = network(neuron, tau, seed)
    _train(net, seed, epochs=6, lr=0.02)
    gains = [1 / layer.w.sigmoid().item() for layer in net if isinstance(layer, Gain)]
    betas = [layer.beta.mean().item() for layer in net if isinstance(layer, snn.Leaky)]
    return gains, [1 / (1 - beta) for beta in betas]


def _train(net: snn.Sequential, seed: int, epochs: int, lr: float) -> Tensor:
    train, test = snn.data.digits()
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # some stay silent first
        history = snn.fit(
            net, train, test, encode=constant, epochs=epochs, lr=lr, seed=seed, progress=False
        )
    return torch.tensor(history.test_accuracy)
