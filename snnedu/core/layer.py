"""What all spiking layers share; a neuron of your own starts from here."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from snnedu.core import _check, _sequence, surrogate
from snnedu.core.steps import (
    REST,
    Number,
    SpikeGrad,
    Values,
    adaptive_leaky_step,
    lapicque_step,
    leaky_step,
    rleaky_step,
    rsynaptic_step,
    synaptic_step,
)

_Step = Callable[..., tuple[Tensor, ...]]


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
                _check.broadcasts(name, value, shape, shape)
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
                _check.same_shape(call, cur, part, REST)
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


# The steps whose whole sequence `_sequence` knows; does "zero" act after the integration?
_INTEGRATORS: dict[_Step, bool] = {
    leaky_step: False,
    adaptive_leaky_step: False,
    rleaky_step: False,
    synaptic_step: True,
    rsynaptic_step: True,
}


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
