"""network.py: a chain of layers gives the numbers of the loop that one would write by hand."""

import copy
import io
import pickle
from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu.core.network import detach

STEPS, BATCH = 12, 5


def exact(net: nn.Module, seed: int = 0) -> nn.Module:
    """Give all weights values of k/16: sums of them with spikes are exact in any order."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randint(-8, 12, weight.shape, generator=generator) / 16)
    return net


def dense(seed: int = 0) -> snn.Sequential:
    return exact(
        snn.Sequential(nn.Linear(7, 9), snn.Leaky(0.9), nn.Linear(9, 4), snn.Leaky(0.75)), seed
    )


def spikes(steps: int = STEPS, batch: int = BATCH, features: int = 7, seed: int = 1):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(steps, batch, features, generator=generator) < 0.5).float()


def alive(spk_rec: torch.Tensor) -> bool:
    return 0 < spk_rec.mean() < 1


# ------------------------------------------------------------------------------ what it computes


def test_constant_current_fires_at_the_closed_form_interval():
    # From rest U[n] = I (1 - βⁿ) / (1 - β); reset to zero starts over one step after each spike.
    beta, current, steps = 0.9, 0.25, 60
    net = snn.Sequential(nn.Linear(1, 1, bias=False), snn.Leaky(beta, reset_mechanism="zero"))
    nn.init.constant_(net[0].weight, current)
    spk_rec, _ = net(torch.ones(steps, 1, 1))
    period = next(n for n in range(1, steps) if current * (1 - beta**n) / (1 - beta) > 1)
    assert 1 < period < steps
    assert spk_rec.flatten().nonzero().flatten().tolist() == list(range(period - 1, steps, period))


def test_equals_the_loop_written_by_hand_bit_for_bit():
    net, x_rec = dense(), spikes()
    hand_spk, hand_mem, mem1, mem2 = [], [], None, None
    for x in x_rec:
        spk1, mem1 = net[1](net[0](x), mem1)
        spk2, mem2 = net[3](net[2](spk1), mem2)
        hand_spk.append(spk2)
        hand_mem.append(mem2)
    spk_rec, mem_rec = net(x_rec)
    assert alive(spk_rec)
    torch.testing.assert_close(spk_rec, torch.stack(hand_spk), rtol=0, atol=0)
    torch.testing.assert_close(mem_rec, torch.stack(hand_mem), rtol=0, atol=0)
    weights = list(net.parameters())
    hand = torch.autograd.grad(torch.stack(hand_spk).sum() + hand_mem[-1].sum(), weights)
    ours = torch.autograd.grad(spk_rec.sum() + mem_rec[-1].sum(), weights)
    for a, b in zip(hand, ours, strict=True):
        assert a.abs().max() > 0
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parity
def test_equals_the_same_network_in_snntorch():
    import snntorch

    net, x_rec = dense(), spikes()
    theirs = [snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.75)]
    mems, recorded = [lif.reset_mem() for lif in theirs], []
    for x in x_rec:
        spk, mems[0] = theirs[0](net[0](x), mems[0])
        spk, mems[1] = theirs[1](net[2](spk), mems[1])
        recorded.append(spk)
    spk_rec, mem_rec = net(x_rec)
    assert alive(spk_rec)
    torch.testing.assert_close(spk_rec, torch.stack(recorded), rtol=0, atol=0)
    torch.testing.assert_close(mem_rec[-1], mems[1], rtol=0, atol=0)


EVERY_NEURON = {
    "Leaky": lambda: snn.Leaky(0.9),
    "Synaptic": lambda: snn.Synaptic(0.5, 0.9),
    "Alpha": lambda: snn.Alpha(0.9, 0.8, threshold=0.3),
    "AdaptiveLeaky": lambda: snn.AdaptiveLeaky(0.9),
    "Lapicque": lambda: snn.Lapicque(R=5.0, C=2.0),
    "RLeaky": lambda: exact(snn.RLeaky(0.9, linear_features=9)),
    "RSynaptic": lambda: exact(snn.RSynaptic(0.5, 0.9, linear_features=9)),
}


@pytest.mark.parametrize("name", EVERY_NEURON)
def test_stream_and_split_equal_the_whole_sequence(name):
    net = exact(snn.Sequential(nn.Linear(7, 9), EVERY_NEURON[name](), nn.Linear(9, 4)))
    net.append(snn.Leaky(0.75))
    with torch.no_grad():
        net[1].threshold = 0.3 if name == "Alpha" else 1.0
    x_rec = spikes()
    whole, last = net.unroll(x_rec, record=True)
    assert alive(whole["1"].spk)

    streamed, state = [], None
    for x in x_rec:
        spk, state = net.step(x, state)
        streamed.append(spk)
    torch.testing.assert_close(torch.stack(streamed), whole["3"].spk, rtol=0, atol=0)

    first, half = net.unroll(x_rec[:5], record=True)
    second, end = net.unroll(x_rec[5:], half, record=True)
    for layer in whole:
        for one, two, both in zip(first[layer], second[layer], whole[layer], strict=True):
            torch.testing.assert_close(torch.cat([one, two]), both, rtol=0, atol=0)
        for a, b, c in zip(end[layer], last[layer], state[layer], strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)
            torch.testing.assert_close(a, c, rtol=1e-6, atol=1e-6)


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_shapes_causality_and_independence_of_samples(steps, batch, features, seed):
    net = exact(snn.Sequential(nn.Linear(features, 6), snn.Leaky(0.9), snn.Leaky(0.5)), seed)
    x_rec = spikes(steps, batch, features, seed)
    recordings = net.record(x_rec)
    for recording in recordings.values():
        assert recording.spk.shape == recording.mem.shape == (steps, batch, 6)
    t, b = seed % steps, seed % batch
    changed = x_rec.clone()
    changed[t, b] = 1 - changed[t, b]
    for name, recording in net.record(changed).items():
        before, after = recordings[name].mem, recording.mem
        assert torch.equal(before[:t], after[:t])  # the past is not touched
        others = [i for i in range(batch) if i != b]
        assert torch.equal(before[:, others], after[:, others])


def test_record_gives_every_spiking_layer_and_forward_the_last():
    net = snn.Sequential(
        synapses=nn.Linear(7, 9),
        hidden=snn.Synaptic(0.5, 0.9),
        out=nn.Linear(9, 4),
        cells=snn.Leaky(0.9),
    )
    x_rec = spikes()
    recordings = net.record(x_rec)
    assert list(recordings) == ["hidden", "cells"]
    spk_rec, syn_rec, mem_rec = recordings["hidden"]
    assert syn_rec is recordings["hidden"].syn
    assert spk_rec.shape == syn_rec.shape == mem_rec.shape == (STEPS, BATCH, 9)
    for ours, theirs in zip(net(x_rec), recordings["cells"], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    assert repr(recordings["cells"]) == "Recording(spk=[12, 5, 4], mem=[12, 5, 4])"


def test_hidden_layers_record_nothing_unless_asked(monkeypatch):
    net, asked, unroll = dense(), [], snn.Leaky.unroll

    def spy(self, cur_rec, *state, record=True):
        asked.append(record)
        return unroll(self, cur_rec, *state, record=record)

    monkeypatch.setattr(snn.SpikingLayer, "unroll", spy)
    net(spikes())
    net.unroll(spikes())
    net.record(spikes())
    assert asked == [False, True, False, True, True, True]


def test_detached_state_stops_the_gradient_and_nothing_else():
    net, x_rec = dense(), spikes()
    _, half = net.unroll(x_rec[:6])
    cut = detach(half)
    assert detach(None) is None
    assert not any(part.requires_grad for parts in cut.values() for part in parts)
    with_past, _ = net.unroll(x_rec[6:], half)
    without, _ = net.unroll(x_rec[6:], cut)
    assert torch.equal(with_past["3"].mem, without["3"].mem)
    long = torch.autograd.grad(with_past["3"].mem.sum(), net[0].weight)[0]
    short = torch.autograd.grad(without["3"].mem.sum(), net[0].weight)[0]
    assert not torch.allclose(long, short)


@pytest.mark.bad_input
def test_detach_of_a_tensor_names_the_state():
    with pytest.raises(TypeError, match=r"the state that `net\.unroll` .* Received Tensor"):
        detach(spikes())


def with_dropout() -> snn.Sequential:
    return snn.Sequential(nn.Dropout(0.5), nn.Linear(7, 9), snn.Synaptic(0.9, 0.8), dense()[2:])


@pytest.mark.parametrize("length", [1, 5, STEPS, 50])
@pytest.mark.parametrize("make", [dense, with_dropout])
def test_recomputing_changes_no_number_and_no_gradient(make, length):
    net, x_rec = exact(make()), spikes().requires_grad_()
    results = []
    for recompute in (None, length):
        torch.manual_seed(2)
        spk_rec, mem_rec = net(x_rec, recompute=recompute)
        loss = (spk_rec.cumsum(0) * 0.1 + mem_rec.square()).sum()
        results.append([spk_rec, mem_rec, *torch.autograd.grad(loss, [x_rec, *net.parameters()])])
    assert alive(results[0][0])
    assert results[0][2].any()
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-4)  # sums over stretches


def test_recomputing_holds_nothing_but_input_and_states_until_the_way_back():
    net, x_rec = dense(), spikes(steps=400)

    def step(recompute):
        return lambda: net(x_rec, recompute=recompute)[0].sum().backward()

    whole, short = snn.peak_saved_bytes(step(None)), snn.peak_saved_bytes(step(20))
    assert short <= 1.1 * x_rec.nbytes
    assert short < whole / 4


# ------------------------------------------------------------------------------- constant input


class Counts(nn.Linear):
    """Counts the samples it sees."""

    seen = 0

    def forward(self, input):
        self.seen += len(input)
        return super().forward(input)


def convnet() -> snn.Sequential:
    return snn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), snn.Leaky(0.9), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.3), nn.Linear(36, 10), snn.Leaky(0.9),
    )  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", [dense, convnet])
def test_constant_input_gives_the_numbers_and_gradients_of_its_copies(make, training):
    torch.manual_seed(0)
    net = make().double().train(training)
    twin = copy.deepcopy(net)
    x = torch.rand(BATCH, *((1, 8, 8) if make is convnet else (7,)), dtype=torch.float64) * 3
    constant = x.expand(STEPS, *x.shape)
    results = []
    for network, x_rec in ((net, constant), (twin, constant.clone())):
        torch.manual_seed(1)  # one dropout mask for both
        spk_rec, mem_rec = network(x_rec)
        (spk_rec.sum() + mem_rec.square().sum()).backward()
        results.append([spk_rec, mem_rec, *(p.grad for p in network.parameters())])
        results[-1] += [b.clone() for b in network.buffers()]  # running mean and variance
    assert alive(results[0][0])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


def test_constant_input_is_computed_once(monkeypatch):
    monkeypatch.setattr("snnedu.core.network._SAMPLE_BY_SAMPLE", {Counts, nn.Linear, nn.ReLU})
    net = snn.Sequential(Counts(7, 9), nn.ReLU(), Counts(9, 9), snn.Leaky(0.9), Counts(9, 4))
    net.append(snn.Leaky(0.9))
    net(spikes(1).expand(STEPS, BATCH, 7))
    assert [net[i].seen for i in (0, 2, 4)] == [BATCH, BATCH, STEPS * BATCH]


def test_a_layer_that_may_be_random_is_computed_at_every_step():
    net = snn.Sequential(Counts(7, 9), snn.Leaky(0.9))  # a subclass: unknown
    net(spikes(1).expand(STEPS, BATCH, 7))
    assert net[0].seen == STEPS * BATCH


def test_who_hooks_into_a_layer_sees_every_step():
    seen = []
    net = dense()
    net[0].register_forward_hook(lambda layer, args, y: seen.append(len(y)))
    net(spikes(1).expand(STEPS, BATCH, 7))
    assert seen == [STEPS * BATCH]


class Doubled(snn.Leaky):
    """A neuron of a learner's, who has not heard of `steps`."""

    def unroll(self, cur_rec, *state, record=True):
        return super().unroll(2 * cur_rec, *state, record=record)


def test_neurons_with_an_unroll_of_their_own_get_every_step():
    net = snn.Sequential(nn.Linear(7, 9), Doubled(0.9))
    x = torch.rand(BATCH, 7)
    spk_rec, _ = net(x.expand(STEPS, BATCH, 7))
    twin = snn.Sequential(net[0], snn.Leaky(0.9))
    net[0].weight.data *= 2
    net[0].bias.data *= 2
    assert torch.equal(spk_rec, twin(x.expand(STEPS, BATCH, 7))[0])
    assert alive(spk_rec)


def test_constant_input_with_a_gradient_of_its_own_gets_one_for_each_step():
    net = dense()
    x_rec = spikes(1).expand(STEPS, BATCH, 7).requires_grad_()
    copies = x_rec.detach().clone().requires_grad_()
    grads = [torch.autograd.grad(net(x)[1][-1].sum(), x)[0] for x in (x_rec, copies)]
    assert grads[1][0].abs().sum() > 0
    torch.testing.assert_close(*grads)


# ------------------------------------------------------------- convolution, dropout, batch norm


def test_a_convolutional_network_equals_its_steps():
    torch.manual_seed(0)
    net = convnet().double().eval()  # float64: rounding of products flips no spike
    x_rec = torch.rand(STEPS, BATCH, 1, 8, 8, dtype=torch.float64) * 3
    spk_rec, _ = net(x_rec)
    state, streamed = None, []
    for x in x_rec:
        spk, state = net.step(x, state)
        streamed.append(spk)
    assert alive(spk_rec)
    assert torch.equal(torch.stack(streamed), spk_rec)


def test_dropout_draws_one_mask_for_a_sequence_and_another_for_the_next():
    net = snn.Sequential(nn.Dropout(0.5), snn.Leaky(1.0, threshold=100.0))  # U sums the input
    torch.manual_seed(0)
    _, mem_rec = net(torch.ones(STEPS, BATCH, 40))
    silent = mem_rec[-1] == 0
    assert 0.3 < silent.float().mean() < 0.7
    # A neuron is dropped at all steps or at none; what is kept is scaled by 1 / (1 - p) = 2.
    assert torch.equal(mem_rec[-1], torch.where(silent, 0.0, 2.0 * STEPS))
    _, again = net(torch.ones(STEPS, BATCH, 40))
    assert not torch.equal(again[-1] == 0, silent)
    _, unchanged = net.eval()(torch.ones(STEPS, BATCH, 40))
    assert (unchanged[-1] == STEPS).all()


def test_dropout_streams_and_splits_with_one_mask():
    net = dense()
    net.insert(2, nn.Dropout(0.4))
    x_rec, state, streamed = spikes(), None, []
    torch.manual_seed(3)
    whole, _ = net(x_rec)
    torch.manual_seed(3)
    for x in x_rec:
        spk, state = net.step(x, state)
        streamed.append(spk)
    assert alive(whole)
    torch.testing.assert_close(torch.stack(streamed), whole)
    torch.manual_seed(3)
    first, half = net.unroll(x_rec[:5])
    second, _ = net.unroll(x_rec[5:], half)
    torch.testing.assert_close(torch.cat([first["4"].spk, second["4"].spk]), whole)


def test_dropout_of_whole_channels_keeps_its_kind():
    net = snn.Sequential(nn.Dropout2d(0.5), snn.Leaky(1.0, threshold=100.0))
    torch.manual_seed(0)
    _, mem_rec = net(torch.ones(STEPS, BATCH, 30, 2, 2))
    assert torch.equal(mem_rec.amin((-1, -2)), mem_rec.amax((-1, -2)))
    assert 0 < (mem_rec[-1] == 0).float().mean() < 1


def test_batch_norm_takes_its_statistics_from_all_steps_and_samples():
    net = snn.Sequential(nn.BatchNorm1d(7), snn.Leaky(0.0, threshold=100.0))  # U is the input
    x_rec = torch.randn(STEPS, BATCH, 7) * 3 + 1
    _, mem_rec = net(x_rec)
    flat = mem_rec.detach().flatten(0, 1)
    torch.testing.assert_close(flat.mean(0), torch.zeros(7), atol=1e-5, rtol=0)
    torch.testing.assert_close(flat.var(0, unbiased=False), torch.ones(7), atol=1e-4, rtol=0)
    torch.testing.assert_close(net[0].running_mean, 0.1 * x_rec.flatten(0, 1).mean(0))


# ---------------------------------------------------------------------- being a module like others


def test_nested_networks_are_one_chain():
    parts = dense()
    nested = snn.Sequential(snn.Sequential(parts[0], parts[1]), nn.Sequential(parts[2], parts[3]))
    x_rec = spikes()
    assert torch.equal(nested(x_rec)[0], parts(x_rec)[0])
    assert list(nested.record(x_rec)) == ["0.1", "1.1"]
    _, state = nested.step(x_rec[0])
    assert list(state) == ["0.1", "1.1"]
    assert all(f"{name}.beta" in nested.state_dict() for name in state)
    assert torch.equal(
        nested[0](x_rec)[0], parts.record(x_rec)["1"].spk
    )  # the inner one works alone


def test_one_layer_in_two_places_keeps_two_states():
    lif = snn.Leaky(0.9)
    shared = snn.Sequential(lif, nn.Identity(), lif)
    apart = snn.Sequential(snn.Leaky(0.9), nn.Identity(), snn.Leaky(0.9))
    x_rec = 0.7 * spikes()
    assert alive(shared(x_rec)[0])
    assert torch.equal(shared(x_rec)[0], apart(x_rec)[0])
    assert set(shared.step(x_rec[0])[1]) == {"0", "2"}


def loaded(net: snn.Sequential) -> snn.Sequential:
    file, other = io.BytesIO(), dense(seed=9)
    torch.save(net.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file))
    return other


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda net: pickle.loads(pickle.dumps(net)),
        lambda net: net[:],
        loaded,
        lambda net: copy.deepcopy(net).double().float(),
        lambda net: copy.deepcopy(net).to("cpu"),
    ],
    ids=["deepcopy", "pickle", "slice", "state_dict", "dtype", "device"],
)
def test_a_copy_computes_the_same(copied):
    net, x_rec = dense(), spikes()
    net[1].threshold = 0.5
    expected = net(x_rec)[0]
    assert alive(expected)
    assert torch.equal(copied(net)(x_rec)[0], expected)


def test_float64_goes_through():
    spk_rec, mem_rec = dense().double()(spikes().double())
    assert spk_rec.dtype == mem_rec.dtype == torch.float64
    assert alive(spk_rec)


def test_layers_can_be_changed_after_construction():
    net = dense()
    before = net(spikes())[0].sum()
    net[1].threshold = 5.0
    assert net(spikes())[0].sum() < before
    net[3] = snn.Synaptic(0.5, 0.9)
    assert list(vars(net.record(spikes())["3"])) == ["spk", "syn", "mem"]


def test_summary_tells_shapes_and_counts_and_changes_nothing():
    torch.manual_seed(0)
    net = convnet()
    net[2] = snn.Leaky(0.9, learn_beta=True)
    before, random = copy.deepcopy(net.state_dict()), torch.get_rng_state()
    text = net.summary((1, 8, 8))
    rows = [line.split() for line in text.splitlines()]
    assert [row[-1] for row in rows[1:-1]] == ["40", "8", "1", "0", "0", "0", "370", "0"]
    assert "[4, 6, 6]" in text
    assert "[36]" in text
    assert rows[-1] == ["419", "parameters,", "154", "spiking", "neurons"]
    assert net.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert "Leaky(beta=0.9" in repr(net)


def test_names_come_from_an_ordered_dict_too():
    net = snn.Sequential(OrderedDict(a=nn.Linear(7, 4), b=snn.Leaky(0.9)))
    assert list(net.record(spikes())) == ["b"]


# -------------------------------------------------------------------------------------- bad input


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class Hides(nn.Module):
    def __init__(self):
        super().__init__()
        self.lif = snn.Leaky(0.9)


def after(*layers: nn.Module) -> snn.Sequential:
    return snn.Sequential(*layers, snn.Leaky(0.9))


X = spikes()
NAN = X.clone().index_put_((torch.tensor(3), torch.tensor(0)), torch.tensor(float("nan")))
BAD = {
    "no layers": (lambda: snn.Sequential()(X), ValueError, "last layer .* must spike.*no layers"),
    "linear last": (
        lambda: snn.Sequential(snn.Leaky(0.9), nn.Linear(7, 2))(X), ValueError,
        r"must spike.*Received Linear.*Append neurons.*reset_mechanism='none'",
    ),
    "a class": (lambda: snn.Sequential(nn.ReLU), TypeError, r"Module objects.*`nn\.ReLU\(\)`"),
    "a list": (lambda: snn.Sequential([nn.ReLU()]), TypeError, "one by one"),
    "names for some": (lambda: snn.Sequential(nn.ReLU(), a=nn.ReLU()), TypeError, "all or none"),
    "no time axis": (lambda: dense()(X[0]), ValueError, r"time first.*\(5, 7\).*unsqueeze\(0\)"),
    "no steps": (lambda: dense()(X[:0]), ValueError, r"at least one step.*\(0, 5, 7\)"),
    "integers": (lambda: dense()(X.long()), TypeError, r"floating-point.*int64.*x_rec\.float\(\)"),
    "a list of numbers": (lambda: dense()([1.0]), TypeError, r"torch\.Tensor.*list"),
    "float64": (lambda: dense()(X.double()), TypeError, "one dtype.*float64.*float32"),
    "another device": (lambda: dense()(X.to("meta")), TypeError, "one device.*meta.*cpu"),
    "float64, one step": (lambda: dense().step(X[0].double()), TypeError, "one dtype.*float64"),
    "integers, one step": (lambda: dense().step(X[0].long()), TypeError, "floating-point"),
    "features": (lambda: dense()(X[:, :, :3]), RuntimeError, r"(?s)multiplied.*layer '0', Linear"),
    "NaN": (lambda: dense()(NAN), ValueError, r"(?s)NaN.*from step 3 on.*layer '1', Leaky"),
    "state of another batch": (
        lambda: dense().step(X[0, :2], dense().step(X[0])[1]), ValueError,
        r"(?s)equal shapes.*\(2, 9\).*\(5, 9\).*None.*layer '1'",
    ),
    "state of another network": (
        lambda: dense().step(X[0], after(nn.Linear(7, 9)).step(X[0])[1]), ValueError,
        r"this network's: of layers 1, 3\. Received 1\.",
    ),
    "unknown layer in state": (
        lambda: dense().unroll(X, {**dense().step(X[0])[1], "7": (X[0],)}), ValueError,
        r"Received 1, 3, 7",
    ),
    "hidden neurons": (
        lambda: after(Hides())(X), TypeError, r"must be layers.*Leaky.*inside layer '0', Hides",
    ),
    "a pair": (lambda: after(Pair())(X), TypeError, r"one tensor.*tuple for 60"),
    "batch lost": (lambda: after(nn.Flatten(0))(X), TypeError, r"batch first.*\[420\] for 60"),
    "batch norm, one step": (
        lambda: after(nn.BatchNorm1d(7)).step(X[0]), ValueError, r"(?s)net\.eval\(\).*layer '0'",
    ),
    "batch norm, recomputed": (
        lambda: after(nn.BatchNorm1d(7))(X, recompute=5), ValueError,
        r"(?s)all steps together.*without `recompute`.*layer '0'",
    ),
    "recompute nothing": (lambda: dense()(X, recompute=0), ValueError, "`recompute` must be 1"),
    "recompute a list": (lambda: dense()([1.0], recompute=5), TypeError, r"torch\.Tensor.*list"),
    "membrane that was not recorded": (
        lambda: dense().unroll(X)[0]["1"].mem, AttributeError, r"holds spk.*'mem'.*net\.record",
    ),
}  # fmt: skip


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered(name):
    call, kind, message = BAD[name]
    with pytest.raises(kind, match=message):
        call()
