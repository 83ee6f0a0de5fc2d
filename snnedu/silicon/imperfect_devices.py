"""Devices that are not alike, currents that are not clean, synapses that are left out.

On an analog or mixed-signal chip no two transistors are equal. Each chip is one draw: `mismatch`
returns it. `robust` returns a network that meets another draw at each pass while it trains.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from snnedu.core import _check
from snnedu.core.layer import SpikingLayer
from snnedu.core.network import CONNECTIONS, Sequential
from snnedu.core.neurons import Leaky
from snnedu.silicon.rounded_weights import connections, copied_network, plain

Weight = Float[Tensor, "out *rest"]


def mismatch(
    net: Sequential, sd: float | int, generator: torch.Generator | None = None
) -> Sequential:
    """Return one chip: a copy of `net` in which each device differs, and stays as it is.

        w' = w (1 + sd ε)      θ' = θ (1 + sd ε)      τ' = τ (1 + sd ε),  β = 1 - 1/τ

    with a standard normal ε of its own for each weight and, for θ and τ, each neuron (after a
    convolution: each channel). Factors do not fall below 0.05. Biases stay as they are. `sd` is
    0.2 for ± 20 %. `generator` draws; another draw is another chip. Learned numbers of neurons
    are fixed in the copy. Raises ValueError for an `sd` below 0 or above 1.
    Source: Cakal et al. 2024, doi:10.1088/2634-4386/ad2ec3 (mixed-signal chips of this spread).
    """
    _check.between("sd", sd, 0, 1, "Pass `sd=0.2` for 20 %.")
    copied = plain(net)
    shape: tuple[int, ...] = (1,)
    for layer in copied.modules():
        if isinstance(layer, CONNECTIONS):
            weight: Any = layer.weight
            with torch.no_grad():
                weight.mul_(_factors(weight, sd, generator))
            shape = (len(weight), *[1] * (weight.ndim - 2))
        elif isinstance(layer, SpikingLayer):
            _vary_neurons(layer, shape, sd, generator)
    return copied


def robust(
    net: Sequential, sd: float | int, generator: torch.Generator | None = None
) -> Sequential:
    """Return a copy of `net` to train on: in training, each pass draws the factors of a new chip.

        w' = w (1 + sd ε) / (1 + sd η)

    with ε drawn for each weight and η for each neuron: without a bias, a threshold that is 20 %
    higher is the same as weights that are lower by that much. Biases are not varied. In evaluation
    there is no noise. `plain` ends it.
    Source: Cakal et al. 2024, doi:10.1088/2634-4386/ad2ec3 (parameters with noise in training).
    """
    _check.between("sd", sd, 0, 1, "Pass `sd=0.2` for 20 %.")
    copied = copied_network(net)
    for _, layer in connections(copied):
        parametrize.register_parametrization(layer, "weight", _Varied(sd, generator))
    return copied


def noisy(net: Sequential, sd: float | int, generator: torch.Generator | None = None) -> Sequential:
    """Return a copy of `net` with noise in the current of each neuron, fresh at each step.

        I'[t] = I[t] + sd ε[t]

    `sd` has the unit of the current and of θ. Raises ValueError for one below 0 or above 1000.
    """
    _check.between("sd", sd, 0, 1000, "Pass `sd=0.1`, for example.")
    copied = copied_network(net)
    for chain in [part for part in copied.modules() if isinstance(part, nn.Sequential)]:
        layers = list(chain._modules.items())
        chain._modules.clear()
        for name, layer in layers:
            if isinstance(layer, SpikingLayer):
                chain._modules[f"{name}_noise"] = _Noise(sd, generator)
            chain._modules[name] = layer
    return copied


def prune(net: Sequential, share: float | int) -> Sequential:
    """Return a copy of `net` without its smallest weights: they are 0, and stay 0 in training.

    `share` of the weights of each layer goes, from 0 (none) to 1, those of smallest size. Biases
    stay. `plain` makes them ordinary weights again, some of them 0.
    Source: Han et al. 2015, arXiv:1506.02626.
    """
    _check.between("share", share, 0, 1, "Pass `share=0.8` to keep a fifth.")
    copied = copied_network(net)
    for _, layer in connections(copied):
        size = layer.weight.detach().abs()
        order = size.flatten().argsort(stable=True)
        mask = torch.ones_like(size)
        mask.view(-1)[order[: round(share * size.numel())]] = 0
        parametrize.register_parametrization(layer, "weight", _Masked(mask))
    return copied


class _Varied(nn.Module):
    def __init__(self, sd: float, generator: torch.Generator | None) -> None:
        super().__init__()
        self.sd, self.generator = sd, generator

    def forward(self, weight: Tensor) -> Tensor:
        if not self.training:
            return weight
        each = _factors(weight, self.sd, self.generator)
        neuron = _factors(weight.flatten(1)[:, 0], self.sd, self.generator)
        return weight * each / neuron.view(-1, *[1] * (weight.ndim - 1))

    def __deepcopy__(self, memo: Any) -> "_Varied":  # a generator cannot be copied
        return _Varied(self.sd, self.generator).train(self.training)


class _Masked(nn.Module):
    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.mask


class _Noise(nn.Module):
    def __init__(self, sd: float, generator: torch.Generator | None) -> None:
        super().__init__()
        self.sd, self.generator = sd, generator

    def forward(self, cur: Tensor) -> Tensor:
        return cur + self.sd * _normal(cur, self.generator)

    def __deepcopy__(self, memo: Any) -> "_Noise":
        return _Noise(self.sd, self.generator).train(self.training)


def _vary_neurons(
    layer: Any, shape: tuple[int, ...], sd: float, generator: torch.Generator | None
) -> None:
    """Give each neuron its own threshold and, for `Leaky`, its own time constant."""
    names = ("threshold", "beta") if isinstance(layer, Leaky) else ("threshold",)
    for name in names:
        old = getattr(layer, name).detach()
        factor = _factors(old.expand(torch.broadcast_shapes(old.shape, shape)), sd, generator)
        new = old * factor if name == "threshold" else (1 - (1 - old) / factor).clamp(0, 1)
        layer._parameters.pop(name, None)
        layer.register_buffer(name, new)


def _factors(like: Tensor, sd: float, generator: torch.Generator | None) -> Tensor:
    """Return a factor for each device; none of them turns a sign around."""
    return (1 + sd * _normal(like, generator)).clamp(min=0.05)


def _normal(like: Tensor, generator: torch.Generator | None) -> Tensor:
    drawn = torch.randn(like.shape, generator=generator, dtype=like.dtype)
    return drawn.to(like.device)
