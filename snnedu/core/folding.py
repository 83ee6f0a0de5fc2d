"""Batch norm disappears after training: it becomes part of the weights of the layer before it."""

import copy
from typing import Any

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from snnedu.core.network import BATCH_NORM, CONNECTIONS, Sequential


def fold_batch_norm(net: Sequential) -> Sequential:
    """Return a copy of `net` without batch norm, which gives the spikes of `net.eval()`.

        W' = s W      b' = s (b - m) + c      s = γ / √(v + ε)

    for each channel: m and v are the mean and the variance that the batch norm remembers, γ and c
    its scale and shift, W and b the weights and the bias of the layer before it. The other layers
    keep their names. The copy is in evaluation mode.

    Both compute the same number in another order, so membranes differ by rounding, some 1e-6. Only
    a membrane that is as close as that to its threshold may spike in one and not in the other.

    Raises ValueError where a batch norm does not follow a `Linear` or a convolution directly, or
    remembers no statistics.
    Source: Jacob et al. 2018, doi:10.1109/CVPR.2018.00286, section 3.2; for spikes Zheng et al.
    2021, arXiv:2011.05280.
    """
    if not isinstance(net, Sequential):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"`net` must be a snnedu.Sequential. Received {type(net).__name__}. "
            f"Put its layers into one, or fold them with `torch.nn.utils.fusion`."
        )
    folded = copy.deepcopy(net).eval()
    for chain in [part for part in folded.modules() if isinstance(part, nn.Sequential)]:
        _fold_chain(chain)
    return folded


def _fold_chain(chain: nn.Sequential) -> None:
    layers: dict[str, Any] = chain._modules
    before = ""
    for name, layer in list(layers.items()):
        if isinstance(layer, BATCH_NORM):
            layers[before] = fuse(layers.get(before), layer, name)
            del layers[name]
        else:
            before = name


def fuse(layer: Any, norm: Any, name: str) -> nn.Module:
    """Return weights that do the work of the batch norm `norm` after them, too; `name` is its name.

    Raises ValueError as `fold_batch_norm` does.
    """
    if not isinstance(layer, CONNECTIONS):
        raise ValueError(
            f"A batch norm must follow a `Linear` or a convolution directly to be folded into it. "
            f"Received {layer or 'nothing'} before layer {name!r}. Put the batch norm there, "
            f"before activations, neurons and pooling, and train again."
        )
    if norm.running_mean is None:
        raise ValueError(
            f"A batch norm must remember its statistics to be folded. Received {norm} as layer "
            f"{name!r}. Make it with `track_running_stats=True`, and train."
        )
    remembered = norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    fused: Any = copy.deepcopy(layer)
    # Despite its name right for `Linear`, too; `fuse_linear_bn_weights` needs a scale and a shift.
    fused.weight, fused.bias = fuse_conv_bn_weights(layer.weight, layer.bias, *remembered)
    return fused
