"""Networks of snnTorch, read into this library, and back.

    net = from_snntorch(theirs)                     # a network of snnTorch, or
    net = from_snntorch(theirs.state_dict())        # its parameters alone, as `torch.load` has them
    theirs = to_snntorch(net)                       # an `nn.Sequential`; each call is one step

Both libraries compute the same neurons: the same spikes come out. What snnTorch can do and the
neurons here cannot (graded spikes, a reset at once, inhibition, a quantized state) changes spikes,
and is refused by name. Reading needs no snnTorch where a state dict is given.
Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088.
"""

import copy
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from snnedu.core._extras import extra
from snnedu.core.network import _DROPOUT, Sequential
from snnedu.core.neurons import Leaky, RLeaky, RSynaptic, Synaptic
from snnedu.core.residual import SkipMark

RESETS = ("subtract", "zero", "none")  # in the order of their `reset_mechanism_val`
_KINDS: dict[str, Any] = {
    "Leaky": Leaky,
    "Synaptic": Synaptic,
    "RLeaky": RLeaky,
    "RSynaptic": RSynaptic,
}
SpikeGrad = Callable[[Tensor], Tensor]


def from_snntorch(
    net: nn.Module | Mapping[str, Tensor], spike_grad: SpikeGrad | None = None
) -> Sequential:
    """Return the network that computes the same spikes as a network of snnTorch.

    `net`: a module, or its state dict. Layers are taken in the order in which they were defined: a
    `forward` cannot be read, so a module that has its own brings a warning. Neurons may be `Leaky`,
    `Synaptic`, `RLeaky` and `RSynaptic`. `spike_grad`: the surrogate, if you train on.

    A state dict holds parameters, and nothing else. Pooling, `Flatten`, strides, a reset at once
    and inhibition leave no trace in it, and `Alpha` looks like `Synaptic`: read the module if the
    network has them. Dense layers and neurons can be read from it.

    Raises TypeError or ValueError, with the layer's name, for what would spike differently.
    """
    if isinstance(net, nn.Module):
        layers = list(_of_module(net, spike_grad))
    elif isinstance(net, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        layers = list(_of_state_dict(net, spike_grad))
    else:
        raise TypeError(
            f"`net` must be a network of snnTorch or its state dict. Received "
            f"{type(net).__name__}. Pass `torch.load(path)` or the network itself."
        )
    named = all("." not in name for name, _ in layers)  # names with dots are those of a nested one
    return Sequential(OrderedDict(layers) if named else OrderedDict(_numbered(layers)))


def to_snntorch(net: Sequential) -> nn.Sequential:
    """Return an `nn.Sequential` of snnTorch that spikes as `net` does.

        theirs = to_snntorch(net)
        from snntorch import utils
        utils.reset(theirs)                     # before each sequence: it keeps its state inside
        spk, mem = theirs(x)                    # one step

    The surrogate is snnTorch's default. Raises TypeError for neurons that snnTorch lacks, for
    delays, and for dropout, which draws a new mask at each step there.
    """
    if not isinstance(net, Sequential):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"`net` must be a snnedu.Sequential. Received {type(net).__name__}. Write your network "
            f"as `Sequential(...)`."
        )
    theirs = extra("snntorch", "Networks of snnTorch need", "Run: python -m pip install snntorch")
    chain = net._layers(None)
    layers = [_theirs(theirs, name, layer, name == chain[-1][0]) for name, layer, _ in chain]
    return nn.Sequential(*layers)


# ------------------------------------------------------------------------------------ from a module


def _of_module(net: nn.Module, spike_grad: SpikeGrad | None) -> Iterator[tuple[str, nn.Module]]:
    if type(net).forward is not nn.Sequential.forward and net._modules:
        warnings.warn(
            f"`{type(net).__name__}` has a `forward` of its own, which cannot be read. Its layers "
            f"are taken in the order of their definition: compare the spikes of one batch.",
            stacklevel=4,
        )
    for name, layer in _flat(net, ""):
        if _is_theirs(layer):
            values = dict(layer.named_parameters()) | dict(layer.named_buffers())
            _refuse_extras(name, layer)
            yield name, _neurons(name, type(layer).__name__, values, spike_grad)
        elif any(map(_is_theirs, layer.modules())):
            raise TypeError(
                f"Layer {name!r}, {type(layer).__name__}, holds neurons and has a `forward` of its "
                f"own. Received a network that is no chain. Build this part by hand."
            )
        else:
            yield name, copy.deepcopy(layer)


def _flat(net: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    for name, layer in net.named_children():
        if type(layer) is nn.Sequential:
            yield from _flat(layer, f"{prefix}{name}.")
        else:
            yield prefix + name, layer


def _is_theirs(layer: nn.Module) -> bool:
    return type(layer).__module__.startswith("snntorch")


def _refuse_extras(name: str, layer: Any) -> None:
    """Raise for what a module says beside its parameters, where it changes spikes."""
    kind = type(layer).__name__
    if kind not in _KINDS:
        raise TypeError(
            f"Neurons here are {', '.join(_KINDS)}. Received layer {name!r}, {kind} of snnTorch. "
            f"Train with one of these."
        )
    found = {
        "reset_delay=False": not layer.reset_delay,
        "inhibition=True": bool(layer.inhibition),
        "state_quant": bool(layer.state_quant),
    }
    for what, there in found.items():
        if there:
            raise _refused(name, what, "Make the neurons without it, and train again.")
    acts = {"_base_sub": 0, "_base_zero": 1, "_base_int": 2}.get(layer.state_function.__name__)
    if acts is not None and acts != int(layer.reset_mechanism_val):
        raise _refused(
            name,
            "a `reset_mechanism` that was changed after the layer was made: it computes neither",
            "Make a new layer with the reset you want.",
        )


# -------------------------------------------------------------------------------- from a state dict


def _of_state_dict(
    state: Mapping[str, Tensor], spike_grad: SpikeGrad | None
) -> Iterator[tuple[str, nn.Module]]:
    groups: dict[str, dict[str, Tensor]] = {}
    neurons = {key.removesuffix(".threshold") for key in state if key.endswith(".threshold")}
    for key, value in state.items():
        name, _, part = key.rpartition(".")
        owner = name.rpartition(".")[0]
        if name not in neurons and owner in neurons:  # "lif.recurrent.weight" belongs to "lif"
            name, part = owner, f"{name.rpartition('.')[2]}.{part}"
        groups.setdefault(name, {})[part] = value
    if not neurons:
        raise ValueError(
            f"A state dict of snnTorch has neurons, with a `threshold` each. Received the keys "
            f"{', '.join(list(state)[:4]) or '(none)'}. Pass `net.state_dict()` of the network."
        )
    for name, values in groups.items():
        if name in neurons:
            yield name, _neurons(name, _kind(name, values), values, spike_grad)
        else:
            yield name, _dense(name, values)


def _kind(name: str, values: dict[str, Tensor]) -> str:
    if "R" in values or "beta" not in values:
        raise TypeError(
            f"Neurons here are {', '.join(_KINDS)}. Received layer {name!r} with "
            f"{', '.join(values)}. Train with one of these."
        )
    recurrent = any(part.startswith(("V", "recurrent")) for part in values)
    return ("R" if recurrent else "") + ("Synaptic" if "alpha" in values else "Leaky")


def _dense(name: str, values: dict[str, Tensor]) -> nn.Linear:
    weight, bias = values.get("weight"), values.get("bias")
    if weight is None or weight.ndim != 2 or not set(values) <= {"weight", "bias"}:
        shapes = ", ".join(f"{part} {list(value.shape)}" for part, value in values.items())
        raise ValueError(
            f"A state dict tells dense layers and neurons only: strides and padding are not in it. "
            f"Received layer {name!r} with {shapes}. Pass the network itself."
        )
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


# ---------------------------------------------------------------------------------------- one layer


def _neurons(
    name: str, kind: str, values: Mapping[str, Tensor], spike_grad: SpikeGrad | None
) -> nn.Module:
    """Return the neurons of these parameters."""
    factor = values.get("graded_spikes_factor", torch.ones(()))
    if bool((factor != 1).any()):
        what = f"`graded_spikes_factor` = {factor.flatten()[0]:.4g}"
        raise _refused(name, what, "Multiply the next weights by it, and set it to 1.")
    options: dict[str, Any] = {
        "threshold": values["threshold"].detach(),
        "reset_mechanism": RESETS[int(values["reset_mechanism_val"])],
        "learn_threshold": isinstance(values["threshold"], nn.Parameter),
        "spike_grad": spike_grad,
    }
    for part in ("alpha", "beta"):
        if part in values and (part == "beta" or kind.endswith("Synaptic")):
            options[part] = values[part].detach().clamp(0, 1)  # as snnTorch does at each step
            options[f"learn_{part}"] = isinstance(values[part], nn.Parameter)
    if not kind.startswith("R"):
        return _KINDS[kind](**options)
    return _recurrent(name, kind, values, options)


def _recurrent(
    name: str, kind: str, values: Mapping[str, Tensor], options: dict[str, Any]
) -> nn.Module:
    if "V" in values:
        return _KINDS[kind](**options, V=values["V"].detach(), all_to_all=False)
    weight = values["recurrent.weight"]
    if weight.ndim != 2:
        raise _refused(name, "recurrent convolutions", "Recurrent weights here are dense.")
    layer: Any = _KINDS[kind](**options, linear_features=len(weight))
    with torch.no_grad():
        layer.recurrent.weight.copy_(weight)
        bias = values.get("recurrent.bias")
        layer.recurrent.bias.zero_() if bias is None else layer.recurrent.bias.copy_(bias)
    return layer


def _refused(name: str, what: str, advice: str) -> ValueError:
    return ValueError(f"Layer {name!r} would spike differently here. Received {what}. {advice}")


def _theirs(snntorch: Any, name: str, layer: Any, last: bool) -> nn.Module:
    kind = type(layer).__name__
    if type(layer) not in _KINDS.values():
        if isinstance(layer, (*_DROPOUT, SkipMark)) or hasattr(layer, "unroll"):
            raise TypeError(
                f"snnTorch has no layer that equals {name!r}, {layer}. Received a network with it. "
                f"Neurons may be {', '.join(_KINDS)}; leave dropout, delays and residuals out."
            )
        return copy.deepcopy(layer)
    options = {part: layer.used(part).detach().clone() for part in layer.numbers}
    options |= {f"learn_{n}": isinstance(getattr(layer, n), nn.Parameter) for n in layer.numbers}
    options |= {"reset_mechanism": layer.reset_mechanism, "init_hidden": True, "output": last}
    dense = getattr(layer, "recurrent", None)
    if hasattr(layer, "V"):
        options |= {"V": layer.V.detach().clone(), "all_to_all": False}
    elif dense is not None:
        options["linear_features"] = dense.in_features
    made = getattr(snntorch, kind)(**options)
    if dense is not None:
        made.recurrent.load_state_dict(dense.state_dict())
    return made


def _numbered(layers: list[tuple[str, nn.Module]]) -> Iterator[tuple[str, nn.Module]]:
    return ((str(number), layer) for number, (_, layer) in enumerate(layers))
