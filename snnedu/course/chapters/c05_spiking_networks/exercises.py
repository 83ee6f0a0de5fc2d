"""Exercises of 05 · Spiking networks: detect a coincidence, let one winner take all, wake every layer."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
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


ALONE = "Your neuron fires after a single spike from one side. The weight must stay below the threshold."
NEVER = (
    "Your neuron stays silent even when both spike together. Two weights must exceed the threshold."
)
REMEMBERS = (
    "Your neuron fires when one input spikes some steps after the other. It remembers too well: a "
    "smaller β forgets faster."
)
TRAIN = "Your neuron fires when one side spikes in every step. Even then, β must not let it add up to θ."
BOTH_RETURNED = (
    "`unroll` returns two things, the spikes and the membranes. Take the spikes apart: "
    "`spk_rec, mem_rec = …`."
)
MEMBRANE = "What you return is not 0 or 1. Is it the membrane? Return the spikes."
PRODUCT = (
    "You multiply the two inputs. A neuron cannot: it adds up weighted inputs, and fires above θ."
)
TWO_NEURONS = "You join left and right into two neurons. One neuron gets the sum of both."
BOOLEAN = "You return True and False. Let a `snn.Leaky` fire: its spikes are 0.0 and 1.0."


def check_coincidence(answer: Attempt) -> None:
    """Give pairs of spikes 0 to 3 steps apart, single spikes, and one side alone all the time."""
    steps = torch.zeros(12, 1)
    _check_spikes(answer, steps)
    one, later, all_on = steps.clone(), steps.clone(), steps + 1
    one[4], later[6] = 1, 1
    cases = [
        (one, steps, ALONE),
        (steps, one, ALONE),
        (one, later, REMEMBERS),
        (later, one, REMEMBERS),
    ]
    for left, right, message in [*cases, (all_on, steps, TRAIN), (steps, all_on, TRAIN)]:
        if answer(left, right).sum() > 0:
            raise WrongAnswer(message)
    if answer(one, one).sum() != 1:
        raise WrongAnswer(NEVER)


def _check_spikes(answer: Attempt, steps: Tensor) -> None:
    """Look at what is returned before what it says: 0 or 1, one number for each step."""
    half = steps + 0.5  # a product of two of these is no spike
    spk_rec = answer(half, half)
    if isinstance(spk_rec, (tuple, list)):
        raise WrongAnswer(BOTH_RETURNED)
    if not isinstance(spk_rec, Tensor):
        raise WrongAnswer(f"Return a tensor of spikes. Yours is a {type(spk_rec).__name__}.")
    if spk_rec.dtype == torch.bool:
        raise WrongAnswer(BOOLEAN)
    if spk_rec.shape == (12, 2):
        raise WrongAnswer(TWO_NEURONS)
    if spk_rec.shape != steps.shape:
        raise WrongAnswer(
            f"Needed is {list(steps.shape)}, as the inputs. Yours: {list(spk_rec.shape)}."
        )
    if torch.equal(spk_rec, half * half):
        raise WrongAnswer(PRODUCT)
    if not ((spk_rec == 0) | (spk_rec == 1)).all():
        raise WrongAnswer(MEMBRANE)


EXCITES = "Your neurons excite each other: all would fire. Silencing needs negative weights."
ITSELF = (
    "Your neurons silence themselves, too. The diagonal, from a neuron to itself, must be zero."
)
NO_STRENGTH = "`strength` changes nothing. It is the size of each weight."
ONLY_ITSELF = "Only the diagonal has weights: each neuron silences itself and nobody else."
EXCITES_ITSELF = (
    "Your neurons excite themselves. The diagonal, from a neuron to itself, must be zero."
)
ONE_WAY = "Some pairs act in one direction only. Each neuron silences each other, above and below the diagonal."
NOT_A_TENSOR = "Return a tensor of floats: the layer multiplies its spikes by it. Yours is a {}."


def check_lateral(answer: Attempt) -> None:
    """Look at the diagonal and at what stands beside it."""
    got = answer(4, 2.5)
    if not isinstance(got, Tensor):
        raise WrongAnswer(NOT_A_TENSOR.format(type(got).__name__))
    if got.dtype != torch.float32:
        raise WrongAnswer(NOT_A_TENSOR.format(f"tensor of {str(got.dtype).removeprefix('torch.')}"))
    if got.shape != (4, 4):
        raise WrongAnswer(
            f"The weights go from each of 4 neurons to each: [4, 4]. Yours: {list(got.shape)}."
        )
    beside = got[~torch.eye(4, dtype=torch.bool)]
    if (beside == 0).all():
        raise WrongAnswer(ONLY_ITSELF)
    if (beside > 0).any():
        raise WrongAnswer(EXCITES)
    if (got.diagonal() > 0).any():
        raise WrongAnswer(EXCITES_ITSELF)
    if got.diagonal().any():
        raise WrongAnswer(ITSELF)
    if (beside == 0).any():
        raise WrongAnswer(ONE_WAY)
    if torch.equal(beside, torch.full_like(beside, -1.0)):
        raise WrongAnswer(NO_STRENGTH)
    if not torch.allclose(beside, torch.full_like(beside, -2.5)):
        raise WrongAnswer("Every weight beside the diagonal must be -strength.")


DEAD = "Layer {} is still nearly silent after your function. Each layer needs a loop of its own."
SATURATED = (
    "Layer {} now fires far too often. Each layer has a factor of its own: stop at one step in ten."
)
ORDER = (
    "The last layer was right when you left it; then you woke those before it, and now it gets far more "
    "spikes than it was tuned for. Which layer has an input that will not change any more?"
)
UNTOUCHED = (
    "The weights are as they were. Scale them in place, `net[0].weight *= …`; a copy changes nothing, "
    "and biases or thresholds were not asked for."
)
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
    if all(torch.equal(old, new) for old, new in pairs):
        raise WrongAnswer(UNTOUCHED)
    rates = [recording.spk.mean().item() for recording in net.record(x_rec).values()]
    for number, rate in enumerate(rates, start=1):
        if rate < 0.08:
            raise WrongAnswer(DEAD.format(number))
    if rates[0] < 0.15 and rates[-1] > 0.2:
        raise WrongAnswer(ORDER)
    for number, rate in enumerate(rates, start=1):
        if rate > 0.25:
            raise WrongAnswer(SATURATED.format(number))


def _weights(layers: Iterable[nn.Module]) -> list[Tensor]:
    return [part.weight.detach().clone() for part in layers if isinstance(part, nn.Linear)]


def _first_only(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    with torch.no_grad():
        while net.record(x_rec)["1"].spk.mean() < 0.1:
            net[0].weight *= 1.1  # pyright: ignore[reportOperatorIssue]
    return net


def _all_at_once(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    with torch.no_grad():
        for linear in list(net)[::2]:
            linear.weight *= 10  # pyright: ignore[reportOperatorIssue]
    return net


def _last_first(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    with torch.no_grad():
        for number in reversed(range(0, len(net), 2)):
            while net.record(x_rec)[str(number + 1)].spk.mean() < 0.1:
                net[number].weight *= 1.1  # pyright: ignore[reportOperatorIssue]
    return net


def _biases(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    with torch.no_grad():
        for number in range(0, len(net), 2):
            while net.record(x_rec)[str(number + 1)].spk.mean() < 0.1:
                net[number].bias += 0.02  # pyright: ignore[reportOperatorIssue]
    return net


def _forgets_net(net: snn.Sequential, x_rec: Tensor) -> int:
    return len(wake(net, x_rec))


def _with_leaky(weight: float, beta: float) -> Callable[[Tensor, Tensor], Tensor]:
    def answer(left: Tensor, right: Tensor) -> Tensor:
        return snn.Leaky(beta).unroll(weight * (left + right))[0]

    return answer


def _membrane(left: Tensor, right: Tensor) -> Tensor:
    return snn.Leaky(0.2).unroll(0.6 * (left + right))[1]


def _joined(left: Tensor, right: Tensor) -> Tensor:
    return snn.Leaky(0.2).unroll(torch.cat([0.6 * left, 0.6 * right], dim=1))[0]


def _one_way(neurons: int, strength: float) -> Tensor:
    return -strength * torch.ones(neurons, neurons).triu(1)


EXERCISES = [
    Exercise(
        id="05.1",
        title="A coincidence detector",
        name="coincidence",
        solution=coincidence,
        check=check_coincidence,
        hints=(
            "Two numbers decide: the weight of each input, and β. θ is 1.",
            "One weight below 1, two weights above 1: between 0.5 and 1.",
            "One side firing all the time fills the membrane up to weight / (1 - β). Keep that below 1.",
        ),
        wrong=(
            (_with_leaky(1.2, 0.2), ALONE),
            (_with_leaky(0.4, 0.2), NEVER),
            (_with_leaky(0.7, 0.9), REMEMBERS),
            (_with_leaky(0.6, 0.5), TRAIN),
            (lambda left, right: snn.Leaky(0.2).unroll(0.6 * (left + right)), BOTH_RETURNED),
            (_membrane, MEMBRANE),
            (_joined, TWO_NEURONS),
            (lambda left, right: left * right, PRODUCT),
            (lambda left, right: left + right > 1, BOOLEAN),
        ),
    ),
    Exercise(
        id="05.2",
        title="Winner takes all",
        name="lateral",
        solution=lateral,
        check=check_lateral,
        hints=(
            "Everybody silences everybody else: which sign, and what about the diagonal?",
            "`torch.eye(n)` is 1 on the diagonal and 0 beside it. `1 - torch.eye(n)` is the opposite.",
        ),
        wrong=(
            (lambda neurons, strength: strength * (1 - torch.eye(neurons)), EXCITES),
            (lambda neurons, strength: -strength * torch.ones(neurons, neurons), ITSELF),
            (lambda neurons, strength: -(1 - torch.eye(neurons)), NO_STRENGTH),
            (lambda neurons, strength: -strength * torch.eye(neurons), ONLY_ITSELF),
            (
                lambda neurons, strength: torch.eye(neurons) + lateral(neurons, strength),
                EXCITES_ITSELF,
            ),
            (_one_way, ONE_WAY),
            (
                lambda neurons, strength: lateral(neurons, strength).tolist(),
                NOT_A_TENSOR.format("list"),
            ),
        ),
    ),
    Exercise(
        id="05.3",
        title="Wake every layer",
        name="wake",
        solution=wake,
        check=check_wake,
        hints=(
            "A layer can only be judged when its input is alive. So begin at the first layer.",
            "The weights are in `net[0]`, `net[2]`, …: `range(0, len(net), 2)`. `rates(net, x_rec)[number // 2]` is the rate behind `net[number]`.",
            "For each linear layer: `while` its neurons fire in fewer than one step in ten, `weight *= 1.1`.",
        ),
        wrong=(
            (_first_only, DEAD.format(2)),
            (_all_at_once, SATURATED.format(1)),
            (_last_first, ORDER),
            (_biases, UNTOUCHED),
            (_forgets_net, NOT_NET),
        ),
    ),
]
