"""Batch norm folded into weights: the algebra by hand, then the spikes."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn


def trained(*layers: nn.Module, shape: tuple[int, ...], seed: int = 0) -> snn.Sequential:
    """Return a network in double precision; its batch norms have seen data, and scale by ±."""
    torch.manual_seed(seed)
    net = snn.Sequential(*layers).double()
    for layer in net.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)) and layer.affine:
            nn.init.normal_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, 0.1, 0.5)  # enough to fire
    for _ in range(3):
        net(3 * torch.rand(4, 8, *shape).double() - 1)
    return net.eval()


def test_one_channel_by_hand():
    # y = 0.5 (2 x + 1 - 3) / √4 + 0.25 = 0.5 x - 0.25
    net = snn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1, eps=1.0), snn.Leaky(0.9)).eval()
    numbers = {"0.weight": 2.0, "0.bias": 1.0, "1.running_mean": 3.0, "1.running_var": 3.0}
    numbers |= {"1.weight": 0.5, "1.bias": 0.25}
    for name, number in numbers.items():
        net.state_dict()[name].fill_(number)
    (linear, _) = snn.fold_batch_norm(net)
    assert linear.weight.item() == 0.5
    assert linear.bias.item() == -0.25


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), bias=st.booleans(), affine=st.booleans())
def test_a_folded_network_gives_the_same_spikes(seed: int, bias: bool, affine: bool):
    net = trained(
        nn.Conv2d(1, 3, 3, bias=bias),
        nn.BatchNorm2d(3, momentum=None, affine=affine),
        snn.Leaky(0.8, threshold=0.3),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 5, bias=bias),
        nn.BatchNorm1d(5, momentum=None, affine=affine),
        snn.Leaky(0.8, threshold=0.3),
        shape=(1, 6, 6),
        seed=seed,
    )
    x_rec = 3 * torch.rand(9, 6, 1, 6, 6).double() - 1
    ours, theirs = snn.fold_batch_norm(net).record(x_rec), net.record(x_rec)
    assert list(ours) == list(theirs) == ["2", "7"]  # the names stay
    assert 0 < theirs["2"].spk.mean() < 1
    for name, recording in theirs.items():
        assert torch.equal(ours[name].spk, recording.spk)
        torch.testing.assert_close(ours[name].mem, recording.mem)


def test_folding_leaves_the_network_as_it_was():
    net = trained(nn.Linear(4, 3), nn.BatchNorm1d(3), snn.Leaky(0.8), shape=(4,))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    folded = snn.fold_batch_norm(net)
    assert net.training
    assert not folded.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(isinstance(layer, nn.BatchNorm1d) for layer in folded.modules())


def test_batch_norm_inside_a_nested_chain_is_folded():
    block = snn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), snn.Leaky(0.8))
    net = trained(block, nn.Linear(3, 2), nn.BatchNorm1d(2), snn.Leaky(0.8), shape=(4,))
    x_rec = 3 * torch.rand(30, 6, 4).double()
    assert 0 < net(x_rec)[0].mean() < 1
    assert torch.equal(snn.fold_batch_norm(net)(x_rec)[0], net(x_rec)[0])


def test_a_layer_that_stands_twice_is_folded_where_its_batch_norm_is():
    shared = nn.Linear(8, 8)
    net = trained(
        shared,
        nn.BatchNorm1d(8),
        snn.Leaky(0.8, 0.2),
        shared,
        snn.Leaky(0.8, 0.2),
        shape=(8,),
        seed=1,
    )
    x_rec = 3 * torch.rand(30, 6, 8).double()
    assert 0 < net(x_rec)[0].mean() < 1
    assert torch.equal(snn.fold_batch_norm(net)(x_rec)[0], net(x_rec)[0])


def chain(*layers: nn.Module) -> snn.Sequential:
    return snn.Sequential(*layers, snn.Leaky(0.9))


BAD: list[tuple[str, Callable[[], nn.Module], type[Exception], str]] = [
    ("first", lambda: chain(nn.BatchNorm1d(3)), ValueError, "Received nothing before layer '0'"),
    (
        "after pooling",
        lambda: chain(nn.Conv2d(1, 3, 3), nn.MaxPool2d(2), nn.BatchNorm2d(3)),
        ValueError,
        "Received MaxPool2d.* before layer '2'",
    ),
    (
        "no statistics",
        lambda: chain(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False)),
        ValueError,
        "must remember its statistics",
    ),
    ("no network of ours", lambda: nn.Sequential(nn.Linear(3, 3)), TypeError, "snnedu.Sequential"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(("net", "error", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_cannot_be_folded_raises(
    net: Callable[[], snn.Sequential], error: type[Exception], message: str
):
    with pytest.raises(error, match=message):
        snn.fold_batch_norm(net())
