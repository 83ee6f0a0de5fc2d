"""Plastic synapses: closed forms, Brian 2's numbers, laws; the compiled loop equals its steps."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from snnedu import plasticity
from snnedu.brains.plasticity import (
    STDP,
    VISUAL_CORTEX,
    Plastic,
    bounded,
    covariance_step,
    hebb_step,
    homeostasis_step,
    impose,
    normalize,
    pair_step,
    triplet_step,
)

RULES = {
    "pairs": STDP(),
    "nearest": STDP(neighbors="nearest", tau_minus=35.0),
    "multiplicative": STDP(mu=1.0, a_plus=0.1),
    "between": STDP(mu=0.3, w_max=0.8, a_minus=0.2),
    "triplets": VISUAL_CORTEX._replace(a_plus=2e-3, a3_minus=2e-3),
    "nearest triplets": VISUAL_CORTEX._replace(neighbors="nearest"),
}


def spikes(*shape: int, rate: float = 0.1, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return (torch.rand(*shape, generator=draw, dtype=torch.float64) < rate).double()


def train(times: list[int], steps: int = 70) -> Tensor:
    """Return one neuron's spikes `[time, 1]`."""
    rec = torch.zeros(steps, 1, dtype=torch.float64)
    rec[times] = 1
    return rec


def by_steps(weight: Tensor, pre_rec: Tensor, post_rec: Tensor, rule: STDP, dt: float = 1.0):
    state = [torch.zeros_like(rec[0]) for rec in (pre_rec, post_rec) * 2]
    for pre, post in zip(pre_rec, post_rec, strict=True):
        weight, *state = triplet_step(weight, pre, post, *state, dt=dt, rule=rule)
    return weight


def one(weight: float) -> Tensor:
    return torch.tensor([[weight]], dtype=torch.float64)


# --- closed forms -----------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.1, 1.0, 2.5])
def test_one_pair_gives_the_window(dt):
    # Δw = A+ exp(-Δt/τ+), or -A- exp(Δt/τ-) if the postsynaptic spike comes first.
    rule = STDP(a_plus=0.03, a_minus=0.02, tau_plus=17, tau_minus=34)
    lags = torch.arange(-30, 31)
    pre_rec = torch.zeros(80, 61, dtype=torch.float64)
    pre_rec[40 - lags, torch.arange(61)] = 1
    weight = torch.full((1, 61), 0.5, dtype=torch.float64)
    change = impose(weight, pre_rec, train([40], 80), rule, dt=dt)[0] - 0.5
    delay = dt * lags.double()
    window = torch.where(lags >= 0, 0.03 * (-delay / 17).exp(), -0.02 * (delay / 34).exp())
    torch.testing.assert_close(change, window, rtol=0, atol=1e-12)


def test_a_triplet_counts_its_second_postsynaptic_spike_more():
    # post at 0, pre at 10, post at 15: A+ and A3+ exp(-15/τ_y), both times exp(-5/τ+); the pre in
    # between takes A- exp(-10/τ-).
    rule = VISUAL_CORTEX._replace(a_plus=1e-3)
    moved = impose(one(0.5), train([20]), train([10, 25]), rule) - 0.5
    rise = (1e-3 + rule.a3_plus * math.exp(-15 / rule.tau_y)) * math.exp(-5 / rule.tau_plus)
    assert moved.item() == pytest.approx(rise - rule.a_minus * math.exp(-10 / rule.tau_minus))


def test_a_triplet_of_two_presynaptic_spikes_takes_more():
    rule = STDP(a_plus=0.0, a_minus=0.01, a3_minus=0.02, tau_minus=30, tau_x=90)
    moved = impose(one(0.5), train([10, 25]), train([20]), rule) - 0.5
    fall = (0.01 + 0.02 * math.exp(-15 / 90)) * math.exp(-5 / 30)
    assert moved.item() == pytest.approx(-fall)


def test_weights_drift_with_both_rates_and_the_integral_of_the_window():
    # Independent Poisson trains: <dw/dt> = u v (A+ τ+ - A- τ-). In steps, sums stand for the
    # integrals: of exp(-n dt/τ), from 0 for potentiation, from 1 for depression.
    rule = STDP(a_plus=2e-5, a_minus=3e-5)
    pre_rec, post_rec = spikes(20_000, 20, rate=0.04), spikes(20_000, 20, rate=0.02, seed=1)
    start = torch.full((20, 20), 0.5, dtype=torch.float64)
    drift = (impose(start, pre_rec, post_rec, rule) - 0.5).mean().item()
    area = 1 / math.expm1(1 / 20)
    rise = 2e-5 * (area + 1) - 3e-5 * area
    expected = pre_rec.mean() * post_rec.mean() * 20_000 * rise
    assert drift == pytest.approx(expected.item(), rel=0.1)


def test_multiplicative_weights_settle_where_both_changes_cancel():
    # up (1 - w) = down w, so w = up / (up + down).
    weight = one(0.9)
    for _ in range(400):
        weight = bounded(weight, one(0.03), one(0.01), mu=1.0, w_max=1.0)
    assert weight.item() == pytest.approx(0.75)


def test_the_mean_extra_threshold_follows_the_rate():
    theta, post = torch.zeros(2, dtype=torch.float64), spikes(40_000, 2, rate=0.05)
    seen = []
    for now in post:
        theta = homeostasis_step(theta, now, decay=0.99, plus=0.1)
        seen.append(theta)
    mean = torch.stack(seen[5000:]).mean(0)
    torch.testing.assert_close(mean, 0.1 * post.mean(0) / 0.01, rtol=0.05, atol=0)


def test_the_covariance_rule_follows_the_covariance_and_hebbs_rule_only_grows():
    base = spikes(20_000, 1, rate=0.2)
    pre = torch.cat([base, 1 - base, spikes(20_000, 1, rate=0.2, seed=1)], 1)
    weight = hebbian = torch.zeros(1, 3, dtype=torch.float64)
    means = pre.mean(0), base.mean(0)
    for now, post in zip(pre, base, strict=True):
        weight, *_ = covariance_step(weight, now, post, *means, lr=1 / 20_000, decay=1.0)
        hebbian = hebb_step(hebbian, now, post, lr=1.0)
    covariance = torch.cov(torch.cat([pre, base], 1).T, correction=0)[3, :3]
    torch.testing.assert_close(weight[0], covariance)
    assert hebbian.tolist() == [[base.sum().item(), 0, (pre[:, 2] * base[:, 0]).sum().item()]]


def test_a_running_mean_finds_the_mean():
    weight, pre = torch.zeros(1, 1, dtype=torch.float64), spikes(5_000, 1, rate=0.3)
    u, v = torch.zeros(2, 1, dtype=torch.float64)
    for now in pre:
        weight, u, v = covariance_step(weight, now, now, u, v, lr=0.0, decay=0.999)
    assert u.item() == v.item() == pytest.approx(0.3, abs=0.05)


# --- an oracle --------------------------------------------------------------------------------

# Brian 2.9.0, dt 1 ms, `method="exact"`, weight 0.5 at the start; with
#   on_pre   "w = clip(w - A_minus*y, 0, 1); x += 1"     (nearest: x = 1)
#   on_post  "w = clip(w + A_plus*x, 0, 1); y += 1"
# and, multiplicative, A_minus*y*w and A_plus*x*(1 - w); triplets as in their equations 3 and 4.
PRE, POST = [2, 7, 9, 21, 30, 31, 44, 58], [4, 5, 12, 25, 29, 40, 47, 60]
PAIR = STDP(a_plus=0.01, a_minus=0.012, tau_plus=20, tau_minus=30)
TRIPLET = STDP(5e-10, 7e-3, 16.8, 33.7, 6.2e-3, 2.3e-4, 101, 125)
BRIAN = [
    (PAIR, 0.4375266379570245),
    (PAIR._replace(neighbors="nearest"), 0.4929155505680334),
    (PAIR._replace(mu=1), 0.47329992370932167),
    (TRIPLET, 0.616740720278457),
]


@pytest.mark.parametrize(("rule", "weight"), BRIAN, ids=["pair", "nearest", "soft", "triplet"])
def test_weights_equal_brian_2(rule, weight):
    assert impose(one(0.5), train(PRE), train(POST), rule).item() == pytest.approx(
        weight, abs=1e-12
    )


# --- the compiled loop equals the steps -------------------------------------------------------


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_loop_equals_its_steps(rule):
    pre_rec, post_rec = spikes(200, 7), spikes(200, 4, seed=1)
    start = rule.w_max * torch.rand(4, 7, dtype=torch.float64)
    learned = impose(start, pre_rec, post_rec, rule, dt=0.5)
    expected = by_steps(start, pre_rec, post_rec, rule, dt=0.5)
    torch.testing.assert_close(learned, expected, rtol=0, atol=1e-14)
    assert 1e-3 < (learned - start).abs().max() < rule.w_max


def test_pair_steps_are_triplet_steps_without_triplets():
    pre_rec, post_rec = spikes(100, 3), spikes(100, 2, seed=1)
    weight = start = torch.full((2, 3), 0.5, dtype=torch.float64)
    x, y = torch.zeros(3, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for pre, post in zip(pre_rec, post_rec, strict=True):
        weight, x, y = pair_step(weight, pre, post, x, y, dt=1.0, rule=PAIR)
    assert torch.equal(weight, by_steps(start, pre_rec, post_rec, PAIR))


def layer_by_steps(layer: Plastic, x_rec: Tensor) -> Tensor:
    """Do what `learn` does, from the equations; return the spikes."""
    weight, theta, out = layer.weight, layer.theta, []
    fade = math.exp(-layer.dt / layer.theta_tau)
    for sample in x_rec.unbind(1):
        mem = spk = torch.zeros_like(theta)
        state = [torch.zeros_like(part) for part in (sample[0], theta) * 2]
        for x in sample:
            others = spk.sum() - spk
            mem = layer.beta * (1 - spk) * mem + weight @ x - layer.inhibition * others
            spk = (mem > layer.threshold + theta).to(mem.dtype)
            weight, *state = triplet_step(weight, x, spk, *state, dt=layer.dt, rule=layer.rule)
            theta = homeostasis_step(theta, spk, decay=fade, plus=layer.theta_plus)
            out.append(spk)
        if layer.total:
            weight = normalize(weight, layer.total).clamp(max=layer.rule.w_max)
    layer.weight, layer.theta = weight, theta
    return torch.stack(out).view(x_rec.shape[1], len(x_rec), -1).transpose(0, 1)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_layer_that_learns_equals_its_equations(rule):
    how = {"inhibition": 0.3, "theta_plus": 0.1, "theta_tau": 200.0, "total": 3.0, "dt": 0.5}
    layers = [Plastic(12, 5, rule, **how, start=0.9, seed=0).double() for _ in range(2)]
    x_rec = spikes(60, 4, 12, rate=0.15)
    start = layers[0].weight.clone()
    learned, expected = layers[0].learn(x_rec), layer_by_steps(layers[1], x_rec)
    assert torch.equal(learned, expected)
    assert 0.003 < learned.mean() < 0.5
    torch.testing.assert_close(layers[0].weight, layers[1].weight, rtol=0, atol=1e-12)
    torch.testing.assert_close(layers[0].theta, layers[1].theta, rtol=0, atol=1e-12)
    assert (layers[0].weight - start).abs().max() > 0.01


def test_a_layer_learns_whatever_the_memory_of_its_weights_is():
    usual, other = (Plastic(12, 5, STDP(), start=0.9, seed=0) for _ in range(2))
    other.weight = other.weight.T.contiguous().T  # the same numbers, column after column
    x_rec, before = spikes(60, 2, 12), usual.weight.clone()
    assert torch.equal(usual.learn(x_rec), other.learn(x_rec))
    assert torch.equal(usual.weight, other.weight)
    assert not torch.equal(usual.weight, before)


def test_a_layer_that_does_not_learn_stays_and_fires_as_leaky_neurons_do():
    import snnedu as snn

    layer = Plastic(6, 3, STDP(), beta=0.8, seed=1)
    x_rec, kept = spikes(50, 4, 6, rate=0.3).float(), layer.weight.clone()
    spk_rec = layer(x_rec)
    leaky = snn.Leaky(0.8, reset_mechanism="zero")
    assert torch.equal(spk_rec, leaky.unroll(x_rec @ layer.weight.T)[0])
    assert 0.02 < spk_rec.mean() < 0.9
    assert torch.equal(layer.weight, kept)
    assert layer.theta.abs().sum() == 0


def test_plain_python_gives_what_the_compiled_loop_gives():
    from snnedu.brains import _plasticity_loops as loops

    layer = Plastic(8, 3, STDP(), inhibition=0.2, theta_plus=0.1, total=2.0, seed=0).double()
    if not hasattr(loops.present, "py_func"):
        pytest.skip("numba is not installed: there is plain Python alone")
    x = spikes(40, 2, 8, rate=0.2).numpy()
    found = []
    for present in (loops.present, loops.present.py_func):
        weight, theta = layer.weight.numpy().copy(), layer.theta.numpy().copy()
        spk = np.empty((40, 2, 3))
        numbers = plasticity._numbers(layer.rule, 1.0)
        present(x, weight, theta, spk, (0.9, 1.0, 0.2, 1.0, 0.1, 2.0), numbers, True)
        found.append((weight, theta, spk))
    for compiled, plain in zip(*found, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-12)
    assert 0 < found[0][2].mean() < 1


# --- laws -------------------------------------------------------------------------------------

amounts = st.floats(0, 5)


@settings(deadline=None, max_examples=50)
@given(w=st.floats(0, 1), up=amounts, down=amounts, mu=st.floats(0, 1))
def test_weights_stay_in_bounds_and_move_the_way_they_are_pushed(w, up, down, mu):
    moved = [
        bounded(one(w), one(u), one(d), mu=mu, w_max=1.0).item()
        for u, d in ((up, down), (up, 0.0), (0.0, down))
    ]
    assert all(0 <= each <= 1 for each in moved)
    assert moved[1] >= w - 1e-12
    assert moved[2] <= w + 1e-12


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), shift=st.integers(1, 40))
def test_only_differences_of_times_count(seed, shift):
    pre_rec, post_rec = spikes(40, 2, seed=seed), spikes(40, 2, seed=seed + 1)
    silence = torch.zeros(shift, 2, dtype=torch.float64)
    start = torch.full((2, 2), 0.5, dtype=torch.float64)
    later = impose(start, torch.cat([silence, pre_rec]), torch.cat([silence, post_rec]), PAIR)
    torch.testing.assert_close(later, impose(start, pre_rec, post_rec, PAIR))


@settings(deadline=None, max_examples=25)
@given(total=st.floats(0.1, 10), seed=st.integers(0, 10_000))
def test_normalized_weights_sum_to_the_total_and_keep_their_ratios(total, seed):
    weight = torch.rand(3, 5, generator=torch.Generator().manual_seed(seed)) + 0.01
    scaled = normalize(weight, total)
    torch.testing.assert_close(scaled.sum(1), torch.full((3,), total))
    torch.testing.assert_close(scaled / scaled[:, :1], weight / weight[:, :1])
    assert normalize(torch.zeros(1, 4), total).abs().sum() == 0


def test_a_reversed_order_of_spikes_turns_a_symmetric_window_around():
    rule = STDP(a_plus=0.01, a_minus=0.01)
    moved = impose(one(0.5), train([10]), train([15]), rule) - 0.5
    turned = impose(one(0.5), train([15]), train([10]), rule) - 0.5
    assert moved.item() == pytest.approx(-turned.item())
    assert moved.item() == pytest.approx(0.01 * math.exp(-5 / 20))


def test_what_was_given_stays_and_a_layer_is_drawn_by_its_seed():
    start = torch.full((1, 1), 0.5)
    impose(start, train([1]).float(), train([5]).float(), STDP())
    assert start.item() == 0.5
    a, b, c = (Plastic(9, 4, STDP(w_max=2.0), total=3.0, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(a.weight, b.weight)
    assert not torch.equal(a.weight, c.weight)
    torch.testing.assert_close(a.weight.sum(1), torch.full((4,), 3.0))


def test_inhibition_leaves_fewer_spikes_and_theta_spreads_them():
    def shares(**how: float) -> Tensor:
        layer = Plastic(30, 6, STDP(), **how, seed=3)
        counts = layer.learn(spikes(400, 5, 30, rate=0.1).float()).sum((0, 1))
        assert counts.sum() > 0
        return counts

    free, inhibited, fair = shares(), shares(inhibition=5.0), shares(inhibition=5.0, theta_plus=0.1)
    assert inhibited.sum() < free.sum() / 2
    assert fair.max() / fair.sum() < inhibited.max() / inhibited.sum()


# --- bad input --------------------------------------------------------------------------------

ONES = torch.ones(1, 1)
BAD = {
    "weights the wrong way round": (
        lambda: hebb_step(torch.ones(2, 3), torch.ones(2), torch.ones(3), lr=1),
        r"`weight` \[post, pre\].*\(2, 3\).*Transpose",
    ),
    "traces of the other side": (
        lambda: pair_step(torch.ones(2, 3), torch.ones(3), torch.ones(2), torch.ones(2),
                          torch.ones(3), dt=1, rule=STDP()),
        r"a trace of pre.*\(3,\) and \(2,\).*zeros",
    ),
    "a negative amplitude": (
        lambda: impose(ONES, ONES, ONES, STDP(a_minus=-0.01)), "`a_minus` must lie in.*signs"
    ),
    "a time constant of 0": (
        lambda: impose(ONES, ONES, ONES, STDP(tau_plus=0)), "`tau_plus` must be finite and above 0"
    ),
    "a step of 0": (lambda: impose(ONES, ONES, ONES, STDP(), dt=0), "`dt` must be .* above 0"),
    "an unknown scheme": (
        lambda: impose(ONES, ONES, ONES, STDP(neighbors="neerest")), "Did you mean 'nearest'"
    ),
    "a power over 1": (lambda: impose(ONES, ONES, ONES, STDP(mu=2)), r"`mu` must lie in \[0, 1\]"),
    "weights over w_max": (
        lambda: impose(2 * ONES, ONES, ONES, STDP()), r"`weight` must lie in \[0, 1\].*w_max"
    ),
    "NaN in the weights": (
        lambda: impose(torch.nan * ONES, ONES, ONES, STDP()), "`weight` must lie in"
    ),
    "unequal times": (
        lambda: impose(ONES, torch.ones(3, 1), torch.ones(4, 1), STDP()), "3 and 4. Cut the longer"
    ),
    "a total of 0": (lambda: normalize(ONES, 0), "`total` must be .* above 0"),
    "theta of others": (
        lambda: homeostasis_step(torch.ones(2), torch.ones(3), decay=0.9, plus=1), r"Both are"
    ),
    "a decay over 1": (
        lambda: homeostasis_step(torch.ones(2), torch.ones(2), decay=1.1, plus=1), "`decay`"
    ),
    "a layer of no neurons": (lambda: Plastic(3, 0, STDP()), "`outputs` must be 1 or more"),
    "negative inhibition": (lambda: Plastic(3, 1, STDP(), inhibition=-1), "`inhibition`"),
    "other features": (
        lambda: Plastic(3, 1, STDP()).learn(torch.ones(5, 2, 4)),
        r"\[time, batch, 3\].*\(5, 2, 4\).*Flatten",
    ),
    "no batch": (lambda: Plastic(3, 1, STDP())(torch.ones(5, 3)), "3 dimension"),
}  # fmt: skip


@pytest.mark.bad_input
@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_answered(call, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        call()


@pytest.mark.bad_input
def test_integers_are_refused_and_a_changed_number_is_checked():
    with pytest.raises(TypeError, match="floating"):
        impose(ONES, ONES.int(), ONES, STDP())
    layer = Plastic(3, 1, STDP())
    layer.beta = 1.5
    with pytest.raises(ValueError, match="beta"):
        layer(torch.ones(5, 2, 3))
