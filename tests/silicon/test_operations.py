"""Synaptic operations: counted on paper, then one connection at a time."""

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn


def one_spike(row: int, column: int, size: int = 6) -> torch.Tensor:
    spk_rec = torch.zeros(1, 1, 1, size, size)
    spk_rec[..., row, column] = 1
    return spk_rec


def test_a_spike_into_a_linear_layer_reaches_all_its_neurons():
    spk_rec = torch.zeros(4, 2, 7)
    spk_rec[1, 0, 3] = spk_rec[3, 0, 3] = spk_rec[2, 1, 0] = 1
    assert snn.synaptic_operations(nn.Linear(7, 5), spk_rec).tolist() == [10, 5]


@pytest.mark.parametrize(
    ("row", "column", "neurons"), [(2, 2, 9), (0, 2, 6), (0, 0, 4), (5, 5, 4), (3, 0, 6)]
)
def test_a_spike_at_the_edge_of_a_convolution_reaches_fewer(row: int, column: int, neurons: int):
    conv = nn.Conv2d(1, 8, 3, padding=1)
    assert snn.synaptic_operations(conv, one_spike(row, column)).item() == 8 * neurons


@settings(max_examples=20)
@given(
    seed=st.integers(0, 1000),
    stride=st.integers(1, 2),
    padding=st.integers(0, 1),
    groups=st.sampled_from([1, 2]),
)
def test_operations_are_the_connections_that_carry_a_spike(
    seed: int, stride: int, padding: int, groups: int
):
    torch.manual_seed(seed)
    conv = nn.Conv2d(2, 4, 3, stride, padding, groups=groups, bias=bool(seed % 2))
    spk_rec = (torch.rand(2, 3, 2, 5, 5) < 0.3).float()
    counts = torch.zeros(3).long()
    for t, sample, *place in spk_rec.nonzero().tolist():
        alone = torch.zeros(1, 2, 5, 5)
        alone[0, *place] = 1
        moved = conv(alone) != conv(torch.zeros_like(alone))
        counts[sample] += moved.sum()
        assert t < 2
    assert snn.synaptic_operations(conv, spk_rec).equal(counts)


def test_average_pooling_costs_what_its_spikes_cost_before_it():
    # Two spikes in one window of four: the average sends two, the maximum one.
    spk_rec = one_spike(0, 0) + one_spike(1, 1)
    fused = nn.Conv2d(1, 8, 4, stride=2, padding=0)  # a 2 x 2 average, then a 2 x 2 convolution
    conv = nn.Conv2d(1, 8, 2)
    average, most = nn.AvgPool2d(2)(spk_rec[0])[None], nn.MaxPool2d(2)(spk_rec[0])[None]
    assert snn.synaptic_operations(conv, 4 * average).equal(snn.synaptic_operations(fused, spk_rec))
    assert snn.synaptic_operations(conv, most).item() == 8


def test_counting_leaves_the_layer_as_it_was():
    conv = nn.Conv2d(1, 8, 3)
    before = conv.weight.clone()
    snn.synaptic_operations(conv, one_spike(2, 2).double())
    assert torch.equal(conv.weight, before)
    assert conv.weight.requires_grad


BAD = [
    ("no connections", nn.MaxPool2d(2), one_spike(0, 0), TypeError, "must have connections"),
    ("no time", nn.Linear(6, 2), torch.zeros(3, 6), ValueError, "`spk_rec`"),
    ("fractions", nn.Linear(6, 2), torch.full((1, 1, 6), 0.25), ValueError, "fractions"),
    ("negative", nn.Linear(6, 2), torch.full((1, 1, 6), -1.0), ValueError, "from -1 to -1"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("layer", "spk_rec", "error", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_raises(
    layer: nn.Module, spk_rec: torch.Tensor, error: type[Exception], message: str
):
    with pytest.raises(error, match=message):
        snn.synaptic_operations(layer, spk_rec)
