"""Neurons: physics first, then step against sequence, gradients, attributes, bad input."""

import copy
import math
import pickle

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu import surrogate
from snnedu.core import _sequence, neurons

RESETS = ("subtract", "zero", "none")
FEATURES = 5


def every_layer(reset="subtract", spike_grad=None):
    """One of each neuron, all of it learned, for currents [time, batch, FEATURES]."""
    torch.manual_seed(0)
    beta = torch.linspace(0.6, 0.95, FEATURES)
    some = {"spike_grad": spike_grad, "reset_mechanism": reset, "learn_threshold": True}
    all_ = some | {"learn_beta": True}
    return {
        "Leaky": snn.Leaky(0.9, **all_),
        "Leaky per neuron": snn.Leaky(beta, torch.linspace(0.5, 1.5, FEATURES), **all_),
        "Lapicque": snn.Lapicque(5.0, 1.5, 0.7, 0.4, **some),
        "Synaptic": snn.Synaptic(0.8, beta, learn_alpha=True, **all_),
        "Alpha": snn.Alpha(0.9, 0.6, 0.3, learn_alpha=True, **all_),
        "AdaptiveLeaky": snn.AdaptiveLeaky(
            0.9, 0.8, 0.7, learn_rho=True, learn_adaptation=True, **all_
        ),
        "RLeaky": snn.RLeaky(0.9, linear_features=FEATURES, **all_),
        "RLeaky one-to-one": snn.RLeaky(beta, V=-0.3, all_to_all=False, **all_),
        "RSynaptic": snn.RSynaptic(0.5, 0.8, linear_features=FEATURES, learn_alpha=True, **all_),
    }


NAMES = list(every_layer())


def noise(time=30, batch=4, features=FEATURES, seed=1, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(time, batch, features, generator=generator) * 0.8 + 0.2).to(dtype)


def loop(layer, cur_rec, *state):
    """The sequence, one step at a time, under PyTorch's own autograd."""
    outputs = []
    for cur in cur_rec.unbind(0):
        outputs.append(layer(cur, *state))
        state = outputs[-1][1:]
    return tuple(torch.stack(values) for values in zip(*outputs, strict=True))


def fires_and_rests(spk):
    return 0 < spk.mean().item() < 1


@pytest.fixture(params=["compiled", "plain"])
def path(request, monkeypatch):
    """Run a test on both engines."""
    if request.param == "plain":
        monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    else:
        pytest.importorskip("numba")
    return request.param


# ---------------------------------------------------------------------------------- golden traces


def test_golden_trace_subtract(path):
    spk, mem = snn.Leaky(beta=0.9).unroll(torch.full((8, 1, 1), 0.5))
    assert spk.flatten().tolist() == [0, 0, 1, 0, 1, 0, 0, 1]
    by_hand = [0.5, 0.95, 1.355, 0.7195, 1.14755, 0.53280, 0.97952, 1.38156]
    torch.testing.assert_close(mem.flatten(), torch.tensor(by_hand), atol=1e-5, rtol=0)


def test_golden_trace_zero(path):
    spk, _ = snn.Leaky(beta=0.9, reset_mechanism="zero").unroll(torch.full((8, 1, 1), 0.5))
    assert spk.flatten().tolist() == [0, 0, 1, 0, 0, 1, 0, 0]


def test_golden_trace_synaptic(path):
    spk, _, _ = snn.Synaptic(alpha=0.9, beta=0.8).unroll(torch.full((8, 1, 1), 0.2))
    assert spk.flatten().tolist() == [0, 0, 0, 1, 0, 1, 1, 1]


# ---------------------------------------------------------------------------------------- physics


@given(start=st.floats(-5, 0.99), beta=st.floats(0, 1))
@settings(deadline=None)
def test_without_input_the_membrane_decays_as_a_power_of_beta(start, beta):
    lif = snn.Leaky(beta).double()
    mem0 = torch.full((1, 1), start, dtype=torch.float64)
    spk, mem = lif.unroll(torch.zeros(20, 1, 1, dtype=torch.float64), mem0)
    n = torch.arange(1, 21, dtype=torch.float64)
    torch.testing.assert_close(mem.flatten(), start * lif.beta.double() ** n)
    assert spk.sum() == 0


@given(cur=st.floats(0.05, 3), beta=st.floats(0.1, 0.99))
@settings(deadline=None)
def test_constant_input_fires_at_the_closed_form_interval(cur, beta):
    # From rest U[n] = I (1 - βⁿ) / (1 - β): the first n with U > θ = 1. After a reset to zero the
    # step of the reset already integrates I, so the same n is the period.
    top = cur / (1 - beta)
    if top <= 1.001:
        period = None  # never gets there
    else:
        exact = math.log(1 - 1 / top) / math.log(beta)
        period = math.floor(exact) + 1
        if abs(exact - round(exact)) < 1e-6:
            return  # a tie in exact arithmetic: rounding decides
    if top > 0.999 and period is None:
        return
    lif = snn.Leaky(1.0, reset_mechanism="zero").double()
    lif.beta = torch.tensor(beta, dtype=torch.float64)
    spk, _ = lif.unroll(torch.full((60, 1, 1), cur, dtype=torch.float64))
    times = (spk.flatten().nonzero().flatten() + 1).tolist()
    assert times == ([] if period is None else list(range(period, 61, period)))


def test_subtracting_charge_balance():
    # With β = 1 nothing leaks: what came in is on the membrane or was paid for spikes (the last
    # spike is paid for one step later).
    cur = torch.rand(200, 3, 4, dtype=torch.float64) * 0.5
    spk, mem = snn.Leaky(1.0).double().unroll(cur)
    assert fires_and_rests(spk)
    torch.testing.assert_close(cur.sum(0), mem[-1] + spk[:-1].sum(0))


def test_lapicque_settles_at_resistance_times_current():
    layer = snn.Lapicque(R=5.0, C=2.0, time_step=0.1, threshold=100.0)
    _, mem = layer.unroll(torch.full((2000, 1, 1), 3.0))
    assert mem[-1].item() == pytest.approx(15.0, rel=1e-4)
    # after one time constant R C = 10, 63 % of it
    assert mem[99].item() == pytest.approx(15 * (1 - math.exp(-1)), rel=0.01)
    assert layer.beta.item() == pytest.approx(0.99)


def test_synapse_alone_decays_with_alpha():
    cur = torch.zeros(6, 1, 1)
    cur[0] = 1
    _, syn, mem = snn.Synaptic(0.5, 0.0, threshold=10.0).unroll(cur)
    assert syn.flatten().tolist() == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]
    assert torch.equal(mem, syn)  # β = 0: the membrane shows the synapse


def test_alpha_answers_an_impulse_with_the_difference_of_two_powers():
    cur = torch.zeros(40, 1, 1, dtype=torch.float64)
    cur[0] = 1
    layer = snn.Alpha(0.9, 0.5, threshold=100.0).double()
    _, _, _, mem = layer.unroll(cur)
    alpha, beta = layer.alpha, layer.beta
    n = torch.arange(40, dtype=torch.float64)
    kappa = beta.log() / (beta.log() - alpha.log())
    torch.testing.assert_close(mem.flatten(), kappa * (alpha**n - beta**n))
    assert mem.argmax() > 0  # rises before it falls


@pytest.mark.parametrize(("reset", "lost"), [("subtract", 0.7), ("zero", None), ("none", 0.0)])
def test_alpha_reset_takes_what_its_name_says(reset, lost):
    cur = torch.full((1, 1), 2.0)
    quiet = snn.Alpha(0.9, 0.5, 0.7, reset_mechanism="none")
    layer = snn.Alpha(0.9, 0.5, 0.7, reset_mechanism=reset)
    state = layer(cur)[1:]
    spk, *state = layer(cur, *state)
    assert spk.item() == 1
    after, without = layer(cur, *state)[3], quiet(cur, *state)[3]
    if lost is None:
        assert torch.equal(after, layer(cur)[3])  # as from rest
    else:
        torch.testing.assert_close(without - after, torch.tensor([[lost]]))


def test_adaptation_slows_firing_down():
    cur = torch.full((300, 1, 1), 0.5)
    spk, _, ada = snn.AdaptiveLeaky(0.9, rho=0.97, adaptation=2.0).unroll(cur)
    plain, _ = snn.Leaky(0.9).unroll(cur)
    times = spk.flatten().nonzero().flatten().diff()
    assert times[-1] > times[0]
    assert 0 < spk.sum() < plain.sum()
    assert 0 <= ada.min() < ada.max() <= 1


def test_adaptation_follows_its_spikes():
    # A is the low-pass filter of S; at rho = 0 it is the last spike itself.
    spk, _, ada = snn.AdaptiveLeaky(0.9, rho=0.0, adaptation=0.3).unroll(noise())
    assert fires_and_rests(spk)
    assert torch.equal(ada[1:], spk[:-1])


def test_recurrence_delivers_spikes_one_step_later():
    layer = snn.RLeaky(0.0, linear_features=2, reset_mechanism="none", learn_recurrent=False)
    layer.recurrent.weight.data = torch.tensor([[0.0, 0.0], [5.0, 0.0]])  # neuron 0 excites 1
    layer.recurrent.bias.data.zero_()
    cur = torch.zeros(4, 1, 2)
    cur[1, 0, 0] = 2.0
    spk, _ = layer.unroll(cur)
    assert spk[:, 0, 0].tolist() == [0, 1, 0, 0]
    assert spk[:, 0, 1].tolist() == [0, 0, 1, 0]


# ------------------------------------------------------------------------------- step and sequence


@pytest.mark.parametrize("record", [True, False])
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("name", NAMES)
def test_sequence_is_the_step_loop_bit_for_bit_with_its_gradients(name, reset, record, path):
    layer = every_layer(reset)[name]
    cur = noise().requires_grad_()
    start = [noise(1, seed=i + 2)[0] * 0.5 for i in range(len(layer.state_names))]
    start = [part.requires_grad_() for part in start]
    by_step = loop(layer, cur, *start)
    if not record:
        by_step = (by_step[0], *(rec[-1] for rec in by_step[1:]))
    at_once = layer.unroll(cur, *start, record=record)
    assert fires_and_rests(at_once[0])
    for ours, expected in zip(at_once, by_step, strict=True):
        assert torch.equal(ours, expected)
    weights = [torch.randn_like(out) for out in at_once]
    leaves = [cur, *start, *layer.parameters()]

    def gradients(outputs):
        loss = sum((out * w).sum() for out, w in zip(outputs, weights, strict=True))
        return torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)

    for ours, expected in zip(gradients(at_once), gradients(by_step), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5 * len(cur))
    with torch.no_grad():  # the path without autograd
        for ours, expected in zip(layer.unroll(cur, *start, record=record), at_once, strict=True):
            assert torch.equal(ours, expected)


@pytest.mark.parametrize(
    "spike_grad",
    [
        surrogate.fast_sigmoid(4.0),
        surrogate.sigmoid(4.0),
        surrogate.triangular(),
        surrogate.straight_through(),
        surrogate.custom(lambda x: torch.exp(-x.abs())),
        lambda x: surrogate.atan(3.0)(x),  # any function
        torch.sigmoid,  # not even a step
    ],
    ids=["fast_sigmoid", "sigmoid", "triangular", "straight_through", "custom", "own", "smooth"],
)
@pytest.mark.parametrize("name", ["Leaky", "Synaptic", "AdaptiveLeaky", "RLeaky"])
def test_every_surrogate_gives_the_gradients_of_the_step_loop(name, spike_grad, path):
    layer = every_layer("subtract", spike_grad)[name]
    cur = noise().requires_grad_()
    leaves = [cur, *layer.parameters()]
    weight = torch.randn(cur.shape)
    by_step, at_once = loop(layer, cur)[0], layer.unroll(cur)[0]
    assert torch.equal(by_step, at_once)
    expected = torch.autograd.grad((by_step * weight).sum(), leaves)
    for ours, theirs in zip(
        torch.autograd.grad((at_once * weight).sum(), leaves), expected, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=3e-4)


class Learnable(nn.Module):
    """A surrogate whose sharpness is learned."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(3.0))

    def forward(self, x):
        smooth = torch.sigmoid(self.slope * x)
        return smooth + ((x > 0).to(x.dtype) - smooth).detach()


def test_a_surrogate_with_parameters_learns_them():
    lif = snn.Leaky(0.9, spike_grad=Learnable())
    spk, _ = lif.unroll(noise())
    assert fires_and_rests(spk)
    spk.sum().backward()
    assert lif.spike_grad.slope.grad.item() != 0
    assert [name for name, _ in lif.named_parameters()] == ["spike_grad.slope"]


@pytest.mark.parametrize("name", NAMES)
def test_one_step_may_have_a_surrogate_of_its_own(name):
    def early(x):
        return (x > -0.5).to(x.dtype)

    layer, peer = every_layer()[name], every_layer(spike_grad=early)[name]
    peer.load_state_dict(layer.state_dict())
    state = ()
    for cur in noise():
        expected = peer(cur, *state)
        spk, *state = layer(cur, *state, spike_grad=early)
        assert all(map(torch.equal, (spk, *state), expected))
    assert fires_and_rests(spk)
    assert layer.spike_grad is not early


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reset", RESETS)
def test_gradcheck_below_the_threshold(name, reset):
    # Far below the threshold nothing fires, so the true derivative exists; h must be 0 there.
    layer = every_layer(reset, surrogate.custom(torch.zeros_like))[name].double()
    layer.threshold = 1e3
    cur = noise(6, 2, dtype=torch.float64).requires_grad_()
    decays = [p for n, p in layer.named_parameters() if n in layer.decays]
    assert torch.autograd.gradcheck(lambda cur, *_: layer.unroll(cur)[1:], (cur, *decays))


def test_gradient_of_the_threshold_through_the_reset():
    # "subtract", two steps: U[2] = β U[1] + I - θ S[1], so dU[2]/dθ = -1 after a spike, else 0
    for cur, expected in ((2.0, -1.0), (0.3, 0.0)):
        lif = snn.Leaky(0.5, learn_threshold=True)
        _, mem = lif.unroll(torch.full((2, 1, 1), cur))
        mem[1].sum().backward()
        assert lif.threshold.grad.item() == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reset", RESETS)
def test_a_sequence_cut_in_two_is_the_sequence(name, reset, path):
    layer = every_layer(reset)[name]
    cur = noise(21)
    whole = layer.unroll(cur)
    for record in (True, False):
        spk1, *rec1 = layer.unroll(cur[:8], record=record)
        state = [rec[-1] for rec in rec1] if record else rec1
        spk2, *last = layer.unroll(cur[8:], *state, record=False)
        assert fires_and_rests(spk2)
        assert torch.equal(torch.cat([spk1, spk2]), whole[0])
        for ours, rec in zip(last, whole[1:], strict=True):
            assert torch.equal(ours, rec[-1])


@pytest.mark.parametrize("name", ["Leaky", "AdaptiveLeaky", "RLeaky", "RSynaptic"])
def test_gradients_cross_a_cut(name, path):
    layer, cur = every_layer()[name], noise(20).requires_grad_()
    leaves = [cur, *layer.parameters()]
    whole = torch.autograd.grad(layer.unroll(cur)[0].square().sum(), leaves)
    spk1, *state = layer.unroll(cur[:9], record=False)
    spk2, *_ = layer.unroll(cur[9:], *state)
    cut = torch.autograd.grad(torch.cat([spk1, spk2]).square().sum(), leaves)
    for ours, expected in zip(cut, whole, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4)


layer_names = st.sampled_from(NAMES)


@given(layer_names, st.sampled_from(RESETS), st.integers(1, 11), st.integers(0, 2**16))
@settings(deadline=None, max_examples=40)
def test_causality(name, reset, cut, seed):
    layer, cur = every_layer(reset)[name], noise(12, seed=seed)
    changed = cur.clone()
    changed[cut:] += 1
    for before, after in zip(layer.unroll(cur), layer.unroll(changed), strict=True):
        assert torch.equal(before[:cut], after[:cut])


@given(layer_names, st.sampled_from(RESETS), st.integers(0, 3), st.integers(0, 2**16))
@settings(deadline=None, max_examples=40)
def test_batch_independence(name, reset, row, seed):
    layer, cur = every_layer(reset)[name].double(), noise(12, seed=seed, dtype=torch.float64)
    for all_rows, one in zip(layer.unroll(cur), layer.unroll(cur[:, row : row + 1]), strict=True):
        torch.testing.assert_close(all_rows[:, row : row + 1], one)


@given(st.integers(1, 5), st.lists(st.integers(0, 4), min_size=1, max_size=4), st.booleans())
@settings(deadline=None, max_examples=40)
def test_shape_laws(time, shape, record):
    cur = torch.randn(time, *shape)
    spk, syn, mem = snn.Synaptic(0.5, 0.9).unroll(cur, record=record)
    assert spk.shape == cur.shape
    assert syn.shape == mem.shape == (cur.shape if record else cur.shape[1:])


def test_convolutional_features_and_per_channel_numbers(path):
    beta = torch.rand(3, 1, 1)
    lif = snn.Leaky(beta, learn_beta=True)
    cur = (torch.randn(7, 2, 3, 4, 4) + 0.5).requires_grad_()
    spk, mem = lif.unroll(cur)
    assert fires_and_rests(spk)
    assert torch.equal(mem, loop(lif, cur)[1])
    mem.sum().backward()
    assert lif.beta.grad.shape == beta.shape


def test_any_memory_layout_gives_the_same(path):
    lif, cur = snn.Leaky(0.9), noise(10, 3)
    spk, mem = lif.unroll(cur)
    assert fires_and_rests(spk)
    turned = cur.transpose(0, 2).contiguous().transpose(0, 2)
    assert torch.equal(lif.unroll(turned)[1], mem)
    constant = cur[:1].expand(10, 3, FEATURES)  # no memory per step
    assert torch.equal(lif.unroll(constant)[1], lif.unroll(constant.contiguous())[1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", ["built in", "custom"])
def test_a_graph_that_is_kept_can_be_walked_again(name, shape, path):
    layer = every_layer()[name]
    if shape == "custom":
        layer.spike_grad = snn.surrogate.custom(lambda x: torch.exp(-x.abs()))
    cur = noise().requires_grad_()
    spk, *_ = layer.unroll(cur, record=False)
    assert fires_and_rests(spk)
    inputs = [cur, *layer.parameters()]
    walks = [
        torch.autograd.grad(spk.sum(), inputs, retain_graph=keep) for keep in (True, True, False)
    ]
    for first, *again in zip(*walks, strict=True):
        assert first.abs().sum() > 0
        assert all(torch.equal(first, other) for other in again)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        spk.sum().backward()


class Called(nn.Module):
    """A surrogate that is a module, which may have parameters of its own."""

    def __init__(self, call):
        super().__init__()
        self.forward = call


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", ["built in", "custom", "a module"])
def test_one_step_of_current_can_stand_for_many(name, shape, path):
    results = []
    for steps in (25, None):
        layer = every_layer()[name]
        if shape != "built in":
            bell = snn.surrogate.custom(lambda x: torch.exp(-x.abs()))
            layer.spike_grad = bell if shape == "custom" else Called(bell)
        cur = (noise(1) + 0.3).requires_grad_()
        drive = cur if steps else cur.expand(25, *cur.shape[1:])
        spk, *rec = layer.unroll(drive, steps=steps)
        assert fires_and_rests(spk)
        sum((k + 1) * r.square().sum() for k, r in enumerate((spk, *rec))).backward()
        results.append([spk, *rec, cur.grad, *(p.grad for p in layer.parameters())])
    for ours, expected in zip(*results, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4)


def test_a_gradient_that_repeats_over_time_is_understood(path):
    # spk.sum() hands back one number for all elements, a rate loss one row for all steps
    lif = snn.Leaky(0.9)
    for loss in (torch.sum, lambda spk: spk.mean(0).square().sum()):
        cur = noise().requires_grad_()
        (ours,) = torch.autograd.grad(loss(lif.unroll(cur)[0]), cur)
        (expected,) = torch.autograd.grad(loss(loop(lif, cur)[0]), cur)
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_input_is_left_alone(path):
    lif, cur, mem = snn.Leaky(0.9), noise(), noise(1)[0]
    before = cur.clone(), mem.clone()
    lif.unroll(cur, mem)
    assert torch.equal(cur, before[0])
    assert torch.equal(mem, before[1])


# ------------------------------------------------------------------------------------- attributes


def test_changing_an_attribute_takes_effect(path):
    cur = noise()
    lif = snn.Leaky(0.9)
    for name, value in (
        ("beta", 0.3),
        ("threshold", 0.4),
        ("reset_mechanism", "zero"),
        ("reset_mechanism", "none"),
        ("beta", torch.rand(FEATURES)),
    ):
        before = lif.unroll(cur)
        setattr(lif, name, value)
        after = lif.unroll(cur)
        assert not torch.equal(before[1], after[1]) or not torch.equal(before[0], after[0])
        assert torch.equal(loop(lif, cur)[1], after[1])


def test_changing_the_surrogate_takes_effect(path):
    lif, cur = snn.Leaky(0.9), noise().requires_grad_()
    (before,) = torch.autograd.grad(lif.unroll(cur)[0].sum(), cur)
    lif.spike_grad = surrogate.fast_sigmoid(2.0)
    (after,) = torch.autograd.grad(lif.unroll(cur)[0].sum(), cur)
    assert not torch.allclose(before, after)


def test_changing_a_resistor_changes_beta():
    layer = snn.Lapicque(R=1.0, C=10.0)
    layer.R = 2.0
    assert layer.beta.item() == pytest.approx(0.95)
    with pytest.raises(AttributeError):
        layer.beta = 0.5


def test_a_learned_number_stays_learned_when_set():
    lif = snn.Leaky(0.9, learn_beta=True)
    lif.beta = 0.5
    assert isinstance(lif.beta, nn.Parameter)
    assert lif.beta.item() == 0.5
    lif.threshold = nn.Parameter(torch.tensor(2.0))  # and one can be made so
    assert dict(lif.named_parameters()).keys() == {"beta", "threshold"}


def test_a_learned_beta_is_used_within_0_and_1(path):
    lif = snn.Leaky(0.9, learn_beta=True)
    with torch.no_grad():
        lif.beta.fill_(1.5)  # as an optimizer would
    cur = noise()
    _, mem = lif.unroll(cur)
    assert torch.equal(mem, snn.Leaky(1.0).unroll(cur)[1])
    mem.sum().backward()
    assert lif.beta.grad.item() == 0


@pytest.mark.parametrize(
    ("name", "number"), [("Leaky", "threshold"), ("AdaptiveLeaky", "adaptation")]
)
def test_a_learned_number_stays_above_zero(name, number, path):
    # A threshold of -0.27 made a neuron fire for ever without input.
    layer = every_layer()[name]
    with torch.no_grad():
        getattr(layer, number).fill_(-0.27)  # as an optimizer would
    silent = torch.zeros(20, 2, FEATURES)
    for frozen in (False, True):
        layer.requires_grad_(not frozen)
        assert layer.unroll(silent)[0].sum() == 0
    assert torch.equal(loop(layer, noise())[1], layer.unroll(noise())[1])


@pytest.mark.bad_input
@pytest.mark.parametrize(("name", "value"), [("threshold", -1.0), ("beta", 1.5)])
def test_a_state_dict_with_numbers_outside_their_domain_is_refused(name, value):
    layer = snn.Leaky(0.9)
    with pytest.raises(RuntimeError, match=rf"{name}: `{name}` must .* Received {value}"):
        layer.load_state_dict(layer.state_dict() | {name: torch.tensor(value)})


@pytest.mark.parametrize("name", NAMES)
def test_copies_and_state_dicts(name):
    layer, cur = every_layer()[name], noise()
    expected = layer.unroll(cur)
    other = copy.deepcopy(layer)
    for parameter in other.parameters():
        parameter.data.mul_(0.5)
    assert not torch.equal(other.unroll(cur)[-1], expected[-1])
    other.load_state_dict(layer.state_dict())
    for twin in (other, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        for ours, theirs in zip(twin.unroll(cur), expected, strict=True):
            assert torch.equal(ours, theirs)


def test_repr_shows_what_matters():
    text = repr(snn.Leaky(0.9, learn_beta=True, reset_mechanism="zero"))
    assert text == "Leaky(beta=0.9 (learned), threshold=1, reset='zero', surrogate.atan(2))"


def saturating_step(cur, mem, *, beta, threshold, spike_grad, reset_mechanism):
    spk = spike_grad(mem - threshold).detach()
    mem = beta * mem.tanh() + cur - threshold * spk
    return spike_grad(mem - threshold), mem


class Saturating(neurons.SpikingLayer):
    step = staticmethod(saturating_step)

    def __init__(self, beta, threshold=1.0):
        super().__init__()
        self.own("beta", beta)
        self.own("threshold", threshold)


def test_a_neuron_of_your_own_needs_a_step_only():
    layer, cur = Saturating(0.5), noise().requires_grad_()
    spk, mem = layer.unroll(cur)
    assert fires_and_rests(spk)
    assert torch.equal(mem, loop(layer, cur)[1])
    assert torch.autograd.grad(mem.sum(), cur)[0].abs().sum() > 0


class SaturatingLeaky(snn.Leaky):
    step = staticmethod(saturating_step)


def test_a_changed_step_is_never_replaced_by_the_compiled_one():
    cur = noise()
    assert torch.equal(SaturatingLeaky(0.5).unroll(cur)[1], Saturating(0.5).unroll(cur)[1])


# -------------------------------------------------------------------------------------- bad input

CUR = torch.zeros(3, 2, FEATURES)
NAN = CUR.clone()
NAN[1, 0, 0] = math.nan

BAD = {
    "many steps of current for many": (
        lambda: snn.Leaky(0.9).unroll(torch.zeros(2, 1, 3), steps=5),
        ValueError,
        "Received 2 steps of current",
    ),
    "no step at all": (
        lambda: snn.Leaky(0.9).unroll(torch.zeros(1, 1, 3), steps=0),
        ValueError,
        "1 or more",
    ),
    "half a step": (
        lambda: snn.Leaky(0.9).unroll(torch.zeros(1, 1, 3), steps=2.5),
        TypeError,
        "whole number",
    ),
    "beta above 1": (lambda: snn.Leaky(1.1), ValueError, r"`beta` must lie in \[0, 1\]"),
    "beta below 0": (lambda: snn.Leaky(-0.1), ValueError, r"`beta` must lie in \[0, 1\]"),
    "beta NaN": (lambda: snn.Leaky(math.nan), ValueError, r"`beta` must lie in \[0, 1\]"),
    "one of many betas": (
        lambda: snn.Leaky(torch.tensor([0.5, 2.0])),
        ValueError,
        r"`beta` must lie in \[0, 1\]",
    ),
    "alpha": (lambda: snn.Synaptic(2.0, 0.5), ValueError, r"`alpha` must lie in \[0, 1\]"),
    "rho": (lambda: snn.AdaptiveLeaky(0.5, rho=1.2), ValueError, r"`rho` must lie in \[0, 1\]"),
    "threshold": (
        lambda: snn.Leaky(0.9, threshold=0.0),
        ValueError,
        "`threshold` must be finite and above 0",
    ),
    "reset": (
        lambda: snn.Leaky(0.9, reset_mechanism="substract"),
        ValueError,
        "Did you mean 'subtract'",
    ),
    "reset set later": (
        lambda: setattr(snn.Leaky(0.9), "reset_mechanism", 1),
        ValueError,
        "`reset_mechanism` must be one of",
    ),
    "beta set later": (
        lambda: setattr(snn.Leaky(0.9), "beta", 3.0),
        ValueError,
        r"`beta` must lie in \[0, 1\]",
    ),
    "surrogate": (
        lambda: snn.Leaky(0.9, spike_grad="atan"),
        TypeError,
        "`spike_grad` must be a function",
    ),
    "learn_beta set later": (
        lambda: setattr(snn.Leaky(0.9), "learn_beta", True),
        AttributeError,
        "chosen when the layer is made",
    ),
    "no features": (
        lambda: snn.RLeaky(0.9),
        ValueError,
        "Pass `linear_features=100`",
    ),
    "other features": (
        lambda: snn.RLeaky(0.9, linear_features=3).unroll(CUR),
        ValueError,
        f"Make the layer with `linear_features={FEATURES}`",
    ),
    "Euler step too long": (
        lambda: snn.Lapicque(R=1.0, C=1.0, time_step=1.5),
        ValueError,
        "`time_step` must not exceed R C",
    ),
    "alpha not above beta": (
        lambda: snn.Alpha(0.5, 0.5).unroll(CUR),
        ValueError,
        "0 < beta < alpha < 1",
    ),
    "shape of mem": (
        lambda: snn.Leaky(0.9)(CUR[0], torch.zeros(2, 4)),
        ValueError,
        r"needs equal shapes. Received \(2, 5\) and \(2, 4\). For a new batch pass None",
    ),
    "state of another batch": (
        lambda: snn.Synaptic(0.9, 0.9).unroll(CUR, None, torch.zeros(7, FEATURES)),
        ValueError,
        r"Received \(2, 5\) and \(7, 5\). For a new batch pass None",
    ),
    "shape of mem in the pure step": (
        lambda: neurons.leaky_step(
            CUR[0],
            torch.zeros(1, FEATURES),
            beta=0.9,
            threshold=1.0,
            spike_grad=surrogate.atan(),
            reset_mechanism="subtract",
        ),
        ValueError,
        r"`leaky_step\(cur, mem\)` needs equal shapes",
    ),
    "too much state": (
        lambda: snn.Leaky(0.9)(CUR[0], CUR[0], CUR[0]),
        TypeError,
        r"Leaky has 1 part\(s\) of state: mem. Received 2",
    ),
    "dtype of mem": (
        lambda: snn.Leaky(0.9)(CUR[0], CUR[0].double()),
        TypeError,
        "needs one device and one dtype",
    ),
    "device of mem": (
        lambda: snn.Leaky(0.9)(CUR[0], CUR[0].to("meta")),
        TypeError,
        "needs one device and one dtype",
    ),
    "integers": (
        lambda: snn.Leaky(0.9).unroll(CUR.long()),
        TypeError,
        r"Pass `cur_rec.float\(\)`",
    ),
    "not a tensor": (
        lambda: snn.Leaky(0.9)([0.5]),
        TypeError,
        "`cur` must be a torch.Tensor",
    ),
    "spikes and membranes": (
        lambda: snn.Leaky(0.9)((CUR, CUR)),
        TypeError,
        "Received tuple. Pass one tensor that it holds",
    ),
    "layers by name": (
        lambda: snn.Leaky(0.9)({"1": CUR}),
        TypeError,
        "Received dict. Pass one tensor that it holds",
    ),
    "no steps": (
        lambda: snn.Leaky(0.9).unroll(CUR[:0]),
        ValueError,
        "`cur_rec` must have time first, at least one step.*It holds no step: in a slice",
    ),
    "no time axis": (
        lambda: snn.Leaky(0.9).unroll(torch.zeros(3)),
        ValueError,
        r"pass `cur_rec.unsqueeze\(0\)`",
    ),
    "one beta too many": (
        lambda: snn.Leaky(torch.full((6,), 0.5)).unroll(CUR),
        ValueError,
        r"`beta` must be one number, or one for each neuron",
    ),
    "one V too many": (
        lambda: snn.RLeaky(0.9, V=torch.ones(6), all_to_all=False).unroll(CUR),
        ValueError,
        r"`V` must be one number, or one for each neuron",
    ),
    "V for each sample": (
        lambda: snn.RLeaky(0.9, V=torch.ones(1, 5), all_to_all=False).unroll(CUR),
        ValueError,
        r"it must broadcast to \(5,\). Received \(1, 5\)",
    ),
    "NaN in the input": (
        lambda: snn.Leaky(0.9).unroll(NAN),
        ValueError,
        "`cur_rec` holds NaN or infinity from step 1 on",
    ),
    "infinity in the input": (
        lambda: snn.AdaptiveLeaky(0.9).unroll(CUR + math.inf, record=False),
        ValueError,
        "`cur_rec` holds NaN or infinity from step 0 on",
    ),
    "NaN in the state": (
        lambda: snn.Leaky(0.9).unroll(CUR, NAN[1]),
        ValueError,
        r"state passed in is not finite; start from rest",
    ),
    "NaN in the state of a neuron that runs step by step": (
        lambda: snn.Alpha(0.9, 0.5).unroll(CUR, NAN[1]),
        ValueError,
        r"state passed in is not finite; start from rest",
    ),
    "overflow": (
        lambda: snn.Leaky(1.0, reset_mechanism="none").unroll(CUR + 2e38),
        ValueError,
        "outgrew the number format",
    ),
    "second derivative": (
        lambda: (
            torch.autograd.grad(
                snn.Leaky(0.9).unroll(CUR.clone().requires_grad_())[1].sum(),
                snn.Leaky(0.9, learn_beta=True).beta,
                create_graph=True,
                allow_unused=True,
            )
            and snn.Leaky(0.9, learn_beta=True).unroll(CUR)[1].sum().backward(create_graph=True)
        ),
        RuntimeError,
        "can be differentiated once",
    ),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_answered(case):
    call, error, message = BAD[case]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.bad_input
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_always_reaches_the_last_membrane(name, reset, bad, path):
    layer, cur = every_layer(reset)[name], noise(9)
    cur[3, 1, 2] = bad
    with pytest.raises(ValueError, match="from step 3 on"):
        layer.unroll(cur)
