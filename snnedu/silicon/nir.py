"""Networks in the neuromorphic intermediate representation (NIR), and back.

    graph = to_nir(net, dt=1e-3)          # a `nir.NIRGraph`; `nir.write("net.nir", graph)` keeps it
    net = from_nir("net.nir")             # or a graph: the same spikes

NIR describes neurons by differential equations, in seconds. In continuous time U never exceeds θ,
so that to subtract θ and to set U to 0 are one reset. With steps they differ: the package `nir`
holds a voltage to which U is set at once, `v_reset`, 0 by default (neuromorphs/NIR#129, later than
the paper). NIR has no time step, and no reset that comes one step late. So

    β = 1 - dt/τ        τ = dt / (1 - β), in 64 bits; r = τ/dt, so that weights stay as they are
    α = 1 - dt/τ_syn    w_in = τ_syn/dt

and what NIR has no place for is written beside it, as metadata that `from_nir` reads back. Another
framework does not: `to_nir` says what it will change.
Source: Pedersen et al. 2024, doi:10.1038/s41467-024-52259-9.
"""

import os
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core._extras import extra
from snnedu.core.delay import Delay
from snnedu.core.layer import SpikingLayer
from snnedu.core.network import BATCH_NORM, CONNECTIONS, LEFT_OUT, Sequential, _one_step
from snnedu.core.neurons import Leaky, RLeaky, RSynaptic, Synaptic
from snnedu.core.residual import SkipMark

SCHEMA = 1  # of the metadata; a later one may mean something else
NEVER = torch.finfo(torch.float32).max  # a threshold that is not reached
Array = NDArray[Any]


def to_nir(
    net: Sequential,
    dt: float = 1e-3,
    input_shape: tuple[int, ...] | None = None,
    *,
    quiet: bool = False,
) -> Any:
    """Return a network as a `nir.NIRGraph`.

    `dt`: what one step stands for, in seconds. `input_shape`: that of one sample at one step; it
    may be left out where the first layer is an `nn.Linear`. Linear, Conv1d and Conv2d layers,
    average pooling, Flatten, `Delay` of whole steps, `Leaky`, `Synaptic`, `RLeaky` and `RSynaptic`
    are written; dropout is left out.

    Warns of what other frameworks will change, unless `quiet`. Raises TypeError or ValueError, with
    the reason, for what NIR cannot hold: max pooling, a learned width of delays, other neurons.
    """
    nir = _load()
    _check.positive("dt", dt)
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    last, shape = "input", _input_shape(net, input_shape)
    nodes[last] = nir.Input(input_type={"input": np.array(shape)})
    for name, layer, before, after in _shaped(net, shape):
        node = f"{len(nodes):03d}_{type(layer).__name__.lower()}"  # readers sort nodes by name
        nodes[node] = _node(nir, name, layer, before, after, dt)
        edges.append((last, node))
        if isinstance(layer, (RLeaky, RSynaptic)):
            nodes[f"{node}_recurrent"] = _feedback(nir, layer, after)
            edges += [(node, f"{node}_recurrent"), (f"{node}_recurrent", node)]
        last, shape = node, after
    nodes["output"] = nir.Output(output_type={"output": np.array(shape)})
    edges.append((last, "output"))
    if not quiet:
        _warn_of_changes(net)
    metadata = {"snnedu": SCHEMA, "dt": float(dt)}
    return nir.NIRGraph(nodes, edges, metadata=metadata, type_check=False)


def from_nir(graph: Any, dt: float | None = None) -> Sequential:
    """Return the network that a NIR graph, or the file at a path, describes.

    A graph of `to_nir` comes back with the same spikes. Of another one, `dt` must be known, in
    seconds: NIR does not hold it. Its neurons then reset to `v_reset`, which must be 0; where
    `r` is not τ/dt, the weights before the neuron are scaled.

    Raises ValueError or TypeError, with the reason, for graphs that are no chain of layers and for
    nodes that no layer here equals. Warns where spikes will differ, also where `dt` is not the one
    that the graph's own metadata gives.
    """
    nir = _load()
    if isinstance(graph, (str, os.PathLike)):
        graph = nir.read(graph)
    if not isinstance(graph, nir.NIRGraph):
        raise TypeError(
            f"`graph` must be a nir.NIRGraph or the path of a file. Received "
            f"{type(graph).__name__}. Make one with `to_nir(net)`."
        )
    ours = graph.metadata.get("snnedu")
    if ours is not None and int(ours) > SCHEMA:
        raise ValueError(
            f"This graph was written by a later snnedu: schema {int(ours)}; known is {SCHEMA}. "
            f"Run: python -m pip install --upgrade snnedu"
        )
    noted = None if ours is None else float(graph.metadata["dt"])
    dt = noted if dt is None else dt
    if dt is None:
        raise ValueError(
            "NIR does not hold the time step, and neither does this graph's metadata. Received "
            "`dt=None`. Ask who made it; snnTorch takes 1e-4 s, Norse 1e-3 s. Pass `dt=1e-4`."
        )
    _check.positive("dt", dt)
    if noted is not None and not np.isclose(dt, noted):
        _warn_of_another_step(dt, noted)
    layers: list[nn.Module] = []
    for name, node, feedback in _in_order(nir, graph):
        layer, gain = _layer(nir, name, node, feedback, dt)
        if (gain != 1).any():
            _scale(layers, gain, name)
        layers.append(layer)
    return Sequential(*layers)


# ----------------------------------------------------------------------------------------- writing


def _input_shape(net: Any, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    if not isinstance(net, Sequential):
        raise TypeError(
            f"`net` must be a snnedu.Sequential. Received {type(net).__name__}. Write your network "
            f"as `Sequential(...)`."
        )
    if shape is not None:
        return tuple(shape)
    first = net._layers(None)[0][1]
    if isinstance(first, nn.Linear):
        return (first.in_features,)
    raise ValueError(
        f"The shape of the input is not known: the first layer is {first}. Received "
        f"`input_shape=None`. Pass that of one sample, such as `input_shape=(1, 28, 28)`."
    )


def _shaped(
    net: Sequential, shape: tuple[int, ...]
) -> Iterator[tuple[str, Any, tuple[int, ...], tuple[int, ...]]]:
    """Yield name, layer, and the shapes that one sample has before and after it."""
    for name, layer, x, y in _one_step(net, shape):
        if not isinstance(layer, LEFT_OUT):
            yield name, layer, tuple(x.shape[1:]), tuple(y.shape[1:])


def _node(
    nir: Any, name: str, layer: Any, before: tuple[int, ...], shape: tuple[int, ...], dt: float
) -> Any:
    if type(layer) in (Leaky, Synaptic, RLeaky, RSynaptic):
        return _neuron(nir, layer, shape, dt)
    if isinstance(layer, nn.Linear):
        return _affine(nir, layer)
    plain = getattr(layer, "padding_mode", "") == "zeros" and getattr(layer, "groups", 0) == 1
    if isinstance(layer, (nn.Conv1d, nn.Conv2d)) and plain:
        return _convolution(nir, layer, before)
    if isinstance(layer, nn.AvgPool2d) and not layer.ceil_mode and layer.count_include_pad:
        size = (layer.kernel_size, layer.stride, layer.padding)
        node = nir.AvgPool2d(*(np.array(_pair(value)) for value in size))
        node.input_type, node.output_type = {"input": np.array(before)}, {"output": np.array(shape)}
        return node
    if isinstance(layer, nn.Flatten) and layer.start_dim == 1:
        end = layer.end_dim if layer.end_dim < 0 else layer.end_dim - 1  # without the batch
        return nir.Flatten({"input": np.array(before)}, start_dim=0, end_dim=end)
    if isinstance(layer, Delay) and float(layer.sigma) == 0:
        steps = layer.delay.detach().round().clamp(0, layer.max_delay)
        return nir.Delay(delay=dt * _array(steps, shape).astype(np.float64))
    raise TypeError(f"Layer {name!r} ({layer}) cannot be written. {_why_not(layer)}")


def _why_not(layer: nn.Module) -> str:
    if isinstance(layer, (nn.MaxPool1d, nn.MaxPool2d)):
        return "NIR has average and sum pooling only. Train with `nn.AvgPool2d`, or with strides."
    if isinstance(layer, BATCH_NORM):
        return "NIR has no batch norm. Fold it into the weights with `snn.fold_batch_norm(net)`."
    if isinstance(layer, Delay):
        return "Its kernel has a width, NIR's delays have none. Set `layer.sigma = 0` first."
    if isinstance(layer, SkipMark):
        return "This writer makes one chain of layers. Write the two paths of a `Residual` by hand."
    if isinstance(layer, SpikingLayer):
        return "NIR's neurons are Leaky and Synaptic ones, with recurrent weights or without."
    return (
        "NIR has Linear, Conv1d, Conv2d, AvgPool2d, Flatten and Delay, with zero padding; its "
        "reader takes convolutions of one group only."
    )


def _neuron(nir: Any, layer: Any, shape: tuple[int, ...], dt: float) -> Any:
    """Return τ = dt / (1 - β) and its like, and beside them what NIR has no place for."""
    beta, threshold = (_array(layer.used(name).float(), shape) for name in ("beta", "threshold"))
    zero = np.zeros(shape)
    metadata: dict[str, Any] = {
        "reset_mechanism": layer.reset_mechanism, "reset_delay": True, "spike_op": ">",
        "beta": beta,
    }  # fmt: skip
    common = {"v_threshold": threshold, "v_reset": zero, "metadata": metadata}
    if "alpha" not in layer.numbers and (beta == 1).all():
        return nir.IF(r=np.full(shape, 1 / dt), **common)
    tau = _tau(beta, dt)
    if "alpha" not in layer.numbers:
        return nir.LIF(tau=tau, r=tau / dt, v_leak=zero, **common)
    alpha = _array(layer.used("alpha").float(), shape)
    metadata["alpha"] = alpha
    synapse = _tau(alpha, dt)
    return nir.CubaLIF(
        tau_syn=synapse, tau_mem=tau, r=tau / dt, w_in=synapse / dt, v_leak=zero, **common
    )


def _tau(decay: Array, dt: float) -> Array:
    if bool((decay == 1).any()):
        raise ValueError(
            "NIR's leaky neurons need a time constant. Received a decay of 1, which has none. "
            "Choose one slightly below 1; only a `Leaky` layer may have β = 1, for all neurons."
        )
    return dt / (1 - decay.astype(np.float64))  # in 32 bits, one in three would come back changed


def _affine(nir: Any, layer: Any) -> Any:
    weight = _numpy(layer.weight)
    return nir.Linear(weight) if layer.bias is None else nir.Affine(weight, _numpy(layer.bias))


def _feedback(nir: Any, layer: Any, shape: tuple[int, ...]) -> Any:
    if hasattr(layer, "recurrent"):
        return _affine(nir, layer.recurrent)
    return nir.Scale(_array(layer.V.detach(), shape))


def _convolution(nir: Any, layer: Any, before: tuple[int, ...]) -> Any:
    make, flat = (nir.Conv1d, True) if isinstance(layer, nn.Conv1d) else (nir.Conv2d, False)
    bias = torch.zeros(layer.out_channels) if layer.bias is None else layer.bias

    def of(value: Any) -> Any:
        return value if isinstance(value, str) else value[0] if flat else tuple(value)

    return make(
        input_shape=before[1] if flat else before[1:], weight=_numpy(layer.weight),
        stride=of(layer.stride), padding=of(layer.padding), dilation=of(layer.dilation),
        groups=layer.groups, bias=_numpy(bias),
    )  # fmt: skip


def _warn_of_changes(net: Sequential) -> None:
    spiking = [layer for _, layer, _ in net._layers(None) if isinstance(layer, SpikingLayer)]
    resets = {layer.reset_mechanism for layer in spiking} - {"zero"}
    if resets:
        warnings.warn(
            f"Readers of NIR reset at once, to `v_reset` = 0. This network resets by "
            f"{' and '.join(sorted(resets))}, one step late: `from_nir` gives it back, but other "
            f"frameworks will reset to zero and spike differently. To deploy there, train with "
            f"`reset_mechanism='zero'`; with `quiet=True` this is not said.",
            stacklevel=3,
        )


# ----------------------------------------------------------------------------------------- reading


class _Link(NamedTuple):
    name: str
    node: Any
    feedback: Any  # the node that leads from this one back to itself, or None


def _in_order(nir: Any, graph: Any) -> Iterator[_Link]:
    """Yield the nodes from input to output: nodes come in any order, edges tell the true one."""
    after: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        after[source].append(target)
    starts = list(graph.inputs)
    if len(starts) != 1 or len(graph.outputs) != 1:
        raise ValueError(
            f"A network here has one input and one output. Received {len(starts)} and "
            f"{len(graph.outputs)}. Split the graph."
        )
    name, seen = starts[0], 0
    while True:
        loops = [n for n in after[name] if after[n] == [name]]
        onward = [n for n in after[name] if n not in loops]
        if len(onward) != 1 or len(loops) > 1 or seen > len(graph.nodes):
            raise ValueError(
                f"A network here is a chain of layers, and neurons may feed back to themselves. "
                f"Received a graph in which {name!r} leads to {after[name]}. Import branches one "
                f"by one."
            )
        if seen:
            yield _Link(name, graph.nodes[name], graph.nodes[loops[0]] if loops else None)
        name, seen = onward[0], seen + 1
        if isinstance(graph.nodes[name], nir.Output):
            return


def _layer(nir: Any, name: str, node: Any, feedback: Any, dt: float) -> tuple[nn.Module, Array]:
    """Return the layer that equals a node, and by how much it multiplies its input."""
    if isinstance(node, (nir.LIF, nir.IF, nir.CubaLIF, nir.LI, nir.CubaLI)):
        return _neurons(nir, name, node, feedback, dt)
    if feedback is not None:
        raise ValueError(f"Only neurons may feed back to themselves. Received {name!r}, {node}.")
    one = np.ones(1)
    if isinstance(node, (nir.Linear, nir.Affine)) and node.weight.ndim == 2:
        return _linear(node), one
    if isinstance(node, (nir.Conv1d, nir.Conv2d)):
        return _conv(nir, node), one
    if isinstance(node, nir.AvgPool2d):
        return nn.AvgPool2d(*(_pair(v) for v in (node.kernel_size, node.stride, node.padding))), one
    if isinstance(node, nir.Flatten):
        end = int(node.end_dim)
        return nn.Flatten(int(node.start_dim) + 1, end if end < 0 else end + 1), one
    if isinstance(node, nir.Delay):
        return Delay(torch.from_numpy(np.round(node.delay / dt)).float()), one
    raise TypeError(
        f"Node {name!r}, a {type(node).__name__}, cannot be read: no layer here equals it. Known "
        f"are Linear, Affine, Conv1d, Conv2d, AvgPool2d, Flatten, Delay, LIF, IF, CubaLIF, LI and "
        f"CubaLI."
    )


def _neurons(nir: Any, name: str, node: Any, feedback: Any, dt: float) -> tuple[nn.Module, Array]:
    for part in ("v_leak", "v_reset"):
        if np.any(getattr(node, part, 0)):
            raise ValueError(
                f"Neurons here rest at 0 and reset to 0. Node {name!r} has {part} = "
                f"{getattr(node, part)}. Shift its voltages, threshold included."
            )
    ours = node.metadata or {}
    synapse = isinstance(node, (nir.CubaLIF, nir.CubaLI))
    numbers: dict[str, Any] = {}
    tau = node.tau_mem if synapse else getattr(node, "tau", np.inf)
    gain = node.r * dt if isinstance(node, nir.IF) else node.r * dt / tau
    numbers["beta"] = _decay(1 - dt / tau, ours.get("beta"))
    if synapse:
        gain = gain * node.w_in * dt / node.tau_syn
        numbers["alpha"] = _decay(1 - dt / node.tau_syn, ours.get("alpha"))
    numbers["threshold"] = _one(getattr(node, "v_threshold", np.array(NEVER)))
    reset = _text(ours.get("reset_mechanism", "zero" if hasattr(node, "v_reset") else "none"))
    if (synapse or feedback) and reset == "zero" and "reset_mechanism" not in ours:
        _warn_of_late_reset(name)
    gain = np.ones(1) if np.allclose(gain, 1, rtol=1e-9, atol=0) else np.asarray(gain)
    kind = {(0, 0): Leaky, (1, 0): Synaptic, (0, 1): RLeaky, (1, 1): RSynaptic}
    layer: Any = kind[synapse, feedback is not None]
    if feedback is None:
        return layer(**numbers, reset_mechanism=reset), gain
    return _recurrent(nir, layer, numbers, feedback, gain, reset), gain


def _recurrent(
    nir: Any, make: Any, numbers: dict[str, Any], feedback: Any, gain: Array, reset: str
) -> nn.Module:
    """Return recurrent neurons; what multiplies their input multiplies these weights, too."""
    by = torch.from_numpy(gain.astype(np.float32))
    if isinstance(feedback, nir.Scale):
        V = torch.tensor(feedback.scale, dtype=torch.float32) * by
        return make(**numbers, V=_one(V.numpy()), all_to_all=False, reset_mechanism=reset)
    linear: Any = _linear(feedback)
    layer = make(**numbers, linear_features=linear.out_features, reset_mechanism=reset)
    with torch.no_grad():
        layer.recurrent.weight.copy_(linear.weight * by[:, None])
        layer.recurrent.bias.copy_(0 * by if linear.bias is None else linear.bias * by)
    return layer


def _warn_of_another_step(dt: float, noted: float) -> None:
    warnings.warn(
        f"This graph's metadata say that one step stands for {noted:g} s. Received `dt={dt:g}`, "
        f"which is used: decays, weights and spikes change. Leave `dt` out to get the network that "
        f"was written.",
        stacklevel=3,
    )


def _warn_of_late_reset(name: str) -> None:
    warnings.warn(
        f"Node {name!r} resets at once. Layers here that have synapses or recurrent weights reset "
        f"one step late, and lose that step's input. Spikes may differ.",
        stacklevel=5,
    )


def _scale(layers: list[nn.Module], gain: Array, name: str) -> None:
    """Multiply the weights before a neuron by what it multiplies its input with."""
    layer: Any = layers[-1] if layers else None
    by = np.unique(gain)
    if not isinstance(layer, CONNECTIONS) or (len(by) > 1 and not isinstance(layer, nn.Linear)):
        raise ValueError(
            f"Node {name!r} multiplies its input by {by[:3]}; neurons here do not. Weights right "
            f"before it could be scaled, but there are none. Write it with r = τ/dt."
        )
    factor = torch.from_numpy((by if len(by) == 1 else gain).astype(np.float32))
    with torch.no_grad():
        layer.weight.mul_(factor.view(-1, *[1] * (layer.weight.ndim - 1)))
        if layer.bias is not None:
            layer.bias.mul_(factor)


def _linear(node: Any) -> nn.Linear:
    bias = getattr(node, "bias", None)
    outputs, inputs = node.weight.shape
    return _filled(nn.Linear(inputs, outputs, bias=bias is not None), node.weight, bias)


def _conv(nir: Any, node: Any) -> nn.Module:
    outputs, inputs, *kernel = node.weight.shape
    flat = isinstance(node, nir.Conv1d)

    def of(value: Any) -> Any:
        value = _text(value)
        if isinstance(value, str):
            return value
        return int(np.ravel(value)[0]) if flat else _pair(value)

    layer: Any = (nn.Conv1d if flat else nn.Conv2d)(
        inputs * int(node.groups), outputs, tuple(kernel), of(node.stride), of(node.padding),
        of(node.dilation), int(node.groups),
    )  # fmt: skip
    return _filled(layer, node.weight, node.bias)


def _filled(layer: Any, weight: Array, bias: Array | None) -> Any:
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        if bias is not None:
            layer.bias.copy_(torch.tensor(bias))
    return layer


def _decay(decay: Any, stored: Any) -> Tensor | float:
    """Return a decay in 32 bits: the one stored beside it where both agree."""
    found = np.asarray(decay, np.float64).astype(np.float32)
    if stored is not None and np.allclose(found, stored, rtol=1e-6):
        found = np.asarray(stored, np.float32)
    return _one(found)


def _one(values: Any) -> Tensor | float:
    """Return one number where all are equal, else a tensor."""
    values = np.asarray(values, np.float32)
    same = bool((values == values.flat[0]).all())
    return float(values.flat[0]) if same else torch.tensor(values)


# ----------------------------------------------------------------------------------------- helpers


def _array(value: Tensor, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(_numpy(value), shape).copy()


def _numpy(value: Tensor) -> Array:
    return value.detach().cpu().numpy().copy()  # the graph is not to change with the network


def _pair(value: Any) -> Any:
    first, *rest = (int(v) for v in np.ravel(value))
    return (first, *rest) if rest else (first, first)


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _load() -> Any:
    return extra("nir", "NIR graphs need", "Run: python -m pip install 'snnedu[nir]'")
