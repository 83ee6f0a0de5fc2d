"""A whole sequence as one autograd node, for every neuron that is a leaky integrator.

In a loop over time, autograd records some ten operations a step, and that costs far more than the
arithmetic. Here one node covers all steps. It keeps the states only. Its forward pass is

    X[t] = α X[t-1] + I[t] + W S[t-1]                 synapse (without one X = I), recurrent weights
    A[t] = ρ A[t-1] + (1 - ρ) S[t-1]                  adaptation (without one A = 0)
    U[t] = β U[t-1] + X[t] - (θ + k A[t-1]) S[t-1]    or another reset
    S[t] = 1 if U[t] > θ + k A[t] else 0

with the numbers of the layer's own step. Its backward pass is the derivative, from the last step to
the first, where h is the surrogate's slope and g_ a derivative of the loss:

    f[t]   = h[t] (g_S[t] + (1 - ρ) λ_A[t+1] + Wᵀ λ_X[t+1])     by the argument of the spike
    λ_U[t] = g_U[t] + f[t] + β λ_U[t+1]                          by U; the reset is detached
    λ_A[t] = g_A[t] - k f[t] + ρ λ_A[t+1] - k λ_U[t+1] S[t]      by A
    λ_X[t] = g_X[t] + λ_U[t] + α λ_X[t+1]                        by X, and so by the current I

For float32 on the CPU both passes are the compiled loops of `_loops.py`, where numba is installed.
Everywhere else, and for recurrent layers, they are loops over time in torch.
"""

import math
import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

from snnedu.core.surrogate import Surrogate, slope_of

# So many values go through torch at once: they stay in the cache, and on one thread.
CACHED = (1 << 15) - 1


class Terms(NamedTuple):
    """Which terms of the equation these neurons have."""

    subtract: bool  # θ, at a spike
    zero_before: bool  # at a spike U[t-1] becomes 0
    zero_after: bool  # at a spike U[t] becomes 0
    synapse: bool
    adapts: bool


class Params(NamedTuple):
    """The parameters, of any shape that broadcasts to the state; None: no such term."""

    beta: Any
    threshold: Any
    alpha: Any = None
    rho: Any = None
    adaptation: Any = None
    weight: Any = None  # [features, features]; with fewer dimensions, one-to-one
    bias: Any = None


class State(NamedTuple):
    """U, X, A of shape [batch, *features], or recordings of them; None: no such term, or rest."""

    mem: Any = None
    syn: Any = None
    ada: Any = None


class Call(NamedTuple):
    """What a sequence needs besides tensors."""

    terms: Terms
    spike_grad: Callable[[Tensor], Tensor]
    steps: int
    record: bool


class NotFiniteError(Exception):
    """The last membrane is NaN or infinite."""


def unroll(call: Call, cur: Tensor, params: Params, start: State) -> tuple[Tensor, State]:
    """Return the spikes and the recorded state or, with `call.record` off, the last state.

    One row of `cur` stands for all steps. Raises `NotFiniteError`.
    """
    feeds = params.weight is not None or call.terms.adapts  # spikes act on later steps
    if start.mem is None and (feeds or type(call.spike_grad) is not Surrogate):
        start = _rest(cur, call.terms)
    # S[-1] follows from the state at the start. Where spikes feed back, so does its gradient.
    spk = None if start.mem is None else call.spike_grad(_above_threshold(params, *start))
    if spk is not None and not feeds:
        spk = spk.detach()
    inputs = (cur, *params, *start, spk)
    if torch.is_grad_enabled() and True in [x is not None and x.requires_grad for x in inputs]:
        outputs: Any = _Sequence.apply(call, *inputs)
        return outputs[0], State(*outputs[1:])
    spk, rec = _forward(call, cur, params, start, spk, call.record, call.record)
    return spk, rec if call.record else State(*(None if r is None else r[-1] for r in rec))


class _Sequence(torch.autograd.Function):
    """The whole sequence as one node."""

    @staticmethod
    def forward(ctx: Any, call: Call, cur: Tensor, *inputs: Any) -> tuple[Tensor | None, ...]:
        params, start, first = Params(*inputs[:7]), State(*inputs[7:10]), inputs[10]
        needs = Params(*ctx.needs_input_grad[2:9])
        spk, rec = _forward(call, cur, params, start, first, True, call.record or needs.alpha)
        ctx.call, ctx.constant, ctx.needs = call, len(cur) < call.steps, needs
        ctx.set_materialize_grads(False)
        reads_spk = any(needs) or params.weight is not None or any(call.terms[1:3] + call.terms[4:])
        ctx.save_for_backward(*inputs, spk if reads_spk else None, *rec)
        return spk, *(rec if call.record else _last(rec))

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        if torch.is_grad_enabled():  # only `create_graph=True` asks for this
            raise RuntimeError(
                "A sequence can be differentiated once. Received `create_graph=True`. For second "
                "derivatives loop over `layer(cur, *state)`, one step at a time."
            )
        back = _Backward(ctx.call, ctx.saved_tensors, any(ctx.needs[:5]))
        back.run(grads[0], State(*grads[1:]))
        g_params = _by_parameters(back, ctx.needs) if any(ctx.needs) else [None] * 7
        g_cur = back.g_cur.sum(0, keepdim=True) if ctx.constant else back.g_cur
        found = zip((None, g_cur, *g_params, *back.carry), ctx.needs_input_grad, strict=True)
        return tuple([g if needed else None for g, needed in found])


# ---------------------------------------------------------------------------------------- forward


def _forward(
    call: Call, cur: Tensor, params: Params, start: State, first: Tensor | None,
    record: bool, record_syn: bool,
) -> tuple[Tensor, State]:  # fmt: skip
    """Return the spikes, and each part of the state: of all steps, or the last in one row."""
    spk = cur.new_empty(call.steps, *cur.shape[1:])
    terms, last = call.terms, cur.new_empty(1, *cur.shape[1:])
    rec = State(
        torch.empty_like(spk if record else last),
        torch.empty_like(spk if record_syn else last) if terms.synapse else None,
        torch.empty_like(spk if record else last) if terms.adapts else None,
    )
    loops = _loops_for(call, cur, params)
    if loops is None:
        _forward_in_torch(call, cur, params, start, first, spk, rec)
    else:
        forward = loops.make_forward(*terms)
        before = tuple([_row_of(part) for part in start])
        recordings = [_rows_of(part) for part in (cur, spk, *rec)]
        forward(_numbers(params, last[0]), before, *recordings)
    mem = rec.mem[-1]  # if the sum is finite, all of them are
    if not (math.isfinite(mem.sum().item()) or bool(torch.isfinite(mem).all())):
        raise NotFiniteError
    return spk, rec


@torch.no_grad()
def _forward_in_torch(
    call: Call, cur: Tensor, params: Params, start: State, first: Tensor | None,
    spk: Tensor, rec: State,
) -> None:  # fmt: skip
    """Fill `spk` and `rec` as `_loops.forward` does, each step in place."""
    beta, threshold, alpha, rho, k, weight, bias = params
    mem, syn, ada = (_or_zeros(part, spk[0]).clone() for part in start)
    old = _or_zeros(first, spk[0])
    unit_threshold = not call.terms.adapts and threshold.numel() == 1 and threshold.item() == 1
    in_force = threshold if rho is None else threshold + k * ada
    heaviside = type(call.spike_grad) is Surrogate
    kept = [(part, rows) for part, rows in ((syn, rec.syn), (ada, rec.ada)) if rows is not None]
    for t, (cur_t, spk_t, mem_t) in enumerate(_rows(call.steps, cur, spk, rec.mem)):
        x = cur_t if weight is None else feedback(old, weight, bias).add_(cur_t)
        if alpha is not None:
            x = syn.mul_(alpha).add_(x)
        if call.terms.zero_before:
            mem = mem * (1 - old)
        mem = torch.mul(mem, beta, out=mem_t).add_(x)
        if call.terms.zero_after:
            mem.sub_(mem * old)
        if call.terms.subtract:
            mem.sub_(old if unit_threshold else in_force * old)
        if rho is not None:
            ada.mul_(rho).add_((1 - rho) * old)
            in_force = threshold + k * ada
        if heaviside:
            old = torch.gt(mem, in_force, out=spk_t)
        else:
            old = spk_t.copy_(call.spike_grad(mem - in_force))
        for part, rows in kept:
            rows[min(t, len(rows) - 1)] = part


# --------------------------------------------------------------------------------------- backward


class _Backward:
    """The backward pass: `run` it, then read what it found.

    `g_cur`: derivative by the current of each step. `carry`: by U, X, A and S before the first
    step. With `adjoints`, `fire`, `lam_mem` and `lam_ada` hold f, λ_U and λ_A of each step.
    """

    def __init__(self, call: Call, saved: tuple[Any, ...], adjoints: bool) -> None:
        self.call, self.params, self.start = call, Params(*saved[:7]), State(*saved[7:10])
        self.first, self.spk, self.rec = saved[10], saved[11], State(*saved[12:])
        self.adjoints, mem = adjoints, self.rec.mem
        self.g_cur = torch.empty_like(mem)
        self.fire: Any = torch.empty_like(mem) if adjoints else None
        self.lam_mem = torch.empty_like(mem) if adjoints and call.terms.synapse else self.g_cur
        self.lam_ada = torch.empty_like(mem) if adjoints and call.terms.adapts else None
        self.carry: list[Any] = []

    def run(self, g_spk: Tensor | None, g_state: State) -> None:
        """Go from the last step to the first."""
        g_rec, last = (g_state, State()) if self.call.record else (State(), g_state)
        parts = zip((*last, None), (*self.start, self.first), strict=True)
        # What is handed on from step to step begins at zero, and is wanted if there is a start.
        self.carry = [
            None if g is None and start is None else _copy(_or_zeros(g, self.g_cur[0]))
            for g, start in parts
        ]
        loops = _loops_for(self.call, self.g_cur, self.params)
        if loops is None:
            self._in_torch(g_spk, g_rec)
        else:
            self._compiled(loops, (g_spk, *g_rec))

    def _slopes(self, lo: int = 0, hi: int | None = None) -> Tensor:
        rec = State(*(None if part is None else part[lo:hi] for part in self.rec))
        return slope_of(self.call.spike_grad, _above_threshold(self.params, *rec))

    def _compiled(self, loops: Any, grads: tuple[Tensor | None, ...]) -> None:
        shape = self.call.spike_grad.rational()  # pyright: ignore[reportFunctionMemberAccess]
        backward = loops.make_backward(*self.call.terms, shape is not None, self.adjoints)
        outs = (self.g_cur, self.fire, self.lam_mem, self.lam_ada)
        backward(
            _numbers(self.params, self.g_cur[0]),
            shape or (0.0, 0.0, 0.0, 0.0),
            _rows_of(None if shape else self._slopes()),
            tuple([_rows_of(part) for part in (self.rec.mem, self.rec.ada, self.spk)]),
            _row_of(self.first),
            tuple([_row_of(part) for part in self.carry]),
            tuple([_rows_of(part) for part in grads]),
            tuple([_rows_of(out) for out in outs]),
        )

    def _in_torch(self, g_spk: Tensor | None, g_rec: State) -> None:
        """Do the same in torch, a stretch of time after the other."""
        stretch = max(1, CACHED // max(1, self.g_cur[0].numel()))
        self.carry = [_or_zeros(part, self.g_cur[0]) for part in self.carry]
        for hi in range(len(self.g_cur), 0, -stretch):
            lo = max(0, hi - stretch)
            slopes = self._slopes(lo, hi)
            fires = slopes * (torch.zeros_like(slopes) if g_spk is None else g_spk[lo:hi])
            rows = _rows(hi - lo, slopes, fires, self.g_cur[lo:hi])
            for t, row in reversed([*enumerate(rows, lo)]):
                self._step_back(t, row, g_rec)
            if self.fire is not None:
                self.fire[lo:hi] = fires

    def _step_back(self, t: int, rows: tuple[Tensor, ...], g_rec: State) -> None:
        """Go one step back; `fire` becomes f[t], `g_cur` the derivative by the current."""
        slope, fire, g_cur = rows
        terms, (beta, _, alpha, rho, k, weight, _) = self.call.terms, self.params
        c_u, c_x, c_a, c_s = self.carry
        spk: Any = None  # S[t-1]
        if terms.adapts or terms.zero_before or terms.zero_after:
            spk = self.spk[t - 1] if t else _or_zeros(self.first, fire)
        if weight is not None or terms.adapts:
            fire.addcmul_(slope, c_s)
        g = g_cur if alpha is None or self.lam_mem is self.g_cur else self.lam_mem[t]
        torch.add(fire, c_u, out=g)  # λ_U
        if g_rec.mem is not None:
            g.add_(g_rec.mem[t])
        if terms.adapts:
            g_ada = c_a - k * fire
            if g_rec.ada is not None:
                g_ada.add_(g_rec.ada[t])
            c_a = rho * g_ada - k * g * spk if terms.subtract else rho * g_ada
            c_s = (1 - rho) * g_ada
            if self.lam_ada is not None:
                self.lam_ada[t] = g_ada
        if terms.zero_after:
            g.mul_(1 - spk)
        c_u = g * beta * (1 - spk) if terms.zero_before else g * beta
        if alpha is not None:
            torch.add(g, c_x, out=g_cur)
            if g_rec.syn is not None:
                g_cur.add_(g_rec.syn[t])
            c_x = g_cur * alpha
        if weight is not None:
            c_s = g_cur @ weight if weight.ndim == 2 else g_cur * weight
        self.carry = [c_u, c_x, c_a, c_s]


def _by_parameters(back: _Backward, needs: Params) -> list[Any]:
    """Return the derivatives by `Params`, each a sum over time of what the steps contribute."""
    terms, start, rec, lam_ada = back.call.terms, back.start, back.rec, cast("Any", back.lam_ada)
    found: dict[str, Any] = {}
    if back.adjoints:
        late = _late(back.spk, back.first)  # S[t-1]
        paid = back.lam_mem * late if terms.subtract else 0.0
        kept = back.lam_mem * (1 - late) if terms.zero_before else back.lam_mem
        found["beta"] = kept * _late(rec.mem, start.mem)
        found["threshold"] = -back.fire - paid
        if needs.alpha:
            found["alpha"] = back.g_cur * _late(rec.syn, start.syn)
        if terms.adapts:
            ada = _late(rec.ada, start.ada)
            found["rho"] = lam_ada * (ada - late)
            found["adaptation"] = -back.fire * rec.ada - paid * ada
    if needs.weight:
        found["weight"] = _by_weight(back)
    found["bias"] = back.g_cur
    return [
        found[name].sum_to_size(getattr(back.params, name).shape) if needed else None
        for name, needed in needs._asdict().items()
    ]


def _by_weight(back: _Backward) -> Tensor:
    """Each weight met S[t-1] and g_cur[t]: one product for the whole sequence."""
    g_cur, first = back.g_cur, _or_zeros(back.first, back.g_cur[0])
    if back.params.weight.ndim != 2:
        return g_cur * _late(back.spk, first)
    features = g_cur.shape[-1]
    late = back.spk[:-1].reshape(-1, features)
    return g_cur[1:].reshape(-1, features).T @ late + g_cur[0].reshape(-1, features).T @ (
        first.reshape(-1, features)
    )


# ---------------------------------------------------------------------------------------- helpers


def feedback(spk: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return the recurrent current W S: all-to-all for a matrix W, else one-to-one."""
    return linear(spk, weight, bias) if weight.ndim == 2 else weight * spk


def _rest(cur: Tensor, terms: Terms) -> State:
    zeros = torch.zeros_like(cur[0], memory_format=torch.contiguous_format)
    return State(zeros, zeros if terms.synapse else None, zeros if terms.adapts else None)


def _above_threshold(params: Params, mem: Tensor, syn: Any, ada: Tensor | None) -> Tensor:
    """Return how far the membrane lies above the threshold in force, U - (θ + k A)."""
    return mem - (params.threshold if ada is None else params.threshold + params.adaptation * ada)


def _last(rec: State) -> State:
    """Return the last row of each recording, as a tensor of the caller's own."""
    return State(*(None if part is None else _copy(part[-1]) for part in rec))


def _copy(part: Tensor) -> Tensor:
    return part.clone(memory_format=torch.contiguous_format)


def _late(rec: Any, first: Tensor | None) -> Tensor:
    """Return a recording one step late: what each step started from."""
    return torch.cat((_or_zeros(first, rec[0])[None], rec[:-1]))


def _or_zeros(part: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if part is None else part


def _rows(steps: int, *recordings: Tensor) -> Any:
    """Yield the rows of all recordings step by step; one of a single row repeats it."""
    parts = [rec.unbind(0) * (steps if len(rec) < steps else 1) for rec in recordings]
    return zip(*parts, strict=True)


def _loops_for(call: Call, cur: Tensor, params: Params) -> Any:
    """Return the compiled loops where they apply, else None.

    They take spikes to be a Heaviside step, which a `Surrogate` promises, a subclass does not.
    """
    known = type(call.spike_grad) is Surrogate and params.weight is None
    here = cur.dtype == torch.float32 and False not in [
        x is None or x.is_cpu for x in (cur, *params)
    ]
    return _load_loops() if known and here else None


@cache
def _load_loops() -> ModuleType | None:
    try:
        from snnedu.core import _loops  # numba takes a quarter of a second: only when first used
    except ImportError:
        return None
    except RuntimeError as error:  # numba finds no folder it may write to
        warnings.warn(
            f"snnedu runs without its compiled loops, slower. {error}. Set "
            f"NUMBA_CACHE_DIR to a folder that you may write to.",
            stacklevel=2,
        )
        return None
    return _loops


def _row_of(part: Tensor | None) -> Any:
    """Return a NumPy array [neurons] that shares memory where it can; without a part, empty."""
    return _NO_ROW if part is None else np.ascontiguousarray(part.detach().numpy()).reshape(-1)


def _rows_of(part: Tensor | None) -> Any:
    """Return a NumPy array [time, neurons] that shares memory where it can; or an empty one."""
    if part is None:
        return _NO_ROWS
    array = part.detach().numpy()
    if array.strides[0] == 0:  # equal rows: one stands for all
        array = array[:1]
    return np.ascontiguousarray(array).reshape(array.shape[0], -1)


def _numbers(params: Params, like: Tensor) -> tuple[Any, ...]:
    """Return β θ α ρ k as arrays: one number for all, or one for each element of the state."""
    arrays = [
        _row_of(p if p is None or p.numel() == 1 else p.expand(like.shape)) for p in params[:5]
    ]
    return tuple(arrays)


_NO_ROW, _NO_ROWS = torch.empty(0).numpy(), torch.empty(0, 0).numpy()
