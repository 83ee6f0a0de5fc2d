"""Exercises of 07 · Training through time: credit by hand, a training step, bugs, a cut in time."""

import copy
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.optim import Optimizer

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer, first_line
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
NO_LEAK = "Your steps do not depend on each other. U[t] leaves β U[t] for U[t+1]: that is the second term. If you have it, it is always 0: does your loop begin at the last step, and keep each δ for its next pass?"
STILL_ZERO = "Your loop runs from the first step to the last, so it finds δ[t+1] still 0. Begin at the last step and walk back."
NO_SLOPE = (
    "You use the derivative with respect to S as it is. It reaches U only through the slope h[t]."
)
SLOPE_TWICE = "You multiply all of it by h[t]. The leak goes from U to U without a spike: β δ[t+1] gets no slope."
NO_BETA = (
    "You hand δ[t+1] on in full. The membrane leaks: only a share β of U[t] is left in U[t+1]."
)
LOST_SHARE = "You hand on the share 1 - β of δ[t+1]: that is what leaks away. The share β of U[t] is left in U[t+1], so β δ[t+1] comes back."
RETURNS_SUM = "You return one number. Return δ for every step: as many as h has."
ONE_MORE = "You return one number more than there are steps. The 0 after the last step belongs to no step: leave it out."
TURNED = "The numbers are right, but they are in the order in which you walked: that of the last step comes first."
FIRST_MISSING = "All is right but the first step: your loop stops before t = 0."
LAST_MISSING = (
    "Your walk begins one step too late: the last step has no δ[t+1], but it has h[t] g[t]."
)
WRONG_NEIGHBOR = "You add δ[t-1], the step before. The gradient comes from the next step: δ[t+1]."
FIXED_BETA = (
    "You wrote a number in the place of β. Use `beta`, which differs from neuron to neuron."
)
ONE_STEP = "You add β h[t+1] g[t+1], the next step alone. The line says β δ[t+1]: it holds all later steps, so compute it first, in a loop."
RETURNS_EARLY = (
    "All steps but the last are 0. Does `return` stand inside the loop? It belongs after it."
)
PLUS = "You add h[t] and g[t]. Along one path of the chain rule derivatives are multiplied."


def _draw() -> Iterator[tuple[Tensor, Tensor, float]]:
    """Draw slopes and derivatives that differ at every step."""
    for steps, beta in ((6, 0.8), (4, 0.5)):
        yield torch.rand(steps) + 0.1, torch.randn(steps), beta


def _recursion(h: Tensor, g: Tensor, beta: float, back: bool = True, twice: bool = False) -> Tensor:
    delta, later = torch.zeros(len(h)), torch.tensor(0.0)
    for t in reversed(range(len(h))) if back else range(len(h)):
        later = h[t] * (g[t] + beta * later) if twice else h[t] * g[t] + beta * later
        delta[t] = later
    return delta


def _compare_credit(got: Tensor, right: Tensor, *given: Any) -> str:
    differs = "δ differs from h[t] g[t] + β δ[t+1]."
    if alike(got[-1], right[-1]):
        return differs
    last = f"{right[-1]:.3g}. Yours is {got[-1]:.3g}."
    return f"{differs} At the last step δ is h[t] g[t] alone: {last}"


def _wrong_neighbor(h: Tensor, g: Tensor, beta: float) -> Tensor:
    delta = h * g  # from the last step on: δ[t-1] is still 0, and δ[-1] is the last one
    return torch.cat([delta[:1] + beta * delta[-1:], delta[1:]])


def _still_zero(h: Tensor, g: Tensor, beta: float, last: Tensor | float = 0.0) -> Tensor:
    """Go from the first step to the last but one; `last` is what the last step has before."""
    delta = torch.zeros(len(h))
    delta[-1] = last
    for t in range(len(h) - 1):
        delta[t] = h[t] * g[t] + beta * delta[t + 1]
    return delta


# --------------------------------------------------------------------------------------- 07.2

NO_ZERO = "Your second step still holds the gradients of the first. They add up from call to call until `optimizer.zero_grad()` clears them."
NO_STEP_BETWEEN = "You compute two gradients before one step of the optimizer. Each batch needs all three once: `zero_grad`, `backward`, `step`."
LOSS_AFTER = "You return the loss after the step. Return the loss from which the gradient came."
NO_BACKWARD = "No gradient is computed. `loss.backward()` writes one into each weight's `.grad`. (A method without brackets is named, not called.)"
NO_GRADIENT_YET = "When `optimizer.step()` runs, the gradient is gone: `zero_grad()` stands between `backward()` and `step()`."
STEP_EARLY = "Your `optimizer.step()` comes before `loss.backward()`. It changes the weights along the gradient, so compute the gradient first."
NO_STEP = "The gradient is there, but the weights do not move: `optimizer.step()` is missing. (A method without brackets is named, not called.)"
OTHER_OPTIMIZER = "Your weights move, but not by one step of the `optimizer` that you were given."
MEMBRANES = "Your loss sees the membranes. `net` returns two things: the spikes come first."
PAIR = "`net(x_rec)` returns a pair, the spikes and the membranes. The loss needs the spikes alone: `spk_rec, _ = net(x_rec)`."
SWAPPED = "Your loss gets its arguments in the other order. The spikes come first: `ce_rate_loss(spk_rec, targets)`."
UNROLLED = "`net.unroll` returns the recordings of each layer, by name. The loss needs the spikes of the last layer alone: `spk_rec, _ = net(x_rec)`."
NOT_A_NUMBER = "You return a tensor that still belongs to the graph of this step. Return a plain number: `.item()`."
LAST_STEP = "Your loss sees the last step only. `ce_rate_loss` needs the spikes of all steps."
OTHER_LOSS = "Your weights move as they should, but you return something else than the loss from which their gradient came. Return that loss, not rounded."
SECOND = "The second loss is wrong. Is it the loss of the batch that you were given?"

IS_DICT = "`spk_rec` must be a torch.Tensor. Received dict."


class Watched(torch.optim.SGD):
    """An optimizer that notes what happens to the weights of a network, in order.

    "back": a gradient is computed; "stale back": it is added to one of an earlier batch; "step":
    the weights move; "idle step": there is no gradient to move them.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net.parameters(), lr=0.5)
        self.events = list[str]()
        self.weight = next(net.parameters())
        self.weight.register_hook(self._note)

    def step(self, closure: Any = None) -> Any:
        """Take a step, and note it."""
        result = super().step(closure)
        self.events.append("step" if _has_gradient(self.weight) else "idle step")
        return result

    def _note(self, grad: Tensor) -> None:
        self.events.append("stale back" if _has_gradient(self.weight) else "back")


def wrong_order(events: list[str]) -> dict[str, bool]:
    """Tell which mistakes the order of these events shows, the gravest first."""
    backs = [place for place, event in enumerate(events) if event.endswith("back")]
    steps = [place for place, event in enumerate(events) if event.endswith("step")]
    return {
        NO_BACKWARD: not backs,
        NO_STEP: not steps,
        STEP_EARLY: bool(backs and steps) and steps[0] < backs[0],
        NO_GRADIENT_YET: "step" not in events,
        NO_STEP_BETWEEN: any(b == a + 1 for a, b in pairwise(backs)),
        NO_ZERO: "stale back" in events,
    }


def check_step(answer: Attempt) -> None:
    """Let it take two steps; compare loss and weights with the right ones."""
    net, x_rec, targets = _small()
    optimizer, got = Watched(net), list[Any]()
    try:
        _two_steps(answer.changing, net, optimizer, x_rec, targets, got)
    except WrongAnswer as reply:
        refuse(_wrong_arguments(str(reply), net, x_rec, targets))
        # torch notices weights that were changed before the backward pass
        refuse({STEP_EARLY: optimizer.events and wrong_order(optimizer.events)[STEP_EARLY]})
        raise
    right, expected = _right_steps(my_step)
    if not _alike(net, expected):
        refuse({LAST_STEP: _alike(net, _right_steps(ON_LAST)[1])})
        _refuse_loss(got, right)
        refuse(
            {OTHER_OPTIMIZER: not optimizer.events.count("step") and not _alike(net, _small()[0])}
        )
        refuse(wrong_order(optimizer.events))
        raise WrongAnswer(OTHER_OPTIMIZER)
    refuse({NOT_A_NUMBER: isinstance(got[0], Tensor) and got[0].requires_grad})
    after = _right_steps(_loss_after)[0]
    refuse({LOSS_AFTER: _near(got[0], after[0]), OTHER_LOSS: not _near(got[0], right[0])})
    refuse({SECOND: not _near(got[1], right[1])})


def _wrong_arguments(
    error: str, net: snn.Sequential, x_rec: Tensor, targets: Tensor
) -> dict[str, bool]:
    """Tell what the loss was given, by what it says of it."""
    pair: Any = net(x_rec)
    return {
        PAIR: _complaint(pair, targets) in error,
        SWAPPED: _complaint(targets, pair[0]) in error,
        UNROLLED: IS_DICT in error,
    }


def _complaint(*given: Any) -> str:
    """Return what the loss says of arguments that it cannot take."""
    try:
        snn.functional.ce_rate_loss(*given)
    except Exception as error:
        return first_line(error)
    raise AssertionError("`ce_rate_loss` should refuse these.")


def _refuse_loss(got: list[Any], right: list[Any]) -> None:
    first = (
        f"The first loss should be {right[0]:.4f}, yours is {numbers(got[0]).item():.4f}. Is it the "
        f"`ce_rate_loss` of `spk_rec`, the first thing that `net` returns?"
    )
    membranes = _right_steps(ON_MEMBRANES)[0]
    refuse({MEMBRANES: _near(got[0], membranes[0]), first: not _near(got[0], right[0])})


def _has_gradient(parameter: Tensor) -> bool:
    return parameter.grad is not None and bool(parameter.grad.any())


def _two_steps(
    step: Step, net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor, got: list[Any]
) -> None:
    got.append(step(net, optimizer, x_rec, targets))
    got.append(step(net, optimizer, x_rec.flip(1), targets))


def _right_steps(step: Step) -> tuple[list[Any], snn.Sequential]:
    net, x_rec, targets = _small()
    losses = list[Any]()
    _two_steps(step, net, torch.optim.SGD(net.parameters(), lr=0.5), x_rec, targets, losses)
    return losses, net


def _small(*hidden: int, classes: int = 3) -> tuple[snn.Sequential, Tensor, Tensor]:
    """Return a network with these hidden layers (8 neurons by default), a batch and its classes."""
    layers, sizes = list[nn.Module](), (6, *(hidden or (8,)), classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), snn.Leaky(0.9)]
        x_rec = 2 * torch.rand(7, 5, 6)
    return snn.Sequential(*layers), x_rec, torch.tensor([0, 1, 2, 0, 1])


def _alike(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return all(torch.allclose(p, q, atol=1e-6) for p, q in pairs)


def _near(a: Any, b: Any) -> bool:
    return alike(numbers(a), numbers(b), rtol=1e-5)


def _learn(
    order: str,
    of: Callable[[Tensor, Tensor], Tensor] = lambda spk, mem: spk,
    returns: Callable[[Tensor], Any] = Tensor.item,
) -> Step:
    """Return a training step that does these things in this order."""

    def step(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> Any:
        loss = snn.functional.ce_rate_loss(of(*net(x_rec)), targets)
        do = {
            "zero": optimizer.zero_grad, "back": loss.backward, "step": optimizer.step,
            "fill": partial(optimizer.zero_grad, set_to_none=False), "net": net.zero_grad,
        }  # fmt: skip
        for name in order.split():
            do[name]()
        return returns(loss)

    return step


ON_LAST = _learn("zero back step", of=lambda spk, mem: spk[-1:])
ON_MEMBRANES = _learn("zero back step", of=lambda spk, mem: mem)


def _step_by_step(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    optimizer.zero_grad()
    state, spikes = None, list[Tensor]()
    for x in x_rec:
        spk, state = net.step(x, state)
        spikes.append(spk)
    loss = snn.functional.ce_rate_loss(torch.stack(spikes), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


def _other_optimizer(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    return my_step(net, torch.optim.Adam(net.parameters()), x_rec, targets)


def _on_pair(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    return snn.functional.ce_rate_loss(net(x_rec), targets).item()


def _keeps_pair(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    optimizer.zero_grad()
    spk_rec = net(x_rec)
    loss = snn.functional.ce_rate_loss(spk_rec, targets)
    loss.backward()
    optimizer.step()
    return loss.item()


def _swaps(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    return snn.functional.ce_rate_loss(targets, net(x_rec)[0]).item()


def _on_recordings(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    return snn.functional.ce_rate_loss(net.unroll(x_rec)[0], targets).item()


def _loss_after(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    my_step(net, optimizer, x_rec, targets)
    return snn.functional.ce_rate_loss(net(x_rec)[0], targets).item()


def _two_gradients(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    loss = snn.functional.ce_rate_loss(net(x_rec)[0], targets)
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    loss.backward()
    optimizer.step()
    return loss.item()


def _twice(net: Any, optimizer: Optimizer, x_rec: Tensor, targets: Tensor) -> float:
    loss = my_step(net, optimizer, x_rec, targets)
    optimizer.step()
    return loss


# --------------------------------------------------------------------------------------- 07.3

STATE_STAYS = "A bug is left that is hard to see: a batch begins with the membranes that the batch before it left. Each picture is mixed with another one."
KEEPS_GRAPH = (
    "One bug is left: you return a tensor that belongs to a graph. Add up plain numbers: `.item()`."
)
LAST_ONLY = "Your loss still sees the spikes of the last step only. Collect those of every step."
HOLDS = "One bug is only hidden: until the epoch is over, you keep a tensor that holds the graph of every batch. Make each loss a plain number, `.item()`, before you add or keep it."
A_SUM = "You return the sum over the batches. Return their mean."
LIST_OF_LOSSES = "You return a number for each batch. Return one, the mean over all batches."
LAST_LOSS = "You return the loss of the last batch. Return the mean over all batches."
NOT_ONE_EACH = "Your optimizer does not take one step for each batch. Look at the indentation of `optimizer.step()` and of `return`."
NO_PAST = "You detach the state at every step: no gradient goes back in time, and the network cannot learn what to remember. Within a batch nothing needs to be cut."
EVERY_STEP_FRESH = "The state is reset at every step: your neurons forget between two steps. Reset it once per batch."
OTHER_WEIGHTS = "Your mean loss is right, but the weights are not where they should be after the last batch. Does each batch take one step of the optimizer?"
SUMMED = "You put the spikes of all steps into one sum or mean before the loss. `ce_rate_loss` compares the outputs at each step: give it the spikes of every step, `torch.stack(spikes)`."
STEP_LOSSES = "You add up the losses of all steps. `ce_rate_loss` of a whole recording is their mean, which does not grow with the number of steps."
STEP_PAIR = "`net.step` returns a pair, the spikes and the state. Separate them, `spk, state = net.step(x, state)`, and collect the spikes alone."


def check_epoch(answer: Attempt) -> None:
    """Look at the bugs one by one, on batches whose losses are known; ten classes, as digits."""
    net, *given = _small(classes=10)
    runs = list[tuple[Any, Watched]]()

    def run(epoch: Attempt) -> Any:
        runs.append(_epoch(epoch.changing, net, _three_batches(*given)))
        return runs[-1][0]

    try:
        compare(answer, fixed_epoch, lambda: [()], WRONG_LOSSES, _compare_losses, run)
    except WrongAnswer as reply:
        refuse(_wrong_arguments(str(reply), net, *given))
        refuse({STEP_PAIR: "as element 0 in argument 0, but got tuple" in str(reply)})
        events = runs[0][1].events if runs else list[str]()
        refuse(wrong_order(events) if runs else {})
        refuse({NOT_ONE_EACH: runs and events.count("step") != 3})
        raise
    result, optimizer = runs[0]
    refuse({KEEPS_GRAPH: isinstance(result, Tensor) and result.requires_grad})
    refuse({NO_STEP: len(optimizer.events) < 6, NO_ZERO: "stale back" in optimizer.events})
    refuse({OTHER_WEIGHTS: not torch.allclose(optimizer.weight, runs[1][1].weight, atol=1e-6)})
    refuse({HOLDS: _graphs_held(answer.changing, net, *given)})


def _three_batches(x_rec: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
    return [(x_rec, targets), (x_rec.flip(1), targets), (x_rec.flip(2), targets.flip(0))]


def _compare_losses(got: Tensor, right: Tensor) -> str:
    return f"The mean loss of three batches should be {right:.4f}, yours is {got:.4f}."


def _epoch(run: Any, net: snn.Sequential, batches: Batches) -> tuple[Any, Watched]:
    net = copy.deepcopy(net)
    optimizer = Watched(net)
    return run(net, optimizer, batches), optimizer


class _Counted:
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
    batches = _Counted(x_rec, targets)
    _epoch(run, net, batches)
    return batches.held > 0


def _broken(
    *,
    stays: bool = False,
    last: bool = False,
    fresh: bool = False,
    cut: bool = False,
    order: str = "zero back step",
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
            do = {"zero": optimizer.zero_grad, "back": loss.backward, "step": optimizer.step}
            for name in order.split():
                do[name]()
            losses.append(loss)
        return torch.stack(losses).mean()

    return epoch


def _plain(**bugs: Any) -> Callable[..., float]:
    """Return the same, with a plain number for each loss."""
    epoch = _broken(**bugs)
    return lambda *given: epoch(*given).item()


def _sum(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    batches = list(batches)
    return len(batches) * fixed_epoch(net, optimizer, batches)


def _each(step: Step) -> Callable[..., list[float]]:
    """Return an epoch that takes this step for each batch, and returns what each returned."""
    return lambda net, optimizer, batches: [step(net, optimizer, *batch) for batch in batches]


def _last_loss(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    return _each(my_step)(net, optimizer, batches)[-1]


def _first_batch(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    return fixed_epoch(net, optimizer, list(batches)[:1])


def _learns_at_every_step(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    losses = list[float]()
    for x_rec, targets in batches:
        state = None
        for x in x_rec:
            spk, state = net.step(x, state)
            loss = snn.functional.ce_rate_loss(spk[None], targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            state = snn.detach(state)
            losses.append(loss.item())
    return sum(losses) / len(losses)


def _by_sequence(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    """Use the step of 07.2 for each batch: the whole sequence at once, from rest."""
    losses = _each(my_step)(net, optimizer, batches)
    return sum(losses) / len(losses)


def _collects_pairs(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    losses = list[float]()
    for x_rec, targets in batches:
        spikes = torch.stack([net.step(x, None) for x in x_rec])
        losses.append(snn.functional.ce_rate_loss(spikes, targets).item())
    return sum(losses) / len(losses)


def _step_at_the_end(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    losses = list[float]()
    for x_rec, targets in batches:
        losses.append(_learn("zero back")(net, optimizer, x_rec, targets))
    optimizer.step()
    return sum(losses) / len(losses)


def _for_digits(net: Any, optimizer: Optimizer, batches: Batches) -> float:
    """Collect the spikes in a tensor for ten classes, as the notebook's networks have them."""
    losses = list[float]()
    for x_rec, targets in batches:
        spk_rec, state = torch.zeros(len(x_rec), len(targets), 10), None
        for t, x in enumerate(x_rec):
            spk_rec[t], state = net.step(x, state)
        loss = snn.functional.ce_rate_loss(spk_rec, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


_ce = snn.functional.ce_rate_loss


def _with_loss(loss_of: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., float]:
    """Return an epoch that learns from another loss."""

    def epoch(net: Any, optimizer: Optimizer, batches: Batches) -> float:
        losses = list[float]()
        for x_rec, targets in batches:
            loss = loss_of(net(x_rec)[0], targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    return epoch


def _in_order(zero: str) -> Callable[..., Any]:
    step = _learn(zero, returns=Tensor.detach)
    return lambda net, optimizer, batches: torch.stack(
        [step(net, optimizer, x_rec, targets) for x_rec, targets in batches]
    ).mean()


WRONG_LOSSES = {
    LAST_ONLY: [_broken(stays=True, last=True), _plain(last=True)],
    STATE_STAYS: [_plain(stays=True), _plain(stays=True, cut=True)],
    EVERY_STEP_FRESH: _plain(fresh=True),
    A_SUM: _sum,
    LIST_OF_LOSSES: ByShape(_each(my_step)),
    LAST_LOSS: _last_loss,
    NO_PAST: _plain(cut=True),
    SUMMED: [
        _with_loss(lambda spk_rec, targets: _ce(spk_rec.sum(0, keepdim=True), targets)),
        _with_loss(lambda spk_rec, targets: _ce(spk_rec.mean(0, keepdim=True), targets)),
    ],
    STEP_LOSSES: _with_loss(lambda spk_rec, targets: len(spk_rec) * _ce(spk_rec, targets)),
}

# --------------------------------------------------------------------------------------- 07.4

STARTS_AGAIN = "At the start of a stretch your neurons are at rest again. Cut the gradient, not the membrane: hand the state on."
NOT_CUT = "The spikes are right, but a gradient still passes from one stretch of `length` steps into the one before it. Detach the state between them: `snn.detach` returns a new one."
EVERY_STEP_CUT = "The spikes are right, but you detach the state at every step. Within a stretch of `length` steps the gradient should flow."
IN_CHUNKS = (
    "`chunk(n)` cuts into n parts. The exercise asks for parts of `length` steps: `split(length)`."
)
OTHER_LENGTH = "The spikes are right, but your stretches have another length. `split` takes the number of steps in a part, not the number of parts."
MEMBRANES_RETURNED = "You return membranes. Return the spikes, `.spk`."
FIRST_LAYER = "You return the spikes of a hidden layer. Return those of the last layer, however many there are: `list(recordings.values())[-1].spk`."
NO_GRADIENT = "No gradient comes through at all. Detach only the state between stretches: not the input, not the spikes, and without `torch.no_grad`."
END_MISSING = "Steps at the end are missing. The number of steps need not be a multiple of `length`: the last stretch may be shorter."
OTHER_CUTS = "The spikes are right, but the gradient is not cut after each `length` steps. Steps 0 to `length` - 1 are the first stretch."
ONE_TENSOR = "Return the spikes alone, as one tensor [time, batch, classes]: `torch.cat` joins a list of stretches, `torch.stack` a list of steps."
STACKED = "`torch.stack` makes a new axis. A stretch has a time axis already: join the stretches along it, with `torch.cat`."
JOINED_STEPS = "`torch.cat` joins along an axis that is there, and a single step has no time axis. `torch.stack` makes one of a list of steps."
LEARNS = "Your function computes gradients itself (`backward`), or changes weights. Here it should only run the network and cut the state: the code that calls it does the learning."
OTHER_AXIS = "A stretch of yours has another batch size, or other inputs, than the network expects. Do you cut along time, axis 0? `x_rec.split(length)` does."
FROM_REST = "`net(x_rec)` takes no state: it begins at rest. `net.unroll(stretch, state)` begins with a state, and returns the new one."
ONLY_LAST = (
    "You return the spikes of one stretch. Put those of all stretches together: `torch.cat`."
)


def _draw_stretches() -> Iterator[tuple[snn.Sequential, Tensor, int]]:
    """Draw sequences and lengths for which parts of `length` steps and `length` parts differ.

    A stretch of either length has another number of steps than there are stretches. The last
    sequence has no remainder, as those of the notebook.
    """
    for steps, length, hidden in ((13, 3, (8,)), (7, 2, (8, 4)), (12, 4, (8,))):
        x_rec = 2 * torch.rand(steps, 5, 6)
        yield _small(*hidden)[0], x_rec, length


def _run_stretches(answer: Attempt, net: snn.Sequential, x_rec: Tensor, length: int) -> Tensor:
    """Return spikes, and the gradient of the input at each step for the spikes of each step."""
    x_rec, own = x_rec.clone().requires_grad_(), copy.deepcopy(net)
    try:
        spk_rec = answer.changing(own, x_rec, length)
    except WrongAnswer as reply:
        said = str(reply)
        refuse(
            {
                LEARNS: _learned(own, net),
                STACKED: "stack expects each tensor to be equal size" in said,
                NO_GRADIENT: "'tuple' object has no attribute 'spk'" in said,
                OTHER_AXIS: "needs equal shapes" in said or "mat1 and mat2 shapes" in said,
                FROM_REST: "Sequential.forward() takes 2 positional arguments" in said,
            }
        )
        raise
    refuse({LEARNS: _learned(own, net), ONE_TENSOR: not isinstance(spk_rec, Tensor)})
    _check_spikes(spk_rec, my_stretches(net, x_rec, length), length, net[0].out_features)
    if not spk_rec.requires_grad:
        raise WrongAnswer(NO_GRADIENT)
    options: Any = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
    reach = [torch.autograd.grad(now.sum(), x_rec, **options)[0].flatten() for now in spk_rec]
    refuse({NO_GRADIENT: not any(each.any() for each in reach)})
    return torch.cat([spk_rec.detach().flatten(), *reach])


def _learned(net: nn.Module, before: nn.Module) -> bool:
    return any(p.grad is not None for p in net.parameters()) or not _alike(net, before)


def _check_spikes(spk_rec: Tensor, right: Tensor, length: int, hidden: Any) -> None:
    steps, shape, found = len(right), list(right.shape), len(spk_rec) if spk_rec.ndim else 0
    begins = torch.equal(spk_rec, right[:found])
    last_layer = spk_rec.shape[1:] == right.shape[1:]
    binary = ((spk_rec == 0) | (spk_rec == 1)).all()
    refuse(
        {
            END_MISSING: begins and found == steps // length * length < steps,
            ONLY_LAST: binary and last_layer and found in (length, steps % length),
            JOINED_STEPS: spk_rec.shape == right.flatten(0, 1).shape,
            FIRST_LAYER: spk_rec.shape[2:] in ((hidden,), (4,)),
            f"Return the shape {shape}. Yours is {list(spk_rec.shape)}.": (
                list(spk_rec.shape) != shape
            ),
            MEMBRANES_RETURNED: not binary,
        }
    )


def _compare_stretches(got: Tensor, right: Tensor, net: Any, x_rec: Tensor, length: int) -> str:
    spikes = x_rec.shape[0] * x_rec.shape[1] * 3  # three classes; gradients follow
    if torch.equal(got[:spikes], right[:spikes]):
        return OTHER_CUTS
    return "The spikes are not those of an uncut run."


def _in_parts(
    net: Any,
    x_rec: Tensor,
    length: int,
    *,
    parts: Callable[[Tensor, int], Iterable[Tensor]] = Tensor.split,
    layer: int = -1,
    what: str = "spk",
    cut: bool = True,
) -> Tensor:
    """Return `my_stretches` with other parts, of another layer, or without the cut."""
    found, state = list[Tensor](), None
    for stretch in parts(x_rec, length):
        recordings, state = net.unroll(stretch, state)
        state = snn.detach(state) if cut else state
        found.append(getattr(list(recordings.values())[layer], what))
    return torch.cat(found)


def _stacked(net: Any, x_rec: Tensor, length: int) -> Tensor:
    return torch.stack(list(my_stretches(net, x_rec, length).split(length)))


def _starts_again(net: Any, x_rec: Tensor, length: int) -> Tensor:
    return torch.cat([net(stretch)[0] for stretch in x_rec.split(length)])


def _counting(net: Any, x_rec: Tensor, length: int) -> Tensor:
    """Go step by step, and cut where a stretch begins."""
    spikes, state = list[Tensor](), None
    for t, x in enumerate(x_rec):
        spk, state = net.step(x, snn.detach(state) if state and t % length == 0 else state)
        spikes.append(spk)
    return torch.stack(spikes)


def _learns(net: Any, x_rec: Tensor, length: int, lr: float = 0.0) -> Tensor:
    """Learn from each stretch, as `fit` does with `truncate`."""
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    spk_rec = my_stretches(net, x_rec, length)
    spk_rec.sum().backward()
    optimizer.step()
    return spk_rec


def _full_stretches(x_rec: Tensor, length: int) -> list[Tensor]:
    return [x_rec[i * length : (i + 1) * length] for i in range(len(x_rec) // length)]


def _by_index(net: Any, x_rec: Tensor, length: int) -> Tensor:
    def parts(x_rec: Tensor, length: int) -> list[Tensor]:
        return [x_rec[start : start + length] for start in range(0, len(x_rec), length)]

    return _in_parts(net, x_rec, length, parts=parts)


EXERCISES = [
    Exercise(
        id="07.1",
        title="Credit by hand",
        name="my_credit",
        solution=my_credit,
        cases=_draw,
        mistakes={
            FORWARD: lambda *given: _recursion(*given, back=False),
            NO_LEAK: lambda h, g, beta: h * g,
            STILL_ZERO: [
                _still_zero,
                lambda h, g, beta: _still_zero(h, g, beta, last=h[-1] * g[-1]),
            ],
            NO_SLOPE: lambda h, g, beta: my_credit(torch.ones_like(h), g, beta),
            SLOPE_TWICE: lambda *given: _recursion(*given, twice=True),
            NO_BETA: lambda h, g, beta: my_credit(h, g, 1.0),
            LOST_SHARE: lambda h, g, beta: my_credit(h, g, 1 - beta),
            RETURNS_SUM: ByShape(lambda *given: my_credit(*given).sum()),
            ONE_MORE: ByShape(lambda *given: pad(my_credit(*given), (0, 1))),
            TURNED: lambda *given: my_credit(*given).flip(0),
            FIRST_MISSING: lambda *given: pad(my_credit(*given)[1:], (1, 0)),
            LAST_MISSING: lambda h, g, beta: my_credit(h, pad(g[:-1], (0, 1)), beta),
            WRONG_NEIGHBOR: _wrong_neighbor,
            RETURNS_EARLY: lambda h, g, beta: pad((h * g)[-1:], (len(h) - 1, 0)),
            ONE_STEP: lambda h, g, beta: h * g + beta * pad((h * g)[1:], (0, 1)),
            PLUS: lambda h, g, beta: my_credit(torch.ones_like(h), h + g, beta),
            FIXED_BETA: [
                partial(lambda h, g, beta, c: my_credit(h, g, c), c=c)
                for c in (0.5, 0.8, 0.9, 0.95, 0.99)
            ],
        },
        wrong=(lambda h, g, beta: my_credit(h, g, beta**2),),
        otherwise=_compare_credit,
        accepts=(
            lambda *given: my_credit(*given).numpy(),
            lambda *given: list(my_credit(*given)),
            lambda *given: my_credit(*given).tolist(),
            lambda *given: tuple(my_credit(*given).double()),
        ),
        hints=(
            "`reversed(range(len(h)))` counts from the last step to the first.",
            "Keep the δ of the step that you have just left in a variable, 0 before the loop.",
            "In the loop: `delta[t] = h[t] * g[t] + beta * later`, then `later = delta[t]`. Before it: `delta = torch.zeros(len(h))` and `later = 0.0`.",
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
            LAST_STEP: ON_LAST,
            MEMBRANES: ON_MEMBRANES,
            NO_ZERO: _learn("back step"),
            NO_BACKWARD: [_learn("zero step"), _learn("step")],
            NO_GRADIENT_YET: _learn("back zero step"),
            STEP_EARLY: [
                _learn(order) for order in ("step zero back", "step back", "zero step back")
            ],
            NO_STEP: [_learn("zero back"), _learn("back")],
            NOT_A_NUMBER: _learn("zero back step", returns=lambda loss: loss),
            PAIR: [_on_pair, _keeps_pair],
            SWAPPED: _swaps,
            UNROLLED: _on_recordings,
            OTHER_OPTIMIZER: [_other_optimizer, _twice],
            OTHER_LOSS: [
                _learn("zero back step", returns=lambda loss: round(loss.item(), 2)),
                _learn("zero back step", returns=lambda loss: 7 * loss.item()),
            ],
            LOSS_AFTER: _loss_after,
            NO_STEP_BETWEEN: _two_gradients,
        },
        accepts=(
            _learn("zero back step", returns=lambda loss: float(loss.detach())),
            _learn("back step zero", returns=lambda loss: loss.detach().numpy()),
            _learn("zero back step", returns=Tensor.detach),
            _learn("zero back step", returns=lambda loss: [loss.item()]),
            _learn("fill back step"),
            _learn("net back step"),
            _step_by_step,
        ),
        hints=(
            "`net(x_rec)` returns two things, the spikes and the membranes of all steps: `spk_rec, _ = net(x_rec)`.",
            "Gradients live in the weights. The loss writes them, `loss.backward()`; the optimizer clears and uses them: `optimizer.zero_grad()`, `optimizer.step()`.",
            "In this order: `zero_grad`, `backward`, `step`. At the end `.item()` makes a plain number of the loss.",
        ),
    ),
    Exercise(
        id="07.3",
        by_hand=True,
        title="Three bugs",
        name="fixed_epoch",
        solution=fixed_epoch,
        check=check_epoch,
        mistakes={
            **WRONG_LOSSES,
            KEEPS_GRAPH: _broken(),
            HOLDS: _plain(),
            NO_ZERO: [_in_order("back step"), _plain(order="back step")],
            NO_STEP: [_in_order("zero back"), _plain(order="zero back")],
            NO_BACKWARD: _plain(order="zero step"),
            STEP_EARLY: _plain(order="zero step back"),
            NO_GRADIENT_YET: _plain(order="back zero step"),
            PAIR: _each(_keeps_pair),
            SWAPPED: _each(_swaps),
            UNROLLED: _each(_on_recordings),
            STEP_PAIR: _collects_pairs,
            NO_STEP_BETWEEN: _step_at_the_end,
            NOT_ONE_EACH: [_first_batch, _learns_at_every_step],
        },
        accepts=(
            lambda net, optimizer, batches: np.float64(fixed_epoch(net, optimizer, batches)),
            _in_order("zero back step"),
            _in_order("back step zero"),
            _by_sequence,
            _for_digits,
        ),
        hints=(
            "Follow three names through the loop: `state`, `spk` and `total`. What does each hold when a batch ends?",
            "`state` must be None when a batch begins. `spk` is overwritten at each step: collect it in a list.",
            "`total + loss` is a tensor whose graph grows with every batch. `loss.item()` is only the number.",
        ),
        right="You will meet all three again, in other people's code.",
    ),
    Exercise(
        id="07.4",
        title="Cut the time, keep the state",
        name="my_stretches",
        solution=my_stretches,
        cases=_draw_stretches,
        run=_run_stretches,
        mistakes={
            STARTS_AGAIN: _starts_again,
            STACKED: _stacked,
            ONE_TENSOR: [
                lambda *given: list(my_stretches(*given)),
                lambda *given: (my_stretches(*given), None),
            ],
            JOINED_STEPS: lambda *given: my_stretches(*given).flatten(0, 1),
            LEARNS: [_learns, partial(_learns, lr=0.1)],
            NOT_CUT: partial(_in_parts, cut=False),
            EVERY_STEP_CUT: partial(_in_parts, parts=lambda x_rec, length: x_rec.split(1)),
            IN_CHUNKS: partial(_in_parts, parts=Tensor.chunk),
            OTHER_AXIS: [
                partial(_in_parts, parts=partial(Tensor.split, dim=1)),
                partial(_in_parts, parts=partial(Tensor.split, dim=2)),
            ],
            OTHER_LENGTH: [
                partial(_in_parts, parts=lambda x_rec, length: x_rec.split(len(x_rec) // length)),
                partial(_in_parts, parts=lambda x_rec, length: x_rec.split(length - 1)),
                partial(_in_parts, parts=lambda x_rec, length: x_rec.split(length + 1)),
            ],
            NO_GRADIENT: [
                lambda *given: my_stretches(*given).detach(),
                lambda net, x_rec, length: my_stretches(net, x_rec.detach(), length),
                torch.no_grad()(my_stretches),
            ],
            ONLY_LAST: [
                lambda net, x_rec, length: my_stretches(net, x_rec, length)[-length:],
                lambda net, x_rec, length: my_stretches(net, x_rec, length)[:length],
            ],
            END_MISSING: partial(_in_parts, parts=_full_stretches),
            MEMBRANES_RETURNED: partial(_in_parts, what="mem"),
            FIRST_LAYER: [partial(_in_parts, layer=0), partial(_in_parts, layer=1)],
        },
        otherwise=_compare_stretches,
        accepts=(_in_parts, _counting, _by_index),
        hints=(
            "`for stretch in x_rec.split(length)` gives the stretches in order.",
            "Begin with `state = None`. In the loop, unroll one stretch, put its spikes into a list, and detach the state before the next stretch gets it.",
            "After the loop `torch.cat` joins the list along time. `snn.detach` changes nothing in place: `state = snn.detach(state)`.",
        ),
    ),
]
