"""How much a network computes, and how often it goes to memory: what energy is estimated from.

    synaptic_operations(layer, spk_rec)     additions that spikes cause in one layer, per sample
    count(net, x_rec)                       everything, layer by layer, of any chain of layers

A chip can work in two ways, and both are counted by one rule for all networks, spiking or not:

- It *skips zeros*: each input that is not zero is taken to all neurons that it reaches. Only such
  inputs cost anything. But the sums that they add to wait in memory, to be read and written again.
- It *takes all*: each output is summed up in a register, zeros included, and written once.
"""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core.delay import Delay, DelayedLinear, DelayLayer
from snnedu.core.layer import SpikingLayer
from snnedu.core.network import BATCH_NORM, CONNECTIONS, PASSED_ON, Sequential, _chain, _folded
from snnedu.core.neurons import RLeaky, RSynaptic
from snnedu.core.residual import SkipMark

OverTime = Float[Tensor, "time batch *features"]


@dataclass(frozen=True)
class Counts:
    """What one layer does for one inference, on average over a batch.

    `mac`: multiplications with an addition. `ac`: additions alone, and comparisons. `skipped`:
    operations that zeros made unnecessary. `updates`: neurons x steps.
    `weights`, `states`, `activity`: how often a weight, a state or a sum, and an input or output
    is read or written. `sizes`: how many values of these three are kept, which decides on the
    memory that holds them.
    """

    name: str
    layer: str
    mac: float = 0.0
    ac: float = 0.0
    skipped: float = 0.0
    updates: float = 0.0
    weights: float = 0.0
    states: float = 0.0
    activity: float = 0.0
    sizes: tuple[int, int, int] = (0, 0, 0)


def synaptic_operations(layer: nn.Module, spk_rec: OverTime) -> Int64[Tensor, " batch"]:
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
    spikes = spk_rec.detach().sum(0, dtype=torch.float64).cpu()
    return (spikes * fan_out(layer, tuple(spk_rec.shape[2:]))).flatten(1).sum(1).long()


def fan_out(layer: nn.Module, shape: tuple[int, ...]) -> Float[Tensor, "*features"]:
    """Return how many connections leave each input of a `Linear` or a convolution.

    `shape`: that of one sample's input. At the edge of an image, fewer neurons are reached.
    """
    if isinstance(layer, (nn.Linear, DelayedLinear)):
        return torch.full(shape, len(layer.weight), dtype=torch.float64)
    ones: Any = copy.deepcopy(layer).cpu().double().requires_grad_(False)
    ones.weight.fill_(1)
    x = torch.zeros(1, *shape, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        return torch.autograd.grad(ones(x).sum(), x)[0][0]


def count(net: nn.Module, x_rec: Tensor, *, skip_zeros: bool = True) -> list[Counts]:
    """Return what each layer of a network does for one inference.

    `net` is a `Sequential` and `x_rec` `[time, batch, *features]`, or an ANN, an `nn.Sequential`
    with input `[batch, *features]`. Counts are means over the batch. `skip_zeros`: which of the two
    ways the chip works in (see above); choose the same for networks that you compare.

    An operation on inputs of -1, 0 and 1 is an addition, any other one a multiplication with an
    addition. A neuron takes, at each step, one `mac` for each part of its state and one comparison,
    and each spike one subtraction. A bias is added at each step. Pooling adds or compares each
    input; ReLU compares. Batch norm costs a `mac` for each value: fold it first, with
    `fold_batch_norm`. Recurrent weights are a row of their own. So is the sum of a `Residual`, an
    addition for each input; the layer after it multiplies, as a sum of spikes may be 2.

    Not counted: what moves spikes between the cores of a chip, how convolutions reuse a weight that
    was read, and the lines of delayed inputs. Constant input counts at each step. Raises TypeError,
    by name, for layers of unknown cost.
    """
    if not isinstance(net, nn.Sequential):
        raise TypeError(
            f"`net` must be a chain of layers, a `Sequential` or an `nn.Sequential`. Received "
            f"{type(net).__name__}. Count its parts one by one."
        )
    modes = [(module, module.training) for module in net.modules()]
    net.eval()  # dropout and batch norm as they are when the network is used
    try:
        with torch.no_grad():
            return [_count(seen, skip_zeros) for seen in _walk(net, x_rec)]
    finally:
        for module, training in modes:
            module.training = training


class _Signal:
    """What passes from one layer to the next, `[time, batch, ...]`, and for how many steps.

    Where nothing changes over time, one row stands for all steps.
    """

    def __init__(self, values: Tensor, steps: int) -> None:
        self.values, self.steps = values, steps
        self.shape = tuple(values.shape[2:])

    @cached_property
    def busy(self) -> Tensor:
        """At how many steps each value is not zero, on average."""
        samples = self.values.flatten(0, 1)
        # Floats add up faster than booleans do, and count exactly to 2^24.
        ones = samples.abs().float() if self.signs else samples.bool()
        return ones.sum(0).double().cpu() * (self.steps / max(1, len(samples)))

    @cached_property
    def signs(self) -> bool:
        """Whether all values are -1, 0 or 1."""
        return torch.equal(self.values.sign(), self.values)

    def moved(self, skip_zeros: bool) -> float:
        """Return how many values are read or written, in all steps."""
        return self.busy.sum().item() if skip_zeros else self.steps * math.prod(self.shape)


class _Seen(NamedTuple):
    """A layer, and what went in and out."""

    name: str
    layer: Any
    x: _Signal
    y: _Signal


class _OneToOne:
    """The connections of a recurrent layer in which each neuron feeds itself."""

    def __init__(self, V: Tensor) -> None:
        self.V, self.bias = V, None

    def parameters(self) -> list[Tensor]:
        return [self.V]


def _walk(net: nn.Sequential, x: Tensor) -> Iterator[_Seen]:
    if not isinstance(net, Sequential):
        if len(net) and isinstance(net[0], nn.Linear) and x.ndim != 2:  # time would be the batch
            raise ValueError(
                f"An ANN whose first layer is `Linear` needs `[batch, features]`. Received shape "
                f"{tuple(x.shape)}. Pass what it was trained on, without an axis for time."
            )
        x = x.unsqueeze(0)
    _check.time_first("x_rec", x, at_least=3)
    before = _Signal(x[:1] if x.stride(0) == 0 else x, len(x))  # constant: see `Sequential`
    kept: list[_Signal] = []
    for name, layer in _chain(net, ""):
        if isinstance(layer, SkipMark):
            if layer.ends:
                inside, before = before.values, kept.pop()
                after = _Signal(layer.pass_on(inside, [before.values]), before.steps)
                yield _Seen(name, layer, before, after)
                before = after
            else:
                kept.append(before)
            continue
        after = _Signal(_through(layer, before), before.steps)
        yield _Seen(name, layer, before, after)
        feedback = getattr(layer, "recurrent", None) or (
            _OneToOne(layer.V) if isinstance(layer, (RLeaky, RSynaptic)) else None
        )
        if feedback is not None:  # the spikes of the last step reach nobody any more
            fed, reached = after.values[:-1], after.values[1:]
            steps = before.steps - 1
            yield _Seen(f"{name}.recurrent", feedback, _Signal(fed, steps), _Signal(reached, steps))
        before = after


def _through(layer: Any, x: _Signal) -> Tensor:
    values = x.values
    if isinstance(layer, SpikingLayer):
        return layer.unroll(values, record=False, steps=x.steps if len(values) == 1 else None)[0]
    if isinstance(layer, DelayLayer):
        return layer.unroll(values.expand(x.steps, *values.shape[1:]))[0]
    return _folded(layer, values)


def _count(seen: _Seen, skip_zeros: bool) -> Counts:
    for kinds, cost in _COSTS.items():
        if isinstance(seen.layer, kinds):
            kind = type(seen.layer).__name__.strip("_")
            kind = "Residual" if isinstance(seen.layer, SkipMark) else kind
            return Counts(seen.name, kind, **cost(seen, skip_zeros))
    known = ", ".join(kind.__name__ for kinds in _COSTS for kind in kinds if kind not in _PRIVATE)
    raise TypeError(
        f"The cost of layer {seen.name!r}, {type(seen.layer).__name__}, is not known. Those of "
        f"{known} are. Count the layers before and after it apart."
    )


def _of_connections(seen: _Seen, skip_zeros: bool) -> dict[str, Any]:
    layer, outputs = seen.layer, seen.y.moved(skip_zeros=False)
    reached = _reached(layer, seen.x.shape)
    everything = seen.x.steps * reached.sum().item()
    done = (seen.x.busy * reached).sum().item() if skip_zeros else everything
    bias = 0 if layer.bias is None else outputs
    return {
        "mac": 0.0 if seen.x.signs else done,
        "ac": bias + (done if seen.x.signs else 0.0),
        "skipped": everything - done,
        "weights": done + bias,
        "states": 2 * done if skip_zeros else outputs,  # sums in memory, or in a register
        "activity": seen.x.moved(skip_zeros),
        "sizes": _sizes(seen, weights=sum(p.numel() for p in layer.parameters())),
    }


def _reached(layer: Any, shape: tuple[int, ...]) -> Tensor:
    if isinstance(layer, _OneToOne):
        return torch.ones(shape, dtype=torch.float64)
    return fan_out(layer, shape)


def _of_neurons(seen: _Seen, skip_zeros: bool) -> dict[str, Any]:
    parts, updates = len(seen.layer.state_names), seen.y.moved(skip_zeros=False)
    return {
        "mac": parts * updates,
        "ac": updates + seen.y.moved(skip_zeros=True),
        "updates": updates,
        "states": 2 * parts * updates,
        "activity": seen.y.moved(skip_zeros),
        "sizes": _sizes(seen, len(seen.layer.numbers), parts),
    }


def _of_values(seen: _Seen, skip_zeros: bool) -> dict[str, Any]:
    """One addition or comparison for each input: pooling, ReLU."""
    done, out = seen.x.moved(skip_zeros), seen.y.moved(skip_zeros)
    skipped = seen.x.moved(skip_zeros=False) - done
    return {"ac": done, "skipped": skipped, "activity": out, "sizes": _sizes(seen)}


def _of_sum(seen: _Seen, skip_zeros: bool) -> dict[str, Any]:
    """One addition for each input that skips the layers inside; it is read once more for that."""
    found = _of_values(seen, skip_zeros)
    return found | {"activity": found["activity"] + seen.x.moved(skip_zeros)}


def _of_batch_norm(seen: _Seen, skip_zeros: bool) -> dict[str, Any]:
    values = seen.y.moved(skip_zeros=False)
    numbers = 2 * seen.layer.num_features
    return {"mac": values, "weights": 2 * values, "sizes": _sizes(seen, numbers)}


def _of_nothing(seen: _Seen, skip_zeros: bool) -> dict[str, Any]:
    return {}


def _sizes(seen: _Seen, weights: int = 0, parts: int = 1) -> tuple[int, int, int]:
    outputs = math.prod(seen.y.shape)
    return weights, parts * outputs, max(outputs, math.prod(seen.x.shape))


_COSTS: dict[tuple[type, ...], Callable[[_Seen, bool], dict[str, Any]]] = {
    (*CONNECTIONS, DelayedLinear, _OneToOne): _of_connections,
    (SpikingLayer,): _of_neurons,
    (
        nn.ReLU, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d,
        nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool1d,
        nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d,
    ): _of_values,
    (SkipMark,): _of_sum,
    BATCH_NORM: _of_batch_norm,
    (Delay, *PASSED_ON): _of_nothing,
}  # fmt: skip
_PRIVATE = (SkipMark, _OneToOne)  # of these, no error speaks
