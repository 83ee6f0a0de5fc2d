"""What spikes cost on a chip that computes only when one arrives."""

import copy
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core.network import CONNECTIONS


def synaptic_operations(
    layer: nn.Module, spk_rec: Float[Tensor, "time batch *features"]
) -> Int64[Tensor, " batch"]:
    """Return how many additions the spikes cause in a layer, for each sample.

        operations = sum over steps and inputs of spikes x connections that leave this input

    Each spike costs one addition for each neuron that it reaches. `layer` is a `Linear` or a
    convolution; at the edge of an image, fewer neurons are reached. `spk_rec` are its inputs, 0 or
    1; several spikes that arrive together may be given as their number.

    Not counted: the bias, the neurons' own updates, the memory that is read for each weight.
    Raises ValueError for fractions, such as those of average pooling: a chip sends spikes, and the
    average of four stands for up to four of them. `4 * average` counts what such a chip sends.
    Source: Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682.
    """
    if not isinstance(layer, CONNECTIONS):
        raise TypeError(
            f"`layer` must have connections: a `Linear` or a convolution. Received "
            f"{type(layer).__name__}. Pass the layer that the spikes reach next."
        )
    _check.time_first("spk_rec", spk_rec, at_least=3)
    if bool((spk_rec != spk_rec.round()).any()) or bool((spk_rec < 0).any()):
        raise ValueError(
            f"`spk_rec` must hold numbers of spikes: 0, 1, … Received numbers from "
            f"{spk_rec.min():.3g} to {spk_rec.max():.3g}, some of them fractions or negative. Of "
            f"average pooling, pass the spikes before it, or their sum."
        )
    ones: Any = copy.deepcopy(layer).requires_grad_(False)
    ones.weight.fill_(1)
    if ones.bias is not None:
        ones.bias.zero_()
    reached = ones(spk_rec.detach().to(ones.weight).flatten(0, 1))
    counts = reached.unflatten(0, spk_rec.shape[:2]).flatten(2)
    return counts.cpu().sum((0, 2), dtype=torch.float64).long()
