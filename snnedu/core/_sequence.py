"""A whole sequence as one autograd node, for every neuron that is a leaky integrator.

Given a loop over time, PyTorch's autograd notes some ten operations a step, and that book-keeping
costs far more than the arithmetic. Here one node covers all steps. It keeps the states only; its
backward pass is this equation, differentiated by hand and walked from the last step to the first:

    X[t] = α X[t-1] + I[t] + W S[t-1]                 synapse (without one X = I), recurrent weights
    A[t] = ρ A[t-1] + (1 - ρ) S[t-1]                  adaptation (without any k = 0)
    U[t] = β U[t-1] + X[t] - (θ + k A[t-1]) S[t-1]    or another reset
    S[t] = 1 if U[t] > θ + k A[t] else 0

The forward pass computes just the numbers of the layer's own step. For float32 on the CPU, where
numba is installed, both passes are the compiled loops of `_kernels.py`; else torch, in place.
"""

import math
import warnings
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from itertools import compress, repeat
from types import ModuleType
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.nn.functional import linear

from snnedu.core.surrogate import Surrogate, slope_of

# So many numbers go through torch at once: few enough to stay in the cache, and for torch to use
# one thread, since on a busy machine several wait for each other much longer than they work.
CHUNK = (1 << 15) - 1


class Params(NamedTuple):
    """The numbers of the equation, of any shape that broadcasts to the state; None: absent."""

    beta: Tensor
    threshold: Tensor
    alpha: Tensor | None = None
    rho: Tensor | None = None
    adaptation: Tensor | None = None
    weight: Tensor | None = None  # [features, features]; with fewer dimensions, one-to-one
    bias: Tensor | None = None


class State(NamedTuple):
    """U, X, A of shape [batch, *features], or recordings of them; None: absent."""

    mem: Tensor
    syn: Tensor | None = None
    ada: Tensor | None = None


class Kind(NamedTuple):
    """What kind of neurons these are. The flags are True or None, as the compiled loops want."""

    step: Callable[..., tuple[Tensor, ...]]
    state_names: tuple[str, ...]  # the order of the state in `step`
    reset_mechanism: str
    subtract: bool | None
    before: bool | None  # zero U[t-1]
    after: bool | None  # zero U[t]
    synapse: bool | None  # there is an X
    adapts: bool | None  # there is an A


class Model(NamedTuple):
    """What a sequence needs besides current and state."""

    kind: Kind
    numbers: dict[str, Any]  # of `Params`, those that `step` knows
    spike_grad: Callable[[Tensor], Tensor]
    record: bool


class NotFiniteError(Exception):
    """The last membrane is NaN or infinite."""


def unroll(model: Model, cur: Tensor, steps: int, state: State | None) -> tuple[Tensor, State]:
    """Return the spikes and the recorded state or, with `model.record` off, the last state.

    One row of `cur` stands for all `steps`. The `state` to start from is rest if None.
    Raises `NotFiniteError`.
    """
    params = Params(**model.numbers)
    loops = _loops_for(model, cur, params)
    if (loops is None or params.weight is not None) and cur.shape[0] != steps:
        cur = cur.expand(steps, *cur.shape[1:])
    if loops is None and state is None:
        state = _rest(cur.detach()[0], model.kind)
    if torch.is_grad_enabled():
        inputs = (cur, *params, *(state or _NOTHING))
        learned = [x is not None and x.requires_grad for x in inputs]
        if True in learned:  # autograd is shown those only: each argument takes it time
            outputs: Any = _Node.apply(
                (model, loops, steps, inputs, learned), *compress(inputs, learned)
            )
            return outputs[0], State(*outputs[1:])
    keep = (True,) * 3 if model.record else _NOTHING
    spk, out, _ = _forward(model, loops, cur, steps, params, state, keep)
    return spk, out


def feedback(spk: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return the recurrent current W S: all-to-all for a matrix W, else one-to-one."""
    if weight.ndim != 2:
        return weight * spk
    kernels = _load_kernels() if _is_float32_here(spk) else None
    if kernels is None or not _fits(kernels, weight, spk):
        return linear(spk, weight, bias)
    return cast("Tensor", _Spread.apply(kernels, spk, weight, bias))


class _Spread(torch.autograd.Function):
    """W S + b as the compiled loops add it up, so that a loop over steps gives their numbers."""

    @staticmethod
    def forward(ctx: Any, kernels: Any, spk: Tensor, weight: Tensor, bias: Any) -> Tensor:
        ctx.save_for_backward(spk, weight)
        to, filled = torch.empty_like(spk, memory_format=_DENSE), _filled(weight.t(), bias)
        where = _weight_at(filled, len(weight))
        kernels.spread(to.view(-1).numpy(), _plain(spk).view(-1).numpy(), spk.numel(), where)
        return to

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        spk, weight = ctx.saved_tensors
        g, spk = (x.reshape(-1, len(weight)) for x in (grads[0], spk))
        _, by_spk, by_weight, by_bias = ctx.needs_input_grad
        return (
            None,
            (g @ weight).view_as(grads[0]) if by_spk else None,
            g.T @ spk if by_weight else None,
            g.sum(0) if by_bias else None,
        )


def rest(like: Tensor) -> Tensor:
    """Return zeros of that shape."""
    return torch.zeros_like(like, memory_format=_DENSE)


def check_finite(mem: Tensor) -> None:
    """Raise `NotFiniteError` unless all values are finite; if their sum is, they are."""
    if not (math.isfinite(mem.sum().item()) or bool(torch.isfinite(mem).all())):
        raise NotFiniteError


def _copy(state: Tensor) -> Tensor:
    return state.clone(memory_format=_DENSE)


class _Node(torch.autograd.Function):
    """The whole sequence: `call` holds the arguments, and `learned`, which of the `inputs` want
    a derivative. Those come once more, one by one: autograd sees nothing inside a tuple.
    """

    @staticmethod
    def forward(ctx: Any, call: Any, *_: Tensor) -> tuple[Tensor | None, ...]:
        model, loops, steps, inputs, learned = call
        cur, params, state = inputs[0], Params(*inputs[1:8]), _state(inputs[8:])
        # The backward pass needs U and A, and X where a number is learned.
        keep = (True, model.record or True in learned[1:6], True)
        spk, out, rec = _forward(model, loops, cur, steps, params, state, keep)
        ctx.call = model, loops, steps, cur.shape[0] == 1, learned
        ctx.set_materialize_grads(False)
        # S follows from U: only where it is needed as a whole is it kept from being freed.
        needs_spk = params.weight is not None or loops is None
        ctx.save_for_backward(spk if needs_spk else None, *inputs[1:], *rec)
        return spk, *out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():  # only `create_graph=True` asks for this
            raise RuntimeError(
                "A sequence can be differentiated once. Received `create_graph=True`. For second "
                "derivatives loop over `layer(cur, *state)`, one step at a time."
            )
        back = _Backward(ctx.call, ctx.saved_tensors, grads)
        back.run()
        found = (back.g_cur, *back.of_params(), *back.carry)
        return None, *compress(found, ctx.call[-1])


# ---------------------------------------------------------------------------------------- forward


def _forward(
    model: Model, loops: "_Loops | None", cur: Tensor, steps: int, params: Params,
    state: State | None, keep: tuple[bool | None, ...],
) -> tuple[Tensor, State, State]:  # fmt: skip
    """Return spikes, what `unroll` returns of the state, and the recordings that `keep` names."""
    like = cur if cur.shape[0] == steps else cur.expand(steps, *cur.shape[1:])
    spk = torch.empty_like(like, memory_format=_DENSE)
    rec = _state_like(spk, model.kind, *keep)
    if loops is not None:
        now = _compiled_steps(loops, model, cur, spk, params, state, rec)
        return spk, rec if model.record else now, rec
    assert state is not None  # only the compiled loops know how to start from rest
    if type(model.spike_grad) is Surrogate:
        now = _steps_in_place(model, cur, spk, params, state, rec)
    else:
        now = _steps(model, cur, spk, state, rec)
    check_finite(now.mem)
    return spk, rec if model.record else now, rec


def _steps(model: Model, cur: Tensor, spk: Tensor, state: State, rec: State) -> State:
    """Call the layer's own step, without autograd's book-keeping: good for any `spike_grad`."""
    kind, names = model.kind, model.kind.state_names
    now = [getattr(state, name) for name in names]
    kept = [(i, getattr(rec, name)) for i, name in enumerate(names)]
    how = {"spike_grad": model.spike_grad, "reset_mechanism": kind.reset_mechanism}
    for t, cur_t in enumerate(cur.unbind(0)):
        spk[t], *now = kind.step(cur_t, *now, **model.numbers, **how)
        for i, rows in kept:
            if rows is not None:
                rows[t] = now[i]
    return State(**dict(zip(names, now, strict=True)))


def _steps_in_place(
    model: Model, cur: Tensor, spk: Tensor, params: Params, state: State, rec: State
) -> State:
    """Compute the equation with no new tensor for each sum: `_kernels.forward` in torch."""
    subtract, before, after = model.kind[3:6]
    beta, threshold, alpha, rho, k, weight, bias = cast("Any", params)
    # S is 0 or 1, so that θ S is exact and may be fused with the subtraction.
    price = threshold.item() if rho is None and threshold.numel() == 1 else None
    mem, syn, ada = cast("Any", [s if s is None else s.clone() for s in state])
    mem_rec, *others = cast("Any", rec)
    mem_rows = repeat(mem) if mem_rec is None else mem_rec.unbind(0)  # where U is computed
    kept = [
        (part, r.unbind(0)) for part, r in zip((syn, ada), others, strict=True) if r is not None
    ]
    with torch.inference_mode():  # no note is taken of which row was written: a tenth faster
        in_force = threshold if rho is None else threshold + k * ada
        old = torch.gt(mem, in_force, out=torch.empty_like(mem))  # S[-1]
        rows = zip(cur.unbind(0), spk.unbind(0), mem_rows, strict=False)
        for t, (x, spk_t, mem_t) in enumerate(rows):
            if weight is not None:
                x = x + feedback(old, weight, bias)
            if alpha is not None:
                x = syn.mul_(alpha).add_(x)
            if before:
                mem = torch.mul(mem, 1 - old, out=mem_t)
            mem = torch.mul(mem, beta, out=mem_t).add_(x)
            if after:
                mem.sub_(mem * old)
            if subtract and price == 1:  # as it mostly is; a factor takes half as long again
                mem.sub_(old)
            elif subtract and price is not None:
                mem.sub_(old, alpha=price)
            elif subtract:
                mem.sub_(in_force * old)
            if rho is not None:
                ada.mul_(rho).add_((1 - rho) * old)
                in_force = threshold + k * ada
            old = torch.gt(mem, in_force, out=spk_t)
            for part, recorded in kept:
                recorded[t].copy_(part)
    return State(mem if mem_rec is None else mem_rec[-1].clone(), syn, ada)


def _compiled_steps(
    loops: "_Loops", model: Model, cur: Tensor, spk: Tensor, params: Params, state: State | None,
    rec: State,
) -> State:  # fmt: skip
    steps = spk.shape[0]
    size = spk.numel() // steps
    now = rec if model.record else _state_like(spk[0], model.kind, True, True, True)
    # What is not ours may have to be copied; the copies are not to be freed before the loops end.
    start, rows = state and [_plain(part) for part in state], _rows(cur)
    weight = _filled(cast("Tensor", params.weight).t(), params.bias) if loops.matrix else None
    finite = loops.forward(
        size, steps, _weight_at(weight, spk.shape[-1]), loops.addresses(),
        _addresses(start, size), _NOWHERE if now is rec else _addresses(now, size),
        _rows_at(rows), (spk.data_ptr(), steps), _addresses(rec, steps),
    )  # fmt: skip
    if not finite:
        raise NotFiniteError
    return now


# --------------------------------------------------------------------------------------- backward


class _Backward:
    """The backward pass: `run`, then read `g_cur`, `of_params()` and, for the state, `carry`.

    g_... is the derivative of the loss by ...; `carry` is what a step hands to the step before it.

    learn           one of β θ α ρ k wants a derivative; learn_weight, learn_start: W; the start
    feeds           spikes act on later steps, by W or by adaptation, so they are carried over too
    """

    def __init__(self, call: Any, saved: Any, grads: tuple[Tensor | None, ...]) -> None:
        self.model, self.loops, self.steps, constant, learned = call
        self.spk, self.params, rec = saved[0], Params(*saved[1:8]), State(*saved[11:])
        self.given, self.rec = _state(saved[8:11]), rec
        kind, weight = self.model.kind, self.params.weight
        self.learn, self.learn_weight = True in learned[1:6], True in learned[6:8]
        self.learn_start = True in learned[8:]
        if constant:  # one row stood for all steps: what they give is added up
            self.g_cur = self._zeros()[None]
        elif self.model.record or _graph_is_kept():
            self.g_cur = torch.empty_like(rec.mem)
        else:  # U[t] is not needed once step t is done; a second try would find gradients there
            self.g_cur = rec.mem
            torch.autograd.graph.increment_version(rec.mem)
        self.g_spk, *given = grads
        self.g_rec, last = (given, _NOTHING) if self.model.record else (_NOTHING, given)
        self.feeds = weight is not None or kind.adapts is not None
        # The compiled loops begin from zero by themselves, and what is left is for the start.
        carries = self.learn or self.learn_start or self.loops is None
        self.carry: Any = [
            _copy(g) if g is not None else self._zeros() if carries and there else None
            for there, g in zip((True, kind.synapse, kind.adapts), last, strict=True)
        ]
        self.spk_carry = self._zeros() if self.feeds and carries else None
        self.g_params: list[Tensor | None] = [None] * 5
        if self.learn:
            self.g_params = [None if p is None else self._zeros() for p in self.params[:5]]
        self.g_weight = self.g_bias = None

    def _zeros(self) -> Tensor:
        return rest(self.rec.mem[0])

    @cached_property
    def start(self) -> State:
        return self.given or _rest(self.rec.mem[0], self.model.kind)

    def run(self) -> None:
        """Walk all steps, the last one first."""
        if self.loops is None:
            self._walk_in_chunks()
        else:
            self._compiled_walk(self.loops)
        if self.feeds and (self.learn or self.learn_start):
            self._first_spike()
        if self.learn_weight and self.params.weight is not None:
            self._weights(self.params.weight)

    def _walk_in_chunks(self) -> None:
        for lo, hi in self._chunks():
            slopes = self._slopes(lo, hi)
            if not self.feeds:
                self._walk(lo, hi, slopes)
                continue
            for t in range(hi - 1, lo - 1, -1):
                self._walk(t, t + 1, slopes[t - lo : t - lo + 1])
                self._feed_back(t)

    def _chunks(self) -> list[tuple[int, int]]:
        """Return first step and end of stretches of time, the last one first."""
        chunk = max(1, CHUNK // max(1, self.rec.mem[0].numel()))
        return [(max(0, hi - chunk), hi) for hi in range(self.steps, 0, -chunk)]

    def of_params(self) -> list[Tensor | None]:
        """Return the derivatives by `Params`, each in the shape of its own."""
        grads = self.g_params
        if self.learn:
            pairs = zip(grads, self.params[:5], strict=True)
            grads = [None if g is None or p is None else g.sum_to_size(p.shape) for g, p in pairs]
        return [*grads, self.g_weight, self.g_bias]

    def _slopes(self, lo: int, hi: int) -> Tensor:
        ada = None if self.rec.ada is None else self.rec.ada[lo:hi]
        slopes = slope_of(self.model.spike_grad, _above(self.params, self.rec.mem[lo:hi], ada))
        return slopes.contiguous()

    @cached_property
    def _first_spk(self) -> Tensor:
        return _first_spikes(self.model, self.params, self.start)

    def _walk(self, lo: int, hi: int, slopes: Any) -> None:
        """Walk steps hi - 1 down to lo in torch operations; `_kernels.backward` does the same."""
        subtract, before, after = self.model.kind[3:6]
        beta, _, alpha, rho, k = cast("Any", self.params[:5])
        mem, syn, ada = self.carry
        g_spk = self.g_spk if self.g_spk is None else self.g_spk[lo:hi]
        if self.spk_carry is not None:
            g_spk = self.spk_carry[None] if g_spk is None else g_spk + self.spk_carry
        fire = torch.zeros_like(slopes) if g_spk is None else slopes * g_spk
        drive = fire if self.g_rec[0] is None else fire + self.g_rec[0][lo:hi]
        needs_spk = before or after or self.learn or rho is not None
        simple = not needs_spk and alpha is None
        first = self._first_spk if needs_spk and lo == 0 else None  # asks a function of the user's
        old_spk: Any = None
        back: Any = None  # what β hands on to the step before
        with torch.inference_mode():
            rows = zip(drive.unbind(0), self.g_cur[lo:hi].unbind(0), strict=True)
            for t, (own, g_cur) in reversed(list(enumerate(rows, lo))):
                if back is None:
                    g = torch.add(own, mem, out=g_cur)
                else:
                    g = torch.addcmul(own, back, beta, out=g_cur)
                if simple:
                    back = g
                    continue
                if needs_spk:
                    old_spk = self.spk[t - 1] if t > 0 else first
                if after:
                    g.mul_(1 - old_spk)
                back = g * (1 - old_spk) if before else g
                pay = g * old_spk if subtract and needs_spk else None
                if alpha is not None:
                    back = back.clone() if back is g else back
                    g_cur.add_(syn)
                    if self.g_rec[1] is not None:
                        g_cur.add_(self.g_rec[1][t])
                    torch.mul(g_cur, alpha, out=syn)
                g_ada = None
                if rho is not None:
                    g_ada = ada - k * fire[t - lo]
                    if self.g_rec[2] is not None:
                        g_ada += self.g_rec[2][t]
                    torch.mul(g_ada, rho, out=ada)
                    if pay is not None:
                        ada -= k * pay
                    torch.mul(g_ada, 1 - rho, out=self.spk_carry)
                if self.learn:
                    self._learn(t, old_spk, fire[t - lo], pay, back, g_cur, g_ada)
            torch.mul(back, beta, out=mem)

    def _learn(
        self, t: int, old_spk: Tensor, fire: Tensor, pay: Tensor | None,
        back: Tensor, g_syn: Tensor, g_ada: Tensor | None,
    ) -> None:  # fmt: skip
        """Add up the derivatives by the parameters."""
        g_beta, g_threshold, g_alpha, g_rho, g_adaptation = cast("Any", self.g_params)
        past = zip(self.rec, self.start, strict=True)
        old: Any = [s if r is None or t == 0 else r[t - 1] for r, s in past]
        g_beta.addcmul_(back, old[0])
        g_threshold.sub_(fire if pay is None else fire + pay)
        if g_alpha is not None:
            g_alpha.addcmul_(g_syn, old[1])
        if g_ada is not None and self.rec.ada is not None:
            g_rho.addcmul_(g_ada, old[2] - old_spk)
            g_adaptation.sub_(fire * self.rec.ada[t])
            if pay is not None:
                g_adaptation.sub_(pay * old[2])

    def _compiled_walk(self, loops: "_Loops") -> None:
        """Do as `_walk_in_chunks` does, in the compiled loops."""
        steps, size = self.steps, self.rec.mem.numel() // self.steps
        start = self.given and [_plain(part) for part in self.given]
        grads = [g if g is None else _rows(g) for g in (self.g_spk, *self.g_rec)]
        weight = _filled(cast("Tensor", self.params.weight)) if loops.matrix else None
        slopes, surrogate = None, loops.surrogate(self.model.spike_grad)
        if surrogate is None:
            surrogate, slopes = (None, 0.0), torch.empty_like(self.rec.mem)
            for lo, hi in self._chunks():
                slopes[lo:hi] = self._slopes(lo, hi)
        loops.backward(
            size, steps, _weight_at(weight, self.g_cur.shape[-1]),
            (self.feeds or None, self.learn or None), surrogate, _rows_at(slopes),
            loops.addresses(), _addresses(start, size), _addresses(self.rec, steps),
            _addresses((*self.carry, self.spk_carry), size), _addresses(self.g_params, size),
            tuple([_rows_at(g) for g in grads]), _rows_at(self.g_cur),
        )  # fmt: skip

    def _feed_back(self, t: int) -> None:
        """Hand the derivative by the recurrent current on to the spikes that made it."""
        weight, g, carry = self.params.weight, self.g_cur[t], self.spk_carry
        if weight is None or carry is None:
            return
        if weight.ndim == 2:  # as `feedback` does
            features = weight.shape[0]
            torch.mm(g.view(-1, features), weight, out=carry.view(-1, features))
        else:
            torch.mul(g, weight, out=carry)

    def _first_spike(self) -> None:
        """S[-1] follows from the state at the start: what it is handed belongs to that state."""
        adaptation: Any = self.params.adaptation
        x = _above(self.params, self.start.mem, self.start.ada)
        fire = slope_of(self.model.spike_grad, x) * cast("Any", self.spk_carry)
        self.carry[0].add_(fire)
        if self.params.rho is not None:
            self.carry[2].sub_(adaptation * fire)
        if self.learn:
            _, g_threshold, _, _, g_adaptation = cast("Any", self.g_params)
            g_threshold.sub_(fire)
            if g_adaptation is not None:
                g_adaptation.sub_(fire * cast("Any", self.start.ada))

    def _weights(self, weight: Tensor) -> None:
        """The weights saw S[t-1] and met g_cur[t]: one product for the whole sequence."""
        if weight.ndim != 2:
            g = (self.g_cur[1:] * self.spk[:-1]).sum(0) + self.g_cur[0] * self._first_spk
            self.g_weight = g.sum_to_size(weight.shape)
            return
        features = self.spk.shape[-1]
        g, spk = self.g_cur.reshape(-1, features), self.spk.reshape(-1, features)
        first = self._first_spk.reshape(-1, features)
        batch = first.shape[0]
        self.g_weight = g[batch:].T @ spk[: spk.shape[0] - batch] + g[:batch].T @ first
        self.g_bias = None if self.params.bias is None else g.sum(0)


# ---------------------------------------------------------------------------------------- helpers

_DENSE = torch.contiguous_format
_NOTHING = (None, None, None)
_NOWHERE = ((0, 0),) * 3


def _state(parts: Any) -> State | None:
    return None if parts[0] is None else State(*parts)


def _state_like(like: Tensor, kind: Kind, mem: Any, syn: Any, ada: Any) -> State:
    """Return room for those parts of a state that are wanted and that these neurons have."""
    return State(
        torch.empty_like(like) if mem else None,  # pyright: ignore[reportArgumentType]
        torch.empty_like(like) if syn and kind.synapse else None,
        torch.empty_like(like) if ada and kind.adapts else None,
    )


def _rest(cur: Tensor, kind: Kind) -> State:
    return State(rest(cur), rest(cur) if kind.synapse else None, rest(cur) if kind.adapts else None)


def _first_spikes(model: Model, params: Params, start: State) -> Tensor:
    """Return S[-1], the spikes that the state at the start stands for."""
    return model.spike_grad(_above(params, start.mem, start.ada)).detach()


def _above(params: Params, mem: Tensor, ada: Tensor | None) -> Tensor:
    """Return how far the membrane lies above the threshold in force, U - (θ + k A)."""
    if ada is None or params.adaptation is None:
        return mem - params.threshold
    return mem - (params.threshold + params.adaptation * ada)


class _Loops:
    """The compiled loops, and the numbers of the neurons as they want them."""

    def __init__(self, kernels: Any, kind: Kind, params: Params, cur: Tensor) -> None:
        weight = params.weight
        self.matrix = weight is not None and weight.ndim == 2
        own = None if self.matrix else weight
        self.kernels = kernels
        self.flags = *kind[3:], own is not None or None, self.matrix or None
        self.numbers = [None if p is None else _per_neuron(p, cur) for p in (*params[:5], own)]

    def addresses(self) -> tuple[tuple[int, int], ...]:
        """Return where the numbers are now: a parameter may move between two passes."""
        return tuple([(0, 0) if x is None else (x.data_ptr(), x.numel()) for x in self.numbers])

    def surrogate(self, spike_grad: Surrogate) -> tuple[Any, float] | None:
        """Return what tells the loops of a surrogate that they know, else None."""
        if spike_grad.name == "sigmoid":
            return None, spike_grad.slope
        shape = self.kernels.SHAPES.get(spike_grad.name)
        return None if shape is None else (shape(spike_grad.slope), 0.0)

    def forward(self, size: int, steps: int, weight: Any, *others: Any) -> bool:
        k = self.kernels
        return k.run(k.forward, size, steps, weight, *self.flags, *others)

    def backward(
        self, size: int, steps: int, weight: Any, flags: Any, surrogate: Any, *others: Any
    ) -> None:
        k = self.kernels
        k.run(k.backward, size, steps, weight, *self.flags, *flags, *surrogate, *others)


def _loops_for(model: Model, cur: Tensor, params: Params) -> _Loops | None:
    """Return the compiled loops where they apply, else None.

    They take spikes to be a Heaviside step, which a `Surrogate` promises, a subclass does not.
    """
    known = _is_float32_here(cur) and type(model.spike_grad) is Surrogate
    kernels = _load_kernels() if known else None
    weight = params.weight
    if kernels is None or (weight is not None and not _fits(kernels, weight, cur)):
        return None
    for number in params:
        if number is not None and not number.is_cpu:
            return None  # the loops would take its address for one here; torch says what is wrong
    return _Loops(kernels, model.kind, params, cur)


def _is_float32_here(x: Tensor) -> bool:
    """Tell whether the loops can read this memory."""
    return x.is_cpu and x.dtype == torch.float32


def _fits(kernels: Any, weight: Tensor, like: Tensor) -> bool:
    """Tell whether the loops take these weights: as a matrix, from all to all and not too many."""
    if weight.ndim != 2:
        return True
    features = like.shape[-1] if like.ndim else 0
    square = weight.shape == (features, features)  # else `linear` says what is wrong
    return square and 0 < features <= kernels.MIXED and _is_float32_here(weight)


@cache
def _load_kernels() -> ModuleType | None:
    try:
        from snnedu.core import _kernels  # numba takes a quarter of a second: only when first used
    except ImportError:
        return None
    except RuntimeError as error:  # numba finds no folder it may write to
        warnings.warn(
            f"snnedu runs without its compiled loops, slower. {error}. Set "
            f"NUMBA_CACHE_DIR to a folder that you may write to.",
            stacklevel=2,
        )
        return None
    return _kernels


def _graph_is_kept() -> bool:
    """Tell, during a backward pass, whether another may follow; if torch does not say, it may."""
    return _ASK is None or _ASK()


_ASK = getattr(getattr(torch._C, "_autograd", None), "_get_current_graph_task_keep_graph", None)

# The compiled loops take addresses of contiguous float32 memory; the tensors must outlive the call.


def _addresses(parts: Iterable[Tensor | None] | None, count: int) -> tuple[tuple[int, int], ...]:
    if parts is None:
        return _NOWHERE
    return tuple([(0, 0) if x is None else (x.data_ptr(), count) for x in parts])


def _filled(weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return weights as the loops want them: whole strides, four rows more, the bias in the first.

    What is filled up is zero.
    """
    neurons = len(weight)
    filled = weight.new_zeros(neurons + 4, -(-neurons // 64) * 64)
    filled[:neurons, :neurons] = weight
    if bias is not None:
        filled[neurons, :neurons] = bias
    return filled


def _weight_at(filled: Tensor | None, neurons: int) -> tuple[int, int, int]:
    return (0, 0, 0) if filled is None else (filled.data_ptr(), neurons, filled.shape[1])


def _rows_at(rows: Tensor | None) -> tuple[int, int]:
    return (0, 0) if rows is None else (rows.data_ptr(), rows.shape[0])


def _plain(part: Any) -> Any:
    return part if part is None or part.is_contiguous() else part.contiguous()


def _rows(rows: Tensor) -> Tensor:
    """Return contiguous rows; equal rows (stride 0 over time) become one, which stands for all."""
    return _plain(rows[:1] if rows.stride(0) == 0 else rows)


def _per_neuron(number: Tensor, cur: Tensor) -> Tensor:
    """Return one number for all, or one for each element of the state."""
    if number.dtype != cur.dtype:
        number = number.to(cur.dtype)
    return number if number.numel() == 1 else number.expand(cur.shape[1:]).contiguous()
