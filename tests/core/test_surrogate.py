"""Surrogates: a Heaviside step forward, h(x) backward, finite wherever x is."""

import copy
import math
import pickle

import pytest
import torch

from snnedu import surrogate

BUILT_IN = [
    surrogate.atan(),
    surrogate.atan(alpha=5.0),
    surrogate.fast_sigmoid(),
    surrogate.sigmoid(),
    surrogate.triangular(),
    surrogate.triangular(slope=3.0),
    surrogate.straight_through(),
]


def gaussian(x):
    return torch.exp(-(x**2))


def slopes(spike_grad, x):
    x = x.clone().requires_grad_()
    spike_grad(x).sum().backward()
    return x.grad


@pytest.mark.parametrize("spike_grad", BUILT_IN, ids=repr)
def test_forward_is_a_strict_step(spike_grad):
    x = torch.tensor([-1e30, -1.0, -1e-45, 0.0, 1e-45, 1.0, 1e30])
    assert spike_grad(x).tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert spike_grad(x.double()).dtype == torch.float64


@pytest.mark.parametrize("spike_grad", BUILT_IN, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slope_is_finite_even_and_falls_off(spike_grad, dtype):
    x = torch.tensor([0, 1e-8, 0.1, 0.5, 1, 10, 1e3, 1e20, 3e38], dtype=dtype)
    h = slopes(spike_grad, x)
    assert torch.isfinite(h).all()
    torch.testing.assert_close(slopes(spike_grad, -x), h)
    assert (h.diff() <= 0).all()
    assert h[0] > 0


def test_heights_at_the_threshold():
    at_zero = torch.zeros(1)
    assert slopes(surrogate.atan(alpha=3.0), at_zero).item() == 1.5
    assert slopes(surrogate.fast_sigmoid(slope=7), at_zero).item() == 1
    assert slopes(surrogate.sigmoid(slope=8), at_zero).item() == 2
    assert slopes(surrogate.triangular(slope=9), at_zero).item() == 1


@pytest.mark.parametrize("build", [surrogate.atan, surrogate.sigmoid])
def test_area_is_that_of_a_step(build):
    # h stands in for the derivative of a step from 0 to 1, whose integral is 1. The arctangent's
    # has long tails: 2/π atan(π α L / 2) of it lies within L.
    x = torch.linspace(-50, 50, 200_001, dtype=torch.float64)
    area = torch.trapezoid(surrogate.slope_of(build(), x), x).item()
    expected = 2 / math.pi * math.atan(math.pi * 50) if build is surrogate.atan else 1.0
    assert area == pytest.approx(expected, rel=1e-3)


def test_triangle_is_zero_outside_its_base():
    h = slopes(surrogate.triangular(slope=2.0), torch.tensor([-0.6, -0.5, -0.25, 0.25, 0.5, 0.6]))
    assert h.tolist() == [0, 0, 0.5, 0.5, 0, 0]


def test_own_derivative():
    spike_grad = surrogate.custom(gaussian)
    x = torch.linspace(-2, 2, 9)
    assert torch.equal(spike_grad(x), (x > 0).float())
    torch.testing.assert_close(slopes(spike_grad, x), gaussian(x))


class Boxcar(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        return grad * (ctx.saved_tensors[0].abs() < 0.5)


def test_slope_of_any_function():
    x = torch.tensor([-1.0, -0.1, 0.1, 1.0])
    assert surrogate.slope_of(Boxcar.apply, x).tolist() == [0, 1, 1, 0]
    torch.testing.assert_close(
        surrogate.slope_of(torch.sigmoid, x), torch.sigmoid(x) * torch.sigmoid(-x)
    )
    assert surrogate.slope_of(lambda x: (x > 0).float(), x).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("spike_grad", [*BUILT_IN, surrogate.custom(gaussian)], ids=repr)
def test_pickle_and_deepcopy_keep_the_slope(spike_grad):
    x = torch.linspace(-1, 1, 5)
    for twin in (pickle.loads(pickle.dumps(spike_grad)), copy.deepcopy(spike_grad)):
        assert repr(twin) == repr(spike_grad)
        assert torch.equal(slopes(twin, x), slopes(spike_grad, x))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: surrogate.atan(alpha=0.0), "`alpha` must be finite and above 0. Received 0.0"),
        (lambda: surrogate.sigmoid(slope=-1.0), "`slope` must be finite and above 0"),
        (lambda: surrogate.fast_sigmoid(slope=math.nan), "`slope` must be finite and above 0"),
        (lambda: surrogate.triangular(slope=math.inf), "`slope` must be finite and above 0"),
    ],
)
def test_bad_slopes(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.bad_input
def test_custom_needs_a_function():
    with pytest.raises(TypeError, match="`derivative` must be a function"):
        surrogate.custom(2.0)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("derivative", "came"),
    [(lambda x: 1.0, "Received 1.0 for x"), (lambda x: x.mean(), r"Received \(\) for x of shape"),
     (lambda x: x[..., :1], r"Received \(2, 1\) for x of shape \(2, 3\)")],
)  # fmt: skip
def test_custom_needs_a_slope_for_each_number(derivative, came):
    with pytest.raises(ValueError, match=came):
        surrogate.custom(derivative).derivative(torch.ones(2, 3))
