"""Surrogate gradients: a spike forward, a smooth slope backward.

A spike is a Heaviside step, S = 1 if x > 0 else 0, with x = mem - threshold. Its derivative is
zero everywhere except at x = 0, where it is infinite, so nothing would ever be learned. A surrogate
keeps the step in the forward pass and puts a smooth function h(x) in place of dS/dx in the backward
pass (Neftci et al. 2019, doi:10.1109/MSP.2019.2931595). The surrogates differ in h(x) only:

    spike_grad = surrogate.atan(alpha=2.0)
    spk = spike_grad(mem - threshold)

To write your own, give h as a function of x: `surrogate.custom(lambda x: torch.exp(-x.abs()))`.
Any other function of x that works element by element will do too, such as an
`torch.autograd.Function`: neurons then take spikes and slopes from it, somewhat more slowly. If it
has parameters to be learned, make it an `nn.Module`.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check

Values = Float[Tensor, "*shape"]


def atan(alpha: int | float = 2.0) -> "Surrogate":
    """Derivative of a scaled arctangent, with long tails; the default of every neuron here.

        h(x) = (α/2) / (1 + (π α x / 2)²)

    `alpha` (α > 0) sets the height α/2 and the sharpness.
    Source: Fang et al. 2021, doi:10.1109/ICCV48922.2021.00266.
    """
    return Surrogate("atan", _atan, alpha)


def fast_sigmoid(slope: int | float = 25.0) -> "Surrogate":
    """Derivative of x / (1 + k|x|): a sharp peak of height 1, no exponential to compute.

        h(x) = 1 / (1 + k|x|)²

    `slope` (k > 0) sets the sharpness.
    Source: Zenke and Ganguli 2018, doi:10.1162/neco_a_01086.
    """
    return Surrogate("fast_sigmoid", _fast_sigmoid, slope)


def sigmoid(slope: int | float = 25.0) -> "Surrogate":
    """Derivative of the logistic function σ(kx), of height k/4.

        h(x) = k σ(kx) (1 - σ(kx))

    `slope` (k > 0) sets the sharpness. Written with σ, it stays finite for every finite x.
    Source: Zenke and Ganguli 2018, doi:10.1162/neco_a_01086.
    """
    return Surrogate("sigmoid", _sigmoid, slope)


def triangular(slope: int | float = 1.0) -> "Surrogate":
    """A triangle of height 1, exactly zero where |x| >= 1/k.

        h(x) = max(0, 1 - k|x|)

    `slope` (k > 0) is the steepness of its sides.
    Source: Bellec et al. 2018, arXiv:1803.09574.
    """
    return Surrogate("triangular", _triangular, slope)


def straight_through() -> "Surrogate":
    """Pass the gradient on as if the step were the identity.

        h(x) = 1

    Source: Bengio et al. 2013, arXiv:1308.3432.
    """
    return Surrogate("straight_through", _straight_through, 1.0)


def custom(derivative: Callable[[Tensor], Tensor]) -> "Surrogate":
    """Make a surrogate of your own from h(x), any function from a tensor to one of equal shape.

    A named function at the top of a file can be pickled with the network, a lambda cannot.
    """
    if not callable(derivative):
        raise TypeError(
            f"`derivative` must be a function of x = mem - threshold. Received {derivative!r}. "
            f"Pass `lambda x: torch.exp(-x.abs())`, for example."
        )
    return Surrogate("custom", _Unscaled(derivative), 1.0)


class Surrogate:
    """Spikes `S = 1 if x > 0 else 0`, whose derivative in the backward pass is `derivative(x)`.

    `spike_grad(x)` takes x = mem - threshold of any shape; its spikes have that shape and dtype.
    Made by `atan`, `fast_sigmoid`, `sigmoid`, `triangular`, `straight_through` and `custom`.
    """

    def __init__(
        self, name: str, shape: Callable[[Tensor, float], Tensor], slope: int | float
    ) -> None:
        _check.positive("alpha" if name == "atan" else "slope", slope)
        self.name, self.slope, self._shape = name, float(slope), shape

    def __call__(self, x: Values) -> Values:
        """Return the spikes."""
        node = _Spike if torch.compiler.is_compiling() else _SpikeBothWays
        return node.apply(x, self)  # pyright: ignore[reportReturnType]

    def derivative(self, x: Values) -> Values:
        """Return h(x), which stands in for dS/dx."""
        return self._shape(x, self.slope)

    def rational(self) -> tuple[float, float, float, float] | None:
        """Return p, q, r1, r2 if h(x) = max(0, p - q|x|) / (1 + r1|x| + r2 x²), else None."""
        return None if self.name not in _RATIONAL else _RATIONAL[self.name](self.slope)

    def __repr__(self) -> str:
        return f"surrogate.{self.name}({self.slope:g})"


_RATIONAL: dict[str, Callable[[float], tuple[float, float, float, float]]] = {
    "atan": lambda k: (k / 2, 0.0, 0.0, (math.pi * k / 2) ** 2),
    "fast_sigmoid": lambda k: (1.0, 0.0, 2 * k, k * k),
    "triangular": lambda k: (1.0, k, 0.0, 0.0),
    "straight_through": lambda k: (1.0, 0.0, 0.0, 0.0),
}


def slope_of(spike_grad: Callable[[Tensor], Tensor], x: Values) -> Values:
    """Return h(x) of any surrogate, one of your own too: what `backward` uses as dS/dx."""
    if type(spike_grad) is Surrogate:  # a subclass may do as it likes
        return spike_grad.derivative(x)  # pyright: ignore[reportFunctionMemberAccess]
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        spk = spike_grad(x)
        if not spk.requires_grad:  # a bare step: nothing flows back through its spikes
            return torch.zeros_like(x)
        return torch.autograd.grad(spk.sum(), x)[0]


class _Spike(torch.autograd.Function):
    """A Heaviside step with another slope, also inside `torch.func` and `torch.compile`."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, spike_grad: Surrogate) -> Tensor:
        return (x > 0).to(x.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Surrogate], output: Tensor) -> None:
        x, ctx.spike_grad = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx: Any, grad_spk: Tensor) -> tuple[Tensor, None]:  # pyright: ignore
        (x,) = ctx.saved_tensors
        return grad_spk * ctx.spike_grad.derivative(x), None


# `apply` asks for this at each call; to find it out takes as long as the step itself.
_Spike.forward.__signature__ = inspect.signature(_Spike.forward)  # pyright: ignore


class _SpikeBothWays(_Spike):
    """The same in forward mode, too, which `torch.compile` does not take."""

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:  # pyright: ignore
        (x,) = ctx.saved_tensors
        return tangent * ctx.spike_grad.derivative(x)


class _Unscaled:
    """A function of x alone, called like the built-in ones, which also take a slope."""

    def __init__(self, derivative: Callable[[Tensor], Tensor]) -> None:
        self.derivative = derivative

    def __call__(self, x: Tensor, slope: float) -> Tensor:
        h = self.derivative(x)
        if not isinstance(h, Tensor) or h.shape != x.shape:  # pyright: ignore
            came = tuple(h.shape) if isinstance(h, Tensor) else repr(h)  # pyright: ignore
            raise ValueError(
                f"`derivative` must return one number for each of `x`. Received {came} for x of "
                f"shape {tuple(x.shape)}. Return `torch.ones_like(x)` for a constant, say."
            )
        return h.to(x.dtype)


def _atan(x: Tensor, alpha: float) -> Tensor:
    # As 1 / (2/α + (π² α / 2) x²): two passes over memory, where the formula takes five.
    height = x.new_full((), 2 / alpha)
    return torch.addcmul(height, x, x, value=math.pi**2 * alpha / 2).reciprocal_()


def _fast_sigmoid(x: Tensor, slope: float) -> Tensor:
    return 1 / (slope * x.abs() + 1) ** 2


def _sigmoid(x: Tensor, slope: float) -> Tensor:
    s = (slope * x).sigmoid_()
    return (1 - s).mul_(s).mul_(slope)


def _triangular(x: Tensor, slope: float) -> Tensor:
    return (1 - slope * x.abs()).clamp(min=0)


def _straight_through(x: Tensor, slope: float) -> Tensor:
    return torch.ones_like(x)
