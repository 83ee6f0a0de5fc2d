"""What all spiking layers share; a neuron of your own starts from here."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd import forward_ad

from snnedu.core import _check, _sequence, surrogate
from snnedu.core._precision import wide
from snnedu.core.steps import (
    REST,
    Now,
    Number,
    SpikeGrad,
    adaptive_leaky_step,
    lapicque_step,
    leaky_step,
    rleaky_step,
    rsynaptic_step,
    synaptic_step,
)

OverTime = Float[Tensor, "time batch *features"]
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

    `step` gets the parameters by name, with `spike_grad` and `reset_mechanism`. A parameter is one
    number for all neurons, or a tensor that broadcasts to `[batch, *features]`. Those in `decays`
    must lie in [0, 1], the others above 0. They are checked when they are set or loaded. An
    optimizer may push a learned one outside: it is clamped to its domain where it is used, and no
    gradient pushes it further (decays as in snnTorch).
    An attribute that you set later (`lif.threshold = 2.0`) counts from the next call on, or raises.

    Current in 16 bit (`bfloat16`, `float16`, autocast) is integrated in float32: with 8 or 11
    significant bits a membrane loses small inputs. Spikes come back in the dtype of the current.
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
        """Keep a parameter: as an `nn.Parameter` if it is to be learned, else as a buffer."""
        self._check_number(name, value)
        tensor = torch.as_tensor(value, dtype=torch.get_default_dtype()).detach().clone()
        if learn:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor)

    def forward(
        self, cur: Now, *state: Now | None, spike_grad: SpikeGrad | None = None
    ) -> tuple[Now, ...]:
        """Advance one step: `spk, *state = layer(cur, *state)`, all `[batch, *features]`.

        A state of None, or left out, is rest. `spike_grad` replaces that of the layer in this step.
        Raises where shapes, dtypes or devices disagree.
        """
        _check.floating("cur", cur)
        dtype, cur = cur.dtype, wide(cur)
        with _without_autocast(cur):
            spk, *state_now = self.step(
                cur,
                *self._start(cur, state),
                **self._values(cur.shape, cur.dtype),
                spike_grad=self.spike_grad if spike_grad is None else spike_grad,
                reset_mechanism=self.reset_mechanism,
            )
        return spk.to(dtype), *state_now

    def unroll(
        self,
        cur_rec: OverTime,
        *state: Now | None,
        record: bool = True,
        steps: int | None = None,
    ) -> tuple[Float[Tensor, "..."], ...]:
        """Run a whole sequence: `spk_rec, *recordings = layer.unroll(cur_rec, *state)`.

        `cur_rec` is `[time, batch, *features]`; so are the spikes and the recording of each part of
        the state. With `record=False` the last state comes in their place, and nothing else is
        kept: less memory. The numbers are those of a loop over `layer(cur, *state)`, and so are the
        gradients. The last state, passed in again, continues the sequence. Forward hooks are called
        at each step, as in that loop.

        Current that never changes can be given as one step, with the number of `steps` it lasts.

        Raises `ValueError` or `TypeError` for an empty time axis, a state of other shape, dtype or
        device, and for NaN or infinity, which no membrane that meets it can forget.
        """
        _check.time_first("cur_rec", cur_rec, at_least=2)
        if steps is not None:
            _check_constant(cur_rec, steps)
        steps = steps or cur_rec.shape[0]
        if self._forward_hooks or self._forward_pre_hooks:
            return _loop(self, cur_rec, steps, state, record)
        dtype, cur_rec = cur_rec.dtype, wide(cur_rec)
        at_zero = not state and type(self).rest is SpikingLayer.rest
        start = () if at_zero else self._start(cur_rec.detach()[0], state)
        with _without_autocast(cur_rec):
            values = self._values(cur_rec.shape[1:], cur_rec.dtype)
            spk_rec, *rest = self._run(cur_rec, steps, start, values, record)
        return spk_rec if dtype == spk_rec.dtype else spk_rec.to(dtype), *rest

    def rest(self, name: str, cur: Now) -> Now:
        """Return where the part `name` of the state starts: at 0, if no subclass says otherwise."""
        return torch.zeros_like(cur, memory_format=torch.contiguous_format)

    def _run(
        self,
        cur_rec: Tensor,
        steps: int,
        start: tuple[Tensor, ...],
        values: dict[str, Any],
        record: bool,
    ) -> tuple[Tensor, ...]:
        """Run the sequence as one autograd node where that is possible, else step by step."""
        step: _Step = self.step
        if step is lapicque_step:  # a leaky neuron in other units
            step, cur_rec, values = leaky_step, *_as_leaky(cur_rec, **values)
        # A surrogate with parameters of its own needs autograd to reach them.
        known = step in _INTEGRATORS and not isinstance(self.spike_grad, nn.Module)
        if not known or _is_transformed(cur_rec, *start, *values.values()):
            how = {"spike_grad": self.spike_grad, "reset_mechanism": self.reset_mechanism}
            start = start or self._start(cur_rec.detach()[0], ())
            return _loop(partial(step, **values, **how), cur_rec, steps, start, record)
        terms = _terms(step, self.state_names, self.reset_mechanism)
        params = _sequence.Params(**values)
        state = _sequence.State(**dict(zip(self.state_names, start, strict=True) if start else ()))
        try:
            rec = _sequence.unroll(terms, self.spike_grad, cur_rec, steps, params, state, record)
        except _sequence.NotFiniteError:
            raise ValueError(_why_not_finite(cur_rec, start)) from None
        return rec.spk, *[getattr(rec, name) for name in self.state_names]

    def _values(self, shape: torch.Size, dtype: torch.dtype) -> dict[str, Any]:
        """Return the parameters as `step` wants them; they must fit the shape of the state."""
        values: dict[str, Any] = {}
        # `getattr` would take three times as long.
        own: dict[str, Any] = self._buffers | self._parameters
        for name in self.numbers:
            value = own[name] if name in own else getattr(self, name)
            if value.ndim > 0:
                _check.broadcasts(name, value, shape, shape)
            value = self._in_domain(name, value)
            values[name] = value if value.dtype == dtype else value.to(dtype)
        return values

    def used(self, name: str) -> Tensor:
        """Return a parameter as the equations use it: a learned one clamped to its domain."""
        return self._in_domain(name, getattr(self, name))

    def _in_domain(self, name: str, value: Tensor) -> Tensor:
        # Only a learned one can have left its domain.
        if name in self._buffers:
            return value
        return value.clamp(0, 1) if name in self.decays else value.clamp(min=SMALLEST)

    def _load_from_state_dict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Check loaded values as new ones are: an error stands among those of `load_state_dict`."""
        errors: list[str] = args[-1]
        for name in self.numbers:
            if name in self._buffers and (prefix + name) in state_dict:
                try:
                    self._check_number(name, state_dict[prefix + name])
                except ValueError as error:
                    errors.append(f"{prefix}{name}: {error}")
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _start(self, cur: Tensor, state: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
        """Return the state to start from, rest where None."""
        names = self.state_names
        if len(state) > len(names):
            raise TypeError(
                f"{type(self).__name__} has {len(names)} part(s) of state: {', '.join(names)}. "
                f"Received {len(state)}. Pass what the last call returned after the spikes."
            )
        state = (*state, *(None,) * (len(names) - len(state)))
        call = f"{type(self).__name__}(cur, {', '.join(names)})"
        pairs = zip(names, state, strict=True)
        return tuple(
            [self.rest(n, cur) if p is None else self._part(call, cur, p) for n, p in pairs]
        )

    def _part(self, call: str, cur: Tensor, part: Tensor) -> Tensor:
        _check.same_shape(call, cur, part, REST)
        part = wide(part)
        _check.same_kind(call, cur, part)
        return part

    def _check_number(self, name: str, value: Number) -> None:
        if name in self.decays:
            _check.fraction(name, value)
        else:
            _check.positive(name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.numbers and not getattr(self, "_is_replica", False):  # of `DataParallel`
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


SMALLEST = torch.finfo(torch.float32).eps  # a learned threshold does not fall below this

# The steps whose whole sequence `_sequence` knows; does "zero" act after the integration?
_INTEGRATORS: dict[_Step, bool] = {
    leaky_step: False,
    adaptive_leaky_step: False,
    rleaky_step: True,
    synaptic_step: True,
    rsynaptic_step: True,
}


@cache
def _terms(step: _Step, state_names: tuple[str, ...], reset: str) -> _sequence.Terms:
    """Return which terms of the equation in `_sequence` these neurons have."""
    late = _INTEGRATORS[step]
    return _sequence.Terms(
        subtract=reset == "subtract",
        zero_before=reset == "zero" and not late,
        zero_after=reset == "zero" and late,
        synapse="syn" in state_names,
        adapts="ada" in state_names,
    )


def _loop(
    step: _Step,
    cur_rec: Tensor,
    steps: int,
    state: tuple[Tensor | None, ...],
    record: bool,
) -> tuple[Tensor, ...]:
    """Run any step over time under autograd: slower, but it knows nothing about the step."""
    outputs: list[tuple[Tensor, ...]] = []
    start = tuple(part for part in state if part is not None)
    # `cur_rec[t]` would make the backward pass quadratic in time.
    for cur in cur_rec.expand(steps, *cur_rec.shape[1:]).unbind(0):
        outputs.append(step(cur, *state))
        state = outputs[-1][1:]
    if not _is_transformed(cur_rec) and not all(
        bool(torch.isfinite(part).all()) for part in outputs[-1][1:]
    ):
        raise ValueError(_why_not_finite(cur_rec, start))
    if record:
        return tuple(torch.stack(values) for values in zip(*outputs, strict=True))
    return torch.stack([spk for spk, *_ in outputs]), *outputs[-1][1:]


def _is_transformed(*tensors: Tensor | None) -> bool:
    """Tell whether torch looks at the operations: compiles, exports, traces, maps, or goes forward.

    One node for all steps would hide them; step by step they are seen.
    """
    if torch.compiler.is_compiling() or torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]
        return True
    forward_mode = getattr(forward_ad, "_current_level", 0) >= 0
    try:
        for x in tensors:
            if x is not None:
                x.data_ptr()
                if forward_mode and forward_ad.unpack_dual(x).tangent is not None:
                    return True
    except RuntimeError:
        return True  # a tensor of `torch.func` has no memory of its own
    return False


def _without_autocast(x: Tensor) -> AbstractContextManager[Any]:
    """Let matrix products of recurrent layers keep the dtype of the state."""
    if torch.is_autocast_enabled(x.device.type):
        return torch.autocast(x.device.type, enabled=False)
    return nullcontext()


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
    plain = type(value) in (Tensor, nn.Parameter)  # others, as in an export, have no number to show
    number = f"{value.item():.4g}" if plain and value.numel() == 1 else f"{tuple(value.shape)}"
    return f"{name}={number}{' (learned)' if isinstance(value, nn.Parameter) else ''}"
