"""residual.py: a skip connection over time, in steps, recorded and exported; or refused by name."""

import pytest
import torch
from torch import nn

import snnedu as snn


def network(reset="subtract"):
    torch.manual_seed(0)
    net = snn.Sequential(
        nn.Linear(5, 6), snn.Leaky(0.9, reset_mechanism=reset),
        snn.Residual(nn.Linear(6, 6), snn.Leaky(0.8), snn.Residual(nn.Linear(6, 6))),
        nn.Linear(6, 3), snn.Leaky(0.9),
    )  # fmt: skip
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_((weight * 24).round() / 16)  # sums are exact in any order
    return net


def spikes(*shape):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(1)) < 0.5).float()


def by_hand(net, x_rec):
    """Return the spikes of the last layer, by the loop that the equation says."""
    first, lif1, outer, second, lif2 = net
    one = two = three = None
    out = []
    for x in x_rec:
        x, one = lif1(first(x), one)
        y, two = outer[1](outer[0](x), two)
        y = y + outer[2][0](y)
        spk, three = lif2(second(x + y), three)
        out.append(spk)
    return torch.stack(out)


def test_it_adds_its_input_at_each_step():
    net, x_rec = network(), spikes(30, 4, 5)
    spk, _ = net(x_rec)
    assert 0 < spk.mean() < 1
    assert torch.equal(spk, by_hand(net, x_rec))


def test_without_the_sum_other_spikes_come_out():
    net, x_rec = network(), spikes(30, 4, 5)
    plain = snn.Sequential(net[0], net[1], *net[2][:2], net[2][2][0], net[3], net[4])
    assert not torch.equal(net(x_rec)[0], plain(x_rec)[0])


def test_steps_equal_the_sequence_and_pieces_equal_the_whole():
    net, x_rec = network(), spikes(20, 4, 5)
    state, out = None, []
    for x in x_rec:
        spk, state = net.step(x, state)
        out.append(spk)
    assert torch.equal(torch.stack(out), net(x_rec)[0])
    first, middle = net.unroll(x_rec[:7])
    second, _ = net.unroll(x_rec[7:], middle)
    both = torch.cat([first["4"].spk, second["4"].spk])
    assert torch.equal(both, net(x_rec)[0])
    assert torch.equal(net(x_rec, recompute=5)[0], both)


def test_layers_inside_are_recorded_by_name():
    recordings = network().record(spikes(20, 4, 5))
    assert list(recordings) == ["1", "2.1", "4"]
    assert 0 < recordings["2.1"].spk.mean() < 1
    assert "Residual: add the input" in network().summary((5,))


def test_constant_input_stays_cheap_and_right():
    net = snn.Sequential(snn.Residual(nn.Linear(5, 5)), snn.Leaky(0.9))
    x = torch.rand(4, 5)
    spk, mem = net(x.expand(12, 4, 5))
    expected = snn.Leaky(0.9).unroll((x + net[0][0](x)).expand(12, 4, 5))
    torch.testing.assert_close((spk, mem), expected)


def test_gradients_take_both_paths():
    net = snn.Sequential(snn.Residual(nn.Linear(2, 2, bias=False)), snn.Leaky(0.9, threshold=100.0))
    nn.init.zeros_(net[0][0].weight)
    x = torch.ones(1, 1, 2, requires_grad=True)
    net(x)[1].sum().backward()
    assert torch.equal(x.grad, torch.ones(1, 1, 2))


def test_weights_are_kept_and_batch_norm_is_folded():
    net = network()
    other = network()
    with torch.no_grad():
        other[2][0].weight.zero_()
    other.load_state_dict(net.state_dict())
    x_rec = spikes(20, 4, 5)
    assert torch.equal(other(x_rec)[0], net(x_rec)[0])
    normed = snn.Sequential(snn.Residual(nn.Linear(5, 5), nn.BatchNorm1d(5)), snn.Leaky(0.9, 0.1))
    normed(torch.rand(9, 8, 5))
    spk = normed.eval()(x_rec)[0]
    assert torch.equal(snn.fold_batch_norm(normed)(x_rec)[0], spk)
    assert 0 < spk.mean() < 1


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: snn.Residual(nn.Linear(5, 5))(torch.rand(1, 5)), TypeError, "layer of a `Seq"),
        (
            lambda: snn.Sequential(snn.Residual(nn.Linear(5, 6)), snn.Leaky(0.9))(
                torch.rand(3, 1, 5)
            ),
            ValueError,
            "equal shapes",
        ),
        (lambda: snn.to_snntorch(network()), TypeError, "'2', Residual"),
        (
            lambda: snn.Sequential(nn.Linear(5, 5), snn.Residual(snn.Leaky(0.9)))(spikes(9, 1, 5)),
            ValueError,
            "must spike",
        ),
    ],
)
def test_bad_input_is_answered(act, error, words):
    with pytest.raises(error, match=words):
        act()


@pytest.mark.bad_input
def test_nir_refuses_it_by_name():
    pytest.importorskip("nir")
    with pytest.raises(TypeError, match=r"Layer '2' .Residual.* one chain"):
        snn.to_nir(network(), quiet=True)
