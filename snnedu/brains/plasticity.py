"""Synapses that learn from their own two neurons: Hebb's rule, STDP, and what keeps them in bounds.

    rule = STDP(a_plus=0.01, a_minus=0.012, tau_plus=20, tau_minus=20)       # times in ms
    weight, x, y = pair_step(weight, pre, post, x, y, dt=1.0, rule=rule)     # one step, any spikes
    weight = impose(weight, pre_rec, post_rec, rule)                         # many steps, compiled

    layer = Plastic(784, 100, rule, inhibition=10.0, theta_plus=0.05, total=78.0)
    spk_rec = layer.learn(x_rec)          # runs, and changes layer.weight: [time, batch, post]
    spk_rec = layer(x_rec)                # runs with the weights as they are

`pre` [pre] and `post` [post] are the spikes of one step, `weight` [post, pre] as in `nn.Linear`.
Each equation stands in its step function. A trace is a memory of a neuron's own spikes, which fades
with a time constant in ms. A pair n steps apart counts exp(-n dt/τ), without an error of the step.
Of two spikes in one step the presynaptic one counts as the earlier: in a layer it may have caused
the other. There are no gradients here.

The loops are in `_plasticity_loops.py`, for the CPU. Where numba is installed, it compiles them.
"""

import math
from types import ModuleType
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snnedu.core import _check

Weight = Float[Tensor, "post pre"]
Pre = Float[Tensor, " pre"]
Post = Float[Tensor, " post"]
Number = float | int


class STDP(NamedTuple):
    """The constants of a rule: pairs, and triplets where `a3_plus` or `a3_minus` is not 0.

    `a_plus`, `a_minus`, `a3_plus`, `a3_minus`: the change by one pair or triplet without delay, in
    units of the weight. `tau_plus`, `tau_minus`: how long a spike of the presynaptic, and of the
    postsynaptic, neuron is remembered for pairs, in ms; `tau_x`, `tau_y`: the same for triplets.
    `neighbors`: "all" spikes, or the "nearest" alone, make pairs. `mu`: 0 is additive, 1 is
    multiplicative, see `bounded`. `w_max`: the largest weight.
    """

    a_plus: Number = 0.01
    a_minus: Number = 0.0105
    tau_plus: Number = 20.0
    tau_minus: Number = 20.0
    a3_plus: Number = 0.0
    a3_minus: Number = 0.0
    tau_x: Number = 100.0
    tau_y: Number = 100.0
    neighbors: str = "all"
    mu: Number = 0.0
    w_max: Number = 1.0


# Fitted to pairings in visual cortex, all-to-all, minimal model: Pfister and Gerstner 2006.
VISUAL_CORTEX = STDP(
    a_plus=0.0, a_minus=7.1e-3, tau_plus=16.8, tau_minus=33.7,
    a3_plus=6.5e-3, a3_minus=0.0, tau_x=101.0, tau_y=114.0,  # τ_x plays no part where A3- is 0
)  # fmt: skip


# --- equations: one step ----------------------------------------------------------------------


def hebb_step(weight: Weight, pre: Pre, post: Post, *, lr: Number) -> Weight:
    """Advance Hebb's rule one step; return `weight`.

        w_ij[t] = w_ij[t-1] + η v_i[t] u_j[t]

    `pre` (u) and `post` (v) are rates or spikes of one step, `lr` (η) is in units of the weight.
    Nothing ever falls: weights grow without bound.
    Source: Hebb 1949, The Organization of Behavior, in words; doi:10.4324/9781410612403 (reprint).
    """
    _check_step("hebb_step", weight, pre, post)
    return weight + lr * torch.outer(post, pre)


def covariance_step(
    weight: Weight, pre: Pre, post: Post, pre_mean: Pre, post_mean: Post, *,
    lr: Number, decay: Number,
) -> tuple[Weight, Pre, Post]:  # fmt: skip
    """Advance the covariance rule one step; return `weight, pre_mean, post_mean`.

        w_ij[t] = w_ij[t-1] + η (v_i[t] - V_i[t-1]) (u_j[t] - U_j[t-1])
        U[t] = d U[t-1] + (1 - d) u[t]                   and V in the same way

    U and V are running means; `decay` (d) is the share of the old one that is left after a step.
    Weights grow where both are active together more often than by chance, and fall where they are
    less often. They have no bounds, either.
    Source: Sejnowski 1977, doi:10.1007/BF00275079.
    """
    _check_step("covariance_step", weight, pre, post)
    _check_traces("covariance_step", pre, pre_mean, post, post_mean)
    _check.fraction("decay", decay)
    weight = weight + lr * torch.outer(post - post_mean, pre - pre_mean)
    return weight, pre_mean.lerp(pre, 1 - decay), post_mean.lerp(post, 1 - decay)


def fade(trace: Tensor, *, dt: Number, tau: Number) -> Tensor:
    """Return a trace one step later: x exp(-dt/τ), with `dt` and `tau` in ms."""
    return trace * math.exp(-dt / tau)


def bump(trace: Tensor, spk: Tensor, *, neighbors: str) -> Tensor:
    """Return a trace with this step's spikes: "all" add up, or the "nearest" alone counts, as 1."""
    return trace + spk if neighbors == "all" else torch.where(spk > 0, 1.0, trace)


def pair_step(
    weight: Weight, pre: Pre, post: Post, x: Pre, y: Post, *, dt: Number, rule: STDP
) -> tuple[Weight, Pre, Post]:
    """Advance pair STDP one step; return `weight, x, y`.

        x_j[t] = x_j[t-1] exp(-dt/τ+) + S_j[t]      or 1 at a spike, if only the nearest count
        y = y_i[t-1] exp(-dt/τ-)                    the neuron's spikes before this step
        w_ij[t] = bounded(w_ij[t-1], up = A+ x_j[t] S_i[t], down = A- y S_j[t])
        y_i[t] = y + S_i[t]

    S_j (`pre`) and S_i (`post`) are the spikes of this step, 0 or 1. One pair of spikes, the
    postsynaptic one Δt ms after the other, changes a weight by A+ exp(-Δt/τ+), or, if it comes
    first (Δt < 0), by -A- exp(Δt/τ-).
    Raises ValueError where shapes disagree, and for constants outside their range.
    Source: Song, Miller and Abbott 2000, doi:10.1038/78829; traces: Morrison et al. 2008,
    doi:10.1007/s00422-008-0233-1.
    """
    _check_step("pair_step", weight, pre, post)
    _check_traces("pair_step", pre, x, post, y)
    _check_rule(rule, dt)
    x, y = fade(x, dt=dt, tau=rule.tau_plus), fade(y, dt=dt, tau=rule.tau_minus)
    x = bump(x, pre, neighbors=rule.neighbors)
    up, down = rule.a_plus * torch.outer(post, x), rule.a_minus * torch.outer(y, pre)
    weight = bounded(weight, up, down, mu=rule.mu, w_max=rule.w_max)
    return weight, x, bump(y, post, neighbors=rule.neighbors)


def triplet_step(
    weight: Weight, pre: Pre, post: Post, x: Pre, y: Post, x_slow: Pre, y_slow: Post, *,
    dt: Number, rule: STDP,
) -> tuple[Weight, Pre, Post, Pre, Post]:  # fmt: skip
    """Advance triplet STDP one step; return `weight, x, y, x_slow, y_slow`.

        w_ij[t] = bounded(w_ij[t-1], up, down)
        up   = S_i[t] x_j[t] (A+ + A3+ y_slow)      a postsynaptic spike after a pre, after a post
        down = S_j[t] y (A- + A3- x_slow)           a presynaptic spike after a post, after a pre

    The slow traces fade with τ_x and τ_y, and hold the spikes before this step; all else is as in
    `pair_step`, which this is where A3+ and A3- are 0. A spike that follows another soon counts
    more: so rates matter, too.
    Raises ValueError where shapes disagree, and for constants outside their range.
    Source: Pfister and Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006 (their r1, o1, r2, o2).
    """
    _check_step("triplet_step", weight, pre, post)
    _check_traces("triplet_step", pre, x, post, y)
    _check_traces("triplet_step", pre, x_slow, post, y_slow)
    _check_rule(rule, dt)
    x, y = fade(x, dt=dt, tau=rule.tau_plus), fade(y, dt=dt, tau=rule.tau_minus)
    x_slow, y_slow = fade(x_slow, dt=dt, tau=rule.tau_x), fade(y_slow, dt=dt, tau=rule.tau_y)
    x = bump(x, pre, neighbors=rule.neighbors)
    up = torch.outer(post * (rule.a_plus + rule.a3_plus * y_slow), x)
    down = torch.outer(y, pre * (rule.a_minus + rule.a3_minus * x_slow))
    weight = bounded(weight, up, down, mu=rule.mu, w_max=rule.w_max)
    x_slow = bump(x_slow, pre, neighbors=rule.neighbors)
    y, y_slow = (bump(trace, post, neighbors=rule.neighbors) for trace in (y, y_slow))
    return weight, x, y, x_slow, y_slow


def bounded(weight: Weight, up: Weight, down: Weight, *, mu: Number, w_max: Number) -> Weight:
    """Return weights moved `up` and `down`, as far as their size lets them.

        w = w + up (1 - w/w_max)^μ - down (w/w_max)^μ,      then cut to [0, w_max]

    `mu` (μ) = 0: additive, each change counts fully, until a bound stops it. μ = 1: multiplicative,
    a large weight grows little and falls much. `up` and `down` are 0 or more.
    Source: Gütig et al. 2003, doi:10.1523/JNEUROSCI.23-09-03697.2003.
    """
    share = weight / w_max
    return (weight + up * (1 - share) ** mu - down * share**mu).clamp(0, w_max)


def homeostasis_step(theta: Post, post: Post, *, decay: Number, plus: Number) -> Post:
    """Advance the extra thresholds one step; return `theta`. Spikes raise them, and they fade.

        θ_i[t] = d θ_i[t-1] + θ+ S_i[t]

    `decay` (d) is what is left after a step, `plus` (θ+) what a spike adds, in units of the
    threshold. In the long run θ follows the rate: its mean is θ+ rate/(1 - d).
    Source: Diehl and Cook 2015, doi:10.3389/fncom.2015.00099.
    """
    _check.same_shape("homeostasis_step(theta, post)", theta, post, "Both are [post].")
    _check.fraction("decay", decay)
    return decay * theta + plus * post


def normalize(weight: Weight, total: Number) -> Weight:
    """Return weights scaled so that those into each neuron sum to `total`; zeros stay zeros.

    What one synapse gains, its neighbors lose.
    Source: von der Malsburg 1973, doi:10.1007/BF00288907.
    """
    _check.positive("total", total)
    held = weight.sum(1, keepdim=True)
    return torch.where(held > 0, weight * (total / held), weight)


# --- many steps -------------------------------------------------------------------------------


def impose(
    weight: Weight,
    pre_rec: Float[Tensor, "time pre"],
    post_rec: Float[Tensor, "time post"],
    rule: STDP,
    *,
    dt: Number = 1.0,
) -> Weight:
    """Return the weights after given spikes of both sides: many `triplet_step`s from rest.

    `dt` is the length of a step in ms. Membranes play no part: this is the experiment in which an
    electrode makes both neurons fire.
    Raises ValueError where shapes disagree, for weights outside [0, w_max], and for constants
    outside their range; TypeError for integers.
    """
    _check.time_first("pre_rec", pre_rec, at_least=2)
    _check.time_first("post_rec", post_rec, at_least=2)
    _check_step("impose", weight, pre_rec[0], post_rec[0])
    if len(pre_rec) != len(post_rec):
        raise ValueError(
            f"`impose` needs as many steps of `pre_rec` as of `post_rec`. Received {len(pre_rec)} "
            f"and {len(post_rec)}. Cut the longer one."
        )
    _check_rule(rule, dt)
    _check_weight(weight, rule)
    learned = weight.detach().cpu().clone(memory_format=torch.contiguous_format)
    pre, post = (_array(rec.to(learned.dtype)) for rec in (pre_rec, post_rec))
    _loops().impose(pre, post, learned.numpy(), _numbers(rule, dt))
    return learned.to(weight.device)


class Plastic(nn.Module):
    """Leaky neurons behind synapses that learn by STDP while they run; no gradients.

        U_i[t] = β (1 - S_i[t-1]) U_i[t-1] + Σ_j w_ij S_j[t] - g Σ_(k≠i) S_k[t-1]
        S_i[t] = 1 if U_i[t] > θ + θ_i else 0

    Each neuron has an inhibitory partner, which fires one step after it and lowers all others by
    g (`inhibition`). θ_i is the extra threshold of `homeostasis_step`, with `theta_plus` and the
    time constant `theta_tau` in ms; `total` is that of `normalize`, after each sample: weights are
    then cut at w_max, so a sum may fall short. The defaults leave all three out. `beta` (β) is per
    step, `dt` is its length in ms.

    `weight` [post, pre] starts between 0 and `start` times `w_max`, drawn with `seed`; `theta`
    [post] at 0. Set both as you like; they are buffers, so `state_dict` keeps them.
    Raises ValueError for constants outside their range.
    Source: Diehl and Cook 2015, doi:10.3389/fncom.2015.00099, with currents for conductances.
    """

    weight: Tensor
    theta: Tensor

    def __init__(
        self, inputs: int, outputs: int, rule: STDP, *, beta: Number = 0.9,
        threshold: Number = 1.0, inhibition: Number = 0.0, theta_plus: Number = 0.0,
        theta_tau: Number = math.inf, total: Number | None = None, dt: Number = 1.0,
        start: Number = 0.3, seed: int | torch.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        _check.count("inputs", inputs)
        _check.count("outputs", outputs)
        self.rule, self.dt, self.beta, self.threshold = rule, dt, beta, threshold
        self.inhibition, self.theta_plus, self.theta_tau = inhibition, theta_plus, theta_tau
        self.total = total
        self._check_numbers()
        _check.between("start", start, 0, 1, "It is a share of w_max.")
        draw = torch.Generator().manual_seed(seed) if isinstance(seed, int) else seed
        drawn = torch.rand(outputs, inputs, generator=draw)
        self.register_buffer("weight", start * rule.w_max * drawn)
        self.register_buffer("theta", torch.zeros(outputs))
        if total is not None:
            self.weight = normalize(self.weight, total).clamp(max=rule.w_max)

    def forward(self, x_rec: Float[Tensor, "time batch pre"]) -> Float[Tensor, "time batch post"]:
        """Run, and change nothing; return the spikes. Each sample starts from rest.

        `x_rec` holds spikes, 0 or 1. Raises TypeError and ValueError as all layers do.
        """
        return self._run(x_rec, learns=False)

    def learn(self, x_rec: Float[Tensor, "time batch pre"]) -> Float[Tensor, "time batch post"]:
        """Run, and learn: `weight` and `theta` change with each step; return the spikes.

        The samples are shown one after the other, in the order of the batch, each from rest.
        """
        return self._run(x_rec, learns=True)

    def extra_repr(self) -> str:
        """Show the sizes, and what is switched on."""
        outputs, inputs = self.weight.shape
        names = ("beta", "threshold", "inhibition", "theta_plus", "total")
        given = ((name, getattr(self, name)) for name in names)
        return ", ".join([f"{inputs}, {outputs}", *(f"{k}={v:g}" for k, v in given if v)])

    def _run(self, x_rec: Tensor, learns: bool) -> Tensor:
        _check.time_first("x_rec", x_rec, at_least=3)
        if x_rec.shape[2:] != self.weight.shape[1:]:
            raise ValueError(
                f"`x_rec` must be [time, batch, {self.weight.shape[1]}]. Received "
                f"{tuple(x_rec.shape)}. Flatten the features of a sample to one axis."
            )
        self._check_numbers()
        _check_weight(self.weight, self.rule)
        x = _array(x_rec.to(self.weight.dtype))
        spk = torch.empty(*x_rec.shape[:2], len(self.weight), dtype=self.weight.dtype)
        fades = math.exp(-self.dt / self.theta_tau)
        neuron = (self.beta, self.threshold, self.inhibition, fades, self.theta_plus)
        neuron = *map(float, neuron), float(self.total or 0)
        weight, theta = _array(self.weight), _array(self.theta)
        _loops().present(
            x, weight, theta, spk.numpy(), neuron, _numbers(self.rule, self.dt), learns
        )
        if learns:  # the arrays are copies where a buffer is transposed, or on a GPU
            self.weight.copy_(torch.from_numpy(weight))
            self.theta.copy_(torch.from_numpy(theta))
        return spk.to(x_rec.device)

    def _check_numbers(self) -> None:
        _check_rule(self.rule, self.dt)
        _check.fraction("beta", self.beta)
        _check.positive("threshold", self.threshold)
        for name in ("inhibition", "theta_plus"):
            _check.between(name, getattr(self, name), 0, 1e6, "0 switches it off.")
        if self.theta_tau != math.inf:
            _check.positive("theta_tau", self.theta_tau)
        if self.total is not None:
            _check.positive("total", self.total)


# --- checks, and the way to the loops ---------------------------------------------------------


def _check_step(call: str, weight: Tensor, pre: Tensor, post: Tensor) -> None:
    for name, value in {"weight": weight, "pre": pre, "post": post}.items():
        _check.floating(name, value)
    if weight.shape != (*post.shape, *pre.shape) or weight.ndim != 2:
        raise ValueError(
            f"`{call}` needs `weight` [post, pre] for the spikes `pre` [pre] and `post` [post] of "
            f"one step. Received {tuple(weight.shape)}, {tuple(pre.shape)} and "
            f"{tuple(post.shape)}. Transpose the weights, or swap the two sides."
        )


def _check_traces(call: str, pre: Tensor, x: Tensor, post: Tensor, y: Tensor) -> None:
    fix = "At the start pass zeros."
    _check.same_shape(f"{call}: a trace of pre", pre, x, fix)
    _check.same_shape(f"{call}: a trace of post", post, y, fix)


def _check_rule(rule: STDP, dt: Number) -> None:
    for name in ("a_plus", "a_minus", "a3_plus", "a3_minus"):
        _check.between(name, getattr(rule, name), 0, 1e6, "`up` and `down` have their signs.")
    for name in ("tau_plus", "tau_minus", "tau_x", "tau_y", "w_max"):
        _check.positive(name, getattr(rule, name))
    _check.positive("dt", dt)
    _check.fraction("mu", rule.mu)
    _check.one_of("neighbors", rule.neighbors, ("all", "nearest"))


def _check_weight(weight: Tensor, rule: STDP) -> None:
    _check.between("weight", weight, 0, rule.w_max, "Clamp them, or raise `w_max`.")


def _numbers(rule: STDP, dt: Number) -> tuple[Any, ...]:
    """Return the rule as the loops want it: amplitudes, decays of a step, and bounds."""
    sizes = rule.a_plus, rule.a_minus, rule.a3_plus, rule.a3_minus
    taus = rule.tau_plus, rule.tau_minus, rule.tau_x, rule.tau_y
    fades = (math.exp(-dt / tau) for tau in taus)
    nearest = rule.neighbors == "nearest"
    return *map(float, sizes), *fades, nearest, float(rule.mu), float(rule.w_max)


def _array(values: Tensor) -> Any:
    return values.detach().cpu().contiguous().numpy()


def _loops() -> ModuleType:
    from snnedu.brains import _plasticity_loops

    return _plasticity_loops
