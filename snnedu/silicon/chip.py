"""A network on a simulated chip: energy, time and spikes on a model of Intel's Loihi.

    print(energy.on_chip(net, x_rec))          # needs the package `sanafe`

The simulator is SANA-FE (Boyle et al. 2025, doi:10.1109/TCAD.2025.3537971); energy and time of each
event are its model of Loihi, after Davies et al. 2018, doi:10.1109/MM.2018.112130359.

A spike reaches the next layer one step later, so that `steps` of a network with L layers of neurons
take steps + L on the chip. The chip's reset comes at once, `U <- U - θ`, and what was subtracted
leaks as well. Ours comes one step late and does not leak. To spike as our neurons do, the chip gets

- a connection of each neuron to itself, of weight -(1 - β) θ: it brings the missing part;
- where its current decays (`Synaptic`), a relay: a second neuron that takes the rest of that
  current away one step later, with a weight of α (1 - β) θ;
- a pause of one step after a spike of `RLeaky` that resets to zero, which loses the next input as
  well (see `rleaky_step`).

One reset remains that the chip does not have. That of `Synaptic` and `RSynaptic` to zero keeps U at
0 for the next step, while the current takes in what comes. On the chip a pause loses this input for
good, so there it has no pause, and spikes differ: `differing` says how many.
The maximum of spikes is an OR: max pooling is a layer of neurons, each of which fires at once if
any spike reaches it, and it takes one step more.

A delayed spike is sent and reads its synapse at once, and waits in the receiving neuron. SANA-FE
charges nothing for that ("loihi_dendrites_delay"). But version 2.2.9 hands a delayed current on
only at steps at which another spike arrives, and knows delays of up to five steps. So what waits is
kept here, and given to the neuron when it is due; messages and synapses are the simulator's.
"""

import copy
import io
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core._extras import extra
from snnedu.core.delay import DelayLayer
from snnedu.core.layer import SpikingLayer
from snnedu.core.network import BATCH_NORM, CONNECTIONS, PASSED_ON, Sequential, _folded
from snnedu.core.neurons import Leaky, RLeaky, RSynaptic, Synaptic
from snnedu.core.residual import SkipMark
from snnedu.silicon._table import Table

PER_CORE = 1024  # neurons that a core of Loihi holds
_SCALE = 2.0**20  # the chip rounds what leaks to 1/64: with large numbers, rounding is no matter
_RESETS = {"subtract": "soft", "zero": "hard", "none": "none"}
_NEURONS = (Leaky, Synaptic, RLeaky, RSynaptic)
_AFFINE = (
    *CONNECTIONS, *BATCH_NORM, *PASSED_ON, DelayLayer,
    nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool2d,
)  # fmt: skip
_MAXIMA = (nn.MaxPool1d, nn.MaxPool2d)
_AT_ONCE = {"leak_decay": 0.0, "threshold": _SCALE / 2, "reset_mode": "hard", "force_update": True}

Weights = Float[Tensor, "inputs outputs"]
Late = Float[Tensor, "delays inputs outputs"]  # weights for each delay, from 0 on


@dataclass(frozen=True)
class ChipReport(Table):
    """What the chip spends on one inference, on average over the samples.

    `energy` (pJ) is the sum of `parts`: "synapse", "soma" (neurons) and "network" (messages between
    cores). `latency`: ms. `events`: connections that spikes took. `messages`: spikes on their way
    to a core. `rows`: one for each core, with its layer, neurons, and spikes. `spikes`: of each
    layer by name, `[time, batch, neurons]`. `differing`: how many of them are not as in `net`.
    """

    energy: float
    parts: dict[str, float]
    latency: float
    events: float
    messages: float
    steps: int
    rows: list[dict[str, Any]]
    spikes: dict[str, Tensor] = field(repr=False)
    differing: int

    @property
    def power(self) -> float:
        """Mean power while the chip computes, mW; without the static one."""
        return self.energy / self.latency * 1e-6

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the spikes as numbers, texts, lists and dicts."""
        names = ("energy", "latency", "events", "messages", "steps", "differing", "power")
        shown = {name: getattr(self, name) for name in names}
        return shown | {"parts": dict(self.parts), "rows": [dict(row) for row in self.rows]}

    def _lines(self) -> list[tuple[str, ...]]:
        head = ("core", "layer", "neurons", "spikes")
        rows = [
            (str(row["core"]), row["name"], f"{row['neurons']:,}", f"{row['spikes']:,.1f}")
            for row in self.rows
        ]
        return [head, *rows]

    def _caption(self) -> str:
        parts = ", ".join(f"{name} {pj / 1e3:,.1f}" for name, pj in self.parts.items())
        return (
            f"{self.energy / 1e3:,.1f} nJ ({parts}) and {self.latency:.3f} ms for one inference of "
            f"{self.steps} steps on the chip; {self.events:,.0f} synaptic events, "
            f"{self.messages:,.0f} messages. Without static power. "
            f"{self.differing or 'No'} spikes differ from the network's."
        )


@dataclass(frozen=True)
class _Layer:
    """Neurons, and the connections that lead to them."""

    name: str
    neurons: Any  # None: of a pooling, which fire whenever a spike comes
    weights: Late
    bias: Float[Tensor, "delays outputs"]  # as it comes in, step by step; the last one stays
    synapse: str  # the chip has several kinds, of different price
    shape: tuple[int, ...]

    def number(self, name: str) -> Float[Tensor, " outputs"]:
        """Return a parameter, one value for each neuron."""
        return self.neurons.used(name).detach().double().expand(self.shape).flatten()

    @property
    def decays(self) -> bool:
        """Whether the neurons' current decays, and does not last for one step only."""
        return isinstance(self.neurons, (Synaptic, RSynaptic))

    @property
    def size(self) -> int:
        """How many neurons there are."""
        return self.bias.shape[1]

    @property
    def reset(self) -> str:
        return "none" if self.neurons is None else self.neurons.reset_mechanism

    @property
    def missing(self) -> Float[Tensor, " outputs"]:
        """What the chip's reset by subtraction lacks, one step later: -(1 - β) θ."""
        return (self.number("beta") - 1) * self.number("threshold")

    def attributes(self, same_reset: bool) -> list[dict[str, Any]]:
        """Return what the chip needs to know of each neuron."""
        if self.neurons is None:
            return [_AT_ONCE] * self.size
        fixed: dict[str, Any] = {"reset_mode": _RESETS[self.reset], "force_update": True}
        if same_reset and self.reset == "zero" and isinstance(self.neurons, RLeaky):
            fixed["refractory_delay"] = 2  # for it, 1 is the step of the spike itself
        own = {"leak_decay": self.number("beta"), "threshold": _SCALE * self.number("threshold")}
        if self.decays:
            own["input_decay"] = self.number("alpha")
        values = zip(*(each.tolist() for each in own.values()), strict=True)
        return [fixed | dict(zip(own, each, strict=True)) for each in values]

    def feedback(self) -> Float[Tensor, "neurons neurons"] | None:
        """Return recurrent weights, from row to column."""
        if not isinstance(self.neurons, (RLeaky, RSynaptic)):
            return None
        if (dense := getattr(self.neurons, "recurrent", None)) is not None:
            rows = self.size // dense.out_features  # it acts along the features' last axis
            return torch.block_diag(*[dense.weight.detach().double().T] * rows)
        return self.neurons.V.detach().double().expand(self.shape).flatten().diag()

    def flows(
        self, step: int, before: Float[Tensor, "steps inputs"], flow: Float[Tensor, " outputs"]
    ) -> Float[Tensor, " outputs"]:
        """Return what is added to U in a step of this layer, beside spikes that come at once.

        It is the bias, and spikes of the layer before that are due now. Where the current decays,
        what was left of it in the step before, `flow`, is still there.
        """
        now = self.bias[min(step, len(self.bias) - 1)]
        late = range(1, min(step + 1, len(self.weights)))
        now = sum((before[step - delay] @ self.weights[delay] for delay in late), start=now)
        return now + self.number("alpha") * flow if self.decays else now


def on_chip(
    net: Sequential, x_rec: Tensor, *, same_reset: bool = True, per_core: int = PER_CORE
) -> ChipReport:
    """Return energy, time and spikes of a network on a simulated Loihi.

    `net`: neurons `Leaky`, `Synaptic`, `RLeaky` or `RSynaptic`; between them `Linear`,
    convolutions, batch norm, average pooling, `Flatten`, `Delay`, `DelayedLinear`; max pooling
    after neurons. `x_rec`: spikes, 0 or 1, `[time, batch, *features]`; the samples run one after
    the other, each from rest.
    `same_reset`: add what makes the reset ours (see above); it costs as all else does. Without it,
    the reset is the chip's own: no difference to `Leaky` at β = 1, or with a reset to zero.
    `per_core`: how many neurons share a core; fewer take more cores.

    What differs: weights keep 32 bits here, 8 on the real chip. Membranes have 64 bits and ours 32,
    so that a rare spike at the threshold may differ. `Synaptic` and `RSynaptic` with a reset to
    zero spike otherwise (see above). Not counted: static power, the way into the chip and out of
    it, and whether weights and waiting spikes fit a core. Averages of pooling are folded into the
    weights after them. Weights of exactly 0 are left out. A kernel of a delay that is wider than
    one step (`sigma` above 0) takes a synapse for each of its steps: set `layer.sigma = 0` first.

    Raises ModuleNotFoundError without `sanafe`, TypeError for other layers (residuals and other
    neurons have no counterpart on this chip), ValueError for other input and for networks that are
    too large.
    Source: Boyle et al. 2025, doi:10.1109/TCAD.2025.3537971.
    """
    sanafe = extra("sanafe", "`on_chip` needs", 'Install it with `pip install "snnedu[chip]"`.')
    net = _checked(net, x_rec, per_core)
    with torch.no_grad():
        layers = _layers(net, tuple(x_rec.shape[2:]))
        ours = {name: rec.spk.flatten(2).cpu() for name, rec in net.record(x_rec).items()}
    inputs = x_rec[0, 0].numel()
    machine = _Machine(sanafe, layers, inputs, same_reset, per_core)
    runs = [machine.run(sample.flatten(1).cpu()) for sample in x_rec.unbind(1)]
    all_spikes = {
        layer.name: torch.stack([spk[layer.name] for _, spk in runs], 1) for layer in layers
    }
    spikes = {name: all_spikes[name] for name in ours}
    mean = {name: sum(totals[name] for totals, _ in runs) / len(runs) for name in runs[0][0]}
    parts = {name: mean.pop(name) for name in ("synapse", "soma", "network")}
    relayed = {_relay(name): spk for name, spk in spikes.items()}
    fired = {"input": x_rec.flatten(2), **all_spikes, **relayed}
    return ChipReport(
        energy=sum(parts.values()),
        parts=parts,
        steps=len(x_rec) + len(layers),
        rows=[_row(fired, *core) for core in machine.cores],
        spikes=spikes,
        differing=sum(int((spikes[name] != ours[name]).sum()) for name in spikes),
        **mean,
    )


def _row(fired: dict[str, Tensor], core: int, name: str, first: int, size: int) -> dict[str, Any]:
    spk_rec = fired[name][..., first : first + size]
    spikes = spk_rec.sum().item() / spk_rec.shape[1]
    return {"core": core, "name": name, "neurons": size, "spikes": spikes}


def _checked(net: Sequential, x_rec: Tensor, per_core: int) -> Sequential:
    if not isinstance(net, Sequential):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"`net` must be a `Sequential` that spikes. Received {type(net).__name__}. "
            f"`energy.report` also takes an ANN."
        )
    _check.time_first("x_rec", x_rec, at_least=3)
    if bool(((x_rec != 0) & (x_rec != 1)).any()):
        raise ValueError(
            f"A chip takes spikes: `x_rec` must hold 0 and 1. Received numbers from "
            f"{x_rec.min():.3g} to {x_rec.max():.3g}. Encode them first, with `snn.spikegen`."
        )
    _check.count("per_core", per_core)
    _check.between("per_core", per_core, 1, PER_CORE, "A core of Loihi holds no more neurons.")
    return copy.deepcopy(net).eval()


def _layers(net: Sequential, shape: tuple[int, ...]) -> list[_Layer]:
    """Return the neurons, each with what leads to them as one matrix."""
    found, between = list[_Layer](), list[nn.Module]()
    for name, layer, _ in net._layers(None):
        if isinstance(layer, _AFFINE):
            between.append(layer)
            continue
        neurons = layer if type(layer) in _NEURONS else None
        if neurons is None:
            _check_pooling(name, layer, between)
            between.append(layer)  # one spike alone reaches those whose window holds it
        weights, bias, after = _matrix(between, shape)
        dense = getattr(neurons, "recurrent", None)
        if dense is not None and dense.bias is not None:
            bias = bias + dense.bias.repeat(bias.shape[1] // len(dense.bias))
        synapse = _synapse(between, weights)
        found.append(_Layer(name, neurons, weights, bias, synapse, after))
        shape, between = after, []
    return found


def _check_pooling(name: str, layer: nn.Module, between: list[nn.Module]) -> None:
    if not isinstance(layer, _MAXIMA):
        kind = "Residual" if isinstance(layer, SkipMark) else type(layer).__name__
        raise TypeError(
            f"The chip has no layer {name!r}, {kind}. It has the neurons "
            f"{', '.join(kind.__name__ for kind in _NEURONS)}"
            f"{' (not their subclasses)' if isinstance(layer, SpikingLayer) else ''}, and takes "
            f"Linear, convolutions, batch norm, pooling, Flatten and delays. Replace it, or use "
            f"`energy.report`."
        )
    if not all(isinstance(each, PASSED_ON) for each in between):
        raise TypeError(
            f"The chip takes the maximum of spikes only, which is an OR. Received {name!r}, "
            f"{type(layer).__name__}, after {type(between[-1]).__name__}. Move it after the "
            f"neurons, or use average pooling."
        )


def _relay(name: str) -> str:
    return f"{name}.relay"


def _matrix(between: list[nn.Module], shape: tuple[int, ...]) -> tuple[Late, Tensor, Any]:
    """Return weights for each delay, bias over the same steps, and the shape of what comes out.

    They are the answers to one spike of each input in the first step, and to no spike.
    """
    size = torch.Size(shape).numel()
    delays = sum(layer.max_delay for layer in between if isinstance(layer, DelayLayer))
    each = torch.zeros(1 + delays, 1 + size, size)
    each[0, 1:] = torch.eye(size)
    each = each.unflatten(2, shape)
    for layer in between:
        each = layer.unroll(each)[0] if isinstance(layer, DelayLayer) else _folded(layer, each)
    out = each.flatten(2)
    return out[:, 1:] - out[:, :1], out[:, 0], tuple(each.shape[2:])


def _synapse(between: list[nn.Module], weights: Late) -> str:
    if any(isinstance(layer, CONNECTIONS[1:]) for layer in between):
        return "loihi_conv_synapse"
    dense = weights.bool().any(0).all()
    return "loihi_dense_synapse" if dense else "loihi_sparse_synapse"


class _Machine:
    """A chip with the network on it."""

    def __init__(
        self, sanafe: Any, layers: list[_Layer], inputs: int, same_reset: bool, per_core: int
    ) -> None:
        architecture = _architecture(sanafe, min(inputs, per_core))
        self.layers, self.per_core, self.inputs = layers, per_core, inputs
        self.free = list(enumerate(architecture.cores()))
        self.cores: list[tuple[int, str, int, int]] = []  # number, layer, first neuron, neurons
        net, self.chip = sanafe.Network(), sanafe.SpikingChip(architecture)
        self.given = {layer.name: torch.zeros(layer.size) for layer in layers}  # as bias, now
        before = self._inputs(net)
        for layer in layers:
            group = self._neurons(net, layer.name, layer.attributes(same_reset), layer.synapse)
            at_once, *late = layer.weights
            self._connect(before, group, at_once)
            for weights in late:  # a spike reads them now, and they act later: see `flows`
                self._connect(before, group, weights, acts=0.0)
            self._feed_back(net, group, layer, same_reset and layer.reset == "subtract")
            before = group
        self.chip.load(net)

    def _inputs(self, net: Any) -> Any:
        group = net.create_neuron_group("input", self.inputs, log_spikes=True)
        for place in range(self.inputs):
            group[place].set_attributes(soma_hw_name=f"loihi_inputs[{place % self.per_core}]")
        self._place(group, "input", self.inputs)
        return group

    def _neurons(self, net: Any, name: str, each: list[dict[str, Any]], synapse: str) -> Any:
        group = net.create_neuron_group(
            name, len(each), log_spikes=True, soma_hw_name="loihi_lif",
            default_synapse_hw_name=synapse, default_dendrite_hw_name="loihi_dendrites",
        )  # fmt: skip
        for place, attributes in enumerate(each):
            group[place].set_attributes(model_attributes=attributes)
        self._place(group, name, len(each))
        return group

    def _place(self, group: Any, name: str, size: int) -> None:
        for first in range(0, size, self.per_core):
            if not self.free:
                raise ValueError(
                    f"The chip has 128 cores of up to {PER_CORE} neurons. Layer {name!r} does not "
                    f"fit any more. Make the network smaller, or `per_core` larger."
                )
            number, core = self.free.pop(0)
            here = range(first, min(first + self.per_core, size))
            for place in here:
                group[place].map_to_core(core)
            self.cores.append((number, name, first, len(here)))

    @staticmethod
    def _connect(before: Any, group: Any, weights: Weights, acts: float = _SCALE) -> None:
        pairs = weights.nonzero()
        values = (acts * weights[tuple(pairs.T)]).tolist()
        before.connect_neurons_sparse(group, {"weight": values}, [tuple(p) for p in pairs.tolist()])

    def _feed_back(self, net: Any, group: Any, layer: _Layer, corrects: bool) -> None:
        """Connect neurons to their own layer: recurrent weights, and what the reset lacks."""
        feedback = layer.feedback()
        missing = layer.missing if corrects else torch.zeros(layer.size)
        if feedback is not None:
            self._connect(group, group, feedback + missing.diag())
        else:
            self._one_to_one(group, group, missing)
        if corrects and layer.decays and bool((back := -layer.number("alpha") * missing).any()):
            relays = self._neurons(net, _relay(layer.name), [_AT_ONCE] * len(back), layer.synapse)
            self._one_to_one(group, relays, torch.ones(len(back)))
            self._one_to_one(relays, group, back)

    @staticmethod
    def _one_to_one(before: Any, group: Any, weights: Float[Tensor, " neurons"]) -> None:
        for place, weight in enumerate((_SCALE * weights).tolist()):
            if weight:
                before[place].connect_to_neuron(group[place], {"weight": weight})

    def run(self, sample: Float[Tensor, "time inputs"]) -> tuple[dict[str, float], dict[str, Any]]:
        """Return totals and spikes of one sample, `[time, neurons]`, by layer."""
        self.chip.reset()
        steps, inputs = len(sample), self.chip.mapped_neuron_groups["input"]
        for neuron, train in zip(inputs, sample.T.int().tolist(), strict=True):
            silence = [0] * len(self.layers)
            neuron.set_attributes(model_attributes={"spikes": train + silence})
        sizes = {"input": self.inputs} | {layer.name: layer.size for layer in self.layers}
        fired = {name: torch.zeros(steps + len(self.layers), size) for name, size in sizes.items()}
        results = [self._step(now, steps, fired) for now in range(steps + len(self.layers))]
        spikes = {
            layer.name: fired[layer.name][late : late + steps]
            for late, layer in enumerate(self.layers, 1)
        }
        return _totals(results), spikes

    def _step(self, now: int, steps: int, fired: dict[str, Tensor]) -> Any:
        """Run one step, and note which neurons fire. The bias flows while a layer has input."""
        before = "input"
        for late, layer in enumerate(self.layers, 1):
            flow = torch.zeros(layer.size)
            if late <= now < late + steps:
                sent = fired[before][late - 1 : now]
                flow = layer.flows(now - late, sent, self.given[layer.name])
            self._give(layer, flow)
            before = layer.name
        with redirect_stdout(io.StringIO()):  # SANA-FE prints each step
            result = self.chip.sim(1, spike_trace=True)
        for spike in result["spike_trace"][0]:
            if spike.group_name in fired:
                fired[spike.group_name][now, spike.neuron_offset] = 1
        return result

    def _give(self, layer: _Layer, flow: Float[Tensor, " outputs"]) -> None:
        """Set the bias of those neurons for which it changes."""
        group = self.chip.mapped_neuron_groups[layer.name]
        for place in (flow != self.given[layer.name]).nonzero().flatten().tolist():
            group[place].set_attributes(model_attributes={"bias": _SCALE * flow[place].item()})
        self.given[layer.name] = flow


def _architecture(sanafe: Any, inputs: int) -> Any:
    """Load Loihi with so many inputs a core, not 1024: most of the time goes into making them."""
    text = files("sanafe.examples").joinpath("loihi.yaml").read_text()
    text = text.replace("loihi_inputs[0..1023]", f"loihi_inputs[0..{inputs - 1}]")
    with TemporaryDirectory() as folder:
        (path := Path(folder) / "loihi.yaml").write_text(text)
        return sanafe.load_arch(path)


def _totals(results: list[Any]) -> dict[str, float]:
    parts = ("synapse", "soma", "network")
    energies = {name: sum(r["energy"][name] for r in results) * 1e12 for name in parts}
    return energies | {
        "latency": sum(r["sim_time"] for r in results) * 1e3,
        "events": float(sum(r["spikes"] for r in results)),
        "messages": float(sum(r["packets_sent"] for r in results)),
    }
