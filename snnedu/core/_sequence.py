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

from functools import partial
from itertools import repeat
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from snnedu.core._buffers import buffer
from snnedu.core._compiled import has_numba
from snnedu.core._threads import for_steps, product
from snnedu.core.steps import feedback
from snnedu.core.surrogate import Surrogate, slope_of

# So many values go through torch at once. On the CPU they stay in the cache, and on one thread; a
# GPU is kept waiting by the start of each operation, so that few, large ones are faster.
CACHED, ON_A_GPU = (1 << 15) - 1, 1 << 24


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
    """U, X, A, S of shape [batch, *features], or recordings of them; None: no such term, or rest.

    Before the first step S is what the membrane that was passed in stands for.
    """

    mem: Any = None
    syn: Any = None
    ada: Any = None
    spk: Any = None


class Call(NamedTuple):
    """What a sequence needs besides tensors of the graph."""

    terms: Terms
    spike_grad: Any  # a function from U - θ to spikes
    steps: int
    record: bool
    loops: Any  # `_loops`, or None
    numbers: tuple[Any, ...]  # β θ α ρ k, those there are, as arrays on their memory


class NotFiniteError(Exception):
    """The last membrane is NaN or infinite."""


def unroll(
    terms: Terms, spike_grad: Any, cur: Tensor, steps: int, params: Params, start: State,
    record: bool,
) -> State:  # fmt: skip
    """Return the spikes and the recorded state or, with `record` off, the last state.

    One row of `cur` stands for all `steps`. Raises `NotFiniteError`.
    """
    loops = _loops_for(spike_grad, cur, params)
    numbers = [_number(p, cur) for p in params[:5] if p is not None] if loops else ()
    call = Call(terms, spike_grad, steps, record, loops, tuple(numbers))
    feeds = params.weight is not None or terms.adapts  # spikes act on later steps
    learns = feeds and params.threshold.requires_grad  # also by the spikes before the first step
    if start.mem is None and (learns or type(spike_grad) is not Surrogate):
        start = State(*[torch.zeros_like(cur[0], memory_format=torch.contiguous_format)] * 3)
    if start.mem is not None:  # where spikes feed back, so does the gradient of the first ones
        spk = spike_grad(_above_threshold(params, start))
        start = start._replace(spk=spk if feeds else spk.detach())
    inputs = (cur, *params, *start)
    if torch.is_grad_enabled() and True in [x is not None and x.requires_grad for x in inputs]:
        return State(*cast("Any", _Sequence.apply(call, *inputs)))
    rec = _forward(call, cur, params, start, record, record)
    return rec if record else _last(rec)


class _Sequence(torch.autograd.Function):
    """The whole sequence as one node."""

    @staticmethod
    def forward(ctx: Any, call: Call, cur: Tensor, *inputs: Any) -> State:
        params, start, _ = _unpack(inputs)
        needs = Params(*ctx.needs_input_grad[2:9])
        ctx.call, ctx.constant, ctx.needs = call, cur.shape[0] < call.steps, needs
        rec = _forward(call, cur, params, start, True, call.record or needs.alpha)
        ctx.set_materialize_grads(False)
        # Without these nothing in the backward pass depends on a spike: the reset is detached.
        reads_spk = any((*call.terms[1:3], call.terms.adapts, params.weight is not None, *needs))
        ctx.save_for_backward(*inputs, *(rec if reads_spk else rec._replace(spk=None)))
        return rec if call.record else _last(rec, copy=True)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        if torch.is_grad_enabled():  # only `create_graph=True` asks for this
            raise RuntimeError(
                "A sequence can be differentiated once. Received `create_graph=True`. For second "
                "derivatives loop over `layer(cur, *state)`, one step at a time."
            )
        back = _Backward(ctx.call, ctx.saved_tensors, any(ctx.needs[:5]))
        back.run(State(*grads))
        g_params = _by_parameters(back, ctx.needs) if any(ctx.needs) else [None] * 7
        g_cur = back.g_cur.sum(0, keepdim=True) if ctx.constant else back.g_cur
        found = zip((None, g_cur, *g_params, *back.carry), ctx.needs_input_grad, strict=True)
        return tuple([g if needed else None for g, needed in found])


# ---------------------------------------------------------------------------------------- forward


def _forward(
    call: Call, cur: Tensor, params: Params, start: State, record: bool, record_syn: bool
) -> State:
    """Return all spikes, and each part of the state: of all steps, or the last in one row."""
    terms, steps = call.terms, call.steps
    few = steps if record else min(steps, 2)  # for the states before and after a step
    rec = State(
        buffer(few, cur),
        buffer(steps if record_syn else 1, cur) if terms.synapse else None,
        buffer(few, cur) if terms.adapts else None,
        buffer(steps, cur),
    )
    if call.loops is None:
        with for_steps(rec.spk[0], params.weight):
            _forward_in_torch(call, cur, params, start, rec)
        finite = bool(torch.isfinite(rec.mem[-1]).all())
    else:
        outs, before = tuple(map(_rows_of, rec)), tuple(map(_row_of, start))
        loop = call.loops.make_forward(*terms)
        finite = call.loops.run(loop, call.numbers, outs, before, _rows_of(cur))
    if not finite:
        raise NotFiniteError
    return rec


@torch.no_grad()
def _forward_in_torch(call: Call, cur: Tensor, params: Params, start: State, rec: State) -> None:
    """Fill the recordings as `_loops.forward` does, each step in place."""
    terms, steps, (beta, threshold, alpha, rho, k, weight, bias) = call.terms, call.steps, params
    mem, syn, ada, old = (_copy(_or_zeros(part, rec.spk[0])) for part in start)
    unit_threshold = not terms.adapts and threshold.numel() == 1 and threshold.item() == 1
    in_force = threshold + k * ada if terms.adapts else threshold
    fire, heaviside = call.spike_grad, type(call.spike_grad) is Surrogate
    exact = cur.is_cpu  # a GPU may round once instead of twice, and starts one operation fewer
    kept = [(part, to) for part, to in ((syn, rec.syn), (ada, rec.ada)) if to is not None]
    # Few rows are used in turn, so that the last step stands in the last row.
    rows = [part.unbind(0) * (1 + steps // len(part)) for part in (cur, rec.spk, rec.mem)]
    for t, (cur_t, spk_t, mem_t) in enumerate(zip(*[r[-steps:] for r in rows], strict=True)):
        x = cur_t if weight is None else feedback(old, weight, bias).add_(cur_t)
        if terms.synapse:
            x = syn.mul_(alpha).add_(x)
        if terms.zero_before:
            mem = mem * (1 - old)
        if exact:
            mem = torch.mul(mem, beta, out=mem_t).add_(x)
        else:
            mem = torch.addcmul(x, mem, beta, out=mem_t)
        if terms.zero_after:
            mem.sub_(mem * old)
        if terms.subtract:
            mem.sub_(old if unit_threshold else in_force * old)
        if terms.adapts:
            ada.mul_(rho).add_((1 - rho) * old)
            in_force = threshold + k * ada
        old = torch.gt(mem, in_force, out=spk_t) if heaviside else spk_t.copy_(fire(mem - in_force))
        for part, to in kept:
            to[min(t, len(to) - 1)] = part


# --------------------------------------------------------------------------------------- backward


class _Backward:
    """The backward pass: `run` it, then read what it found.

    `g_cur`: derivative by the current of each step. `carry`: by U, X, A and S before the first
    step. With `adjoints`, `fire`, `lam_mem` and `lam_ada` hold f, λ_U and λ_A of each step.
    """

    def __init__(self, call: Call, saved: tuple[Any, ...], adjoints: bool) -> None:
        self.call, self.adjoints = call, adjoints
        self.params, self.start, self.rec = _unpack(saved)
        self.g_cur = buffer(call.steps, self.rec.mem)
        apart, room = adjoints or not call.loops, partial(buffer, call.steps, self.g_cur)
        self.fire: Any = room() if adjoints else None
        self.lam_mem = room() if apart and call.terms.synapse else self.g_cur
        self.lam_ada: Any = room() if apart and call.terms.adapts else None
        self.carry: list[Any] = []

    def run(self, grads: State) -> None:
        """Go from the last step to the first."""
        if not self.call.record:
            grads = State(*[_at_last(g, self.call.steps) for g in grads[:3]], spk=grads.spk)
        if self.call.loops:
            self._compiled(grads)
        else:
            with for_steps(self.g_cur[0], self.params.weight):
                self._in_torch(grads)

    def _slopes(self, at: slice = slice(None)) -> Tensor:
        rec = State(*[_at(part, at) for part in self.rec])
        return slope_of(self.call.spike_grad, _above_threshold(self.params, rec))

    def _compiled(self, g_rec: State) -> None:
        call, rec = self.call, (self.rec.mem, self.rec.ada, self.rec.spk)
        lam_mem = None if self.lam_mem is self.g_cur else self.lam_mem
        outs = self.fire, lam_mem, self.lam_ada, self.g_cur
        shape = call.spike_grad.rational()
        slopes = _rows_of(None if shape else self._slopes())
        backward = call.loops.make_backward(*call.terms, shape is not None, self.adjoints)
        arrays = [tuple([_rows_of(part) for part in parts]) for parts in (outs, rec, g_rec)]
        self.carry = [None if part is None else buffer(len(part), part) for part in self.start]
        carry = tuple([_row_of(part) for part in self.carry])
        rest = carry, _row_of(self.start.spk), np.array(shape or [0] * 4, np.float32), slopes
        call.loops.run(backward, call.numbers, *arrays, *rest)

    def _in_torch(self, g_rec: State) -> None:
        """Do the same in torch, a stretch of time after the other."""
        terms, (beta, _, alpha, rho, k, weight, _) = self.call.terms, self.params
        first = torch.zeros_like(self.g_cur[0])
        lam_u, lam_x, c_a, c_s = first, first, first, first
        late_rec = None if self.rec.spk is None else _late(self.rec.spk, self.start.spk)
        feeds = weight is not None or terms.adapts
        stretch = max(1, (CACHED if first.is_cpu else ON_A_GPU) // max(1, first.numel()))
        for hi in range(self.call.steps, 0, -stretch):
            at = slice(max(0, hi - stretch), hi)
            fires, rows = self._begin(at, g_rec, late_rec, feeds)
            for slope, fire, lam, g_cur, g_ada, spk, late in reversed([*rows]):
                if feeds:
                    lam.add_(fire.addcmul_(slope, c_s))
                lam.addcmul_(lam_u, beta * (1 - spk) if terms.zero_before else beta)
                if terms.adapts:
                    g_ada.add_(c_a).sub_(k * fire)
                    c_a = rho * g_ada - k * lam * late if terms.subtract else rho * g_ada
                    c_s = (1 - rho) * g_ada
                if terms.zero_after:
                    lam.mul_(1 - late)
                if terms.synapse:
                    g_cur.add_(lam).addcmul_(lam_x, alpha)
                lam_u, lam_x = lam, g_cur
                if weight is not None:
                    c_s = product(g_cur, weight.T) if weight.ndim == 2 else g_cur * weight
            if self.adjoints:
                self.fire[at] = fires
        lam_u = lam_u * (1 - _or_zeros(self.start.spk, first)) if terms.zero_before else lam_u
        self.carry = [beta * lam_u, alpha * lam_x if terms.synapse else None, c_a, c_s]

    def _begin(self, at: slice, g_rec: State, late_rec: Any, feeds: bool) -> Any:
        """Return f, and rows of h f λ_U λ_X λ_A S[t] S[t-1], of some steps; later ones will add."""
        slopes, spk, late = self._slopes(at), _at(self.rec.spk, at), _at(late_rec, at)
        fires = slopes * (0 if g_rec.spk is None else g_rec.spk[at])
        lam, syn, ada = self.lam_mem[at], self.g_cur[at], _at(self.lam_ada, at)
        for to, grads in ((syn, g_rec.syn), (lam, g_rec.mem), (ada, g_rec.ada)):
            if to is not None and (to is not syn or self.call.terms.synapse):
                _ = to.zero_() if grads is None else to.copy_(grads[at])
        if not feeds:
            lam.add_(fires)
        parts = slopes, fires, lam, syn, ada, spk, late
        rows = [repeat(None) if x is None else x.unbind(0) for x in parts]
        return fires, zip(*rows, strict=False)


def _by_parameters(back: _Backward, needs: Params) -> list[Any]:
    """Return the derivatives by `Params`, each a sum over time of what the steps contribute."""
    terms, start, rec = back.call.terms, back.start, back.rec
    found: dict[str, Any] = {"bias": back.g_cur}
    late: Any = _late(rec.spk, start.spk) if back.adjoints or needs.weight else None  # S[t-1]
    if back.adjoints:
        paid = back.lam_mem * late if terms.subtract else 0.0
        kept = back.lam_mem * (1 - late) if terms.zero_before else back.lam_mem
        found["beta"] = kept * _late(rec.mem, start.mem)
        found["threshold"] = -back.fire - paid
        if needs.alpha:
            found["alpha"] = back.g_cur * _late(rec.syn, start.syn)
        if terms.adapts:
            ada = _late(rec.ada, start.ada)
            found["rho"] = back.lam_ada * (ada - late)
            found["adaptation"] = -back.fire * rec.ada - paid * ada
    if needs.weight:  # each weight met S[t-1] and the derivative by the current
        g, square = back.g_cur, back.params.weight.ndim == 2
        found["weight"] = g.flatten(0, -2).T @ late.flatten(0, -2) if square else g * late
    return [
        found[name].sum_to_size(getattr(back.params, name).shape) if needed else None
        for name, needed in needs._asdict().items()
    ]


# ---------------------------------------------------------------------------------------- helpers


def _above_threshold(params: Params, state: State) -> Tensor:
    """Return how far the membrane lies above the threshold in force, U - (θ + k A)."""
    k = params.adaptation
    return state.mem - (params.threshold if k is None else params.threshold + k * state.ada)


def _unpack(tensors: Any) -> Any:
    """Return parameters, the state at the start and recordings, of tensors in that order."""
    return Params(*tensors[:7]), State(*tensors[7:11]), State(*tensors[11:])


def _last(rec: State, copy: bool = False) -> State:
    """Return the last row of each part but the spikes; as a copy, where others keep the row."""
    last = [None if part is None else part[-1] for part in rec[:3]]
    return State(*[*(map(_copy, last) if copy else last), rec.spk])


def _copy(part: Any) -> Any:
    """Return a copy, where it can by NumPy: torch may wake a thread, which then spins on."""
    if part is not None and part.is_cpu and part.dtype == torch.float32:
        return torch.from_numpy(_array(part).copy())
    return part if part is None else part.clone(memory_format=torch.contiguous_format)


def _late(rec: Any, first: Tensor | None) -> Tensor:
    """Return a recording one step late: what each step started from."""
    return torch.cat((_or_zeros(first, rec[0])[None], rec[:-1]))


def _or_zeros(part: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if part is None else part


def _at(part: Any, at: slice) -> Any:
    return part if part is None else part[at]


def _at_last(g: Any, steps: int) -> Any:
    """Return the derivative by the last state as one by the states of all steps."""
    return g if g is None else functional.pad(g[None], (0, 0) * g.ndim + (steps - 1, 0))


def _loops_for(spike_grad: Any, cur: Tensor, params: Params) -> Any:
    """Return the compiled loops where they apply, else None.

    They take spikes to be a Heaviside step, which a `Surrogate` promises, a subclass does not.
    """
    known = type(spike_grad) is Surrogate and params.weight is None and cur.dtype == torch.float32
    if not known or False in [x is None or x.is_cpu for x in (cur, *params)] or not has_numba():
        return None
    from snnedu.core import _loops  # only now: without numba it would run, very slowly

    return _loops


def _row_of(part: Tensor | None) -> Any:
    """Return a NumPy array [neurons] that shares memory where it can; without a part, empty."""
    return _NO_ROW if part is None else _array(part).reshape(-1)


def _rows_of(part: Tensor | None) -> Any:
    """Return a NumPy array [time, neurons] that shares memory where it can; or an empty one."""
    if part is None:
        return _NO_ROWS
    if part.stride(0) == 0:  # equal rows: one stands for all
        part = part[:1]
    rows = _array(part)
    return rows.reshape(len(rows), -1)


def _array(part: Tensor) -> Any:
    part = part.detach() if part.requires_grad else part
    return (part if part.is_contiguous() else part.contiguous()).numpy()


def _number(param: Tensor, cur: Tensor) -> Any:
    """Return a parameter as an array: one number for all, or one for each element of the state."""
    return _row_of(param if param.numel() == 1 else param.expand(cur.shape[1:]))


_NO_ROW, _NO_ROWS = np.empty(0, np.float32), np.empty((0, 0), np.float32)
