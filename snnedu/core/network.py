"""Whole networks over time: one layer's steps all at once, or all layers one step at a time.

    net = Sequential(nn.Linear(64, 128), Leaky(0.9), nn.Linear(128, 10), Leaky(0.9))
    spk_rec, mem_rec = net(x_rec)              # of the last layer; x_rec is [time, batch, 64]
    recordings = net.record(x_rec)             # of every spiking layer: recordings["1"].mem
    spk, state = net.step(x)                   # one step from rest; x is [batch, 64]
    spk, state = net.step(x, state)            # the next step

A layer needs nothing but the spikes of the layer before it. So going layer by layer gives the same
numbers as going step by step, in far fewer calls: `Linear` takes all steps as one large batch.
"""

import copy
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrize import type_before_parametrizations
from torch.utils.checkpoint import checkpoint

from snnedu.core import _check
from snnedu.core.delay import DelayLayer
from snnedu.core.layer import SpikingLayer
from snnedu.core.residual import ENDS, STARTS, Residual, SkipMark

Inputs = Float[Tensor, "time batch *features"]
Outputs = Float[Tensor, "time batch *outputs"]
Input = Float[Tensor, "batch *features"]  # of one step
Output = Float[Tensor, "batch *outputs"]
State = dict[str, tuple[Tensor, ...]]  # by the name of the layer, each part [batch, *features]


class Recording:
    """What one spiking layer did: `spk`, `mem` and the rest of its state, `[time, batch, ...]`.

    It also unpacks in the order of the layer's own answer: `spk_rec, mem_rec = recording`.
    """

    spk: Tensor
    mem: Tensor

    def __init__(self, **parts: Tensor) -> None:
        self.__dict__.update(parts)

    def __getattr__(self, name: str) -> Tensor:  # only called where there is no such part
        raise AttributeError(
            f"This recording holds {', '.join(vars(self))}. Received {name!r}. "
            f"For the state of hidden layers call `net.record(x_rec)`."
        )

    def __iter__(self) -> Iterator[Tensor]:
        return iter(vars(self).values())

    def __repr__(self) -> str:
        parts = (f"{name}={list(part.shape)}" for name, part in vars(self).items())
        return f"Recording({', '.join(parts)})"


class Sequential(nn.Sequential):
    """Layers one after another, spiking or not; the last one spikes.

        Sequential(nn.Linear(64, 10), Leaky(0.9))               layers are named "0", "1"
        Sequential(synapses=nn.Linear(64, 10), cells=Leaky(0.9))         or as you like

    Layers that do not spike see each step by itself, time folded into batch. A `Sequential` inside
    another belongs to the chain; its layers are named "0.1", as in `state_dict`. Four are special:

    - Dropout draws one mask for the whole sequence. A fresh one at each step would average out in
      the membrane, and no thinned network would ever see the sample (Lee et al. 2020,
      doi:10.3389/fnins.2020.00119). The mask is part of the state: steps and sequences agree.
    - Batch norm, in training, takes its statistics from all steps and samples together.
    - `Delay` and `DelayedLinear` see earlier steps, too. What is on its way is part of the state.
    - `Residual` adds its input to the output of the layers inside.

    Input that is constant over time, `x.expand(T, *x.shape)`, costs one pass through the layers
    before the first neurons, not T. An error tells which layer it comes from.
    """

    def __init__(self, *layers: Any, **named: nn.Module) -> None:
        if layers and named:
            raise TypeError(
                "`Sequential` takes layers with names or without. Received both. Name all or none."
            )
        ready = len(layers) == 1 and isinstance(layers[0], OrderedDict)  # what net[:2] passes
        for layer in () if ready else (*layers, *named.values()):
            if not isinstance(layer, nn.Module):
                raise TypeError(
                    f"`Sequential` is made of torch.nn.Module objects. Received {layer!r}. "
                    f"Pass them one by one, each one made: `nn.ReLU()`, not `nn.ReLU`."
                )
        super().__init__(*(layers or [OrderedDict(named)]))

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, x_rec: Inputs, *, recompute: int | None = None
    ) -> tuple[Outputs, Outputs]:
        """Run a sequence from rest; return `spk_rec, mem_rec` of the last layer.

        `x_rec` is `[time, batch, *features]`, and so are both recordings. Raises ValueError or
        TypeError where shapes, dtypes or devices disagree, and for NaN or infinity.

        `recompute`: for the backward pass, keep the state of every so many steps only, and compute
        the steps between once more when they are needed. Results and gradients stay the same,
        memory shrinks, the forward pass is paid for twice (Chen et al. 2016, arXiv:1604.06174).
        """
        if recompute is not None:
            return self._recomputed(x_rec, recompute)
        last = Recording()
        for _, recording, _ in self._over_time(x_rec, None, record=False):
            last = recording  # a hidden layer's spikes are freed once the next layer has seen them
        return last.spk, last.mem

    def unroll(
        self, x_rec: Inputs, state: State | None = None, *, record: bool = False
    ) -> tuple[dict[str, Recording], State]:
        """Run a sequence on from `state` (None: rest); return all recordings and the last state.

            recordings, state = net.unroll(x_rec[:50])
            recordings, state = net.unroll(x_rec[50:], state)     # as if it were one sequence

        `recordings[name].spk` is there for each spiking layer, in order; its state (`.mem`, ...)
        for the last one and, with `record=True`, for all. `detach(state)` cuts off the past.
        """
        recordings: dict[str, Recording] = {}
        last: State = {}
        for name, recording, now in self._over_time(x_rec, state, record):
            last[name] = now
            if vars(recording):
                recordings[name] = recording
        return recordings, last

    def record(self, x_rec: Inputs, state: State | None = None) -> dict[str, Recording]:
        """Return the recordings of every spiking layer by name: `net.record(x_rec)["1"].mem`."""
        return self.unroll(x_rec, state, record=True)[0]

    def step(self, x: Input, state: State | None = None) -> tuple[Output, State]:
        """Advance one step on from `state` (None: rest); return `spk, state`.

        `x` is `[batch, *features]`. The numbers are those of a whole sequence, up to the rounding
        of matrix products, which depends on how many rows are multiplied at once.
        Raises ValueError in training with batch norm, which needs the whole sequence.
        """
        _check.floating("x", x)
        self._check_kind("x", x)
        now: State = {}
        kept: list[Tensor] = []
        for name, layer, before in self._layers(state):
            with _Located(name, layer, x):
                if isinstance(layer, SpikingLayer):
                    x, *rest = layer(x, *before)
                    now[name] = tuple(rest)
                elif isinstance(layer, DelayLayer):
                    x, past = layer(x, *before)
                    now[name] = (past,)
                elif _drops(layer):
                    now[name] = before or _mask(layer, x)
                    x = x * now[name][0]
                elif isinstance(layer, SkipMark):
                    x = layer.pass_on(x, kept)
                else:
                    _check_streams(layer)
                    x = layer(x)
        return x, now

    def summary(self, input_shape: Sequence[int]) -> str:
        """Return a table of layers, shapes and parameters: `print(net.summary((1, 28, 28)))`.

        `input_shape` is that of one sample at one step, without time and batch.
        """
        rows, neurons = [("", "layer", "output", "parameters")], 0
        for name, layer, _, y in _one_step(self, input_shape):
            if isinstance(layer, SpikingLayer):
                neurons += y.numel()
            count = sum(p.numel() for p in layer.parameters())
            rows.append((name, _short(repr(layer)), str(list(y.shape[1:])), f"{count:,}"))
        total = sum(p.numel() for p in self.parameters())
        return f"{_table(rows)}\n{total:,} parameters, {neurons:,} spiking neurons"

    def _recomputed(self, x_rec: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Do as `forward`, in stretches of which only the state at the end is kept."""
        _check.count("recompute", length)
        _check.time_first("x_rec", x_rec, 2)
        for name, layer, _ in self._layers(None):
            with _Located(name, layer, x_rec):
                _check_streams(layer)
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []
        state: State | None = None
        for stretch in x_rec.split(length):
            answer: Any = checkpoint(self._last, stretch, state, use_reentrant=False)
            spk, mem, state = answer
            spikes.append(spk)
            membranes.append(mem)
        return torch.cat(spikes), torch.cat(membranes)

    def _last(self, x_rec: Tensor, state: State | None) -> tuple[Tensor, Tensor, State]:
        recordings, state = self.unroll(x_rec, state)
        last = list(recordings.values())[-1]
        return last.spk, last.mem, state

    def _over_time(
        self, x_rec: Tensor, state: State | None, record: bool
    ) -> Iterator[tuple[str, Recording, tuple[Tensor, ...]]]:
        """Yield name, recording and last state of each layer that has a state."""
        layers = self._layers(state)
        _check.time_first("x_rec", x_rec, 2 if isinstance(layers[0][1], SpikingLayer) else 3)
        self._check_kind("x_rec", x_rec)
        kept: list[Tensor] = []
        steps = len(x_rec)
        if x_rec.stride(0) == 0 and not x_rec.requires_grad:
            x_rec = x_rec[:1]  # constant: one step stands for all, until a layer needs them all
        for name, layer, before in layers:
            recording, now = Recording(), None
            if len(x_rec) < steps and not (_drops(layer) or _same_each_step(layer)):
                x_rec = x_rec.expand(steps, *x_rec.shape[1:])
            with _Located(name, layer, x_rec):
                if isinstance(layer, SpikingLayer):
                    keep = record or name == layers[-1][0]
                    constant = {"steps": steps} if len(x_rec) < steps else {}
                    x_rec, *parts = layer.unroll(x_rec, *before, record=keep, **constant)
                    recorded = zip(layer.state_names, parts, strict=True) if keep else ()
                    recording = Recording(spk=x_rec, **dict(recorded))
                    now = tuple(part[-1] if keep else part for part in parts)
                elif isinstance(layer, DelayLayer):
                    x_rec, past = layer.unroll(x_rec, *before)
                    now = (past,)
                elif _drops(layer):
                    now = before or _mask(layer, x_rec[0])
                    x_rec = x_rec * now[0]
                elif isinstance(layer, SkipMark):
                    x_rec = layer.pass_on(x_rec, kept)
                else:
                    x_rec = _folded(layer, x_rec)
            if now is not None:
                yield name, recording, now

    def _layers(self, state: State | None) -> list[tuple[str, nn.Module, tuple[Tensor, ...]]]:
        """Return name, layer and state of the chain, nested ones laid out, after a look at both."""
        layers = list(_chain(self, ""))
        if not layers or not isinstance(layers[-1][1], SpikingLayer):
            raise ValueError(
                f"The last layer of a `Sequential` must spike: `net(x_rec)` returns its spikes and "
                f"membranes. Received {layers[-1][1] if layers else 'no layers'}. Append neurons, "
                f"for example `Leaky(0.9)`; for a readout that only sums, append "
                f"`Leaky(0.9, reset_mechanism='none')` and take its membrane."
            )
        if state is None:
            return [(name, layer, ()) for name, layer in layers]
        needed = {name for name, layer in layers if isinstance(layer, _STATEFUL)}
        masked = {name for name, layer in layers if isinstance(layer, _DROPOUT)}
        if not needed <= set(state) <= needed | masked:
            raise ValueError(
                f"`state` must be this network's: of layers {', '.join(sorted(needed))}. "
                f"Received {', '.join(map(str, state)) or 'nothing'}. "
                f"Pass what the last call returned, or None for rest."
            )
        return [(name, layer, state.get(name, ())) for name, layer in layers]

    def _check_kind(self, name: str, x: Tensor) -> None:
        # The first layer's own stand first: a walk through all modules takes longer than a layer.
        first: Any = next(iter(self._modules.values()), None)
        own = () if first is None else first._parameters.values()
        found: Any = chain(own, self.parameters())
        weights = next((p for p in found if p is not None and p.is_floating_point()), None)
        if weights is not None:
            _check.same_kind(f"net({name})", x, weights)


def detach(state: State | None) -> State | None:
    """Return a network's state without its past: gradients flow no further back than here.

    For truncated backpropagation through time: `net.unroll(x_rec, detach(state))`. None, which
    stands for rest, stays None. Raises TypeError for anything else, such as a tensor.
    """
    if state is None:
        return None
    _check_state(state)
    return {name: tuple(part.detach() for part in parts) for name, parts in state.items()}


def _check_state(state: object) -> None:
    if not isinstance(state, dict):
        raise TypeError(
            f"`detach(state)` needs the state that `net.unroll` and `net.step` return. "
            f"Received {type(state).__name__}. For a tensor call `.detach()`."
        )


_STATEFUL = (SpikingLayer, DelayLayer)
CONNECTIONS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
LEFT_OUT = (*_DROPOUT, nn.Identity)  # outside training, they pass on what comes
PASSED_ON = (*LEFT_OUT, nn.Flatten, nn.Unflatten)  # the same, perhaps in another shape
_SAMPLE_BY_SAMPLE = {
    *CONNECTIONS, SkipMark, nn.Flatten, nn.Unflatten, nn.Identity, nn.ReLU,
    nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool2d,
}  # fmt: skip


def _chain(net: nn.Sequential, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    """Yield name and layer; from `_modules`, as one layer may stand in two places."""
    for name, layer in net._modules.items():
        name = prefix + name
        if isinstance(layer, nn.Sequential) and (
            type(layer).forward in (nn.Sequential.forward, Sequential.forward)
        ):
            yield from _chain(layer, f"{name}.")
            continue
        if isinstance(layer, Residual):
            yield name, STARTS
            yield from _chain(layer, f"{name}.")
            yield name, ENDS
            continue
        assert layer is not None
        for inside in layer.modules() if layer._modules else ():
            if isinstance(inside, _STATEFUL) and inside is not layer:
                raise TypeError(
                    f"Neurons and delays must be layers of a `Sequential` themselves. Received "
                    f"{inside} inside layer {name!r}, {type(layer).__name__}, which sees no time. "
                    f"Take them out, or write that network's loop yourself with `layer.unroll`."
                )
        yield name, layer


def _one_step(
    net: Sequential, input_shape: Sequence[int]
) -> Iterator[tuple[str, nn.Module, Tensor, Tensor]]:
    """Yield name and layer, and what goes in and out, as one sample of zeros takes one step."""
    net = copy.deepcopy(net).eval()  # so that nothing here changes the network itself
    some = next(iter([*net.parameters(), *net.buffers()]), torch.zeros(()))
    x = torch.zeros(1, *input_shape, dtype=some.dtype, device=some.device)
    kept: list[Tensor] = []
    for name, layer, _ in net._layers(None):
        with torch.no_grad(), _Located(name, layer, x):
            y = layer.pass_on(x, kept) if isinstance(layer, SkipMark) else layer(x)
        y = y[0] if isinstance(y, tuple) else y
        yield name, layer, x, y
        x = y


def _folded(layer: nn.Module, x_rec: Tensor) -> Tensor:
    """Apply a layer that does not spike to all steps, as one batch of time x batch samples."""
    steps, batch = x_rec.shape[:2]
    y = layer(x_rec.flatten(0, 1))
    if not isinstance(y, Tensor) or y.shape[:1] != (steps * batch,):
        raise TypeError(
            f"A layer that does not spike must return one tensor, batch first. Received "
            f"{list(y.shape) if isinstance(y, Tensor) else type(y).__name__} for {steps * batch} "
            f"samples (time x batch). Wrap it in a module that does."
        )
    return y.unflatten(0, (steps, batch))


def _same_each_step(layer: nn.Module) -> bool:
    """Tell whether one step of input can stand for all, as far as we know the layer."""
    if isinstance(layer, SpikingLayer):
        return type(layer).unroll is SpikingLayer.unroll  # it takes `steps`
    if layer._forward_hooks or layer._forward_pre_hooks:
        return False
    fixed = not layer.training and isinstance(layer, (*_DROPOUT, *BATCH_NORM))
    return fixed or type_before_parametrizations(layer) in _SAMPLE_BY_SAMPLE


def _drops(layer: nn.Module) -> bool:
    return isinstance(layer, _DROPOUT) and layer.training


def _mask(layer: nn.Module, x: Tensor) -> tuple[Tensor]:
    """Draw a mask `[batch, *features]`: 0 for what is dropped, 1 / (1 - p) for what is kept."""
    return (layer(torch.ones_like(x)),)


def _check_streams(layer: nn.Module) -> None:
    if layer.training and any(isinstance(m, BATCH_NORM) for m in layer.modules()):
        raise ValueError(
            "Batch norm in training takes its statistics from all steps together. Received some "
            "of them. Call `net.eval()` before `net.step`, or train on whole sequences, "
            "`net(x_rec)`, without `recompute`."
        )


class _Located:
    """Add to an error at which layer it came up."""

    def __init__(self, name: str, layer: nn.Module, x: Tensor) -> None:
        self.where = name, layer, x

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            name, layer, x = self.where
            error.add_note(f"This was layer {name!r}, {layer}, given {list(x.shape)}.")


def _short(text: str, width: int = 40) -> str:
    line = text.split("\n")[0]
    return line if len(line) <= width else line[: width - 1] + "…"


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return lines with the columns aligned, numbers (the last column) to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([*map(str.ljust, row[:-1], widths[:-1]), row[-1].rjust(widths[-1])])
        for row in rows
    )
