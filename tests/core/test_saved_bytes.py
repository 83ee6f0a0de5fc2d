"""What autograd holds for the backward pass, counted."""

import pytest
import torch
from torch import nn

import snnedu as snn
from snnedu.core.saved_bytes import peak_saved_bytes

FLOATS = 4  # bytes


def test_a_product_saves_both_factors_until_the_way_back():
    a, b = (torch.ones(1000, requires_grad=True) for _ in range(2))
    assert peak_saved_bytes(lambda: (a * b).sum().backward()) == 2 * 1000 * FLOATS


def test_what_one_call_frees_the_next_may_use_again():
    a = torch.ones(1000, requires_grad=True)

    def twice():
        for _ in range(2):
            (a * a.detach()).sum().backward()

    assert peak_saved_bytes(twice) == 1000 * FLOATS


def test_without_gradients_nothing_is_saved():
    with torch.no_grad():
        assert peak_saved_bytes(lambda: torch.ones(3) * 2) == 0


def test_bptt_grows_with_time_and_truncated_bptt_does_not():
    net = snn.Sequential(nn.Linear(8, 16), snn.Leaky(0.9), nn.Linear(16, 2), snn.Leaky(0.9))
    data = torch.rand(4, 8), torch.tensor([0, 1, 0, 1])

    def saved(steps, truncate=None):
        return peak_saved_bytes(
            lambda: snn.fit(
                net, data, encode=lambda x: x.expand(steps, *x.shape),
                epochs=1, truncate=truncate, progress=False,
            )
        )  # fmt: skip

    assert saved(80) / saved(40) == pytest.approx(2, rel=0.1)
    assert saved(80, truncate=10) == pytest.approx(saved(40, truncate=10))
    assert saved(80, truncate=10) < saved(80) / 5
