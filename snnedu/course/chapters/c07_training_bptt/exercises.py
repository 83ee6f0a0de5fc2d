"""Exercises of 07 · Training through time: credit by hand, a training step, bugs, a cut in time."""

import copy
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.optim import Optimizer

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, alike, compare, numbers, refuse
from snnedu.course.exercise import Exercise

Step = Callable[[Any, Optimizer, Tensor, Tensor], Any]
Batches = Iterable[tuple[Tensor, Tensor]]


def my_credit(h: Tensor, g: Tensor, beta: float) -> Tensor:
    """Return δ[t], the derivative of the loss by U[t], for every step; walk from the last one."""
    delta = torch.zeros(len(h))
    later = 0.0  # there is no step after the last one
    for t in reversed(range(len(h))):
        delta[t] = h[t] * g[t] + beta * later
        later = delta[t]
    return delta


def my_step(net: snn.Sequential, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    """Learn from one batch; return the loss as a plain number."""
    spk_rec, _ = net(x_rec)
    loss = snn.functional.ce_rate_loss(spk_rec, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def fixed_epoch(net: snn.Sequential, optimizer: Optimizer, batches: Batches) -> float:
    """Learn from every batch; return the mean loss as a plain number."""
    total, count = 0.0, 0
    for x_rec, targets in batches:
        state, spikes = None, []
        for x in x_rec:
            spk, state = net.step(x, state)
            spikes.append(spk)
        loss = snn.functional.ce_rate_loss(torch.stack(spikes), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, count = total + loss.item(), count + 1
    return total / count


def my_stretches(net: snn.Sequential, x_rec: Tensor, length: int) -> Tensor:
    """Return the spikes of the last layer at all steps; gradients stay within a stretch."""
    spikes, state = [], None
    for stretch in x_rec.split(length):
        recordings, state = net.unroll(stretch, state)
        state = snn.detach(state)
        spikes.append(list(recordings.values())[-1].spk)
    return torch.cat(spikes)


# --------------------------------------------------------------------------------------- 07.1

FORWARD = "You walk from the first step to the last. A gradient walks back: begin at the last step."
NO_LEAK = "Your steps do not depend on each other. U[t] leaves β U[t] for U[t+1]: that is the second term."
NO_SLOPE = (
    "You use the derivative with respect to S as it is. It reaches U only through the slope h[t]."
)
SLOPE_TWICE = "You multiply all of it by h[t]. The leak goes from U to U without a spike: β δ[t+1] gets no slope."
NO_BETA = (
    "You hand δ[t+1] on in full. The membrane leaks: only a share β of U[t] is left in U[t+1]."
)
RETURNS_SUM = "You return one number. Return δ for every step: as many as h has."
A_LIST = "Return a tensor: the next cells multiply it by another tensor. `torch.stack` turns a list into a tensor."
TURNED = "The numbers are right, but they are in the order in which you walked: that of the last step comes first."
FIRST_MISSING = "All is right but the first step: your loop stops before t = 0."
LAST_MISSING = (
    "Your walk begins one step too late: the last step has no δ[t+1], but it has h[t] g[t]."
)
WRONG_NEIGHBOR = "You add δ[t-1], the step before. The gradient comes from the next step: δ[t+1]."
PLUS = "You add h[t] and g[t]. Along one path of the chain rule derivatives are multiplied."


def _draw() -> Iterator[tuple[Tensor, Tensor, float]]:
    """Draw slopes and derivatives that differ at every step."""
    for steps, beta in ((6, 0.8), (4, 0.5)):
        yield torch.rand(steps) + 0.1, torch.randn(steps), beta


def _run_credit(answer: Attempt, *given: Any) -> Any:
    delta = answer(*given)
    refuse({A_LIST: isinstance(delta, (list, tuple))})
    return delta


def _recursion(h: Tensor, g: Tensor, beta: float, back: bool = True, twice: bool = False) -> Tensor:
    delta, later = torch.zeros(len(h)), torch.tensor(0.0)
    for t in reversed(range(len(h))) if back else range(len(h)):
        later = h[t] * (g[t] + beta * later) if twice else h[t] * g[t] + beta * later
        delta[t] = later
    return delta


def _wrong_neighbor(h: Tensor, g: Tensor, beta: float) -> Tensor:
    delta = h * g  # from the last step on: δ[t-1] is still 0, and δ[-1] is the last one
    return torch.cat([delta[:1] + beta * delta[-1:], delta[1:]])


# --------------------------------------------------------------------------------------- 07.2

NO_ZERO = "After two steps your weights differ. Gradients add up from call to call until you set them to zero."
NO_GRADIENT_YET = "The weights do not move: when `optimizer.step()` runs, there is no gradient. `zero_grad()` forgets the old ones, then `backward()` computes new ones."
STEP_EARLY = "You change the weights before `backward()` tells in which direction. Compute the gradient first."
NO_STEP = "The gradient is there, but the weights do not move. Which call changes them? (A method without brackets is named, not called.)"
OTHER_OPTIMIZER = "The first loss is right, but the weights do not move as they should. Does the `optimizer` that you were given take one step in each call?"
MEMBRANES = "Your loss sees the membranes. `net` returns two things: the spikes come first."
PLAIN = "You return a tensor. Return a plain number: `.item()`."
NOT_A_NUMBER = "You return a tensor. It holds on to the whole graph of this step; a list of them fills the memory. Return a plain number: `.item()`."
LAST_STEP = "Your loss sees the last step only. `ce_rate_loss` needs the spikes of all steps."
SECOND = "The second loss is wrong. Is it the loss of the batch that you were given?"


def check_step(answer: Attempt) -> None:
    """Let it take two steps, and compare loss and weights with the right ones and known wrong ones."""
    try:
        got, net = _two_steps(answer.changing)
    except WrongAnswer as reply:  # torch notices weights that were changed before the backward pass
        raise WrongAnswer(STEP_EARLY) if "inplace" in str(reply) else reply from None
    stays, has_gradient = _alike(net, _small()[0]), any(map(_has_gradient, net.parameters()))
    refuse({NO_STEP: stays and has_gradient, NO_GRADIENT_YET: stays})
    refuse({reply: _alike(net, _two_steps(wrong)[1]) for reply, wrong in WRONG_WEIGHTS.items()})
    if isinstance(got[0], Tensor):
        raise WrongAnswer(NOT_A_NUMBER if got[0].requires_grad else PLAIN)
    _check_losses(got, net)


def _check_losses(got: list[Any], net: snn.Sequential) -> None:
    right, expected = _two_steps(my_step)
    membranes = _two_steps(_learn("zero back step", of=lambda spk, mem: mem))[0]
    first = (
        f"The first loss should be {right[0]:.4f}, yours is {got[0]:.4f}. Is it the `ce_rate_loss` "
        f"of `spk_rec`, the first thing that `net` returns?"
    )
    refuse(
        {
            MEMBRANES: _near(got[0], membranes[0]),
            first: not _near(got[0], right[0]),
            OTHER_OPTIMIZER: not _alike(net, expected),
            SECOND: not _near(got[1], right[1]),
        }
    )


def _has_gradient(parameter: Tensor) -> bool:
    return parameter.grad is not None and bool(parameter.grad.any())


def _two_steps(step: Step) -> tuple[list[Any], snn.Sequential]:
    net, x_rec, targets = _small()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    losses = [step(net, optimizer, x_rec, targets), step(net, optimizer, x_rec.flip(1), targets)]
    return losses, net


def _small() -> tuple[snn.Sequential, Tensor, Tensor]:
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(6, 8), snn.Leaky(0.9), nn.Linear(8, 3), snn.Leaky(0.9))
    return net, 2 * torch.rand(7, 5, 6), torch.tensor([0, 1, 2, 0, 1])


def _alike(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return all(torch.allclose(p, q, atol=1e-6) for p, q in pairs)


def _learn(
    order: str,
    of: Callable[[Tensor, Tensor], Tensor] = lambda spk, mem: spk,
    returns: Callable[[Tensor], Any] = Tensor.item,
) -> Step:
    """Return a training step that does these things in this order."""

    def step(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> Any:
        loss = snn.functional.ce_rate_loss(of(*net(x_rec)), targets)
        do = {"zero": optimizer.zero_grad, "back": loss.backward, "step": optimizer.step}
        for name in order.split():
            do[name]()
        return returns(loss)

    return step


WRONG_WEIGHTS = {
    NO_ZERO: _learn("back step"),
    LAST_STEP: _learn("zero back step", of=lambda spk, mem: spk[-1:]),
}

# --------------------------------------------------------------------------------------- 07.3

STATE_STAYS = "One bug is left, and it is hard to see: a batch begins with the membranes that the batch before it left. Each picture is mixed with another one."
KEEPS_GRAPH = "One bug is left: you return a tensor that keeps the graphs of all batches. Add up plain numbers: `.item()`."
LAST_ONLY = "Your loss still sees the spikes of the last step only. Collect those of every step."
RETAINS = "`retain_graph=True` is still there. It hides the error that a state carried over would raise, and keeps every graph."
HOLDS = "One bug is only hidden: until the epoch is over, your sum holds the graphs of all its batches. Make each loss a plain number when you add it."
A_SUM = "You return the sum over the batches. Return their mean."
NO_PAST = "You detach the state at every step: no gradient goes back in time, and the network cannot learn what to remember. Within a batch nothing needs to be cut."
EVERY_STEP_FRESH = "The state is reset at every step: your neurons forget between two steps. Reset it once per batch."


def check_epoch(answer: Attempt) -> None:
    """Look at the three bugs one by one, on batches whose losses are known."""
    net, x_rec, targets = _small()
    batches = [(x_rec, targets), (x_rec.flip(1), targets)]
    got = list[Any]()

    def run(epoch: Attempt) -> Any:
        got.append(_epoch(epoch.changing, net, batches))
        return got[-1]

    compare(answer, fixed_epoch, lambda: [()], WRONG_LOSSES, _compare_losses, run)
    refuse({KEEPS_GRAPH: isinstance(got[0], Tensor) and got[0].requires_grad})
    refuse({HOLDS: _graphs_held(answer.changing, net, x_rec, targets)})
    refuse({RETAINS: "retain_graph=True" in _source(answer.function)})


def _compare_losses(got: Tensor, right: Tensor) -> str:
    return f"The mean loss of two batches should be {right:.4f}, yours is {got:.4f}."


def _epoch(run: Any, net: snn.Sequential, batches: Batches) -> Any:
    net = copy.deepcopy(net)
    return run(net, torch.optim.SGD(net.parameters(), lr=0.5), batches)


class _Watched:
    """Three batches; `held` tells how many graphs of the first still lived when the last began."""

    def __init__(self, x_rec: Tensor, targets: Tensor) -> None:
        self.given, self.held = (x_rec, targets), 0

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        alive = weakref.WeakSet[Any]()
        for number in range(3):
            self.held = len(alive) if number == 2 else 0
            yield self._watched(alive if number == 0 else weakref.WeakSet()), self.given[1]

    def _watched(self, alive: weakref.WeakSet[Any]) -> Tensor:
        hook = _Hook()  # lives as long as the graph that it hangs on
        alive.add(hook)
        x_rec = self.given[0].clone().requires_grad_()
        x_rec.register_hook(hook)
        return x_rec


class _Hook:
    def __call__(self, grad: Tensor) -> None:
        pass


def _graphs_held(run: Any, net: snn.Sequential, x_rec: Tensor, targets: Tensor) -> bool:
    batches = _Watched(x_rec, targets)
    _epoch(run, net, batches)
    return batches.held > 0


def _near(a: Any, b: Any) -> bool:
    return alike(numbers(a), numbers(b), rtol=1e-5)


def _source(function: Any) -> str:
    import inspect

    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def _broken(
    *, stays: bool = False, last: bool = False, fresh: bool = False, cut: bool = False
) -> Callable[[Any, Optimizer, Batches], Tensor]:
    """Return an epoch with some of the bugs. Its result keeps every graph."""

    def epoch(net: Any, optimizer: Optimizer, batches: Batches) -> Tensor:
        losses, state = list[Tensor](), None
        for x_rec, targets in batches:
            state = snn.detach(state) if state is not None and stays else None
            spikes: list[Tensor] = []
            for x in x_rec:
                spk, state = net.step(x, None if fresh else state)
                state = snn.detach(state) if cut else state
                spikes.append(spk)
            loss = snn.functional.ce_rate_loss(
                torch.stack(spikes[-1:] if last else spikes), targets
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss)
        return torch.stack(losses).mean()

    return epoch


def _plain(epoch: Callable[..., Tensor]) -> Callable[..., float]:
    return lambda *given: epoch(*given).item()


def _sum(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    batches = list(batches)
    return len(batches) * fixed_epoch(net, optimizer, batches)


WRONG_LOSSES = {
    LAST_ONLY: [_broken(stays=True, last=True), _plain(_broken(last=True))],
    STATE_STAYS: _plain(_broken(stays=True)),
    EVERY_STEP_FRESH: _plain(_broken(fresh=True)),
    A_SUM: _sum,
    NO_PAST: _plain(_broken(cut=True)),
}

# --------------------------------------------------------------------------------------- 07.4

STARTS_AGAIN = "At the start of a stretch your neurons are at rest again. Cut the gradient, not the membrane: hand the state on."
NOT_CUT = "The spikes are right, but a gradient still passes from one stretch of `length` steps into the one before it. Detach the state between them: `snn.detach` returns a new one."
MEMBRANES_RETURNED = "You return membranes. Return the spikes, `.spk`."
FIRST_LAYER = "You return the spikes of a hidden layer. Return those of the last layer."
NO_GRADIENT = "No gradient comes through at all. Detach the state between stretches, not the spikes that you return."
ONLY_LAST = (
    "You return the spikes of one stretch. Put those of all stretches together: `torch.cat`."
)


def check_stretches(answer: Attempt) -> None:
    """The same spikes as in one go; a gradient within a stretch, none across."""
    net, x_rec, _ = _small()
    x_rec = x_rec.requires_grad_()
    spk_rec = answer.changing(net, x_rec, 3)
    right = net(x_rec)[0]
    if not isinstance(spk_rec, Tensor):
        raise WrongAnswer("Return one tensor, [time, batch, classes]: `torch.cat` joins a list.")
    shapes = f"Return the shape {list(right.shape)}. Yours is {list(spk_rec.shape)}."
    refuse(
        {
            ONLY_LAST: spk_rec.shape[1:] == right.shape[1:] and len(spk_rec) < len(right),
            FIRST_LAYER: spk_rec.shape == (7, 5, 8),
            shapes: spk_rec.shape != right.shape,
            MEMBRANES_RETURNED: not ((spk_rec == 0) | (spk_rec == 1)).all(),
        }
    )
    refuse({STARTS_AGAIN: not torch.equal(spk_rec, right), NO_GRADIENT: not spk_rec.requires_grad})
    (grad,) = torch.autograd.grad(spk_rec[-1].sum(), x_rec)  # step 6, alone in its stretch
    (within,) = torch.autograd.grad(net(x_rec)[0][-1].sum(), x_rec)
    refuse({NOT_CUT: grad[:6].any(), NO_GRADIENT: within[6].any() and not grad[6].any()})


def _starts_again(net: Any, x_rec: Tensor, length: int) -> Tensor:
    return torch.cat([net(stretch)[0] for stretch in x_rec.split(length)])


def _not_cut(net: Any, x_rec: Tensor, length: int) -> Tensor:
    spikes, state = [], None
    for stretch in x_rec.split(length):
        recordings, state = net.unroll(stretch, state)
        spikes.append(list(recordings.values())[-1].spk)
    return torch.cat(spikes)


def _of_layer(name: str, what: str, net: Any, x_rec: Tensor, length: int) -> Tensor:
    parts, state = list[Tensor](), None
    for stretch in x_rec.split(length):
        recordings, state = net.unroll(stretch, state)
        state = snn.detach(state)
        parts.append(getattr(recordings[name], what))
    return torch.cat(parts)


EXERCISES = [
    Exercise(
        id="07.1",
        title="Credit by hand",
        name="my_credit",
        solution=my_credit,
        cases=_draw,
        run=_run_credit,
        mistakes={
            FORWARD: lambda *given: _recursion(*given, back=False),
            NO_LEAK: lambda h, g, beta: h * g,
            NO_SLOPE: lambda h, g, beta: my_credit(torch.ones_like(h), g, beta),
            SLOPE_TWICE: lambda *given: _recursion(*given, twice=True),
            NO_BETA: lambda h, g, beta: my_credit(h, g, 1.0),
            RETURNS_SUM: ByShape(lambda *given: my_credit(*given).sum()),
            TURNED: lambda *given: my_credit(*given).flip(0),
            FIRST_MISSING: lambda *given: pad(my_credit(*given)[1:], (1, 0)),
            LAST_MISSING: lambda h, g, beta: my_credit(h, pad(g[:-1], (0, 1)), beta),
            WRONG_NEIGHBOR: _wrong_neighbor,
            PLUS: lambda h, g, beta: my_credit(torch.ones_like(h), h + g, beta),
            A_LIST: lambda *given: list(my_credit(*given)),
        },
        otherwise="δ differs from h[t] g[t] + β δ[t+1]. At the last step there is no δ[t+1]: use 0.",
        accepts=(
            lambda *given: my_credit(*given).numpy(),
            lambda *given: torch.stack(list(my_credit(*given))),
        ),
        hints=(
            "`reversed(range(len(h)))` counts from the last step to the first.",
            "Keep the δ of the step that you have just left in a variable, 0 before the loop.",
            "In the loop add what comes through the spike, h[t] g[t], and β times what you kept.",
        ),
        right="This loop is backpropagation through time.",
    ),
    Exercise(
        id="07.2",
        title="The training step",
        name="my_step",
        solution=my_step,
        check=check_step,
        mistakes={
            **WRONG_WEIGHTS,
            NO_GRADIENT_YET: [_learn("back zero step"), _learn("zero step")],
            STEP_EARLY: [_learn("step zero back"), _learn("step back")],
            NO_STEP: _learn("zero back"),
            NOT_A_NUMBER: _learn("zero back step", returns=lambda loss: loss),
            PLAIN: _learn("zero back step", returns=Tensor.detach),
            MEMBRANES: _learn("zero back step", of=lambda spk, mem: mem),
            OTHER_OPTIMIZER: lambda net, optimizer, x_rec, targets: my_step(
                net, torch.optim.Adam(net.parameters()), x_rec, targets
            ),
        },
        accepts=(
            _learn("zero back step", returns=lambda loss: float(loss.detach())),
            _learn("back step zero"),
        ),
        hints=(
            "Do five things, in this order: run the network, compute the loss, clear the old gradients, compute new ones, change the weights.",
            "`spk_rec, _ = net(x_rec)`; then `loss.backward()` writes gradients, `optimizer.step()` uses them.",
        ),
    ),
    Exercise(
        id="07.3",
        title="Three bugs",
        name="fixed_epoch",
        solution=fixed_epoch,
        check=check_epoch,
        mistakes={**WRONG_LOSSES, KEEPS_GRAPH: _broken(), HOLDS: _plain(_broken())},
        accepts=(lambda net, optimizer, batches: np.float64(fixed_epoch(net, optimizer, batches)),),
        hints=(
            "Follow three names through the loop: `state`, `spk` and `total`. What does each hold when a batch ends?",
            "`state` must be None when a batch begins. `spk` is overwritten at each step: collect it in a list.",
            "`total + loss` keeps the graph of every batch alive. `loss.item()` is only the number.",
        ),
        right="You will meet all three again, in other people's code.",
    ),
    Exercise(
        id="07.4",
        title="Cut the time, keep the state",
        name="my_stretches",
        solution=my_stretches,
        check=check_stretches,
        mistakes={
            STARTS_AGAIN: _starts_again,
            NOT_CUT: _not_cut,
            NO_GRADIENT: lambda *given: my_stretches(*given).detach(),
            ONLY_LAST: lambda *given: _not_cut(*given)[-1:],
            MEMBRANES_RETURNED: partial(_of_layer, "3", "mem"),
            FIRST_LAYER: partial(_of_layer, "1", "spk"),
        },
        accepts=(partial(_of_layer, "3", "spk"),),
        hints=(
            "`for stretch in x_rec.split(length)` gives the stretches in order.",
            "`net.unroll(stretch, state)` returns the recordings of all layers, and the state for the next stretch.",
            "`snn.detach(state)` returns the same numbers without their history. The last layer's spikes: `list(recordings.values())[-1].spk`.",
        ),
    ),
]
