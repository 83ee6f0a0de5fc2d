"""Neurons in physical units: Hodgkin and Huxley's squid axon, and Izhikevich's simple model.

    hh = HodgkinHuxley()                        # one step is 0.01 ms
    cur_rec = torch.full((10_000, 1), 10.0)     # 100 ms of 10 uA/cm2, [time, batch, *features]
    spk_rec, mem_rec, m_rec, h_rec, n_rec = hh.unroll(cur_rec)

They are called like the neurons of `neurons.py`: `spk, *state = neuron(cur, *state)`, where a state
of None means rest. They are for simulation only: no gradient flows through them. Everything is
computed and returned in float64 on the CPU. Time is in ms, potential in mV.

The equations are in `hodgkin_huxley_step` and `izhikevich_step`, for one neuron in plain numbers.
Where numba is installed the same lines are compiled, and run about a hundred times faster.
"""

import inspect
import math
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from snnedu.core import _check, _compiled

Values = Float[Tensor, "batch *features"]  # at one step
Recording = Float[Tensor, "time batch *features"]  # over time
Number = float | int

PEAK = 30.0  # mV, where Izhikevich's neuron has spiked


class Membrane(NamedTuple):
    """An axon: conductances in mS/cm2, reversal potentials in mV, capacitance in uF/cm2.

    `speed` multiplies the rates of the gates: 3^((T - 6.3) / 10) at T degrees Celsius.
    """

    g_na: Number = 120.0
    g_k: Number = 36.0
    g_leak: Number = 0.3
    e_na: Number = 50.0
    e_k: Number = -77.0
    e_leak: Number = -54.387
    capacitance: Number = 1.0
    speed: Number = 1.0


class Kind(NamedTuple):
    """The four parameters of Izhikevich's neuron.

    `a`, in 1/ms: how fast the recovery u follows V. `b`, in 1/mV: how strongly u depends on V.
    `c`, in mV: the value to which a spike resets V. `d`: what a spike adds to u.
    """

    a: Number
    b: Number
    c: Number
    d: Number


KINDS = {
    "regular_spiking": Kind(0.02, 0.2, -65.0, 8.0),
    "intrinsically_bursting": Kind(0.02, 0.2, -55.0, 4.0),
    "chattering": Kind(0.02, 0.2, -50.0, 2.0),
    "fast_spiking": Kind(0.1, 0.2, -65.0, 2.0),
    "low_threshold_spiking": Kind(0.02, 0.25, -65.0, 2.0),
    "thalamo_cortical": Kind(0.02, 0.25, -65.0, 0.05),
    "resonator": Kind(0.1, 0.26, -65.0, 2.0),
}


def hodgkin_huxley_step(
    cur: float, mem: float, m: float, h: float, n: float, dt: float, axon: Membrane
) -> tuple[float, float, float, float, float]:
    """Advance one patch of membrane by `dt` ms; return `spk, mem, m, h, n`.

        C dV/dt = I - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L)
        dx/dt = α_x(V) (1 - x) - β_x(V) x    for x = m, h, n; the rates stand in `gate_rates`

    `cur` (I) is in uA/cm2, constant over the step; `mem` (V) is in mV; the gates m, h, n lie in
    [0, 1], from closed to open. `spk` is 1 if V rises through 0 mV in this step.

    Method: V advances half a step at fixed gates, the gates a whole step at fixed V, then V the
    other half. Each part is solved exactly, so every step size is stable and the gates stay in
    [0, 1]. The error falls with dt squared: at dt = 0.01 ms and I = 10 uA/cm2 the first spike is
    0.0001 ms off, the seventh, after 90 ms, 0.005 ms.
    Source: Hodgkin and Huxley 1952, doi:10.1113/jphysiol.1952.sp004764, with the sign of V that is
    usual today and rest at -65 mV.
    """
    middle = _relax_membrane(cur, mem, m, h, n, dt / 2, axon)
    m, h, n = _relax_gates(middle, m, h, n, dt * axon.speed)
    after = _relax_membrane(cur, middle, m, h, n, dt / 2, axon)
    return 1.0 if mem <= 0 < after else 0.0, after, m, h, n


def gate_rates(mem: float) -> tuple[float, float, float, float, float, float]:
    """Return how fast the gates open and close, in 1/ms: α_m, β_m, α_h, β_h, α_n, β_n.

        α_m = 0.1 (V + 40) / (1 - exp(-(V + 40) / 10))     β_m = 4 exp(-(V + 65) / 18)
        α_h = 0.07 exp(-(V + 65) / 20)                     β_h = 1 / (1 + exp(-(V + 35) / 10))
        α_n = 0.01 (V + 55) / (1 - exp(-(V + 55) / 10))    β_n = 0.125 exp(-(V + 65) / 80)

    V is in mV. At -40 and -55 mV, where the formulas of α_m and α_n give 0 / 0, their limits 1 and
    0.1 are returned.
    Source: Hodgkin and Huxley 1952, doi:10.1113/jphysiol.1952.sp004764.
    """
    return (
        _ramp((mem + 40) / 10),
        4 * _exp(-(mem + 65) / 18),
        0.07 * _exp(-(mem + 65) / 20),
        1 / (1 + _exp(-(mem + 35) / 10)),
        0.1 * _ramp((mem + 55) / 10),
        0.125 * _exp(-(mem + 65) / 80),
    )


def izhikevich_step(
    cur: float, mem: float, rec: float, dt: float, kind: Kind
) -> tuple[float, float, float]:
    """Advance one neuron by `dt` ms; return `spk, mem, rec`.

        dV/dt = 0.04 V^2 + 5 V + 140 - u + I
        du/dt = a (b V - u)
        V >= 30 mV:  spike, then V = c and u = u + d

    `cur` (I) is constant over the step and has no unit, as in the paper; `mem` (V) is in mV; `rec`
    (u) is the recovery variable. As in all neurons of this library, the reset comes one step after
    the spike. In the step of a spike, V is 30 mV plus 1 mV for each ms that was left after the
    peak; the next step uses this rest, so that the neuron continues from the moment of its peak.

    Method: Runge-Kutta of fourth order; Newton's method finds the peak within a step. At
    dt = 0.1 ms and I = 10 all spikes of the first 300 ms are less than 0.001 ms off, for every kind
    in `KINDS`. (The published script takes Euler steps of 0.5 ms for V and 1 ms for u.)
    Source: Izhikevich 2003, doi:10.1109/TNN.2003.820440.
    """
    span = dt
    if mem >= PEAK:
        span, mem, rec = dt + mem - PEAK, kind.c, rec + kind.d
    v, u = _runge_kutta(cur, mem, rec, span, kind)
    if not v >= PEAK:
        return 0.0, v, u
    until_peak = span
    for _ in range(20):
        until_peak -= (v - PEAK) / _slopes(cur, v, u, kind)[0]
        v, u = _runge_kutta(cur, mem, rec, until_peak, kind)
        if abs(v - PEAK) < 1e-9:
            break
    left = span - until_peak
    return 1.0, PEAK + (dt if left > dt else left), u  # at most one spike a step


class _Neuron(nn.Module):
    """What both models have in common: how to run one step, or a whole sequence."""

    state_names: ClassVar[tuple[str, ...]]
    step: ClassVar[Callable[..., tuple[float, ...]]]
    dt: Number
    constants: Any  # a Membrane or a Kind

    def rest(self) -> tuple[float, ...]:
        """Return the state in which the neuron stays without a current, one value for each name."""
        raise NotImplementedError

    def forward(self, cur: Values, *state: Values | None) -> tuple[Values, ...]:
        """Advance one step: `spk, *state = neuron(cur, *state)`, all `[batch, *features]`.

        A state of None, or left out, means rest. Raises TypeError unless `cur` is a floating
        tensor, ValueError where shapes disagree.
        """
        _check.floating("cur", cur)
        spk_rec, *now = self.unroll(cur.unsqueeze(0), *state, record=False)
        return spk_rec[0], *now

    def unroll(
        self, cur_rec: Recording, *state: Values | None, record: bool = True
    ) -> tuple[Recording | Values, ...]:
        """Run a sequence: `spk_rec, *recordings = neuron.unroll(cur_rec, *state)`.

        `cur_rec` is `[time, batch, *features]`; so are the spikes and the recording of each part of
        the state. With `record=False` the last state is returned instead of the recordings.
        Raises TypeError and ValueError as `neuron(cur, *state)` does, and for an empty time axis.
        """
        self._check_numbers()
        _check.time_first("cur_rec", cur_rec, at_least=2)
        cur = _array(cur_rec).reshape(len(cur_rec), -1)
        now = self._states(cur_rec[0], state)
        spk, rec = np.empty_like(cur), np.empty((len(now), len(cur) if record else 0, cur.shape[1]))
        constants = type(self.constants)(*map(float, self.constants))
        loop = _loop_of(self.step, len(now), _compiled.has_numba())
        loop(cur, now, float(self.dt), constants, spk, rec)
        out = rec if record else now
        like = cur_rec.shape if record else cur_rec.shape[1:]
        states = (torch.from_numpy(x).reshape(like) for x in out)
        return torch.from_numpy(spk).reshape(cur_rec.shape), *states

    def extra_repr(self) -> str:
        """Show the step and the parameters."""
        numbers = {"dt": self.dt} | self.constants._asdict()
        return ", ".join(f"{name}={value:g}" for name, value in numbers.items())

    def _check_numbers(self) -> None:
        raise NotImplementedError

    def _states(self, cur: Tensor, state: tuple[Tensor | None, ...]) -> np.ndarray:
        """Return the state as an array [states, neurons]; rest for None."""
        if len(state) > len(self.state_names):
            raise TypeError(
                f"The state has {len(self.state_names)} parts: {', '.join(self.state_names)}. "
                f"Received {len(state)}. Pass these, or None for rest."
            )
        given = state + (None,) * (len(self.state_names) - len(state))
        rest = self.rest() if any(value is None for value in given) else given
        now = np.empty((len(given), cur.numel()))
        for row, (name, value) in enumerate(zip(self.state_names, given, strict=True)):
            if value is None:
                now[row] = rest[row]
                continue
            _check.floating(name, value)
            _check.same_shape(
                f"neuron(cur, {name})", cur, value, "For a new batch pass None, which means rest."
            )
            now[row] = _array(value).reshape(-1)
        return now


class HodgkinHuxley(_Neuron):
    """The giant axon of the squid; the equation is in `hodgkin_huxley_step`.

        spk, mem, m, h, n = hh(cur, mem, m, h, n)
        spk_rec, mem_rec, m_rec, h_rec, n_rec = hh.unroll(cur_rec)

    `dt` is the length of a step in ms, at most 0.1. Other parameters are those of `Membrane`, by
    name: `HodgkinHuxley(g_k=0)` blocks potassium. They are kept in `constants`; to change one
    later, set `hh.constants = hh.constants._replace(g_k=20.0)`.

    Raises ValueError for a `dt` over 0.1 ms, an unknown name, and a value outside its range.
    """

    state_names = ("mem", "m", "h", "n")
    step = staticmethod(hodgkin_huxley_step)
    constants: Membrane

    def __init__(self, *, dt: Number = 0.01, **constants: Number) -> None:
        super().__init__()
        for name in constants:
            _check.one_of("constant", name, Membrane._fields)
        self.dt, self.constants = dt, Membrane(**constants)
        self._check_numbers()

    def rest(self) -> tuple[float, ...]:
        """Return V where no net current flows through the membrane, in mV, and its m, h, n."""
        low, high = -200.0, 200.0
        for _ in range(60):  # bisection: below rest, steady gates let V rise
            mem = (low + high) / 2
            rises = _relax_membrane(0.0, mem, *_steady(mem), self.dt, self.constants) > mem
            low, high = (mem, high) if rises else (low, mem)
        return low, *_steady(low)

    def _check_numbers(self) -> None:
        _check_dt(self.dt, 0.1)
        for name, value in self.constants._asdict().items():
            _check.between(name, value, -1e4, 1e4, "Check its unit.")
        for name in ("g_leak", "capacitance", "speed"):
            _check.positive(name, getattr(self.constants, name))
        for name in ("g_na", "g_k"):
            _check.between(name, getattr(self.constants, name), 0, 1e4, "0 blocks the channel.")


class Izhikevich(_Neuron):
    """A simple neuron with many firing patterns; the equation is in `izhikevich_step`.

        spk, mem, rec = neuron(cur, mem, rec)
        spk_rec, mem_rec, rec_rec = neuron.unroll(cur_rec)

    `kind` is one of `KINDS`, the published firing patterns; `a`, `b`, `c`, `d`, by name, replace
    its parameters. `dt` is the length of a step in ms, at most 0.1. Both can be changed later, as
    `constants` and `dt`.

    Raises ValueError for an unknown kind or name, for a `dt` over 0.1 ms, for a value outside its
    range, and when a neuron that has no rest (b > 0.267: it fires by itself) should start from it.
    """

    state_names = ("mem", "rec")
    step = staticmethod(izhikevich_step)
    constants: Kind

    def __init__(
        self, kind: str = "regular_spiking", *, dt: Number = 0.1, **constants: Number
    ) -> None:
        super().__init__()
        _check.one_of("kind", kind, KINDS)
        for name in constants:
            _check.one_of("constant", name, Kind._fields)
        self.dt, self.constants = dt, KINDS[kind]._replace(**constants)
        self._check_numbers()

    def rest(self) -> tuple[float, ...]:
        """Return V, in mV, and u at rest: the lower root of 0.04 V^2 + (5 - b) V + 140 = 0."""
        b = self.constants.b
        root = (5 - b) ** 2 - 4 * 0.04 * 140
        if root < 0 or b > 5:
            raise ValueError(
                f"A neuron that starts from rest needs b <= 0.267. Received b={b:g}, which has no "
                f"rest. Pass `mem` and `rec`, for example -65 and {-65 * b:g} everywhere."
            )
        mem = (b - 5 - math.sqrt(root)) / 0.08
        return mem, b * mem

    def _check_numbers(self) -> None:
        _check_dt(self.dt, 0.1)
        for name, value in self.constants._asdict().items():
            _check.between(name, value, -1e4, 1e4, "`KINDS` has the published values.")
        _check.between(
            "c", self.constants.c, -1e4, PEAK - 1, "The reset must lie below the peak, 30 mV."
        )


def _relax_membrane(
    cur: float, mem: float, m: float, h: float, n: float, dt: float, axon: Membrane
) -> float:
    """Let V relax for `dt` ms towards the value at which the membrane currents cancel."""
    g_na, g_k = axon.g_na * m**3 * h, axon.g_k * n**4
    g = g_na + g_k + axon.g_leak
    pull = cur + g_na * axon.e_na + g_k * axon.e_k + axon.g_leak * axon.e_leak
    return _relax(mem, pull / g, g / axon.capacitance, dt)


def _relax_gates(mem: float, m: float, h: float, n: float, dt: float) -> tuple[float, float, float]:
    """Let the gates relax for `dt` ms towards their steady values at the potential `mem`."""
    open_m, close_m, open_h, close_h, open_n, close_n = gate_rates(mem)
    return (
        _relax(m, open_m / (open_m + close_m), open_m + close_m, dt),
        _relax(h, open_h / (open_h + close_h), open_h + close_h, dt),
        _relax(n, open_n / (open_n + close_n), open_n + close_n, dt),
    )


def _relax(x: float, target: float, rate: float, dt: float) -> float:
    """Solve dx/dt = rate (target - x)."""
    return target + (x - target) * _exp(-rate * dt)


def _ramp(x: float) -> float:
    """Return x / (1 - exp(-x)), 1 at x = 0."""
    return 1.0 if x == 0 else -x / math.expm1(min(-x, 700.0))


def _exp(x: float) -> float:
    return math.exp(min(x, 700.0))  # above, Python raises where compiled code gives inf


def _steady(mem: float) -> tuple[float, float, float]:
    """Return m, h, n of a membrane held at `mem`."""
    open_m, close_m, open_h, close_h, open_n, close_n = gate_rates(mem)
    return open_m / (open_m + close_m), open_h / (open_h + close_h), open_n / (open_n + close_n)


def _runge_kutta(cur: float, v: float, u: float, dt: float, kind: Kind) -> tuple[float, float]:
    v1, u1 = _slopes(cur, v, u, kind)
    v2, u2 = _slopes(cur, v + dt / 2 * v1, u + dt / 2 * u1, kind)
    v3, u3 = _slopes(cur, v + dt / 2 * v2, u + dt / 2 * u2, kind)
    v4, u4 = _slopes(cur, v + dt * v3, u + dt * u3, kind)
    return v + dt / 6 * (v1 + 2 * v2 + 2 * v3 + v4), u + dt / 6 * (u1 + 2 * u2 + 2 * u3 + u4)


def _slopes(cur: float, v: float, u: float, kind: Kind) -> tuple[float, float]:
    return 0.04 * v * v + 5 * v + 140 - u + cur, kind.a * (kind.b * v - u)


# --- running a step over time: plain Python, or compiled -------------------------------------

_step: Callable[..., tuple[float, ...]]  # `_loop_of` fills in these two
_state: Callable[..., tuple[float, ...]]


def _loop(cur: Any, now: Any, dt: float, constants: Any, spk: Any, rec: Any) -> None:
    """Advance `now` [states, neurons] through `cur` [time, neurons]; fill `spk` and `rec`."""
    for t in range(cur.shape[0]):
        for i in range(cur.shape[1]):
            out = _step(float(cur[t, i]), *_state(now, i), dt, constants)  # noqa: F821
            spk[t, i] = out[0]
            for k in range(now.shape[0]):
                now[k, i] = out[k + 1]
        if rec.shape[1] > 0:
            rec[:, t] = now


def _two(now: Any, i: int) -> tuple[float, float]:
    return float(now[0, i]), float(now[1, i])


def _four(now: Any, i: int) -> tuple[float, float, float, float]:
    return float(now[0, i]), float(now[1, i]), float(now[2, i]), float(now[3, i])


_PARTS = (
    "gate_rates",
    "_relax_membrane",
    "_relax_gates",
    "_relax",
    "_ramp",
    "_exp",
    "_runge_kutta",
    "_slopes",
)


@cache
def _loop_of(step: Callable[..., Any], states: int, compiled: bool) -> Callable[..., None]:
    """Return `_loop` around a step, compiled or not.

    Compiled code cannot call Python, so a copy of every function involved is compiled, in a
    namespace of their own where the copies find each other.
    """
    parts: dict[str, Any] = {
        "_step": step,
        "_state": _two if states == 2 else _four,
        "_loop": _loop,
    }
    parts |= {name: globals()[name] for name in _PARTS}
    jit: Callable[[Any], Any] = _compiled.compiled if compiled else _unchanged
    namespace: dict[str, Any] = dict(globals())
    for name, part in parts.items():
        namespace[name] = jit(FunctionType(inspect.unwrap(part).__code__, namespace, part.__name__))
    return namespace["_loop"]


def _unchanged(function: Any) -> Any:
    return function


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().double().contiguous().numpy()


def _check_dt(dt: Number, largest: float) -> None:
    _check.positive("dt", dt)
    _check.between("dt", dt, 0, largest, "It is the length of one step in ms.")
