"""Exercises of 16 · Online learning: a trace, a step of RTRL, and the term that e-prop drops."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

import snnedu as snn
from snnedu.course.attempt import Attempt
from snnedu.course.diagnosis import ByShape, refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_traces(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    """Return the eligibility trace of each synapse at each step, [time, neurons, inputs]."""
    u, traces = torch.zeros(x_rec.shape[1]), []
    for x, h in zip(x_rec, h_rec, strict=True):
        u = beta * u + x
        traces.append(h[:, None] * u)
    return torch.stack(traces)


def my_rtrl(p: Tensor, s: Tensor, h: Tensor, V: Tensor, beta: float) -> Tensor:
    """Return p of this step: p[j, k, i] says how the weight to k from i moves U of neuron j."""
    own = torch.eye(len(h))[:, :, None] * s
    others = torch.einsum("jl,lki->jki", V, h[:, None, None] * p)
    return beta * p + own + others


def my_cut(
    x_rec: Tensor, weight: Tensor, V: Tensor, beta: float, spike_grad: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the spikes [time, neurons]; their gradient is that of e-prop."""
    mem = spk = torch.zeros(len(V))
    spk_rec = []
    for x in x_rec:
        mem = beta * mem + weight @ x + V @ spk.detach() - spk.detach()
        spk = spike_grad(mem - 1)
        spk_rec.append(spk)
    return torch.stack(spk_rec)


# --------------------------------------------------------------------------------------- 16.1

NO_PAST = "Your trace knows only the input of its own step. The membrane still holds a part of earlier inputs: carry u on."
SLOPE_INSIDE = "You filter h x together, so each input keeps the slope of the step at which it came. The slope that counts is that of the step at which the neuron may fire: multiply by h after the filter."
NO_DECAY = "Your u only grows. The membrane leaks, so an old input moves it less and less: multiply by β at each step."
ONE_LATE = (
    "Your trace is one step late: update u with the input of this step first, then multiply by h."
)
AVERAGED = "Your input is multiplied by 1 - β. Our neuron adds the whole input to its membrane."
INPUT_LEAKS = "Your new input leaks at once. Only what was there before is multiplied by β."
NO_FIRST = "Your trace lacks the first step: u starts at 0, and takes in x[0] at once. Begin the loop at step 0."
NO_SLOPE = "You return u, without the slope h of each neuron. A weight moves the spike as far as it moves the membrane, times h."
TURNED = (
    "Your last two axes are swapped. Neurons come first, as in a weight: [time, neurons, inputs]."
)
LAST = "You return the trace of the last step alone. Collect the traces of all steps."
H_KEPT = "You multiply by h, and carry the product on. Carry u itself on: h belongs to the trace of its own step alone."
ALIASED = "Your u is that of the last step at all steps: `u += x` changes u in place, and each entry of your list is that u. `u = beta * u + x` makes a new one."
CARRIED = "You add h u of this step to the trace of the step before. The trace is h u of its own step alone: u holds the past."
PER_NEURON = "You update u once for each neuron. It is the same for all of them: update it once at each step."
SUMMED = "You return the sum over all steps. The learning signal comes step by step, so return the trace of each step."


def _draw_traces() -> Iterator[tuple[Tensor, Tensor, float]]:
    for steps, inputs, neurons in ((6, 4, 2), (9, 2, 3)):
        beta = 0.6 + 0.3 * torch.rand(1).item()
        yield torch.randn(steps, inputs), 0.2 + torch.rand(steps, neurons), beta


def _traces(
    decay: float = 1.0, gain: Callable[[float], float] = lambda beta: 1.0, late: bool = False
) -> Callable[..., Tensor]:
    """Return a variant of the solution."""

    def traces(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
        u, found = torch.zeros_like(x_rec[0]), []
        for x, h in zip(x_rec, h_rec, strict=True):
            before, u = u, beta**decay * u + gain(beta) * x
            found.append(h[:, None] * (before if late else u))
        return torch.stack(found)

    return traces


def _slope_inside(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    e, found = torch.zeros(h_rec.shape[1], x_rec.shape[1]), []
    for x, h in zip(x_rec, h_rec, strict=True):
        e = beta * e + h[:, None] * x
        found.append(e)
    return torch.stack(found)


def _slope_kept(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    e, found = torch.zeros(h_rec.shape[1], x_rec.shape[1]), []
    for x, h in zip(x_rec, h_rec, strict=True):
        e = h[:, None] * (beta * e + x)
        found.append(e)
    return torch.stack(found)


def _carried(leak: Callable[[float], float]) -> Callable[..., Tensor]:
    """Return traces that also keep what `leak(beta)` leaves of the trace before."""

    def traces(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
        rows = list(my_traces(x_rec, h_rec, beta))
        for t in range(1, len(rows)):
            rows[t] = rows[t] + leak(beta) * rows[t - 1]
        return torch.stack(rows)

    return traces


def _per_neuron(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    u, table = torch.zeros(x_rec.shape[1]), torch.zeros(*h_rec.shape, x_rec.shape[1])
    for t, x in enumerate(x_rec):
        for j, h in enumerate(h_rec[t]):
            u = beta * u + x
            table[t, j] = h * u
    return table


def _aliased(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    u, found = torch.zeros(x_rec.shape[1]), []
    for x in x_rec:
        u *= beta
        u += x
        found.append(u)
    return h_rec[:, :, None] * torch.stack(found)[:, None]


def _without_first(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    first = torch.zeros_like(x_rec[:1])
    return my_traces(torch.cat([first, x_rec[1:]]), h_rec, beta)


def _only_u(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    return my_traces(x_rec, torch.ones_like(h_rec[:, :1]), beta)[:, 0]


def _by_powers(x_rec: Tensor, h_rec: Tensor, beta: float) -> Any:
    steps = torch.arange(len(x_rec))
    ages = (steps[:, None] - steps).double()
    kernel = torch.where(ages >= 0, beta ** ages.clamp(min=0), 0.0)
    return torch.einsum("tj,ts,si->tji", h_rec.double(), kernel, x_rec.double()).numpy()


def _as_lists(x_rec: Tensor, h_rec: Tensor, beta: float) -> list[Any]:
    return [trace.tolist() for trace in my_traces(x_rec, h_rec, beta)]


def _in_a_table(x_rec: Tensor, h_rec: Tensor, beta: float) -> Tensor:
    table = torch.zeros(len(x_rec), h_rec.shape[1], x_rec.shape[1])
    for j in range(h_rec.shape[1]):
        u = torch.zeros(x_rec.shape[1])
        for t in range(len(x_rec)):
            u *= beta
            u += x_rec[t]
            table[t, j] = h_rec[t, j] * u
    return table


# --------------------------------------------------------------------------------------- 16.2

DROPPED = "Your step is right but for the spikes of the others: neuron l, moved by the weight, sends its spike to j through V[j, l]. Add that sum."
NO_H = "Your sum over l has V p, without h. A moved membrane moves its spike by its slope h[l]."
V_TURNED = "Your V is turned over: V[j, l] leads from l to j, so j comes first."
FOR_ALL = "You add the input to every pair. The weight to k feeds neuron k alone: only where j = k."
H_OUTSIDE = "You multiply by the slope of the neuron that receives. It is the sender l whose spike is moved, by h[l]: inside the sum."
NEVER_FADES = "Your p does not leak. What moved U before is multiplied by β."
NO_OLD_P = "Your p keeps nothing of the step before. What moved U then still does, times β: add `beta * p`."
H_OF_K = "You multiply by h[k]. It is the sender l whose spike is moved: the slope is h[l]."
NO_INPUT = "Your p gets nothing from s: the source of this step moves neuron k directly."
LEAK_ON_OTHERS = "Your β multiplies the sum over the others, too. Their current is new at this step: only the old p leaks."
LEAK_ON_ALL = (
    "Your β multiplies all three terms. What comes in is new at this step: only the old p leaks."
)
NEW_P = "Your sum over l takes the new p. The spikes that come back are those of the step before: take the old p."
NO_SELF = (
    "Your sum leaves out l = j. The spike of neuron j comes back to j as well, through V[j, j]."
)
OVERWRITTEN = "Where j = k your s takes the place of the old p. Add s to it."
OTHER_AXIS = "Your sum goes over the second axis of p, as that of `V @ p` does. Here l is the first axis: `lki` in `einsum`, or use `p.flatten(1)`."


def _draw_rtrl() -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, float]]:
    for neurons, sources in ((3, 4), (4, 2)):
        p = torch.randn(neurons, neurons, sources)
        s, h = torch.randn(sources), 0.2 + torch.rand(neurons)
        yield p, s, h, torch.randn(neurons, neurons), 0.6 + 0.3 * torch.rand(1).item()


Rtrl = Callable[[Tensor, Tensor, Tensor, Tensor, float], Any]


def _own(s: Tensor, h: Tensor) -> Tensor:
    return torch.eye(len(h))[:, :, None] * s


def _others(p: Tensor, h: Tensor, V: Tensor) -> Tensor:
    return torch.einsum("jl,lki->jki", V, h[:, None, None] * p)


def _by_loops(p: Tensor, s: Tensor, h: Tensor, V: Tensor, beta: float) -> Any:
    after = beta * p
    for j in range(len(h)):
        after[j, j] += s
        for other in range(len(h)):
            after[j] += V[j, other] * h[other] * p[other]
    return after.double().numpy()


def _by_three_loops(p: Tensor, s: Tensor, h: Tensor, V: Tensor, beta: float) -> Tensor:
    n, m = len(h), len(s)
    new = torch.zeros(n, n, m)
    for j in range(n):
        for k in range(n):
            new[j, k] = beta * p[j, k] + (s if j == k else 0)
            for other in range(n):
                new[j, k] += V[j, other] * h[other] * p[other, k]
    return new


def _by_numpy(p: Tensor, s: Tensor, h: Tensor, V: Tensor, beta: float) -> Any:
    old, source, slope, weight = (part.numpy() for part in (p, s, h, V))
    own = np.eye(len(slope))[:, :, None] * source
    return beta * old + own + np.einsum("jl,l,lki->jki", weight, slope, old)


def _from_new(p: Tensor, s: Tensor, h: Tensor, V: Tensor, beta: float) -> Tensor:
    new = beta * p + _own(s, h)
    return new + _others(new, h, V)


def _on_axis_1(inside: bool, slope: bool = True) -> Rtrl:
    """Return a step whose sum goes over the second axis of p; `inside`: h goes with l."""

    def step(p: Tensor, s: Tensor, h: Tensor, V: Tensor, beta: float) -> Tensor:
        h_p = (h[:, None] if inside else h[:, None, None]) * p if slope else p
        return beta * p + _own(s, h) + V @ h_p

    return step


def _by_matrices(p: Tensor, s: Tensor, h: Tensor, V: Tensor, beta: float) -> Tensor:
    jacobian = beta * torch.eye(len(h)) + V * h
    after = (jacobian @ p.flatten(1)).view_as(p)
    after[range(len(h)), range(len(h))] += s
    return after


# --------------------------------------------------------------------------------------- 16.3

UNCUT = "Your gradient is that of full backpropagation: nothing is cut. Which path leads from one neuron to another neuron at a later step?"
FORGETS = "Your cut takes the membrane's own past away as well. e-prop keeps it: it is what the trace holds."
V_IS_BLIND = "Your recurrent weights V get no gradient: they are cut together with the spikes. Cut the spikes alone, before they are multiplied by V."
NO_V = "Your recurrent weights V get no gradient, and the path through the spikes is still there. Cut the spikes before they are multiplied by V, not V."
NO_WEIGHT = "The weights of the input get no gradient: you cut them. Cut the path of the spikes that come back."
NOTHING_LEFT = "Your spikes carry no gradient at all: they, or the membrane that they are made from, are cut. Cut one path that leads to a later step."
RESET_TOO = "Your recurrent path is cut, but now the gradient flows through the reset. Leave that `detach` where it was."
NOT_THE_SPIKES = "Your spikes are not those of the loop above. `detach` changes gradients alone: leave the rest as it is."
NOT_EPROP = "The spikes are right, but their gradient is not that of e-prop."


def _draw_cuts() -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, float]]:
    for neurons, inputs in ((4, 3), (3, 5)):
        W, V = 0.5 + torch.rand(neurons, inputs), torch.randn(neurons, neurons)
        x_rec = (torch.rand(10, inputs) < 0.4).float()
        yield x_rec, W, V, torch.randn(10, neurons), 0.7 + 0.2 * torch.rand(1).item()


def _gradients(
    answer: Any, x_rec: Tensor, W: Tensor, V: Tensor, signal: Tensor, beta: float
) -> Any:
    """Return the gradients of W and V, where the spikes are right."""
    spike_grad = snn.surrogate.atan()
    weights = [W.clone().requires_grad_(), V.clone().requires_grad_()]
    call = answer.changing if isinstance(answer, Attempt) else answer
    spk_rec = tensor(call(x_rec, *weights, beta, spike_grad)).float()
    right = my_cut(x_rec, W, V, beta, spike_grad)
    refuse({NOT_THE_SPIKES: spk_rec.shape != right.shape or not torch.equal(spk_rec, right)})
    refuse({NOTHING_LEFT: not spk_rec.requires_grad})
    found = torch.autograd.grad((spk_rec * signal).sum(), weights, materialize_grads=True)
    return torch.cat([part.flatten() for part in found])


def _cut(
    leak: bool = False,
    spikes: bool = False,
    product: bool = False,
    reset: bool = True,
    v: bool = False,
    w: bool = False,
) -> Callable[..., Tensor]:
    """Return the loop with these parts detached."""

    def run(
        x_rec: Tensor, W: Tensor, V: Tensor, beta: float, spike_grad: Callable[[Tensor], Tensor]
    ) -> Tensor:
        mem = spk = torch.zeros(len(V))
        rows = list[Tensor]()
        for x in x_rec:
            back = (V.detach() if v else V) @ (spk.detach() if spikes else spk)
            mem = mem.detach() if leak else mem
            into = (W.detach() if w else W) @ x
            paid = spk.detach() if reset else spk
            mem = beta * mem + into + (back.detach() if product else back) - paid
            spk = spike_grad(mem - 1)
            rows.append(spk)
        return torch.stack(rows)

    return run


def _cut_after(
    x_rec: Tensor, W: Tensor, V: Tensor, beta: float, spike_grad: Callable[[Tensor], Tensor]
) -> Any:
    mem = spk = torch.zeros(len(V))
    rows = list[Tensor]()
    for x in x_rec:
        mem = beta * mem + W @ x + V @ spk - spk
        out = spike_grad(mem - 1)
        spk = out.detach()
        rows.append(out)
    return torch.vstack(rows)


def _no_gradient(
    x_rec: Tensor, W: Tensor, V: Tensor, beta: float, spike_grad: Callable[[Tensor], Tensor]
) -> Tensor:
    return my_cut(x_rec, W, V, beta, spike_grad).detach()


def _membrane_cut(
    x_rec: Tensor, W: Tensor, V: Tensor, beta: float, spike_grad: Callable[[Tensor], Tensor]
) -> Tensor:
    return my_cut(x_rec, W, V, beta, lambda mem: spike_grad(mem.detach()))


EXERCISES = [
    Exercise(
        id="16.1",
        title="An eligibility trace",
        name="my_traces",
        solution=my_traces,
        cases=_draw_traces,
        mistakes={
            NO_PAST: lambda x_rec, h_rec, beta: h_rec[:, :, None] * x_rec[:, None],
            SLOPE_INSIDE: _slope_inside,
            H_KEPT: _slope_kept,
            CARRIED: [_carried(lambda beta: 1.0), _carried(lambda beta: beta)],
            PER_NEURON: _per_neuron,
            ALIASED: _aliased,
            NO_DECAY: _traces(decay=0.0),
            ONE_LATE: _traces(late=True),
            AVERAGED: _traces(gain=lambda beta: 1 - beta),
            INPUT_LEAKS: _traces(gain=lambda beta: beta),
            NO_FIRST: _without_first,
            NO_SLOPE: [
                ByShape(_only_u),
                lambda x_rec, h_rec, beta: my_traces(x_rec, torch.ones_like(h_rec), beta),
            ],
            TURNED: ByShape(lambda *given: my_traces(*given).mT),
            LAST: lambda *given: my_traces(*given)[-1],
            SUMMED: lambda *given: my_traces(*given).sum(0),
        },
        otherwise="These are not the traces. At each step: u = β u + x, one number for each input; then the trace of neuron j and input i is h[j] times u[i].",
        accepts=(_by_powers, _as_lists, _in_a_table),
        hints=(
            "u has one number for each input, and starts at 0. It is the input, filtered as the membrane filters it.",
            "At each step: `u = beta * u + x`. Then each neuron multiplies it by its own slope.",
            "`h[:, None] * u` is [neurons, inputs]. Collect these in a list, and `torch.stack` it.",
        ),
        right="It never looks back: u is all that a synapse needs.",
    ),
    Exercise(
        id="16.2",
        title="A step of RTRL",
        name="my_rtrl",
        solution=my_rtrl,
        cases=_draw_rtrl,
        mistakes={
            DROPPED: lambda p, s, h, V, beta: beta * p + _own(s, h),
            NO_H: lambda p, s, h, V, beta: (
                beta * p + _own(s, h) + _others(p, torch.ones_like(h), V)
            ),
            V_TURNED: lambda p, s, h, V, beta: beta * p + _own(s, h) + _others(p, h, V.T),
            FOR_ALL: lambda p, s, h, V, beta: beta * p + s + _others(p, h, V),
            H_OUTSIDE: lambda p, s, h, V, beta: (
                beta * p + _own(s, h) + h[:, None, None] * _others(p, torch.ones_like(h), V)
            ),
            NEVER_FADES: lambda p, s, h, V, beta: p + _own(s, h) + _others(p, h, V),
            NO_OLD_P: lambda p, s, h, V, beta: _own(s, h) + _others(p, h, V),
            H_OF_K: lambda p, s, h, V, beta: (
                beta * p + _own(s, h) + h[:, None] * _others(p, torch.ones_like(h), V)
            ),
            NO_INPUT: lambda p, s, h, V, beta: beta * p + _others(p, h, V),
            LEAK_ON_OTHERS: lambda p, s, h, V, beta: beta * (p + _others(p, h, V)) + _own(s, h),
            LEAK_ON_ALL: lambda p, s, h, V, beta: beta * (p + _others(p, h, V) + _own(s, h)),
            NEW_P: _from_new,
            NO_SELF: lambda p, s, h, V, beta: (
                beta * p + _own(s, h) + _others(p, h, V - V.diag().diag())
            ),
            OVERWRITTEN: lambda p, s, h, V, beta: (
                beta * p * (1 - torch.eye(len(h)))[:, :, None] + _own(s, h) + _others(p, h, V)
            ),
            OTHER_AXIS: [_on_axis_1(True), _on_axis_1(False), _on_axis_1(True, slope=False)],
        },
        otherwise="This is not p of the next step. It has three parts: what leaked, the source where j = k, and the sum over l of V[j, l] h[l] p[l, k, i].",
        accepts=(_by_loops, _by_matrices, _by_three_loops, _by_numpy),
        hints=(
            "Three terms are added. The first is `beta * p`.",
            "The second: `torch.eye(n)[:, :, None] * s` is s where j = k, and 0 elsewhere.",
            'The third: `torch.einsum("jl,lki->jki", V, h[:, None, None] * p)`.',
        ),
        right="Forward in time, and exact. Only its size speaks against it.",
    ),
    Exercise(
        id="16.3",
        title="The term that e-prop drops",
        name="my_cut",
        solution=my_cut,
        cases=_draw_cuts,
        run=_gradients,
        mistakes={
            UNCUT: _cut(),
            FORGETS: [_cut(leak=True), _cut(leak=True, spikes=True)],
            V_IS_BLIND: [_cut(product=True), _cut(product=True, leak=True)],
            NO_V: _cut(v=True),
            NO_WEIGHT: [_cut(w=True), _cut(w=True, spikes=True)],
            RESET_TOO: _cut(spikes=True, reset=False),
            NOTHING_LEFT: [_no_gradient, _membrane_cut],
            NOT_THE_SPIKES: lambda x_rec, W, V, beta, spike_grad: _cut()(
                x_rec, W, 0 * V, beta, spike_grad
            ),
        },
        wrong=(_cut(reset=False), _cut(leak=True, product=True, reset=False)),
        otherwise=NOT_EPROP,
        accepts=(_cut(spikes=True), _cut_after),
        hints=(
            "e-prop keeps each neuron's own past, in its membrane. What else reaches the next step?",
            "The spikes do, through V. Their effect on the other neurons must carry no gradient, but V itself must still learn.",
            "`V @ spk.detach()`: V still gets a gradient, from the neuron that it reaches.",
        ),
        right="One word, `detach`, is the whole approximation.",
    ),
]
