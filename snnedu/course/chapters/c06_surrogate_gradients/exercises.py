"""Exercises of 06 · Surrogate gradients: a slope, a spike with two derivatives, and where training dies."""

from collections.abc import Callable, Iterator
from functools import partial
from random import uniform
from typing import Any

import torch
from torch import Tensor

from snnedu.core import surrogate
from snnedu.core.surrogate import slope_of
from snnedu.course.attempt import Attempt, Reply, Unsolved, WrongAnswer, first_line, is_stub
from snnedu.course.diagnosis import alike, numbers, refuse
from snnedu.course.exercise import Exercise


def my_slope(x: Tensor, k: float) -> Tensor:
    """Return the slope of the fast sigmoid, 1 / (1 + k|x|)²."""
    return 1 / (1 + k * x.abs()) ** 2


class MySpike(torch.autograd.Function):
    """A spike forward, the slope of a fast sigmoid (k = 5) backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return 1 where x > 0, else 0."""
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradient that comes in times the slope."""
        (x,) = ctx.saved_tensors
        return grad / (1 + 5 * x.abs()) ** 2


def first_to_fix(gradient_norms: list[float], firing_rates: list[float]) -> int:
    """Return the layer to fix first, -1 if all is well."""
    for layer, rate in enumerate(firing_rates):
        if rate == 0:
            return layer
    dead = [layer for layer, norm in enumerate(gradient_norms) if norm < 1e-6]
    return dead[-1] if dead else -1


# ---------------------------------------------------------------- 06.1

NO_ABS = "Left of the threshold your slope differs from that on the right. It depends on the distance: `x.abs()`."
NO_SQUARE = "The shape is nearly right, but the square is missing: its tails fall too slowly."
NO_K = "Your slope is the same for every k. `k` multiplies the distance: `k * x.abs()`."
FUNCTION_ITSELF = (
    "This is the fast sigmoid itself, x / (1 + k|x|). The exercise asks for its slope."
)
IS_SPIKE = (
    "This is the spike, 0 or 1. The exercise asks for the slope that replaces its derivative."
)
WHOLE_BRACKET = "You square a part of the bracket. The square belongs to all of it: (1 + k|x|)²."
K_ABOVE = "At x = 0 your slope is k. The slope of the fast sigmoid is 1 there for every k: k only changes its width."
ATAN = "This is the slope of `atan`. The exercise asks for the first row of the table, the fast sigmoid."
TURNED_ARGUMENTS = "Your function takes k first and x second. Later cells call `my_slope(x, k)`: x comes first, as in the stub."
TABLE = "It works on a row of numbers. In a network x is a table, [pictures, neurons]: compute with the whole tensor, without a loop over its numbers."
PRECEDENCE = "Python divides before it adds. Put everything below the fraction line in brackets."


def _slopes() -> Iterator[tuple[Tensor, float]]:
    """Draw points on both sides of the threshold, and a slope k for each of two rounds."""
    for _ in range(2):
        distance = torch.rand(4) * torch.tensor([0.2, 1.0, 1.0, 3.0]) + 0.05
        yield torch.cat([-distance, torch.zeros(1), distance]), 3 + 20 * torch.rand(()).item()


def _run_slope(answer: Attempt, x: Tensor, k: float) -> Any:
    """Return the slopes; an answer that is right for (k, x) has its arguments the wrong way round."""
    try:
        result = answer(x, k)
    except WrongAnswer:
        refuse({TURNED_ARGUMENTS: _gives(answer, (k, x), my_slope(x, k))})
        raise
    right = alike(numbers(result), my_slope(x, k).double())
    refuse({TURNED_ARGUMENTS: not right and _gives(answer, (k, x), my_slope(x, k))})
    table = x.reshape(3, 3)
    refuse({TABLE: right and not _gives(answer, (table, k), my_slope(table, k))})
    return result


def _gives(answer: Attempt, arguments: tuple[Any, Any], right: Tensor) -> bool:
    """Tell whether it returns the right slopes for these arguments, whatever their form."""
    try:
        return alike(numbers(Attempt(answer.function)(*arguments)), right.double())
    except (Reply, TypeError, ValueError, RuntimeError):
        return False


def _compare_slopes(got: Tensor, right: Tensor, x: Tensor, k: float) -> str:
    if torch.allclose(got[x >= 0], right[x >= 0], rtol=1e-4):
        return NO_ABS
    far = int((got - right).abs().argmax())
    return (
        f"At x = {x[far]:.2f} with k = {k:.1f} your slope is {got[far]:.4f}. "
        f"1 / (1 + k|x|)² is {right[far]:.4f} there."
    )


# ---------------------------------------------------------------- 06.2

SMOOTH = "Your forward pass is smooth. It must stay a clean step: 1 where x > 0, else 0."
AT_THRESHOLD = "At x = 0 your neuron fires. The membrane must exceed the threshold: `>`, not `>=`."
NOT_AT_ZERO = "Your neuron fires where x exceeds another number than 0. x is U - θ, the distance from the threshold: the threshold is already in it."
SAME_SPIKES = (
    "Your `forward` returns the same number for every x. It should return 1 where x > 0, else 0."
)
NO_RETURN = "Your `forward` returns nothing. Does it end with `return`?"
TURNED_STEP = "Your neuron fires below the threshold and is silent above it."
BOOLEAN = (
    "Your spikes are True and False. Later layers multiply them: return numbers of the type of x."
)
WHOLE = "Your spikes are whole numbers, x is not. Return numbers of the type of x: `.to(x.dtype)`."
OTHER_TYPE = "Your spikes are not numbers of the type of x. Use `.to(x.dtype)`."
SIGN = "Below the threshold you return -1. A silent neuron sends nothing: 0."
NOT_A_STEP = "Your forward pass returns other numbers than 1 where x > 0, else 0."
ADDS = "Twice the gradient that comes in must give twice yours. The chain rule multiplies it by the slope."
ONE_SIDED = "Left of the threshold your slope is 0. So a neuron that almost fired learns nothing, and a silent one stays silent. Use the slope, on both sides."
DOWNHILL = (
    "Your gradient has the wrong sign. More membrane means more spikes: the slope is positive."
)
FORWARD_ONLY = "`forward` is right. `backward` returns nothing yet."
NOT_THE_CLASS = "A class of the stub's kind is needed. Keep `class MySpike(torch.autograd.Function)` and pass its name, `MySpike`, without `.apply` and without brackets."
MIXES = "Your gradient at one x depends on `grad` at another. Multiply each number of `grad` by the slope at its own x."
IGNORES_GRAD = (
    "Your `backward` ignores `grad`, the gradient that comes in. The chain rule multiplies by it."
)
ZERO = "Your gradient is zero everywhere: the true derivative. Put the slope in its place."
STRAIGHT = "You pass `grad` on as it is, whatever x was. Multiply it by the slope at x."
CONSTANT = "Your slope is the same for every x. Make it depend on x: largest at x = 0, smaller to both sides."
OF_SPIKES = "Your slope has one value for all x below the threshold and one for all above. It should fall with the distance: save x itself, `ctx.save_for_backward(x)`, and compute the slope from it."
INFINITE = "At x = 0 your slope is infinite, and no weight survives that. It should be largest there, but finite: 1 for the fast sigmoid."
CHANGES_GRAD = "Your `backward` changes `grad` itself, which PyTorch may need elsewhere. Make a new tensor instead (`grad * slope`, not `grad *= slope`), or change a copy (`grad.clone()`)."
NEGATIVE = "Your hill has its top at x = 0, but far from there your slope is negative. It should never be less than 0: `.clamp(min=0)`."
NARROW = "Your slope is 0 everywhere but at x = 0, or so close to it that hardly any membrane comes there. Make the hill wider."
NO_HILL = "The slope must be largest at x = 0 and fall to both sides."


def check_spike(answer: Any) -> None:
    """Look at both passes at points around the threshold, with gradients that are not all ones."""
    apply, x = getattr(answer, "apply", None), _around_threshold()
    if not isinstance(answer, type) or apply is None or issubclass(answer, torch.nn.Module):
        raise WrongAnswer(NOT_THE_CLASS)  # a module has an `apply`, too
    try:
        spk = Attempt(partial(apply))(x)  # without source to look into: None is a stub
    except Unsolved:
        forward: Any = getattr(answer, "forward", None)  # a grader has no source to look into
        refuse({NO_RETURN: not is_stub(forward, given="ctx.save_for_backward(x)")})
        raise
    if not isinstance(spk, Tensor) or spk.shape != x.shape:
        raise WrongAnswer("Your forward must return a tensor, one number for each of x.")
    _check_forward(spk, x)
    grad_out = torch.randn(len(x)) + torch.tensor([1.0, -1.0]).repeat(len(x))[: len(x)]
    once, twice = _backward(apply, x, grad_out), _backward(apply, x, 2 * grad_out)
    refuse({INFINITE: not once.isfinite().all()})
    refuse({IGNORES_GRAD: torch.equal(once, twice) and once.any()})
    refuse({ADDS: not torch.allclose(2 * once, twice)})
    refuse(
        {MIXES: not torch.allclose(once[:1], _backward(apply, x, grad_out[:1] * (x == x[0]))[:1])}
    )
    _check_backward(once, grad_out)
    refuse({TABLE: not _works_on_a_table(apply, x, spk, grad_out, once)})


def _works_on_a_table(apply: Any, x: Tensor, spk: Tensor, grad_out: Tensor, grad: Tensor) -> bool:
    """Tell whether both passes give the same numbers where x has two axes, as in a network."""
    try:
        spikes = Attempt(partial(apply))(x.reshape(3, 3))
        back = _backward(apply, x.reshape(3, 3), grad_out.reshape(3, 3))
    except WrongAnswer:
        return False
    same = (spikes, spk), (back, grad)
    return all(isinstance(a, Tensor) and torch.equal(a, b.reshape(3, 3)) for a, b in same)


def _around_threshold() -> Tensor:
    """Draw nine points in order: four below the threshold, the threshold, four above."""
    distance = torch.tensor([1e-5, 0.1, 1.2, 5.0]) * (1 + torch.rand(4))
    return torch.cat([-distance.flip(0), torch.zeros(1), distance])


def _backward(apply: Any, x: Tensor, grad_out: Tensor) -> Tensor:
    x, given = x.clone().requires_grad_(), grad_out.clone()
    try:
        apply(x).backward(given)
    except Exception as error:
        text = f"Your `backward` raised {type(error).__name__}: {first_line(error)}."
        raise WrongAnswer(text) from None
    refuse({CHANGES_GRAD: not torch.equal(given, grad_out)})
    if x.grad is None:
        raise WrongAnswer(FORWARD_ONLY)
    return x.grad


def _check_forward(spk: Tensor, x: Tensor) -> None:
    values, fires = spk.double(), (x > 0).double()
    binary = ((values == 0) | (values == 1)).all()
    refuse(
        {
            BOOLEAN: spk.dtype == torch.bool,
            WHOLE: not spk.dtype.is_floating_point,
            OTHER_TYPE: spk.dtype != x.dtype,
            SIGN: torch.equal(values, 2 * fires - 1) or torch.equal(values, x.sign()),
            AT_THRESHOLD: torch.equal(values, (x >= 0).double()),
            TURNED_STEP: torch.equal(values, (x < 0).double()) or torch.equal(values, 1 - fires),
            SAME_SPIKES: (values == values[0]).all(),
            NOT_AT_ZERO: binary and (values.diff() >= 0).all() and not torch.equal(values, fires),
            SMOOTH: not binary and (values.diff() > 0).all(),
            NOT_A_STEP: not torch.equal(values, fires),
        }
    )


def _check_backward(grad: Tensor, grad_out: Tensor) -> None:
    slope = grad / grad_out
    left, top, right = slope[:4].flip(0), slope[4], slope[5:]  # from the threshold outward
    refuse(
        {
            ZERO: not grad.any(),
            NARROW: not left.any() and not right.any(),
            STRAIGHT: torch.allclose(grad, grad_out),
            CONSTANT: torch.allclose(slope, slope[0]),
            ONE_SIDED: not left.any() and right.any(),
            DOWNHILL: (slope <= 0).all(),
            OF_SPIKES: all(torch.allclose(side, side[0]) for side in (left, right)),
            NO_HILL: not all(_falls(torch.cat([top[None], side])) for side in (left, right)),
            NEGATIVE: (slope < 0).any(),
        }
    )


def _falls(side: Tensor) -> bool:
    """Tell whether a slope falls from the threshold outward; beyond some point it may be 0."""
    rounding = 1e-4 * side[0].abs()
    return bool((side.diff() <= rounding).all() and side[0] > 0 and side[1] > side[-1])


def _spike(
    fires: Callable[[Tensor], Tensor] = lambda x: (x > 0).to(x.dtype),
    back: Callable[[Tensor, Tensor], Any] = lambda x, grad: grad / (1 + 5 * x.abs()) ** 2,
) -> type[torch.autograd.Function]:
    """Return a `MySpike` with another forward or backward pass."""

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return fires(x)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            return back(ctx.saved_tensors[0], grad)

    return Spike


def _hill(surrogate: Callable[[Tensor], Tensor]) -> type[torch.autograd.Function]:
    """Return a `MySpike` with the slope of a surrogate of the library: any hill is right."""
    return _spike(back=lambda x, grad: grad * slope_of(surrogate, x))


class _InTwoParts(torch.autograd.Function):
    """The newer form of a Function: what is saved stands in `setup_context`."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return torch.where(x > 0, 1.0, 0.0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return grad * my_slope(ctx.saved_tensors[0], 25.0)


# ---------------------------------------------------------------- 06.3


def _networks() -> list[tuple[list[float], list[float]]]:
    """Draw gradient norms and firing rates of seven networks.

    Two have silent layers, as measured in the notebook: h reaches down to silent neurons in the
    first, not in the second. Another of their layers fires about once in two million steps. In the
    third the gradient vanishes. The fourth needs nothing: one of its gradients is small, but not
    below the bound. Each of these begins with a few more layers that fire: in the first network the
    fault is after the six layers of the notebook. In the others one end is at fault: the first
    layer is silent, or the last one, or only the first gradient is dead.
    """
    rates = [0.06, uniform(3e-7, 9e-7), 0.01, 0.0, 0.0, 0.0]
    return [
        _deeper(1e-3, [8e-4, 6e-4, 4e-4, 3e-5, 0.0, 0.0], rates, least=3),
        _deeper(5e-12, [5e-12, 2e-11, 1e-10, 8e-10, 0.0, 0.0], rates),
        _deeper(1e-9, [1e-9, 1e-9, 1e-8, 1e-2, 0.3], [0.2, 0.1, 0.1, 0.1, 0.2], least=2),
        _deeper(0.1, [1e-6, 0.2, 0.2, 0.3], [0.2, 0.1, 0.1, 0.2]),
        ([3e-4, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]),
        ([1e-9, 1e-8, 1e-7, 1e-3], [0.2, 0.1, 0.1, 0.0]),
        ([1e-7, 0.1, 0.2, 0.3], [0.2, 0.1, 0.1, 0.2]),
    ]


def _deeper(
    gradient: float, norms: list[float], rates: list[float], least: int = 0
) -> tuple[list[float], list[float]]:
    more = int(torch.randint(least, 5, ()))
    return more * [gradient] + norms, more * [0.2] + rates


def _run_layers(answer: Attempt, norms: list[float], rates: list[float]) -> Any:
    """Return the layer; where an answer looks for one that is not there, say how many there are."""
    try:
        return answer(norms, rates)
    except WrongAnswer as reply:
        if "IndexError" not in str(reply):
            raise
        count = f"This network has {len(rates)} layers, others have more or fewer."
        raise WrongAnswer(f"{reply} {count}") from None


def _compare_layers(got: Tensor, right: Tensor, norms: list[float], rates: list[float]) -> str:
    """Return the reply to an answer that was right about the networks before this one."""
    if min(norms) >= 1e-6:
        return ALL_WELL
    if min(rates) > 0 and norms[1] >= 1e-6:
        return FIRST_DEAD
    if min(rates) > 0:
        refuse({NOT_DEAD: any(got == i and norm >= 1e-6 for i, norm in enumerate(norms))})
        return {-1: DEAD_OVERLOOKED, 0: WRONG_END}.get(int(got), DEAD)
    place = int(right)
    refuse({STILL_FIRES: any(got == i and 0 < rate < 1e-6 for i, rate in enumerate(rates))})
    named = {len(rates) - 1: LAST_SILENT, place - 1: BEFORE, -1: OVERLOOKED}
    return named.get(int(got), SILENT)


SYMPTOM = "You fix the first layer without a gradient. It has none because no spike arrives there: the cause lies before it. Look at the rates first."
GRADIENT_FIRST = "You fix the first layer without a gradient. But a later layer is silent: in the backward pass the gradient had to go through silent neurons. Fix that layer first."
LAST_SILENT = "You fix the last layer that is silent or without a gradient. It is silent because no spike arrives there: the first silent layer is the cause."
BEFORE = "You fix the layer before the silent one. That layer fires, and its spikes do arrive. The silent layer does not respond to them."
OVERLOOKED = "A layer with a rate of 0 is silent. You say that all is well."
SILENT = "Layers with a rate of 0 are silent, and the layers after them get no input. Fix the first silent one."
WRONG_END = "All layers fire, and the gradient vanishes in the backward pass. It comes from the last layer, so the dead layer nearest to the end lost it first."

DEAD_OVERLOOKED = "In one network all layers fire, but several gradients are below 10⁻⁶ (in Python `1e-6`) without being 0. You say that all is well."
DEAD = "In one network all layers fire, but several gradients are dead. Which of these layers lost its gradient first in the backward pass?"
NOT_DEAD = "In one network all layers fire, and you name a layer whose gradient is not dead. A dead one is below 10⁻⁶: in Python `< 1e-6`."
STILL_FIRES = "You take a layer for silent whose rate is small, but above 0. It still fires, and its spikes do arrive. Only a rate of 0 is silent."
SIX = "Your function counts on six layers, as many as the network above has. Others have more or fewer: `len(firing_rates)`."
FROM_END = "Where no layer is silent, your number counts from the end. The first layer has the number 0: turn it around, with `len(gradient_norms)`."
FROM_ONE = "Your number is one too high. The first layer has the number 0, as in a list."
AFTER_DEAD = "Where all layers fire, you name the layer after the last dead one. Its own gradient is not dead: fix the layer before it. (Counted from the end, place i is layer `len(gradient_norms) - 1 - i`.)"
FIRST_DEAD = "In one network all layers fire, and only the first layer's gradient is below 10⁻⁶: return 0. Does your loop reach the first layer?"
TURNED_LISTS = "You take the rates for the gradients. The gradients come first, as in the stub."
ZERO_IS_FALSE = "Where layer 0 is the silent one, you return another. Does your loop reach it? (In `or` and `if`, the number 0 counts as False.)"
SILENT_AND_DEAD = "You look for a layer that is silent and has no gradient. The first silent layer may have a gradient: the spikes of the layer before it arrive. A rate of 0 is enough."
ALL_WELL = "In one network all layers fire, and no gradient is below 10⁻⁶ (one is exactly 10⁻⁶): return -1."


def _gradient_first(norms: list[float], rates: list[float]) -> int:
    return next((i for i, norm in enumerate(norms) if norm < 1e-6), -1)


def _last_silent(norms: list[float], rates: list[float]) -> int:
    silent = [i for i, rate in enumerate(rates) if rate == 0]
    return silent[-1] if silent else _gradient_first(norms, rates)


def _first_trouble(norms: list[float], rates: list[float]) -> int:
    both = enumerate(zip(norms, rates, strict=True))
    return next((i for i, (norm, rate) in both if norm < 1e-6 or rate == 0), -1)


def _one_before(norms: list[float], rates: list[float]) -> int:
    return next((i - 1 for i, rate in enumerate(rates) if rate == 0), -1)


def _first_dead(norms: list[float], rates: list[float]) -> int:
    return next((i for i, rate in enumerate(rates) if rate == 0), _gradient_first(norms, rates))


def _first_silent(
    norms: list[float],
    rates: list[float],
    *,
    silent: Callable[[float, float], bool] = lambda rate, norm: rate == 0,
    dead: Callable[[float], bool] = lambda norm: norm < 1e-6,
    first: int = 0,
) -> int:
    """Return what `first_to_fix` does with other limits, or with the first layer called `first`."""
    places = range(len(rates))
    found = [i for i in places if silent(rates[i], norms[i])][:1]
    found = found or [i for i in places if dead(norms[i])][-1:]
    return found[0] + first if found else -1


def _from_end(
    norms: list[float],
    rates: list[float],
    back: Callable[[int], int] = lambda place: place,
) -> int:
    """Return what a search from the last layer on finds, its `place` in that order turned `back`."""
    layer = first_to_fix(norms, rates)
    if layer < 0 or rates[layer] == 0:
        return layer
    return back(len(norms) - 1 - layer)


def _never(norm: float) -> bool:
    return False


def _both_faults(rate: float, norm: float) -> bool:
    return rate == 0 and norm < 1e-6


EXERCISES = [
    Exercise(
        id="06.1",
        title="Write the slope",
        name="my_slope",
        solution=my_slope,
        cases=_slopes,
        run=_run_slope,
        mistakes={
            TURNED_ARGUMENTS: [
                lambda k, x: 1 / (1 + k * abs(x)) ** 2,
                lambda k, x: 1 / (1 + k * x.abs()) ** 2,
            ],
            NO_ABS: lambda x, k: 1 / (1 + k * x) ** 2,
            NO_SQUARE: lambda x, k: 1 / (1 + k * x.abs()),
            NO_K: [partial(lambda x, k, c: 1 / (1 + c * x.abs()) ** 2, c=c) for c in (1, 2, 5, 25)],
            FUNCTION_ITSELF: lambda x, k: x / (1 + k * x.abs()),
            IS_SPIKE: lambda x, k: (x > 0).float(),
            WHOLE_BRACKET: [
                lambda x, k: 1 / (1 + k * x.abs() ** 2),
                lambda x, k: 1 / (1 + (k * x) ** 2),
            ],
            K_ABOVE: lambda x, k: k / (1 + k * x.abs()) ** 2,
            ATAN: lambda x, k: (k / 2) / (1 + (torch.pi * k * x / 2) ** 2),
            TABLE: [
                lambda x, k: [1 / (1 + k * abs(float(each))) ** 2 for each in x],
                lambda x, k: torch.tensor([1 / (1 + k * abs(each)) ** 2 for each in x.tolist()]),
            ],
            PRECEDENCE: [
                lambda x, k: 1 / 1 + (k * x.abs()) ** 2,
                lambda x, k: 1 / 1 + k * x.abs() ** 2,
            ],
        },
        otherwise=_compare_slopes,
        accepts=(
            lambda x, k: (1 + k * x.abs()).pow(-2).numpy(),
            lambda x, k: [1 / (1 + k * abs(each)) ** 2 for each in x],
        ),
        hints=(
            "The formula has one fraction. What depends on x is below the fraction line.",
            "`x.abs()` is the distance from the threshold. `**2` squares a tensor.",
        ),
    ),
    Exercise(
        id="06.2",
        title="Two directions",
        name="MySpike",
        solution=MySpike,
        check=check_spike,
        mistakes={
            SMOOTH: _spike(torch.sigmoid),
            AT_THRESHOLD: _spike(lambda x: (x >= 0).to(x.dtype)),
            SAME_SPIKES: [_spike(torch.zeros_like), _spike(torch.ones_like)],
            NOT_AT_ZERO: [
                _spike(lambda x: (x > 1).to(x.dtype)),
                _spike(lambda x: (x > 1e-3).to(x.dtype)),
            ],
            TURNED_STEP: [
                _spike(lambda x: (x < 0).to(x.dtype)),
                _spike(lambda x: (x <= 0).to(x.dtype)),
            ],
            NOT_A_STEP: _spike(torch.relu),
            OTHER_TYPE: _spike(lambda x: (x > 0).double()),
            BOOLEAN: _spike(lambda x: x > 0),
            WHOLE: _spike(lambda x: torch.where(x > 0, 1, 0)),
            SIGN: [_spike(torch.sign), _spike(lambda x: torch.where(x > 0, 1.0, -1.0))],
            IGNORES_GRAD: _spike(back=lambda x, grad: 1 / (1 + 5 * x.abs()) ** 2),
            ZERO: _spike(back=lambda x, grad: torch.zeros_like(grad)),
            STRAIGHT: _spike(back=lambda x, grad: grad.clone()),
            FORWARD_ONLY: _spike(back=lambda x, grad: None),
            ADDS: _spike(back=lambda x, grad: grad + 1 / (1 + 5 * x.abs()) ** 2),
            TABLE: [
                _spike(lambda x: torch.tensor([1.0 if each > 0 else 0.0 for each in x])),
                _spike(back=lambda x, grad: grad * torch.tensor([my_slope(i, 5) for i in x])),
            ],
            MIXES: _spike(back=lambda x, grad: grad.mean() * my_slope(x, 5)),
            CONSTANT: _spike(back=lambda x, grad: 0.3 * grad),
            ONE_SIDED: _spike(back=lambda x, grad: grad * (x > 0)),
            DOWNHILL: _spike(back=lambda x, grad: -grad / (1 + 5 * x.abs()) ** 2),
            OF_SPIKES: [
                _spike(back=lambda x, grad: grad / (1 + 5 * (x > 0)) ** 2),
                _spike(back=lambda x, grad: grad * torch.where(x > 0, 0.5, 0.2)),
                _spike(back=lambda x, grad: grad * (x < 0)),
            ],
            INFINITE: [
                _spike(back=lambda x, grad: grad / (5 * x.abs()) ** 2),
                _spike(back=lambda x, grad: grad * torch.where(x == 0, torch.inf, 0.0)),
            ],
            CHANGES_GRAD: [
                _spike(back=lambda x, grad: grad.mul_(my_slope(x, 5))),
                _spike(back=lambda x, grad: grad.masked_fill_(x.abs() > 0.5, 0)),
            ],
            NEGATIVE: [
                _spike(back=lambda x, grad: grad * (1 - 5 * x.abs())),
                _spike(back=lambda x, grad: grad * (my_slope(x, 5) - 0.5)),
            ],
            NARROW: [
                _spike(back=lambda x, grad: grad * (x == 0)),
                _hill(surrogate.triangular(1e6)),
            ],
            NO_HILL: [
                _spike(back=lambda x, grad: grad / (1 + 5 * x) ** 2),
                _spike(back=lambda x, grad: grad / (1 + 5 * (x - 1).abs()) ** 2),
                _spike(back=lambda x, grad: grad * (1 + 5 * x.abs()) ** 2),
                _spike(back=lambda x, grad: grad * x.abs()),
                _spike(back=lambda x, grad: grad * torch.sigmoid(x)),
            ],
            NOT_THE_CLASS: [MySpike.apply, surrogate.fast_sigmoid(5), torch.nn.ReLU],
        },
        accepts=(
            _spike(lambda x: torch.heaviside(x, torch.zeros(()))),
            _spike(back=lambda x, grad: grad * my_slope(x, 5.0)),
            _spike(back=lambda x, grad: grad * (x.abs() < 0.5)),
            _InTwoParts,
            *map(_hill, map(surrogate.triangular, (1, 25, 1000))),
            *map(_hill, (surrogate.sigmoid(25), surrogate.sigmoid(1e5), surrogate.atan())),
        ),
        hints=(
            "`(x > 0)` gives True and False; `.to(x.dtype)` makes numbers of them.",
            "`backward` gets `grad` and returns `grad` times a slope, of the same shape.",
            "You wrote a slope in 06.1: `grad * my_slope(x, 5)`.",
        ),
        right="This is all that a surrogate gradient is.",
    ),
    Exercise(
        id="06.3",
        title="Find where training dies",
        name="first_to_fix",
        solution=first_to_fix,
        cases=_networks,
        run=_run_layers,
        mistakes={
            SIX: [
                lambda norms, rates: first_to_fix(norms[:6], rates[:6]),
                lambda norms, rates: _from_end(norms, rates, back=lambda place: 5 - place),
            ],
            FROM_END: [
                _from_end,
                lambda norms, rates: _from_end(norms, rates, back=lambda place: -1 - place),
            ],
            SYMPTOM: _gradient_first,
            GRADIENT_FIRST: _first_trouble,
            BEFORE: _one_before,
            OVERLOOKED: lambda norms, rates: -1,
            LAST_SILENT: _last_silent,
            WRONG_END: _first_dead,
            STILL_FIRES: [
                partial(_first_silent, silent=lambda rate, norm: rate < 0.01),
                partial(_first_silent, silent=lambda rate, norm: rate < 1e-6),
                partial(_first_silent, silent=lambda rate, norm: rate < 0.01, dead=_never),
            ],
            FROM_ONE: [
                partial(_first_silent, first=1),
                partial(_first_silent, first=1, dead=_never),
                lambda norms, rates: first_to_fix(norms, rates) + 1,
                lambda norms, rates: first_to_fix(norms, rates) + (0 in rates),
            ],
            AFTER_DEAD: lambda norms, rates: (
                first_to_fix(norms, rates) + (min(norms) < 1e-6 and min(rates) > 0)
            ),
            FIRST_DEAD: lambda norms, rates: first_to_fix([1.0, *norms[1:]], rates),
            TURNED_LISTS: lambda norms, rates: first_to_fix(rates, norms),
            ZERO_IS_FALSE: lambda norms, rates: (  # so does a loop from layer 1 on
                first_to_fix(norms, rates) or first_to_fix(norms, [1.0] * len(rates))
            ),
            ALL_WELL: partial(_first_silent, dead=lambda norm: norm <= 1e-6),
            SILENT_AND_DEAD: [
                partial(_first_silent, silent=_both_faults),
                partial(_first_silent, silent=_both_faults, dead=_never),
            ],
            NOT_DEAD: [
                partial(_first_silent, dead=lambda norm: norm < 10**6),
                partial(_first_silent, dead=lambda norm: norm > 1e-6),
            ],
            DEAD_OVERLOOKED: [
                partial(_first_silent, dead=_never),
                partial(_first_silent, dead=lambda norm: norm < -6),
                partial(_first_silent, dead=lambda norm: norm == 0),
            ],
        },
        wrong=(
            lambda norms, rates: 0,
            lambda norms, rates: len(norms) - 1,
            lambda norms, rates: rates.index(min(rates)),
            lambda norms, rates: norms.index(min(norms)),
        ),
        otherwise=_compare_layers,
        accepts=(
            lambda norms, rates: float(first_to_fix(norms, rates)),
            lambda norms, rates: torch.tensor(first_to_fix(norms, rates)),
            lambda norms, rates: rates.index(0) if 0 in rates else first_to_fix(norms, rates),
        ),
        hints=(
            "Look at the firing rates first. What can the layers after a silent layer learn from?",
            "If a layer is silent, the layers after it get no input. So the first silent one is the cause.",
            "If none is silent: the gradient starts at the last layer. Look for the dead layer nearest to it.",
        ),
    ),
]
