"""From a trained ANN to a spiking network: activations become spike counts.

    net = conversion.convert(ann, x)                    # `x`: typical input, which sets thresholds
    logits = conversion.outputs(net, x, steps=32)       # close to `ann(x)`; closer with more steps

    quantized = conversion.quantized(ann, x, levels=8)  # the same ANN, with activations of 9 values
    net = conversion.convert(quantized, window=8)       # its counts, exactly; each layer waits
    logits = conversion.outputs(net, x)                 # `quantized(x)`

An ANN is a `torch.nn.Sequential` of Linear, Conv2d, ReLU or `QCFS`, pooling (in 2-D, maximum or
average), batch norm right after weights, Flatten and Dropout. Anything else is refused by name.

N spikes in T steps, from neurons with threshold θ, stand for the activation θ N/T. Three errors
follow. *Clipping*: no activation exceeds θ. *Quantization*: there are only T + 1 of them.
*Unevenness*: the input of deeper layers is uneven in time; they may fire too often or too rarely.
"""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core.folding import fuse
from snnedu.core.layer import SMALLEST, SpikingLayer
from snnedu.core.network import LEFT_OUT, Sequential
from snnedu.silicon.rate_neurons import IntegrateAndFire, TwoPhase

Samples = Float[Tensor, "batch *features"]
Outputs = Float[Tensor, "batch *outputs"]


class QCFS(nn.Module):
    """An activation with L + 1 values: what a spiking neuron can say in L steps.

        q(z) = θ/L n(z)        n(z) = clip(ceil(L z/θ - 1/2), 0, L)

    n is what `IntegrateAndFire(θ)` fires in L steps at the current z. "Quantization, clip, floor,
    shift": the paper writes floor(L z/θ + 1/2), which differs where that is a whole number.

    `levels`: L. `threshold`: θ > 0, learned with the weights. In the backward pass the rounding
    counts as the identity.
    Source: Bu et al. 2022, arXiv:2303.04347.
    """

    def __init__(self, levels: int, threshold: float | int = 1.0) -> None:
        super().__init__()
        _check.count("levels", levels)
        _check.positive("threshold", threshold)
        self.levels = levels
        self.threshold = nn.Parameter(torch.tensor(float(threshold)))

    def forward(self, z: Samples) -> Samples:
        """Return `z`, clipped to 0 … θ and rounded to a multiple of θ/L."""
        threshold = self.threshold.clamp(min=SMALLEST)
        exact = self.levels * (z / threshold).clamp(0, 1)
        rounded = exact + (_half_down(exact) - exact).detach()
        return threshold / self.levels * rounded

    def counts(self, z: Samples) -> Samples:
        """Return n(z), the number of spikes that stands for `z`."""
        return _half_down(self.levels * (z / self.threshold.clamp(min=SMALLEST)).clamp(0, 1))

    def extra_repr(self) -> str:
        """Show the levels and the threshold."""
        return f"levels={self.levels}, threshold={self.threshold.item():.4g}"


def thresholds(ann: nn.Sequential, x: Samples, percentile: float | int = 100.0) -> list[float]:
    """Return a threshold for each activation of `ann`: what its values on `x` hardly ever exceed.

    That is their maximum, or with `percentile=99.9` the value that 99.9 % of them do not exceed: a
    few are clipped, and all others get finer steps. A `QCFS` keeps its own.

    Raises ValueError where an activation is 0 on all of `x`.
    Source: Diehl et al. 2015, doi:10.1109/IJCNN.2015.7280696 (maximum); Rueckauer et al. 2017,
    doi:10.3389/fnins.2017.00682 (percentile).
    """
    return _thresholds(_layers(ann), x, percentile)


def quantized(
    ann: nn.Sequential, x: Samples, levels: int, percentile: float | int = 100.0
) -> nn.Sequential:
    """Return a copy of `ann` with a `QCFS` of so many levels in the place of each ReLU.

    Its thresholds are those of `thresholds`; batch norm is folded into the weights. Train the copy
    on: weights and thresholds then adapt to the rounding.
    """
    chain = _layers(ann)
    tops = iter(_thresholds(chain, x, percentile))
    kind = _kind(ann)
    return nn.Sequential(
        *(
            QCFS(levels, next(tops)).to(**kind) if isinstance(layer, _ACTIVATIONS) else layer
            for _, layer in chain
        )
    )


def convert(
    ann: nn.Sequential,
    x: Samples | None = None,
    *,
    percentile: float | int = 100.0,
    start: float | int = 0.5,
    window: int | None = None,
) -> Sequential:
    """Return a spiking network whose spike counts are the activations of `ann`, a trained ANN.

        net = convert(ann, x, percentile=99.9)
        spk_rec, mem_rec = net(x.expand(32, *x.shape))    # the input is a constant current
        mem_rec[-1] / 32                                  # about ann(x)

    Each ReLU becomes neurons without a leak (`IntegrateAndFire`), with a threshold from
    `thresholds(ann, x, percentile)`. Each `QCFS` brings its own threshold, and needs no `x`.
    Weights that receive spikes are multiplied by the threshold for which a spike stands, and batch
    norm is folded into weights. If `ann` ends with weights, a last layer adds up the outputs: it
    has no reset, and its membrane is the answer.

    `start`: the share of θ at which membranes begin; 0.5 rounds counts to the nearest, 0 down.
    `window`: None lets all layers run at once. A number lets each layer collect for so many steps
    and fire in the next so many (`TwoPhase`), in `total_steps(net)` steps. Counts are then exactly
    those of `QCFS(levels=window)`. Max pooling fires whenever one of its neurons does: exact with a
    window, too high without.

    `ann` stays as it is. Raises TypeError or ValueError, by name, for what cannot be converted.
    Source: Cao et al. 2015, doi:10.1007/s11263-014-0788-3; Rueckauer et al. 2017,
    doi:10.3389/fnins.2017.00682; Bu et al. 2022, arXiv:2303.04347.
    """
    chain = _layers(ann)
    tops = iter(_thresholds(chain, x, percentile))
    neurons = _Neurons(start, window, _kind(ann))
    layers, worth = list[nn.Module](), 1.0  # what one spike stands for at this place
    for _, layer in chain:
        if isinstance(layer, _WEIGHTS):
            layer, worth = _scaled(layer, worth), 1.0
        elif isinstance(layer, _ACTIVATIONS):
            top = next(tops)
            layer, worth = neurons.firing(top / worth), top
        layers.append(layer)
    if not isinstance(layers[-1], SpikingLayer):
        if worth != 1:
            raise ValueError(
                f"An ANN must end with weights, ReLU or QCFS. Received one that ends with "
                f"{layers[-1]} on activations. Append an `nn.Linear`."
            )
        layers.append(neurons.summing())
    return Sequential(*layers)


def total_steps(net: Sequential) -> int:
    """Return the steps that a network needs that was converted with a `window`.

    Raises ValueError for one without: it may run for any number of steps, the more the better.
    """
    last = net[-1]
    if not isinstance(last, TwoPhase):
        raise ValueError(
            f"Only a network converted with a `window` has a fixed number of steps. Received one "
            f"that ends with {last}. Choose `steps` yourself."
        )
    sums = last.reset_mechanism == "none"
    return int(last.fires_after + (0 if sums else last.window))


def outputs(net: Sequential, x: Samples, steps: int | None = None) -> Outputs:
    """Show `x` to a converted network as a constant current; return the output of the ANN it means.

    `steps` is 1 or more; with a `window` it is known, and may be left out.
    """
    last: Any = net[-1]
    if isinstance(last, TwoPhase):
        steps, counted = total_steps(net), int(last.window)
    else:
        _check.count("steps", steps)
        assert steps is not None  # for the type checker; `count` has raised otherwise
        counted = steps
    spk_rec, mem_rec = net(x.expand(steps, *x.shape))
    sums = last.reset_mechanism == "none"
    return mem_rec[-1] / counted if sums else last.used("threshold") / counted * spk_rec.sum(0)


class _Neurons:
    """Makes one layer of neurons after another, of equal kind."""

    def __init__(self, start: float | int, window: int | None, kind: dict[str, Any]) -> None:
        self.start, self.window, self.kind, self.made = start, window, kind, 0

    def firing(self, threshold: float) -> SpikingLayer:
        """Return neurons that fire at this threshold."""
        return self._make(threshold, self.start, "subtract")

    def summing(self) -> SpikingLayer:
        """Return neurons that only add up."""
        return self._make(1.0, 0, "none")

    def _make(self, threshold: float, start: float | int, reset: Any) -> SpikingLayer:
        self.made += 1
        if self.window is None:
            neurons = IntegrateAndFire(start=start)
            neurons.reset_mechanism = reset
        else:
            after = self.made * self.window
            neurons = TwoPhase(
                start=start, window=self.window, fires_after=after, reset_mechanism=reset
            )
        neurons.to(**self.kind)
        neurons.threshold = torch.as_tensor(threshold, dtype=torch.float64)  # kept in that kind
        return neurons


_WEIGHTS = (nn.Linear, nn.Conv2d)
_ACTIVATIONS = (nn.ReLU, QCFS)
_KEPT = (nn.Flatten, nn.AvgPool2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d)


def _layers(ann: Any) -> list[tuple[str, nn.Module]]:
    """Return name and copy of each layer, batch norm folded; refuse what cannot be converted."""
    if not isinstance(ann, nn.Sequential) or isinstance(ann, Sequential):
        raise TypeError(
            f"`ann` must be a torch.nn.Sequential. Received {type(ann).__name__}. Write your "
            f"network as `nn.Sequential(...)`; other graphs are not converted."
        )
    found: list[tuple[str, nn.Module]] = []
    for name, layer in _chain(copy.deepcopy(ann).eval(), ""):
        before = found[-1][1] if found else None
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            found[-1:] = [(name, fuse(before, layer, name))]
        elif isinstance(layer, nn.ReLU):
            found.append((name, nn.ReLU()))  # never in place: that would change the input
        elif isinstance(layer, (*_WEIGHTS, *_KEPT, QCFS)):
            found.append((name, layer))
        elif not isinstance(layer, LEFT_OUT):
            raise TypeError(f"Layer {name!r}, {layer}, cannot be converted. {_advice(layer)}")
    if not any(isinstance(layer, _WEIGHTS) for _, layer in found):
        raise ValueError("`ann` must have weights. Received none. Add an `nn.Linear`, for example.")
    return found


def _chain(net: nn.Sequential, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    """Yield name and layer, those of nested chains in their place."""
    for name, layer in net._modules.items():
        assert layer is not None
        if type(layer) is nn.Sequential:
            yield from _chain(layer, f"{prefix}{name}.")
        else:
            yield prefix + name, layer


def _advice(layer: nn.Module) -> str:
    if isinstance(layer, (nn.Softmax, nn.LogSoftmax)):
        return "Leave it out: the largest output stays the largest."
    if type(layer).__module__ == nn.ReLU.__module__:
        return (
            "A spike count is never negative, and grows in proportion to the input: train with "
            "`nn.ReLU` or `QCFS` in its place."
        )
    return (
        "Convertible are Linear, Conv2d, ReLU, QCFS, pooling in 2-D, batch norm, Flatten, Dropout."
    )


def _thresholds(
    chain: list[tuple[str, nn.Module]], x: Tensor | None, percentile: float | int
) -> list[float]:
    _check.between("percentile", percentile, 0, 100, "The default, 100, is the maximum.")
    found: list[float] = []
    with torch.no_grad():
        for name, layer in chain:
            x = None if x is None else layer(x)
            if isinstance(layer, QCFS):
                found.append(max(layer.threshold.item(), SMALLEST))
            elif isinstance(layer, nn.ReLU):
                found.append(_top(name, x, percentile))
    return found


def _top(name: str, values: Tensor | None, percentile: float | int) -> float:
    """Return the value that so many percent of `values` do not exceed."""
    if values is None:
        raise ValueError(
            f"`x` must show what the ReLU in layer {name!r} does. Received None. Pass some hundred "
            f"typical inputs, or train with `QCFS`."
        )
    place = max(1, round(percentile / 100 * values.numel()))
    top = values.flatten().kthvalue(place).values.item()
    if not 0 < top < float("inf"):
        raise ValueError(
            f"The ReLU in layer {name!r} must be above 0 on some of `x`. Received {top:g} as the "
            f"value that {percentile:g} % do not exceed. Pass more input, or a higher `percentile`."
        )
    return top


def _scaled(layer: nn.Module, worth: float) -> nn.Module:
    """Return a copy of weights that receive spikes, each of which stands for `worth`."""
    layer = copy.deepcopy(layer)
    with torch.no_grad():
        layer.weight.mul_(worth)  # pyright: ignore
    return layer


def _kind(ann: nn.Module) -> dict[str, Any]:
    """Return where and in which precision a network computes."""
    weight = next(ann.parameters())
    return {"device": weight.device, "dtype": weight.dtype}


def _half_down(numbers: Tensor) -> Tensor:
    """Round to the nearest whole number, a half down."""
    return (numbers - 0.5).ceil() + 0.0  # no -0
