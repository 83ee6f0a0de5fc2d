"""The same neurons in other libraries: functions from currents `[time, batch, neurons]` to spikes.

Each is written as that library's own manual would have it. Loops unbind the time axis, which makes
their backward pass as fast as it can be (`x[t]` would make it quadratic in time).

The libraries do not agree on reset by subtraction: snnTorch and snnedu subtract θ one step late,
the others at once, where βθ is left of it one step later. Reset to zero is the same in all.
"""

import importlib.util
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

import snnedu as snn

Run = Callable[[Tensor], Tensor]
PEERS = ["snntorch", "spikingjelly", "norse", "sinabs"]


def missing() -> list[str]:
    """Return the peers that are not installed."""
    return [name for name in PEERS if importlib.util.find_spec(name) is None]


def leaky(beta: float, reset: str) -> dict[str, Run]:
    """Return a LIF layer of each library; `reset` is "subtract" or "zero"."""
    makers = {
        "snnedu": _snnedu_leaky,
        "snntorch": _snntorch_leaky,
        "spikingjelly": _spikingjelly_leaky,
        "norse": _norse_leaky,
        "sinabs": _sinabs_leaky,
    }
    gone = missing()
    return {name: make(beta, reset) for name, make in makers.items() if name not in gone}


def over_time(step: Callable[..., tuple[Tensor, ...]]) -> Run:
    """Return the loop over time that these libraries leave to their users."""

    def run(x: Tensor) -> Tensor:
        state: tuple[Tensor, ...] = ()
        spikes: list[Tensor] = []
        for x_t in x.unbind(0):
            spk, *rest = step(x_t, *state)
            state = tuple(rest)
            spikes.append(spk)
        return torch.stack(spikes)

    return run


def from_rest(layer: nn.Module, *rest: Tensor) -> Callable[..., tuple[Tensor, ...]]:
    """Let a layer of snnTorch start from rest, where its own step wants the state."""
    return lambda x, *state: layer(x, *(state or rest))


def _snnedu_leaky(beta: float, reset: str) -> Run:
    layer = snn.Leaky(beta, reset_mechanism=reset)  # pyright: ignore[reportArgumentType]
    return lambda x: layer.unroll(x, record=False)[0]


def _snntorch_leaky(beta: float, reset: str) -> Run:
    import snntorch

    layer = snntorch.Leaky(beta=beta, reset_mechanism=reset)
    return lambda x: over_time(from_rest(layer, layer.reset_mem()))(x)


def _spikingjelly_leaky(beta: float, reset: str) -> Run:
    from spikingjelly.activation_based import functional, neuron, surrogate

    layer = neuron.LIFNode(
        tau=1 / (1 - beta), decay_input=False, v_reset=0.0 if reset == "zero" else None,
        surrogate_function=surrogate.ATan(2.0), detach_reset=True, step_mode="m",
    )  # fmt: skip

    def run(x: Tensor) -> Tensor:
        functional.reset_net(layer)
        return layer(x)

    return run


def _norse_leaky(beta: float, reset: str) -> Run:
    from norse.torch import LIFBoxCell, LIFBoxParameters
    from norse.torch.functional.reset import reset_subtract, reset_value

    method = reset_value if reset == "zero" else reset_subtract
    pace = torch.tensor(1000 * (1 - beta))  # 1/s, at steps of 1 ms
    layer = LIFBoxCell(LIFBoxParameters(tau_mem_inv=pace, reset_method=method), dt=0.001)
    step = over_time(lambda x, *state: layer(x, state[0] if state else None))
    return lambda x: step(x / (1 - beta))  # it takes the voltage that a current leads to


def _sinabs_leaky(beta: float, reset: str) -> Run:
    from sinabs.activation import MembraneReset, MembraneSubtract, SingleSpike
    from sinabs.layers import LIF

    method = MembraneReset() if reset == "zero" else MembraneSubtract()
    layer = LIF(-1 / math.log(beta), spike_fn=SingleSpike, reset_fn=method, norm_input=False)
    layer.requires_grad_(False)

    def run(x: Tensor) -> Tensor:
        layer.reset_states()
        layer.init_state_with_shape((x.shape[1], *x.shape[2:]))
        return layer(x.transpose(0, 1)).transpose(0, 1)

    return run
