"""Exercises of 07 · Training through time: credit by hand, a training step, bugs, a cut in time."""

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.exercises import Exercise, Option, Question

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


def check_credit(answer: Attempt) -> None:
    """Compare with the recursion, on slopes and derivatives that differ at every step."""
    for steps, beta in ((6, 0.8), (4, 0.5)):
        h, g = torch.rand(steps) + 0.1, torch.randn(steps)
        got = torch.as_tensor(answer(h, g, beta), dtype=torch.float32)
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


def _returns_sum(h: Tensor, g: Tensor, beta: float) -> Tensor:
    return _recursion(h, g, beta).sum()


_KNOWN_CREDIT = (
    (_forward, FORWARD),
    (_no_leak, NO_LEAK),
    (_no_slope, NO_SLOPE),
    (_slope_twice, SLOPE_TWICE),
    (_no_beta, NO_BETA),
)

# --------------------------------------------------------------------------------------- 07.2

NO_ZERO = "After two steps your weights differ. Gradients add up from call to call, until somebody sets them to zero."
ZERO_LATE = "The weights do not move: you set the gradients to zero just before they are used."
STEP_EARLY = "You turn the weights before `backward()` says which way. Compute the gradient first."
NO_STEP = "The gradient is there, but the weights do not move. Who turns them?"
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
        raise WrongAnswer(NO_STEP if has_gradient else ZERO_LATE)
    for wrong, message in ((_no_zero, NO_ZERO), (_last_step, LAST_STEP)):
        if _alike(net, _two_steps(wrong)[1]):
            raise WrongAnswer(message)
    if isinstance(got[0], Tensor):
        raise WrongAnswer(NOT_A_NUMBER)
    right, expected = _two_steps(my_step)
    if not torch.allclose(torch.tensor(got), torch.tensor(right)):
        raise WrongAnswer(
            f"The first loss should be {right[0]:.4f}, yours is {got[0]:.4f}. Is it the "
            f"`ce_rate_loss` of `spk_rec`, the first thing that `net` returns?"
        )
    if not _alike(net, expected):
        raise WrongAnswer("The loss is right, but the weights after two steps are not.")


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
    if "retain_graph=True" in _source(answer.function):
        raise WrongAnswer(RETAINS)


def _epoch(run: Any, net: snn.Sequential, batches: list[tuple[Tensor, Tensor]]) -> Any:
    net = copy.deepcopy(net)
    return run(net, torch.optim.SGD(net.parameters(), lr=0.5), batches)


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


_KNOWN_EPOCH = (
    (_untouched, LAST_ONLY),
    (_last_only, LAST_ONLY),
    (_state_stays, STATE_STAYS),
    (_every_step_fresh, EVERY_STEP_FRESH),
)

# --------------------------------------------------------------------------------------- 07.4

STARTS_AGAIN = (
    "At the start of a stretch your neurons are at rest again. Cut the gradient, not the membrane: hand the "
    "state on."
)
NOT_CUT = (
    "The spikes are right, but a gradient still passes from one stretch into the one before it. Detach "
    "the state between them."
)
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
    if spk_rec.shape != right.shape:
        raise WrongAnswer(f"Needed is {list(right.shape)}. Yours is {list(spk_rec.shape)}.")
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
            (_zero_late, ZERO_LATE),
            (_step_early, STEP_EARLY),
            (_step_early_added, STEP_EARLY),
            (_no_step, NO_STEP),
            (_last_step, LAST_STEP),
            (_returns_tensor, NOT_A_NUMBER),
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
        ),
    ),
]

QUESTIONS = {
    "07": (
        Question(
            "A weight is used at every step. What is its gradient?",
            (
                Option("The sum over all steps", "Each use is one contribution.", right=True),
                Option("That of the last step", "Earlier uses moved the membrane, too."),
                Option(
                    "The mean over all steps",
                    "The chain rule adds. Only a loss that takes a mean divides.",
                ),
            ),
        ),
        Question(
            "You train on sequences twice as long. What happens to the memory that BPTT takes?",
            (
                Option("Nothing", "Every step's membranes are kept for the way back."),
                Option("It doubles", "One set of membranes for each step.", right=True),
                Option("It grows fourfold", "Each step keeps the same amount: it is a line."),
            ),
        ),
        Question(
            "Truncated BPTT cuts a sequence into stretches. What does the network lose?",
            (
                Option(
                    "Its memory: it starts each stretch at rest",
                    "The state is handed on. Only its history is forgotten.",
                ),
                Option("Nothing", "Then the cue of section 5 would have been learned."),
                Option(
                    "Credit for what happened before the stretch",
                    "The state still carries the past forward; no gradient carries blame back.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A loop raises “Trying to backward through the graph a second time”. What do you do first?",
            (
                Option(
                    "Pass `retain_graph=True`, as the message says",
                    "It silences the messenger. Ask first which tensor came from the last batch.",
                ),
                Option(
                    "Look for a state that is carried from one batch into the next",
                    "That is the usual cause. Start each batch at rest, or detach on purpose.",
                    right=True,
                ),
                Option("Lower the learning rate", "It has nothing to do with step size."),
            ),
        ),
    ),
}
