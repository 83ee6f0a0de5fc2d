"""Online learning: what learning needs of the past is carried forward, so no step is kept.

    layer = online.OnlineLayer(12, 100, snn.AdaptiveLeaky(0.9), rule="eprop")
    readout = online.FeedbackLinear(100, 9)         # random feedback; `nn.Linear`: symmetric
    state = None                                    # rest
    for x, y in stream:                             # x: [batch, 12]
        out, state = layer(x, state)                # out: [batch, 100]
        loss = cross_entropy(readout(out), y)
        optimizer.zero_grad()
        loss.backward()                             # goes through this step only
        optimizer.step()

The gradient of a step is a product. The loss says how much each spike matters now: the *learning
signal*. The layer says how much each weight has moved that spike, now and at all steps before: the
*eligibility trace*, in `state`. Rules differ in how much of the past the trace holds:

    "rtrl"    all of it, exact; traces `[batch, neurons, neurons * sources]`
    "eprop"   each neuron's own; `[batch, neurons, sources]`, or `[batch, 1, sources]` for `Leaky`
    "sltt"    nothing but what entered at this step
    "bptt"    no trace: the graph of all steps is kept for one `backward` at the end, to compare

Layers with `recurrent=False`, one on the other, learn by OTTT (Xiao et al. 2022, arXiv:2210.04195)
with "eprop" and `Leaky`, and by SLTT (Meng et al. 2023, arXiv:2302.14311) with "sltt". The
equations of the traces stand in eligibility.py.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from snnedu.brains import eligibility
from snnedu.brains.eligibility import Past, Trace
from snnedu.core import _check
from snnedu.core.layer import SpikingLayer
from snnedu.core.neurons import AdaptiveLeaky, Leaky
from snnedu.core.steps import SpikeGrad
from snnedu.core.surrogate import Surrogate, slope_of

In = Float[Tensor, "batch inputs"]
Now = Float[Tensor, "batch neurons"]
Weight = Float[Tensor, "neurons sources"]

RULES = ("eprop", "rtrl", "sltt", "bptt")


class OnlineState(NamedTuple):
    """All that one step hands to the next; `state_bytes` says how much that is."""

    out: Now
    spk: Now
    slope: Now  # h of this step
    neuron: tuple[Now, ...]  # the membrane, and the adaptation if there is one
    past: Past | None  # how each weight has moved `neuron`
    filtered: Trace | None  # how each weight has moved `out`, if `kappa` is above 0


class OnlineLayer(nn.Module):
    """Weights and neurons that learn while the input streams; see the top of this file.

        I[t] = W (x[t], S[t-1])           sources: the inputs, then the layer's own last spikes
        out[t] = κ out[t-1] + S[t]        spikes, filtered if κ = `kappa` is above 0

    `neuron` is a `Leaky` or an `AdaptiveLeaky`, by default `Leaky(0.9)`. `weight` is
    `[neurons, inputs + neurons]`, or `[neurons, inputs]` without `recurrent`; it is drawn so that
    inputs of 1 add up to about ±1, in units of θ. W out with κ above 0 is what a leaky readout of
    decay κ does with weights W; here its past learns, too.

    Source: "rtrl" Williams and Zipser 1989, doi:10.1162/neco.1989.1.2.270; "eprop" Bellec et al.
    2020, doi:10.1038/s41467-020-17236-y. Exact where weights stay; as each update moves them,
    traces remember the weights of their time.
    """

    def __init__(
        self,
        inputs: int,
        neurons: int,
        neuron: SpikingLayer | None = None,
        *,
        rule: str = "eprop",
        recurrent: bool = True,
        kappa: float = 0.0,
    ) -> None:
        super().__init__()
        _check.count("inputs", inputs)
        _check.count("neurons", neurons)
        _check.one_of("rule", rule, RULES)
        _check.fraction("kappa", kappa)
        self.neuron = _checked(Leaky(0.9) if neuron is None else neuron)
        self.inputs, self.rule, self.recurrent, self.kappa = inputs, rule, recurrent, float(kappa)
        parts = [torch.randn(neurons, n) / n**0.5 for n in (inputs, neurons)[: 1 + recurrent]]
        self.weight = nn.Parameter(torch.cat(parts, 1))

    def forward(self, x: In, state: OnlineState | None = None) -> tuple[Now, OnlineState]:
        """Advance one step: `out, state = layer(x, state)`; a state of None is rest.

        Under `torch.no_grad()` nothing is learned, and no trace is carried on.

        Raises ValueError or TypeError where shapes, dtypes or devices do not fit.
        """
        self._check(x, state)
        state = self._rest(x) if state is None else state
        if self.rule == "bptt" or not torch.is_grad_enabled():
            spike_grad = self.neuron.spike_grad
            out, spk, neuron = self._advance(self._sources(x, state), state, spike_grad)
            return out, OnlineState(out, spk, torch.zeros_like(spk), neuron, None, None)
        with torch.no_grad():
            sources, ungraphed = self._sources(x, state), _Ungraphed(self.neuron.spike_grad)
            out, spk, neuron = self._advance(sources, state, ungraphed)
            slope, past = ungraphed.slope(), self._carry(sources, state)
            filtered = self._filter(state.filtered, slope, past) if self.kappa else None
            after = OnlineState(out, spk, slope, neuron, past, filtered)
            trace = eligibility.excess(past, self.neuron) if filtered is None else filtered
        out = _Attach.apply(x, self.weight, out, slope, trace, filtered is not None)
        return out, after  # pyright: ignore[reportReturnType]

    def _sources(self, x: Tensor, state: OnlineState) -> Tensor:
        return torch.cat([x, state.spk], 1) if self.recurrent else x

    def _advance(
        self, sources: Tensor, state: OnlineState, spike_grad: SpikeGrad
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Return output, spikes and the neurons' state of this step."""
        cur = linear(sources, self.weight)
        spk, *neuron = self.neuron(cur, *state.neuron, spike_grad=spike_grad)
        return self.kappa * state.out + spk if self.kappa else spk, spk, tuple(neuron)

    def _filter(self, before: Trace | None, slope: Tensor, past: Past) -> Trace:
        effect = slope[..., None] * eligibility.excess(past, self.neuron)
        return effect if before is None else self.kappa * before + effect

    def _carry(self, sources: Tensor, state: OnlineState) -> Past:
        """Return how each weight has moved the neurons' state, now."""
        if self.rule == "sltt":
            return Past(sources[:, None], None)
        if self.rule == "eprop":
            direct = sources[:, None]
            return eligibility.advance(state.past, direct, state.spk, state.slope, self.neuron)
        direct = eligibility.own(sources, len(self.weight))
        if self.recurrent and state.past is not None:  # what e-prop drops
            effect = state.slope[..., None] * eligibility.excess(state.past, self.neuron)
            direct = direct + self.weight[:, self.inputs :] @ effect
        return eligibility.advance(state.past, direct, state.spk, state.slope, self.neuron)

    def _rest(self, x: Tensor) -> OnlineState:
        zero = x.new_zeros(len(x), len(self.weight))
        return OnlineState(zero, zero, zero, (zero,) * len(self.neuron.state_names), None, None)

    def _check(self, x: Tensor, state: OnlineState | None) -> None:
        _check.floating("x", x)
        _check.same_kind("layer(x)", x, self.weight)
        if x.ndim != 2 or x.shape[1] != self.inputs:
            raise ValueError(
                f"`layer(x, state)` needs one step, [batch, {self.inputs}]. Received "
                f"{list(x.shape)}. For a sequence loop over its steps: `for x in x_rec`."
            )
        if state is not None and len(state.spk) != len(x):
            raise ValueError(
                f"State and input must have one batch size. Received {len(state.spk)} and "
                f"{len(x)}. For a new batch pass None, which means rest."
            )

    def extra_repr(self) -> str:
        """Show sizes and rule."""
        more = "" if self.recurrent else ", recurrent=False"
        return f"{self.inputs}, {len(self.weight)}, rule={self.rule!r}{more}, kappa={self.kappa:g}"


class FeedbackLinear(nn.Linear):
    """A linear layer that sends errors back through fixed random weights B, not through its own.

    A brain has no wire that carries the forward weights backward. `feedback`, B, is `[outputs,
    inputs]` and drawn as `weight` is; the gradients of weight and bias are the usual ones.
    Source: Lillicrap et al. 2016, doi:10.1038/ncomms13276.
    """

    feedback: Tensor

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, bias)
        self.register_buffer("feedback", nn.Linear(inputs, outputs, bias=False).weight.detach())

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, x: Float[Tensor, "*batch inputs"]
    ) -> Float[Tensor, "*batch outputs"]:
        """Return W x + b."""
        there = super().forward(x.detach())
        back = linear(x, self.feedback)
        return there + (back - back.detach())  # adds 0, and the gradient of `back`


def state_bytes(*states: OnlineState | None) -> int:
    """Return the memory of all tensors in these states, traces included, in bytes."""
    found = [part for state in states if state is not None for part in _tensors(state)]
    return sum({id(part): part.numel() * part.element_size() for part in found}.values())


class _Ungraphed:
    """Spikes without autograd's node, which costs more than they do; and the slope at the last."""

    def __init__(self, spike_grad: SpikeGrad) -> None:
        self.spike_grad = spike_grad

    def __call__(self, over: Tensor) -> Tensor:
        self.over = over  # U - Θ; a neuron asks last for the spikes that it returns
        if type(self.spike_grad) is Surrogate:
            return (over > 0).to(over.dtype)
        return self.spike_grad(over)

    def slope(self) -> Tensor:
        return slope_of(self.spike_grad, self.over)


class _Attach(torch.autograd.Function):
    """Hands `out` on; its gradient meets the eligibility trace, and this step's input."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, out: Tensor, slope: Tensor, trace: Tensor, done: bool
    ) -> Tensor:
        ctx.save_for_backward(x, weight, slope, trace)
        ctx.done = done
        return out.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, signal: Tensor) -> Any:  # pyright: ignore
        x, weight, slope, trace = ctx.saved_tensors
        credit = signal * slope
        factor = signal if ctx.done else credit
        to_x = credit @ weight[:, : x.shape[1]] if ctx.needs_input_grad[0] else None
        return to_x, _summed(factor, trace, weight), None, None, None, None


def _summed(factor: Tensor, trace: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient: factor times trace, summed over the batch, and whatever it reaches."""
    if trace.shape[1] == 1:  # one trace for each source, shared by all neurons
        return (factor.T @ trace[:, 0]).view_as(weight)
    if trace.shape[2] == weight.numel():  # each neuron was moved by all weights
        return torch.einsum("bj,bjp->p", factor, trace).view_as(weight)
    return torch.einsum("bj,bji->ji", factor, trace)


def _checked(neuron: SpikingLayer) -> Leaky | AdaptiveLeaky:
    if not isinstance(neuron, (Leaky, AdaptiveLeaky)):
        raise TypeError(
            f"`neuron` must be a `Leaky` or an `AdaptiveLeaky`: their traces are known. Received "
            f"{type(neuron).__name__}. Pass `snn.Leaky(0.9)`, for example."
        )
    if any(parameter.requires_grad for parameter in neuron.parameters()):
        raise ValueError(
            "An online layer learns its weights; traces of decays and thresholds are not carried. "
            "Received a neuron with learned parameters. Leave out `learn_beta=True` and the like."
        )
    return neuron


def _tensors(state: OnlineState) -> list[Tensor]:
    parts = (state.out, state.spk, state.slope, *state.neuron, *(state.past or ()), state.filtered)
    return [part for part in parts if part is not None]
