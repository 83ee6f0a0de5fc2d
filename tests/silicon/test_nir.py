"""NIR: what goes out comes back with the same spikes; what cannot is refused or told."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn

nir = pytest.importorskip("nir")
resets = st.sampled_from(["subtract", "zero", "none"])


def spikes(*shape, share=0.3, seed=0):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share).float()


def same(a, b, x):
    ours, theirs = a.eval().record(x), b.record(x)
    assert len(ours) == len(theirs)
    for one, other in zip(ours.values(), theirs.values(), strict=True):
        assert torch.equal(one.spk, other.spk)
        assert torch.equal(one.mem, other.mem)
    assert 0 < next(iter(ours.values())).spk.mean() < 1


def neurons(kind, n, reset, draw):
    beta, alpha, theta = draw(3, n)
    common = {"threshold": 0.3 + theta, "reset_mechanism": reset}
    return {
        "leaky": lambda: snn.Leaky(beta, **common),
        "scalar": lambda: snn.Leaky(float(beta[0]), threshold=0.7, reset_mechanism=reset),
        "perfect": lambda: snn.Leaky(1.0, **common),
        "synaptic": lambda: snn.Synaptic(alpha, beta, **common),
        "recurrent": lambda: snn.RLeaky(beta, linear_features=n, **common),
        "self": lambda: snn.RLeaky(beta, V=0.3 * draw(n), all_to_all=False, **common),
        "rsynaptic": lambda: snn.RSynaptic(alpha, beta, linear_features=n, **common),
    }[kind]()


KINDS = ["leaky", "scalar", "perfect", "synaptic", "recurrent", "self", "rsynaptic"]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 9999), kinds=st.tuples(*[st.sampled_from(KINDS)] * 2), reset=resets,
    dt=st.sampled_from([1e-4, 1e-3, 0.37]),
)  # fmt: skip
def test_a_network_comes_back_with_the_same_numbers(seed, kinds, reset, dt):
    torch.manual_seed(seed)
    net = snn.Sequential(
        nn.Linear(6, 8), neurons(kinds[0], 8, reset, torch.rand),
        nn.Dropout(0.5), nn.Linear(8, 4, bias=False), neurons(kinds[1], 4, reset, torch.rand),
    )  # fmt: skip
    with torch.no_grad():
        net[0].weight.mul_(3)
    same(net, snn.from_nir(snn.to_nir(net, dt, quiet=True)), spikes(50, 3, 6, share=0.5, seed=seed))


def test_a_file_keeps_convolutions_pooling_and_delays(tmp_path):
    torch.manual_seed(0)
    net = snn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1), snn.Leaky(0.9, threshold=0.2),
        nn.AvgPool2d(2), nn.Flatten(), snn.Delay(torch.arange(16) % 5, 4),
        nn.Linear(16, 5), snn.Leaky(0.8, threshold=0.2),
    )  # fmt: skip
    nir.write(tmp_path / "net.nir", snn.to_nir(net, 1e-3, (2, 8, 8), quiet=True))
    same(net, snn.from_nir(tmp_path / "net.nir"), spikes(20, 2, 2, 8, 8))


def test_a_file_keeps_one_dimension_and_learned_numbers(tmp_path):
    torch.manual_seed(1)
    net = snn.Sequential(
        nn.Conv1d(3, 4, 3, padding="same", dilation=2), snn.Leaky(0.9, threshold=0.2),
        nn.Flatten(), nn.Linear(40, 6),
        snn.RSynaptic(0.7, 0.9, linear_features=6, threshold=0.3, learn_beta=True),
    )  # fmt: skip
    with torch.no_grad():
        net[4].beta.fill_(0.95)
    nir.write(str(tmp_path / "net.nir"), snn.to_nir(net, 1e-3, (3, 10), quiet=True))
    same(net, snn.from_nir(str(tmp_path / "net.nir")), spikes(30, 2, 3, 10))


def test_the_equations_are_those_of_nir():
    # τ v' = -v + r I with Euler's steps of dt: v + dt/τ (r I - v).
    net = snn.Sequential(nn.Linear(1, 1), snn.Synaptic(0.8, 0.9, threshold=2.0))
    node = snn.to_nir(net, 1e-3, quiet=True).nodes["002_synaptic"]
    assert node.tau_mem == pytest.approx(1e-2, rel=1e-6)
    assert node.tau_syn == pytest.approx(5e-3, rel=1e-6)
    assert node.r * 1e-3 / node.tau_mem == pytest.approx(1)
    assert node.w_in * 1e-3 / node.tau_syn == pytest.approx(1)
    assert node.v_threshold == 2
    assert not node.v_leak.any()


def literal(graph_input, weight, tau, r, dt, theta=1.0):
    """NIR as it is written: Euler's steps, `>`, an immediate reset to 0."""
    v, out = np.zeros(weight.shape[0]), []
    for x in graph_input:
        v = v + dt / tau * (r * (weight @ x) - v)
        z = v > theta
        v = np.where(z, 0, v)
        out.append(z.astype(float))
    return np.stack(out)


@pytest.mark.parametrize("r", [1.0, 7.5])
def test_graphs_of_others_spike_as_nir_says(r):
    rng = np.random.default_rng(0)
    weight, tau, dt = rng.normal(0, 6, (5, 4)), 0.02, 1e-3
    full = np.full(5, 1.0)
    graph = nir.NIRGraph(
        nodes={
            "out": nir.Output(output_type={"output": np.array([5])}),
            "b": nir.LIF(tau=tau * full, r=r * full, v_leak=0 * full, v_threshold=full),
            "a": nir.Linear(weight), "in": nir.Input(input_type={"input": np.array([4])}),
        },
        edges=[("b", "out"), ("in", "a"), ("a", "b")],
    )  # fmt: skip
    x = (rng.random((60, 4)) < 0.4).astype(float)
    net = snn.from_nir(graph, dt=dt)
    spk, _ = net(torch.from_numpy(x[:, None]).float())
    expected = literal(x, weight, tau, r, dt)
    assert torch.equal(spk[:, 0].double(), torch.from_numpy(expected))
    assert 0 < expected.mean() < 1


def test_a_reader_without_reset_adds_up():
    graph = nir.NIRGraph.from_list(
        nir.Linear(np.ones((2, 3))),
        nir.LI(tau=np.full(2, 0.01), r=np.full(2, 10.0), v_leak=np.zeros(2)),
    )
    spk, mem = snn.from_nir(graph, dt=1e-3)(torch.ones(3, 1, 3))
    assert spk.sum() == 0
    assert mem[:, 0, 0].tolist() == pytest.approx([3.0, 3 + 0.9 * 3, 3 + 0.9 * 5.7])


def test_what_others_will_change_is_said():
    net = snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9))
    with pytest.warns(UserWarning, match="reset to zero and spike differently"):
        snn.to_nir(net)
    snn.to_nir(snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9, reset_mechanism="zero")))


def test_another_time_step_than_the_noted_one_is_said_and_used():
    net = snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9, reset_mechanism="zero"))
    graph = snn.to_nir(net, dt=1e-3)
    with pytest.warns(UserWarning, match=r"stands for 0.001 s. Received `dt=0.0001`"):
        read = snn.from_nir(graph, dt=1e-4)
    assert read[1].beta.item() == pytest.approx(0.99)
    assert snn.from_nir(graph, dt=1e-3)[1].beta.item() == pytest.approx(0.9)  # not a warning


def test_a_late_reset_of_others_is_said():
    one = np.ones(2)
    graph = nir.NIRGraph.from_list(
        nir.Linear(np.ones((2, 3))),
        nir.CubaLIF(tau_syn=one * 0.01, tau_mem=one * 0.01, r=one * 10, w_in=one * 10,
                    v_leak=0 * one, v_threshold=one),
    )  # fmt: skip
    with pytest.warns(UserWarning, match="one step late"):
        snn.from_nir(graph, dt=1e-3)


linear = nn.Linear(4, 5)
weights_alone = nir.NIRGraph.from_list(nir.Linear(np.ones((2, 3))))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: snn.to_nir(nn.Sequential(linear)), TypeError, "Received Sequential"),
        (lambda: snn.to_nir(snn.Sequential(snn.Leaky(0.9))), ValueError, "input_shape"),
        (lambda: snn.to_nir(snn.Sequential(linear, snn.Leaky(0.9)), dt=0), ValueError, "dt"),
        (
            lambda: snn.to_nir(snn.Sequential(linear, snn.AdaptiveLeaky(0.9))),
            TypeError,
            r"'1' \(Ad",
        ),
        (
            lambda: snn.to_nir(
                snn.Sequential(nn.MaxPool2d(2), snn.Leaky(0.9)), input_shape=(1, 4, 4)
            ),
            TypeError,
            "AvgPool2d",
        ),
        (
            lambda: snn.to_nir(snn.Sequential(linear, nn.BatchNorm1d(5), snn.Leaky(0.9))),
            TypeError,
            "fold_batch_norm",
        ),
        (
            lambda: snn.to_nir(snn.Sequential(linear, snn.Synaptic(1.0, 0.9)), quiet=True),
            ValueError,
            "time constant",
        ),
        (
            lambda: snn.to_nir(
                snn.Sequential(snn.Delay(torch.ones(4), 3, sigma=1.0), linear, snn.Leaky(0.9)),
                input_shape=(4,),
            ),
            TypeError,
            "sigma = 0",
        ),
        (lambda: snn.from_nir(7), TypeError, "Received int"),
        (
            lambda: snn.from_nir(nir.NIRGraph.from_list(nir.Linear(np.ones((2, 3))))),
            ValueError,
            "dt",
        ),
        (
            lambda: snn.from_nir(nir.NIRGraph.from_list(nir.Scale(np.ones(3))), dt=1e-3),
            TypeError,
            "'scale', a Scale",
        ),
        (
            lambda: snn.from_nir(
                nir.NIRGraph.from_list(
                    nir.LIF(tau=np.ones(2), r=np.ones(2), v_leak=np.ones(2), v_threshold=np.ones(2))
                ),
                dt=1e-3,
            ),
            ValueError,
            "v_leak",
        ),
        (
            lambda: snn.from_nir(
                nir.NIRGraph.from_list(
                    nir.LIF(
                        tau=np.ones(2), r=np.ones(2), v_leak=np.zeros(2), v_threshold=np.ones(2)
                    )
                ),
                dt=1e-3,
            ),
            ValueError,
            "multiplies its input",
        ),
    ],
)
def test_bad_input_is_answered(make, error, words):
    with pytest.raises(error, match=words):
        make()
