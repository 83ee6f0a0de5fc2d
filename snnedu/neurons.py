"""Spiking neurons: how current becomes membrane potential, and membrane potential spikes.

Each model is a pure function, `leaky_step` for example, which carries the equation and advances one
step in time, and a module, `Leaky`, which owns the parameters and can run a whole sequence.
State goes in and comes out; nothing is hidden:

    lif = Leaky(beta=0.9)
    spk, mem = lif(cur)                    # one step from rest; cur is [batch, *features]
    spk, mem = lif(cur, mem)               # the next one
    spk_rec, mem_rec = lif.unroll(cur_rec) # all steps at once; cur_rec is [time, batch, *features]

Symbols: I = `cur`, U = `mem`, S = `spk`, β = `beta`, θ = `threshold`. I, U and θ share one unit (take
mV, or none); decays have none. A neuron spikes when U exceeds θ, and pays for it one step later.
The reset takes no part in the gradient (S[t-1] is detached there), as in snnTorch.
"""

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snnedu import _check, surrogate

Values = Float[Tensor, "..."]
Number = float | Values
SpikeGrad = Callable[[Tensor], Tensor]
Reset = Literal["subtract", "zero", "none"]
RESETS = ("subtract", "zero", "none")


def leaky_step(
    cur: Values,
    mem: Values,
    *,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Values, Values]:
    """Advance leaky integrate-and-fire neurons one step; return `spk, mem` = S[t], U[t].

        U[t] = β U[t-1] + I[t] - θ S[t-1]      "subtract": leak, integrate, pay θ for a spike
        U[t] = β (1 - S[t-1]) U[t-1] + I[t]    "zero": forget everything after a spike
        U[t] = β U[t-1] + I[t]                 "none"
        S[t] = 1 if U[t] > θ else 0            fire

    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088.
    """
    _check.same_shape("leaky_step(cur, mem)", cur, mem, _REST)
    spk = spike_grad(mem - threshold).detach()  # S[t-1] follows from the state
    if reset_mechanism == "zero":
        mem = (1 - spk) * mem
    mem = beta * mem + cur
    if reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold), mem


def synaptic_step(
    cur: Values,
    syn: Values,
    mem: Values,
    *,
    alpha: Number,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Values, Values, Values]:
    """Advance neurons whose synapses have a memory of their own; return `spk, syn, mem`.

        X[t] = α X[t-1] + I[t]                 synaptic current `syn`, in the unit of I
        U[t] = β U[t-1] + X[t] - θ S[t-1]      "subtract"
        U[t] = (1 - S[t-1]) (β U[t-1] + X[t])  "zero": this step's input is lost too
        U[t] = β U[t-1] + X[t]                 "none"
        S[t] = 1 if U[t] > θ else 0

    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088; resets as in snnTorch 1.0.
    """
    _check.same_shape("synaptic_step(cur, syn, mem)", cur, syn, _REST)
    _check.same_shape("synaptic_step(cur, syn, mem)", cur, mem, _REST)
    spk = spike_grad(mem - threshold).detach()
    syn = alpha * syn + cur
    mem = beta * mem + syn
    if reset_mechanism == "zero":
        mem = mem - mem * spk
    elif reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold), syn, mem


class SpikingLayer(nn.Module):
    """What all neurons share: a state at rest, one step, a whole sequence.

    A subclass names its state in `state_names` and writes `_step(cur, *state) -> (spk, *state)`.
    """

    state_names: ClassVar[tuple[str, ...]] = ("mem",)
    beta: Tensor
    threshold: Tensor

    def __init__(
        self,
        threshold: Number,
        spike_grad: SpikeGrad | None,
        learn_threshold: bool,
        reset_mechanism: str,
    ) -> None:
        super().__init__()
        self._number("threshold", threshold, learn_threshold)
        self.spike_grad = surrogate.atan() if spike_grad is None else spike_grad
        self.reset_mechanism = reset_mechanism

    def forward(self, cur: Values, *state: Values | None) -> tuple[Values, ...]:
        """Advance one step: `spk, *state = layer(cur, *state)`; a state of None is rest."""
        return self._step(cur, *self._rest(cur, state))

    def unroll(
        self, cur_rec: Values, *state: Values | None, record: bool = True
    ) -> tuple[Values, ...]:
        """Run the whole sequence: `spk_rec, *recordings = layer.unroll(cur_rec, *state)`."""
        _check.time_first("cur_rec", cur_rec)
        now = self._rest(cur_rec[0], state)
        steps: list[tuple[Tensor, ...]] = []
        for cur in cur_rec.unbind(0):
            steps.append(self._step(cur, *now))
            now = steps[-1][1:]
        if record:
            return tuple(torch.stack(values) for values in zip(*steps, strict=True))
        return torch.stack([step[0] for step in steps]), *now

    def _step(self, cur: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def _rest(self, cur: Tensor, state: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
        state = state + (None,) * (len(self.state_names) - len(state))
        return tuple(torch.zeros_like(cur) if s is None else s for s in state)

    def _number(self, name: str, value: Number, learn: bool) -> None:
        tensor = torch.as_tensor(value, dtype=torch.get_default_dtype()).detach().clone()
        if learn:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor)


class Leaky(SpikingLayer):
    """Leaky integrate-and-fire neurons; the equation stands in `leaky_step`."""

    def __init__(
        self,
        beta: Number,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(threshold, spike_grad, learn_threshold, reset_mechanism)
        self._number("beta", beta, learn_beta)

    def _step(self, cur: Tensor, mem: Tensor) -> tuple[Tensor, ...]:
        return leaky_step(
            cur,
            mem,
            beta=self.beta.clamp(0, 1),
            threshold=self.threshold,
            spike_grad=self.spike_grad,
            reset_mechanism=self.reset_mechanism,
        )


class Synaptic(SpikingLayer):
    """Leaky neurons behind synapses with a memory; the equation stands in `synaptic_step`."""

    state_names = ("syn", "mem")
    alpha: Tensor

    def __init__(
        self,
        alpha: Number,
        beta: Number,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_alpha: bool = False,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(threshold, spike_grad, learn_threshold, reset_mechanism)
        self._number("alpha", alpha, learn_alpha)
        self._number("beta", beta, learn_beta)

    def _step(self, cur: Tensor, syn: Tensor, mem: Tensor) -> tuple[Tensor, ...]:
        return synaptic_step(
            cur,
            syn,
            mem,
            alpha=self.alpha.clamp(0, 1),
            beta=self.beta.clamp(0, 1),
            threshold=self.threshold,
            spike_grad=self.spike_grad,
            reset_mechanism=self.reset_mechanism,
        )


_REST = "For a new batch pass None as the state: rest."
