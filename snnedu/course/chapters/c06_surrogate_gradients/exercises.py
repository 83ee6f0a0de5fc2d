"""Exercises of 06 · Surrogate gradients: a slope, a spike with two derivatives, and where training dies."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import refuse
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
NO_K = "k changes nothing. It multiplies the distance."
FUNCTION_ITSELF = (
    "This is the fast sigmoid itself, x / (1 + k|x|). The exercise asks for its slope."
)
IS_SPIKE = (
    "This is the spike, 0 or 1. The exercise asks for the slope that replaces its derivative."
)
WHOLE_BRACKET = (
    "You square the distance only. The square belongs to the whole bracket: (1 + k|x|)²."
)
K_ABOVE = "At x = 0 your slope is k. The slope of the fast sigmoid is 1 there for every k: k only changes its width."
ATAN = "This is the slope of `atan`. The exercise asks for the first row of the table, the fast sigmoid."
PRECEDENCE = "Python divides before it adds. Put everything below the fraction line in brackets."


def _compare_slopes(got: Tensor, right: Tensor, x: Tensor, k: float) -> str:
    one_side = torch.allclose(got[x >= 0], right[x >= 0], rtol=1e-4)
    return NO_ABS if one_side else "The numbers differ from 1 / (1 + k|x|)². Check the brackets."


# ---------------------------------------------------------------- 06.2

SMOOTH = "Your forward pass is smooth. It must stay a clean step: 1 where x > 0, else 0."
AT_THRESHOLD = "At x = 0 your neuron fires. The membrane must exceed the threshold: `>`, not `>=`."
BOOLEAN = (
    "Your spikes are True and False. Later layers multiply them: return numbers of the type of x."
)
WHOLE = "Your spikes are whole numbers, x is not. Return numbers of the type of x: `.to(x.dtype)`."
SIGN = "Below the threshold you return -1. A silent neuron sends nothing: 0."
ADDS = "Twice the gradient that comes in must give twice yours. The chain rule multiplies, it does not add."
ONE_SIDED = "Left of the threshold your slope is 0. So a neuron that almost fired learns nothing, and a silent one stays silent. Use the slope, on both sides."
DOWNHILL = (
    "Your gradient has the wrong sign. More membrane means more spikes: the slope is positive."
)
FORWARD_ONLY = "`forward` is right. `backward` returns nothing yet."
NOT_THE_CLASS = "Pass the class itself: `MySpike`, not `MySpike.apply` or `MySpike()`."
IGNORES_GRAD = (
    "Your `backward` ignores `grad`, the gradient that comes in. The chain rule multiplies by it."
)
ZERO = "Your gradient is zero everywhere: the true derivative. Put the slope in its place."
STRAIGHT = "You pass `grad` on as it is, whatever x was. Multiply it by the slope at x."


def check_spike(answer: Any) -> None:
    """Look at both passes at points around the threshold, with a gradient that is not all ones."""
    if not isinstance(answer, type):
        raise WrongAnswer(NOT_THE_CLASS)
    apply = getattr(answer, "apply", None)
    if apply is None:
        raise WrongAnswer("A `torch.autograd.Function` is needed: keep the class line of the stub.")
    x = torch.tensor([-1.0, -0.1, 0.0, 0.1, 2.0])
    spk = Attempt(partial(apply))(x)  # without source to look into: None is a stub
    if not isinstance(spk, Tensor):
        raise WrongAnswer("Your forward must return a tensor, one number for each of x.")
    _check_forward(spk, x)
    grad_out = torch.tensor([1.0, -2.0, 3.0, 0.5, 4.0])
    once, twice = _backward(apply, x, grad_out), _backward(apply, x, 2 * grad_out)
    refuse({IGNORES_GRAD: torch.equal(once, twice) and once.any()})
    refuse({ADDS: not torch.allclose(2 * once, twice)})
    _check_backward(once, grad_out)


def _backward(apply: Any, x: Tensor, grad_out: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    try:
        apply(x).backward(grad_out)
    except Exception as error:
        text = str(error).splitlines()[0]
        raise WrongAnswer(f"Your `backward` raised {type(error).__name__}: {text}") from None
    if x.grad is None:
        raise WrongAnswer(FORWARD_ONLY)
    return x.grad


def _check_forward(spk: Tensor, x: Tensor) -> None:
    step = torch.equal(spk, (x > 0).to(x.dtype))
    refuse(
        {
            BOOLEAN: spk.dtype == torch.bool,
            WHOLE: spk.dtype != x.dtype,
            SIGN: (spk == -1).any(),
            AT_THRESHOLD: torch.equal(spk, (x >= 0).to(x.dtype)),
            SMOOTH: not step,
        }
    )


def _check_backward(grad: Tensor, grad_out: Tensor) -> None:
    slope = grad / grad_out
    left, top, right = slope[:2], slope[2], slope[3:]
    falls = left[0] <= left[1] <= top and top >= right[0] >= right[1] > 0
    refuse(
        {
            ZERO: not grad.any(),
            STRAIGHT: torch.equal(grad, grad_out),
            ONE_SIDED: not left.any(),
            DOWNHILL: (slope <= 0).all(),
            "The slope must be largest at x = 0 and fall to both sides.": not falls,
        }
    )


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


# ---------------------------------------------------------------- 06.3

RATES = [0.06, 0.02, 0.01, 0.0, 0.0, 0.0]


def _networks() -> list[tuple[list[float], list[float]]]:
    """Return gradient norms and firing rates of four networks.

    Two have silent layers, as measured in the notebook: h reaches down to silent neurons in the
    first, not in the second. In the third the gradient vanishes. The fourth needs nothing.
    """
    return [
        ([8e-4, 6e-4, 4e-4, 3e-5, 0.0, 0.0], RATES),
        ([5e-12, 2e-11, 1e-10, 8e-10, 0.0, 0.0], RATES),
        ([1e-9, 1e-9, 1e-8, 1e-2, 0.3], [0.2, 0.1, 0.1, 0.1, 0.2]),
        ([0.1, 0.2, 0.2, 0.3], [0.2, 0.1, 0.1, 0.2]),
    ]


def _compare_layers(got: Tensor, right: Tensor, norms: list[float], rates: list[float]) -> str:
    """Return the reply to an answer that was right about the networks before this one."""
    if min(rates) > 0:
        return WRONG_END if min(norms) < 1e-6 else ALL_WELL
    if norms[0] < 1e-6:
        return GRADIENT_FIRST
    return {4: SYMPTOM, 5: LAST_SILENT, 2: BEFORE, -1: OVERLOOKED}.get(int(got), SILENT)


SYMPTOM = "You fix the first layer without a gradient. It has none because no spike arrives there: the cause lies before it. Look at the rates first."
GRADIENT_FIRST = "You fix the first layer without a gradient. But a later layer is silent: in the backward pass the gradient had to go through silent neurons. Fix that layer first."
LAST_SILENT = "You fix the last layer that is silent or without a gradient. It is silent because no spike arrives there: the first silent layer is the cause."
BEFORE = "You fix the layer before the silent one. That layer fires, and its spikes do arrive. The silent layer does not respond to them."
OVERLOOKED = "A layer with a rate of 0 is silent. You say that all is well."
SILENT = "Layers with a rate of 0 are silent, and the layers after them get no input. Fix the first silent one."
WRONG_END = "All layers fire, and the gradient vanishes in the backward pass. It comes from the last layer, so the dead layer nearest to the end lost it first."

ALL_WELL = "Here all layers fire and all have a gradient: return -1."


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


EXERCISES = [
    Exercise(
        id="06.1",
        title="Write the slope",
        name="my_slope",
        solution=my_slope,
        cases=lambda: [(torch.tensor([-2.0, -0.5, 0.0, 0.1, 1.0, 3.0]), k) for k in (25.0, 4.0)],
        mistakes={
            NO_ABS: lambda x, k: 1 / (1 + k * x) ** 2,
            NO_SQUARE: lambda x, k: 1 / (1 + k * x.abs()),
            NO_K: lambda x, k: 1 / (1 + x.abs()) ** 2,
            FUNCTION_ITSELF: lambda x, k: x / (1 + k * x.abs()),
            IS_SPIKE: lambda x, k: (x > 0).float(),
            WHOLE_BRACKET: [
                lambda x, k: 1 / (1 + k * x.abs() ** 2),
                lambda x, k: 1 / (1 + (k * x) ** 2),
            ],
            K_ABOVE: lambda x, k: k / (1 + k * x.abs()) ** 2,
            ATAN: lambda x, k: (k / 2) / (1 + (torch.pi * k * x / 2) ** 2),
            PRECEDENCE: lambda x, k: 1 / 1 + (k * x.abs()) ** 2,
        },
        otherwise=_compare_slopes,
        accepts=(
            lambda x, k: (1 + k * x.abs()).pow(-2).numpy(),
            lambda x, k: [1 / (1 + k * abs(float(each))) ** 2 for each in x],
        ),
        hints=(
            "The formula has one fraction. What depends on x is below the fraction line.",
            "`x.abs()` is the distance from the threshold. `**2` squares a tensor.",
        ),
    ),
    Exercise(
        id="06.2",
        title="Two faces",
        name="MySpike",
        solution=MySpike,
        check=check_spike,
        mistakes={
            SMOOTH: _spike(torch.sigmoid),
            AT_THRESHOLD: _spike(lambda x: (x >= 0).to(x.dtype)),
            BOOLEAN: _spike(lambda x: x > 0),
            WHOLE: _spike(lambda x: torch.where(x > 0, 1, 0)),
            SIGN: _spike(torch.sign),
            IGNORES_GRAD: _spike(back=lambda x, grad: 1 / (1 + 5 * x.abs()) ** 2),
            ZERO: _spike(back=lambda x, grad: torch.zeros_like(grad)),
            STRAIGHT: _spike(back=lambda x, grad: grad.clone()),
            FORWARD_ONLY: _spike(back=lambda x, grad: None),
            ADDS: _spike(back=lambda x, grad: grad + 1 / (1 + 5 * x.abs()) ** 2),
            ONE_SIDED: _spike(back=lambda x, grad: grad * (x > 0)),
            DOWNHILL: _spike(back=lambda x, grad: -grad / (1 + 5 * x.abs()) ** 2),
            NOT_THE_CLASS: MySpike.apply,
        },
        accepts=(
            _spike(lambda x: torch.heaviside(x, torch.zeros(()))),
            _spike(back=lambda x, grad: grad * my_slope(x, 5.0)),
            _spike(back=lambda x, grad: grad * (x.abs() < 3) * torch.exp(-x.abs())),
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
        mistakes={
            SYMPTOM: _gradient_first,
            GRADIENT_FIRST: _first_trouble,
            BEFORE: _one_before,
            OVERLOOKED: lambda norms, rates: -1,
            LAST_SILENT: _last_silent,
            WRONG_END: _first_dead,
        },
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
