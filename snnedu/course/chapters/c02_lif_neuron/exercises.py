"""Exercises of 02 · The leaky neuron: its step, its rheobase, an unknown neuron's τ, its firing rate."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import randrange, uniform

import numpy as np
import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.chapters.c02_lif_neuron.firing import decay
from snnedu.course.diagnosis import Case, compare, numbers, only_spikes_differ, unroll
from snnedu.course.exercise import Exercise

Step = Callable[[Tensor, Tensor, float, float], tuple[Tensor, Tensor]]


def my_leaky(cur: Tensor, mem: Tensor, beta: float, threshold: float) -> tuple[Tensor, Tensor]:
    """Advance one step: return the spikes and the new membrane potential."""
    paid = (mem > threshold).float()  # neurons that fired in the last step pay now
    mem = beta * mem + cur - threshold * paid
    return (mem > threshold).float(), mem


def rheobase(beta: float, threshold: float) -> float:
    """Return the largest constant current at which the neuron stays silent for ever."""
    return threshold * (1 - beta)


def find_tau(mem: Tensor, dt: float) -> float:
    """Return the time constant, in ms, of a membrane that decays; `dt` is the step in ms."""
    beta = (mem[1:] / mem[:-1]).mean()
    return float(-dt / torch.log(beta))


def firing_rate(cur: Tensor, tau: float, R: float, threshold: float, pause: float) -> Tensor:
    """Return the spikes per second at constant currents; times in ms, 0 below the rheobase."""
    interval = pause + tau * torch.log(R * cur / (R * cur - threshold))
    return torch.where(R * cur > threshold, 1000 / interval, 0.0)


# ---------------------------------------------------------------- 02.1

LEAK_SWAPPED = "Your neuron keeps the share 1 - β and loses β. β is the share that is left."
NO_LEAK = (
    "Your neuron never leaks: without input its membrane stays where it is. Which term needs β?"
)
NO_RESET = (
    "Your neuron never pays for a spike. Subtract θ if the membrane was above θ in the step before."
)
ALWAYS_PAYS = (
    "You subtract θ in every step. Only a membrane that was above θ in the step before pays."
)
THETA_ONE = (
    "You compare the membrane with 1. Compare it with `threshold`, which may be another number."
)
RESET_ONE = "You subtract 1 for a spike. Subtract θ: with another threshold it makes a difference."
AT_THRESHOLD = (
    "Your neuron fires or pays when U equals θ. For both, U must exceed θ: `>`, not `>=`."
)
IMMEDIATE = "You pay for the spike in the same step, so the membrane is never seen above θ. Here the neuron pays one step later: look at the membrane that came in."
SCALED = "You subtract βθ: the price of a spike leaks before it is paid. Some texts write it so (see Unsettled). Here the full θ is paid, after the leak: where does your bracket close?"
LATE = "Your spikes are those of the membrane that came in: one step late. The old membrane tells which neurons pay. The new membrane tells which neurons fire now."
TO_ZERO = "You reset to zero. This exercise asks for the reset that subtracts θ: what was above θ is kept."
ZERO_AT_ONCE = (
    "You set the membrane to zero in the step of the spike. Here it pays θ, one step later."
)
SHARE = "You let in only the share 1 - β of the input. Here all of it is added to the membrane."
TWO = "Return two things: the spikes, which the next layer needs, and the membrane, which the next step needs."
LEAKS_IN = "Your input leaks before it arrives: you multiply `cur` by β, too. Only what was in the membrane before leaks."
SPIKES = "Your membrane is right, your spikes are not. S[t] is 1 where the new U[t], after the payment, exceeds θ, else 0."
TERMS = "The numbers differ from U[t] = β U[t-1] + I[t] - θ S[t-1]. Compare term by term."
SWAPPED = "You return the membrane first. The order here is always: spikes, then state."
OLD_MEM = "You return `mem` as it came in. Return the new membrane, which the next step needs."


def _variant(
    reset: str = "delayed",
    leak: str = "beta",
    at: str = "",
    late: bool = False,
    fixed: bool = False,
    share: bool = False,
) -> Step:
    """Return a step with one mistake."""

    def step(cur: Tensor, mem: Tensor, beta: float, threshold: float) -> tuple[Tensor, Tensor]:
        pays_at = torch.ge if "pays" in at else torch.gt
        fires_at = torch.ge if "fires" in at else torch.gt
        limit = 1.0 if fixed else threshold
        paid = torch.ones_like(mem) if reset == "always" else pays_at(mem, limit).float()
        prices = {
            "one": 1.0,
            "delayed": threshold,
            "always": threshold,
            "scaled": beta * threshold,
            "zero with input": beta * mem + cur,
        }
        price = prices.get(reset, 0.0)
        kept = {"beta": beta, "swapped": 1 - beta, "all": 1.0}[leak]
        if reset == "zero":
            mem = mem * (1 - paid)  # subtracting β U would leave a rounding error: U may be θ next
        mem = kept * mem + (1 - beta if share else 1) * cur - price * paid
        spk = fires_at(mem, limit).float()
        mem = mem - {"immediate": threshold, "zero at once": mem}.get(reset, 0.0) * spk
        return (paid if late else spk), mem

    return step


def _silent(cur: Tensor, mem: Tensor, beta: float, threshold: float) -> tuple[Tensor, Tensor]:
    """Pay at once, and look for spikes only then: mostly there are none."""
    mem = beta * mem + cur
    mem = mem - threshold * (mem > threshold).float()
    return (mem > threshold).float(), mem


def _leaks_in(cur: Tensor, mem: Tensor, beta: float, threshold: float) -> tuple[Tensor, Tensor]:
    mem = beta * (mem + cur) - threshold * (mem > threshold).float()
    return (mem > threshold).float(), mem


def _differs(got: Tensor, right: Tensor, *_: object) -> str:
    return SPIKES if only_spikes_differ(got, right) else TERMS


def _inputs() -> tuple[list[Tensor], float, float]:
    """Draw 63 inputs for two neurons, β and θ; the first lifts U of one neuron exactly to θ."""
    beta, threshold = uniform(0.7, 0.8), randrange(96, 128) / 64
    strong = 2 * threshold * (1 - beta)  # on average it leads to θ
    drawn = [strong * torch.rand(2) for _ in range(60)]
    return [torch.tensor([threshold, 0.5])] * 3 + drawn, beta, threshold


class _Neuron:
    """A right answer as an object that can be called."""

    def __call__(
        self, cur: Tensor, mem: Tensor, beta: float, threshold: float
    ) -> tuple[Tensor, Tensor]:
        mem = torch.where(mem > threshold, beta * mem + cur - threshold, beta * mem + cur)
        return (mem > threshold).float(), mem


def _neuron_by_neuron(
    cur: Tensor, mem: Tensor, beta: float, threshold: float
) -> tuple[list[float], list[float]]:
    """Step with a loop and an `if`; a right answer."""
    new = list[float]()
    for current, u in zip(cur.tolist(), mem.tolist(), strict=True):
        u = beta * u + current - (threshold if u > threshold else 0)
        new.append(u)
    return [float(u > threshold) for u in new], new


# ---------------------------------------------------------------- 02.2

JUST_THRESHOLD = (
    "This current lifts the membrane to θ in one step. But it may add up over many steps: how far?"
)
INVERTED = (
    "Your current grows with β. A neuron that leaks less (larger β) needs less current, not more."
)
RATIO = "This is where the membrane ends, θ / (1 - β), if I = θ. The question asks for the I at which it ends at θ."

NO_THETA = "θ changes nothing in your formula. A higher threshold needs more current."
DIVIDED = "You divide by θ. A higher threshold needs more current, not less."
TWO_STEPS = "This current reaches θ after two steps. A smaller one gets there later: let the steps go on for ever."
GROWS = "You add β to 1. At rest, U = β U + I: sort by U. What stands before it?"


# ---------------------------------------------------------------- 02.3

IN_STEPS = "This is τ in steps. One step lasts dt milliseconds."
SIGN = (
    "Your τ is negative. β is below 1, so its logarithm is below 0: where does the minus sign go?"
)
ONE_TOO_MANY = "You divide the time by one step too many: between the first and the last of 40 values there are 39 steps."
TOTAL_TIME = "This is how long the recording lasts. How fast does the membrane fall in it?"
LOG_10 = "You take the logarithm with base 10. The exponential function needs the natural one: `torch.log`."
UPSIDE_DOWN_TAU = "This is 1/τ, a rate. τ is one over that."
HALF_LIFE = (
    "This is the time to fall to one half. τ is the time to fall to 1/e, 37 %: it is longer."
)
HALF_READ = "You read off when half is left. That is a whole number of steps, too coarse for a fast neuron. Every step shows the share that is left: compare neighboring values."
IS_BETA = "This is β, the share that is left after a step. τ follows from β = exp(-dt / τ)."
READ_OFF = "You wait until the membrane has fallen to 37 %. A slow neuron has not got there when the recording ends. Every step shows the share that is left: compare neighboring values."
AREA = "You add up the area under the curve. It tells τ only once the membrane has come down to 0. A slow neuron has not got there when the recording ends. Every step shows the share that is left: compare neighboring values."
EULER = "You solved β = 1 - dt / τ. A real membrane does not step: use β = exp(-dt / τ)."


def _recordings() -> Iterator[tuple[Tensor, float]]:
    """Draw a fast neuron, one in between, and one that is still above 37 % at the end.

    A half-life of the fast one, read off to whole steps, is far from right and from every mistake.
    """
    for dt, tau in ((2.0, uniform(5, 5.5)), (1.0, uniform(7, 10)), (0.5, uniform(22, 26))):
        yield decay(tau, dt), dt


def _read(find: Attempt, mem: Tensor, dt: float) -> Tensor:
    """Ask for τ; an error that only a slow neuron causes has its reason in the recording."""
    try:
        return numbers(find(mem, dt))
    except WrongAnswer as reply:
        raise WrongAnswer(READ_OFF) if mem[-1] > 0.37 else reply from None


def _bisected(beta: float, threshold: float) -> float:
    """Find the rheobase by trying currents; a right answer."""
    low, high = 0.0, threshold
    for _ in range(25):
        cur, mem = (low + high) / 2, 0.0
        for _ in range(200):
            mem = beta * mem + cur
        low, high = (low, cur) if mem > threshold else (cur, high)
    return low


# ---------------------------------------------------------------- 02.4

NO_PAUSE = "Your neuron makes no pause: the interval is the time to rise to θ plus the pause."
PER_MS = "These are spikes per millisecond. A second has 1000 of them."
DIVIDES = "You divide by 1000. One over a time in ms is a rate per ms, and a second has 1000 of them: multiply by 1000."
TIMES = "These are times between spikes, in ms. The rate is one over that, in spikes per second."
UPSIDE_DOWN = "Your rise to θ takes a negative time: the fraction in the logarithm is upside down."
FOR_EVER = "At small currents you do not return 0. Where R I does not exceed θ, no time solves the equation: let `torch.where` choose 0 there."
NO_TAU = "τ is missing: the logarithm counts how many τ the rise takes."
BRACKETS = "Some brackets are missing: a denominator of several terms needs a pair."
NO_R = "R is missing. A current is no voltage, but R I is one: use R I in the logarithm, and where you compare with θ."
PAUSE_AFTER = "You add the pause to the rate. It is a time: add it to the interval."
PAUSE_LESS = (
    "You subtract the pause from the rise. First comes the pause, then the rise: add the two."
)
FOOT = "You return 0 at the wrong currents. Here the rheobase is θ / R: not θ (1 - β), as in 02.2, and not 1.5 nA for every neuron. Choose where R I exceeds θ."
BASE_10 = "You take the logarithm with base 10. The exponential function needs the natural one: `torch.log`."
RATES = {
    NO_PAUSE: lambda cur, tau, R, threshold, pause: firing_rate(cur, tau, R, threshold, 0.0),
    PER_MS: lambda *given: firing_rate(*given) / 1000,
    DIVIDES: lambda *given: firing_rate(*given) / 1000**2,
    NO_R: [
        lambda cur, tau, R, threshold, pause: 1000 / _interval(cur, tau, 1.0, threshold, pause),
        lambda cur, tau, R, threshold, pause: firing_rate(cur, tau, 1.0, threshold, pause),
        lambda cur, tau, R, threshold, pause: torch.where(
            cur > threshold, 1000 / _interval(cur, tau, R, threshold, pause), 0.0
        ),
        lambda cur, tau, R, threshold, pause: torch.where(
            R * cur > threshold, 1000 / _interval(cur, tau, 1.0, threshold, pause), 0.0
        ),
    ],
    FOOT: [
        lambda cur, tau, R, threshold, pause: torch.where(
            cur > rheobase(math.exp(-1 / tau), threshold),
            1000 / _interval(cur, tau, R, threshold, pause),
            0.0,
        ),
        lambda cur, tau, R, threshold, pause: torch.where(  # β as the notebook has it, τ = 20 ms
            cur > rheobase(math.exp(-1 / 20), threshold),
            1000 / _interval(cur, tau, R, threshold, pause),
            0.0,
        ),
        lambda cur, tau, R, threshold, pause: torch.where(  # the foot of the notebook's neuron
            cur > 1.5, 1000 / _interval(cur, tau, R, threshold, pause), 0.0
        ),
    ],
    PAUSE_AFTER: lambda cur, tau, R, threshold, pause: (
        firing_rate(cur, tau, R, threshold, 0.0) + pause
    ),
    PAUSE_LESS: lambda cur, tau, R, threshold, pause: (
        1000 / (_interval(cur, tau, R, threshold, 0.0) - pause)
    ),
    BASE_10: lambda cur, tau, R, threshold, pause: (
        1000 / (pause + tau * torch.log10(R * cur / (R * cur - threshold)))
    ),
    TIMES: [
        lambda *given: _interval(*given),
        lambda cur, tau, R, threshold, pause: _interval(cur, tau, R, threshold, 0.0),
    ],
    NO_TAU: lambda cur, tau, R, threshold, pause: firing_rate(cur, 1.0, R, threshold, pause),
    BRACKETS: [
        lambda cur, tau, R, threshold, pause: 1000 / pause + _interval(cur, tau, R, threshold, 0.0),
        lambda cur, tau, R, threshold, pause: (
            1000 / (pause + tau * torch.log(R * cur / R * cur - threshold))
        ),
    ],
    UPSIDE_DOWN: lambda cur, tau, R, threshold, pause: (
        1000 / (pause + tau * torch.log((R * cur - threshold) / (R * cur)))
    ),
}


def check_rate(answer: Attempt) -> None:
    """Ask three neurons above their rheobase, then one below.

    The first has its rheobase at 2 nA, between the 1.5 nA of the notebook's neuron and θ as a bare
    number. The second fires at a fraction of these 1.5 nA, and of θ (1 - β), the rheobase of 02.2.
    R is below 1 in the last: there a current may exceed θ as a bare number, too. The one below has a
    small R: currents far above θ (1 - β) give no spike.
    """
    tau, R, threshold, pause = _neuron()
    above = [(torch.rand(3) + 1.1, tau, threshold / 2, threshold, pause)]  # in units of rheobase
    above.append((torch.rand(2) + 1.1, tau, R + 60, threshold / 3, pause))
    above.append((torch.rand(4) + 1.1, tau, R / 25, threshold, pause))
    below = torch.tensor([0.0, 0.3, 0.7, 0.95]), tau, R / 5, threshold, pause
    compare(answer, firing_rate, lambda: map(_in_nA, above), RATES, _compare_rates)
    compare(answer, firing_rate, lambda: [_in_nA(below)], {}, FOR_EVER)


def _neuron() -> tuple[float, float, float, float]:
    """Draw τ, R, θ and the pause of a neuron."""
    return uniform(8, 30), uniform(5, 20), uniform(10, 20), uniform(2, 6)


def _in_nA(given: Case) -> Case:  # noqa: N802 (a unit)
    cur, tau, R, threshold, pause = given
    return cur * threshold / R, tau, R, threshold, pause


def _compare_rates(got: Tensor, right: Tensor, cur: Tensor, *setting: float) -> str:
    """Tell a right rate and the learner's, at the current where they differ most."""
    tau, R, threshold, pause = setting
    worst = (got - right).abs().nan_to_num(math.inf).argmax()
    return (
        f"At {cur[worst]:.3g} nA, τ = {tau:.3g} ms, R = {R:.3g} MΩ, θ = {threshold:.3g} mV and a pause "
        f"of {pause:.3g} ms it is {right[worst]:.4g} spikes per second; you say {got[worst]:.4g}."
    )


def _interval(cur: Tensor, tau: float, R: float, threshold: float, pause: float) -> Tensor:
    return pause + tau * torch.log(R * cur / (R * cur - threshold))


def _mean_by_loop(mem: Tensor, dt: float) -> float:
    """Take the mean of the time constants of single steps; a right answer."""
    found = [-dt / float(torch.log(now / before)) for before, now in pairwise(mem)]
    return sum(found) / len(found)


def _rate_by_loop(cur: Tensor, tau: float, R: float, threshold: float, pause: float) -> list[float]:
    """Take one current after the other; a right answer."""
    rates = list[float]()
    for current in cur.tolist():
        drive = R * current
        silent = drive <= threshold
        rise = 0.0 if silent else tau * math.log(drive / (drive - threshold))
        rates.append(0.0 if silent else 1000 / (pause + rise))
    return rates


def _ratio(mem: Tensor) -> Tensor:
    return (mem[1:] / mem[:-1]).mean()


EXERCISES = [
    Exercise(
        id="02.1",
        title="Write the step",
        name="my_leaky",
        solution=my_leaky,
        cases=lambda: [_inputs(), _inputs()],
        run=lambda step, given, *settings: unroll(step, given, settings, states=1, needs=TWO),
        mistakes={
            LEAK_SWAPPED: _variant(leak="swapped"),
            NO_LEAK: _variant(leak="all"),
            NO_RESET: _variant(reset="none"),
            ALWAYS_PAYS: _variant(reset="always"),
            THETA_ONE: [_variant(fixed=True), _variant(fixed=True, reset="one")],
            RESET_ONE: _variant(reset="one"),
            AT_THRESHOLD: [_variant(at=at) for at in ("pays and fires", "pays", "fires")],
            IMMEDIATE: [_variant(reset="immediate"), _silent],
            SCALED: _variant(reset="scaled"),
            LATE: _variant(late=True),
            TO_ZERO: [_variant(reset="zero"), _variant(reset="zero with input")],
            ZERO_AT_ONCE: _variant(reset="zero at once"),
            SHARE: _variant(share=True),
            LEAKS_IN: _leaks_in,
            TWO: lambda cur, mem, beta, threshold: (mem > threshold).float(),
            SWAPPED: lambda cur, mem, beta, threshold: my_leaky(cur, mem, beta, threshold)[::-1],
            OLD_MEM: lambda cur, mem, *settings: (my_leaky(cur, mem, *settings)[0], mem),
        },
        otherwise=_differs,
        accepts=(
            lambda *given: list(my_leaky(*given)),
            lambda *given: (my_leaky(*given)[0] > 0, my_leaky(*given)[1]),
            lambda *given: tuple(part.numpy() for part in my_leaky(*given)),
            lambda *given: torch.stack(my_leaky(*given)),
            lambda *given: tuple(part.double() for part in my_leaky(*given)),
            _neuron_by_neuron,
            _Neuron(),
        ),
        wrong=(
            lambda cur, mem, beta, threshold: my_leaky(cur, mem, 0.75, threshold),
            lambda cur, mem, beta, threshold: my_leaky(cur, mem, beta, 2.0),
            lambda cur, mem, beta, threshold: my_leaky(mem, cur, beta, threshold),
            lambda cur, mem, beta, threshold: my_leaky(cur, mem * 0, beta, threshold),
            lambda cur, mem, beta, threshold: (my_leaky(cur, mem, beta, threshold)[0], cur),
        ),
        hints=(
            "There are three terms: what is left of the old membrane, what comes in, what the last spike costs.",
            "The `mem` that comes in tells whether there was a spike: `(mem > threshold).float()`.",
            "Compute the new `mem` first, then the spikes from the new `mem`; return both.",
        ),
        right="This is the neuron of the whole course.",
    ),
    Exercise(
        id="02.2",
        title="Find the rheobase",
        name="rheobase",
        solution=rheobase,
        cases=lambda: [(uniform(0.7, 0.95), uniform(0.5, 0.9)), (uniform(0.3, 0.6), 2.0)],
        mistakes={
            JUST_THRESHOLD: lambda beta, threshold: threshold,
            INVERTED: lambda beta, threshold: threshold * beta,
            RATIO: lambda beta, threshold: threshold / (1 - beta),
            NO_THETA: lambda beta, threshold: 1 - beta,
            DIVIDED: lambda beta, threshold: (1 - beta) / threshold,
            TWO_STEPS: lambda beta, threshold: threshold / (1 + beta),
            GROWS: lambda beta, threshold: threshold * (1 + beta),
        },
        otherwise="Where does U come to rest at a constant current? Set U[t] = U[t-1] and solve.",
        accepts=(
            lambda beta, threshold: torch.tensor([threshold - beta * threshold]),
            lambda beta, threshold: np.float64(threshold * (1 - beta)),
            lambda beta, threshold: [threshold * (1 - beta)],
            _bisected,
        ),
        wrong=(
            lambda beta, threshold: threshold * (1 - beta**2),
            lambda beta, threshold: threshold - beta,
            lambda beta, threshold: 0.1,
            lambda beta, threshold: (1 - beta) * 2.0,
            lambda beta, threshold: threshold * beta / (1 - beta),
        ),
        hints=(
            "At a constant current the membrane comes to rest where it gains as much as it leaks.",
            "At rest U = β U + I. Solve for U. Which I puts U just at θ?",
        ),
    ),
    Exercise(
        id="02.3",
        title="An unknown neuron's time constant",
        name="find_tau",
        solution=find_tau,
        cases=_recordings,
        run=_read,
        rtol=0.02,
        mistakes={
            IN_STEPS: lambda mem, dt: float(-1 / torch.log(_ratio(mem))),
            HALF_LIFE: [
                lambda mem, dt: float(-dt * 0.693147 / torch.log(_ratio(mem))),
                lambda mem, dt: float((mem < mem[0] / 2).nonzero()[0] * dt),
            ],
            HALF_READ: lambda mem, dt: float((mem < mem[0] / 2).nonzero()[0] * dt / 0.693147),
            IS_BETA: lambda mem, dt: float(_ratio(mem)),
            EULER: lambda mem, dt: float(dt / (1 - _ratio(mem))),
            AREA: [
                lambda mem, dt: mem.sum() * dt,
                lambda mem, dt: mem[:-1].sum() * dt,
                lambda mem, dt: torch.trapezoid(mem, dx=dt),
            ],
            READ_OFF: lambda mem, dt: float((mem < 0.37).nonzero()[0] * dt),
            SIGN: [
                lambda mem, dt: float(dt / torch.log(_ratio(mem))),
                lambda mem, dt: float(-dt / torch.log((mem[:-1] / mem[1:]).mean())),
            ],
            ONE_TOO_MANY: lambda mem, dt: float(-dt * len(mem) / torch.log(mem[-1] / mem[0])),
            TOTAL_TIME: [lambda mem, dt: len(mem) * dt, lambda mem, dt: (len(mem) - 1) * dt],
            LOG_10: lambda mem, dt: float(-dt / torch.log10(_ratio(mem))),
            UPSIDE_DOWN_TAU: lambda mem, dt: float(-torch.log(_ratio(mem)) / dt),
        },
        otherwise=lambda got, right, mem, dt: (
            f"One neuron, in steps of {dt:g} ms, has τ = {right:.1f} ms; you say {got.item():.3g}. "
            f"Look at mem[t+1] / mem[t]."
        ),
        accepts=(
            lambda mem, dt: dt / torch.log(mem[:-1] / mem[1:]).mean(),
            lambda mem, dt: -dt / _ratio(mem).log().numpy(),
            lambda mem, dt: [-dt * (len(mem) - 1) / torch.log(mem[-1] / mem[0])],
            lambda mem, dt: -dt / np.log(np.mean(mem.double().numpy()[1:] / mem.numpy()[:-1])),
            _mean_by_loop,
        ),
        wrong=(
            lambda mem, dt: 7.0,
            lambda mem, dt: find_tau(mem, 0.5),
            lambda mem, dt: find_tau(mem[::2], dt),
        ),
        hints=(
            "Without input, each value is β times the one before.",
            "So β is the mean of `mem[1:] / mem[:-1]`. And β = exp(-dt / τ).",
            "Solve for τ: the logarithm of β is -dt / τ.",
        ),
    ),
    Exercise(
        id="02.4",
        title="The rate in one line",
        name="firing_rate",
        solution=firing_rate,
        check=check_rate,
        mistakes={**RATES, FOR_EVER: lambda *given: 1000 / _interval(*given)},
        accepts=(
            lambda *given: firing_rate(*given).numpy(),
            lambda *given: firing_rate(*given).double(),
            lambda *given: tuple(firing_rate(*given)),
            _rate_by_loop,
            lambda *given: torch.nan_to_num(1000 / _interval(*given), 0.0).clamp(min=0),
        ),
        wrong=(
            lambda cur, tau, R, threshold, pause: firing_rate(cur, 20.0, R, threshold, pause),
            lambda cur, tau, R, threshold, pause: firing_rate(cur, tau, R, threshold, 5.0),
            lambda *given: firing_rate(*given).round(),
            lambda *given: firing_rate(*given).mean(),
        ),
        hints=(
            "From one spike to the next: first the pause, then the rise from 0 to θ. Add the two times.",
            "The interval is `pause + tau * torch.log(R * cur / (R * cur - threshold))`, in ms.",
            "`torch.where(R * cur > threshold, ..., 0.0)` keeps the currents that are strong enough.",
        ),
        right="You can predict a neuron that you never simulated.",
    ),
]
