"""Exercises of 06 · Surrogate gradients: a slope, a spike with two faces, and where training dies."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
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
        """Return the gradient from above times the slope."""
        (x,) = ctx.saved_tensors
        return grad / (1 + 5 * x.abs()) ** 2


def first_to_mend(gradient_norms: list[float], firing_rates: list[float]) -> int:
    """Return the layer to mend first, -1 if all is well."""
    for layer, rate in enumerate(firing_rates):
        if rate == 0:
            return layer
    dead = [layer for layer, norm in enumerate(gradient_norms) if norm < 1e-6]
    return dead[-1] if dead else -1


NO_ABS = "Left of the threshold your slope is not that of the right. It depends on the distance: `x.abs()`."
NO_SQUARE = "The shape is nearly right, but the square is missing: its tails fall too slowly."
NO_K = "k changes nothing. It multiplies the distance."
FUNCTION_ITSELF = "This is the fast sigmoid itself, x / (1 + k|x|). Asked for is its slope."
IS_SPIKE = "This is the spike, 0 or 1. Asked for is the slope that stands in for its derivative."
WHOLE_BRACKET = (
    "You square the distance only. The square belongs to the whole bracket: (1 + k|x|)²."
)
K_ABOVE = (
    "At x = 0 your slope is k. That of the fast sigmoid is 1, whatever k: only its width changes."
)
ATAN = "This is the slope of `atan`. Asked for is the first row of the table, the fast sigmoid."
PRECEDENCE = "Python divides before it adds. Put all that stands below the line in brackets."


def check_slope(answer: Attempt) -> None:
    """Compare on both sides of the threshold, for two slopes."""
    x = torch.tensor([-2.0, -0.5, 0.0, 0.1, 1.0, 3.0])
    for k in (25.0, 4.0):
        got, right = torch.as_tensor(answer(x, k)), my_slope(x, k)
        known = {
            NO_SQUARE: 1 / (1 + k * x.abs()),
            NO_K: 1 / (1 + x.abs()) ** 2,
            FUNCTION_ITSELF: x / (1 + k * x.abs()),
            IS_SPIKE: (x > 0).float(),
            WHOLE_BRACKET: 1 / (1 + k * x**2),
            K_ABOVE: k / (1 + k * x.abs()) ** 2,
            ATAN: (k / 2) / (1 + (torch.pi * k * x / 2) ** 2),
            PRECEDENCE: 1 / 1 + (k * x.abs()) ** 2,
        }
        if got.shape != x.shape:
            raise WrongAnswer(f"x has the shape {list(x.shape)}, your slope {list(got.shape)}.")
        for message, value in known.items():
            if torch.allclose(got.float(), value):
                raise WrongAnswer(message)
        if torch.allclose(got.float(), 1 / (1 + (k * x) ** 2)):
            raise WrongAnswer(WHOLE_BRACKET)
        if torch.allclose(got[2:].float(), right[2:]) and not torch.allclose(
            got[:2].float(), right[:2]
        ):
            raise WrongAnswer(NO_ABS)
        if not torch.allclose(got.float(), right):
            raise WrongAnswer("The numbers differ from 1 / (1 + k|x|)². Check the brackets.")


SMOOTH = "Your forward pass is smooth. It must stay a clean step: 1 where x > 0, else 0."
AT_THRESHOLD = "At x = 0 your neuron fires. The membrane must exceed the threshold: `>`, not `>=`."
BOOLEAN = (
    "Your spikes are True and False. Later layers multiply them: return numbers of the type of x."
)
WHOLE = "Your spikes are whole numbers, x is not. Return numbers of the type of x: `.to(x.dtype)`."
SIGN = "Below the threshold you return -1. A silent neuron sends nothing: 0."
ADDS = "Twice the gradient from above must give twice yours. The chain rule multiplies, it does not add."
ONE_SIDED = (
    "Left of the threshold your slope is 0. So a neuron that almost fired learns nothing, and a silent "
    "one never wakes. Use the slope, on both sides."
)
DOWNHILL = (
    "Your gradient has the wrong sign. More membrane means more spikes: the slope is positive."
)
FORWARD_ONLY = "`forward` is right. `backward` returns nothing yet."
NOT_THE_CLASS = "Pass the class itself: `MySpike`, not `MySpike.apply` or `MySpike()`."
IGNORES_ABOVE = (
    "Your backward ignores `grad`, what comes from above. The chain rule multiplies by it."
)
ZERO = "Your gradient is zero everywhere: the true derivative. Put the slope in its place."
STRAIGHT = "You pass `grad` on as it is, whatever x was. Multiply it by the slope at x."


def check_spike(answer: Any) -> None:
    """Look at both faces at points around the threshold, with a gradient that is not all ones."""
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
    above = torch.tensor([1.0, -2.0, 3.0, 0.5, 4.0])
    once, twice = _backward(apply, x, above), _backward(apply, x, 2 * above)
    if torch.equal(once, twice) and once.any():
        raise WrongAnswer(IGNORES_ABOVE)
    if not torch.allclose(2 * once, twice):
        raise WrongAnswer(ADDS)
    _check_backward(once, above)


def _backward(apply: Any, x: Tensor, above: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    try:
        apply(x).backward(above)
    except Exception as error:
        text = str(error).splitlines()[0]
        raise WrongAnswer(f"Your backward raised {type(error).__name__}: {text}") from None
    if x.grad is None:
        raise WrongAnswer(FORWARD_ONLY)
    return x.grad


def _check_forward(spk: Tensor, x: Tensor) -> None:
    if spk.dtype != x.dtype:
        raise WrongAnswer(BOOLEAN if spk.dtype == torch.bool else WHOLE)
    if (spk == -1).any():
        raise WrongAnswer(SIGN)
    if spk.shape == x.shape and spk[2] == 1 and torch.equal(spk, (x >= 0).to(x.dtype)):
        raise WrongAnswer(AT_THRESHOLD)
    if not torch.equal(spk, (x > 0).to(x.dtype)):
        raise WrongAnswer(SMOOTH)


def _check_backward(grad: Tensor, above: Tensor) -> None:
    slope = grad / above
    if not grad.any():
        raise WrongAnswer(ZERO)
    if torch.equal(grad, above):
        raise WrongAnswer(STRAIGHT)
    if not slope[:2].any():
        raise WrongAnswer(ONE_SIDED)
    if (slope <= 0).all():
        raise WrongAnswer(DOWNHILL)
    if not (slope[2] >= slope[1] >= slope[0] and slope[2] >= slope[3] >= slope[4] > 0):
        raise WrongAnswer("The slope must be largest at x = 0 and fall to both sides.")


def check_mend(answer: Attempt) -> None:
    """Ask about silent layers, as measured in the notebook, a vanishing gradient, and neither."""
    rates = [0.06, 0.02, 0.01, 0.0, 0.0, 0.0]
    tails = answer([8e-4, 6e-4, 4e-4, 3e-5, 0.0, 0.0], rates)  # h reaches down to silent neurons
    if tails != 3:
        raise WrongAnswer(
            {4: SYMPTOM, 5: LAST_SILENT, 2: BEFORE, -1: OVERLOOKED}.get(tails, SILENT)
        )
    if answer([5e-12, 2e-11, 1e-10, 8e-10, 0.0, 0.0], rates) != 3:  # h does not
        raise WrongAnswer(GRADIENT_FIRST)
    if answer([1e-9, 1e-8, 1e-2, 0.3], [0.2, 0.1, 0.1, 0.2]) != 1:
        raise WrongAnswer(WRONG_END)
    if answer([0.1, 0.2, 0.2, 0.3], [0.2, 0.1, 0.1, 0.2]) != -1:
        raise WrongAnswer("Here all layers fire and all have a gradient: return -1.")


SYMPTOM = (
    "You mend the first layer without a gradient. It has none because no spike arrives there: the cause "
    "lies before it. Look at the rates first."
)
GRADIENT_FIRST = (
    "You mend the first layer without a gradient. But a later layer is silent: the gradient on its way back "
    "had to pass through silent neurons. Mend that layer first."
)
LAST_SILENT = (
    "You mend the last layer that is silent or without a gradient. It is so because nothing arrives: the "
    "first silent layer is the cause."
)
BEFORE = (
    "You mend the layer before the silent one. It fires: its spikes do arrive. The silent layer makes "
    "nothing of them."
)
OVERLOOKED = "A layer with a rate of 0 is silent. You say that all is well."
SILENT = (
    "Layers with a rate of 0 are silent, and starve those behind them. Mend the first silent one."
)
WRONG_END = (
    "All layers fire, and the gradient vanishes on its way back. It comes from the last layer, so the "
    "dead layer that is nearest to the end lost it first."
)


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


class _Smooth(MySpike):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.sigmoid(x)


class _AtThreshold(MySpike):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)


class _Boolean(MySpike):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x > 0


class _Whole(MySpike):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.where(x > 0, 1, 0)


class _Sign(MySpike):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.sign(x)


class _ForwardOnly(MySpike):
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None


class _Adds(MySpike):
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (x,) = ctx.saved_tensors
        return grad + 1 / (1 + 5 * x.abs()) ** 2


class _OneSided(MySpike):
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (x,) = ctx.saved_tensors
        return grad * (x > 0)


class _Downhill(MySpike):
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (x,) = ctx.saved_tensors
        return -grad / (1 + 5 * x.abs()) ** 2


class _IgnoresAbove(MySpike):
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (x,) = ctx.saved_tensors
        return 1 / (1 + 5 * x.abs()) ** 2


class _Zero(MySpike):
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return torch.zeros_like(grad)


class _Straight(MySpike):
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return grad.clone()


EXERCISES = [
    Exercise(
        id="06.1",
        title="Write the slope",
        name="my_slope",
        solution=my_slope,
        check=check_slope,
        hints=(
            "The formula has one fraction. What depends on x stands below the line.",
            "`x.abs()` is the distance from the threshold. `**2` squares a tensor.",
        ),
        wrong=(
            (lambda x, k: 1 / (1 + k * x) ** 2, NO_ABS),
            (lambda x, k: 1 / (1 + k * x.abs()), NO_SQUARE),
            (lambda x, k: 1 / (1 + x.abs()) ** 2, NO_K),
            (lambda x, k: x / (1 + k * x.abs()), FUNCTION_ITSELF),
            (lambda x, k: (x > 0).float(), IS_SPIKE),
            (lambda x, k: 1 / (1 + k * x.abs() ** 2), WHOLE_BRACKET),
            (lambda x, k: 1 / (1 + (k * x) ** 2), WHOLE_BRACKET),
            (lambda x, k: k / (1 + k * x.abs()) ** 2, K_ABOVE),
            (lambda x, k: (k / 2) / (1 + (torch.pi * k * x / 2) ** 2), ATAN),
            (lambda x, k: 1 / 1 + (k * x.abs()) ** 2, PRECEDENCE),
        ),
    ),
    Exercise(
        id="06.2",
        title="Two faces",
        name="MySpike",
        solution=MySpike,
        check=check_spike,
        hints=(
            "`(x > 0)` gives True and False; `.to(x.dtype)` makes numbers of them.",
            "backward gets `grad` and returns `grad` times a slope, of the same shape.",
            "You wrote a slope in 06.1: `grad * my_slope(x, 5)`.",
        ),
        wrong=(
            (_Smooth, SMOOTH),
            (_AtThreshold, AT_THRESHOLD),
            (_Boolean, BOOLEAN),
            (_IgnoresAbove, IGNORES_ABOVE),
            (_Zero, ZERO),
            (_Straight, STRAIGHT),
            (_Whole, WHOLE),
            (_Sign, SIGN),
            (_ForwardOnly, FORWARD_ONLY),
            (_Adds, ADDS),
            (_OneSided, ONE_SIDED),
            (_Downhill, DOWNHILL),
            (MySpike.apply, NOT_THE_CLASS),
        ),
        right="This is all that a surrogate gradient is.",
    ),
    Exercise(
        id="06.3",
        title="Find where training dies",
        name="first_to_mend",
        solution=first_to_mend,
        check=check_mend,
        hints=(
            "Look at the firing rates first. What do the layers behind a silent layer learn from?",
            "If a layer is silent, the layers behind it get no input. So the first silent one is the cause.",
            "If none is silent: the gradient starts at the last layer. Look for the dead layer nearest to it.",
        ),
        wrong=(
            (_gradient_first, SYMPTOM),
            (_first_trouble, GRADIENT_FIRST),
            (_one_before, BEFORE),
            (lambda norms, rates: -1, OVERLOOKED),
            (_last_silent, LAST_SILENT),
            (_first_dead, WRONG_END),
        ),
    ),
]
