"""Few bits and integers: laws, a slow reference in Python's own integers, then bad input."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.nn.utils import parametrize

import snnedu as snn
from snnedu.silicon import quantize
from snnedu.silicon.quantize import int_leaky_step, integer

seeds = st.integers(0, 2**31)
HOW = {"state_bits": 16, "rounding": "nearest", "overflow": "saturate"}


def small(seed=0, beta=0.875, reset="subtract"):
    torch.manual_seed(seed)
    return snn.Sequential(
        nn.Linear(12, 16), snn.Leaky(beta, 0.4, reset_mechanism=reset),
        nn.Linear(16, 5), snn.Leaky(beta, 0.3, reset_mechanism=reset),
    )  # fmt: skip


def convolutional(pool):
    torch.manual_seed(1)
    return snn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), snn.Leaky(0.75, 0.3), pool, nn.Dropout(0.5),
        nn.Conv2d(4, 3, 2, groups=1), pool, snn.Leaky(0.75, 0.1),
        nn.Flatten(), nn.Linear(3, 5), snn.Leaky(0.5, 0.2),
    ).eval()  # fmt: skip


def spikes(*shape, seed=0, share=0.4):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share).float()


# ----------------------------------------------------------------- the reference: fixed point, slow


def reference_step(cur, mem, k, theta, bits, rounding, overflow, reset):
    """Advance one neuron one step in Python's integers, from the definitions."""
    spike = mem > theta
    if reset == "zero" and spike:
        mem = 0
    exact = 0 if k == 31 else math.nan
    if k != 31:
        down, rest = divmod(mem, 2**k)
        exact = {
            "floor": down,
            "zero": down + (mem < 0 and rest > 0),
            "nearest": down + (2 * rest >= 2**k if k else 0),
        }[rounding]
    mem = mem - exact + cur - (theta if reset == "subtract" and spike else 0)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if overflow == "saturate":
        mem = min(max(mem, low), high)
    else:
        while mem > high:
            mem -= 2**bits
        while mem < low:
            mem += 2**bits
    return int(mem > theta), mem


def reference_network(chip, x_rec):
    """Run a chip of Linear and Leaky layers neuron by neuron; return the last layer's spikes."""
    rows = [[int(v) for v in x] for x in x_rec]
    pairs = [list(chip.layers.values())[n : n + 2] for n in range(0, len(chip.layers), 2)]
    for weights, leaky in pairs:
        mem = [0] * len(weights.weight)
        out = []
        for row in rows:
            spk = []
            for n, w in enumerate(weights.weight.tolist()):
                total = sum(a * b for a, b in zip(w, row, strict=True))
                e = int(weights.exponent[n])
                moved = total * 2**e if e >= 0 else (total + 2 ** (-e - 1)) // 2**-e
                moved += int(weights.bias[n])
                values = int(leaky.shift), int(leaky.threshold[n])
                how = [leaky.how[name] for name in ("state_bits", "rounding", "overflow")]
                one, mem[n] = reference_step(
                    moved, mem[n], *values, *how, leaky.how["reset_mechanism"]
                )
                spk.append(one)
            out.append(spk)
        rows = out
    return rows, mem


@settings(deadline=None, max_examples=200)
@given(
    data=st.data(),
    bits=st.sampled_from((4, 8, 12, 16)),
    k=st.one_of(st.integers(0, 14), st.just(31)),
    rounding=st.sampled_from(("nearest", "floor", "zero")),
    overflow=st.sampled_from(("saturate", "wrap")),
    reset=st.sampled_from(("subtract", "zero", "none")),
)
def test_the_integer_step_equals_fixed_point_in_plain_python(
    data, bits, k, rounding, overflow, reset
):
    top = 2 ** (bits - 1) - 1
    theta = data.draw(st.integers(1, top))
    mems = data.draw(st.lists(st.integers(-top - 1, top), min_size=1, max_size=8))
    curs = data.draw(st.lists(st.integers(-3 * top, 3 * top), min_size=len(mems), max_size=8))
    curs = (curs * len(mems))[: len(mems)]
    spk, mem = int_leaky_step(
        torch.tensor([curs]), torch.tensor([mems], dtype=torch.int16), shift=k, threshold=theta,
        state_bits=bits, rounding=rounding, overflow=overflow, reset_mechanism=reset,
    )  # fmt: skip
    right = [
        reference_step(c, m, k, theta, bits, rounding, overflow, reset)
        for c, m in zip(curs, mems, strict=True)
    ]
    assert list(zip(spk[0].tolist(), mem[0].tolist(), strict=True)) == right
    assert mem.dtype == torch.int16
    assert spk.dtype == torch.int8


@settings(deadline=None, max_examples=25)
@given(
    seed=seeds,
    bits=st.integers(2, 8),
    state_bits=st.integers(6, 16),
    headroom=st.sampled_from((1.5, 8.0)),
    rounding=st.sampled_from(("nearest", "floor", "zero")),
    overflow=st.sampled_from(("saturate", "wrap")),
    reset=st.sampled_from(("subtract", "zero")),
)
def test_a_network_equals_fixed_point_in_plain_python(
    seed, bits, state_bits, headroom, rounding, overflow, reset
):
    how = {"headroom": headroom, "rounding": rounding, "overflow": overflow}
    chip = integer(small(seed % 100, reset=reset), bits, state_bits, input_bits=1, **how)
    x_rec = spikes(12, 1, 12, seed=seed)
    spk_rec, mem_rec = chip(x_rec)
    right, last = reference_network(chip, x_rec[:, 0])
    assert spk_rec[:, 0].tolist() == right
    assert mem_rec[-1, 0].tolist() == last


def test_the_network_of_the_reference_spikes_and_is_silent():
    rates = [integer(small(seed), input_bits=1)(spikes(12, 4, 12))[0] for seed in range(5)]
    assert all(0 < rate.float().mean() < 1 for rate in rates)


# --------------------------------------------------------------------------------------- physics


@pytest.mark.parametrize("k", [1, 3, 6])
def test_a_membrane_decays_by_the_closed_form(k):
    mem = torch.tensor([[20_000]], dtype=torch.int16)
    for n in range(1, 20):
        _, mem = int_leaky_step(
            torch.zeros_like(mem), mem, shift=k, threshold=32_767, reset_mechanism="none", **HOW
        )
        exact = 20_000 * (1 - 2.0**-k) ** n
        assert abs(mem.item() - exact) <= 0.5 * 2**k  # errors of a half, which leak, too


@pytest.mark.parametrize(
    ("rounding", "above", "below"), [("floor", 7, 0), ("zero", 7, -7), ("nearest", 3, -4)]
)
def test_the_leak_stops_where_the_shift_rounds_to_zero(rounding, above, below):
    how = HOW | {"rounding": rounding, "reset_mechanism": "none"}
    mem = torch.tensor([[500, -500]], dtype=torch.int16)
    for _ in range(200):
        _, mem = int_leaky_step(torch.zeros_like(mem), mem, shift=3, threshold=1000, **how)
    assert mem.tolist() == [[above, below]]


def test_a_sum_that_is_too_large_stops_or_comes_out_negative():
    mem, cur = torch.tensor([[120]], dtype=torch.int8), torch.tensor([[60]])
    how = {"shift": 31, "threshold": 127, "reset_mechanism": "none", "rounding": "floor"}
    assert int_leaky_step(cur, mem, state_bits=8, overflow="saturate", **how)[1].item() == 127
    assert int_leaky_step(cur, mem, state_bits=8, overflow="wrap", **how)[1].item() == 180 - 256


@given(k=st.integers(0, 24))
def test_shift_and_decay_are_inverse(k):
    assert quantize.nearest_shift(quantize.decay(k)).item() == k
    assert quantize.nearest_shift(1.0).item() == 31
    assert quantize.decay(31).item() == 1.0


def test_the_nearest_shift_of_common_decays():
    betas = torch.tensor([0.0, 0.5, 0.8, 0.9, 0.95, 0.99])
    assert quantize.nearest_shift(betas).tolist() == [0, 1, 2, 3, 4, 7]


# ---------------------------------------------------------------------------------- weights of bits


@given(seed=seeds, bits=st.integers(2, 8), per_channel=st.booleans())
def test_rounded_weights_are_few_symmetric_and_near(seed, bits, per_channel):
    weight = torch.randn(5, 30, generator=torch.Generator().manual_seed(seed))
    q = quantize.integers(weight, bits, per_channel=per_channel)
    s = quantize.scales(weight, bits, per_channel=per_channel)
    top = 2 ** (bits - 1) - 1
    assert q.abs().max() == top
    assert ((s * q - weight).abs() <= s / 2 * 1.00001).all()
    assert torch.equal(quantize.integers(-weight, bits, per_channel=per_channel), -q)
    assert torch.equal(quantize.integers(s * q, bits, per_channel=per_channel), q)


def test_a_channel_of_zeros_stays_zero():
    weight = torch.tensor([[0.0, 0.0], [1.0, -0.5]])
    assert quantize.integers(weight, 8).tolist() == [[0, 0], [127, -64]]
    assert quantize.integers(torch.zeros(2, 2), 8).tolist() == [[0, 0], [0, 0]]


def test_a_cut_makes_the_grid_finer_and_cuts_the_largest_weights():
    weight = torch.tensor([[1.0, 0.6, 0.2, -0.3, -1.0]])
    assert quantize.integers(weight, 2, cut=0.5).tolist() == [[1, 1, 0, -1, -1]]
    assert quantize.integers(weight, 2).tolist() == [[1, 1, 0, 0, -1]]
    assert quantize.scales(weight, 2, cut=0.5).item() == 0.5
    net = small()
    for made in (quantize.weights(net, 2, cut=0.5), quantize.aware(net, 2, cut=0.5)):
        s = net[0].weight.detach().abs().amax(1, keepdim=True) / 2
        assert torch.allclose(made[0].weight, s * (net[0].weight / s).round().clamp(-1, 1))


def test_a_chip_keeps_the_weights_that_were_trained_with_a_cut():
    trained = quantize.plain(quantize.aware(small(2), 2, cut=0.5))
    chip = integer(trained, 2)
    assert torch.equal(chip.layers["0"].weight.sign().float(), trained[0].weight.sign())
    assert chip.layers["0"].weight.abs().max() == 1


def test_rounded_weights_leave_the_network_and_its_biases_alone():
    net = small()
    before = copy.deepcopy(net.state_dict())
    rounded = quantize.weights(net, 3)
    assert {len(row.unique()) <= 7 for row in rounded[0].weight} == {True}
    assert torch.equal(rounded[0].bias, net[0].bias)
    assert all(
        torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True)
    )


def test_training_with_rounding_gives_the_gradient_of_the_rounded_weights():
    net, x_rec = small(), spikes(6, 4, 12)
    trained, fixed = quantize.aware(net, 3), quantize.weights(net, 3)
    for each in (trained, fixed):
        each(x_rec)[1].square().sum().backward()
    exact = trained[0].parametrizations.weight.original
    assert torch.equal(exact.detach(), net[0].weight.detach())
    assert torch.equal(exact.grad, fixed[0].weight.grad)
    assert exact.grad.abs().sum() > 0


def test_training_moves_the_exact_weights_and_plain_keeps_the_rounded_ones():
    trained = quantize.aware(small(beta=0.9), 3)
    assert trained[1].beta.item() == 0.875
    original = trained[0].parametrizations.weight.original
    with torch.no_grad():
        original += 0.01 * torch.randn_like(original)
    plain = quantize.plain(trained)
    assert not parametrize.is_parametrized(plain[0])
    assert torch.equal(plain[0].weight, trained[0].weight)
    x_rec = spikes(9, 3, 12)
    assert torch.equal(plain(x_rec)[1], trained(x_rec)[1])
    assert torch.equal(plain(x_rec[:1].expand(9, 3, 12))[0], trained(x_rec[:1].expand(9, 3, 12))[0])


def test_a_copy_without_rounding_leaves_the_others_whole():
    # torch's own `remove_parametrizations` takes `weight` away from all copies.
    first = quantize.aware(small(), 4)
    second = copy.deepcopy(first)
    quantize.plain(first)
    integer(first)
    assert first[0].weight.shape == second[0].weight.shape == (16, 12)


@pytest.mark.parametrize(("learned", "used"), [(1.01, 1.0), (-0.2, 0.0)])
def test_a_decay_that_training_pushed_outside_counts_as_the_layer_uses_it(learned, used):
    net = snn.Sequential(nn.Linear(12, 5), snn.Leaky(used, 0.3, learn_beta=True))
    same = copy.deepcopy(net)
    with torch.no_grad():
        net[1].beta.fill_(learned)
    x_rec = spikes(20, 3, 12)
    spk_rec, _ = integer(net)(x_rec)
    assert 0 < spk_rec.float().mean() < 1
    assert torch.equal(spk_rec, integer(same)(x_rec)[0])
    assert torch.equal(quantize.aware(net, bits=4)[1].beta, torch.tensor(used))


def test_a_learned_decay_is_fixed_by_training_for_shifts():
    net = snn.Sequential(nn.Linear(3, 4), snn.Leaky(0.8, learn_beta=True, learn_threshold=True))
    trained = quantize.aware(net, 4)
    assert [name for name, _ in trained.named_parameters() if "beta" in name] == []
    assert trained[1].beta.item() == 0.75
    assert "1.threshold" in dict(trained.named_parameters())


# ----------------------------------------------------------------------------- networks of integers


@pytest.mark.parametrize("bits", [4, 8])
def test_the_chip_spikes_as_the_rounded_network_does(bits):
    net = quantize.weights(small(2), bits)
    x_rec = torch.rand(25, 64, 12, generator=torch.Generator().manual_seed(3))
    spk_rec, mem_rec = net(x_rec)
    chip = integer(net, bits, input_bits=12)
    spk_int, mem_int = chip(x_rec)
    assert 0.05 < spk_rec.mean() < 0.95
    assert (spk_int == spk_rec).float().mean() > 0.98
    in_units = mem_int / chip.layers["3"].threshold * 0.3
    close = (in_units - mem_rec).abs().median()
    assert close < 0.01


@pytest.mark.parametrize("pool", [nn.AvgPool2d(2, 2), nn.MaxPool2d(2)])
def test_convolutions_and_pooling_spike_as_in_floats(pool):
    net = convolutional(pool)
    for name, layer in quantize.weights(net, 8).named_modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            net.get_submodule(name).load_state_dict(layer.state_dict())
    x_rec = spikes(20, 16, 1, 9, 9, seed=4)
    spk_rec, _ = net(x_rec)
    chip = integer(net, input_bits=1)
    assert 0.05 < spk_rec.mean() < 0.95
    assert (chip(x_rec)[0] == spk_rec).float().mean() > 0.97
    assert [name for name in chip.layers if name == "3"] == []  # dropout is left out


def test_nothing_in_a_chip_is_a_float():
    chip = integer(convolutional(nn.AvgPool2d(2)))
    kinds = {value.dtype for value in chip.state_dict().values()}
    assert kinds == {torch.int8, torch.int32}
    assert list(chip.parameters()) == []
    spk_rec, mem_rec = chip(spikes(5, 2, 1, 9, 9))
    assert (spk_rec.dtype, mem_rec.dtype) == (torch.int8, torch.int16)


def test_steps_sequences_and_pieces_of_sequences_agree():
    chip, x_rec = integer(convolutional(nn.MaxPool2d(2))), torch.rand(12, 3, 1, 9, 9)
    whole = chip.record(x_rec)
    first, state = chip.unroll(x_rec[:7])
    second = chip.record(x_rec[7:], state)
    state, stepped = None, []
    for x in x_rec:
        spk, state = chip.step(x, state)
        stepped.append(spk)
    last = whole["9"].spk
    assert torch.equal(torch.stack(stepped), last)
    assert torch.equal(torch.cat([first["9"].spk, second["9"].spk]), last)
    assert torch.equal(state["9"][0], whole["9"].mem[-1])
    assert torch.equal(chip(x_rec)[1], whole["9"].mem)
    assert 0 < last.float().mean() < 1


@given(headroom=st.sampled_from((1.0, 2.0, 8.0, 32.0)), state_bits=st.integers(10, 16))
def test_the_state_holds_the_thresholds_asked_for_and_at_most_twice_as_many(headroom, state_bits):
    chip = integer(small(), 8, state_bits, headroom=headroom)
    held = (2 ** (state_bits - 1) - 1) / chip.layers["1"].threshold
    # Rounding the threshold to a whole number moves it by a half at most.
    assert (held >= headroom * (1 - 0.5 / chip.layers["1"].threshold)).all()
    assert (held <= 2 * headroom * (1 + 0.6 / chip.layers["1"].threshold)).all()


def test_neurons_with_numbers_of_their_own_keep_them():
    thresholds = torch.tensor([0.1, 0.2, 0.4])
    net = snn.Sequential(nn.Linear(4, 3), snn.Leaky(torch.tensor([0.5, 0.75, 1.0]), thresholds))
    with torch.no_grad():
        net[0].weight[:, 0] = 1.0
    chip = integer(net, input_bits=1)
    assert chip.layers["1"].shift.tolist() == [1, 2, 31]
    unit = chip.layers["1"].threshold / 2.0 ** chip.layers["0"].exponent
    torch.testing.assert_close(unit / 127, thresholds, rtol=1e-3, atol=0)


def test_input_is_rounded_and_clipped_at_the_entrance():
    chip = integer(small(), input_bits=4, input_max=2.0)
    x = torch.tensor([0.0, 1.0, 2.0, 5.0, -1.0, -9.0])
    assert chip.digitize(x).tolist() == [0, 8, 15, 15, -8, -15]
    assert torch.equal(chip.digitize(chip.digitize(x)), chip.digitize(x))


# ------------------------------------------------------------------ devices, noise, and pruned nets


def test_mismatch_spreads_weights_thresholds_and_decays_as_asked():
    torch.manual_seed(5)
    net = snn.Sequential(nn.Linear(50, 400), snn.Leaky(0.9), nn.Linear(400, 10), snn.Leaky(0.9))
    chip = quantize.mismatch(net, 0.1, torch.Generator().manual_seed(0))
    factors = (chip[0].weight / net[0].weight).detach()
    assert factors.std().item() == pytest.approx(0.1, rel=0.05)
    assert factors.mean().item() == pytest.approx(1, abs=0.01)
    tau = 1 / (1 - chip[1].beta) / 10
    for values in (chip[1].threshold, tau):
        assert values.shape == (400,)
        assert values.std().item() == pytest.approx(0.1, rel=0.15)
    assert torch.equal(chip[0].bias, net[0].bias)
    assert chip(spikes(5, 2, 50))[0].shape == (5, 2, 10)


def test_a_chip_is_one_draw_and_another_chip_another():
    net, generator = convolutional(nn.MaxPool2d(2)), torch.Generator().manual_seed(0)
    one, other = (quantize.mismatch(net, 0.2, generator) for _ in range(2))
    again = quantize.mismatch(net, 0.2, torch.Generator().manual_seed(0))
    x_rec = spikes(6, 2, 1, 9, 9)
    assert torch.equal(one(x_rec)[1], again(x_rec)[1])
    assert torch.equal(one(x_rec)[1], one(x_rec)[1])
    assert not torch.equal(one(x_rec)[1], other(x_rec)[1])
    assert torch.equal(quantize.mismatch(net, 0, generator)(x_rec)[1], net(x_rec)[1])
    assert one[1].threshold.shape == (4, 1, 1)


def test_robust_training_meets_a_new_chip_at_each_pass():
    net, x_rec = small(), spikes(6, 4, 12)
    trained = quantize.robust(net, 0.2, torch.Generator().manual_seed(0))
    assert not torch.equal(trained(x_rec)[1], trained(x_rec)[1])
    assert torch.equal(trained.eval()(x_rec)[1], net(x_rec)[1])
    trained.train()(x_rec)[1].square().sum().backward()
    assert trained[0].parametrizations.weight.original.grad.abs().sum() > 0
    assert not torch.equal(copy.deepcopy(trained)(x_rec)[1], trained(x_rec)[1])
    assert torch.equal(quantize.plain(trained)(x_rec)[1], net(x_rec)[1])


def test_noise_in_the_current_has_the_size_asked_for():
    net = snn.Sequential(nn.Linear(2, 2000), snn.Leaky(0.0, 50.0))
    noisy = quantize.noisy(net, 0.3, torch.Generator().manual_seed(0))
    x_rec = torch.rand(8, 3, 2)
    difference = noisy(x_rec)[1] - net(x_rec)[1]
    assert difference.std().item() == pytest.approx(0.3, rel=0.05)
    constant = noisy(x_rec[:1].expand(8, 3, 2))[1]
    assert not torch.equal(constant[0], constant[1])  # fresh at each step
    assert list(dict(noisy.named_parameters())) == ["0.weight", "0.bias"]


@given(share=st.sampled_from((0.0, 0.3, 0.8, 1.0)))
def test_pruning_takes_the_smallest_weights_and_keeps_them_at_zero(share):
    net = small()
    pruned = quantize.prune(net, share)
    gone = pruned[0].weight == 0
    assert gone.sum() == round(share * 192)
    assert torch.equal(pruned[0].weight[~gone], net[0].weight[~gone])
    if 0 < share < 1:
        assert net[0].weight[gone].abs().max() <= net[0].weight[~gone].abs().min()
    pruned(spikes(5, 4, 12))[1].sum().backward()
    assert not pruned[0].parametrizations.weight.original.grad[gone].any()
    both = quantize.aware(pruned, 4)  # one after the other
    assert (both[0].weight[gone] == 0).all()


# --------------------------------------------------------------------------------------- bad input


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: integer(small(), 1), ValueError, "`bits` must lie in"),
        (lambda: integer(small(), 8.0), TypeError, "`bits` must be a whole number"),
        (lambda: integer(small(), 8, 32), ValueError, "`state_bits` must lie in"),
        (lambda: integer(small(), rounding="up"), ValueError, "`rounding` must be one of"),
        (lambda: integer(small(), overflow="Wrap"), ValueError, "Did you mean 'wrap'"),
        (lambda: integer(small(), headroom=0.5), ValueError, "`headroom` must lie in"),
        (lambda: integer(small(), input_max=0), ValueError, "`input_max` must be finite"),
        (lambda: integer(nn.Linear(2, 2)), TypeError, "must be a snnedu.Sequential"),
        (lambda: quantize.weights(small(), 9), ValueError, "`bits` must lie in"),
        (lambda: quantize.weights(small(), 2, cut=0), ValueError, "`cut` must lie in"),
        (lambda: quantize.aware(small(), 2, cut=1.5), ValueError, "`cut` must lie in"),
        (lambda: quantize.aware(nn.Linear(2, 2), 8), TypeError, "must be a snnedu.Sequential"),
        (lambda: quantize.mismatch(small(), -0.1), ValueError, "`sd` must lie in"),
        (lambda: quantize.robust(small(), 2), ValueError, "`sd` must lie in"),
        (lambda: quantize.noisy(small(), -1), ValueError, "`sd` must lie in"),
        (lambda: quantize.prune(small(), 80), ValueError, "`share` must lie in"),
        (lambda: quantize.nearest_shift(1.5), ValueError, "`beta` must lie in"),
    ],
)
def test_bad_arguments_are_refused_with_a_way_out(call, error, says):
    with pytest.raises(error, match=says):
        call()


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([nn.Linear(4, 4), snn.Synaptic(0.8, 0.9)], "'1', Synaptic.*cannot be computed"),
        ([nn.Linear(4, 4), nn.Linear(4, 4), snn.Leaky(0.9)], "Put `Leaky` between"),
        ([nn.Linear(4, 4), nn.BatchNorm1d(4), snn.Leaky(0.9)], "fold_batch_norm"),
        ([nn.Linear(4, 4), nn.ReLU(), snn.Leaky(0.9)], "'1', ReLU"),
        ([snn.Leaky(0.9)], "need weights right before"),
        ([nn.Conv2d(1, 2, 3), nn.Flatten(), snn.Leaky(0.9)], "after the neurons"),
        ([nn.Conv2d(1, 2, 3), nn.AvgPool2d(2, ceil_mode=True), snn.Leaky(0.9)], "plain counts"),
        ([nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), snn.Leaky(0.9)], "zeros"),
    ],
)
def test_layers_that_have_no_integer_form_are_refused_by_name(layers, says):
    with pytest.raises(TypeError, match=says):
        integer(snn.Sequential(*layers))


@pytest.mark.bad_input
def test_input_and_state_of_the_wrong_kind_are_refused():
    chip = integer(small())
    with pytest.raises(ValueError, match="within ± 255"):
        chip(torch.full((2, 1, 12), 256))
    with pytest.raises(ValueError, match="must be finite"):
        chip(torch.full((2, 1, 12), math.nan))
    with pytest.raises(ValueError, match="must hold a membrane for layer '1'"):
        chip.step(torch.rand(1, 12), {"0": ()})
    ones = torch.ones(1, 3, dtype=torch.int32)
    how = {"shift": 3, "threshold": 9, "reset_mechanism": "none", **HOW}
    with pytest.raises(TypeError, match="`cur` must hold integers"):
        int_leaky_step(ones.float(), ones, **how)
    with pytest.raises(ValueError, match="equal shapes"):
        int_leaky_step(ones, ones[:, :2], **how)


@pytest.mark.bad_input
def test_sums_that_could_leave_the_accumulator_are_refused_before_they_do():
    wide = snn.Sequential(nn.Linear(20_000, 2), snn.Leaky(0.9, 1e-3))
    with torch.no_grad():
        wide[0].weight.fill_(1.0)
    with pytest.raises(ValueError, match=r"must fit into 32 bits.*layer '0'"):
        integer(wide, input_bits=16)
