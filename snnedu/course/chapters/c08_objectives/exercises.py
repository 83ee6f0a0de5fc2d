"""Exercises of 08 · Objectives: a loss of counts, the push of a loss, an early exit."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from random import choice, randint, uniform
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, nll_loss, one_hot

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, numbers, refuse
from snnedu.course.exercise import Exercise

Loss = Callable[[Tensor, Tensor], Tensor]


def my_count_loss(spk_rec: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross entropy of the spike counts."""
    counts = spk_rec.sum(0)
    return torch.nn.functional.cross_entropy(counts, targets)


def my_push(loss: Loss, fired: int, num_steps: int) -> float:
    """Return how strongly a loss pushes for a spike of class 3 at the last step."""
    spk_rec = torch.zeros(num_steps, 1, 10)
    spk_rec[:fired, 0, 3] = 1.0
    spk_rec.requires_grad_()
    loss(spk_rec, torch.tensor([3])).backward()
    return -spk_rec.grad[-1, 0, 3].item()  # pyright: ignore[reportOptionalSubscript]


def my_decide(spk_rec: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """Return each sample's class, of equal counts the lowest, and the step, which counts from 0."""
    counts = spk_rec.cumsum(0)
    first, second = counts.topk(2).values.unbind(-1)
    ahead = first - second >= margin
    ahead[-1] = True
    steps = ahead.int().argmax(0)
    samples = torch.arange(len(steps))
    return counts[steps, samples].argmax(-1), steps


# --------------------------------------------------------------------------------------- 08.1

RATES = "You use the mean over steps. A count is the sum: with the mean, your loss would be the same for 2 of 10 steps as for 20 of 100."
EACH_STEP = (
    "You compare at every step, as `ce_rate_loss` does. Add up the spikes first, then compare once."
)
DIVIDED = "You divide the loss by the number of steps. Here the sum over steps is inside the softmax, and nothing is divided by T."
NO_LOG = "Your loss is minus the count of the right class. `nll_loss` needs the logarithm of a softmax: `cross_entropy` takes both."
PROBABILITY = "Your loss is minus the probability of the right class. Take its logarithm: `cross_entropy` takes the softmax, its logarithm and the minus."
OVER_SAMPLES = (
    "Your softmax runs over the samples, axis 0 of the counts. Let it run over the classes, axis 1."
)
ALREADY_SOFTMAX = (
    "You take a softmax before `cross_entropy`, which takes one itself. Pass the counts."
)
BATCH_SUM = "You add the losses of the samples up. Return their mean."
NO_MEAN = "You return one loss for each sample. Return their mean, one number."
A_TUPLE = "You return a tuple or a list. Return the loss alone; a comma after it makes a tuple."
NO_GRADIENT = "The number is right, but no gradient gets through. Stay with torch operations on `spk_rec`, without `detach`, `item` or `argmax`."
LAST_STEP = "Your loss sees the last step only. A count needs all steps."
PEAK = "You take the maximum over steps: 1 for one spike as for ten. Count with a sum."
SIGN = "Your loss has the wrong sign: it would teach the network to be wrong."
NOT_CE = "You square differences of counts. Cross entropy is asked for: a softmax over the classes, then -log of the right one."
TARGETS_FIRST = "`cross_entropy` takes the counts first, then the targets."
TIME_IS_LEFT = "Time is axis 0, and your scores still have that axis. Add up over axis 0, not over samples (1) or classes (2)."
CHANGED = "Your function changes `spk_rec`, which later code may need. Make a new tensor instead."


def _draw_outputs() -> Iterator[tuple[Tensor, Tensor]]:
    """Draw spikes of different numbers of steps, samples and classes, which all differ."""
    for steps, batch, classes in ((randint(7, 9), 5, 4), (randint(12, 15), 3, 6)):
        spk_rec = (torch.rand(steps, batch, classes) < 0.4).float()
        yield spk_rec, torch.randint(classes, (batch,))


def _run_loss(answer: Attempt, spk_rec: Tensor, targets: Tensor) -> Tensor:
    """Return the loss and its gradient at every spike."""
    given = spk_rec.clone().requires_grad_()
    try:
        loss = answer.changing(given, targets.clone())
    except WrongAnswer as reply:
        text = str(reply)
        swapped = re.search(r"cross_entropy\(\s*targets\b", text) and "'Long'" in text
        refuse({TARGETS_FIRST: swapped, TIME_IS_LEFT: f"input batch_size ({len(given)})" in text})
        raise
    refuse({CHANGED: not torch.equal(given.detach(), spk_rec)})
    refuse({A_TUPLE: isinstance(loss, (tuple, list))})
    found = numbers(loss)
    refuse({NO_MEAN: found.shape == targets.shape})
    if found.numel() != 1:
        raise WrongAnswer(f"A loss is one number. You return the shape {list(found.shape)}.")
    if not isinstance(loss, Tensor) or not loss.requires_grad:
        right = my_count_loss(spk_rec, targets).double()
        refuse({NO_GRADIENT: torch.allclose(found.reshape(()), right, atol=1e-5)})
        return torch.cat([found.flatten(), torch.zeros(spk_rec.numel())])
    options: Any = {"allow_unused": True, "materialize_grads": True}
    (grad,) = torch.autograd.grad(loss.sum(), given, **options)
    return torch.cat([found.flatten(), grad.flatten().double()])


def _by_hand(spk_rec: Tensor, targets: Tensor) -> Tensor:
    counts = spk_rec.sum(0)
    right = counts[torch.arange(len(targets)), targets]
    return (counts.exp().sum(1).log() - right).mean()


def _by_loop(spk_rec: Tensor, targets: Tensor) -> Tensor:
    counts = torch.zeros(spk_rec.shape[1:])
    for spk in spk_rec:
        counts = counts + spk
    losses = [-each.softmax(0)[target].log() for each, target in zip(counts, targets, strict=True)]
    return torch.stack(losses).mean()


def _with_one_hot(spk_rec: Tensor, targets: Tensor) -> Tensor:
    log = spk_rec.sum(0).double().log_softmax(-1)
    return -(one_hot(targets, log.shape[-1]) * log).sum() / len(targets)


def _squares(spk_rec: Tensor, targets: Tensor) -> Tensor:
    return (spk_rec.sum(0) - len(spk_rec) * one_hot(targets, spk_rec.shape[2])).square().mean()


def _probability(axis: int, scale: Callable[[Tensor], Tensor]) -> Loss:
    """Return minus the mean of what `scale` makes of a softmax along this axis of the counts."""

    def loss(spk_rec: Tensor, targets: Tensor) -> Tensor:
        probability = spk_rec.sum(0).softmax(axis)
        return -scale(probability[torch.arange(len(targets)), targets]).mean()

    return loss


def _of(scores: Callable[[Tensor], Tensor], **options: Any) -> Loss:
    """Return the cross entropy of other scores."""
    return lambda spk_rec, targets: cross_entropy(scores(spk_rec), targets, **options)


# --------------------------------------------------------------------------------------- 08.2

WRONG_SIGN = "This is the gradient. A loss pushes *against* it: a negative gradient asks for a spike. Turn the sign."
NO_SIGN = "Your push is never below 0. A loss that has enough spikes pushes down: keep the sign, without `abs`."
ALL_STEPS = "You add up the gradients of all steps. One more spike is asked for: take that of the last step, where class 3 is silent."
FIRST_STEP = (
    "You look at the first step, where class 3 has fired already. Look at the last one: [-1]."
)
A_WRONG_CLASS = "You look at another class. The push for class 3 stands at [-1, 0, 3]."
ALL_CLASSES = "You add up the gradients of all classes. Look at class 3 alone."
THE_LOSS = "This is the loss itself. The push is its derivative by one spike: call `.backward()`, then read `spk_rec.grad`."
NOBODY = "You left all classes silent. Class 3 fires at the first `fired` steps."
EVERYBODY = "All your classes fire. Class 3 alone fires at the first `fired` steps."
LATE = "Your spikes stand at the last steps. Put them at the first `fired` steps, so that the last step is free."
ONE_TOO_MANY = "Class 3 fires once too often: `fired` spikes stand at the steps 0 to fired - 1."
A_WHOLE_SPIKE = "You compare the losses with and without a whole spike. The push is a derivative: call `.backward()`, then read `spk_rec.grad`."
TOO_EARLY = "Your spikes are set in a tensor that already tracks gradients. Set them first, then call `spk_rec.requires_grad_()`."
NOT_TRACKED = "The loss has no gradient. Call `spk_rec.requires_grad_()` after the spikes are set, and before you compute the loss."
NO_BACKWARD = "`.grad` is still empty (None). Call `.backward()` on the loss first, and read `.grad` of the tensor on which you called `requires_grad_()`."
AFTER_THE_LAST = "You look at step `fired`. Look at the last step: [-1, 0, 3]."
ONE_SPIKE = "You set one spike, at step `fired`. Class 3 fires at all of the first `fired` steps: `[:fired, 0, 3]`."
OWN_LOSS = "You use a loss of your own choice. Take the push of `loss`, which is passed in."
FORGOT_TIME = "You always use the same number of steps. Make `num_steps` of them."


def _draw_losses() -> Iterator[tuple[Loss, int, int]]:
    """Draw losses whose gradients differ between steps, classes and numbers of spikes."""
    f = snn.functional
    rate = uniform(0.3, 0.8)
    losses: list[Loss] = [
        f.ce_count_loss,
        partial(f.mse_count_loss, correct_rate=rate, incorrect_rate=0.1),
        _weighted,
        f.ce_rate_loss,
        partial(f.mse_count_loss, correct_rate=0.1),  # it has enough: the push is below 0
    ]
    for loss in losses:
        yield loss, randint(2, 4), choice((8, 9, 11, 12))


def _run_push(answer: Attempt, loss: Loss, fired: int, num_steps: int) -> Any:
    try:
        return answer(loss, fired, num_steps)
    except WrongAnswer as reply:
        refuse(
            {
                TOO_EARLY: "leaf Variable" in str(reply),
                NOT_TRACKED: "does not require grad" in str(reply),
                NO_BACKWARD: "'NoneType' object is not subscriptable" in str(reply),
            }
        )
        raise


def _weighted(spk_rec: Tensor, targets: Tensor) -> Tensor:
    """Return a loss for which late spikes count more: it tells the steps apart."""
    late = torch.linspace(0.1, 1.0, len(spk_rec))[:, None, None]
    return cross_entropy((late * spk_rec).sum(0), targets)


def _push(
    loss: Loss, fired: int, num_steps: int, *, spikes: Any = None, of: Any = (-1, 0, 3)
) -> float:
    """Return the push of other spikes, or at another place."""
    spk_rec = torch.zeros(num_steps, 1, 10)
    if spikes is None:
        spk_rec[:fired, 0, 3] = 1.0
    else:
        spikes(spk_rec, fired)
    spk_rec.requires_grad_()
    (grad,) = torch.autograd.grad(loss(spk_rec, torch.tensor([3])), spk_rec)
    return -grad[of].sum().item()


def _late(spk_rec: Tensor, fired: int) -> None:
    spk_rec[-fired:, 0, 3] = 1.0


def _too_many(spk_rec: Tensor, fired: int) -> None:
    spk_rec[: fired + 1, 0, 3] = 1.0


def _every_class(spk_rec: Tensor, fired: int) -> None:
    spk_rec[:fired] = 1.0


def _loss_alone(loss: Loss, fired: int, num_steps: int) -> float:
    spk_rec = torch.zeros(num_steps, 1, 10)
    spk_rec[:fired, 0, 3] = 1.0
    return loss(spk_rec, torch.tensor([3])).item()


def _whole_spike(loss: Loss, fired: int, num_steps: int) -> float:
    spk_rec = torch.zeros(num_steps, 1, 10)
    spk_rec[:fired, 0, 3] = 1.0
    without = loss(spk_rec, torch.tensor([3]))
    spk_rec[-1, 0, 3] = 1.0
    return (without - loss(spk_rec, torch.tensor([3]))).item()


def _spikes_in_a_leaf(loss: Loss, fired: int, num_steps: int) -> float:
    spk_rec = torch.zeros(num_steps, 1, 10, requires_grad=True)
    spk_rec[:fired, 0, 3] = 1.0
    return loss(spk_rec, torch.tensor([3])).item()


def _untracked(loss: Loss, fired: int, num_steps: int) -> None:
    spk_rec = torch.zeros(num_steps, 1, 10)
    spk_rec[:fired, 0, 3] = 1.0
    loss(spk_rec, torch.tensor([3])).backward()


def _without_backward(loss: Loss, fired: int, num_steps: int) -> float:
    spk_rec = torch.zeros(num_steps, 1, 10)
    spk_rec[:fired, 0, 3] = 1.0
    spk_rec.requires_grad_()
    loss(spk_rec, torch.tensor([3]))
    return -spk_rec.grad[-1, 0, 3].item()  # pyright: ignore[reportOptionalSubscript]


def _at_fired(loss: Loss, fired: int, num_steps: int) -> float:
    return _push(loss, fired, num_steps, of=(fired, 0, 3))


def _one_spike(spk_rec: Tensor, fired: int) -> None:
    spk_rec[fired, 0, 3] = 1.0


def _as_tensor(loss: Loss, fired: int, num_steps: int) -> Tensor:
    spk_rec = torch.stack([torch.eye(10)[3:4] * (step < fired) for step in range(num_steps)])
    spk_rec = spk_rec.requires_grad_()
    return -torch.autograd.grad(loss(spk_rec, torch.tensor([3])), spk_rec)[0][-1, 0, 3]


# --------------------------------------------------------------------------------------- 08.3

MORE_THAN = "A lead of exactly `margin` is enough: `>=`, not `>`."
A_COUNT = "You wait until a class has `margin` spikes. `margin` is a lead: compare the best class with the second best."
FROM_ONE = "Your steps count from 1. The first step is 0."
FROM_ZERO_ONLY = "A sample without a lead is decided at step 0 in your answer, since `argmax` of only False is 0. It should be decided at the last step."
AT_THE_END = "Your steps are right, but your class is the one that leads at the end. Answer with the class that leads at the step of the decision."
NO_SUM = "You look at each step alone. Add the spikes up to that step: `cumsum(0)`."
LAST_LEAD = "Your sample waits for the last step at which a class leads. Decide at the first."
SWAPPED = "You return the steps first. Return the classes, then the steps."
ONLY_ONE = "Return two things: the classes and the steps."
OVER_THE_MEAN = (
    "You compare the best class with the mean of all. The rival is the second best class."
)
OVER_THE_WORST = "You compare the best class with the worst. The rival is the second best class."
NEVER = "If no class ever leads by the margin, the last step decides. You return a step of -1."
TIE = "Your steps are right. Where two classes have equal counts at the last step, answer with the lowest of them, as `argmax` of the counts does."
BOOLS = "`argmax` does not take True and False. Turn them into numbers first: `.int().argmax(0)`."
ONE_STEP_LATE = "You decide one step late: the spikes of a step count at that step already."
LEAD_OF_FIRST = "You compare class 0 with class 1. Which two lead differs from sample to sample: `topk(2)` finds them."


def _draw_races() -> Iterator[tuple[Tensor, int]]:
    """Draw races of five classes; some end early, some are never decided, some change the lead."""
    for steps, margin in ((12, 2), (9, 3), (15, 1)):
        even = (torch.rand(steps, 30, 5) < 0.4).float()
        favorite = torch.randint(5, (30,))
        rates = 0.2 + 0.5 * one_hot(favorite, 5)
        uneven = (torch.rand(steps, 30, 5) < rates).float()
        silent = torch.zeros(steps, 1, 5)
        yield torch.cat([even, uneven, silent, _turn(steps, margin)], 1), margin


def _turn(steps: int, margin: int) -> Tensor:
    """Return a race in which class 1 leads by the margin at first, and class 2 wins in the end."""
    spk_rec = torch.zeros(steps, 1, 5)
    spk_rec[:margin, 0, 1] = 1.0
    spk_rec[margin:, 0, 2] = 1.0
    return spk_rec


def _run_race(answer: Attempt, spk_rec: Tensor, margin: int) -> Tensor:
    try:
        got, batch = answer(spk_rec, margin), spk_rec.shape[1]
    except WrongAnswer as reply:
        refuse({BOOLS: "argmax(): does not support bool" in str(reply)})
        raise
    shapes = [list(numbers(part).shape) for part in got] if isinstance(got, (tuple, list)) else []
    if len(shapes) == 2 and shapes != [[batch]] * 2:
        raise WrongAnswer(
            f"Return one class and one step for each of {batch} samples. Yours have the shapes "
            f"{shapes[0]} and {shapes[1]}."
        )
    found = numbers(got)
    refuse({ONLY_ONE: found.shape == (batch,)})
    if found.shape != (2, batch):
        raise WrongAnswer(
            f"Return the classes and the steps, each a tensor of {batch} numbers. Together yours "
            f"have the shape {list(found.shape)}."
        )
    return found


def _race(
    spk_rec: Tensor,
    margin: float,
    *,
    lead: Callable[[Tensor], Tensor] = lambda counts: -counts.topk(2).values.diff(dim=-1)[..., 0],
    reached: Callable[[Tensor, float], Tensor] = torch.ge,
    counts: Callable[[Tensor], Tensor] = lambda spk_rec: spk_rec.cumsum(0),
    until_end: bool = True,
) -> tuple[Tensor, Tensor]:
    """Decide as `my_decide` does, with one thing changed."""
    evidence = counts(spk_rec)
    ahead = reached(lead(evidence), margin)
    if until_end:
        ahead[-1] = True
    steps = ahead.int().argmax(0)
    return evidence[steps, torch.arange(len(steps))].argmax(-1), steps


def _last_lead(spk_rec: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    counts = spk_rec.cumsum(0)
    ahead = -counts.topk(2).values.diff(dim=-1)[..., 0] >= margin
    steps = len(spk_rec) - 1 - ahead.flip(0).int().argmax(0)
    return counts[steps, torch.arange(len(steps))].argmax(-1), steps


def _at_the_end(spk_rec: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    return spk_rec.sum(0).argmax(-1), my_decide(spk_rec, margin)[1]


def _late_by_one(spk_rec: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    before = torch.cat([torch.zeros_like(spk_rec[:1]), spk_rec[:-1]])
    return _race(spk_rec, margin, counts=lambda _: before.cumsum(0))


def _one_by_one(spk_rec: Tensor, margin: float) -> tuple[list[int], list[int]]:
    classes, steps = list[int](), list[int]()
    for sample in spk_rec.unbind(1):
        counts, used = torch.zeros(sample.shape[1]), 0
        for spk in sample:
            counts, used = counts + spk, used + 1
            second, first = counts.sort().values[-2:].tolist()
            if first - second >= margin:
                break
        classes.append(int(counts.argmax()))
        steps.append(used - 1)
    return classes, steps


def _never(spk_rec: Tensor, margin: float) -> Tensor:
    classes, steps = my_decide(spk_rec, margin)
    counts = spk_rec.cumsum(0)
    reached = (-counts.topk(2).values.diff(dim=-1)[..., 0] >= margin).any(0)
    return torch.stack([classes, torch.where(reached, steps, -1)])


def _never_a_class(spk_rec: Tensor, margin: float) -> Tensor:
    classes, steps = _never(spk_rec, margin)
    return torch.stack([torch.where(steps < 0, -1, classes), steps])


def _highest_of_equals(spk_rec: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    _, steps = my_decide(spk_rec, margin)
    counts = spk_rec.cumsum(0)[steps, torch.arange(len(steps))]
    return counts.shape[-1] - 1 - counts.flip(-1).argmax(-1), steps


def _compare_races(got: Tensor, right: Tensor, spk_rec: Tensor, margin: int) -> str:
    last = len(spk_rec) - 1
    wrong = (got != right).any(0).nonzero()[:, 0]
    if all(_is_tie(got[:, n], right[:, n], spk_rec[:, n]) for n in wrong):
        return TIE
    sample = int(wrong[0])
    step = int(right[1, sample])
    counts = spk_rec[: step + 1, sample].sum(0).int().tolist()
    return (
        f"Sample {sample} has these counts at step {step}{' (the last)' if step == last else ''}: "
        f"{counts}. With a margin of {margin} it answers {right[0, sample]:.0f} at this step. Yours "
        f"answers {got[0, sample]:.0f} at step {got[1, sample]:.0f}."
    )


def _by_topk(spk_rec: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    _, steps = my_decide(spk_rec, margin)
    counts = spk_rec.cumsum(0)[steps, torch.arange(len(steps))]
    return counts.topk(2).indices[:, 0], steps


def _is_tie(got: Tensor, right: Tensor, spk_rec: Tensor) -> bool:
    """Tell whether an answer is another class with as many spikes, at the right step."""
    counts = spk_rec[: int(right[1]) + 1].sum(0).tolist()
    best = [label for label, count in enumerate(counts) if count == max(counts)]
    return bool(got[1] == right[1]) and got[0].item() in best


EXERCISES = [
    Exercise(
        id="08.1",
        title="A loss of counts",
        name="my_count_loss",
        solution=my_count_loss,
        cases=_draw_outputs,
        run=_run_loss,
        mistakes={
            RATES: _of(lambda spk_rec: spk_rec.mean(0)),
            EACH_STEP: [
                snn.functional.ce_rate_loss,
                lambda *given: snn.functional.ce_rate_loss(*given) * len(given[0]),
            ],
            DIVIDED: lambda *given: my_count_loss(*given) / len(given[0]),
            PROBABILITY: _probability(1, torch.clone),
            OVER_SAMPLES: _probability(0, torch.log),
            ALREADY_SOFTMAX: _of(lambda spk_rec: spk_rec.sum(0).softmax(-1)),
            BATCH_SUM: _of(lambda spk_rec: spk_rec.sum(0), reduction="sum"),
            NO_MEAN: _of(lambda spk_rec: spk_rec.sum(0), reduction="none"),
            NO_GRADIENT: lambda *given: my_count_loss(*given).detach(),
            A_TUPLE: lambda *given: (my_count_loss(*given),),
            LAST_STEP: _of(lambda spk_rec: spk_rec[-1]),
            PEAK: [
                _of(lambda spk_rec: spk_rec.amax(0)),
                _of(lambda spk_rec: spk_rec.max(0).values),
            ],
            SIGN: lambda *given: -my_count_loss(*given),
            NOT_CE: _squares,
            NO_LOG: lambda spk_rec, targets: nll_loss(spk_rec.sum(0), targets),
            TARGETS_FIRST: lambda spk_rec, targets: cross_entropy(targets, spk_rec.sum(0)),
            TIME_IS_LEFT: [
                _of(lambda spk_rec: spk_rec.sum(1)),
                _of(lambda spk_rec: spk_rec.sum(-1)),
            ],
        },
        wrong=(
            lambda *given: my_count_loss(*given).item() + 1.0,
            lambda spk_rec, targets: my_count_loss(spk_rec, targets) * len(spk_rec),
        ),
        otherwise="The loss, or its gradient, is not that of the counts. Add up the spikes of each class over time, then take the cross entropy.",
        accepts=(
            _by_hand,
            _by_loop,
            _with_one_hot,
            lambda *given: my_count_loss(*given)[None],
            snn.functional.ce_count_loss,
        ),
        hints=(
            "Time is the first axis of `[time, batch, classes]`. A count adds up over time.",
            "`spk_rec.sum(0)` has the counts, `[batch, classes]`.",
            "`torch.nn.functional.cross_entropy` takes counts and targets, and returns the mean over the batch.",
        ),
    ),
    Exercise(
        id="08.2",
        by_hand=True,
        title="What a loss asks for",
        name="my_push",
        solution=my_push,
        cases=_draw_losses,
        run=_run_push,
        mistakes={
            WRONG_SIGN: lambda *given: -my_push(*given),
            NO_SIGN: lambda *given: abs(my_push(*given)),
            ALL_STEPS: partial(_push, of=(slice(None), 0, 3)),
            FIRST_STEP: partial(_push, of=(0, 0, 3)),
            A_WRONG_CLASS: [partial(_push, of=(-1, 0, other)) for other in (0, 1, 2, 4)],
            ALL_CLASSES: partial(_push, of=(-1, 0)),
            THE_LOSS: _loss_alone,
            A_WHOLE_SPIKE: _whole_spike,
            TOO_EARLY: _spikes_in_a_leaf,
            NOBODY: partial(_push, spikes=lambda spk_rec, fired: None),
            EVERYBODY: partial(_push, spikes=_every_class),
            LATE: partial(_push, spikes=_late),
            ONE_TOO_MANY: partial(_push, spikes=_too_many),
            ONE_SPIKE: partial(_push, spikes=_one_spike),
            AFTER_THE_LAST: _at_fired,
            NOT_TRACKED: _untracked,
            NO_BACKWARD: _without_backward,
            OWN_LOSS: [
                partial(lambda loss, fired, num_steps, own: my_push(own, fired, num_steps), own=own)
                for own in (my_count_loss, snn.functional.ce_rate_loss)
            ],
            FORGOT_TIME: [
                partial(lambda loss, fired, num_steps, n: my_push(loss, fired, n), n=n)
                for n in (10, 25)
            ],
        },
        otherwise="The push differs. It is minus the gradient of the loss by the spike of class 3 at the last step, with `fired` spikes of class 3 at the first steps and no others.",
        accepts=(_push, _as_tensor, lambda *given: [my_push(*given)]),
        hints=(
            "Make spikes `[num_steps, 1, 10]` of zeros, and set those of class 3 at the first `fired` steps.",
            "`spk_rec.requires_grad_()` after they are set; then `loss(spk_rec, torch.tensor([3])).backward()`.",
            "`spk_rec.grad[-1, 0, 3]` is the gradient by the spike at the last step. A push goes against it.",
        ),
        right="You can now ask any loss what it wants.",
    ),
    Exercise(
        id="08.3",
        title="Answer early",
        name="my_decide",
        solution=my_decide,
        cases=_draw_races,
        run=_run_race,
        mistakes={
            MORE_THAN: partial(_race, reached=torch.gt),
            A_COUNT: partial(_race, lead=lambda counts: counts.amax(-1)),
            FROM_ONE: lambda *given: (my_decide(*given)[0], my_decide(*given)[1] + 1),
            FROM_ZERO_ONLY: partial(_race, until_end=False),
            AT_THE_END: _at_the_end,
            NO_SUM: partial(_race, counts=lambda spk_rec: spk_rec),
            LAST_LEAD: _last_lead,
            SWAPPED: lambda *given: my_decide(*given)[::-1],
            ONLY_ONE: [
                ByShape(lambda *given: my_decide(*given)[0]),
                ByShape(lambda *given: my_decide(*given)[1]),
            ],
            OVER_THE_MEAN: partial(_race, lead=lambda counts: counts.amax(-1) - counts.mean(-1)),
            ONE_STEP_LATE: _late_by_one,
            OVER_THE_WORST: partial(_race, lead=lambda counts: counts.amax(-1) - counts.amin(-1)),
            NEVER: [_never, _never_a_class],
            TIE: [_highest_of_equals, _by_topk],
            BOOLS: lambda spk_rec, margin: (spk_rec.cumsum(0).amax(-1) >= margin).argmax(0),
            LEAD_OF_FIRST: partial(_race, lead=lambda counts: counts[..., 0] - counts[..., 1]),
        },
        otherwise=_compare_races,
        accepts=(
            _one_by_one,
            lambda *given: tuple(part.numpy() for part in my_decide(*given)),
            lambda *given: torch.stack(my_decide(*given)),
            lambda *given: [part.double() for part in my_decide(*given)],
            snn.functional.decide,
        ),
        hints=(
            "`spk_rec.cumsum(0)` has the counts up to each step, `[time, batch, classes]`.",
            "`counts.topk(2).values` has the two largest counts of each sample at each step. Their difference is the lead. (For the class, take `argmax` of the counts: `topk` may name another of two equal ones.)",
            "Of a tensor of True and False, `.int().argmax(0)` is the first True of each sample. Set the last step to True, so that each has one.",
        ),
        right="A sample may now stop as soon as it is sure.",
    ),
]
