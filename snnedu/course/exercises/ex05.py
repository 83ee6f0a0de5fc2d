"""Exercises of 05 · Spiking networks: detect a coincidence, let one winner take all, wake every layer."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.exercises import Exercise, Option, Question


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


def check_coincidence(answer: Attempt) -> None:
    """Give pairs of spikes 0 to 3 steps apart, single spikes, and one side alone all the time."""
    steps = torch.zeros(12, 1)
    one, later, all_on = steps.clone(), steps.clone(), steps + 1
    one[4], later[6] = 1, 1
    cases = [
        (one, steps, ALONE),
        (steps, one, ALONE),
        (one, later, REMEMBERS),
        (later, one, REMEMBERS),
    ]
    for left, right, message in [*cases, (all_on, steps, TRAIN), (steps, all_on, TRAIN)]:
        if torch.as_tensor(answer(left, right)).sum() > 0:
            raise WrongAnswer(message)
    if torch.as_tensor(answer(one, one)).sum() != 1:
        raise WrongAnswer(NEVER)


EXCITES = "Your neurons excite each other: all would fire. Silencing needs negative weights."
ITSELF = (
    "Your neurons silence themselves, too. The diagonal, from a neuron to itself, must be zero."
)
NO_STRENGTH = "`strength` changes nothing. It is the size of each weight."
ONLY_ITSELF = "Only the diagonal has weights: each neuron silences itself and nobody else."


def check_lateral(answer: Attempt) -> None:
    """Look at the diagonal and at what stands beside it."""
    got = torch.as_tensor(answer(4, 2.5)).float()
    if got.shape != (4, 4):
        raise WrongAnswer(
            f"The weights go from each of 4 neurons to each: [4, 4]. Yours: {list(got.shape)}."
        )
    beside = got[~torch.eye(4, dtype=torch.bool)]
    if (beside == 0).all():
        raise WrongAnswer(ONLY_ITSELF)
    if (beside > 0).any():
        raise WrongAnswer(EXCITES)
    if got.diagonal().any():
        raise WrongAnswer(ITSELF)
    if torch.equal(beside, torch.full_like(beside, -1.0)):
        raise WrongAnswer(NO_STRENGTH)
    if not torch.allclose(beside, torch.full_like(beside, -2.5)):
        raise WrongAnswer("Every weight beside the diagonal must be -strength.")


DEAD = "Layer {} is still nearly silent after your function. Each layer needs a loop of its own."
SATURATED = "Layer {} now fires far too often. Stop scaling when it reaches one step in ten."
NOT_NET = "Your function must return the network."


def check_wake(answer: Attempt) -> None:
    """Give four layers with the usual weights, of which the last two are silent."""
    torch.manual_seed(1)
    layers = [part for _ in range(4) for part in (nn.Linear(32, 32), snn.Leaky(0.9))]
    x_rec = torch.rand(16, 32).expand(10, -1, -1)
    net = answer(snn.Sequential(*layers), x_rec)
    if not isinstance(net, snn.Sequential):
        raise WrongAnswer(NOT_NET)
    for number, recording in enumerate(net.record(x_rec).values(), start=1):
        rate = recording.spk.mean().item()
        if rate < 0.08:
            raise WrongAnswer(DEAD.format(number))
        if rate > 0.4:
            raise WrongAnswer(SATURATED.format(number))


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


def _forgets_net(net: snn.Sequential, x_rec: Tensor) -> int:
    return len(wake(net, x_rec))


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
            'The recordings are named after the layers: `net.record(x_rec)["1"]` are the neurons behind `net[0]`.',
            "For each linear layer: `while` its neurons fire in fewer than one step in ten, `weight *= 1.1`.",
        ),
        wrong=(
            (_first_only, DEAD.format(2)),
            (_all_at_once, SATURATED.format(1)),
            (_forgets_net, NOT_NET),
        ),
    ),
]

QUESTIONS = {
    "05": (
        Question(
            "You give each neuron ten times as many inputs of the same weight. What happens?",
            (
                Option(
                    "Its input grows tenfold: it may saturate",
                    "So weights must shrink as the fan-in grows.",
                    right=True,
                ),
                Option(
                    "Nothing, the inputs average out",
                    "They add up. Averaging needs weights of 1/n.",
                ),
                Option(
                    "It becomes silent",
                    "More input of the same sign brings it closer to the threshold.",
                ),
            ),
        ),
        Question(
            "Six layers, PyTorch's usual weights. Why are the last layers silent?",
            (
                Option(
                    "Each layer passes on a bit less than it received",
                    "A rate that shrinks by a factor in each layer is soon zero.",
                    right=True,
                ),
                Option("Their weights are smaller", "All layers were drawn alike."),
                Option("Spikes take time to travel", "Within one step here they pass all layers."),
            ),
        ),
        Question(
            "What makes a network of excitatory and inhibitory neurons fire irregularly?",
            (
                Option(
                    "Both inputs are large and nearly cancel; what is left fluctuates",
                    "The membrane hovers below the threshold and crosses it by chance.",
                    right=True,
                ),
                Option("Noise is added to each neuron", "No noise is needed inside the network."),
                Option(
                    "Inhibition switches neurons off at random",
                    "Nothing in the network is random but the input.",
                ),
            ),
        ),
    ),
}
