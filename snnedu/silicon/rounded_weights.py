"""Weights of few bits: rounded after training, or trained with the rounding.

A weight of b bits is an integer q from -(2^(b-1) - 1) to 2^(b-1) - 1, times a scale s that all
weights of one output channel share:

    w ≈ s q        s = cut max |w| / (2^(b-1) - 1) over the channel        q = round(w / s)

Zero stays zero. With `cut=1` the largest weight of each channel is exact. With less, s is smaller
and the grid finer, and weights above `cut` times the largest one are cut to the largest integer.
Spikes are 0 or 1, so that a neuron adds up integers; s only moves its threshold.
"""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int8
from torch import Tensor, nn
from torch.nn.utils import parametrize

from snnedu.core import _check
from snnedu.core.network import CONNECTIONS, Sequential
from snnedu.core.neurons import Leaky
from snnedu.silicon.integer_steps import decay, nearest_shift

Weight = Float[Tensor, "out *rest"]
Integers = Int8[Tensor, "out *rest"]
Scales = Float[Tensor, "out *ones"]


def scales(
    weight: Weight, bits: int, *, per_channel: bool = True, cut: float | int = 1.0
) -> Scales:
    """Return s, `[out, 1, …]`: what the integer 1 stands for in each output channel.

    `per_channel=False` takes one scale for all. A channel of zeros takes that of the layer.
    `cut`: the share of the largest weight that the largest integer stands for. At 2 bits, 0.5 is
    a better start than 1. Raises ValueError or TypeError unless `bits` is a whole number from 2 to
    8, and ValueError unless `cut` lies in 0.01 to 1.
    Source: Jacob et al. 2018, doi:10.1109/CVPR.2018.00286; per channel: Krishnamoorthi 2018,
    arXiv:1806.08342.
    """
    check_bits("bits", bits, 2, 8)
    _check.between("cut", cut, 0.01, 1, "Pass `cut=1`, so that no weight is cut.")
    size = weight.detach().abs()
    whole = size.max().clamp(min=torch.finfo(size.dtype).tiny * 2**bits)
    largest = size.flatten(1).amax(1) if per_channel else whole.expand(len(size))
    largest = torch.where(largest > 0, largest, whole)
    return (cut * largest / (2 ** (bits - 1) - 1)).view(-1, *[1] * (weight.ndim - 1))


def integers(
    weight: Weight, bits: int, *, per_channel: bool = True, cut: float | int = 1.0
) -> Integers:
    """Return q = round(w / s), the integers that stand for weights; `scales` returns s."""
    return _on_grid(weight, scales(weight, bits, per_channel=per_channel, cut=cut), bits).char()


def weights(
    net: Sequential, bits: int, *, per_channel: bool = True, cut: float | int = 1.0
) -> Sequential:
    """Return a copy of `net` whose weights have `bits` bits: s q in place of w.

    Biases, thresholds and decays stay as they are. It still computes with floats; see `integer`.
    Raises TypeError for what is no `Sequential`, and as `scales` for `bits` and `cut`.
    """
    return plain(_with_rounding(net, _Rounded(bits, per_channel, cut)))


def aware(
    net: Sequential, bits: int, *, per_channel: bool = True, cut: float | int = 1.0
) -> Sequential:
    """Return a copy of `net` to train on: it runs with rounded weights, and learns the exact ones.

        forward    w → s q
        backward   the gradient passes as if nothing had been rounded ("straight through")

    Decays of `Leaky` layers become the nearest 1 - 2⁻ᵏ, which is what `integer` computes; a learned
    decay is no longer learned. Rounding has a gradient of zero, so without the second line nothing
    would be learned. `plain` returns the network with its weights rounded for good.
    Source: Bengio et al. 2013, arXiv:1308.3432; Jacob et al. 2018, doi:10.1109/CVPR.2018.00286.
    """
    copied = _with_rounding(net, _Rounded(bits, per_channel, cut))
    for layer in copied.modules():
        if isinstance(layer, Leaky):
            nearest = decay(nearest_shift(layer.used("beta"))).to(layer.beta)
            layer._parameters.pop("beta", None)
            layer.register_buffer("beta", nearest)
    return copied


def plain(net: Sequential) -> Sequential:
    """Return a copy of `net` with ordinary weights: those that it runs with in evaluation."""
    copied = copied_network(net).eval()
    for _, layer in connections(copied):
        if parametrize.is_parametrized(layer, "weight"):
            weight = layer.weight.detach()
            # `remove_parametrizations` would change the class, which copies of a network share.
            layer.__class__ = parametrize.type_before_parametrizations(layer)
            del layer._modules["parametrizations"]
            layer.register_parameter("weight", nn.Parameter(weight))
    return copied.train(net.training)


class _Rounded(nn.Module):
    def __init__(self, bits: int, per_channel: bool, cut: float) -> None:
        super().__init__()
        scales(torch.ones(1, 1), bits, cut=cut)  # complains now rather than in the first pass
        self.bits, self.per_channel, self.cut = bits, per_channel, cut

    def forward(self, weight: Tensor) -> Tensor:
        step = scales(weight, self.bits, per_channel=self.per_channel, cut=self.cut)
        rounded = step * _on_grid(weight, step, self.bits)
        return weight + (rounded - weight).detach()  # the gradient of the identity


def _on_grid(weight: Tensor, step: Tensor, bits: int) -> Tensor:
    top = 2 ** (bits - 1) - 1
    return (weight.detach() / step).round().clamp(-top, top)


def _with_rounding(net: Sequential, rounded: _Rounded) -> Sequential:
    copied = copied_network(net)
    for _, layer in connections(copied):
        parametrize.register_parametrization(layer, "weight", copy.deepcopy(rounded))
    return copied


def copied_network(net: Any) -> Sequential:
    """Return a copy of a `Sequential`; refuse anything else."""
    if not isinstance(net, Sequential):
        raise TypeError(
            f"`net` must be a snnedu.Sequential. Received {type(net).__name__}. Write your network "
            f"as `snn.Sequential(...)`."
        )
    return copy.deepcopy(net)


def connections(net: Sequential) -> Iterator[tuple[str, Any]]:
    """Yield name and layer of all `Linear` layers and convolutions."""
    for name, layer in net.named_modules():
        if isinstance(layer, CONNECTIONS):
            yield name, layer


def check_bits(name: str, value: int, low: int, high: int) -> None:
    """Raise unless `value` is a whole number from `low` to `high`."""
    _check.count(name, value)
    _check.between(name, value, low, high, f"Pass `{name}={high}`, for example.")
