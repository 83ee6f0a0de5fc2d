"""A whole sequence as one autograd node, for every neuron that is a leaky integrator.

PyTorch's autograd, given a loop over time, notes some ten operations a step, and that book-keeping costs
far more than the arithmetic. Here one node covers all steps. It keeps the states only; its backward
pass is the equation below, differentiated by hand and walked from the last step to the first.

    X[t] = α X[t-1] + I[t] + W S[t-1]                 synapse (without one X = I), recurrent weights
    A[t] = ρ A[t-1] + (1 - ρ) S[t-1]                  adaptation (without any k = 0)
    U[t] = β U[t-1] + X[t] - (θ + k A[t-1]) S[t-1]    or another reset
    S[t] = 1 if U[t] > θ + k A[t] else 0

The forward pass calls the layer's own step or, for float32 on the CPU where numba is installed, the
compiled loops of `_kernels.py`, which compute the same numbers.
"""

from collections.abc import Callable
from functools import cache, partial
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from snnedu.surrogate import Surrogate, slope_of

CHUNK = 1 << 17  # this many slopes are computed at once: few enough to stay in the cache


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


class Model(NamedTuple):
    """What a sequence needs besides numbers and state."""

    step: Callable[..., tuple[Tensor, ...]]  # cur, *state -> spk, *state
    state_names: tuple[str, ...]  # the order of the state in `step`
    reset: tuple[bool, bool, bool]  # subtract; zero U[t-1]; zero U[t]
    spike_grad: Callable[[Tensor], Tensor]
    record: bool


def unroll(model: Model, cur: Tensor, params: Params, state: State) -> tuple[Tensor, State]:
    """Return the spikes and the recorded state or, with `model.record` off, the last state."""
    leaves = (cur, *params, *state)
    if torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in leaves):
        spk, *states = _Node.apply(model, *leaves)  # pyright: ignore[reportGeneralTypeIssues]
        return spk, State(*states)
    with torch.no_grad():
        spk, now, rec = _forward(model, cur, params, state, keep=(model.record,) * 3)
    return spk, rec if model.record else now


def feedback(spk: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return the recurrent current W S: all-to-all for a matrix W, else one-to-one."""
    return linear(spk, weight, bias) if weight.ndim == 2 else weight * spk


class _Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, model: Model, cur: Tensor, *rest: Tensor) -> tuple[Tensor | None, ...]:
        params, state = Params(*rest[:-3]), State(*rest[-3:])
        # The backward pass needs U and A, and X where alpha is learned.
        keep = (True, model.record or ctx.needs_input_grad[4], True)
        spk, now, rec = _forward(model, cur, params, state, keep)
        ctx.model = model
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(spk, *params, *state, *rec)
        return spk, *(rec if model.record else now)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g_spk: Tensor | None, *g_state: Tensor | None) -> tuple[Any, ...]:
        spk, *saved = ctx.saved_tensors
        params, start, rec = Params(*saved[:-6]), State(*saved[-6:-3]), State(*saved[-3:])
        learn = any(ctx.needs_input_grad[2:-3])
        back = _Backward(ctx.model, spk, params, start, rec, g_spk, g_state, learn)
        back.run()
        return None, back.g_cur, *back.of_params(), *back.carry


# ---------------------------------------------------------------------------------------- forward


def _forward(
    model: Model, cur: Tensor, params: Params, state: State, keep: tuple[bool, ...]
) -> tuple[Tensor, State, State]:
    """Return spikes, last state, and recordings of those parts of the state that `keep` names."""
    spk = torch.empty_like(cur, memory_format=torch.contiguous_format)
    wanted = zip(state, keep, strict=True)
    rec = State(*(s if s is None else spk.new_empty(len(cur) * k, *s.shape) for s, k in wanted))  # pyright: ignore[reportArgumentType]
    kernels = _kernels_for(model, cur)
    if kernels is None:
        return spk, _steps(model, cur, spk, state, rec), rec
    now = State(*(s if s is None else torch.empty_like(spk[0]).copy_(s) for s in state))  # pyright: ignore[reportArgumentType]
    _compiled_steps(kernels, model, cur, spk, params, now, rec)
    return spk, now, rec


def _steps(model: Model, cur: Tensor, spk: Tensor, state: State, rec: State) -> State:
    """Call the layer's own step, without autograd's book-keeping."""
    now = [getattr(state, name) for name in model.state_names]
    kept = [(i, getattr(rec, name).unbind(0)) for i, name in enumerate(model.state_names)]
    kept = [(i, rows) for i, rows in kept if rows]
    known = isinstance(model.spike_grad, Surrogate)
    step = partial(model.step, spike_grad=_heaviside if known else model.spike_grad)
    for t, (cur_t, spk_t) in enumerate(zip(cur.unbind(0), spk.unbind(0), strict=True)):
        new_spk, *now = step(cur_t, *now)
        spk_t.copy_(new_spk)
        for i, rows in kept:
            rows[t].copy_(now[i])
    return State(**dict(zip(model.state_names, now, strict=True)))


def _compiled_steps(
    kernels: ModuleType, model: Model, cur: Tensor, spk: Tensor, params: Params,
    now: State, rec: State,
) -> None:  # fmt: skip
    steps, size = len(spk), spk[0].numel()
    beta, threshold, alpha, rho, adaptation = (_flat(p, spk[0]) for p in params[:5])
    mem, syn, ada = (_flat(s, spk[0]) for s in now)
    mem_rec, syn_rec, ada_rec = (_rows(r, size) for r in rec)
    reset = kernels.numbers(model.reset)
    rest = (_rows(spk, size), beta, threshold, mem, mem_rec,
            alpha, syn, syn_rec, rho, adaptation, ada, ada_rec)  # fmt: skip
    if params.weight is None:
        kernels.run("forward", steps, size, 0, steps, reset, _rows(cur, size), *rest)
        return
    last, drive = _first_spikes(model, params, now), torch.empty_like(spk[:1])
    for t in range(steps):
        torch.add(cur[t], feedback(last, params.weight, params.bias), out=drive[0])
        kernels.run("forward", 1, size, t, t + 1, reset, _rows(drive, size), *rest)
        last = spk[t]


# --------------------------------------------------------------------------------------- backward


class _Backward:
    """The backward pass: `run`, then read `g_cur`, `of_params()` and, for the state, `carry`.

    g_... is the derivative of the loss by ...; `carry` is what one step hands to the step before it.
    """

    def __init__(
        self, model: Model, spk: Tensor, params: Params, start: State, rec: State,
        g_spk: Tensor | None, g_state: tuple[Tensor | None, ...], learn: bool,
    ) -> None:  # fmt: skip
        self.model, self.spk, self.params, self.start, self.rec = model, spk, params, start, rec
        self.learn, self.kernels = learn, _kernels_for(model, spk)
        self.first_spk = _first_spikes(model, params, start)
        zero = torch.zeros_like(spk[0])
        last: tuple[Tensor | None, ...] = (None,) * 3 if model.record else g_state
        self.carry = State(*(
            s if s is None else zero.clone() if g is None else zero + g
            for s, g in zip(start, last, strict=True)
        ))  # pyright: ignore[reportArgumentType]  # fmt: skip
        self.g_rec = [zero[None] if g is None or not model.record else g for g in g_state]
        self.g_spk = zero[None] if g_spk is None else g_spk
        self.g_cur = torch.empty_like(spk)
        self.spk_carry = zero.clone()
        self.g_params = [None if p is None else zero.clone() if learn else zero for p in params[:5]]
        self.g_weight = self.g_bias = None

    def run(self) -> None:
        """Walk all steps, the last one first."""
        steps, size = len(self.spk), self.spk[0].numel()
        walk = self._walk if self.kernels is None else self._compiled_walk(self.kernels)
        known = self.kernels is not None and self.model.spike_grad.name in self.kernels.SURROGATES  # pyright: ignore
        # Steps that hand something to the spikes before them must be taken one at a time.
        single = self.params.weight is not None or (
            self.kernels is None and self.params.rho is not None
        )
        chunk = steps if known else max(1, CHUNK // size)
        for hi in range(steps, 0, -chunk):
            lo = max(0, hi - chunk)
            slopes = self.spk[:0] if known else self._slopes(lo, hi)
            if not single:
                walk(lo, hi, slopes)
                continue
            for t in range(hi - 1, lo - 1, -1):
                walk(t, t + 1, slopes[t - lo : t - lo + 1])
                self._feed_back(t)
        self._first_spike()
        if self.learn and self.params.weight is not None:
            self._weights()

    def of_params(self) -> list[Tensor | None]:
        """Return the derivatives by `Params`, each in the shape of its own."""
        if not self.learn:
            return [None] * len(self.params)
        full = zip(self.g_params, self.params[:5], strict=True)
        grads = [None if g is None or p is None else g.sum_to_size(p.shape) for g, p in full]
        return [*grads, self.g_weight, self.g_bias]

    def _slopes(self, lo: int, hi: int) -> Tensor:
        ada = None if self.rec.ada is None else self.rec.ada[lo:hi]
        return slope_of(self.model.spike_grad, _above(self.params, self.rec.mem[lo:hi], ada))

    def _walk(self, lo: int, hi: int, slopes: Tensor) -> None:
        """Walk steps hi - 1 down to lo in torch operations; `_kernels.backward` does the same."""
        subtract, before, after = self.model.reset
        beta, alpha, rho = self.params.beta, self.params.alpha, self.params.rho
        mem, syn, ada = self.carry
        fire = (_at(self.g_spk, lo, hi) + self.spk_carry) * slopes
        drive = fire + _at(self.g_rec[0], lo, hi)
        for t in range(hi - 1, lo - 1, -1):
            old_spk = self.spk[t - 1] if t > 0 else self.first_spk
            g = drive[t - lo].add_(mem)
            if after:
                g = g * (1 - old_spk)
            back = g * (1 - old_spk) if before else g
            torch.mul(back, beta, out=mem)
            g_cur = g
            if alpha is not None and syn is not None:
                g_cur = g + _at(self.g_rec[1], t, t + 1)[0] + syn
                torch.mul(g_cur, alpha, out=syn)
            self.g_cur[t] = g_cur
            pay = g * old_spk if subtract else None
            g_ada = None
            if rho is not None and ada is not None:
                k = self.params.adaptation
                assert k is not None
                g_ada = _at(self.g_rec[2], t, t + 1)[0] + ada - k * fire[t - lo]
                torch.mul(g_ada, rho, out=ada)
                if pay is not None:
                    ada.sub_(k * pay)
                torch.mul(g_ada, 1 - rho, out=self.spk_carry)
            if self.learn:
                self._learn(t, old_spk, fire[t - lo], pay, back, g_cur, g_ada)

    def _learn(
        self, t: int, old_spk: Tensor, fire: Tensor, pay: Tensor | None,
        back: Tensor, g_syn: Tensor, g_ada: Tensor | None,
    ) -> None:  # fmt: skip
        """Add up the derivatives by the parameters."""
        g_beta, g_threshold, g_alpha, g_rho, g_adaptation = self.g_params
        past = zip(self.rec, self.start, strict=True)
        # An empty recording was not needed: its entry is then not read either.
        old = [r[t - 1] if r is not None and t > 0 and len(r) else s for r, s in past]
        lost = fire if pay is None else fire + pay
        g_beta.addcmul_(back, old[0])
        g_threshold.sub_(lost)
        if g_alpha is not None and len(self.rec.syn):
            g_alpha.addcmul_(g_syn, old[1])
        if g_ada is not None:
            g_rho.addcmul_(g_ada, old[2] - old_spk)
            g_adaptation.sub_(fire * self.rec.ada[t])
            if pay is not None:
                g_adaptation.sub_(pay * old[2])

    def _compiled_walk(self, kernels: ModuleType) -> Callable[[int, int, Tensor], None]:
        size, one = self.spk[0].numel(), self.spk[0]
        beta, threshold, alpha, rho, adaptation = (_flat(p, one) for p in self.params[:5])
        mem0, syn0, ada0 = (_flat(s, one) for s in self.start)
        mem_rec, syn_rec, ada_rec = (_rows(r, size) for r in self.rec)
        g_mem, g_syn, g_ada = (_rows(g, size) for g in self.g_rec)
        mem, syn, ada = (_flat(c, one) for c in self.carry)
        g_beta, g_threshold, g_alpha, g_rho, g_adaptation = (_flat(g, one) for g in self.g_params)
        name, slope = self.model.spike_grad.name, self.model.spike_grad.slope  # pyright: ignore
        surrogate = kernels.SURROGATES.get(name, -1)
        before = (kernels.numbers(self.model.reset), surrogate, kernels.numbers(slope)[()])
        after = (
            self.learn, _rows(self.g_cur, size), _rows(self.g_spk, size),
            _flat(self.spk_carry, one), beta, threshold, mem0, mem_rec, g_mem, mem, g_beta,
            g_threshold, alpha, syn0, syn_rec, g_syn, syn, g_alpha,
            rho, adaptation, ada0, ada_rec, g_ada, ada, g_rho, g_adaptation,
        )  # fmt: skip

        def walk(lo: int, hi: int, slopes: Tensor) -> None:
            rows = _rows(slopes, size)
            kernels.run("backward", hi - lo, size, lo, hi, *before, rows, *after)

        return walk

    def _feed_back(self, t: int) -> None:
        """Hand the derivative by the recurrent current on to the spikes that made it."""
        weight = self.params.weight
        if weight is None:
            return
        back = self.g_cur[t] @ weight if weight.ndim == 2 else self.g_cur[t] * weight
        if self.params.rho is None:
            self.spk_carry.copy_(back)
        else:
            self.spk_carry.add_(back)

    def _first_spike(self) -> None:
        """S[-1] follows from the state at the start, so what it is handed belongs to that state."""
        if self.params.weight is None and self.params.rho is None:
            return
        x = _above(self.params, self.start.mem, self.start.ada)
        fire = self.spk_carry * slope_of(self.model.spike_grad, x)
        self.carry.mem.add_(fire)
        if self.learn:
            self.g_params[1].sub_(fire)
        if self.carry.ada is not None:
            self.carry.ada.sub_(self.params.adaptation * fire)
            if self.learn:
                self.g_params[4].sub_(fire * self.start.ada)

    def _weights(self) -> None:
        """The recurrent weights saw S[t-1] and got g_cur[t]: one product for the whole sequence."""
        weight, n = self.params.weight, self.spk.shape[-1]
        if weight.ndim == 2:
            g, spk = self.g_cur.reshape(-1, n), self.spk.reshape(-1, n)
            first = self.first_spk.reshape(-1, n)
            b = len(first)
            self.g_weight = g[b:].T @ spk[: len(spk) - b] + g[:b].T @ first
            self.g_bias = None if self.params.bias is None else g.sum(0)
        else:
            g = (self.g_cur[1:] * self.spk[:-1]).sum(0) + self.g_cur[0] * self.first_spk
            self.g_weight = g.sum_to_size(weight.shape)


# ----------------------------------------------------------------------------------------- helpers


def _heaviside(x: Tensor) -> Tensor:
    return (x > 0).to(x.dtype)


def _first_spikes(model: Model, params: Params, start: State) -> Tensor:
    """Return S[-1], the spikes that the state at the start stands for."""
    return model.spike_grad(_above(params, start.mem, start.ada)).detach()


def _above(params: Params, mem: Tensor, ada: Tensor | None) -> Tensor:
    """Return how far the membrane lies above the threshold in force, U - (θ + k A)."""
    if ada is None or params.adaptation is None:
        return mem - params.threshold
    return mem - (params.threshold + params.adaptation * ada)


def _at(rows: Tensor, lo: int, hi: int) -> Tensor:
    """Return rows lo..hi of a derivative; a single row stands for all."""
    return rows if len(rows) == 1 else rows[lo:hi]


def _kernels_for(model: Model, cur: Tensor) -> ModuleType | None:
    """Return the compiled loops where they apply, else None.

    They take a surrogate's forward pass to be the Heaviside step, which only a `Surrogate` promises.
    """
    if cur.dtype != torch.float32 or not cur.device.type == "cpu":
        return None
    return _load_kernels() if isinstance(model.spike_grad, Surrogate) else None


@cache
def _load_kernels() -> ModuleType | None:
    try:
        from snnedu import _kernels  # numba takes a quarter of a second: only when first used
    except ImportError:
        return None
    return _kernels


def _flat(value: Tensor | None, like: Tensor) -> Any:
    """Return one number a neuron as a numpy vector that shares memory where it can."""
    if value is None:
        return None
    return value.detach().to(like.dtype).expand_as(like).reshape(-1).numpy()


def _rows(value: Tensor | None, size: int) -> Any:
    """Return [time, neurons] as a numpy array; equal rows (stride 0 over time) stay one row."""
    if value is None:
        return None
    if len(value) > 1 and value.stride(0) == 0:
        value = value[:1]
    return value.detach().reshape(len(value), size).numpy()
