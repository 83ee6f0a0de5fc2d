"""Exercises of 05 · Spiking networks: detect a coincidence, let one winner take all, wake every layer."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import alike, refuse
from snnedu.course.exercise import Exercise


def coincidence(left: Tensor, right: Tensor) -> Tensor:
    """Return the spikes of a neuron that fires only if both inputs spike in the same step."""
    cells = snn.Leaky(beta=0.2)
    spk_rec, _ = cells.unroll(0.6 * left + 0.6 * right)
    return spk_rec


def lateral(neurons: int, strength: float) -> Tensor:
    """Return the weights [neurons, neurons] with which each neuron silences all others."""
    return -strength * (1 - torch.eye(neurons))


def wake(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    """Scale the weights, from the first layer to the last, until each fires in 10 % of the steps."""
    with torch.no_grad():
        for number in range(0, len(net), 2):
            while net.record(x_rec)[str(number + 1)].spk.mean() < 0.1:
                net[number].weight *= 1.1  # pyright: ignore[reportOperatorIssue]
    return net


# ---------------------------------------------------------------- 05.1

ALONE = "Your neuron fires after a single spike from one side. The weight must stay below the threshold."
NEVER = (
    "Your neuron stays silent even when both spike together. Two weights must exceed the threshold."
)
REMEMBERS = "Your neuron fires when one input spikes some steps after the other. It remembers too well: a smaller β forgets faster."
TRAIN = "Your neuron fires when one side spikes in every step. Even then, β must not let it add up to θ."
BOTH_RETURNED = "`unroll` returns two things, the spikes and the membranes. Separate them: `spk_rec, mem_rec = …`."
MEMBRANE = "What you return is not 0 or 1. Is it the membrane? Return the spikes."
PRODUCT = (
    "You multiply the two inputs. A neuron cannot: it adds up weighted inputs, and fires above θ."
)
TWO_NEURONS = (
    "You make two neurons, one for each input. A single neuron should get the sum of both inputs."
)
BOOLEAN = "You return True and False. Let a `snn.Leaky` fire: its spikes are 0.0 and 1.0."


def check_coincidence(answer: Attempt) -> None:
    """Give pairs of spikes 0 to 3 steps apart, single spikes, and one side alone all the time."""
    steps = torch.zeros(12, 1)
    _check_spikes(answer, steps)
    one, later, all_on = steps.clone(), steps.clone(), steps + 1
    one[4], later[6] = 1, 1
    pairs = ((one, steps, ALONE), (one, later, REMEMBERS), (all_on, steps, TRAIN))
    for a, b, reply in pairs:
        refuse({reply: answer(a, b).sum() > 0 or answer(b, a).sum() > 0})
    refuse({NEVER: answer(one, one).sum() != 1})


def _check_spikes(answer: Attempt, steps: Tensor) -> None:
    """Look at what is returned before what it says: 0 or 1, one number for each step."""
    half = steps + 0.5  # a product of two of these is no spike
    spk_rec = answer(half, half)
    if isinstance(spk_rec, (tuple, list)):
        raise WrongAnswer(BOTH_RETURNED)
    if not isinstance(spk_rec, Tensor):
        raise WrongAnswer(f"Return a tensor of spikes. Yours is a {type(spk_rec).__name__}.")
    shapes = f"Return the shape of the inputs, {list(steps.shape)}. Yours is {list(spk_rec.shape)}."
    refuse(
        {
            BOOLEAN: spk_rec.dtype == torch.bool,
            TWO_NEURONS: spk_rec.shape == (12, 2),
            shapes: spk_rec.shape != steps.shape,
            PRODUCT: torch.equal(spk_rec, half * half),
            MEMBRANE: not ((spk_rec == 0) | (spk_rec == 1)).all(),
        }
    )


# ---------------------------------------------------------------- 05.2

EXCITES = "Your neurons excite each other: all would fire. Silencing needs negative weights."
ITSELF = (
    "Your neurons silence themselves, too. The diagonal, from a neuron to itself, must be zero."
)
NO_STRENGTH = "`strength` changes nothing. It is the size of each weight."
ONLY_ITSELF = "Only the diagonal has weights: each neuron silences itself and no other."
EXCITES_ITSELF = (
    "Your neurons excite themselves. The diagonal, from a neuron to itself, must be zero."
)
ONE_WAY = "Some pairs act in one direction only. Each neuron silences each other neuron: fill the matrix above and below the diagonal."
NOT_A_TENSOR = "Return a tensor of floats: the layer multiplies its spikes by it. Yours is a {}."


def check_lateral(answer: Attempt) -> None:
    """Look at the weights on the diagonal and beside it."""
    got = answer(4, 2.5)
    if not isinstance(got, Tensor):
        raise WrongAnswer(NOT_A_TENSOR.format(type(got).__name__))
    if got.dtype != torch.float32:
        raise WrongAnswer(NOT_A_TENSOR.format(f"tensor of {str(got.dtype).removeprefix('torch.')}"))
    if got.shape != (4, 4):
        raise WrongAnswer(
            f"The weights go from each of 4 neurons to each: [4, 4]. Yours is {list(got.shape)}."
        )
    beside = got[~torch.eye(4, dtype=torch.bool)]
    on, same = got.diagonal(), torch.full_like(beside, 1.0)
    refuse(
        {
            ONLY_ITSELF: (beside == 0).all(),
            EXCITES: (beside > 0).any(),
            EXCITES_ITSELF: (on > 0).any(),
            ITSELF: on.any(),
            ONE_WAY: (beside == 0).any(),
            NO_STRENGTH: torch.equal(beside, -same),
            "Every weight beside the diagonal must be -strength.": not alike(beside, -2.5 * same),
        }
    )


# ---------------------------------------------------------------- 05.3

DEAD = "Layer {} is still nearly silent after your function. Each layer needs its own loop."
SATURATED = (
    "Layer {} now fires far too often. Each layer has its own factor: stop at one step in ten."
)
ORDER = "The last layer was right when you left it. Then you woke the layers before it, and now it gets far more spikes than it was tuned for. Which layer has an input that will not change any more?"
UNTOUCHED = "The weights are as they were. Scale them in place, `net[0].weight *= …`; a copy changes nothing, and the exercise does not ask for other biases or thresholds."
NOT_NET = "Your function must return the network."


def check_wake(answer: Attempt) -> None:
    """Give four layers with the usual weights, of which the last two are silent."""
    torch.manual_seed(1)
    layers = [part for _ in range(4) for part in (nn.Linear(32, 32), snn.Leaky(0.9))]
    x_rec = torch.rand(16, 32).expand(10, -1, -1)
    before = _weights(layers)
    net = answer(snn.Sequential(*layers), x_rec)
    if not isinstance(net, snn.Sequential):
        raise WrongAnswer(NOT_NET)
    pairs = zip(before, _weights(net.children()), strict=True)
    refuse({UNTOUCHED: all(torch.equal(old, new) for old, new in pairs)})
    rates = [recording.spk.mean().item() for recording in net.record(x_rec).values()]
    numbered = list(enumerate(rates, start=1))
    refuse({DEAD.format(number): rate < 0.08 for number, rate in numbered})
    refuse({ORDER: rates[0] < 0.15 and rates[-1] > 0.2})
    refuse({SATURATED.format(number): rate > 0.25 for number, rate in numbered})


def _weights(layers: Iterable[nn.Module]) -> list[Tensor]:
    return [part.weight.detach().clone() for part in layers if isinstance(part, nn.Linear)]


def _wake_in(order: Callable[[range], Iterable[int]], what: str = "weight") -> Callable[..., Any]:
    """Return a `wake` that takes the layers in another order, or changes something else."""

    def wake(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
        with torch.no_grad():
            for number in order(range(0, len(net), 2)):
                while net.record(x_rec)[str(number + 1)].spk.mean() < 0.1:
                    part: Tensor = getattr(net[number], what)
                    part.copy_(part * 1.1 if what == "weight" else part + 0.02)
        return net

    return wake


def _all_at_once(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    with torch.no_grad():
        for linear in list(net)[::2]:
            linear.weight *= 10  # pyright: ignore[reportOperatorIssue]
    return net


def _with_leaky(weight: float, beta: float) -> Callable[[Tensor, Tensor], Tensor]:
    def answer(left: Tensor, right: Tensor) -> Tensor:
        return snn.Leaky(beta).unroll(weight * (left + right))[0]

    return answer


EXERCISES = [
    Exercise(
        id="05.1",
        title="A coincidence detector",
        name="coincidence",
        solution=coincidence,
        check=check_coincidence,
        mistakes={
            ALONE: _with_leaky(1.2, 0.2),
            NEVER: _with_leaky(0.4, 0.2),
            REMEMBERS: _with_leaky(0.7, 0.9),
            TRAIN: _with_leaky(0.6, 0.5),
            BOTH_RETURNED: lambda left, right: snn.Leaky(0.2).unroll(0.6 * (left + right)),
            MEMBRANE: lambda left, right: snn.Leaky(0.2).unroll(0.6 * (left + right))[1],
            TWO_NEURONS: lambda left, right: snn.Leaky(0.2).unroll(
                torch.cat([0.6 * left, 0.6 * right], dim=1)
            )[0],
            PRODUCT: lambda left, right: left * right,
            BOOLEAN: lambda left, right: left + right > 1,
        },
        accepts=(_with_leaky(0.9, 0.0), _with_leaky(0.55, 0.4)),
        hints=(
            "Two parameters decide: the weight of each input, and β. θ is 1.",
            "One weight must stay below 1 and two together must exceed 1: choose it between 0.5 and 1.",
            "One side firing all the time fills the membrane up to weight / (1 - β). Keep that below 1.",
        ),
    ),
    Exercise(
        id="05.2",
        title="Winner takes all",
        name="lateral",
        solution=lateral,
        check=check_lateral,
        mistakes={
            EXCITES: lambda neurons, strength: strength * (1 - torch.eye(neurons)),
            ITSELF: lambda neurons, strength: -strength * torch.ones(neurons, neurons),
            NO_STRENGTH: lambda neurons, strength: -(1 - torch.eye(neurons)),
            ONLY_ITSELF: lambda neurons, strength: -strength * torch.eye(neurons),
            EXCITES_ITSELF: lambda neurons, strength: (
                torch.eye(neurons) + lateral(neurons, strength)
            ),
            ONE_WAY: lambda neurons, strength: -strength * torch.ones(neurons, neurons).triu(1),
            NOT_A_TENSOR.format("list"): lambda *given: lateral(*given).tolist(),
        },
        accepts=(
            lambda neurons, strength: strength * (torch.eye(neurons) - 1),
            lambda neurons, strength: torch.full((neurons, neurons), -strength).fill_diagonal_(0),
        ),
        hints=(
            "Each neuron silences every other neuron: which sign do the weights have, and what is on the diagonal?",
            "`torch.eye(n)` is 1 on the diagonal and 0 elsewhere. `1 - torch.eye(n)` is the opposite.",
        ),
    ),
    Exercise(
        id="05.3",
        title="Wake every layer",
        name="wake",
        solution=wake,
        check=check_wake,
        mistakes={
            DEAD.format(2): _wake_in(lambda layers: layers[:1]),
            SATURATED.format(1): _all_at_once,
            ORDER: _wake_in(reversed),
            UNTOUCHED: _wake_in(iter, what="bias"),
            NOT_NET: lambda net, x_rec: len(wake(net, x_rec)),
        },
        accepts=(lambda net, x_rec: wake(wake(net, x_rec), x_rec),),
        hints=(
            "You can only judge a layer when it gets spikes. So begin at the first layer.",
            "The weights are in `net[0]`, `net[2]`, …: `range(0, len(net), 2)`. `rates(net, x_rec)[number // 2]` is the rate of the layer after `net[number]`.",
            "For each linear layer: `while` its neurons fire in fewer than one step in ten, `weight *= 1.1`.",
        ),
    ),
]
