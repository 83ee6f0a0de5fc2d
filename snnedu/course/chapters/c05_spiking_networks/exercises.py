"""Exercises of 05 · Spiking networks: detect a coincidence, let one winner take all, wake every layer."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.course.attempt import SPARSE, Attempt, WrongAnswer
from snnedu.course.diagnosis import Case, numbers, refuse
from snnedu.course.exercise import Exercise


def coincidence(left: Tensor, right: Tensor) -> Tensor:
    """Return the spikes of a neuron that fires if both inputs spike within one step of each other."""
    lif = snn.Leaky(beta=0.5)
    spk_rec, _ = lif.unroll(0.7 * left + 0.7 * right)
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

BOTH_RETURNED = "You return two things. A neuron gives its spikes and its membrane: separate them, `spk_rec, mem_rec = …`, and return the spikes."
TWO_NEURONS = "Your result has a column for each side. The same neuron should get both sides: add the weighted inputs up."
MEMBRANE = "Your result holds other numbers than 0 and 1. Return the spikes, not the membrane."
ALONE = "Your neuron fires after a single spike. One weight alone must not exceed the threshold."
NEVER = (
    "Your neuron stays silent when both sides spike in the same step. Two weights together must "
    "exceed the threshold."
)
NO_MEMORY = (
    "Your function answers each step in the same way, whatever came before. A neuron adds up both "
    "sides (a product needs them in one step), and it remembers if `unroll`, or a loop that passes "
    "`mem` on, takes it through time. And enough must be left of a "
    "spike: β × weight, with the next weight, must exceed the threshold."
)
FORGETS = (
    "Your neuron stays silent when the second spike comes one step after the first. By then, "
    "β × weight is left of the first: with the second, that must exceed the threshold."
)
ONE_ORDER = (
    "Your neuron fires one step apart only if {} comes first. Give both sides the same weight."
)
REMEMBERS = (
    "Your neuron also fires when the second spike comes {} steps after the first. It remembers too "
    "well: a smaller β forgets faster, and a smaller weight leaves less."
)
TRAIN = (
    "Your neuron fires when one side alone spikes in every second step. The spikes add up: the sum "
    "weight × (1 + β² + β⁴ + …) must not exceed the threshold."
)
OTHER_STEPS = "With spikes in steps {}, your neuron fires in steps {}. It should fire in {}."


def check_coincidence(answer: Attempt) -> None:
    """Give single spikes, pairs of spikes 0 to 3 steps apart, and one side in every second step."""
    seen = {apart: _pairs(answer, apart) for apart in (None, 0, 1, 2, 3)}
    fired = {apart: [steps for _, steps in pairs] for apart, pairs in seen.items()}
    refuse({ALONE: any(fired[None]), NEVER: not all(fired[0])})
    left_first, right_first = fired[1]
    if not left_first and not right_first:
        raise WrongAnswer(NO_MEMORY if _judges_each_step_alone(answer) else FORGETS)
    refuse(
        {ONE_ORDER.format("`left`"): not right_first, ONE_ORDER.format("`right`"): not left_first}
    )
    refuse({REMEMBERS.format(apart): any(fired[apart]) for apart in (2, 3)})
    every_second = (torch.arange(40) % 2 == 0).float().unsqueeze(1)
    rest = torch.zeros_like(every_second)
    for pair in ((every_second, rest), (rest, every_second)):
        refuse({TRAIN: _spikes(answer, *pair).any()})
    for given, steps in seen[0] + seen[1]:
        refuse({OTHER_STEPS.format(given, steps, given[-1:]): steps != given[-1:]})


def _pairs(answer: Attempt, apart: int | None) -> list[tuple[list[int], list[int]]]:
    """Return the steps of two spikes, and those in which the answer fires: left first, right first.

    The second spike comes `apart` steps after the first; None: there is no second one.
    """
    found: list[tuple[list[int], list[int]]] = []
    for left_first in (True, False):
        steps, at = int(torch.randint(20, 40, ())), int(torch.randint(5, 12, ()))
        given = [at] if apart is None else [at, at + apart]
        first, second = torch.zeros(2, steps, 1)
        first[at], second[given[1:]] = 1, 1
        spk_rec = _spikes(answer, *((first, second) if left_first else (second, first)))
        found.append((given, spk_rec.flatten().nonzero().flatten().tolist()))
    return found


def _judges_each_step_alone(answer: Attempt) -> bool:
    """Tell whether the result only follows the steps when these are put in another order."""
    both = (torch.arange(40) < 20).float().unsqueeze(1)  # 20 steps on, then 20 steps off
    drawn = (torch.rand(40, 1) < 0.4).float()
    mixed = torch.arange(40).reshape(2, 20).T.flatten()  # on, off, on, off, …
    return all(
        torch.equal(_spikes(answer, left[mixed], right[mixed]), _spikes(answer, left, right)[mixed])
        for left, right in ((both, both), (both, drawn))
    )


def _spikes(answer: Attempt, left: Tensor, right: Tensor) -> Tensor:
    """Return an answer's spikes; refuse what has another form."""
    result = answer(left, right)
    if isinstance(result, (tuple, list)) and len(result) == 2:
        raise WrongAnswer(BOTH_RETURNED)
    spk_rec = numbers(result).float()
    shapes = f"Return the shape of the inputs, {list(left.shape)}. Yours is {list(spk_rec.shape)}."
    refuse(
        {
            TWO_NEURONS: spk_rec.shape == (len(left), 2),
            shapes: spk_rec.shape != left.shape,
            MEMBRANE: not ((spk_rec == 0) | (spk_rec == 1)).all(),
        }
    )
    return spk_rec


def _with_leaky(weight: float, beta: float, **more: Any) -> Callable[[Tensor, Tensor], Tensor]:
    def answer(left: Tensor, right: Tensor) -> Tensor:
        return snn.Leaky(beta, **more).unroll(weight * (left + right))[0]

    return answer


def _by_hand(left: Tensor, right: Tensor) -> Tensor:
    lif, mem, spikes = snn.Leaky(0.4), None, list[Tensor]()
    for a, b in zip(left, right, strict=True):
        spk, mem = lif(0.75 * (a + b), mem)
        spikes.append(spk)
    return torch.stack(spikes)


def _without_state(left: Tensor, right: Tensor) -> Tensor:
    """Take each step from rest: the membrane is never passed on."""
    lif = snn.Leaky(0.5)
    return torch.stack([lif(0.7 * (a + b))[0] for a, b in zip(left, right, strict=True)])


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
ONE_WAY = "Each pair acts in one direction only. Fill the matrix above and below the diagonal."
NEIGHBORS = "Your neurons silence their neighbors only. Each should silence every other neuron."
SHARED = "Your neurons share the strength among them. Each weight has the full strength."


def _lateral_cases() -> list[Case]:
    drawn = [(int(torch.randint(4, 9, ())), float(torch.rand(()) + 0.2)) for _ in range(2)]
    return [(4, 2.5), *drawn]


def _where_it_differs(got: Tensor, right: Tensor, neurons: int, strength: float) -> str:
    row, column = (got != right).nonzero()[0].tolist()
    return (
        f"In `lateral({neurons}, {strength:.3g})`, the weight in row {row}, column {column} is "
        f"{got[row, column] + 0.0:.3g}. It should be {right[row, column] + 0.0:.3g}."
    )


def _neighbors(neurons: int, strength: float) -> Tensor:
    beside = torch.ones(neurons, neurons).triu(1) - torch.ones(neurons, neurons).triu(2)
    return -strength * (beside + beside.T)


# ---------------------------------------------------------------- 05.3

DEAD = "After your function, layer {} still spikes in fewer than 8 % of the steps. Each layer needs its own loop, until its rate is about 0.1."
TOO_BUSY = "Layer {} now fires in more than 14 % of the steps. Raise its weights by a few percent at a time, and stop as soon as it reaches 10 %."
ORDER = "The first layer is right, but the last one fires in more than 20 % of the steps. Did its input change after you had scaled it, or after you had measured its rate? Begin with the layer whose input will not change any more. If you do, scale by a few percent at a time."
UNTOUCHED = "The weights are as they were. Does your loop run at all: is its condition true at the start? Scale them in place, `net[0].weight *= …`; a copy changes nothing, and the exercise does not ask for other biases or thresholds."
NOT_NET = "Your function must return the network."
OTHER_NET = "Your network has other weights now. Scale those that it came with, `net[0].weight *= …`: their signs stay."
NEURONS = "`net[1]`, `net[3]`, … are neurons, which have no weights. The linear layers are `net[0]`, `net[2]`, …"
WRONG_RATE = "Your loop looks at another layer than the one whose weights it scales. `rates` counts the layers of neurons, 0, 1, 2, … In `net` every second place is a linear layer: 0, 2, 4, … So the neurons after `net[4]` have the rate number 2."
BY_NAME = '`net.record(x_rec)` names the layers of neurons after their places in `net`, as text: "1", "3", …'
ENDLESS = "The weights grow without end: what your loop waits for never comes. Do spikes reach this layer already? Without any it stays silent, whatever its weights. Does the loop look at the layer that it scales, `rates(net, x_rec)[number // 2]` after `net[number]`? And does it stop at 10 % or more? That is 0.1; a rate is hardly ever equal to it."
ASSIGNED = "`net[0].weight = …` puts another object in the place of the weights, and PyTorch refuses it. Change them in place: `net[0].weight *= …`."
OTHER_INPUT = "Inside your function the input does not fit the network. Use both as they come, `net` and `x_rec`: `deep(0)` and `few` are those of the notebook."
NO_GRAD = "PyTorch forbids this while it records gradients. Put the change of the weights inside `with torch.no_grad():`."
SEVEN_LAYERS = (24, 40, 32, 40, 32, 40, 32, 32)  # widths
RAISED = {  # by what Python or torch says of it
    "no attribute 'weight'": NEURONS,
    "list index out of range": WRONG_RATE,
    "The membrane must stay finite": ENDLESS,  # the weights overflow
    "as parameter 'weight'": ASSIGNED,
    "mat1 and mat2 shapes": OTHER_INPUT,
    "KeyError": BY_NAME,
    "leaf Variable that requires grad": NO_GRAD,
}


def check_wake(answer: Attempt) -> None:
    """Give two networks of other sizes than the notebook's, with layers that are nearly silent.

    Few layers are fast. An answer that counts on the notebook's seven layers gets as many: what the
    exercise asks for is the order, and how far to scale.
    """
    for widths in ((24, 40, 32, 40, 32), (20, 48, 40, 32)):
        _check_woken(answer, widths)


def _check_woken(answer: Attempt, widths: tuple[int, ...]) -> None:
    net, x_rec = _asleep(widths)
    before = _weights(net.children())
    try:
        net = answer(net, x_rec)
    except WrongAnswer as reply:
        said = str(reply)
        if (
            _names_no_layer(said)
            and widths != SEVEN_LAYERS
            and not _goes_beyond(answer, SEVEN_LAYERS)
        ):
            _check_woken(answer, SEVEN_LAYERS)
            return
        refuse({WRONG_RATE: "must stay finite" in said and _looks_too_far(answer, widths)})
        named = [named for sign, named in RAISED.items() if sign in said]
        raise WrongAnswer(named[0]) if named else reply from None
    if not isinstance(net, snn.Sequential):
        raise WrongAnswer(NOT_NET)
    after = _weights(net.children())
    refuse({UNTOUCHED: len(before) == len(after) and all(map(torch.equal, before, after))})
    signs = [[weight.sign() for weight in weights] for weights in (before, after)]
    refuse({OTHER_NET: len(before) != len(after) or not all(map(torch.equal, *signs))})
    rates = [recording.spk.mean().item() for recording in net.record(x_rec).values()]
    numbered = list(enumerate(rates, start=1))
    refuse({DEAD.format(number): rate < 0.08 for number, rate in numbered})
    refuse({ORDER: rates[0] < 0.14 and rates[-1] > 0.2})
    refuse({TOO_BUSY.format(number): rate > 0.14 for number, rate in numbered})


def _asleep(widths: tuple[int, ...]) -> tuple[snn.Sequential, Tensor]:
    """Return a network whose layers spike too rarely, the first one too, and an input for it."""
    while True:
        layers = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), snn.Leaky(0.9))]
        net, x_rec = snn.Sequential(*layers), 0.7 * torch.rand(32, widths[0]).expand(12, -1, -1)
        if net.record(x_rec)["1"].spk.mean() < 0.08:
            return net, x_rec


def _goes_beyond(answer: Attempt, widths: tuple[int, ...]) -> bool:
    """Tell whether the answer asks for a layer that a network of these widths does not have."""
    try:
        answer(*_asleep(widths))
    except WrongAnswer as reply:
        return _names_no_layer(str(reply))
    return False


def _names_no_layer(said: str) -> bool:
    return "out of range" in said or "KeyError" in said


def _looks_too_far(answer: Attempt, widths: tuple[int, ...]) -> bool:
    """Tell whether the answer asks for a rate that none of as many layers has, all of them awake."""
    net, x_rec = _asleep((32,) * len(widths))
    try:
        answer(wake(net, x_rec), x_rec)
    except WrongAnswer as reply:
        return "list index out of range" in str(reply)
    return False


def _weights(layers: Iterable[nn.Module]) -> list[Tensor]:
    return [part.weight.detach().clone() for part in layers if isinstance(part, nn.Linear)]


def _wake_in(
    order: Callable[[range], Iterable[int]] = iter,
    what: str = "weight",
    factor: float = 1.1,
    until: float = 0.1,
) -> Callable[..., Any]:
    """Return a `wake` that takes the layers in another order, or changes something else."""

    def wake(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
        with torch.no_grad():
            for number in order(range(0, len(net), 2)):
                while net.record(x_rec)[str(number + 1)].spk.mean() < until:
                    part: Tensor = getattr(net[number], what)
                    part.copy_(part * factor if what == "weight" else part + 0.02)
        return net

    return wake


def _all_times(factor: float) -> Callable[..., Any]:
    def wake(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
        with torch.no_grad():
            for linear in list(net)[::2]:
                linear.weight *= factor  # pyright: ignore[reportOperatorIssue]
        return net

    return wake


def _all_until_the_last_fires(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    while net.record(x_rec)[str(len(net) - 1)].spk.mean() < 0.1:
        _all_times(1.1)(net, x_rec)
    return net


def _wakes_seven(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    with torch.no_grad():
        for layer in range(7):
            while [found.spk.mean() for found in net.record(x_rec).values()][layer] < 0.1:
                net[2 * layer].weight *= 1.1  # pyright: ignore[reportOperatorIssue]
    return net


def _wakes_seven_by_name(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    with torch.no_grad():
        for number in range(0, 14, 2):
            while net.record(x_rec)[str(number + 1)].spk.mean() < 0.1:
                net[number].weight *= 1.1  # pyright: ignore[reportOperatorIssue]
    return net


def _by_rates_of_before(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    """Measure all rates once, then scale each layer by what it lacks."""
    found = net.record(x_rec).values()
    with torch.no_grad():
        for linear, layer in zip(list(net)[::2], found, strict=True):
            linear.weight *= 0.1 / layer.spk.mean().clamp(min=0.001)  # pyright: ignore
    return net


def _looks_at(layer: Callable[[dict[Any, Any], int], Any]) -> Callable[..., Any]:
    """Return a `wake` that looks for the rate after `net[number]` in this place."""

    def wake(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
        with torch.no_grad():
            for number in range(0, len(net), 2):
                while layer(net.record(x_rec), number).spk.mean() < 0.1:
                    net[number].weight *= 1.1  # pyright: ignore[reportOperatorIssue]
        return net

    return wake


def _scales(number: int, net: Any, x_rec: Tensor) -> Any:
    """Scale one place of the network, and record gradients meanwhile."""
    net[number].weight *= 1.1
    return net


def _assigns(net: Any, x_rec: Tensor) -> Any:
    """Put a plain tensor in the place of the weights."""
    net[0].weight = 1.1 * net[0].weight
    return net


def _drawn_anew(net: snn.Sequential) -> snn.Sequential:
    for linear in list(net)[::2]:
        nn.init.normal_(linear.weight, 0, 0.1)  # pyright: ignore[reportArgumentType]
    return net


def _by_the_ratio(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    """Scale each layer by the square root of what is missing, until it is close."""
    with torch.no_grad():
        for number in range(0, len(net), 2):
            linear: Any = net[number]
            while (
                abs((rate := list(net.record(x_rec).values())[number // 2].spk.mean()) - 0.1) > 0.01
            ):
                linear.weight.mul_((0.1 / rate.clamp(min=0.01)) ** 0.2)
    return net


def _half_by_half(net: snn.Sequential, x_rec: Tensor) -> snn.Sequential:
    """Scale the weights of every second neuron, then those of the others, in turn."""
    with torch.no_grad():
        for number in range(0, len(net), 2):
            linear: Any = net[number]
            first = 0
            while net.record(x_rec)[str(number + 1)].spk.mean() < 0.1:
                linear.weight[first::2] *= 1.1
                first = 1 - first
    return net


EXERCISES = [
    Exercise(
        id="05.1",
        title="A coincidence detector",
        name="coincidence",
        solution=coincidence,
        check=check_coincidence,
        mistakes={
            ALONE: [_with_leaky(1.2, 0.2), lambda left, right: ((left + right) > 0).float()],
            NEVER: [_with_leaky(0.4, 0.2), lambda left, right: torch.zeros_like(left)],
            NO_MEMORY: [
                lambda left, right: snn.Leaky(0.1)(0.6 * left + 0.6 * right)[0],
                lambda left, right: left * right,
                lambda left, right: snn.Leaky(0.5).unroll(2 * left * right)[0],
                lambda left, right: left + right > 1,
                _without_state,
            ],
            FORGETS: [_with_leaky(0.6, 0.2), _with_leaky(0.7, 0.0)],
            ONE_ORDER.format("`right`"): lambda left, right: snn.Leaky(0.5).unroll(
                0.9 * left + 0.5 * right
            )[0],
            REMEMBERS.format(2): [_with_leaky(0.7, 0.9), _with_leaky(0.9, 0.5)],
            TRAIN: _with_leaky(0.74, 0.57),
            BOTH_RETURNED: [
                lambda left, right: snn.Leaky(0.5).unroll(0.7 * (left + right)),
                lambda left, right: snn.Leaky(0.1)(0.6 * left + 0.6 * right),
            ],
            MEMBRANE: lambda left, right: snn.Leaky(0.5).unroll(0.7 * (left + right))[1],
            TWO_NEURONS: lambda left, right: snn.Leaky(0.5).unroll(
                torch.cat([0.7 * left, 0.7 * right], dim=1)
            )[0],
        },
        accepts=(
            _with_leaky(0.9, 0.2),
            _with_leaky(0.7, 0.5, reset_mechanism="zero"),
            lambda left, right: snn.Leaky(0.5, threshold=10.0).unroll(7 * left + 7 * right)[0],
            _by_hand,
            lambda left, right: list(_by_hand(left, right).unbind()),
        ),
        hints=(
            "Two parameters decide: the weight of each input, and β. θ is 1. One weight alone must stay below θ.",
            "One step after a spike, β × weight is left of it. With the weight of the next spike, this must exceed 1.",
            "Two conditions: weight × (1 + β) > 1, and weight / (1 - β²) < 1 for the side that spikes in every second step. Try β = 0.5.",
        ),
    ),
    Exercise(
        id="05.2",
        title="Winner takes all",
        name="lateral",
        solution=lateral,
        cases=_lateral_cases,
        otherwise=_where_it_differs,
        mistakes={
            EXCITES: lambda neurons, strength: strength * (1 - torch.eye(neurons)),
            ITSELF: lambda neurons, strength: -strength * torch.ones(neurons, neurons),
            NO_STRENGTH: lambda neurons, strength: -(1 - torch.eye(neurons)),
            ONLY_ITSELF: lambda neurons, strength: -strength * torch.eye(neurons),
            EXCITES_ITSELF: [
                lambda neurons, strength: torch.eye(neurons) + lateral(neurons, strength),
                lambda neurons, strength: strength * (2 * torch.eye(neurons) - 1),
            ],
            ONE_WAY: [
                lambda neurons, strength: -strength * torch.ones(neurons, neurons).triu(1),
                lambda neurons, strength: -strength * torch.ones(neurons, neurons).tril(-1),
            ],
            NEIGHBORS: [
                _neighbors,
                lambda neurons, strength: (
                    -strength * (torch.eye(neurons).roll(1, 0) + torch.eye(neurons).roll(-1, 0))
                ),
            ],
            SHARED: [
                lambda neurons, strength: lateral(neurons, strength / (neurons - 1)),
                lambda neurons, strength: lateral(neurons, strength / neurons),
            ],
            SPARSE: lambda neurons, strength: lateral(neurons, strength).to_sparse(),
        },
        accepts=(
            lambda neurons, strength: strength * (torch.eye(neurons) - 1),
            lambda neurons, strength: torch.full((neurons, neurons), -strength).fill_diagonal_(0),
            lambda neurons, strength: lateral(neurons, strength).tolist(),
            lambda neurons, strength: lateral(neurons, strength).double().numpy(),
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
            DEAD.format(2): [_wake_in(lambda layers: layers[:1]), _all_times(2)],
            DEAD.format(1): [_wake_in(until=0.05), _wake_in(lambda layers: layers[1:])],
            TOO_BUSY.format(1): [
                _all_until_the_last_fires,
                _all_times(10),
                _wake_in(until=0.2),
            ],
            NEURONS: partial(_scales, 1),
            NO_GRAD: partial(_scales, 0),
            WRONG_RATE: [
                _looks_at(lambda found, number: list(found.values())[number]),
                _looks_at(lambda found, number: list(found.values())[len(found) + number]),
            ],
            ENDLESS: _wake_in(until=10),  # percent
            ASSIGNED: _assigns,
            OTHER_INPUT: [
                lambda net, x_rec: wake(net, torch.rand(20, 64, 64)),
                lambda net, x_rec: wake(snn.Sequential(nn.Linear(64, 64), snn.Leaky(0.9)), x_rec),
            ],
            BY_NAME: _looks_at(lambda found, number: found[number]),
            ORDER: [_wake_in(reversed), _by_rates_of_before],
            UNTOUCHED: [
                _wake_in(what="bias"),
                lambda net, x_rec: net,
                _wake_in(until=0.0),  # as `while rate > 0.1`: it never runs
            ],
            NOT_NET: [
                lambda net, x_rec: len(wake(net, x_rec)),
                lambda net, x_rec: len(_wakes_seven(net, x_rec)),
            ],
            OTHER_NET: [
                lambda net, x_rec: snn.Sequential(nn.Linear(64, 64), snn.Leaky(0.9)),
                lambda net, x_rec: wake(_drawn_anew(net), x_rec),
            ],
        },
        wrong=(_wake_in(factor=3.0), _wake_in(factor=2.0), _all_times(2.5), _all_times(4.0)),
        accepts=(
            lambda net, x_rec: wake(wake(net, x_rec), x_rec),
            _wake_in(factor=1.02),
            _by_the_ratio,
            _half_by_half,
            _wakes_seven,
            _wakes_seven_by_name,
        ),
        hints=(
            "You can only judge a layer when it gets spikes. So begin at the first layer.",
            "The weights are in `net[0]`, `net[2]`, …: `range(0, len(net), 2)`. `rates(net, x_rec)[number // 2]` is the rate of the layer after `net[number]`.",
            "For each linear layer: `while` its neurons fire in fewer than one step in ten, `weight *= 1.1`.",
        ),
    ),
]
