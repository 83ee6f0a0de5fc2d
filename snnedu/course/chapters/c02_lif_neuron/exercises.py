"""Exercises of 02 · The leaky neuron: its step, its rheobase, a stranger's τ, its firing rate."""

from collections.abc import Callable

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.exercise import Exercise

Step = Callable[[Tensor, Tensor, float, float], tuple[Tensor, Tensor]]


def my_leaky(cur: Tensor, mem: Tensor, beta: float, threshold: float) -> tuple[Tensor, Tensor]:
    """Advance one step: return the spikes and the new membrane potential."""
    paid = (mem > threshold).float()  # who fired in the last step pays now
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


LEAK_SWAPPED = "Your neuron keeps the share 1 - β and loses β. β is the share that is left."
NO_LEAK = (
    "Your neuron never leaks: without input its membrane stays where it is. Where does β stand?"
)
NO_RESET = (
    "Your neuron never pays for a spike. Subtract θ if the membrane was above θ in the step before."
)
RESET_ONE = "You subtract 1 for a spike. Subtract θ: with another threshold it makes a difference."
AT_THRESHOLD = "Your neuron fires when U equals θ. It must exceed θ: `>`, not `>=`."
IMMEDIATE = (
    "You pay for the spike in the same step, so the membrane is never seen above θ. Here the neuron "
    "pays one step later: look at the membrane that came in."
)
SCALED = (
    "You take away βθ: what a spike costs leaks before it is paid. Some texts write it so (see "
    "Unsettled). Here the full θ is paid, after the leak: where does your bracket close?"
)
LATE = (
    "Your spikes are those of the membrane that came in: one step late. That one tells who pays. "
    "Who fires now, the new membrane tells."
)
TO_ZERO = "You reset to zero. Asked for is the reset that subtracts θ: what was above θ is kept."
ONLY_SPIKES = (
    "Return two things: the spikes and the membrane. Without the state there is no next step."
)
SWAPPED = "You return the membrane first. The order here is always: spikes, then state."


def _variant(
    reset: str = "delayed", leak: str = "beta", at: bool = False, late: bool = False
) -> Step:
    """Return a step with one mistake."""

    def step(cur: Tensor, mem: Tensor, beta: float, threshold: float) -> tuple[Tensor, Tensor]:
        above = torch.ge if at else torch.gt
        paid = above(mem, threshold).float()
        prices = {"one": 1.0, "delayed": threshold, "scaled": beta * threshold, "zero": beta * mem}
        price = prices.get(reset, 0.0)
        kept = {"beta": beta, "swapped": 1 - beta, "all": 1.0}[leak]
        mem = kept * mem + cur - price * paid
        spk = above(mem, threshold).float()
        mem = mem - threshold * spk if reset == "immediate" else mem
        return (paid if late else spk), mem

    return step


MISTAKES: dict[str, Step] = {
    LEAK_SWAPPED: _variant(leak="swapped"),
    NO_LEAK: _variant(leak="all"),
    NO_RESET: _variant(reset="none"),
    RESET_ONE: _variant(reset="one"),
    AT_THRESHOLD: _variant(at=True),
    IMMEDIATE: _variant(reset="immediate"),
    SCALED: _variant(reset="scaled"),
    LATE: _variant(late=True),
    TO_ZERO: _variant(reset="zero"),
}


def check_leaky(answer: Attempt) -> None:
    """Run two neurons for a while, and compare with the right step and with each mistake."""
    given = [torch.tensor([2.0, 0.5])] * 3 + [torch.rand(2) for _ in range(60)]
    got = _run(answer, given)
    if not torch.allclose(got, _run(my_leaky, given), atol=1e-5):
        for message, step in MISTAKES.items():
            if torch.allclose(got, _run(step, given), atol=1e-5):
                raise WrongAnswer(message)
        raise WrongAnswer(
            "The numbers differ from U[t] = β U[t-1] + I[t] - θ S[t-1]. Compare term by term."
        )


def _run(step: Callable[..., object], given: list[Tensor]) -> Tensor:
    """Return spikes and membranes over time; the first input lifts U exactly to θ."""
    mem, rows = torch.zeros(2), list[Tensor]()
    for cur in given:
        result = step(cur, mem, 0.75, 2.0)
        if not isinstance(result, tuple) or len(result) != 2:
            raise WrongAnswer(ONLY_SPIKES)
        spk, new = (torch.as_tensor(part).float() for part in result)
        if spk.shape != (2,) or new.shape != (2,):
            raise WrongAnswer(
                f"Two neurons go in. Out come {list(spk.shape)} and {list(new.shape)}."
            )
        if not rows and bool((spk == 2).any()) and not bool(new.any()):
            raise WrongAnswer(SWAPPED)
        mem = new
        rows += [spk, new]
    return torch.stack(rows)


JUST_THRESHOLD = (
    "This current lifts the membrane to θ in one step. But it may add up over many steps: how far?"
)
INVERTED = (
    "Your current grows with β. A neuron that leaks less (larger β) needs less current, not more."
)
RATIO = "This is where the membrane ends, θ / (1 - β), if I = θ. Asked for is the I at which it ends at θ."


def check_rheobase(answer: Attempt) -> None:
    """Ask for three neurons."""
    for beta, threshold in ((0.9, 1.0), (0.5, 2.0), (0.8, 0.5)):
        got, right = float(answer(beta, threshold)), threshold * (1 - beta)
        known = {
            JUST_THRESHOLD: threshold,
            INVERTED: threshold * beta,
            RATIO: threshold / (1 - beta),
        }
        if abs(got - right) < 1e-6:
            continue
        for message, value in known.items():
            if abs(got - value) < 1e-6:
                raise WrongAnswer(message)
        raise WrongAnswer(
            "Where does U come to rest at a constant current? Set U[t] = U[t-1] and solve."
        )


def recording(seed: int) -> Tensor:
    """Return a stranger's membrane potential after a pulse, in steps of 0.5 ms."""
    tau = 4 + seed % 17
    noise = torch.randn(40, generator=torch.Generator().manual_seed(seed)) * 1e-3
    return torch.exp(-torch.arange(40) * 0.5 / tau) * (1 + noise)


IN_STEPS = "This is τ in steps. One step lasts dt milliseconds."
HALF_LIFE = (
    "This is the time to fall to one half. τ is the time to fall to 1/e, 37 %: it is longer."
)
IS_BETA = "This is β, the share that is left after a step. τ follows from β = exp(-dt / τ)."
READ_OFF = (
    "You wait until the membrane has fallen to 37 %. A slow stranger has not got there when the "
    "recording ends. Every step tells the share that is left: use neighbours."
)
EULER = "You solved β = 1 - dt / τ. A real membrane does not step: use β = exp(-dt / τ)."


def check_tau(answer: Attempt) -> None:
    """Ask about three strangers."""
    for seed in (3, 9, 16):
        mem, tau = recording(seed), 4.0 + seed % 17
        try:
            got, beta = float(answer(mem, 0.5)), 2.718281828 ** (-0.5 / tau)
        except WrongAnswer:
            if tau < 20:  # an error in the code: it says itself what it is
                raise
            raise WrongAnswer(READ_OFF) from None
        if abs(got / tau - 1) < 0.02:
            continue
        known = {
            IN_STEPS: tau / 0.5,
            HALF_LIFE: tau * 0.693147,
            IS_BETA: beta,
            EULER: 0.5 / (1 - beta),
        }
        for message, value in known.items():
            if abs(got / value - 1) < 0.02:
                raise WrongAnswer(message)
        raise WrongAnswer(
            f"One stranger has τ = {tau:.0f} ms; you say {got:.2f}. Look at mem[t+1] / mem[t]."
        )


NO_PAUSE = "Your neuron does not rest: the interval is the way up to θ plus the pause."
PER_MS = "These are spikes per millisecond. A second has 1000 of them."
TIMES = "These are times between spikes, in ms. The rate is one over that, in spikes per second."
UPSIDE_DOWN = (
    "Your way up to θ takes a negative time: the fraction in the logarithm stands upside down."
)
FOR_EVER = (
    "At small currents you do not return 0. If R I never gets above θ, no time solves the equation: "
    "use `torch.where`."
)


def check_rate(answer: Attempt) -> None:
    """Ask two neurons above their rheobase, then one below."""
    above = (torch.tensor([2.0, 3.0, 4.0]), 20.0, 10.0, 15.0, 5.0)
    for setting in (above, (torch.tensor([1.0, 2.5]), 8.0, 20.0, 12.0, 2.0)):
        got, right = torch.as_tensor(answer(*setting)).double(), firing_rate(*setting).double()
        cur, tau, R, threshold, pause = setting
        way = 1000 / right - pause
        known = {
            NO_PAUSE: 1000 / way,
            PER_MS: right / 1000,
            TIMES: 1000 / right,
            UPSIDE_DOWN: 1000 / (pause - way),
        }
        if got.shape != cur.shape:
            raise WrongAnswer(f"{len(cur)} currents go in. Out comes the shape {list(got.shape)}.")
        if torch.allclose(got, right, rtol=1e-4):
            continue
        for message, values in known.items():
            if torch.allclose(got, values, rtol=1e-4):
                raise WrongAnswer(message)
        raise WrongAnswer(
            f"At {cur[0]:.0f} nA, τ = {tau:.0f} ms, R = {R:.0f} MΩ, θ = {threshold:.0f} mV and a "
            f"pause of {pause:.0f} ms it is {right[0]:.1f} spikes per second; you say {got[0]:.1f}."
        )
    silent = torch.tensor([0.0, 0.5, 1.0, 1.4])
    if not bool((torch.as_tensor(answer(silent, *above[1:])) == 0).all()):
        raise WrongAnswer(FOR_EVER)


def _interval(cur: Tensor, tau: float, R: float, threshold: float, pause: float) -> Tensor:
    return pause + tau * torch.log(R * cur / (R * cur - threshold))


def _ratio(mem: Tensor) -> Tensor:
    return (mem[1:] / mem[:-1]).mean()


EXERCISES = [
    Exercise(
        id="02.1",
        title="Write the step",
        name="my_leaky",
        solution=my_leaky,
        check=check_leaky,
        hints=(
            "Three terms: what is left of the old membrane, what comes in, what the last spike costs.",
            "The `mem` that comes in tells whether there was a spike: `(mem > threshold).float()`.",
            "Compute the new `mem` first, then the spikes from the new `mem`; return both.",
        ),
        wrong=(
            *((step, message) for message, step in MISTAKES.items()),
            (lambda cur, mem, beta, threshold: (mem > threshold).float(), ONLY_SPIKES),
            (lambda cur, mem, beta, threshold: my_leaky(cur, mem, beta, threshold)[::-1], SWAPPED),
        ),
        right="This is the neuron of the whole course.",
    ),
    Exercise(
        id="02.2",
        title="Find the rheobase",
        name="rheobase",
        solution=rheobase,
        check=check_rheobase,
        hints=(
            "At a constant current the membrane comes to rest where it gains as much as it leaks.",
            "At rest U = β U + I. Solve for U. Which I puts U just at θ?",
        ),
        wrong=(
            (lambda beta, threshold: threshold, JUST_THRESHOLD),
            (lambda beta, threshold: threshold * beta, INVERTED),
            (lambda beta, threshold: threshold / (1 - beta), RATIO),
        ),
    ),
    Exercise(
        id="02.3",
        title="A stranger's time constant",
        name="find_tau",
        solution=find_tau,
        check=check_tau,
        hints=(
            "Without input, each value is β times the one before.",
            "So β is the mean of `mem[1:] / mem[:-1]`. And β = exp(-dt / τ).",
            "Solve for τ: the logarithm of β is -dt / τ.",
        ),
        wrong=(
            (lambda mem, dt: float(-1 / torch.log(_ratio(mem))), IN_STEPS),
            (lambda mem, dt: float(-dt * 0.693147 / torch.log(_ratio(mem))), HALF_LIFE),
            (lambda mem, dt: float(_ratio(mem)), IS_BETA),
            (lambda mem, dt: float(dt / (1 - _ratio(mem))), EULER),
            (lambda mem, dt: float((mem < 0.37).nonzero()[0] * dt), READ_OFF),
        ),
    ),
    Exercise(
        id="02.4",
        title="The rate in one line",
        name="firing_rate",
        solution=firing_rate,
        check=check_rate,
        hints=(
            "From one spike to the next: first the pause, then the way from 0 up to θ. Add the times.",
            "The interval is `pause + tau * torch.log(R * cur / (R * cur - threshold))`, in ms.",
            "`torch.where(R * cur > threshold, ..., 0.0)` keeps the currents that are strong enough.",
        ),
        wrong=(
            (
                lambda cur, tau, R, threshold, pause: firing_rate(cur, tau, R, threshold, 0.0),
                NO_PAUSE,
            ),
            (lambda *given: firing_rate(*given) / 1000, PER_MS),
            (lambda *given: _interval(*given), TIMES),
            (
                lambda cur, tau, R, threshold, pause: (
                    1000 / (pause + tau * torch.log((R * cur - threshold) / (R * cur)))
                ),
                UPSIDE_DOWN,
            ),
            (lambda *given: 1000 / _interval(*given), FOR_EVER),
        ),
        right="You can predict a neuron that you never simulated.",
    ),
]
