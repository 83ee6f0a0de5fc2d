"""A network of integers only: weights of few bits, states that saturate, decays that are shifts.

    chip = integer(net, bits=8)
    spk_rec, mem_rec = chip(x_rec)               # a sequence; floats are rounded at the entrance
    spk, state = chip.step(x, state)             # one step; None is rest

Where the numbers come from: a weight is s q, and a spike is 1 or 0. So the current of a neuron is a
sum of integers q, in units of s, and its threshold is θ / s. Each channel has its own s, and
needs no multiplication for that: it has its own threshold. A power of two then moves the sum so
that the membrane uses the bits of its state (the "binary point"):

    I_int = 2ᵉ Σ q x      θ_int = round(2ᵉ θ / s)      bias_int = round(2ᵉ bias / s)
"""

import copy
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, linear

from snnedu.core import _check
from snnedu.core.network import LEFT_OUT, Recording, Sequential, _chain
from snnedu.core.neurons import Leaky
from snnedu.silicon.integer_steps import (
    OVERFLOWS,
    ROUNDINGS,
    int_leaky_step,
    leak,
    nearest_shift,
)
from snnedu.silicon.rounded_weights import check_bits, integers, plain, scales

Inputs = Float[Tensor, "time batch *features"] | Int[Tensor, "time batch *features"]
Input = Float[Tensor, "batch *features"] | Int[Tensor, "batch *features"]
Outputs = Int[Tensor, "time batch *outputs"]
Output = Int[Tensor, "batch *outputs"]
Now = Int[Tensor, "batch *features"]  # one step between layers
State = dict[str, tuple[Tensor, ...]]
ACCUMULATOR = 2**31  # sums of a layer stay below, which is checked


def integer(
    net: Sequential,
    bits: int = 8,
    state_bits: int = 16,
    *,
    input_bits: int = 8,
    input_max: float | int = 1.0,
    headroom: float | int = 8.0,
    rounding: str = "nearest",
    overflow: str = "saturate",
    per_channel: bool = True,
) -> "IntegerNetwork":
    """Return `net` as a network of integers.

    `bits`: those of a weight, 2 to 8. `state_bits`: those of a membrane, with sign, 4 to 16.
    `input_bits`: input from 0 to `input_max` becomes 0 to 2^bits - 1 (below 0 alike, with a sign
    bit more); for spikes, 1 is enough. `headroom`: the membrane holds at least so many thresholds,
    and at most twice as many: with more, it overflows later and has fewer values below θ.
    `rounding` of the leak and `overflow` of the state as in `int_leaky_step`.

    Linear and Conv2d layers each lead to `Leaky` neurons, with pooling between if need be; average
    pooling becomes a sum. β becomes the nearest 1 - 2⁻ᵏ: train with `aware`, which sets it before.
    Batch norm is folded first (`snn.fold_batch_norm`). `net` stays as it is. Raises TypeError, by
    name, for other layers, ValueError where a sum of a layer could exceed 32 bits.
    Source: Jacob et al. 2018, doi:10.1109/CVPR.2018.00286 (scales); thresholds that carry them:
    Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682.
    """
    check_bits("bits", bits, 2, 8)
    check_bits("state_bits", state_bits, 4, 16)
    check_bits("input_bits", input_bits, 1, 16)
    _check.positive("input_max", input_max)
    _check.between("headroom", headroom, 1, 1024, "Pass `headroom=8`, for example.")
    _check.one_of("rounding", rounding, ROUNDINGS)
    _check.one_of("overflow", overflow, OVERFLOWS)
    maker = _Maker(bits, state_bits, headroom, rounding, overflow, per_channel)
    top = 2**input_bits - 1
    return IntegerNetwork(maker.layers(plain(net).cpu(), input_max / top, top), input_max, top)


class IntegerNetwork(nn.Module):
    """What `integer` returns: a chain of layers on integers. State goes in and comes out.

    `layers[name]` are the integer layers, by the names they had. Spikes are int8, membranes int16.
    """

    def __init__(self, layers: dict[str, nn.Module], input_max: float, top: int) -> None:
        super().__init__()
        self.names = list(layers)
        self.chain = nn.ModuleList(layers.values())
        self.input_max, self.top = input_max, top

    @property
    def layers(self) -> dict[str, Any]:
        """The integer layers by name."""
        return dict(zip(self.names, self.chain, strict=True))

    def forward(self, x_rec: Inputs) -> tuple[Outputs, Outputs]:
        """Run a sequence from rest; return `spk_rec, mem_rec` of the last layer."""
        recordings, _ = self.unroll(x_rec)
        last = recordings[self.names[-1]]
        return last.spk, last.mem

    def record(self, x_rec: Inputs, state: State | None = None) -> dict[str, Recording]:
        """Return the recordings of every spiking layer by name."""
        return self.unroll(x_rec, state)[0]

    def unroll(
        self, x_rec: Inputs, state: State | None = None
    ) -> tuple[dict[str, Recording], State]:
        """Run a sequence on from `state` (None: rest); return all recordings and the last state."""
        x_rec = self.digitize(x_rec)
        recordings: dict[str, Recording] = {}
        now: State = {}
        for name, layer in self.layers.items():
            if isinstance(layer, IntegerLeaky):
                spk_rec, mem_rec = layer.unroll(x_rec, *self._before(name, state))
                recordings[name] = Recording(spk=spk_rec, mem=mem_rec)
                now[name], x_rec = (mem_rec[-1],), spk_rec
            else:
                x_rec = layer(x_rec.flatten(0, 1)).unflatten(0, x_rec.shape[:2])
        return recordings, now

    def step(self, x: Input, state: State | None = None) -> tuple[Output, State]:
        """Advance one step on from `state` (None: rest); return `spk, state`."""
        x = self.digitize(x)
        now: State = {}
        for name, layer in self.layers.items():
            if isinstance(layer, IntegerLeaky):
                x, mem = layer(x, *self._before(name, state))
                now[name] = (mem,)
            else:
                x = layer(x)
        return x, now

    def digitize(self, x: Tensor) -> Tensor:
        """Return input as integers: floats are scaled, rounded and clipped; integers are checked.

        This is the analog-to-digital converter at the entrance of the chip.
        """
        if x.is_floating_point():
            if not bool(torch.isfinite(x).all()):
                raise ValueError(
                    "The input must be finite. Received NaN or infinity. Look at what made it."
                )
            scaled = x.double() * (self.top / self.input_max)
            return scaled.round().clamp(-self.top, self.top).to(torch.int32)
        if bool((x.abs() > self.top).any()):
            raise ValueError(
                f"Integer input must lie within ± {self.top}. Received {int(x.abs().max())}. Pass "
                f"floats, which are clipped, or convert with more `input_bits`."
            )
        return x.to(torch.int32)

    def _before(self, name: str, state: State | None) -> tuple[Tensor, ...]:
        if state is None:
            return ()
        if name not in state:
            raise ValueError(
                f"`state` must hold a membrane for layer {name!r}. Received "
                f"{', '.join(state) or 'nothing'}. Pass what the last call returned, or None."
            )
        return state[name]


class IntegerWeights(nn.Module):
    """A `Linear` or `Conv2d` of integers: 2ᵉ Σ q x + bias, e of its own for each channel.

    Products are computed in float64, which holds whole numbers exactly up to 2⁵³: the results are
    those of 32-bit integers, and the libraries for matrices are made for floats.
    """

    weight: Tensor
    bias: Tensor
    exponent: Tensor

    def __init__(self, layer: Any, weight: Tensor, bias: Tensor, exponent: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)  # int8
        self.register_buffer("bias", bias.to(torch.int32))
        self.register_buffer("exponent", exponent.to(torch.int32))
        self.how: dict[str, Any] = {}
        if isinstance(layer, nn.Conv2d):
            names = ("stride", "padding", "dilation", "groups")
            self.how = {name: getattr(layer, name) for name in names}

    def forward(self, x: Now) -> Output:
        """Return the integer current of one step, `[batch, *features]`."""
        product: Any = conv2d if self.weight.ndim == 4 else linear
        sums = product(x.double(), self.weight.double(), **self.how).long()
        left = sums << self.exponent.clamp(min=0)
        right = leak(sums, self.exponent.neg().clamp(min=0), "nearest")
        return (torch.where(self.exponent < 0, right, left) + self.bias).to(torch.int32)

    def extra_repr(self) -> str:
        """Show shape and largest weight."""
        return f"{list(self.weight.shape)}, largest weight {int(self.weight.abs().max())}"


class IntegerLeaky(nn.Module):
    """Leaky neurons in integers; the equation stands in `int_leaky_step`."""

    threshold: Tensor
    shift: Tensor

    def __init__(self, threshold: Tensor, shift: Tensor, **how: Any) -> None:
        super().__init__()
        self.register_buffer("threshold", threshold.to(torch.int32))
        self.register_buffer("shift", shift.to(torch.int32))
        self.how = how  # state_bits, rounding, overflow, reset_mechanism

    def forward(self, cur: Now, mem: Now | None = None) -> tuple[Now, Now]:
        """Advance one step; `mem=None` is rest."""
        mem = torch.zeros_like(cur, dtype=torch.int16) if mem is None else mem
        values: dict[str, Any] = {"threshold": self.threshold, "shift": self.shift, **self.how}
        return int_leaky_step(cur, mem, **values)

    def unroll(self, cur_rec: Outputs, mem: Output | None = None) -> tuple[Outputs, Outputs]:
        """Run a sequence; return `spk_rec, mem_rec`, `[time, batch, *features]`."""
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []
        state = () if mem is None else (mem,)
        for cur in cur_rec:
            spk, *state = self(cur, *state)
            spikes.append(spk)
            membranes.append(state[0])
        return torch.stack(spikes), torch.stack(membranes)

    def extra_repr(self) -> str:
        """Show thresholds, shifts and the state."""
        low, high = int(self.threshold.min()), int(self.threshold.max())
        return f"threshold={low}…{high}, shift={self.shift.unique().tolist()}, {self.how}"


class _SumPool(nn.Module):
    """Average pooling without the division, which the next threshold takes over."""

    def __init__(self, layer: nn.AvgPool2d) -> None:
        super().__init__()
        self.how = {"kernel_size": layer.kernel_size, "stride": layer.stride}
        self.how["padding"] = layer.padding

    def forward(self, x: Now) -> Output:
        how: dict[str, Any] = self.how
        return avg_pool2d(x.double(), **how, divisor_override=1).to(torch.int32)


class _MaxPool(nn.Module):
    def __init__(self, layer: nn.MaxPool2d) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Now) -> Output:
        return self.layer(x.double()).to(torch.int32)


class _Maker:
    """Makes integer layers, one after another; knows what the integer 1 stands for."""

    def __init__(
        self,
        bits: int,
        state_bits: int,
        headroom: float,
        rounding: str,
        overflow: str,
        per_channel: bool,
    ) -> None:
        self.bits, self.headroom, self.per_channel = bits, headroom, per_channel
        self.how = {"state_bits": state_bits, "rounding": rounding, "overflow": overflow}
        self.most = 2 ** (state_bits - 1) - 1

    def layers(self, net: Sequential, unit: float, top: int) -> dict[str, nn.Module]:
        """Return the integer layers. `unit`: what an input of 1 means; `top`: the largest one."""
        chain = [(n, layer) for n, layer in _chain(net, "") if not isinstance(layer, LEFT_OUT)]
        made: dict[str, nn.Module] = {}
        waiting: tuple[str, Any] | None = None  # weights whose neurons have not come yet
        pooled = 1  # how many of their currents a sum holds
        for name, layer in chain:
            if isinstance(layer, (nn.Linear, nn.Conv2d)) and waiting is None:
                _check_convolution(name, layer)
                waiting, made[name], pooled = (name, layer), layer, 1
            elif type(layer) is Leaky and waiting is not None:
                made[waiting[0]], made[name] = self._pair(waiting, layer, unit, top, pooled)
                waiting, unit, top = None, 1.0, 1
            elif isinstance(layer, nn.AvgPool2d) and _plain_pooling(layer):
                made[name], inputs = _SumPool(layer), _size(layer.kernel_size)
                unit, top, pooled = unit / inputs, top * inputs, pooled * inputs
            elif isinstance(layer, nn.MaxPool2d):
                made[name] = _MaxPool(copy.deepcopy(layer))
            elif isinstance(layer, nn.Flatten) and waiting is None:
                made[name] = layer
            else:
                raise TypeError(_refusal(name, layer, waiting))
        if waiting is not None or not made or not isinstance(list(made.values())[-1], IntegerLeaky):
            raise ValueError(
                "The last layer must be `Leaky` neurons with weights before them. Received a "
                "network that ends otherwise. Append `snn.Leaky(0.9)`."
            )
        return made

    def _pair(
        self, weights: tuple[str, Any], neurons: Leaky, unit: float, top: int, pooled: int
    ) -> tuple[IntegerWeights, IntegerLeaky]:
        name, layer = weights
        q = integers(layer.weight, self.bits, per_channel=self.per_channel)
        scale = scales(layer.weight.double(), self.bits, per_channel=self.per_channel)
        channel = scale[..., 0].double() * unit  # [out], or [out, 1, 1] after a convolution
        theta = neurons.used("threshold").detach().double() / channel
        largest = theta.broadcast_to(torch.broadcast_shapes(theta.shape, channel.shape))
        largest = largest.reshape(len(q), -1).amax(1).view(channel.shape)
        exponent = torch.log2(self.most / (self.headroom * largest)).floor()
        bias = torch.zeros(len(q)) if layer.bias is None else layer.bias.detach()
        bias = (bias.double().view(channel.shape) / (channel * pooled / 2**exponent)).round()
        threshold = (theta * 2**exponent).round()
        sums = q.long().abs().flatten(1).sum(1).view(channel.shape) * top
        moved = sums * 2**exponent + bias.abs() * pooled
        largest_sum = torch.maximum(sums, moved).max() + self.most
        if largest_sum >= ACCUMULATOR:
            raise ValueError(
                f"A sum must fit into 32 bits. Received layer {name!r}, which may reach "
                f"2^{torch.log2(largest_sum).item():.1f}. Lower `input_bits`, or raise `headroom`."
            )
        how = {**self.how, "reset_mechanism": neurons.reset_mechanism}
        shift = nearest_shift(neurons.used("beta"))
        return IntegerWeights(layer, q, bias, exponent), IntegerLeaky(threshold, shift, **how)


def _check_convolution(name: str, layer: Any) -> None:
    if getattr(layer, "padding_mode", "zeros") != "zeros":
        raise TypeError(
            f"A convolution must pad with zeros. Received layer {name!r}, {layer}. Train with "
            f"`padding_mode='zeros'`."
        )


def _plain_pooling(layer: nn.AvgPool2d) -> bool:
    return layer.count_include_pad and not layer.ceil_mode and layer.divisor_override is None


def _size(kernel: int | tuple[int, int]) -> int:
    return kernel**2 if isinstance(kernel, int) else kernel[0] * kernel[1]


def _refusal(name: str, layer: nn.Module, waiting: object) -> str:
    if isinstance(layer, nn.modules.batchnorm._BatchNorm):
        advice = "Fold it into the weights first: `snn.fold_batch_norm(net)`."
    elif isinstance(layer, (nn.Linear, nn.Conv2d)):
        advice = "Weights must lead to neurons before the next weights. Put `Leaky` between."
    elif isinstance(layer, nn.Flatten):
        advice = "Put it after the neurons, not between weights and neurons."
    elif type(layer) is Leaky:
        advice = "Neurons need weights right before them. Put a `Linear` there."
    else:
        advice = "Known are Linear, Conv2d, Leaky, pooling in 2-D with plain counts, Flatten."
    return f"Layer {name!r}, {layer}, cannot be computed in integers here. {advice}"
