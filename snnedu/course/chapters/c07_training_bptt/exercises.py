"""Exercises of 07 · Training through time: credit by hand, a training step, bugs, a cut in time."""

import copy
import weakref
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.exercise import Exercise

Batches = Iterable[tuple[Tensor, Tensor]]


def my_credit(h: Tensor, g: Tensor, beta: float) -> Tensor:
    """Return δ[t], the derivative of the loss by U[t], for every step; walk from the last one."""
    delta = torch.zeros(len(h))
    later = 0.0  # there is nothing behind the last step
    for t in reversed(range(len(h))):
        delta[t] = h[t] * g[t] + beta * later
        later = delta[t]
    return delta


def my_step(net: snn.Sequential, optimiser: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    """Learn from one batch; return the loss as a plain number."""
    spk_rec, _ = net(x_rec)
    loss = snn.functional.ce_rate_loss(spk_rec, targets)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def mended_epoch(net: snn.Sequential, optimiser: Optimizer, batches: Batches) -> float:
    """Learn from every batch; return the mean loss as a plain number."""
    total, count = 0.0, 0
    for x_rec, targets in batches:
        state, spikes = None, []
        for x in x_rec:
            spk, state = net.step(x, state)
            spikes.append(spk)
        loss = snn.functional.ce_rate_loss(torch.stack(spikes), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
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
NO_LEAK = "Your steps know nothing of each other. What U[t] leaves behind for U[t+1] is β U[t]: that is the second term."
NO_SLOPE = "You use the derivative by S as it is. It reaches U only through the slope h[t]."
SLOPE_TWICE = "You multiply all of it by h[t]. The leak goes from U to U without a spike: β δ[t+1] gets no slope."
NO_BETA = (
    "You hand δ[t+1] on in full. The membrane leaks: only a share β of U[t] is left in U[t+1]."
)
RETURNS_SUM = "You return one number. Return δ for every step: as many as h has."
A_LIST = "Return a tensor: what comes next multiplies it by one. `torch.stack` makes one of a list."
TURNED = "The numbers are right, but in the order in which you walked: that of the last step comes first."
FIRST_MISSING = "All is right but the first step: your loop stops before t = 0."
LAST_MISSING = (
    "Your walk begins one step too late: the last step has no δ[t+1], but it has h[t] g[t]."
)
WRONG_NEIGHBOUR = (
    "You add δ[t-1], the step before. The gradient comes from the step behind: δ[t+1]."
)
PLUS = "You add h[t] and g[t]. Along one path of the chain rule derivatives are multiplied."


def check_credit(answer: Attempt) -> None:
    """Compare with the recursion, on slopes and derivatives that differ at every step."""
    for steps, beta in ((6, 0.8), (4, 0.5)):
        h, g = torch.rand(steps) + 0.1, torch.randn(steps)
        got = answer(h, g, beta)
        if isinstance(got, (list, tuple)):
            raise WrongAnswer(A_LIST)
        got = torch.as_tensor(got, dtype=torch.float32)
        if got.ndim == 0 or got.numel() == 1:
            raise WrongAnswer(RETURNS_SUM)
        if got.shape != h.shape:
            raise WrongAnswer(f"h has {steps} steps, your answer the shape {list(got.shape)}.")
        for wrong, message in _KNOWN_CREDIT:
            if torch.allclose(got, wrong(h, g, beta), atol=1e-5):
                raise WrongAnswer(message)
        if not torch.allclose(got, my_credit(h, g, beta), atol=1e-5):
            raise WrongAnswer(
                "δ differs from h[t] g[t] + β δ[t+1]. At the last step there is no δ[t+1]: use 0."
            )


def _recursion(h: Tensor, g: Tensor, beta: float, back: bool = True, twice: bool = False) -> Tensor:
    delta, later = torch.zeros(len(h)), torch.tensor(0.0)
    for t in reversed(range(len(h))) if back else range(len(h)):
        later = h[t] * (g[t] + beta * later) if twice else h[t] * g[t] + beta * later
        delta[t] = later
    return delta


def _forward(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return _recursion(h, g, beta, back=False)


def _no_leak(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return h * g


def _no_slope(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return _recursion(torch.ones_like(h), g, beta)


def _slope_twice(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return _recursion(h, g, beta, twice=True)


def _no_beta(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return _recursion(h, g, 1.0)


def _turned(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return my_credit(h, g, beta).flip(0)


def _first_missing(h: Tensor, g: Tensor, beta: float) -> Tensor:
    delta = my_credit(h, g, beta)
    delta[0] = 0
    return delta


def _last_missing(h: Tensor, g: Tensor, beta: float) -> Tensor:
    delta = torch.zeros(len(h))
    for t in reversed(range(len(h) - 1)):
        delta[t] = h[t] * g[t] + beta * delta[t + 1]
    return delta


def _wrong_neighbour(h: Tensor, g: Tensor, beta: float) -> Tensor:
    delta = torch.zeros(len(h))
    for t in reversed(range(len(h))):
        delta[t] = h[t] * g[t] + beta * delta[t - 1]
    return delta


def _plus(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return _recursion(torch.ones_like(h), h + g, beta)


def _list(h: Tensor, g: Tensor, beta: float) -> list[Tensor]:
    return list(my_credit(h, g, beta))


def _returns_sum(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return _recursion(h, g, beta).sum()


_KNOWN_CREDIT = (
    (_forward, FORWARD),
    (_no_leak, NO_LEAK),
    (_no_slope, NO_SLOPE),
    (_slope_twice, SLOPE_TWICE),
    (_no_beta, NO_BETA),
    (_turned, TURNED),
    (_first_missing, FIRST_MISSING),
    (_last_missing, LAST_MISSING),
    (_wrong_neighbour, WRONG_NEIGHBOUR),
    (_plus, PLUS),
)

# --------------------------------------------------------------------------------------- 07.2

NO_ZERO = "After two steps your weights differ. Gradients add up from call to call, until somebody sets them to zero."
NO_GRADIENT_YET = (
    "The weights do not move: when `optimiser.step()` runs, there is no gradient. `zero_grad()` forgets the old "
    "ones, then `backward()` computes new ones."
)
STEP_EARLY = "You turn the weights before `backward()` says which way. Compute the gradient first."
NO_STEP = (
    "The gradient is there, but the weights do not move. Who turns them? (A method without brackets is "
    "named, not called.)"
)
OTHER_OPTIMISER = (
    "The first loss is right, but the weights do not move as they should. Is it the `optimiser` that you "
    "were given that takes one step for each call?"
)
MEMBRANES = "Your loss sees the membranes. `net` returns two things: the spikes come first."
PLAIN = "You return a tensor. Return a plain number: `.item()`."
NOT_A_NUMBER = (
    "You return a tensor. It holds on to the whole graph of this step; a list of them fills the memory. "
    "Return a plain number: `.item()`."
)
LAST_STEP = "Your loss sees the last step only. `ce_rate_loss` wants the spikes of all steps."


def check_step(answer: Attempt) -> None:
    """Let it take two steps, and compare loss and weights with the right ones and known wrong ones."""
    try:
        got, net = _two_steps(answer.changing)
    except WrongAnswer as reply:  # torch notices weights that were turned before the way back
        raise WrongAnswer(STEP_EARLY) if "inplace" in str(reply) else reply from None
    if _alike(net, _small()[0]):
        has_gradient = any(p.grad is not None and p.grad.any() for p in net.parameters())
        raise WrongAnswer(NO_STEP if has_gradient else NO_GRADIENT_YET)
    for wrong, message in ((_no_zero, NO_ZERO), (_last_step, LAST_STEP)):
        if _alike(net, _two_steps(wrong)[1]):
            raise WrongAnswer(message)
    if isinstance(got[0], Tensor):
        raise WrongAnswer(NOT_A_NUMBER if got[0].requires_grad else PLAIN)
    right, expected = _two_steps(my_step)
    if not _near(got[0], right[0]):
        if _near(got[0], _two_steps(_membranes)[0][0]):
            raise WrongAnswer(MEMBRANES)
        raise WrongAnswer(
            f"The first loss should be {right[0]:.4f}, yours is {got[0]:.4f}. Is it the "
            f"`ce_rate_loss` of `spk_rec`, the first thing that `net` returns?"
        )
    if not _alike(net, expected):
        raise WrongAnswer(OTHER_OPTIMISER)
    if not _near(got[1], right[1]):
        raise WrongAnswer("The second loss is wrong. Is it that of the batch that you were given?")


def _two_steps(step: Any) -> tuple[list[Any], snn.Sequential]:
    net, x_rec, targets = _small()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.5)
    losses = [step(net, optimiser, x_rec, targets), step(net, optimiser, x_rec.flip(1), targets)]
    return losses, net


def _small() -> tuple[snn.Sequential, Tensor, Tensor]:
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(6, 8), snn.Leaky(0.9), nn.Linear(8, 3), snn.Leaky(0.9))
    return net, 2 * torch.rand(7, 5, 6), torch.tensor([0, 1, 2, 0, 1])


def _alike(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return all(torch.allclose(p, q, atol=1e-6) for p, q in pairs)


def _loss(net: snn.Sequential, x_rec: Tensor, targets: Tensor) -> Tensor:
    return snn.functional.ce_rate_loss(net(x_rec)[0], targets)


def _no_zero(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = _loss(net, x_rec, targets)
    loss.backward()
    optimiser.step()
    return loss.item()


def _zero_late(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = _loss(net, x_rec, targets)
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


def _step_early(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = _loss(net, x_rec, targets)
    optimiser.step()
    optimiser.zero_grad()
    loss.backward()
    return loss.item()


def _step_early_added(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = _loss(net, x_rec, targets)
    optimiser.step()
    loss.backward()
    return loss.item()


def _last_step(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = snn.functional.ce_rate_loss(net(x_rec)[0][-1:], targets)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def _membranes(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = snn.functional.ce_rate_loss(net(x_rec)[1], targets)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def _other_optimiser(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    return my_step(net, torch.optim.Adam(net.parameters()), x_rec, targets)


def _no_backward(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = _loss(net, x_rec, targets)
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


def _detached(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> Tensor:
    return torch.tensor(my_step(net, optimiser, x_rec, targets))


def _no_step(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> float:
    loss = _loss(net, x_rec, targets)
    optimiser.zero_grad()
    loss.backward()
    return loss.item()


def _returns_tensor(net: Any, optimiser: Any, x_rec: Tensor, targets: Tensor) -> Tensor:
    loss = _loss(net, x_rec, targets)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss


# --------------------------------------------------------------------------------------- 07.3

STATE_STAYS = (
    "One bug is left, and it is the sly one: a batch begins with membranes that the batch before it left "
    "behind. Each picture is mixed with a stranger's."
)
KEEPS_GRAPH = (
    "One bug is left: you return a tensor that holds on to the graphs of all batches. Add up plain "
    "numbers: `.item()`."
)
LAST_ONLY = "Your loss still sees the spikes of the last step only. Collect those of every step."
RETAINS = (
    "`retain_graph=True` is still there. It hides the error that a state carried over would raise, "
    "and keeps every graph."
)
HOLDS = (
    "One bug is only hidden: until the epoch is over, your sum holds the graphs of all its batches. Make each "
    "loss a plain number when you add it."
)
A_SUM = "You return the sum over the batches. Asked is their mean."
NO_PAST = (
    "You detach the state at every step: no gradient goes back in time, and nobody learns what to remember. "
    "Within a batch nothing needs to be cut."
)
EVERY_STEP_FRESH = "The state is set back at every step: your neurons forget between two steps. Once a batch is right."


def check_epoch(answer: Attempt) -> None:
    """Look at the three bugs one by one, on batches whose losses are known."""
    net, x_rec, targets = _small()
    batches = [(x_rec, targets), (x_rec.flip(1), targets)]
    got = _epoch(answer.changing, net, batches)
    for wrong, message in _KNOWN_EPOCH:
        if _near(got, _epoch(wrong, net, batches)):
            raise WrongAnswer(message)
    if isinstance(got, Tensor) and got.requires_grad:
        raise WrongAnswer(KEEPS_GRAPH)
    right = _epoch(mended_epoch, net, batches)
    if not _near(got, right):
        raise WrongAnswer(
            f"The mean loss of two batches should be {right:.4f}, yours is {torch.as_tensor(got).item():.4f}."
        )
    if _graphs_held(answer.changing, net, x_rec, targets):
        raise WrongAnswer(HOLDS)
    if "retain_graph=True" in _source(answer.function):
        raise WrongAnswer(RETAINS)


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
    a, b = torch.as_tensor(a).detach(), torch.as_tensor(b).detach()
    return bool(torch.isclose(a.float(), b.float(), atol=1e-6))


def _source(function: Any) -> str:
    import inspect

    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def _broken(
    net: Any, optimiser: Any, batches: Batches, *, stays: bool, last: bool, fresh: bool = False
) -> Tensor:
    total, count, state = torch.zeros(()), 0, None
    for x_rec, targets in batches:
        state = snn.detach(state) if state is not None and stays else None
        spikes: list[Tensor] = []
        for x in x_rec:
            spk, state = net.step(x, None if fresh else state)
            spikes.append(spk)
        seen = torch.stack(spikes[-1:] if last else spikes)
        loss = snn.functional.ce_rate_loss(seen, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total, count = total + loss, count + 1
    return total / count


def _untouched(net: Any, optimiser: Any, batches: Batches) -> Tensor:
    return _broken(net, optimiser, batches, stays=True, last=True)


def _last_only(net: Any, optimiser: Any, batches: Batches) -> float:
    return _broken(net, optimiser, batches, stays=False, last=True).item()


def _state_stays(net: Any, optimiser: Any, batches: Batches) -> float:
    return _broken(net, optimiser, batches, stays=True, last=False).item()


def _every_step_fresh(net: Any, optimiser: Any, batches: Batches) -> float:
    return _broken(net, optimiser, batches, stays=False, last=False, fresh=True).item()


def _keeps_graph(net: Any, optimiser: Any, batches: Batches) -> Tensor:
    return _broken(net, optimiser, batches, stays=False, last=False)


def _sum_kept(net: Any, optimiser: Any, batches: Batches) -> float:
    return _keeps_graph(net, optimiser, batches).item()


def _returns_the_sum(net: Any, optimiser: Any, batches: Batches) -> float:
    batches = list(batches)
    return len(batches) * mended_epoch(net, optimiser, batches)


def _cut_at_every_step(net: Any, optimiser: Any, batches: Batches) -> float:
    total, count = 0.0, 0
    for x_rec, targets in batches:
        state, spikes = None, list[Tensor]()
        for x in x_rec:
            spk, state = net.step(x, state)
            state = snn.detach(state)
            spikes.append(spk)
        loss = snn.functional.ce_rate_loss(torch.stack(spikes), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total, count = total + loss.item(), count + 1
    return total / count


_KNOWN_EPOCH = (
    (_untouched, LAST_ONLY),
    (_last_only, LAST_ONLY),
    (_state_stays, STATE_STAYS),
    (_every_step_fresh, EVERY_STEP_FRESH),
    (_returns_the_sum, A_SUM),
    (_cut_at_every_step, NO_PAST),
)

# --------------------------------------------------------------------------------------- 07.4

STARTS_AGAIN = (
    "At the start of a stretch your neurons are at rest again. Cut the gradient, not the membrane: hand the "
    "state on."
)
NOT_CUT = (
    "The spikes are right, but a gradient still passes from one stretch of `length` steps into the one before "
    "it. Detach the state between them: `snn.detach` returns a new one."
)
MEMBRANES_RETURNED = "You return membranes. Needed are the spikes, `.spk`."
FIRST_LAYER = "You return the spikes of a hidden layer. Needed are those of the last layer."
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
    if spk_rec.shape[1:] == right.shape[1:] and len(spk_rec) < len(right):
        raise WrongAnswer(ONLY_LAST)
    if spk_rec.shape == (7, 5, 8):
        raise WrongAnswer(FIRST_LAYER)
    if spk_rec.shape != right.shape:
        raise WrongAnswer(f"Needed is {list(right.shape)}. Yours is {list(spk_rec.shape)}.")
    if not ((spk_rec == 0) | (spk_rec == 1)).all():
        raise WrongAnswer(MEMBRANES_RETURNED)
    if not torch.equal(spk_rec, right):
        raise WrongAnswer(STARTS_AGAIN)
    if not spk_rec.requires_grad:
        raise WrongAnswer(NO_GRADIENT)
    (grad,) = torch.autograd.grad(spk_rec[-1].sum(), x_rec)  # step 6, alone in its stretch
    (within,) = torch.autograd.grad(net(x_rec)[0][-1].sum(), x_rec)
    if grad[:6].any():
        raise WrongAnswer(NOT_CUT)
    if within[6].any() and not grad[6].any():
        raise WrongAnswer(NO_GRADIENT)


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


def _only_last(net: Any, x_rec: Tensor, length: int) -> Tensor:
    return _not_cut(net, x_rec, length)[-1:]


def _no_gradient(net: Any, x_rec: Tensor, length: int) -> Tensor:
    return my_stretches(net, x_rec, length).detach()


EXERCISES = [
    Exercise(
        id="07.1",
        title="Credit by hand",
        name="my_credit",
        solution=my_credit,
        check=check_credit,
        hints=(
            "`reversed(range(len(h)))` counts from the last step to the first.",
            "Keep the δ of the step that you have just left in a variable, 0 before the loop.",
            "In the loop: what comes through the spike, h[t] g[t], plus β times what you kept.",
        ),
        wrong=(
            (_forward, FORWARD),
            (_no_leak, NO_LEAK),
            (_no_slope, NO_SLOPE),
            (_slope_twice, SLOPE_TWICE),
            (_no_beta, NO_BETA),
            (_returns_sum, RETURNS_SUM),
            (_turned, TURNED),
            (_first_missing, FIRST_MISSING),
            (_last_missing, LAST_MISSING),
            (_wrong_neighbour, WRONG_NEIGHBOUR),
            (_plus, PLUS),
            (_list, A_LIST),
        ),
        right="This loop is backpropagation through time.",
    ),
    Exercise(
        id="07.2",
        title="The training step",
        name="my_step",
        solution=my_step,
        check=check_step,
        hints=(
            "Five things, in this order: run, loss, forget old gradients, new gradients, turn the weights.",
            "`spk_rec, _ = net(x_rec)`; then `loss.backward()` writes gradients, `optimiser.step()` uses them.",
        ),
        wrong=(
            (_no_zero, NO_ZERO),
            (_zero_late, NO_GRADIENT_YET),
            (_no_backward, NO_GRADIENT_YET),
            (_step_early, STEP_EARLY),
            (_step_early_added, STEP_EARLY),
            (_no_step, NO_STEP),
            (_last_step, LAST_STEP),
            (_returns_tensor, NOT_A_NUMBER),
            (_detached, PLAIN),
            (_membranes, MEMBRANES),
            (_other_optimiser, OTHER_OPTIMISER),
        ),
    ),
    Exercise(
        id="07.3",
        title="Three bugs",
        name="mended_epoch",
        solution=mended_epoch,
        check=check_epoch,
        hints=(
            "Follow three names through the loop: `state`, `spk` and `total`. What does each hold when a batch ends?",
            "`state` must be None when a batch begins. `spk` is overwritten at each step: collect it in a list.",
            "`total + loss` keeps the graph of every batch alive. `loss.item()` is only the number.",
        ),
        wrong=(
            (_untouched, LAST_ONLY),
            (_last_only, LAST_ONLY),
            (_state_stays, STATE_STAYS),
            (_every_step_fresh, EVERY_STEP_FRESH),
            (_keeps_graph, KEEPS_GRAPH),
            (_sum_kept, HOLDS),
            (_returns_the_sum, A_SUM),
            (_cut_at_every_step, NO_PAST),
        ),
        right="You will meet all three again, in other people's code.",
    ),
    Exercise(
        id="07.4",
        title="Cut the time, keep the state",
        name="my_stretches",
        solution=my_stretches,
        check=check_stretches,
        hints=(
            "`for stretch in x_rec.split(length)` gives the stretches in order.",
            "`net.unroll(stretch, state)` returns the recordings of all layers, and the state to go on with.",
            "`snn.detach(state)` returns the same numbers without their history. The last layer's spikes: `list(recordings.values())[-1].spk`.",
        ),
        wrong=(
            (_starts_again, STARTS_AGAIN),
            (_not_cut, NOT_CUT),
            (_no_gradient, NO_GRADIENT),
            (_only_last, ONLY_LAST),
            (partial(_of_layer, "3", "mem"), MEMBRANES_RETURNED),
            (partial(_of_layer, "1", "spk"), FIRST_LAYER),
        ),
    ),
]
