"""The same numbers as snnTorch 1.0: spikes and membranes bit for bit, gradients to 1e-5."""

import pytest
import torch

import snnedu as snn
from snnedu import surrogate
from snnedu.core import _sequence

snntorch = pytest.importorskip("snntorch")
theirs = pytest.importorskip("snntorch.surrogate")

pytestmark = pytest.mark.parity

RESETS = ("subtract", "zero", "none")
T, B, IN, N = 40, 8, 6, 10


@pytest.fixture(params=["compiled", "plain"], autouse=True)
def path(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    else:
        pytest.importorskip("numba")
    return request.param


def currents(seed, dtype=torch.float32):
    """Input through a weight matrix, so that its gradient can be compared as well."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(T, B, IN, generator=generator, dtype=dtype) + 0.1
    weight = torch.randn(N, IN, generator=generator, dtype=dtype) * 0.4
    return x.requires_grad_(), weight.requires_grad_()


def their_loop(layer, cur_rec, states):
    outputs, state = [], [torch.zeros_like(cur_rec[0])] * states
    for cur in cur_rec.unbind(0):
        outputs.append(layer(cur, *state))
        state = list(outputs[-1][-states:])
    return tuple(torch.stack(values) for values in zip(*outputs, strict=True))


def compare(ours, his, states, seed):
    """Run both; compare spikes, states and the gradients of inputs, weights and numbers."""
    results = []
    for layer, run in ((ours, ours.unroll), (his, lambda cur: their_loop(his, cur, states))):
        x, weight = currents(seed)
        outputs = run(torch.nn.functional.linear(x, weight))
        generator = torch.Generator().manual_seed(7)
        loss = sum((out * torch.randn(out.shape, generator=generator)).sum() for out in outputs)
        named = {n: p for n, p in layer.named_parameters() if not n.startswith("graded")}
        grads = torch.autograd.grad(loss, [x, weight, *(named[n] for n in sorted(named))])
        results.append((outputs, sorted(named), grads))
    (out, names, grads), (his_out, his_names, his_grads) = results
    assert 0 < out[0].mean() < 1
    assert names == his_names
    for mine, other in zip(out, his_out, strict=True):
        assert torch.equal(mine, other)
    for mine, other in zip(grads, his_grads, strict=True):
        # A number for all neurons sums T B N terms of either sign: their rounding adds up.
        terms = T * B * N / mine.numel() if mine.ndim < 2 else 1
        scale = max(other.abs().max().item(), terms**0.5)
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5 * max(scale, 1))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 1.0])
def test_leaky(beta, reset, seed):
    learned = {"learn_beta": True, "learn_threshold": True, "reset_mechanism": reset}
    compare(snn.Leaky(beta, **learned), snntorch.Leaky(beta, **learned), 1, seed)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("alpha", [0.0, 0.8])
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 1.0])
def test_synaptic(alpha, beta, reset, seed):
    learned = {"learn_alpha": True, "learn_beta": True, "learn_threshold": True}
    learned["reset_mechanism"] = reset
    ours, his = snn.Synaptic(alpha, beta, **learned), snntorch.Synaptic(alpha, beta, **learned)
    compare(ours, his, 2, seed)


@pytest.mark.parametrize("reset", RESETS)
def test_leaky_with_numbers_per_neuron(reset):
    beta, threshold = torch.linspace(0, 1, N), torch.linspace(0.5, 1.5, N)
    learned = {"learn_beta": True, "learn_threshold": True, "reset_mechanism": reset}
    compare(snn.Leaky(beta, threshold, **learned), snntorch.Leaky(beta, threshold, **learned), 1, 5)


@pytest.mark.parametrize("reset", RESETS)
def test_leaky_in_float64(reset):
    learned = {"learn_beta": True, "learn_threshold": True, "reset_mechanism": reset}
    ours, his = snn.Leaky(0.9, **learned).double(), snntorch.Leaky(0.9, **learned).double()
    his.mem = his.mem.double()
    # snnTorch's surrogate returns float32 spikes; the numbers 0 and 1 are the same in both
    compare_forward(ours, his)


def compare_forward(ours, his):
    x, weight = currents(3, torch.float64)
    cur = torch.nn.functional.linear(x, weight).detach()
    spk, mem = ours.unroll(cur)
    his_spk, his_mem = their_loop(his, cur, 1)
    assert 0 < spk.mean() < 1
    assert torch.equal(spk, his_spk.double())
    torch.testing.assert_close(mem, his_mem.double())


@pytest.mark.parametrize(
    ("ours", "his"),
    [
        (surrogate.atan(3.0), theirs.atan(3.0)),
        (surrogate.fast_sigmoid(10), theirs.fast_sigmoid(10)),
        (surrogate.sigmoid(4), theirs.sigmoid(4)),
        (surrogate.straight_through(), theirs.straight_through_estimator()),
    ],
    ids=["atan", "fast_sigmoid", "sigmoid", "straight_through"],
)
def test_surrogates(ours, his):
    compare(
        snn.Leaky(0.9, spike_grad=ours, learn_threshold=True),
        snntorch.Leaky(0.9, spike_grad=his, learn_threshold=True),
        1,
        seed=1,
    )


def test_where_their_sigmoid_breaks_ours_does_not():
    x = torch.tensor([-10.0], requires_grad=True)
    theirs.sigmoid(25)(x).backward()
    assert torch.isnan(x.grad)
    assert surrogate.sigmoid(25).derivative(x).item() == 0


def test_their_surrogates_work_in_our_neurons():
    cur = currents(1)[0]
    grads = []
    for spike_grad in (theirs.atan(3.0), surrogate.atan(3.0)):
        spk, _ = snn.Leaky(0.9, spike_grad=spike_grad).unroll(cur)
        assert 0 < spk.mean() < 1
        grads.append(torch.autograd.grad(spk.square().sum(), cur)[0])
    torch.testing.assert_close(*grads)


@pytest.mark.parametrize("reset", ["subtract", "none"])
def test_lapicque(reset):
    ours = snn.Lapicque(R=5.0, C=1.5, time_step=0.5, threshold=0.3, reset_mechanism=reset)
    his = snntorch.Lapicque(R=5.0, C=1.5, time_step=0.5, threshold=0.3, reset_mechanism=reset)
    cur = currents(2)[0].detach()
    spk, mem = ours.unroll(cur)
    his_spk, his_mem = their_loop(his, cur, 1)
    assert 0 < spk.mean() < 1
    assert torch.equal(spk, his_spk)
    torch.testing.assert_close(mem, his_mem)


def test_alpha_below_the_threshold():
    cur = currents(2)[0].detach()
    ours = snn.Alpha(0.9, 0.7, threshold=100.0).unroll(cur)
    his = their_loop(snntorch.Alpha(0.9, 0.7, threshold=100.0), cur, 3)
    for mine, other in zip(ours, his, strict=True):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("all_to_all", [True, False])
def test_rleaky(all_to_all, reset):
    # Their spikes are passed in, ours follow from the membrane; sums are ordered otherwise, so the
    # comparison allows for rounding as long as no spike flips (the seed is such that none does).
    options = {"all_to_all": all_to_all, "linear_features": N if all_to_all else None, "V": 0.3}
    options["reset_mechanism"] = reset
    ours, his = snn.RLeaky(0.9, **options), snntorch.RLeaky(0.9, **options)
    if all_to_all:
        his.load_state_dict(ours.state_dict(), strict=False)
    x, weight = currents(4)
    cur = torch.nn.functional.linear(x, weight)
    spk, mem = ours.unroll(cur)
    outputs, state = [], [torch.zeros_like(cur[0])] * 2
    for step in cur.unbind(0):
        state = his(step, *state)
        outputs.append(state)
    his_spk, his_mem = (torch.stack(values) for values in zip(*outputs, strict=True))
    assert 0 < spk.mean() < 1
    assert torch.equal(spk, his_spk)
    torch.testing.assert_close(mem, his_mem, rtol=1e-5, atol=1e-5)
    grads = [torch.autograd.grad((s.square() + m).sum(), [x, weight], retain_graph=True)
             for s, m in ((spk, mem), (his_spk, his_mem))]  # fmt: skip
    for mine, other in zip(*grads, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("reset", RESETS)
def test_rsynaptic(reset):
    options = {"linear_features": N, "reset_mechanism": reset}
    ours, his = snn.RSynaptic(0.5, 0.8, **options), snntorch.RSynaptic(0.5, 0.8, **options)
    his.load_state_dict(ours.state_dict(), strict=False)
    cur = torch.nn.functional.linear(*currents(5)).detach()
    outputs, state = [], [torch.zeros_like(cur[0])] * 3
    with torch.no_grad():  # with gradients their "zero" changes a tensor in place, and raises
        for step in cur.unbind(0):
            state = his(step, *state)
            outputs.append(state)
        found = ours.unroll(cur)
    assert 0 < found[0].mean() < 1
    for mine, other in zip(found, zip(*outputs, strict=True), strict=True):
        torch.testing.assert_close(mine, torch.stack(other), rtol=1e-5, atol=1e-5)


def test_recurrent_zero_fires_once_where_snntorch_does():
    # With all of U[t] zeroed, W S[t-1] is lost as well: a neuron does not keep itself awake.
    options = {"V": 2.0, "all_to_all": False, "reset_mechanism": "zero"}
    cur = torch.zeros(10, 1, 1)
    cur[0] = 1.5
    spk, _ = snn.RLeaky(0.9, **options).unroll(cur)
    his, state = snntorch.RLeaky(0.9, **options), [torch.zeros(1, 1)] * 2
    his_spk = []
    for step in cur:
        state = his(step, *state)
        his_spk.append(state[0])
    assert spk.sum() == 1
    assert torch.equal(spk, torch.stack(his_spk))
