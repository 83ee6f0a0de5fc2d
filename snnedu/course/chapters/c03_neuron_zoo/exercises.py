"""Exercises of 03 · The neuron zoo: a synapse, a neuron that tires, an unknown neuron's name, a gate."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.core.neurons import AdaptiveLeaky
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.chapters.c03_neuron_zoo.experiments import RELATIVES, relative, respond
from snnedu.course.diagnosis import compare, numbers, only_spikes_differ, refuse, unroll
from snnedu.course.exercise import Exercise

Step = Callable[[Tensor, Tensor, Tensor, float, float, float], tuple[Tensor, Tensor, Tensor]]


def my_synaptic(
    cur: Tensor, syn: Tensor, mem: Tensor, alpha: float, beta: float, threshold: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Advance one step: return the spikes, the synaptic current and the membrane potential."""
    paid = (mem > threshold).float()
    syn = alpha * syn + cur
    mem = beta * mem + syn - threshold * paid
    return (mem > threshold).float(), syn, mem


def name_neuron(weak: list[float], strong: list[float]) -> str:
    """Name a neuron by its intervals, in ms, under a weak and under a strong current."""
    if weak:
        return "low_threshold_spiking"
    late = strong[len(strong) // 2 :]
    if max(late) > 2 * min(late):  # it never settles
        return "chattering"
    if max(late) < 15:
        return "fast_spiking"
    return "intrinsically_bursting" if strong[0] < 5 else "regular_spiking"


def gate(opening: float, closing: float) -> tuple[float, float]:
    """Return the share of open gates in the end, and the time constant; rates are in 1/ms."""
    return opening / (opening + closing), 1 / (opening + closing)


# ---------------------------------------------------------------- 03.1


NO_MEMORY = "Your synapse forgets at once: `syn` is the input of this step alone. It keeps the share α of what it was."
PAST_SYNAPSE = "The input goes into your membrane directly. It goes into the synapse, and the synaptic current goes into the membrane."
TWICE = "The input reaches your membrane twice: directly, and through the synapse."
OLD_CURRENT = "Your membrane gets the synaptic current of the step before. Update `syn` first, then add the new one."
PART = "Only the share 1 - β of the synaptic current reaches your membrane. Here all of it goes in: `+ syn`."
NO_LEAK = "Your synapse never leaks: without input `syn` stays where it is. Which term needs α?"
MEM_KEEPS = (
    "Your neuron never leaks: without input its membrane stays where it is. Which term needs β?"
)
DECAYS_SWAPPED = "You mixed up the decays: α belongs to the synapse, β to the membrane."
NO_RESET = "Your neuron never pays for a spike. Look at 02.1: a membrane that was above θ pays θ."
ALWAYS_PAYS = (
    "You subtract θ in every step. Only a membrane that was above θ in the step before pays."
)
SYNAPSE_PAYS = "Your synapse pays for the spike. The reset takes θ from the membrane; the synapse, which comes before the membrane, knows nothing of the spike."
IMMEDIATE = "You pay for the spike in the same step, so the membrane is never seen above θ. Here the neuron pays one step later: look at the membrane that came in."
TO_ZERO = "You reset to zero. This exercise asks for the reset that subtracts θ: what was above θ is kept."
ZERO_AT_ONCE = (
    "You set the membrane to zero in the step of the spike. Here it pays θ, one step later."
)
SCALED = "You subtract βθ. The full θ is paid, after the leak: where does your bracket close?"
LATE = "Your spikes are those of the membrane that came in: one step late. The old membrane tells which neurons pay. The new membrane tells which neurons fire now."
DECAYED = "Your input decays before it arrives: you multiply `cur` by α, too. Only what was in the synapse before decays."
SHARE = "You let in only the share 1 - α of the input. Here all of it goes into the synapse."
FIXED_THRESHOLD = "You have 1 for the threshold, both to compare and to pay. Use the argument `threshold`, which may be another number."
PAYS_ONE = "You subtract 1 for a spike. Subtract θ: with another threshold it makes a difference."
COMPARES_ONE = (
    "You compare the membrane with 1. Compare it with `threshold`, which may be another number."
)
AT_THRESHOLD = (
    "Your neuron fires or pays when U equals θ. For both, U must exceed θ: `>`, not `>=`."
)
THREE = "Return three things: the spikes, then the states `syn` and `mem`."
ORDER = "You return the right things in another order. The order here is: spikes, syn, mem."
OLD_BOTH = (
    "You return `syn` and `mem` as they came in. Return the new ones, which the next step needs."
)
OLD_SYN = "You return `syn` as it came in. Return the new one, which the next step needs."
OLD_MEM = "You return `mem` as it came in. Return the new membrane, which the next step needs."
SPIKES = "Your states are right, your spikes are not. S[t] is 1 where the new U[t], after the payment, exceeds θ, else 0."
TERMS = "The numbers differ from X[t] = α X[t-1] + I[t], U[t] = β U[t-1] + X[t] - θ S[t-1]. Compare term by term."


def _variant(
    synapse: str = "", into: str = "new", swapped: bool = False, pays: str = "mem", fires: str = ""
) -> Step:
    """Return a step with one mistake."""
    pays_at = torch.ge if fires in ("at", "pays at") else torch.gt
    fires_at = torch.ge if fires in ("at", "fires at") else torch.gt

    def step(
        cur: Tensor, syn: Tensor, mem: Tensor, alpha: float, beta: float, threshold: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        paid = pays_at(mem, threshold).float()
        if swapped:
            alpha, beta = beta, alpha
        enters = {"share": 1 - alpha, "decays": alpha}.get(synapse, 1) * cur
        new = {"forgets": 0, "keeps": 1}.get(synapse, alpha) * syn + enters
        ways = {"new": new, "old": syn, "cur": cur, "both": new + cur, "part": (1 - beta) * new}
        gets = ways[into]
        prices = {"mem": threshold * paid, "scaled": beta * threshold * paid}
        prices["zero"] = beta * mem * paid
        prices["always"] = threshold * torch.ones_like(paid)
        prices["zero with input"] = (beta * mem + gets) * paid
        mem = beta * mem + gets - prices.get(pays, 0)
        spk = paid if fires == "late" else fires_at(mem, threshold).float()
        mem = mem - {"at once": threshold * spk, "zero at once": mem * spk}.get(pays, 0)
        return spk, new - (threshold * paid if pays == "syn" else 0), mem

    return step


COMPARISONS = (True, True), (True, False), (False, True)  # for who pays, and for who fires


def _fixed(compares: bool = True, fires: bool = True, pays: bool = True) -> Step:
    """Return a step that has 1 for θ in one, two or all of its three places."""

    def step(
        cur: Tensor, syn: Tensor, mem: Tensor, alpha: float, beta: float, threshold: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        price = (1.0 if pays else threshold) * (mem > (1.0 if compares else threshold)).float()
        syn = alpha * syn + cur
        mem = beta * mem + syn - price
        return (mem > (1.0 if fires else threshold)).float(), syn, mem

    return step


def _swapped(cur: Tensor, syn: Tensor, mem: Tensor, *decays: float) -> tuple[Tensor, ...]:
    """Swap the states in what comes in and in what goes out."""
    spk, syn, mem = my_synaptic(cur, mem, syn, *decays)
    return spk, mem, syn


def _swapped_out(cur: Tensor, syn: Tensor, mem: Tensor, *decays: float) -> tuple[Tensor, ...]:
    spk, syn, mem = my_synaptic(cur, syn, mem, *decays)
    return spk, mem, syn


def _spikes_last(cur: Tensor, syn: Tensor, mem: Tensor, *decays: float) -> tuple[Tensor, ...]:
    spk, syn, mem = my_synaptic(cur, syn, mem, *decays)
    return syn, mem, spk


def _old_syn(cur: Tensor, syn: Tensor, mem: Tensor, *decays: float) -> tuple[Tensor, ...]:
    spk, _, new = my_synaptic(cur, syn, mem, *decays)
    return spk, syn, new


def _old_mem(cur: Tensor, syn: Tensor, mem: Tensor, *decays: float) -> tuple[Tensor, ...]:
    spk, new, _ = my_synaptic(cur, syn, mem, *decays)
    return spk, new, mem


def _old_both(cur: Tensor, syn: Tensor, mem: Tensor, *decays: float) -> tuple[Tensor, ...]:
    return my_synaptic(cur, syn, mem, *decays)[0], syn, mem


def _silent(
    cur: Tensor, syn: Tensor, mem: Tensor, alpha: float, beta: float, threshold: float
) -> tuple[Tensor, ...]:
    """Pay at once, and look for spikes after the payment."""
    _, syn, mem = _variant(pays="at once")(cur, syn, mem, alpha, beta, threshold)
    return (mem > threshold).float(), syn, mem


def _drained(
    cur: Tensor, syn: Tensor, mem: Tensor, alpha: float, beta: float, threshold: float
) -> tuple[Tensor, ...]:
    """Let the synapse pay before the membrane gets its current."""
    syn = alpha * syn + cur - threshold * (mem > threshold).float()
    mem = beta * mem + syn
    return (mem > threshold).float(), syn, mem


def _differs(got: Tensor, right: Tensor, *_: object) -> str:
    return SPIKES if only_spikes_differ(got, right) else TERMS


def _in_words(
    cur: Tensor, syn: Tensor, mem: Tensor, alpha: float, beta: float, threshold: float
) -> list[Tensor]:
    """Do the same with `where`, and return a list; the spikes are True and False."""
    left = torch.where(mem > threshold, beta * mem - threshold, beta * mem)
    syn = cur + syn * alpha
    return [left + syn > threshold, syn, left + syn]


def _inputs() -> list[Tensor]:
    """Return 61 inputs for two neurons; the first lifts U of one of them exactly to θ."""
    return [torch.tensor([2.0, 0.5]), *(torch.rand(2) for _ in range(60))]


# ---------------------------------------------------------------- 03.2


@cache
def intervals_of(rho: float, adaptation: float) -> tuple[int, ...]:
    """Return the intervals, in steps, of the neuron that 03.2 asks about."""
    neuron, state, fired = AdaptiveLeaky(0.9, rho, adaptation), (), list[int]()
    for step in range(300):
        spk, *state = neuron(torch.full((1, 1), 0.5), *state)
        fired += [step] * int(spk)
    return tuple(later - one for one, later in pairwise(fired))


WRONG_ORDER = "The first number is ρ, a share between 0 and 1. The second is k."
TWO_NUMBERS = "Two numbers are needed: `(rho, adaptation)`."
FOR_EVER = (
    "With ρ = 1 nothing comes in: each spike raises the threshold by (1 - ρ) k, which is 0 now."
)
NOT_POSITIVE = "k must be above 0, or spikes do not raise the threshold."
ONE_IS_ENOUGH = "The neuron is slow, but it does not tire: all its intervals are about equal. Its first spike alone slows it about as much as all later ones. One spike raises the threshold by (1 - ρ) k: make that smaller. A ρ nearer to 1 does so, and lets spikes add up."
SLOW_START = "Its start is too slow: the first three spikes take longer than 6 steps. One spike raises the threshold by (1 - ρ) k. Make that smaller, and let more spikes add up."
FORGETS = "It starts fast, but it does not tire: it has nearly forgotten a spike before the next one comes. After n steps, ρⁿ of a spike's rise is left. Move ρ nearer to 1."
TOO_SLOW = "It starts fast, but it hardly tires: so near to 1, ρ makes the threshold rise slowly. After n steps the share 1 - ρⁿ of the whole rise is there: after 300 steps, less than half. Make ρ a little smaller, or k larger."
TOO_LITTLE = "It starts fast, but it hardly tires: the last interval is not three times the first. In the long run the threshold rises by k times the share of steps with a spike."


def check_tired(answer: Any) -> None:
    """Look at the first two intervals and the last."""
    rho, adaptation = _two_numbers(answer)
    refuse({WRONG_ORDER: not 0 <= rho <= 1, NOT_POSITIVE: not adaptation > 0, FOR_EVER: rho == 1})
    steps = intervals_of(rho, adaptation)
    starts_fast = len(steps) > 2 and sum(steps[:2]) <= 6
    grows = steps[-1] / steps[0] if steps else 0
    forgets = bool(steps) and rho ** min(steps) < 0.1
    reasons = {
        FORGETS: starts_fast and grows < 3 and forgets,
        TOO_SLOW: starts_fast and grows < 3 and rho**300 > 0.5,
        TOO_LITTLE: starts_fast and grows < 3,
        ONE_IS_ENOUGH: not starts_fast and 0 < grows <= 1.4,
        SLOW_START: not starts_fast,
    }
    refuse({_measured(reply, rho, adaptation): holds for reply, holds in reasons.items()})


def _two_numbers(answer: Any) -> list[float]:
    """Return ρ and k. A number as text, such as "20", is refused, though `float` takes it."""
    try:
        pair = numbers(answer)
    except (TypeError, ValueError, RuntimeError):
        raise WrongAnswer(TWO_NUMBERS) from None
    refuse({TWO_NUMBERS: pair.shape != (2,) or not pair.isfinite().all()})
    return [float(number) for number in answer]


def _measured(reply: str, rho: float, adaptation: float) -> str:
    """Add the learner's own intervals to a reply."""
    steps = [str(step) for step in intervals_of(rho, adaptation)]
    shown = ", ".join(steps if len(steps) < 9 else [*steps[:5], "…", *steps[-2:]])
    return f"{reply} Your intervals: {shown or 'none, there is one spike at most'}."


# ---------------------------------------------------------------- 03.3

SAME_NAME = "You give every neuron the same name. It may be the right name for yours, but you will be asked about others. Look at the intervals."
IGNORES_WEAK = "You take the neuron that fires under the weak current, too, for another kind. None of the others does: that alone identifies low-threshold spiking."
COUNTS = "You name recordings of 500 ms correctly, but not shorter or longer ones. A count, the mean of all intervals and the last one depend on when a recording ends. In a short one, the last ten intervals may include the first. Look at a share of all intervals, such as the second half."
ONE_BURST = "You take a neuron that starts with a burst for one that chatters, or the other way round. Both begin with short intervals. Look at the later ones."
FAST_OR_NOT = "You mix up fast and regular spiking. Both settle on one interval: 7 or 8 ms for the fast one, more than 40 ms for the regular one."
ONLY_LATE = "You mix up regular spiking and intrinsically bursting. In the long run they are alike. Look at the first interval: in a burst it is below 8 ms, in regular spiking above 12 ms."
CONFUSED = {
    frozenset({"chattering", "intrinsically_bursting"}): ONE_BURST,
    frozenset({"fast_spiking", "regular_spiking"}): FAST_OR_NOT,
    frozenset({"intrinsically_bursting", "regular_spiking"}): ONLY_LATE,
}


def check_name(answer: Attempt) -> None:
    """Ask about all relatives of the five kinds, in recordings of three lengths.

    All of them: a rule that misses a single one would be right today and wrong tomorrow.
    """
    wrong: dict[tuple[str, str], str] = {}
    said = set[str]()
    for kind, length, number, ms in _recordings():
        name = answer(_intervals(kind, number, 2.0, ms), _intervals(kind, number, 10.0, ms))
        if name not in RELATIVES:
            raise WrongAnswer(
                f"{name!r} is not one of the names. The names are: {', '.join(RELATIVES)}."
            )
        said.add(name)
        if name != kind:
            wrong.setdefault((kind, length), name)
    if not wrong:
        return
    refuse(
        {
            SAME_NAME: len(said) == 1,
            COUNTS: not any(length == "as shown" for _, length in wrong),
            IGNORES_WEAK: any(kind == "low_threshold_spiking" for kind, _ in wrong),
        }
    )
    kind, name = next((kind, name) for (kind, _), name in wrong.items())
    other = f"You take a neuron of the kind {kind} for {name}. Compare the two among the five kinds in section 4."
    raise WrongAnswer(CONFUSED.get(frozenset({kind, name}), other))


def _intervals(kind: str, number: int, cur: float, ms: int) -> list[float]:
    """Return the intervals, in ms, in the first `ms` of a recording, as `intervals` does."""
    times = _times(kind, number, cur)
    return [round(step, 1) for step in times[times <= ms].diff().tolist()]


@cache
def _times(kind: str, number: int, cur: float) -> Tensor:
    return respond(relative(kind, number), (900, cur))[0]


def _recordings() -> list[tuple[str, str, int, int]]:
    """Return every neuron, recorded for 500 ms, shorter and longer, in any order."""
    lengths = {"as shown": (500, 501), "short": (300, 400), "long": (700, 900)}
    asked = [
        (kind, length, number, _draw(*ms))
        for kind, settings in RELATIVES.items()
        for number, (length, ms) in product(range(len(settings)), lengths.items())
    ]
    return [asked[place] for place in torch.randperm(len(asked)).tolist()]


def _draw(low: int, high: int) -> int:
    return int(torch.randint(low, high, ()))


def _named(
    weak: list[float],
    strong: list[float],
    *,
    low: bool = True,
    early: bool = True,
    late: bool = True,
) -> str:
    """Name a neuron, leaving out a feature."""
    name = name_neuron(weak if low else [], strong)
    if not late and name == "chattering":
        return "intrinsically_bursting"
    if not early and name == "intrinsically_bursting":
        return "regular_spiking"
    if not low and weak:
        return "fast_spiking" if strong[-1] < 20 else "regular_spiking"
    return name


def _by_count(weak: list[float], strong: list[float]) -> str:
    """Name a neuron by the number of its spikes in 500 ms."""
    limits = {"regular_spiking": 13, "intrinsically_bursting": 29, "chattering": 59}
    if weak:
        return "low_threshold_spiking"
    return next((k for k, most in limits.items() if len(strong) < most), "fast_spiking")


def _slow_or_fast(weak: list[float], strong: list[float]) -> str:
    """Name a neuron; none is ever fast."""
    name = name_neuron(weak, strong)
    return "regular_spiking" if name == "fast_spiking" else name


def _with_torch(weak: list[float], strong: list[float]) -> str:
    """Name a neuron with tensors, and by a mean."""
    late = torch.tensor(strong[len(strong) // 2 :])
    if len(weak) > 0:
        return "low_threshold_spiking"
    if late.max() > 3 * late.min():
        return "chattering"
    kind = "intrinsically_bursting" if min(strong[:2]) < 6 else "regular_spiking"
    return "fast_spiking" if late.mean() < 12 else kind


# ---------------------------------------------------------------- 03.4


SHUT = "This is the share of *closed* gates. At rest as many gates open as close: α (1 - x) = β x."
ODDS = "This is how many gates are open for each closed one, α / β. A share lies between 0 and 1."
TAU_WRONG = "The share is right, the time constant is not. Sort by x: dx/dt = α - (α + β) x. Compare with dU/dt = (R I - U) / τ."
TAU_OF_ONE = "Your time constant uses one of the rates only. dx/dt = α (1 - x) - β x = α - (α + β) x: both rates move x."
A_RATE = "Your second number is a rate, in 1/ms. A time constant is one over that."
GATE_ORDER = "You return the time constant first. Return the share first, then the time constant."
TWO = "Return two numbers: the share of open gates, and the time constant."


SHARES = {
    SHUT: lambda opening, closing: (closing / (opening + closing), 1.0),
    ODDS: lambda opening, closing: (opening / closing, 1.0),
    GATE_ORDER: lambda opening, closing: gate(opening, closing)[::-1],
}
TAUS = {
    TAU_OF_ONE: [
        lambda opening, closing: (opening / (opening + closing), 1 / opening),
        lambda opening, closing: (opening / (opening + closing), 1 / closing),
    ],
    A_RATE: lambda opening, closing: (opening / (opening + closing), opening + closing),
}


def check_gate(answer: Attempt) -> None:
    """Ask about three gates: first for the share of each, then for its time constant."""
    compare(answer, gate, _gates, SHARES, _solve_for_x, run=lambda *case: _pair(*case)[0])
    compare(answer, gate, _gates, TAUS, TAU_WRONG, run=lambda *case: _pair(*case)[1])


def _gates() -> list[tuple[float, float]]:
    """Draw three gates; one of them opens faster than it closes, one more slowly."""
    slow, fast = torch.rand(2, 3).tolist()
    pairs = [(0.1 + x, 1.2 + y) for x, y in zip(slow, fast, strict=True)]
    return [pairs[0], pairs[1][::-1], pairs[2]]


def _pair(answer: Attempt, opening: float, closing: float) -> Tensor:
    pair = numbers(answer(opening, closing))
    refuse({TWO: pair.shape != (2,)})
    return pair


def _solve_for_x(got: Tensor, right: Tensor, opening: float, closing: float) -> str:
    return (
        f"A gate that opens at {opening:g} and closes at {closing:g} per ms ends at {right:.3f}. "
        f"Set dx/dt = α (1 - x) - β x to 0, and solve for x."
    )


EXERCISES = [
    Exercise(
        id="03.1",
        title="Add a synapse",
        name="my_synaptic",
        solution=my_synaptic,
        cases=lambda: [(_inputs(),)],
        run=lambda step, given: unroll(step, given, (0.625, 0.75, 2.0), states=2, needs=THREE),
        mistakes={
            NO_MEMORY: _variant(synapse="forgets"),
            NO_LEAK: _variant(synapse="keeps"),
            PAST_SYNAPSE: _variant(into="cur"),
            TWICE: _variant(into="both"),
            OLD_CURRENT: _variant(into="old"),
            PART: _variant(into="part"),
            DECAYS_SWAPPED: _variant(swapped=True),
            NO_RESET: _variant(pays="nobody"),
            ALWAYS_PAYS: _variant(pays="always"),
            SYNAPSE_PAYS: [_variant(pays="syn"), _drained],
            IMMEDIATE: [_variant(pays="at once"), _silent],
            TO_ZERO: [_variant(pays="zero"), _variant(pays="zero with input")],
            ZERO_AT_ONCE: _variant(pays="zero at once"),
            SCALED: _variant(pays="scaled"),
            LATE: _variant(fires="late"),
            SHARE: _variant(synapse="share"),
            DECAYED: _variant(synapse="decays"),
            AT_THRESHOLD: [_variant(fires=at) for at in ("at", "pays at", "fires at")],
            FIXED_THRESHOLD: [_fixed(*places) for places in COMPARISONS],
            COMPARES_ONE: [_fixed(*places, pays=False) for places in COMPARISONS],
            PAYS_ONE: _fixed(compares=False, fires=False),
            THREE: lambda cur, syn, mem, alpha, beta, threshold: (syn, mem),
            ORDER: [_swapped, _swapped_out, _spikes_last],
            MEM_KEEPS: lambda cur, syn, mem, alpha, beta, threshold: my_synaptic(
                cur, syn, mem, alpha, 1.0, threshold
            ),
            OLD_BOTH: _old_both,
            OLD_SYN: _old_syn,
            OLD_MEM: _old_mem,
        },
        otherwise=_differs,
        accepts=(
            lambda *given: list(my_synaptic(*given)),
            lambda *given: tuple(part.numpy() for part in my_synaptic(*given)),
            lambda *given: tuple(part.double() for part in my_synaptic(*given)),
            _in_words,
        ),
        hints=(
            "The step has three lines: the synapse, the membrane, the spikes. Only the first is new.",
            "`syn` does to `cur` what a leaky neuron without spikes would do, with α for β.",
            "In 02.1 put the new `syn` where `cur` was, and return it between the spikes and the membrane.",
        ),
        right="With its two states it is the `Synaptic` of this library.",
    ),
    Exercise(
        id="03.2",
        title="Start fast, then tire",
        name="tired",
        solution=(0.995, 20.0),
        source="tired = (0.995, 20.0)  # one of many",
        check=check_tired,
        hints=(
            "A fast start needs a small rise per spike, (1 - ρ) k. Slow firing in the end needs a large k.",
            "Move ρ nearer to 1, so that many spikes add up. Then make k larger.",
            "Choose ρ between 0.992 and 0.998, and k between 15 and 30.",
        ),
        mistakes={
            **{_measured(TOO_LITTLE, *pair): pair for pair in [(0.98, 1.8), (0.98, 10.0)]},
            **{_measured(TOO_SLOW, *pair): pair for pair in [(0.999, 10.0), (0.9999, 100.0)]},
            **{_measured(FORGETS, *pair): pair for pair in [(0.0, 1000.0), (0.2, 10.0)]},
            **{_measured(ONE_IS_ENOUGH, *pair): pair for pair in [(0.9, 40.0), (0.5, 20.0)]},
            **{_measured(SLOW_START, *pair): pair for pair in [(0.97, 100.0), (0.99, 40.0)]},
            FOR_EVER: (1.0, 20.0),
            WRONG_ORDER: (20.0, 0.99),
            NOT_POSITIVE: (0.99, -20.0),
            TWO_NUMBERS: [0.99, (0.99, 20.0, 1.0), (0.995, "20"), (0.995, None), "0.995, 20"],
        },
        accepts=(
            (0.995, 30),
            [0.995, 20.0],
            (torch.tensor(0.997), torch.tensor(25.0)),
            torch.tensor([0.994, 15.0]),
            np.array([0.996, 22.0]),
        ),
        right="A slow second state lets small steps add up.",
    ),
    Exercise(
        id="03.3",
        title="Name the unknown neuron",
        name="name_neuron",
        solution=name_neuron,
        check=check_name,
        hints=(
            "Start with the kind that is easy to recognize: only one kind fires under the weak current.",
            "Look at the second half of `strong`: does it settle on one value, and is that value short or long?",
            "Chattering never settles; fast spiking settles below 15 ms. The two kinds that are left differ in their first interval.",
        ),
        mistakes={
            SAME_NAME: lambda weak, strong: "chattering",
            IGNORES_WEAK: lambda weak, strong: _named(weak, strong, low=False),
            COUNTS: _by_count,
            ONE_BURST: lambda weak, strong: _named(weak, strong, late=False),
            ONLY_LATE: lambda weak, strong: _named(weak, strong, early=False),
            FAST_OR_NOT: _slow_or_fast,
        },
        accepts=(lambda weak, strong: name_neuron(weak[-1:], strong), _with_torch),
        wrong=(
            lambda weak, strong: name_neuron(strong, weak),
            lambda weak, strong: name_neuron(weak, strong[:3]),
            lambda weak, strong: name_neuron(weak, strong[-2:]),
            lambda weak, strong: name_neuron(weak, strong[::-1]),
            lambda weak, strong: list(RELATIVES)[min(len(strong) // 12, 4)],
        ),
        right="Physiologists sort cells in the same way: by a few features.",
    ),
    Exercise(
        id="03.4",
        title="A gate at rest",
        name="gate",
        solution=gate,
        check=check_gate,
        hints=(
            "In the end nothing changes: dx/dt = 0. Solve 0 = α (1 - x) - β x for x.",
            "Sort by x: dx/dt = α - (α + β) x. Compare with 02: dU/dt = (RI - U) / τ. What takes the place of 1/τ?",
        ),
        mistakes={
            **SHARES,
            **TAUS,
            TAU_WRONG: lambda opening, closing: (
                gate(opening, closing)[0],
                1 / opening + 1 / closing,
            ),
            TWO: lambda opening, closing: opening / (opening + closing),
        },
        accepts=(
            lambda opening, closing: list(gate(opening, closing)),
            lambda opening, closing: torch.tensor(gate(opening, closing)),
            lambda opening, closing: np.array(gate(opening, closing)),
            lambda opening, closing: (1 / (1 + closing / opening), (opening + closing) ** -1),
        ),
        wrong=(
            lambda opening, closing: (0.5, 1 / (opening + closing)),
            lambda opening, closing: (opening / (opening + closing), 2 / (opening + closing)),
            lambda opening, closing: (opening / (opening - closing), 1 / (opening - closing)),
        ),
        right="Each gate is a leaky bucket whose leak depends on the voltage.",
    ),
]
