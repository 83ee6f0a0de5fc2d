"""Exercises of 20 · Deployment: write a node, read a node, keep a deadline."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer, first_line
from snnedu.course.diagnosis import numbers, refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_node(beta: Tensor, dt: float) -> tuple[Tensor, Tensor]:
    """Return τ in seconds and r of a LIF node whose neurons decay by β and take input as it is."""
    tau = dt / (1 - beta)
    return tau, tau / dt


def my_read(weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float) -> snn.Sequential:
    """Return the network of a Linear node and a LIF node."""
    linear = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    linear.weight.data = weight * (r * dt / tau)[:, None]
    return snn.Sequential(linear, snn.Leaky(1 - dt / tau, threshold, reset_mechanism="zero"))


def my_delays(latency: Tensor, period: float) -> list[float]:
    """Return the time from the arrival of each sample to its answer."""
    delays, free = [], 0.0  # when the network is free again
    for number, took in enumerate(latency.tolist()):
        arrival = number * period
        free = max(free, arrival) + took
        delays.append(free - arrival)
    return delays


# --------------------------------------------------------------------------------------- 20.1

EXPONENTIAL = "Your τ belongs to β = exp(-dt/τ). NIR's readers take one Euler step, β = 1 - dt/τ: solve that for τ."
IN_STEPS = "Your τ is counted in steps. NIR wants seconds: multiply by dt."
R_IS_ONE = "Your τ is right. With r = 1 the reader multiplies the input by dt/τ, and the neuron hardly hears it. Which r makes r dt/τ equal to 1?"
R_FOR_1_MS = "Your r is right for dt = 1 ms alone. r is τ/dt: divide by the `dt` that is passed."
R_INVERTED = (
    "Your r is turned over: r dt/τ must be 1, so r is the number of steps in τ, not its inverse."
)
IN_MS = "Your τ is in milliseconds. NIR wants seconds, and `dt` is in seconds already."
FOR_1_MS = "Your τ is right for dt = 1 ms alone. Use the `dt` that is passed."
R_IS_TAU = "Your r is τ in seconds. r has no unit here: r dt/τ must be 1."
BETA_FOR_LEAK = "You divide by β. The neuron keeps β and loses 1 - β at each step, and the leak is what τ is about."
INVERTED = "You multiply dt by 1 - β. The less leaks, the longer τ: divide."
SWAPPED = "You return r first. The order is τ, r."
ONLY_TAU = "You return one result. Return τ and r."


def _draw_nodes() -> Iterator[tuple[Tensor, float]]:
    for neurons, dt in ((4, 1e-3), (3, 2e-4), (5, 0.03)):
        yield 0.3 + 0.65 * torch.rand(neurons, dtype=torch.float64), dt


def _run_node(answer: Any, beta: Tensor, dt: float) -> Any:
    result = answer(beta, dt)
    single = isinstance(result, (Tensor, np.ndarray)) and result.ndim == 1
    refuse({ONLY_TAU: single})
    if isinstance(result, (tuple, list)) and any(np.ndim(part) == 0 for part in result):
        return torch.stack([tensor(part).double().expand(len(beta)) for part in result])
    return result


def _node(tau: Callable[..., Any], r: Callable[..., Any]) -> Callable[..., Any]:
    """Return a variant: τ from (β, dt), r from (τ, dt)."""

    def node(beta: Tensor, dt: float) -> tuple[Any, Any]:
        found = tau(beta, dt)
        return found, r(found, dt) + 0 * beta

    return node


def _right_tau(beta: Tensor, dt: float) -> Tensor:
    return dt / (1 - beta)


def _steps(tau: Tensor, dt: float) -> Tensor:
    return tau / dt


def _node_in_numpy(beta: Tensor, dt: float) -> tuple[Any, Any]:
    leak = 1 - beta.numpy()
    return dt / leak, 1 / leak


def _node_in_lists(beta: Tensor, dt: float) -> list[list[float]]:
    return [[dt / (1 - b) for b in beta.tolist()], [1 / (1 - b) for b in beta.tolist()]]


# --------------------------------------------------------------------------------------- 20.2

NO_GAIN = "Your weights are those of the file. A LIF node multiplies its input by r dt/τ; our neurons take it as it is. Put that factor into the weights."
NO_R = "Your weights are multiplied by dt/τ, and r is left out."
ONLY_R = "Your weights are multiplied by r alone. One step of the equation adds dt/τ (r I - U)."
DIVIDES = "You divide by r dt/τ (to multiply the thresholds by it is the same). The node multiplies its input by it."
READ_EXP = "Your β is exp(-dt/τ). The check takes Euler's step, as NIR's readers do: β = 1 - dt/τ."
SUBTRACTS = 'Your neurons subtract θ at a spike. NIR resets to 0, at once: that is `reset_mechanism="zero"` here.'
NO_THETA = "Your neurons have the threshold 1. The node has its own, `threshold`."
LEAK_AS_BETA = "Your β is dt/τ. That is the leak: what is kept is 1 - dt/τ."
OTHER_SIDE = "You multiply the inputs' columns. r dt/τ belongs to the neurons, the rows of `weight`: `[:, None]`."
NOT_A_NETWORK = (
    "Return an `snn.Sequential` of a linear layer and leaky neurons. You return something else."
)
TRANSPOSED = "You turn `weight` over. It is `[neurons, inputs]`, and so are the weights of `nn.Linear`: leave its axes as they are."
ONLY_SQUARE = "Your network is right for as many inputs as neurons, and fails for other sizes. `weight` is `[neurons, inputs]`, and `nn.Linear` takes the inputs first: `nn.Linear(weight.shape[1], weight.shape[0], bias=False)`."
WITH_BIAS = "Your linear layer has a bias, which starts with random numbers. The node has none: `bias=False`."


NOT_PUT_IN = "Your linear layer still has the random weights that it starts with. Put yours in: `linear.weight.data = …`."
NEEDS_DATA = "PyTorch protects the parameters of a layer against changes like this one. Change the numbers inside it: `linear.weight.data = …`."
ONE_BETA = "All your neurons have the same β. Each has a τ of its own: `snn.Leaky` takes a tensor, a β for each neuron."


def _draw_reads() -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, float]]:
    """Draw square weights first: there a factor on the wrong side gives numbers that show it."""
    for inputs, dt in ((4, 1e-3), (4, 2e-4), (3, 1e-3)):
        tau = dt * (2.2 + 8 * torch.rand(4))
        r = 0.5 + 2 * torch.rand(4)
        threshold = 0.4 + torch.rand(4)
        yield 4 * torch.randn(4, inputs) * (tau / dt / r)[:, None] / 3, tau, r, threshold, dt


def _run_read(
    answer: Any, weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float
) -> Any:
    """Return spikes and membranes; NaN for weights of another shape that it cannot take."""
    try:
        return _spikes_and_levels(answer, weight, tau, r, threshold, dt)
    except WrongAnswer as reply:
        said = str(reply)
        refuse({NEEDS_DATA: "leaf Variable" in said or "as parameter 'weight'" in said})
        if weight.shape[0] == weight.shape[1]:
            raise
        return torch.full((2, 60, 5, len(weight)), torch.nan)


def _spikes_and_levels(
    answer: Any, weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float
) -> Any:
    """Return the network's spikes and membranes, in units of its thresholds."""
    call = answer.changing if isinstance(answer, Attempt) else answer
    net, again = (
        call(weight.clone(), tau.clone(), r.clone(), threshold.clone(), dt) for _ in range(2)
    )
    refuse({NOT_A_NETWORK: not isinstance(net, snn.Sequential)})
    layers = list(net.float())  # in float64 it is as right
    bias = getattr(layers[0], "bias", None) if layers else None
    refuse({WITH_BIAS: bias is not None and bool(bias.any())})
    drawn, other = (getattr(next(iter(n.float()), None), "weight", None) for n in (net, again))
    refuse({NOT_PUT_IN: drawn is not None and not torch.equal(drawn, other)})  # pyright: ignore
    x_rec = torch.rand(60, 5, weight.shape[1], generator=torch.Generator().manual_seed(1))
    try:
        with torch.no_grad():
            spk, mem = net(x_rec)
        levels = mem / net[-1].threshold
    except Exception as error:
        raise WrongAnswer(f"Your network does not run: {first_line(error)}.") from None
    return torch.stack([spk, levels])


def _read(
    gain: Callable[..., Any] = lambda tau, r, dt: r * dt / tau,
    beta: Callable[..., Any] = lambda tau, dt: 1 - dt / tau,
    reset: Any = "zero",
    level: Callable[[Tensor], Any] = lambda threshold: threshold,
    weigh: Callable[[Tensor, Tensor], Any] = lambda weight, gain: weight * gain[:, None],
    swapped: bool = False,
) -> Callable[..., Any]:
    """Return `my_read`, with something else in it."""

    def read(
        weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float
    ) -> snn.Sequential:
        outputs, inputs = reversed(weight.shape) if swapped else weight.shape
        linear = nn.Linear(inputs, outputs, bias=False)
        with torch.no_grad():
            linear.weight.copy_(weigh(weight, gain(tau, r, dt) * torch.ones(len(tau))))
        return snn.Sequential(
            linear, snn.Leaky(beta(tau, dt), level(threshold), reset_mechanism=reset)
        )

    return read


def _as_it_starts(
    weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float
) -> snn.Sequential:
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    return snn.Sequential(linear, snn.Leaky(1 - dt / tau, threshold, reset_mechanism="zero"))


def _protected(
    weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float, *, copied: bool = True
) -> snn.Sequential:
    """Change a parameter as autograd does not allow it."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    if copied:
        linear.weight.copy_(weight)
    else:
        linear.weight = weight  # pyright: ignore
    return snn.Sequential(linear)


def _with_bias(
    weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float
) -> snn.Sequential:
    net = my_read(weight, tau, r, threshold, dt)
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data = net[0].weight.data  # pyright: ignore
    return snn.Sequential(layer, net[1])


def _by_threshold(
    weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float, *, power: int = -1
) -> snn.Sequential:
    """Leave the weights as they are, and scale the thresholds instead."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    with torch.no_grad():
        linear.weight.copy_(weight)
    level = threshold * (r * dt / tau) ** power
    return snn.Sequential(linear, snn.Leaky(1 - dt / tau, level, reset_mechanism="zero"))


def _in_float64(
    weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float
) -> snn.Sequential:
    return my_read(weight.double(), tau.double(), r.double(), threshold.double(), dt).double()


def _row_by_row(
    weight: Tensor, tau: Tensor, r: Tensor, threshold: Tensor, dt: float
) -> snn.Sequential:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.bias.data.zero_()
    for neuron in range(len(tau)):
        linear.weight.data[neuron] = weight[neuron] * r[neuron] * dt / tau[neuron]
    beta = torch.tensor([1 - dt / each for each in tau.tolist()])
    return snn.Sequential(linear, snn.Leaky(beta, threshold, reset_mechanism="zero"))


# --------------------------------------------------------------------------------------- 20.3

NO_QUEUE = (
    "Your delays are the latencies. A sample that comes while the network is busy has to wait, too."
)
ONE_BACK = "Your samples wait for what is left of the step right before them, and not for the wait of that sample itself. Carry on the time at which the network is free."
WAIT_ONLY = "You return the waiting times. The answer comes when the step is done: add its latency."
FROM_START = (
    "Your times are counted from the start of the stream. Subtract the arrival of each sample."
)
ALL_AT_ONCE = (
    "Your delays only add up, as if all samples came at once. A new one comes each period."
)
EARLY = "Your network starts on samples that have not come yet: delays must not be less than the latency. Start at the later of two times, `max(free, arrival)`."
CAPPED = "You cut delays off at the period. A late answer may be later than that."
EXCESS = (
    "You return by how much each answer is late. Return its whole delay, also where it is in time."
)
WAITS_FOR_ITSELF = "You add a step to the wait of its own sample. A sample waits for the steps *before* it: compute its delay first, then the wait of the next one."
IS_LATE = (
    "You return whether each answer is late. Return how long it takes, in the unit of `period`."
)
PERIOD_IS_1 = "You take the period to be 1. Take the `period` that is passed."
FIRST_LATE = "Your first sample comes after one period. It comes at time 0."
LAST_ONE = "You return one number. Return a delay for each sample."
HOW_MANY = "Return {} delays, one for each sample. You return {}."


def _draw_latencies() -> Iterator[tuple[Tensor, float]]:
    """Draw mostly short steps with pauses and a slow one, so that queues form and end."""
    for period in (1.0, 2.5):
        latency = period * (0.2 + 0.6 * torch.rand(30, dtype=torch.float64))
        latency[4] = 3.7 * period
        latency[5] = 1.6 * period
        latency[20] = 2.2 * period
        yield latency, period


def _run_delays(answer: Any, latency: Tensor, period: float) -> Any:
    result = answer(latency, period)
    found = numbers(result).numel()
    refuse({LAST_ONE: found == 1, HOW_MANY.format(len(latency), found): found != len(latency)})
    return result


def _waits_for_itself(latency: Tensor, period: float) -> list[float]:
    wait, found = 0.0, list[float]()
    for took in latency.tolist():
        wait = max(0.0, wait + took - period)
        found.append(wait + took)
    return found


def _recursive(
    combine: Callable[[float, float, float], float],
) -> Callable[..., list[float]]:
    """Return delays by D = combine(D before, latency, period)."""

    def delays(latency: Tensor, period: float) -> list[float]:
        found, before = list[float](), 0.0
        for took in latency.tolist():
            before = combine(before, took, period)
            found.append(before)
        return found

    return delays


def _one_back(latency: Tensor, period: float) -> Tensor:
    before = torch.cat([torch.zeros(1, dtype=latency.dtype), latency[:-1]])
    return (before - period).clamp(min=0) + latency


def _arrivals(latency: Tensor, period: float) -> Tensor:
    return period * torch.arange(len(latency), dtype=latency.dtype)


def _first_late(latency: Tensor, period: float) -> list[float]:
    delays, free = list[float](), 0.0
    for number, took in enumerate(latency.tolist()):
        free = max(free, (number + 1) * period) + took
        delays.append(free - number * period)
    return delays


def _by_largest(latency: Tensor, period: float) -> Any:
    """Use the closed form: the worst of all starts of a busy time."""
    slack = np.cumsum(latency.numpy() - period)
    before = np.concatenate([[0.0], slack[:-1]])
    return slack - np.minimum.accumulate(before) + period


EXERCISES = [
    Exercise(
        id="20.1",
        title="Write a node",
        name="my_node",
        solution=my_node,
        cases=_draw_nodes,
        run=_run_node,
        mistakes={
            EXPONENTIAL: [
                _node(lambda beta, dt: -dt / beta.log(), _steps),
                lambda beta, dt: (-dt / beta.log(), 1 / (1 - beta)),
            ],
            IN_MS: [
                _node(lambda beta, dt: 1000 * dt / (1 - beta), lambda tau, dt: tau / (1000 * dt)),
                _node(lambda beta, dt: 1000 * dt / (1 - beta), _steps),
            ],
            FOR_1_MS: [
                _node(lambda beta, dt: 1e-3 / (1 - beta), lambda tau, dt: 1000 * tau),
                _node(lambda beta, dt: 1e-3 / (1 - beta), _steps),
            ],
            IN_STEPS: [
                _node(lambda beta, dt: 1 / (1 - beta), lambda tau, dt: tau),
                _node(lambda beta, dt: 1 / (1 - beta), _steps),
            ],
            R_IS_ONE: [
                _node(_right_tau, lambda tau, dt: 1.0),
                lambda beta, dt: (_right_tau(beta, dt), 1.0),
                lambda beta, dt: [_right_tau(beta, dt), torch.tensor(1)],
            ],
            R_FOR_1_MS: _node(_right_tau, lambda tau, dt: 1000 * tau),
            R_INVERTED: _node(_right_tau, lambda tau, dt: dt / tau),
            R_IS_TAU: _node(_right_tau, lambda tau, dt: tau),
            BETA_FOR_LEAK: _node(lambda beta, dt: dt / beta, _steps),
            INVERTED: _node(lambda beta, dt: dt * (1 - beta), _steps),
            SWAPPED: lambda beta, dt: my_node(beta, dt)[::-1],
            ONLY_TAU: lambda beta, dt: _right_tau(beta, dt),
        },
        otherwise="This node would not decay by β, or not take its input as it is. Start from β = 1 - dt/τ, and r dt/τ = 1.",
        accepts=(_node_in_numpy, _node_in_lists, lambda *given: torch.stack(my_node(*given))),
        hints=(
            "Two conditions: β = 1 - dt/τ, and the factor of the input, r dt/τ, is 1.",
            "From the first: τ = dt / (1 - β). From the second: r = τ/dt.",
        ),
        right="Two lines, and one convention less to guess.",
    ),
    Exercise(
        id="20.2",
        title="Read a node",
        name="my_read",
        solution=my_read,
        cases=_draw_reads,
        run=_run_read,
        mistakes={
            NO_GAIN: _read(gain=lambda tau, r, dt: 1.0),
            NO_R: _read(gain=lambda tau, r, dt: dt / tau),
            ONLY_R: _read(gain=lambda tau, r, dt: r),
            DIVIDES: [
                _read(gain=lambda tau, r, dt: tau / (r * dt)),
                partial(_by_threshold, power=1),
            ],
            READ_EXP: [
                _read(beta=lambda tau, dt: torch.exp(-dt / tau)),
                _read(
                    lambda tau, r, dt: r * (1 - torch.exp(-dt / tau)),
                    lambda tau, dt: torch.exp(-dt / tau),
                ),
            ],
            SUBTRACTS: _read(reset="subtract"),
            NO_THETA: _read(level=lambda threshold: 1.0),
            LEAK_AS_BETA: _read(beta=lambda tau, dt: dt / tau),
            OTHER_SIDE: [
                _read(weigh=lambda weight, gain: weight * gain),
                _read(weigh=lambda weight, gain: weight * gain, swapped=True),
            ],
            TRANSPOSED: [
                _read(weigh=lambda weight, gain: weight.T * gain, swapped=True),
                _read(weigh=lambda weight, gain: weight.T * gain[:, None], swapped=True),
            ],
            ONLY_SQUARE: _read(swapped=True),
            NOT_A_NETWORK: lambda *given: nn.Sequential(*my_read(*given)),
            WITH_BIAS: _with_bias,
            NOT_PUT_IN: _as_it_starts,
            NEEDS_DATA: [_protected, partial(_protected, copied=False)],
            ONE_BETA: [
                _read(beta=lambda tau, dt: (1 - dt / tau).mean().item()),
                _read(beta=lambda tau, dt: (1 - dt / tau[0]).item()),
            ],
        },
        wrong=(_read(reset="none"),),
        otherwise="The spikes, or the membranes in units of their thresholds, are not those of the node. Write down one Euler step of its equation, and compare it with U = β U + W x.",
        rtol=2e-3,
        atol=2e-3,
        accepts=(_by_threshold, _row_by_row, _in_float64),
        hints=(
            "One step of dt: U + dt/τ (r W x - U) = (1 - dt/τ) U + (r dt/τ) W x.",
            "So β is 1 - dt/τ, and row j of the weights is multiplied by r[j] dt/τ[j]: `weight * (r * dt / tau)[:, None]`.",
            '`snn.Sequential(linear, snn.Leaky(beta, threshold, reset_mechanism="zero"))`, with `linear = nn.Linear(inputs, outputs, bias=False)` and `linear.weight.data = …`.',
        ),
        right="This reader uses r, dt and the reset. Not all in the table below do.",
    ),
    Exercise(
        id="20.3",
        title="Keep a deadline",
        name="my_delays",
        solution=my_delays,
        cases=_draw_latencies,
        run=_run_delays,
        mistakes={
            NO_QUEUE: lambda latency, period: latency,
            ONE_BACK: _one_back,
            WAIT_ONLY: lambda latency, period: (
                torch.tensor(my_delays(latency, period), dtype=latency.dtype) - latency
            ),
            FROM_START: lambda latency, period: (
                torch.tensor(my_delays(latency, period), dtype=latency.dtype)
                + _arrivals(latency, period)
            ),
            ALL_AT_ONCE: lambda latency, period: latency.cumsum(0),
            EARLY: [
                lambda latency, period: latency.cumsum(0) - _arrivals(latency, period),
                _recursive(lambda before, took, period: before + took - period),
                lambda latency, period: (latency.cumsum(0) - _arrivals(latency, period)).clamp(0),
            ],
            EXCESS: lambda latency, period: [
                max(0.0, each - period) for each in my_delays(latency, period)
            ],
            WAITS_FOR_ITSELF: _waits_for_itself,
            IS_LATE: lambda latency, period: [each > period for each in my_delays(latency, period)],
            CAPPED: lambda latency, period: [
                min(each, period) for each in my_delays(latency, period)
            ],
            PERIOD_IS_1: lambda latency, period: my_delays(latency, 1.0),
            FIRST_LATE: _first_late,
            LAST_ONE: lambda latency, period: max(my_delays(latency, period)),
        },
        otherwise="These are not the delays. Follow one sample: when does it come, when is the network free, when is its answer there?",
        accepts=(
            _by_largest,
            _recursive(lambda before, took, period: max(0.0, before - period) + took),
            lambda *given: torch.tensor(my_delays(*given)),
        ),
        hints=(
            "Sample t arrives at the time t · period. The network is free when the step before is done.",
            "It starts at the later of these two times: `start = max(free, arrival)`. Then `free = start + latency[t]`.",
            "The delay is `free - arrival`. Collect one for each sample.",
        ),
        right="A queue in three lines. It is exact, whatever the latencies are.",
    ),
]
