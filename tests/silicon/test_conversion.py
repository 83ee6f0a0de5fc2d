"""Conversion: counts against the closed form, networks against their ANN, then bad input."""

import copy

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu.silicon.conversion import QCFS, convert, outputs, quantized, thresholds, total_steps
from snnedu.silicon.rate_neurons import IntegrateAndFire, TwoPhase

seeds = st.integers(0, 2**31)


def constant(x, steps):
    return x.expand(steps, *x.shape)


def dense(seed, depth=2, levels=8):
    """A network of QCFS layers with biases and thresholds of all sizes, in float64."""
    torch.manual_seed(seed)
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(12, 12), QCFS(levels, 0.2 + torch.rand(1).item())]
    return nn.Sequential(*layers, nn.Linear(12, 5)).double(), torch.randn(16, 12).double()


def convolutional(seed, pool, levels=4):
    torch.manual_seed(seed)
    top = 0.2 + torch.rand(3)
    first = [nn.Conv2d(1, 4, 3, padding=1), QCFS(levels, top[0].item()), pool]
    second = [nn.Conv2d(4, 6, 3), QCFS(levels, top[1].item()), nn.Flatten()]
    last = [nn.Linear(24, 8), QCFS(levels, top[2].item()), nn.Linear(8, 5)]
    return nn.Sequential(*first, *second, *last).double(), torch.rand(6, 1, 8, 8).double()


def with_batch_norm(seed=0):
    """A ReLU network whose batch norms have seen data, and such data."""
    torch.manual_seed(seed)
    ann = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True)),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(36, 16),
        nn.BatchNorm1d(16, affine=False),
        nn.ReLU(inplace=True),
        nn.Linear(16, 5),
    )
    x = torch.rand(64, 1, 8, 8)
    for _ in range(20):
        ann(x)
    return ann.eval(), x


# ------------------------------------------------------------------------------------- one neuron


@given(seed=seeds, steps=st.integers(1, 40), start=st.sampled_from((0, 0.25, 0.5)))
def test_a_constant_current_gives_the_count_of_the_closed_form(seed, steps, start):
    generator = torch.Generator().manual_seed(seed)
    cur = 3 * torch.rand(1, 500, generator=generator, dtype=torch.float64) - 1
    neuron = IntegrateAndFire(0.75, start).double()
    count = neuron.unroll(constant(cur, steps))[0].sum(0)
    assert torch.equal(count, (torch.ceil(steps * cur / 0.75 + start) - 1).clamp(0, steps))
    assert 0 < count.mean() < steps


def test_a_half_is_rounded_down_since_neurons_fire_above_the_threshold():
    cur = torch.arange(-2, 19)[None] / 16  # exact in binary; eight steps give n/2 thresholds
    count = IntegrateAndFire().unroll(constant(cur, 8))[0].sum(0)
    by_hand = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 8]
    assert count[0].tolist() == by_hand
    assert torch.equal(QCFS(8).counts(cur), count)


def test_the_late_reset_gives_the_spikes_of_an_immediate_one():
    torch.manual_seed(0)
    cur_rec = torch.randn(60, 3, 20).double() + 0.4
    neuron = IntegrateAndFire(1.25).double()
    spk_rec, mem_rec = neuron.unroll(cur_rec)
    left, spikes = torch.full((3, 20), 0.625).double(), []
    for cur in cur_rec:
        left = left + cur
        spikes.append((left > 1.25).double())
        left = left - 1.25 * spikes[-1]
    assert torch.equal(spk_rec, torch.stack(spikes))
    assert 0 < spk_rec.mean() < 1
    torch.testing.assert_close(mem_rec[-1] - 1.25 * spk_rec[-1], left)


def test_the_error_of_the_first_layer_stays_within_half_a_step():
    torch.manual_seed(1)
    cur = 0.9 * torch.rand(1, 2000).double()
    for steps in (4, 16, 64):
        for start, most in ((0.5, 0.5), (0.0, 1.0)):
            spk_rec, _ = IntegrateAndFire(0.9, start).double().unroll(constant(cur, steps))
            error = (cur - 0.9 * spk_rec.mean(0)).abs()
            assert error.max() <= most * 0.9 / steps + 1e-12
            assert error.mean() == pytest.approx(most / 2 * 0.9 / steps, rel=0.1)


@pytest.mark.parametrize("layer", [IntegrateAndFire(0.7), TwoPhase(0.7, window=5, fires_after=10)])
def test_steps_and_sequence_agree_from_a_start_that_is_not_zero(layer):
    torch.manual_seed(2)
    cur_rec = torch.rand(20, 4, 30)
    spk_rec, mem_rec, *_ = layer.unroll(cur_rec)
    assert 0 < spk_rec.mean() < 1
    state = ()
    for cur, spk_then, mem_then in zip(cur_rec, spk_rec, mem_rec, strict=True):
        spk, *state = layer(cur, *state)
        assert torch.equal(spk, spk_then)
        torch.testing.assert_close(state[0], mem_then)


def test_two_phases_count_the_same_however_the_input_is_spread():
    torch.manual_seed(3)
    cur_rec = torch.randn(6, 2, 200).double()
    shuffled = cur_rec[torch.randperm(6)]
    silence = torch.zeros(6, 2, 200).double()
    neuron = TwoPhase(0.5, window=6, fires_after=6).double()
    counts = [neuron.unroll(torch.cat([rec, silence]))[0].sum(0) for rec in (cur_rec, shuffled)]
    assert torch.equal(*counts)
    by_hand = (torch.ceil(cur_rec.sum(0) / 0.5 + 0.5) - 1).clamp(0, 6)
    assert torch.equal(counts[0], by_hand)
    at_once = IntegrateAndFire(0.5).double()
    differ = [at_once.unroll(rec)[0].sum(0) for rec in (cur_rec, shuffled)]
    assert not torch.equal(*differ)


def test_two_phases_collect_and_fire_only_in_their_windows():
    cur_rec = torch.ones(20, 1, 1)
    spk_rec, mem_rec, age_rec = TwoPhase(1.0, 0.0, window=4, fires_after=10).unroll(cur_rec)
    assert mem_rec[:10].flatten().tolist() == [0] * 6 + [1, 2, 3, 4]
    assert spk_rec.flatten().nonzero().flatten().tolist() == [10, 11, 12]  # the fourth is at θ
    assert age_rec[-1] == 20


# ------------------------------------------------------------------------------------- activation


def test_qcfs_has_as_many_values_as_it_says_and_is_the_neurons_count():
    torch.manual_seed(4)
    z = 3 * torch.rand(1, 5000).double() - 1
    layer = QCFS(6, 1.5).double()
    counts = IntegrateAndFire(1.5).double().unroll(constant(z, 6))[0].sum(0)
    torch.testing.assert_close(layer(z), 1.5 / 6 * counts)
    assert layer(z).unique().numel() == 7


def test_the_gradient_of_qcfs_passes_through_the_rounding_and_moves_the_threshold():
    z = torch.tensor([-0.2, 0.3, 0.7, 2.5], requires_grad=True)
    layer = QCFS(4, 2.0)
    q = layer(z)
    q.sum().backward()
    assert z.grad.tolist() == [0, 1, 1, 0]  # only what is clipped gets none
    # Clipped values are θ itself; within, θ moves the rounding error, a share (q - z)/θ of it.
    within = ((q - z) / 2.0)[1:3].sum().item()
    assert layer.threshold.grad.item() == pytest.approx(1.0 + within)


# --------------------------------------------------------------------------------------- networks


def assert_counts_are_exact(ann, x):
    net = convert(ann, window=ann[1].levels)
    recordings = list(net.record(constant(x, total_steps(net))).values())
    z, fired = x, []
    for layer in ann:
        if isinstance(layer, QCFS):
            fired.append(recordings[len(fired)].spk.sum(0))
            assert torch.equal(fired[-1], layer.counts(z))
        z = layer(z)
    assert 0 < torch.cat([counts.flatten() for counts in fired]).mean() < ann[1].levels
    torch.testing.assert_close(outputs(net, x), z)


@settings(max_examples=25)
@given(seed=seeds, depth=st.integers(1, 4), levels=st.integers(1, 12))
def test_counts_are_those_of_the_ann_to_the_integer_when_layers_wait(seed, depth, levels):
    with torch.no_grad():
        assert_counts_are_exact(*dense(seed, depth, levels))


@settings(max_examples=10)
@given(seed=seeds, pool=st.sampled_from((nn.AvgPool2d(2), nn.MaxPool2d(2))))
def test_counts_stay_exact_through_convolution_and_either_pooling(seed, pool):
    with torch.no_grad():
        assert_counts_are_exact(*convolutional(seed, pool))


def test_at_once_only_the_first_layer_is_exact():
    ann, x = dense(0, depth=2, levels=8)
    first, second, _ = convert(ann).record(constant(x, 8)).values()
    z = ann[0](x)
    assert torch.equal(first.spk.sum(0), ann[1].counts(z))
    uneven = second.spk.sum(0) != ann[3].counts(ann[2](ann[1](z)))
    assert 0.01 < uneven.double().mean() < 0.7


def test_an_or_of_spikes_is_too_high_at_once():
    ann, x = convolutional(0, nn.MaxPool2d(2))
    net = convert(nn.Sequential(*ann[:3], nn.Flatten(), nn.Linear(64, 2)).double())
    spk_rec = next(iter(net.record(constant(x, 4)).values())).spk
    either = nn.MaxPool2d(2)(spk_rec.flatten(0, 1)).unflatten(0, spk_rec.shape[:2]).sum(0)
    highest = nn.MaxPool2d(2)(spk_rec.sum(0))
    assert (either >= highest).all()
    assert (either > highest).any()


def test_batch_norm_is_folded_and_many_steps_give_the_ann():
    ann, x = with_batch_norm()
    right = ann(x)
    errors = [(outputs(convert(ann, x), x, steps) - right).abs().mean() for steps in (8, 32, 128)]
    assert errors[0] > 2 * errors[1] > 4 * errors[2] > 0
    torch.testing.assert_close(quantized(ann, x, 4096)(x), right, atol=5e-3, rtol=0)


def test_the_reset_to_zero_throws_away_what_the_conversion_needs():
    ann, x = with_batch_norm()
    right, net = ann(x), convert(ann, x)
    kept = (outputs(net, x, 128) - right).abs().mean()
    for layer in list(net)[:-1]:
        if isinstance(layer, IntegrateAndFire):
            layer.reset_mechanism = "zero"
    assert (outputs(net, x, 128) - right).abs().mean() > 5 * kept


def test_an_ann_that_ends_with_an_activation_answers_with_spikes():
    ann, x = dense(1)
    ends = nn.Sequential(*ann[:4])
    for window, steps in ((None, 64), (8, None)):
        net = convert(ends, window=window)
        got = outputs(net, x, steps)
        assert 0 < got.mean() < 1
        torch.testing.assert_close(got, ends(x), atol=1e-9 if window else 0.2, rtol=0)


@pytest.mark.parametrize("window", [None, 6])
def test_a_converted_network_streams(window):
    ann, x = dense(2)
    net, state, membranes = convert(ann, window=window), None, []
    for each in constant(x, 24).unbind():
        _, state = net.step(each, state)
        membranes.append(state["3"][0])
    torch.testing.assert_close(torch.stack(membranes), net.record(constant(x, 24))["3"].mem)


def test_input_after_its_window_changes_nothing():
    ann, x = dense(3, levels=6)
    net = convert(ann, window=6)
    x_rec = constant(x, total_steps(net)).clone()
    x_rec[6:] = 0
    torch.testing.assert_close(net(x_rec)[1][-1] / 6, outputs(net, x))


def test_the_ann_and_the_input_stay_as_they_are():
    ann, x = with_batch_norm()
    before, given_x = copy.deepcopy(ann.state_dict()), x.clone()
    outputs(convert(ann, x), x, 4)
    quantized(nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64, 2)), x - 0.5, 4)
    assert torch.equal(x, given_x)
    for name, value in ann.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_layer_used_twice_is_scaled_once_in_each_place():
    torch.manual_seed(5)
    shared = nn.Linear(10, 10)
    ann = nn.Sequential(shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(10, 3))
    x = torch.rand(20, 10)
    assert (outputs(convert(ann, x), x, 256) - ann(x)).abs().max() < 0.05


def test_a_converted_network_can_be_trained_on():
    train, _ = snn.data.digits()
    torch.manual_seed(0)
    ann = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    net = convert(ann, train[0])

    def loss(mem_rec, targets):
        return nn.functional.cross_entropy(mem_rec[-1] / len(mem_rec), targets)

    history = snn.fit(
        net, train, encode=lambda x: constant(x, 4), loss=loss, accuracy=None, epochs=3, lr=5e-3,
        progress=False,
    )  # fmt: skip
    assert history.loss[-1] < 0.7 * history.loss[0]


# ------------------------------------------------------------------------------------- thresholds


def test_thresholds_are_the_maximum_or_what_a_percentage_does_not_exceed():
    ann, x = with_batch_norm()
    first, second = thresholds(ann, x)
    folded = ann[0](x).flatten()
    assert first == pytest.approx(folded.max().item(), rel=1e-5)
    assert second > 0
    (most, _) = thresholds(ann, x, percentile=99)
    assert (folded <= most * (1 + 1e-6)).double().mean() == pytest.approx(0.99, abs=1e-3)


def test_a_qcfs_keeps_its_own_threshold():
    ann, x = dense(6)
    assert thresholds(ann, x) == [ann[1].threshold.item(), ann[3].threshold.item()]


# -------------------------------------------------------------------------------------- bad input


LINEAR = nn.Linear(4, 4)
REFUSED = {
    "no chain": (LINEAR, "torch.nn.Sequential. Received Linear"),
    "spiking": (snn.Sequential(LINEAR, snn.Leaky(0.9)), "torch.nn.Sequential"),
    "gelu": (nn.Sequential(LINEAR, nn.GELU()), r"Layer '1', GELU.*train with `nn.ReLU`"),
    "nested": (nn.Sequential(nn.Sequential(LINEAR, nn.Tanh())), r"Layer '0.1', Tanh"),
    "softmax": (nn.Sequential(LINEAR, nn.Softmax(-1)), r"Softmax.*Leave it out"),
    "layer norm": (nn.Sequential(LINEAR, nn.LayerNorm(4)), r"'1', LayerNorm.*Convertible are"),
    "late norm": (nn.Sequential(LINEAR, nn.ReLU(), nn.BatchNorm1d(4)), r"ReLU\(\) before layer .2"),
    "first norm": (nn.Sequential(nn.BatchNorm1d(4), LINEAR), r"nothing before layer .0"),
    "no running": (
        nn.Sequential(LINEAR, nn.BatchNorm1d(4, track_running_stats=False)), "remember its stat",
    ),
    "no weights": (nn.Sequential(nn.Flatten()), "must have weights"),
    "empty": (nn.Sequential(), "must have weights"),
    "ends with pooling": (
        nn.Sequential(nn.Conv2d(1, 1, 1), QCFS(4, 2.0), nn.AvgPool2d(2)), "must end with weights",
    ),
    "no input": (nn.Sequential(LINEAR, nn.ReLU()), r"'1' does. Received None"),
}  # fmt: skip


@pytest.mark.bad_input
@pytest.mark.parametrize(("ann", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_converted_is_refused_by_name(ann, message):
    with pytest.raises((TypeError, ValueError), match=message):
        convert(ann)


def test_a_silent_relu_is_refused():
    ann = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    nn.init.constant_(ann[0].bias, -9.0)
    with pytest.raises(ValueError, match="ReLU in layer '1' must be above 0"):
        convert(ann, torch.rand(5, 4))


def test_settings_out_of_range_are_refused():
    ann, x = with_batch_norm()
    with pytest.raises(ValueError, match="percentile"):
        thresholds(ann, x, percentile=101)
    with pytest.raises(ValueError, match="`start` must lie in"):
        convert(ann, x, start=1.5)
    with pytest.raises(ValueError, match="window"):
        convert(ann, x, window=0)
    with pytest.raises(TypeError, match="levels"):
        QCFS(2.5)
    with pytest.raises(ValueError, match="threshold"):
        QCFS(4, 0)
    with pytest.raises(ValueError, match="`fires_after` must be `window` or more"):
        TwoPhase(window=4, fires_after=3)
    with pytest.raises(TypeError, match="steps"):
        outputs(convert(ann, x), x)
    with pytest.raises(ValueError, match="Choose `steps` yourself"):
        total_steps(convert(ann, x))


def test_a_changed_start_counts_from_the_next_call_on():
    neuron = IntegrateAndFire(1.0, start=0.0)
    neuron.start = 0.5
    assert neuron.unroll(torch.zeros(1, 1, 1))[1].item() == 0.5
    with pytest.raises(ValueError, match="`start` must lie in"):
        neuron.start = -0.1
