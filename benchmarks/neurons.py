"""How fast are the other neurons: with synapses, adaptive, recurrent; and Hodgkin and Huxley's?"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn
from benchmarks import peers
from benchmarks.timing import Goal, Result, Times, race

ALPHA, BETA, RHO, K = 0.8, 0.9, 0.95, 0.5
SIZES = [(25, 128, 100), (100, 64, 100)]  # time, batch, neurons


def run(quick: bool) -> list[Result]:
    """Return one table: forward + backward of three neurons in each library that has them."""
    rows: list[dict[str, object]] = []
    goals: list[Goal] = []
    cases = [("Synaptic", synaptic, 8), ("AdaptiveLeaky", adaptive, 8), ("RLeaky", recurrent, 3)]
    for name, make, wanted in cases:
        worst = math.inf
        for size in SIZES[:1] if quick else SIZES:
            layers, same = make(size[-1])
            _check(name, layers, same, size[-1])
            times = _measure(layers, size, quick)
            others = [taken for peer, taken in times.items() if peer != "snnedu"]
            ratio = min(others, default=math.nan) / times["snnedu"]
            worst = min(worst, ratio)
            rows.append({"neuron": name, **dict(zip("TBN", size, strict=True)), **times,
                         "× fastest peer": ratio})  # fmt: skip
        goals.append(Goal(f"{name}, forward + backward: against the fastest peer", worst, wanted))
    about = (
        "One layer, forward + backward, in ms. Spikes, and gradients to 1e-5 of the largest, were "
        "compared with snnTorch (Synaptic, RLeaky), spikes alone with sinabs (AdaptiveLeaky, zero "
        "reset). The others follow conventions of their own and do the same kind of work."
    )
    return [Result("Other neurons", about, rows, goals)]


def synaptic(features: int) -> tuple[dict[str, peers.Run], str]:
    """Return neurons with synapses, and the peer whose spikes are ours."""
    layer = snn.Synaptic(ALPHA, BETA)
    layers: dict[str, peers.Run] = {"snnedu": lambda x: layer.unroll(x, record=False)[0]}
    gone = peers.missing()
    if "snntorch" not in gone:
        import snntorch

        theirs = snntorch.Synaptic(alpha=ALPHA, beta=BETA)
        step = peers.from_rest(theirs, *theirs.reset_mem())
        layers["snntorch"] = peers.over_time(step)
    if "spikingjelly" not in gone:
        from spikingjelly.activation_based import functional, neuron, surrogate

        node = neuron.CUBALIFNode(ALPHA, BETA, 1.0, None, surrogate.ATan(2.0))
        functional.set_step_mode(node, "m")

        def spikingjelly(x: Tensor) -> Tensor:
            functional.reset_net(node)
            return node(x)

        layers["spikingjelly"] = spikingjelly
    if "norse" not in gone:
        from norse.torch import LIFCell

        cell = LIFCell()
        layers["norse"] = peers.over_time(lambda x, *state: cell(x, state[0] if state else None))
    if "sinabs" not in gone:
        from sinabs.activation import SingleSpike
        from sinabs.layers import LIF

        lif = LIF(-1 / math.log(BETA), -1 / math.log(ALPHA), spike_fn=SingleSpike, norm_input=False)
        layers["sinabs"] = batch_first(lif)
    return layers, "snntorch"


def adaptive(features: int) -> tuple[dict[str, peers.Run], str]:
    """Return neurons that tire, and the peer whose spikes are ours."""
    layer = snn.AdaptiveLeaky(BETA, RHO, K, reset_mechanism="zero")
    layers: dict[str, peers.Run] = {"snnedu": lambda x: layer.unroll(x, record=False)[0]}
    gone = peers.missing()
    if "norse" not in gone:
        from norse.torch import LSNNCell

        cell = LSNNCell()
        layers["norse"] = peers.over_time(lambda x, *state: cell(x, state[0] if state else None))
    if "sinabs" not in gone:
        from sinabs.activation import MembraneReset
        from sinabs.layers import ALIF

        alif = ALIF(
            -1 / math.log(BETA), -1 / math.log(RHO), adapt_scale=K, reset_fn=MembraneReset(),
            norm_input=False,
        )  # fmt: skip
        layers["sinabs"] = batch_first(alif)
    return layers, "sinabs"


def recurrent(features: int) -> tuple[dict[str, peers.Run], str]:
    """Return all-to-all recurrent neurons, and the peer whose spikes are ours."""
    torch.manual_seed(0)
    layer = snn.RLeaky(BETA, linear_features=features)
    layers: dict[str, peers.Run] = {"snnedu": lambda x: layer.unroll(x, record=False)[0]}
    gone = peers.missing()
    if "snntorch" not in gone:
        import snntorch

        theirs = snntorch.RLeaky(beta=BETA, linear_features=features)
        theirs.recurrent.load_state_dict(layer.recurrent.state_dict())
        layers["snntorch"] = peers.over_time(_with_spikes(theirs))
    if "sinabs" not in gone:
        from sinabs.activation import SingleSpike
        from sinabs.layers import LIFRecurrent

        connect = nn.Linear(features, features)
        lif = LIFRecurrent(-1 / math.log(BETA), connect, spike_fn=SingleSpike, norm_input=False)
        layers["sinabs"] = batch_first(lif)
    return layers, "snntorch"


def hodgkin_huxley(quick: bool) -> list[Result]:
    """Return the time of 100 ms of one neuron, once all is compiled."""
    steps, neuron = 10_000, snn.HodgkinHuxley(dt=0.01)
    cur_rec = torch.full((steps, 1), 10.0, dtype=torch.float64)
    spikes = int(neuron.unroll(cur_rec)[0].sum())
    if spikes != 7:  # 10 uA/cm2 drive it at some 68 Hz
        raise AssertionError(f"{spikes} spikes in 100 ms")
    times = race({"snnedu": lambda: neuron.unroll(cur_rec)}, 0.2 if quick else 2.0)
    return [
        Result(
            "Hodgkin and Huxley's neuron",
            "100 ms in 10,000 steps of 0.01 ms, one neuron, all recorded, in ms.",
            [{"steps": steps, "spikes": spikes, **times}],
            [Goal("Hodgkin-Huxley, 100 ms", times["snnedu"], 5, "ms", at_most=True)],
        )
    ]


def batch_first(layer: Any) -> peers.Run:
    """Run a layer of sinabs on currents with time first."""
    for parameter in layer.parameters(recurse=False):
        parameter.requires_grad_(False)

    def run(x: Tensor) -> Tensor:
        layer.reset_states()
        layer.init_state_with_shape((x.shape[1], *x.shape[2:]))
        return layer(x.transpose(0, 1)).transpose(0, 1)

    return run


def _with_spikes(layer: Any) -> Callable[..., tuple[Tensor, ...]]:
    """Let a recurrent layer of snnTorch, which wants its last spikes, be called like the others."""

    def step(x: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        spk, mem = layer(x, *(state or layer.init_rleaky()))
        return spk, spk, mem

    return step


def _check(name: str, layers: dict[str, peers.Run], same: str, features: int) -> None:
    if same not in layers:
        return
    x = 0.4 * torch.randn(50, 8, features, generator=torch.Generator().manual_seed(0)) + 0.15
    g = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    ours, ours_grad = _with_gradient(layers["snnedu"], x, g)
    theirs, theirs_grad = _with_gradient(layers[same], x, g)
    if same == "snntorch":  # sinabs has another surrogate
        scale = theirs_grad.abs().max().item()
        torch.testing.assert_close(ours_grad, theirs_grad, rtol=0, atol=1e-5 * scale)
    differ = (ours != theirs).float().mean().item()
    if differ > 1e-3 or not 0.01 < ours.mean() < 0.99:
        raise AssertionError(f"{name}: {differ:.1%} of the spikes differ from {same}")


def _with_gradient(layer: peers.Run, x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    spk = layer(x)
    return spk.detach(), torch.autograd.grad(spk, x, g)[0]


def _measure(layers: dict[str, peers.Run], size: tuple[int, int, int], quick: bool) -> Times:
    x, g = torch.randn(size) * 0.4 + 0.15, torch.randn(size)

    def call(layer: peers.Run) -> None:
        layer(x.detach().requires_grad_()).backward(g)

    calls = {name: (lambda layer=layer: call(layer)) for name, layer in layers.items()}
    return race(calls, 0.1 if quick else 0.5, 3)
