"""Exact spike times: closed forms first, then finite differences, then two other derivations."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

import snnedu as snn
from snnedu.core import _compiled, _spike_events as events
from snnedu.core.spike_times import exact_spike_times

TAU_MEM, THETA = 2.0, 1.0  # in units of τ_s, and of θ
INF = torch.inf


def at(*times: float) -> Tensor:
    """Return one sample of inputs that spike once each."""
    return torch.tensor(times, dtype=torch.float64).view(1, -1, 1)


def weights(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, requires_grad=True)


def bump(s: Tensor) -> Tensor:
    """Return what a spike of weight 1 adds to V after the time s."""
    x = torch.exp(-s.clamp(min=0) / TAU_MEM)
    return x - x**2


def bump_slope(s: Tensor) -> Tensor:
    x = torch.exp(-s.clamp(min=0) / TAU_MEM)
    return (s > 0) * (2 * x**2 - x) / TAU_MEM


def membrane(t: Tensor, times: Tensor, weight: Tensor, own: Tensor) -> Tensor:
    """Return V at the times `t`: a bump for each input, a fading -θ for each own spike before."""
    resets = (own < t[:, None]) * torch.exp(-(t[:, None] - own).clamp(min=0) / TAU_MEM)
    return bump(t[:, None] - times) @ weight - THETA * resets.sum(1)


# --- forward: physics ------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.floats(4.01, 100), st.floats(0, 5))
def test_one_spike_makes_a_neuron_fire_at_the_closed_form_time(weight: float, t_in: float):
    # V = w (x - x²) with x = exp(-s / τ_m) peaks at w / 4; it reaches θ at the larger root.
    x = (1 + math.sqrt(1 - 4 / weight)) / 2
    spikes = exact_spike_times(at(t_in), weights((weight,)), 1)
    assert spikes.item() == pytest.approx(t_in - TAU_MEM * math.log(x), rel=1e-12)


def test_a_spike_of_weight_four_theta_is_the_weakest_that_is_answered():
    spikes = exact_spike_times(at(0), weights((4 - 1e-9,), (4 + 1e-9,)), 1)[0, :, 0]
    assert spikes[0] == INF
    assert spikes[1].item() == pytest.approx(
        TAU_MEM * math.log(2), abs=1e-3
    )  # at the peak of the bump


def random_net(seed: int, inputs: int = 6, outputs: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    times = 3 * torch.rand(4, inputs, 2, generator=generator, dtype=torch.float64)
    times[torch.rand(times.shape, generator=generator) < 0.2] = INF
    return times, 1 + 3 * torch.randn(outputs, inputs, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("seed", range(3))
def test_at_each_spike_the_membrane_rises_through_theta_and_nowhere_else(seed: int):
    times, weight = random_net(seed)
    spikes = exact_spike_times(times, weight, 40)
    assert 0 < spikes.isfinite().double().mean() < 1
    for b, j in np.ndindex(*spikes.shape[:2]):
        each = weight[j].repeat_interleave(2), times[b].flatten()
        own = spikes[b, j][spikes[b, j].isfinite()]
        finite = each[1].isfinite()
        inputs, w = each[1][finite], each[0][finite]
        assert (membrane(own - 1e-6, inputs, w, own) < THETA).all()
        torch.testing.assert_close(membrane(own, inputs, w, own), torch.ones_like(own))
        grid = torch.linspace(0, 12, 600, dtype=torch.float64)
        assert membrane(grid, inputs, w, own).max() <= THETA + 1e-9


def test_a_fine_grid_of_steps_comes_to_the_same_spikes():
    times, weight = random_net(1)
    dt, spikes = 1e-3, exact_spike_times(times, weight, 40)
    arrived = torch.zeros(12_000, 4, 6, dtype=torch.float64)
    for b, i, k in times.isfinite().nonzero().tolist():
        arrived[round(times[b, i, k].item() / dt), b, i] += 1
    v = i = torch.zeros(4, 5, dtype=torch.float64)
    first = torch.full((4, 5), INF, dtype=torch.float64)
    for step, cur in enumerate(arrived @ weight.T):
        v, i = v + dt * (i - v) / TAU_MEM, i * math.exp(-dt) + cur
        first = torch.where((v >= THETA) & first.isinf(), step * dt, first)
        v = torch.where(v >= THETA, 0.0, v)
    torch.testing.assert_close(first, spikes[:, :, 0], rtol=0, atol=0.01)


def test_a_neuron_stops_after_max_spikes_and_later_ones_are_inf():
    strong = weights((20.0,))
    many = exact_spike_times(at(0), strong, 20)[0, 0]
    few = exact_spike_times(at(0), strong, 3)[0, 0]
    assert 3 < many.isfinite().sum() < 20
    assert torch.equal(few, many[:3])
    assert many[many.isfinite()].diff().min() > 0
    assert not many.isnan().any()


@settings(max_examples=30)
@given(st.integers(0, 50), st.floats(-3, 3))
def test_a_shift_of_all_input_shifts_all_output(seed: int, shift: float):
    times, weight = random_net(seed)
    spikes, later = (exact_spike_times(each, weight, 5) for each in (times, times + shift))
    torch.testing.assert_close(spikes + shift, later, rtol=0, atol=1e-9)


@pytest.mark.parametrize("shift", [-5000.0, 5000.0])
def test_a_shift_of_thousands_shifts_spikes_and_keeps_the_gradient(shift: float):
    # Long before time 0, a neuron at rest once multiplied its zeros by an infinite exponential.
    times, weight = random_net(4)
    weight.requires_grad_()
    spikes, later = (exact_spike_times(each, weight, 5) for each in (times, times + shift))
    torch.testing.assert_close(spikes + shift, later, rtol=0, atol=1e-9)
    grads = [torch.autograd.grad(s[s.isfinite()].sum(), weight)[0] for s in (spikes, later)]
    torch.testing.assert_close(*grads, rtol=1e-6, atol=1e-6)


def test_the_order_in_which_spikes_are_given_does_not_matter():
    times, weight = random_net(2)
    assert torch.equal(exact_spike_times(times, weight), exact_spike_times(times.flip(2), weight))


# --- backward --------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.floats(4.05, 60), st.floats(0, 4))
def test_one_spike_has_the_closed_form_derivatives(weight: float, t_in: float):
    # SpikeProp: dt*/dw = -κ(s) / (dV/dt). Dragging the input drags the output along: dt*/dt = 1.
    times, w = at(t_in).requires_grad_(), weights((weight,))
    spikes = exact_spike_times(times, w, 1)
    spikes.sum().backward()
    s = spikes.detach()[0, 0, 0] - t_in
    assert w.grad is not None
    assert times.grad is not None
    assert w.grad.item() == pytest.approx((-bump(s) / (weight * bump_slope(s))).item(), rel=1e-9)
    assert times.grad.item() == pytest.approx(1, rel=1e-9)


def published(
    times: list[float], w: list[float], spikes: list[float], g: list[float]
) -> list[float]:
    """Return dL/dw by the equations of Wunderlich and Pehle, Table 1, integrated in small steps.

    τ_m λ_V' = -λ_V, τ_s λ_I' = -λ_I + λ_V backward in time; at an own spike
    λ_V- = (V'+ / V'-) λ_V+ + (dL/dt) / (τ_m V'-); dL/dw = -τ_s times the λ_I at its spikes.
    """
    h, lam_v, lam_i, grads = 1e-5, 0.0, 0.0, [0.0] * len(w)
    marks = sorted(
        [(t, -1, k) for k, t in enumerate(spikes)] + [(t, k, 0) for k, t in enumerate(times)]
    )
    t = marks[-1][0]
    for event, source, k in reversed(marks):
        steps = max(1, round((t - event) / h))
        for _ in range(steps):
            d = (t - event) / steps
            lam_v, lam_i = lam_v - d * lam_v / TAU_MEM, lam_i + d * (lam_v - lam_i)
        t = event
        if source < 0:
            cur = sum(x * math.exp(-(t - s)) for x, s in zip(w, times, strict=True) if s < t)
            rise_before, rise_after = (cur - THETA) / TAU_MEM, cur / TAU_MEM
            lam_v = rise_after / rise_before * lam_v + g[k] / (TAU_MEM * rise_before)
        else:
            grads[source] -= lam_i
    return grads


def test_the_gradient_is_that_of_the_published_equations():
    times, w = [0.0, 0.3, 0.9], weights((5.0, 4.0, 3.0))
    spikes = exact_spike_times(at(*times), w, 3)[0, 0]
    assert spikes.isfinite().sum() >= 2
    own = spikes[spikes.isfinite()]
    g = [1.0, -0.7, 0.4][: len(own)]
    (torch.tensor(g, dtype=torch.float64) * own).sum().backward()
    expected = published(times, w.detach()[0].tolist(), own.detach().tolist(), g)
    assert w.grad is not None
    torch.testing.assert_close(w.grad[0], torch.tensor(expected).double(), rtol=1e-4, atol=1e-5)


def spikeprop(times: Tensor, weight: Tensor, own: Tensor) -> Tensor:
    """Return dt_k/dw_i for a neuron's spikes: the threshold condition, differentiated forward."""
    rows = list[Tensor]()
    for k, t in enumerate(own):
        fade = torch.exp(-(t - own[:k]) / TAU_MEM) * THETA / TAU_MEM  # of earlier resets
        rise = (weight * bump_slope(t - times)).sum() + fade.sum()
        later = sum((f * row for f, row in zip(fade, rows, strict=True)), torch.zeros(len(weight)))
        rows.append((later - bump(t - times)) / rise)
    return torch.stack(rows)


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_is_that_of_spikeprop_with_resets(seed: int):
    generator = torch.Generator().manual_seed(seed)
    times = 2 * torch.rand(5, generator=generator, dtype=torch.float64)
    w = (3 + 3 * torch.randn(1, 5, generator=generator, dtype=torch.float64)).requires_grad_()
    spikes = exact_spike_times(times.view(1, 5, 1), w, 10)[0, 0]
    own = spikes[spikes.isfinite()]
    g = torch.randn(len(own), generator=generator, dtype=torch.float64)
    (g * own).sum().backward()
    assert len(own) > 1
    torch.testing.assert_close(
        w.grad, g[None] @ spikeprop(times, w.detach()[0], own.detach()), rtol=1e-8, atol=1e-10
    )


def two_layers(seed: int, wide: float) -> tuple[Tensor, list[Tensor]]:
    """Return inputs and the weights of two layers; wide weights excite and inhibit strongly."""
    generator = torch.Generator().manual_seed(seed)
    times = 2 * torch.rand(6, 5, 1, generator=generator, dtype=torch.float64)
    first, second = (
        mean + wide * torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape, mean in (((12, 5), 1.5), ((3, 12), 1.0))
    )
    return times, [times, first, second]


def loss_of(times: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    hidden = exact_spike_times(times, first, 4)
    out = exact_spike_times(hidden, second, 2)
    slopes = torch.linspace(0.3, 1.0, out.numel(), dtype=torch.float64).view(out.shape)
    return (slopes * torch.where(out.isfinite(), out, 0.0)).sum(), hidden, out


@pytest.mark.parametrize(("seed", "wide"), [(0, 1.0), (1, 4.0), (2, 4.0), (3, 8.0)])
def test_gradients_of_two_layers_equal_finite_differences(seed: int, wide: float):
    """With wide weights V can be strongly negative: a root that is none once passed as a spike."""
    _, parts = two_layers(seed, wide)
    tensors = [part.requires_grad_() for part in parts]
    grads = torch.autograd.grad(loss_of(*tensors)[0], tensors)
    counted = compared = 0
    for number, (part, grad) in enumerate(zip(parts, grads, strict=True)):
        scale = grad.abs().max().item()
        for place in range(0, part.numel(), 3):
            found, same = difference(parts, number, place)
            counted += 1
            compared += same
            if same:
                slope = grad.flatten()[place].item()
                assert found == pytest.approx(slope, rel=1e-5, abs=1e-6 * scale)
    assert compared > 0.8 * counted


def difference(
    parts: list[Tensor], number: int, place: int, eps: float = 1e-5
) -> tuple[float, bool]:
    """Return a 4th-order central difference, and whether no spike appeared or disappeared."""
    values, kinds = dict[int, float](), list[Tensor]()
    for step in (-2, -1, 0, 1, 2):
        moved = [part.detach().clone() for part in parts]
        moved[number].view(-1)[place] += step * eps
        loss, hidden, out = loss_of(*moved)
        values[step] = loss.item()
        kinds.append(torch.cat([hidden.isfinite().flatten(), out.isfinite().flatten()]))
    slope = (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * eps)
    return slope, all(torch.equal(kind, kinds[0]) for kind in kinds)


def test_a_silent_neuron_gets_no_gradient():
    times, w = at(0.5).requires_grad_(), weights((3.9,), (6.0,))
    spikes = exact_spike_times(times, w, 1)
    assert spikes.isfinite().flatten().tolist() == [False, True]
    torch.where(spikes.isfinite(), spikes, 0.0).sum().backward()
    assert w.grad is not None
    assert w.grad[0] == 0
    assert w.grad[1] < 0  # a larger weight brings the spike earlier


def test_the_slope_grows_without_bound_toward_the_weight_where_the_spike_dies():
    slopes = list[float]()
    for above in (1e-2, 1e-4, 1e-6):
        w = weights((4 + above,))
        exact_spike_times(at(0), w, 1).sum().backward()
        assert w.grad is not None
        slopes.append(-w.grad.item())
    # x = (1 + √(1 - 4/w)) / 2: the slope goes as one over the square root of the distance
    assert slopes[1] == pytest.approx(10 * slopes[0], rel=0.1)
    assert slopes[2] == pytest.approx(10 * slopes[1], rel=0.02)


def test_memory_holds_spikes_and_no_steps():
    times, w = random_net(0, inputs=20, outputs=30)
    times.requires_grad_()  # as those of a hidden layer do
    w.requires_grad_()
    held = snn.peak_saved_bytes(lambda: exact_spike_times(times, w, 4).sum())
    later = snn.peak_saved_bytes(lambda: exact_spike_times(1000 * times, w, 4).sum())
    assert held == later  # a thousand times as long
    assert held <= 8 * (times.numel() + w.numel() + 2 * 4 * 30 * 4) + 4 * times.numel()


def test_compiled_loops_give_the_numbers_of_plain_python(monkeypatch: pytest.MonkeyPatch):
    times, weight = random_net(3)
    weight.requires_grad_()

    def run() -> tuple[Tensor, Tensor]:
        spikes = exact_spike_times(times, weight, 4)
        loss = torch.where(spikes.isfinite(), spikes, 0.0).sum()
        return spikes.detach(), torch.autograd.grad(loss, weight)[0]

    compiled = run()
    for name in ("forward", "backward", "_fire", "_crossing", "_give_credit"):
        function: Any = getattr(events, name)
        monkeypatch.setattr(events, name, function.py_func)
    for one, other in zip(compiled, run(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_without_numba_the_loops_are_plain_python(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_compiled, "has_numba", lambda: False)
    assert _compiled.compiled(at) is at


# --- the layer -------------------------------------------------------------------------------


def test_a_layer_draws_its_weights_learns_and_is_saved():
    torch.manual_seed(0)
    layer = snn.ExactLeaky(50, 80, mean=1.0, std=0.5, max_spikes=2)
    assert layer.weight.shape == (80, 50)
    assert layer.weight.mean().item() == pytest.approx(1.0, abs=0.05)
    assert layer.weight.std().item() == pytest.approx(0.5, abs=0.05)
    assert repr(layer) == "ExactLeaky(50, 80, max_spikes=2)"
    times = torch.rand(7, 50, 1)
    spikes = layer(times)
    assert spikes.shape == (7, 80, 2)
    assert spikes.dtype == torch.float64
    assert torch.equal(spikes, exact_spike_times(times, layer.weight, 2))
    other = snn.ExactLeaky(50, 80, mean=0.0, std=0.0, max_spikes=2)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(times), spikes)


def test_a_step_down_the_gradient_moves_a_spike_toward_its_target():
    w = weights((5.0, 1.0))
    times, target = at(0.0, 0.5), 0.7
    losses = list[float]()
    for _ in range(60):
        loss = (exact_spike_times(times, w, 1).sum() - target) ** 2
        losses.append(loss.item())
        (grad,) = torch.autograd.grad(loss, w)
        w = (w - 2 * grad).detach().requires_grad_()
    assert losses[-1] < 1e-3 * losses[0]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("times", "weight", "error", "text"),
    [
        (torch.rand(2, 3), torch.rand(4, 3), ValueError, "unsqueeze"),
        (torch.rand(2, 3, 1), torch.rand(4, 5), ValueError, r"\(2, 3, 1\) and \(4, 5\)"),
        (torch.rand(2, 3, 1), torch.rand(3), ValueError, r"\[outputs, inputs\]"),
        (torch.full((2, 3, 1), torch.nan), torch.rand(4, 3), ValueError, "inf for no spike"),
        (torch.full((2, 3, 1), -INF), torch.rand(4, 3), ValueError, "inf for no spike"),
        (torch.rand(2, 3, 1), torch.full((4, 3), INF), ValueError, "Weights must be finite"),
        (torch.ones(2, 3, 1).long(), torch.rand(4, 3), TypeError, "floating-point"),
        ([[[1.0]]], torch.rand(4, 1), TypeError, "torch.Tensor"),
    ],
)
def test_bad_input_is_answered(times: Any, weight: Any, error: type[Exception], text: str):
    with pytest.raises(error, match=text):
        exact_spike_times(times, weight)


@pytest.mark.bad_input
@pytest.mark.parametrize("sizes", [(0, 2, 1), (2, 0, 1), (2, 2, 0)])
def test_sizes_are_one_or_more(sizes: tuple[int, int, int]):
    inputs, outputs, max_spikes = sizes
    with pytest.raises(ValueError, match="1 or more"):
        snn.ExactLeaky(inputs, outputs, mean=1.0, std=1.0, max_spikes=max_spikes)


def test_no_input_spike_means_no_output_spike():
    assert (exact_spike_times(at(INF, INF), weights((9.0, 9.0))) == INF).all()
    assert exact_spike_times(torch.empty(0, 2, 1), weights((9.0, 9.0))).shape == (0, 1, 4)
