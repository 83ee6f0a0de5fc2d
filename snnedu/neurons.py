"""Spiking neurons: how current becomes membrane potential, and membrane potential becomes spikes.

Each model is a pure function, such as `leaky_step`, that carries the equation and advances one
step in time, and a module, such as `Leaky`, that owns the numbers. State goes in and comes out,
nothing is hidden:

    lif = Leaky(beta=0.9)
    spk, mem = lif(cur)                      # one step from rest; cur is [batch, *features]
    spk, mem = lif(cur, mem)                 # the next step
    spk_rec, mem_rec = lif.unroll(cur_rec)   # all steps; cur_rec is [time, batch, *features]

Symbols: I = `cur`, U = `mem`, S = `spk`, β = `beta`, θ = `threshold`. I, U and θ share one unit
(mV, say, or none); a decay has none: it is the share that is left after one step. Every model
spikes when U exceeds θ, and is reset for it one step later. No gradient flows through the reset.

The models, from simple to rich:

    Lapicque             a leaky integrator made of a resistor and a capacitor
    Leaky                the same in one number, β
    Synaptic             the current through the synapse fades slowly, too
    Alpha                excitation and inhibition shape a smooth answer to each input spike
    AdaptiveLeaky        every spike raises the threshold for a while
    RLeaky, RSynaptic    the layer's own spikes come back as input
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snnedu import _check, _sequence, surrogate

Values = Float[Tensor, "..."]
Number = int | float | Values
SpikeGrad = Callable[[Tensor], Tensor]
_Step = Callable[..., tuple[Tensor, ...]]
Reset = Literal["subtract", "zero", "none"]


# ------------------------------------------------------------------------------- the equations


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
        U[t] = β (1 - S[t-1]) U[t-1] + I[t]    "zero": forget all after a spike
        U[t] = β U[t-1] + I[t]                 "none"
        S[t] = 1 if U[t] > θ else 0            fire

    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088.
    """
    _same_shape("leaky_step(cur, mem)", cur, mem)
    spk = spike_grad(mem - threshold).detach()  # S[t-1] follows from U[t-1]
    if reset_mechanism == "zero":
        mem = (1 - spk) * mem
    mem = beta * mem + cur
    if reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold), mem


def lapicque_step(
    cur: Values,
    mem: Values,
    *,
    R: Number,
    C: Number,
    time_step: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Values, Values]:
    """Advance Lapicque's circuit, a resistor and a capacitor in parallel; return `spk, mem`.

        τ dU/dt = -U + R I,  τ = R C, one Euler step of length dt:
        U[t] = β U[t-1] + (dt/C) I[t],  β = 1 - dt/τ, and then as `leaky_step`

    Units that fit together: I in nA, R in MΩ, C in nF, dt in ms, U and θ in mV. With U[t-1] = 0 and
    constant I, U tends to R I.
    Source: Lapicque 1907, as told by Brunel and van Rossum 2007, doi:10.1007/s00422-007-0190-0.
    """
    return leaky_step(
        time_step / C * cur,
        mem,
        beta=1 - time_step / (R * C),
        threshold=threshold,
        spike_grad=spike_grad,
        reset_mechanism=reset_mechanism,
    )


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
    """Advance neurons behind synapses that remember their input; return `spk, syn, mem`.

        X[t] = α X[t-1] + I[t]                    synaptic current `syn`
        U[t] = β U[t-1] + X[t] - θ S[t-1]         "subtract"
        U[t] = (1 - S[t-1]) (β U[t-1] + X[t])     "zero": one step's input is lost as well
        U[t] = β U[t-1] + X[t]                    "none"
        S[t] = 1 if U[t] > θ else 0

    X has the unit of I; α and β have none.
    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088; "zero" as in snnTorch 1.0.
    """
    _same_shape("synaptic_step(cur, syn, mem)", cur, syn, mem)
    spk = spike_grad(mem - threshold).detach()
    syn = alpha * syn + cur
    mem = beta * mem + syn
    if reset_mechanism == "zero":
        mem = mem - mem * spk
    if reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold), syn, mem


def alpha_step(
    cur: Values,
    syn_exc: Values,
    syn_inh: Values,
    mem: Values,
    *,
    alpha: Number,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Values, Values, Values, Values]:
    """Advance neurons that answer one input spike with a bump; return `spk, syn_exc, syn_inh, mem`.

        E[t] = α E[t-1] + I[t]          excitation `syn_exc`, the slower one: α > β
        J[t] = β J[t-1] - I[t]          inhibition `syn_inh`
        U[t] = κ (E[t] + J[t])          κ = ln β / (ln β - ln α); the bump is κ (αⁿ - βⁿ)
        S[t] = 1 if U[t] > θ else 0

    After a spike "subtract" takes θ/κ from E, so that U loses θ and forgets it with decay α;
    "zero" sets E and J to 0 before they take in the new input; "none" leaves both.
    Source: spike response model, Gerstner and Kistler 2002, doi:10.1017/CBO9780511815706; κ as in
    snnTorch 1.0. Its "subtract" also overwrites J; ours takes θ from U and nothing else.
    """
    _same_shape("alpha_step(cur, syn_exc, syn_inh, mem)", cur, syn_exc, syn_inh, mem)
    spk = spike_grad(mem - threshold).detach()
    log_alpha, log_beta = torch.log(torch.as_tensor(alpha)), torch.log(torch.as_tensor(beta))
    kappa = 1 / (1 - log_alpha / log_beta)
    if reset_mechanism == "zero":
        syn_exc, syn_inh = (1 - spk) * syn_exc, (1 - spk) * syn_inh
    syn_exc = alpha * syn_exc + cur
    syn_inh = beta * syn_inh - cur
    if reset_mechanism == "subtract":
        syn_exc = syn_exc - threshold / kappa * spk
    mem = kappa * (syn_exc + syn_inh)
    return spike_grad(mem - threshold), syn_exc, syn_inh, mem


def adaptive_leaky_step(
    cur: Values,
    mem: Values,
    ada: Values,
    *,
    beta: Number,
    rho: Number,
    adaptation: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Values, Values, Values]:
    """Advance leaky neurons that tire: each spike raises the threshold; return `spk, mem, ada`.

        A[t] = ρ A[t-1] + (1 - ρ) S[t-1]          trace of past spikes `ada`, between 0 and 1
        U[t] = β U[t-1] + I[t] - Θ[t-1] S[t-1]    "subtract"; "zero" and "none" as `leaky_step`
        S[t] = 1 if U[t] > Θ[t] else 0            Θ[t] = θ + k A[t], the threshold in force

    k = `adaptation` has the unit of θ: the rise of Θ under constant firing at every step.
    Source: Bellec et al. 2018, arXiv:1803.09574 (their β is k here, their b is A).
    """
    _same_shape("adaptive_leaky_step(cur, mem, ada)", cur, mem, ada)
    in_force = threshold + adaptation * ada
    spk = spike_grad(mem - in_force)
    ada = rho * ada + (1 - rho) * spk
    spk = spk.detach()
    if reset_mechanism == "zero":
        mem = (1 - spk) * mem
    mem = beta * mem + cur
    if reset_mechanism == "subtract":
        mem = mem - in_force * spk
    return spike_grad(mem - (threshold + adaptation * ada)), mem, ada


def rleaky_step(
    cur: Values,
    mem: Values,
    *,
    weight: Values,
    bias: Values | None,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Values, Values]:
    """Advance a recurrent layer, whose spikes come back one step later; return `spk, mem`.

        I'[t] = I[t] + W S[t-1] + b, and then as `leaky_step` with I' for I

    W = `weight` `[features, features]` connects all to all; a number, or one for each neuron,
    connects each neuron to itself. Gradients do flow back through W S[t-1].
    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088.
    """
    _same_shape("rleaky_step(cur, mem)", cur, mem)
    cur = cur + _sequence.feedback(spike_grad(mem - threshold), weight, bias)
    return leaky_step(
        cur,
        mem,
        beta=beta,
        threshold=threshold,
        spike_grad=spike_grad,
        reset_mechanism=reset_mechanism,
    )


def rsynaptic_step(
    cur: Values,
    syn: Values,
    mem: Values,
    *,
    weight: Values,
    bias: Values | None,
    alpha: Number,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Values, Values, Values]:
    """Advance a recurrent layer with synapses that remember; return `spk, syn, mem`.

        I'[t] = I[t] + W S[t-1] + b, and then as `synaptic_step` with I' for I

    `weight` and `bias` as in `rleaky_step`.
    """
    _same_shape("rsynaptic_step(cur, syn, mem)", cur, syn, mem)
    cur = cur + _sequence.feedback(spike_grad(mem - threshold), weight, bias)
    return synaptic_step(
        cur,
        syn,
        mem,
        alpha=alpha,
        beta=beta,
        threshold=threshold,
        spike_grad=spike_grad,
        reset_mechanism=reset_mechanism,
    )


# --------------------------------------------------------------------------------- the modules


class SpikingLayer(nn.Module):
    """What all neurons share: one step, a whole sequence, numbers that can be read and changed.

    A neuron of your own is a subclass that names its step function, its state and its numbers:

        class Quadratic(SpikingLayer):
            step = staticmethod(quadratic_step)
            state_names = ("mem",)
            numbers = ("beta", "threshold")
            decays = ("beta",)

            def __init__(self, beta, threshold=1.0):
                super().__init__()
                self.own("beta", beta)
                self.own("threshold", threshold)

    `step` gets the numbers by name, with `spike_grad` and `reset_mechanism`. Those in `decays` must
    lie in [0, 1]: they are checked when set, and clamped when used, since an optimiser may push a
    learned one outside (as in snnTorch; no gradient then pushes it further). A number is one for
    all neurons, or a tensor that broadcasts to `[batch, *features]`.
    An attribute that you set later (`lif.threshold = 2.0`) counts from the next call on, or raises.
    """

    step: ClassVar[_Step]
    state_names: ClassVar[tuple[str, ...]] = ("mem",)
    numbers: ClassVar[tuple[str, ...]] = ("beta", "threshold")
    decays: ClassVar[tuple[str, ...]] = ("beta",)

    spike_grad: SpikeGrad
    reset_mechanism: str
    threshold: Tensor

    def __init__(
        self, spike_grad: SpikeGrad | None = None, reset_mechanism: str = "subtract"
    ) -> None:
        super().__init__()
        self.spike_grad = surrogate.atan() if spike_grad is None else spike_grad
        self.reset_mechanism = reset_mechanism

    def own(self, name: str, value: Number, learn: bool = False) -> None:
        """Keep a number: as a parameter if it is to be learned, else as a buffer."""
        self._check_number(name, value)
        tensor = torch.as_tensor(value, dtype=torch.get_default_dtype()).detach().clone()
        if learn:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor)

    def forward(self, cur: Values, *state: Values | None) -> tuple[Values, ...]:
        """Advance one step: `spk, *state = layer(cur, *state)`, all `[batch, *features]`.

        A state of None, or left out, is rest. Raises where shapes, dtypes or devices disagree.
        """
        _check.floating("cur", cur)
        values = self._values(cur.shape)
        return self.step(
            cur,
            *self._start(cur, state),
            **values,
            spike_grad=self.spike_grad,
            reset_mechanism=self.reset_mechanism,
        )

    def unroll(
        self,
        cur_rec: Values,
        *state: Values | None,
        record: bool = True,
        steps: int | None = None,
    ) -> tuple[Values, ...]:
        """Run a whole sequence: `spk_rec, *recordings = layer.unroll(cur_rec, *state)`.

        `cur_rec` is `[time, batch, *features]`; so are the spikes and the recording of each part of
        the state. With `record=False` the last state comes in their place, and nothing else is
        kept: less memory. The numbers are those of a loop over `layer(cur, *state)`, and so are the
        gradients. The last state, passed in again, continues the sequence.

        Current that never changes can be given as one step, with the number of `steps` it lasts.

        Raises `ValueError` or `TypeError` for an empty time axis, a state of other shape, dtype or
        device, and for NaN or infinity, which no membrane that meets it can forget.
        """
        _check.time_first("cur_rec", cur_rec, at_least=2)
        if steps is not None:
            _check_constant(cur_rec, steps)
        start = self._start(cur_rec.detach()[0], state) if state else None
        values = self._values(cur_rec.shape[1:])
        try:
            return self._run(cur_rec, steps or cur_rec.shape[0], start, values, record)
        except _sequence.NotFiniteError:
            raise ValueError(_why_not_finite(cur_rec, start or ())) from None

    def _run(
        self,
        cur_rec: Tensor,
        steps: int,
        start: tuple[Tensor, ...] | None,
        values: dict[str, Any],
        record: bool,
    ) -> tuple[Tensor, ...]:
        step: _Step = self.step
        if step is lapicque_step:  # a leaky neuron in other units
            step, cur_rec, values = leaky_step, *_as_leaky(cur_rec, **values)
        # A surrogate with parameters of its own needs autograd to reach them.
        if step not in _INTEGRATORS or isinstance(self.spike_grad, nn.Module):
            bound = partial(
                step, **values, spike_grad=self.spike_grad, reset_mechanism=self.reset_mechanism
            )
            start = start or self._start(cur_rec.detach()[0], ())
            outputs = _loop(bound, cur_rec.expand(steps, *cur_rec.shape[1:]), start, record)
            mem = outputs[1 + self.state_names.index("mem")].detach()
            _sequence.check_finite(mem[-1] if record else mem)
            return outputs
        kind = _kind(step, self.state_names, self.reset_mechanism)
        model = _sequence.Model(kind, values, self.spike_grad, record)
        state = None
        if start is not None:
            state = _sequence.State(**dict(zip(self.state_names, start, strict=True)))
        spk_rec, rec = _sequence.unroll(model, cur_rec, steps, state)
        return spk_rec, *[getattr(rec, name) for name in self.state_names]

    def _values(self, shape: torch.Size) -> dict[str, Any]:
        """Return the numbers as `step` wants them; they must fit the shape of the state."""
        values: dict[str, Any] = {}
        # `getattr` would take three times as long.
        own: dict[str, Any] = self._buffers | self._parameters
        for name in self.numbers:
            value = own[name] if name in own else getattr(self, name)
            if value.ndim > 0:
                _check_broadcast(name, value, shape, shape)
            values[name] = _clamped(value) if name in self.decays else value
        return values

    def _start(self, cur: Tensor, state: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
        """Return the state to start from, rest where None."""
        names = self.state_names
        if len(state) > len(names):
            raise TypeError(
                f"{type(self).__name__} has {len(names)} part(s) of state: {', '.join(names)}. "
                f"Received {len(state)}. Pass what the last call returned after the spikes."
            )
        for part in state:
            if part is not None:
                call = f"{type(self).__name__}(cur, {', '.join(names)})"
                _check.same_shape(call, cur, part, _REST)
                _check.same_kind(call, cur, part)
        state = (*state, *(None,) * (len(names) - len(state)))
        return tuple([_sequence.rest(cur) if part is None else part for part in state])

    def _check_number(self, name: str, value: Number) -> None:
        if name in self.decays:
            _check.fraction(name, value)
        else:
            _check.positive(name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.numbers:
            return super().__setattr__(name, self._new_number(name, value))
        if name == "reset_mechanism":
            _check.one_of(name, value, ("subtract", "zero", "none"))
        if name == "spike_grad":
            _check_callable(name, value)
        if name.startswith("learn_"):
            raise AttributeError(
                f"`{name}` is chosen when the layer is made. To change it later, set "
                f"`layer.{name[6:]}.requires_grad_(...)` on a learned number, or make a new layer."
            )
        return super().__setattr__(name, value)

    def _new_number(self, name: str, value: Any) -> Tensor:
        """Return the new value in the place of the old one: learned if that was learned."""
        self._check_number(name, value)
        old = getattr(self, name)
        if isinstance(value, nn.Parameter):
            return value
        new = torch.as_tensor(value, dtype=old.dtype, device=old.device).detach().clone()
        learned = isinstance(old, nn.Parameter)
        return nn.Parameter(new, requires_grad=old.requires_grad) if learned else new

    def extra_repr(self) -> str:
        """Show the numbers, what is learned, the reset and the surrogate."""
        shown = [_shown(name, getattr(self, name)) for name in self.numbers]
        return ", ".join([*shown, f"reset={self.reset_mechanism!r}", repr(self.spike_grad)])


class Leaky(SpikingLayer):
    """Leaky integrate-and-fire neurons; the equation stands in `leaky_step`.

    `beta`: decay in [0, 1], exp(-dt/τ) or about 1 - dt/τ. `threshold`: θ > 0, unit of the current.
    `spike_grad`: a surrogate, `surrogate.atan()` unless told. `learn_...`: make a parameter of it.
    """

    step = staticmethod(leaky_step)
    beta: Tensor

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
        super().__init__(spike_grad, reset_mechanism)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)


class Lapicque(SpikingLayer):
    """Leaky neurons in the units of a circuit; the equation stands in `lapicque_step`.

    `R`, `C`, `time_step`: all above 0, with time_step <= R C. `beta` follows from them; read only.
    """

    step = staticmethod(lapicque_step)
    numbers = ("R", "C", "time_step", "threshold")
    decays = ()
    R: Tensor
    C: Tensor
    time_step: Tensor

    def __init__(
        self,
        R: Number,
        C: Number,
        time_step: Number = 1.0,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("R", R)
        self.own("C", C)
        self.own("time_step", time_step)
        self.own("threshold", threshold, learn_threshold)
        _ = self.beta  # checks it

    @property
    def beta(self) -> Tensor:
        """The decay 1 - time_step / (R C)."""
        beta = 1 - self.time_step / (self.R * self.C)
        if bool((beta < 0).any()):
            raise ValueError(
                f"`time_step` must not exceed R C, or one Euler step overshoots. Received "
                f"time_step / (R C) = {(1 - beta).max().item():.4g}. Take a smaller `time_step`."
            )
        return beta

    def _values(self, shape: torch.Size) -> dict[str, Any]:
        _ = self.beta
        return super()._values(shape)


class Synaptic(SpikingLayer):
    """Leaky neurons behind synapses that remember; the equation stands in `synaptic_step`.

    `alpha`: decay of the synapse; the rest as `Leaky`.
    """

    step = staticmethod(synaptic_step)
    state_names = ("syn", "mem")
    numbers = ("alpha", "beta", "threshold")
    decays = ("alpha", "beta")
    alpha: Tensor
    beta: Tensor

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
        super().__init__(spike_grad, reset_mechanism)
        self.own("alpha", alpha, learn_alpha)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)


class Alpha(Synaptic):
    """Neurons that answer each input spike with a smooth bump; the equation stands in `alpha_step`.

    `alpha` and `beta`: decays of excitation and inhibition, 0 < beta < alpha < 1.
    """

    step = staticmethod(alpha_step)
    state_names = ("syn_exc", "syn_inh", "mem")

    def _values(self, shape: torch.Size) -> dict[str, Any]:
        values = super()._values(shape)
        alpha, beta = values["alpha"], values["beta"]
        if not bool(((beta > 0) & (beta < alpha) & (alpha < 1)).all()):
            raise ValueError(
                f"`Alpha` needs 0 < beta < alpha < 1: inhibition ends before excitation. Received "
                f"alpha={alpha.tolist()}, beta={beta.tolist()}. Swap them, or move them apart."
            )
        return values


class AdaptiveLeaky(SpikingLayer):
    """Leaky neurons whose threshold rises with each spike; see `adaptive_leaky_step`.

    `rho`: decay of the adaptation, slow (near 1). `adaptation`: k > 0, how far the threshold rises
    under constant firing. The rest as `Leaky`.
    """

    step = staticmethod(adaptive_leaky_step)
    state_names = ("mem", "ada")
    numbers = ("beta", "rho", "adaptation", "threshold")
    decays = ("beta", "rho")
    beta: Tensor
    rho: Tensor
    adaptation: Tensor

    def __init__(
        self,
        beta: Number,
        rho: Number = 0.98,
        adaptation: Number = 1.8,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_beta: bool = False,
        learn_rho: bool = False,
        learn_adaptation: bool = False,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("beta", beta, learn_beta)
        self.own("rho", rho, learn_rho)
        self.own("adaptation", adaptation, learn_adaptation)
        self.own("threshold", threshold, learn_threshold)


class _Recurrent(SpikingLayer):
    """The recurrent weights that `RLeaky` and `RSynaptic` have in common."""

    recurrent: nn.Linear
    V: nn.Parameter

    def _connect(
        self, V: Number, all_to_all: bool, linear_features: int | None, learn_recurrent: bool
    ) -> None:
        if not all_to_all:
            value = torch.as_tensor(V, dtype=torch.get_default_dtype()).detach().clone()
            self.register_parameter("V", nn.Parameter(value))
        elif linear_features is None:
            raise ValueError(
                "`all_to_all=True` needs the size of the layer. Received `linear_features=None`. "
                "Pass `linear_features=100` for 100 neurons, or `all_to_all=False`."
            )
        else:
            self.recurrent = nn.Linear(linear_features, linear_features)
        for name, parameter in self.named_parameters():
            if name.startswith(("V", "recurrent")):
                parameter.requires_grad_(learn_recurrent)

    def _values(self, shape: torch.Size) -> dict[str, Any]:
        values = super()._values(shape)
        if "recurrent" not in self._modules:
            _check_broadcast("V", self.V, shape[1:] or shape, shape)
            one_to_one = self.V if self.V.ndim != 2 else self.V[None]  # else taken for a matrix
            return {**values, "weight": one_to_one, "bias": None}
        if shape[-1] != self.recurrent.in_features:
            raise ValueError(
                f"The last dimension of the current must be `linear_features`, "
                f"{self.recurrent.in_features}. Received {tuple(shape)} at each step. "
                f"Make the layer with `linear_features={shape[-1]}`."
            )
        return {**values, "weight": self.recurrent.weight, "bias": self.recurrent.bias}


class RLeaky(_Recurrent):
    """Recurrent leaky neurons; the equation stands in `rleaky_step`.

    `all_to_all=True` needs `linear_features` and keeps weights and biases in `recurrent`, an
    `nn.Linear`. With `all_to_all=False` each neuron feeds itself with weight `V`, one for all or
    one for each. `learn_recurrent=False` freezes them. The rest as `Leaky`.
    """

    step = staticmethod(rleaky_step)
    beta: Tensor

    def __init__(
        self,
        beta: Number,
        V: Number = 1.0,
        all_to_all: bool = True,
        linear_features: int | None = None,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        learn_recurrent: bool = True,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)
        self._connect(V, all_to_all, linear_features, learn_recurrent)


class RSynaptic(_Recurrent):
    """Recurrent neurons with synapses that remember; the equation stands in `rsynaptic_step`.

    `alpha` as `Synaptic`, the rest as `RLeaky`.
    """

    step = staticmethod(rsynaptic_step)
    state_names = ("syn", "mem")
    numbers = ("alpha", "beta", "threshold")
    decays = ("alpha", "beta")
    alpha: Tensor
    beta: Tensor

    def __init__(
        self,
        alpha: Number,
        beta: Number,
        V: Number = 1.0,
        all_to_all: bool = True,
        linear_features: int | None = None,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_alpha: bool = False,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        learn_recurrent: bool = True,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("alpha", alpha, learn_alpha)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)
        self._connect(V, all_to_all, linear_features, learn_recurrent)


# ------------------------------------------------------------------------------------- helpers

# The steps whose whole sequence `_sequence` knows; does "zero" act after the integration?
_INTEGRATORS: dict[_Step, bool] = {
    leaky_step: False,
    adaptive_leaky_step: False,
    rleaky_step: False,
    synaptic_step: True,
    rsynaptic_step: True,
}
_REST = "For a new batch pass None as the state, which means rest."


def _loop(
    step: _Step,
    cur_rec: Tensor,
    state: tuple[Tensor, ...],
    record: bool,
) -> tuple[Tensor, ...]:
    """Run any step over time under autograd: slower, but it knows nothing about the step."""
    outputs: list[tuple[Tensor, ...]] = []
    for cur in cur_rec.unbind(0):  # cur_rec[t] would make the backward pass quadratic in time
        outputs.append(step(cur, *state))
        state = outputs[-1][1:]
    if record:
        return tuple(torch.stack(values) for values in zip(*outputs, strict=True))
    return torch.stack([spk for spk, *_ in outputs]), *state


def _as_leaky(
    cur_rec: Tensor, R: Tensor, C: Tensor, time_step: Tensor, threshold: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    return time_step / C * cur_rec, {"beta": 1 - time_step / (R * C), "threshold": threshold}


def _check_constant(cur_rec: Tensor, steps: int) -> None:
    _check.count("steps", steps)
    if cur_rec.shape[0] != 1:
        raise ValueError(
            f"`steps` says how long one step of current lasts. Received {cur_rec.shape[0]} steps "
            f"of current. Pass `cur_rec[:1]`, or leave `steps` out."
        )


@cache
def _kind(step: _Step, state_names: tuple[str, ...], reset_mechanism: str) -> _sequence.Kind:
    after = _INTEGRATORS[step]
    return _sequence.Kind(
        step,
        state_names,
        reset_mechanism,
        subtract=reset_mechanism == "subtract" or None,
        before=(reset_mechanism == "zero" and not after) or None,
        after=(reset_mechanism == "zero" and after) or None,
        synapse="syn" in state_names or None,
        adapts="ada" in state_names or None,
    )


def _same_shape(call: str, cur: Tensor, *state: Tensor) -> None:
    for part in state:
        if part.shape != cur.shape:
            _check.same_shape(call, cur, part, _REST)


def _clamped(decay: Tensor) -> Tensor:
    """Return a decay clamped to [0, 1]; one number that lies there is left as it is: faster."""
    fits = decay.numel() == 1 and decay.is_cpu and 0 <= decay.item() <= 1
    return decay if fits else decay.clamp(0, 1)


def _check_callable(name: str, value: object) -> None:
    if not callable(value):
        raise TypeError(
            f"`{name}` must be a function from mem - threshold to spikes. Received {value!r}. "
            f"Pass `snnedu.surrogate.atan()`, for example."
        )


def _check_broadcast(name: str, value: Tensor, to: torch.Size, shape: torch.Size) -> None:
    sizes = zip(reversed(value.shape), reversed(to), strict=False)
    if value.ndim > len(to) or any(v not in (1, c) for v, c in sizes):
        raise ValueError(
            f"`{name}` must be one number, or one for each neuron: it must broadcast to "
            f"{tuple(to)}. Received {tuple(value.shape)} for a current of {tuple(shape)} at each "
            f"step. Make the layer with `{name}` of shape {tuple(shape[1:])}."
        )


def _why_not_finite(cur_rec: Tensor, start: tuple[Tensor, ...]) -> str:
    if not bool(torch.isfinite(cur_rec).all()):
        step = int((~torch.isfinite(cur_rec)).flatten(1).any(1).nonzero()[0])
        cause = f"`cur_rec` holds NaN or infinity from step {step} on; look at what made it"
    elif not all(bool(torch.isfinite(part).all()) for part in start):
        cause = "the state passed in is not finite; start from rest (None)"
    else:
        cause = "the sums outgrew the number format; lower the weights, the input or `beta`"
    return f"The membrane must stay finite. Received NaN or infinity: {cause}."


def _shown(name: str, value: Tensor) -> str:
    number = f"{value.item():.4g}" if value.numel() == 1 else f"{tuple(value.shape)}"
    return f"{name}={number}{' (learned)' if isinstance(value, nn.Parameter) else ''}"
