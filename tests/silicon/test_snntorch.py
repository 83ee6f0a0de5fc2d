"""Networks of snnTorch come in, and go out, with the same spikes; the rest is refused by name."""

import pytest
import torch
from torch import nn

import snnedu as snn

theirs = pytest.importorskip("snntorch")
utils = pytest.importorskip("snntorch.utils")
pytestmark = pytest.mark.filterwarnings("error")
RESETS = ["subtract", "zero", "none"]


def spikes(*shape, share=0.4, seed=0):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share).float()


def over_time(net, x_rec):
    """Return spikes and membranes of a network of snnTorch that keeps its state inside."""
    utils.reset(net)
    with torch.no_grad():
        pairs = [net(x) for x in x_rec.unbind(0)]
    return torch.stack([spk for spk, *_ in pairs]), torch.stack([mem for *_, mem in pairs])


def same(net, other, x_rec):
    """Assert equal spikes, and membranes up to the rounding of matrix products."""
    spk, mem = net.eval()(x_rec)
    his_spk, his_mem = over_time(other, x_rec)
    assert torch.equal(spk, his_spk)
    torch.testing.assert_close(mem, his_mem, rtol=1e-4, atol=1e-4)
    assert 0 < spk.mean() < 1


def neurons(kind, n, reset, last=False):
    torch.manual_seed(n)
    options = {"init_hidden": True, "output": last, "reset_mechanism": reset}
    beta, threshold = torch.rand(n), 0.3 + torch.rand(n)
    return {
        "leaky": lambda: theirs.Leaky(beta, threshold, learn_beta=True, **options),
        "synaptic": lambda: theirs.Synaptic(0.7, beta, threshold, **options),
        "recurrent": lambda: theirs.RLeaky(0.8, linear_features=n, **options),
        "self": lambda: theirs.RLeaky(0.8, V=0.3, all_to_all=False, **options),
        "rsynaptic": lambda: theirs.RSynaptic(0.6, 0.8, linear_features=n, **options),
    }[kind]()


def network(kind, reset):
    torch.manual_seed(1)
    first, second = nn.Linear(6, 8), nn.Linear(8, 4)
    with torch.no_grad():
        first.weight.mul_(3)
        second.weight.mul_(3)
        second.bias.add_(0.2)
    return nn.Sequential(first, neurons(kind, 8, reset), second, neurons(kind, 4, reset, True))


KINDS = ["leaky", "synaptic", "recurrent", "self", "rsynaptic"]


@pytest.mark.parity
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_comes_in_with_the_same_spikes(kind, reset):
    other = network(kind, reset)
    same(snn.from_snntorch(other), other, spikes(40, 3, 6))


@pytest.mark.parity
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("kind", KINDS)
def test_so_does_a_state_dict(kind, reset):
    other = network(kind, reset)
    same(snn.from_snntorch(other.state_dict()), other, spikes(40, 3, 6))


@pytest.mark.parity
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_out_again(kind, reset):
    net = snn.from_snntorch(network(kind, reset))
    back = snn.to_snntorch(net)
    same(net, back, spikes(40, 3, 6, seed=1))
    assert torch.equal(snn.from_snntorch(back)[1].beta, net[1].beta)


@pytest.mark.parity
def test_convolutions_and_nested_parts_come_along():
    torch.manual_seed(0)
    other = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 3, 3, stride=2), theirs.Leaky(0.8, 0.2, init_hidden=True)),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3, 4),
        theirs.Leaky(0.9, 0.1, init_hidden=True, output=True),
    )  # fmt: skip
    with torch.no_grad():
        other[3].bias.fill_(0.05)
    net = snn.from_snntorch(other)
    same(net, other, torch.rand(20, 2, 1, 6, 6))
    same(net, snn.to_snntorch(net), torch.rand(20, 2, 1, 6, 6))


class Net(nn.Module):
    """As snnTorch's tutorials write it."""

    def __init__(self):
        super().__init__()
        self.fc1, self.lif1 = nn.Linear(6, 8), theirs.Leaky(0.9, learn_threshold=True)
        self.fc2, self.lif2 = nn.Linear(8, 4), theirs.Leaky(0.8, 0.5)

    def forward(self, x_rec):
        one, two, out = self.lif1.reset_mem(), self.lif2.reset_mem(), []
        for x in x_rec.unbind(0):
            spk, one = self.lif1(self.fc1(2 * x), one)
            spk, two = self.lif2(self.fc2(spk), two)
            out.append(spk)
        return torch.stack(out)


def test_a_class_is_read_with_a_warning_and_keeps_names_and_what_is_learned():
    other = Net()
    with pytest.warns(UserWarning, match="`Net` has a `forward` of its own"):
        net = snn.from_snntorch(other)
    x = spikes(60, 3, 6)
    with torch.no_grad():
        other.fc2.weight.mul_(4)
        net.fc2.weight.mul_(4)
        spk = net(2 * x)[0]
        assert torch.equal(spk, other(x))
    assert 0 < spk.mean() < 1
    assert isinstance(net.lif1.threshold, nn.Parameter)
    assert not isinstance(net.lif1.beta, nn.Parameter)
    assert list(snn.from_snntorch(other.state_dict()).record(x)) == ["lif1", "lif2"]


def test_weights_are_copied():
    other = network("leaky", "zero")
    for net in (snn.from_snntorch(other), snn.from_snntorch(other.state_dict())):
        before = net[0].weight.clone()
        with torch.no_grad():
            other[0].weight.add_(1)
            other[1].beta.mul_(0.5)
        assert torch.equal(net[0].weight, before)


def test_a_decay_that_training_drove_above_one_acts_as_one():
    other = network("leaky", "zero")
    with torch.no_grad():
        other[1].beta.fill_(1.3)
    net = snn.from_snntorch(other)
    same(net, other, spikes(40, 3, 6))
    assert (net[1].beta == 1).all()


def test_a_threshold_that_training_drove_below_zero_leaves_as_it_is_used():
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(6, 4), snn.Leaky(0.5, learn_threshold=True))
    with torch.no_grad():
        net[1].threshold.fill_(-0.5)
        net[0].weight.mul_(4)
    same(net, snn.to_snntorch(net), spikes(40, 3, 6))


def changed_later():
    net = network("leaky", "subtract")
    net[1].reset_mechanism = "zero"
    return net


def inhibited():
    with pytest.warns(UserWarning, match="unstable feature"):
        return between(theirs.Leaky(0.9, inhibition=True))


def between(layer, n=8):
    return nn.Sequential(nn.Linear(6, n), layer, nn.Linear(n, 4), theirs.Leaky(0.9))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.lif = theirs.Leaky(0.9)


linear, leaky = nn.Linear(6, 8), snn.Leaky(0.9)
conv = nn.Sequential(nn.Conv2d(1, 2, 3), theirs.Leaky(0.9))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: snn.from_snntorch(7), TypeError, "Received int"),
        (
            lambda: snn.from_snntorch(between(theirs.Leaky(0.9, graded_spikes_factor=2.0))),
            ValueError,
            "Layer '1' .* `graded_spikes_factor` = 2",
        ),
        (
            lambda: snn.from_snntorch(
                between(theirs.Leaky(0.9, graded_spikes_factor=2.0)).state_dict()
            ),
            ValueError,
            "graded_spikes_factor",
        ),
        (
            lambda: snn.from_snntorch(between(theirs.Leaky(0.9, reset_delay=False))),
            ValueError,
            "reset_delay=False",
        ),
        (
            lambda: snn.from_snntorch(inhibited()),
            ValueError,
            "inhibition",
        ),
        (
            lambda: snn.from_snntorch(between(theirs.Leaky(0.9, state_quant=torch.round))),
            ValueError,
            "state_quant",
        ),
        (lambda: snn.from_snntorch(changed_later()), ValueError, "changed after"),
        (lambda: snn.from_snntorch(between(theirs.Alpha(0.9, 0.8))), TypeError, "'1', Alpha"),
        (
            lambda: snn.from_snntorch(
                between(theirs.Lapicque(R=5, C=1.0, time_step=0.1)).state_dict()
            ),
            TypeError,
            "'1' with",
        ),
        (lambda: snn.from_snntorch(between(Block())), TypeError, "Layer '1', Block"),
        (
            lambda: snn.from_snntorch(
                between(theirs.RLeaky(0.9, conv2d_channels=2, kernel_size=3))
            ),
            ValueError,
            "recurrent convolutions",
        ),
        (lambda: snn.from_snntorch(conv.state_dict()), ValueError, "layer '0' with weight"),
        (lambda: snn.from_snntorch(linear.state_dict()), ValueError, "keys weight, bias"),
        (lambda: snn.from_snntorch({}), ValueError, "none"),
        (lambda: snn.to_snntorch(nn.Sequential(linear)), TypeError, "Received Sequential"),
        (
            lambda: snn.to_snntorch(snn.Sequential(linear, nn.Dropout(), leaky)),
            TypeError,
            "'1', Dropout",
        ),
        (
            lambda: snn.to_snntorch(snn.Sequential(linear, snn.AdaptiveLeaky(0.9), leaky)),
            TypeError,
            "'1', Adaptive",
        ),
        (
            lambda: snn.to_snntorch(snn.Sequential(snn.Delay(torch.ones(6)), linear, leaky)),
            TypeError,
            "'0', Delay",
        ),
    ],
)
def test_bad_input_is_answered(make, error, words):
    with pytest.raises(error, match=words):
        make()
