"""Energy: counts by hand, laws, a peer's counter, and prices."""

import json
import warnings

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu.silicon import energy
from snnedu.silicon.operations import count

COSTLY = ("mac", "ac", "skipped", "updates", "weights", "states", "activity")


def numbers(counts, *names):
    return [getattr(counts, name) for name in names]


def spikes(*shape, share=0.3, seed=0):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share).float()


def small_net(seed=0):
    torch.manual_seed(seed)
    return snn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), snn.Leaky(0.9, threshold=0.3), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(36, 10), snn.Synaptic(0.8, 0.9, threshold=0.2),
    )  # fmt: skip


def test_a_linear_layer_on_paper():
    # Three steps, four inputs, two samples with 2 and 4 spikes: 3 a sample, each to 5 neurons.
    x = torch.zeros(3, 2, 4)
    x[0, 0, 0] = x[2, 0, 3] = 1
    x[1, 1] = 1
    net = snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9))
    linear, leaky = count(net, x)
    assert numbers(linear, "mac", "ac", "skipped") == [0, 15 + 3 * 5, 60 - 15]
    assert numbers(linear, "weights", "states", "activity") == [30, 30, 3]
    assert linear.sizes == (25, 5, 5)
    assert numbers(leaky, "mac", "updates", "states") == [15, 15, 30]
    fired = net(x)[0].sum().item() / 2
    assert numbers(leaky, "ac", "activity") == [15 + fired, fired]


def test_without_skipping_every_input_counts_and_sums_stay_in_a_register():
    linear = count(nn.Sequential(nn.Linear(4, 5)), torch.eye(4), skip_zeros=False)[0]
    assert numbers(linear, *COSTLY) == [0, 20 + 5, 0, 0, 25, 5, 4]


def test_fractions_are_multiplied_and_signs_added():
    net = nn.Sequential(nn.Linear(4, 5, bias=False))
    assert numbers(count(net, torch.full((1, 4), 0.5))[0], "mac", "ac") == [20, 0]
    assert numbers(count(net, torch.tensor([[-1.0, 0, 1, 1]]))[0], "mac", "ac") == [0, 15]


def test_average_pooling_turns_additions_into_multiplications():
    x = spikes(4, 2, 1, 8, 8)
    kinds = {}
    for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2)):
        net = snn.Sequential(pool, nn.Flatten(), nn.Linear(16, 3, bias=False), snn.Leaky(0.9))
        kinds[type(pool)] = count(net, x)[2]
    assert kinds[nn.MaxPool2d].mac == 0 < kinds[nn.MaxPool2d].ac
    assert kinds[nn.AvgPool2d].ac == 0 < kinds[nn.AvgPool2d].mac


def test_recurrent_spikes_reach_everybody_one_step_later():
    x = torch.full((4, 1, 3), 5.0)  # all fire at each step
    net = snn.Sequential(snn.RLeaky(0.9, linear_features=3, reset_mechanism="none"))
    with torch.no_grad():
        net[0].recurrent.weight.zero_(), net[0].recurrent.bias.zero_()
    neurons, back = count(net, x)
    assert back.name == "0.recurrent"
    assert numbers(back, "ac", "skipped", "activity") == [3 * (9 + 3), 0, 9]
    alone = snn.Sequential(snn.RLeaky(0.9, V=0.1, all_to_all=False, reset_mechanism="none"))
    assert count(alone, x)[1].ac == 9
    assert neurons.updates == 12


def test_a_residual_adds_its_input_once_more():
    # Two steps, three neurons; at first 2 spike, then 1. Both layers pass on what they get.
    x = torch.tensor([[[1.0, 1, 0]], [[0, 1, 0]]])
    inside = nn.Linear(3, 3, bias=False), snn.Leaky(0.0, threshold=0.5, reset_mechanism="none")
    net = snn.Sequential(snn.Residual(*inside), nn.Linear(3, 4, bias=False), snn.Leaky(0.9))
    with torch.no_grad():
        inside[0].weight.copy_(torch.eye(3))
    rows = {row.name: row for row in count(net, x)}
    assert list(rows) == ["0.0", "0.1", "0", "1", "2"]
    assert rows["0"].layer == "Residual"
    assert numbers(rows["0"], "ac", "skipped", "activity") == [3, 3, 3 + 3]
    assert numbers(rows["1"], "mac", "ac") == [3 * 4, 0]  # of inputs that are 2
    every = {row.name: row for row in count(net, x, skip_zeros=False)}["0"]
    assert numbers(every, "ac", "skipped", "activity") == [6, 0, 6 + 6]


def test_residuals_may_be_nested_and_see_constant_input():
    torch.manual_seed(0)
    net = snn.Sequential(
        snn.Residual(nn.Linear(4, 4), snn.Residual(nn.Linear(4, 4))), snn.Leaky(0.9, 0.3),
        snn.Residual(nn.Linear(4, 4), snn.Leaky(0.9, 0.3)), snn.Leaky(0.9, 0.3),
    )  # fmt: skip
    x = torch.rand(2, 4)
    once, each = count(net, x.expand(7, 2, 4)), count(net, x.repeat(7, 1, 1))
    assert [row.name for row in once] == ["0.0", "0.1.0", "0.1", "0", "1", "2.0", "2.1", "2", "3"]
    for a, b in zip(once, each, strict=True):
        assert numbers(a, *COSTLY) == pytest.approx(numbers(b, *COSTLY))
    fired = net.record(x.expand(7, 2, 4))["1"].spk
    assert once[7].ac == fired.sum().item() / 2
    assert 0 < fired.mean() < 1


@pytest.mark.parametrize(
    ("pool", "shape"),
    [
        (nn.MaxPool3d(2), (4, 4, 4)),
        (nn.AvgPool3d(2), (4, 4, 4)),
        (nn.AdaptiveMaxPool2d(2), (4, 4)),
        (nn.AdaptiveAvgPool1d(2), (4,)),
    ],
)
def test_every_pooling_takes_an_operation_for_each_input(pool, shape):
    x = spikes(3, 2, 1, *shape)
    net = snn.Sequential(pool, nn.Flatten(), snn.Leaky(0.9))
    assert count(net, x)[0].ac == x.sum().item() / 2


def test_delayed_spikes_cost_as_others_do():
    x = spikes(6, 2, 4)
    net = snn.Sequential(snn.DelayedLinear(4, 5, 3, bias=False), snn.Leaky(0.9))
    assert count(net, x)[0].ac == 5 * x.sum().item() / 2


def test_constant_input_counts_at_each_step():
    net, x = snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9)), torch.rand(2, 4)
    for a, b in zip(count(net, x.expand(7, 2, 4)), count(net, x.repeat(7, 1, 1)), strict=True):
        assert numbers(a, *COSTLY) == pytest.approx(numbers(b, *COSTLY))


@settings(max_examples=15)
@given(seed=st.integers(0, 999), share=st.floats(0, 1), batch=st.integers(1, 4))
def test_what_is_done_and_skipped_add_up_and_a_batch_is_a_mean(seed, share, batch):
    net, x = small_net(seed), spikes(5, batch, 1, 6, 6, share=share, seed=seed)
    sparse, dense = count(net, x), count(net, x, skip_zeros=False)
    for a, b in zip(sparse, dense, strict=True):
        assert a.mac + a.ac + a.skipped == pytest.approx(b.mac + b.ac)
        assert a.activity <= b.activity
    single = [count(net, x[:, i : i + 1]) for i in range(batch)]
    for together, *alone in zip(sparse, *single, strict=True):
        mean = [sum(getattr(c, name) for c in alone) / batch for name in COSTLY]
        assert numbers(together, *COSTLY) == pytest.approx(mean, abs=1e-6)


def test_counting_leaves_the_network_as_it_was():
    net = snn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), snn.Leaky(0.9)).train()
    net[0].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    count(net, torch.rand(3, 2, 4))
    assert net.training
    assert net[1].training
    assert not net[0].training
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in before.items())


@pytest.mark.parity
def test_additions_equal_those_that_spikingjelly_counts():
    counter = pytest.importorskip("spikingjelly.activation_based.op_counter")
    torch.manual_seed(0)
    net = snn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), snn.Leaky(0.9, threshold=0.3),
        nn.Flatten(), nn.Linear(144, 10, bias=False), snn.Leaky(0.9),
    ).eval()  # fmt: skip
    x = spikes(5, 3, 1, 6, 6)
    theirs = counter.SynOpCounter()
    with warnings.catch_warnings(), torch.no_grad(), counter.DispatchCounterMode([theirs]):
        warnings.simplefilter("ignore")
        net(x)
    ours = sum(c.ac for c in count(net, x) if c.layer in ("Conv2d", "Linear"))
    assert ours == pytest.approx(theirs.get_total() / 3)


def test_costs_are_counts_times_prices():
    prices = energy.Prices("mine", 8, multiply=3, add=1, memory=((10, 64), (1e9, 640)))
    net = nn.Sequential(nn.Linear(2, 4, bias=False))  # 8 weights fit 10 bytes
    found = energy.report(net, torch.tensor([[0.5, 0.0]]), prices)
    row = found.rows[0]
    assert row["compute"] == 4 * (3 + 1)
    # a number of 8 bits costs 64 / 8: 4 weights, 4 sums read and written, 1 input
    assert row["energy"] == 16 + 8 * (4 + 8 + 1)
    assert energy.report(net, torch.tensor([[0.5, 0.0]]), prices, memory=False).energy == 16
    large = energy.report(nn.Sequential(nn.Linear(3, 4, bias=False)), torch.ones(1, 3), prices)
    assert large.rows[0]["energy"] == 12 * 1 + 80 * 12 + 8 * (24 + 3)


def test_it_says_in_which_memory_numbers_live():
    # 64 x 100 weights of 4 bytes are 25.6 kB, 100 x 100 are 40 kB; 512 x 1000 are 2 MB.
    net = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 100), nn.Flatten())
    found = energy.report(net, torch.rand(3, 64))
    assert [row["lives"] for row in found.rows] == [
        ("32 kB", "8 kB", "8 kB"), ("", "", "8 kB"), ("1 MB", "8 kB", "8 kB"), ("", "", ""),
    ]  # fmt: skip
    wide = nn.Sequential(nn.Linear(512, 1000))
    assert energy.report(wide, torch.rand(1, 512)).rows[0]["lives"][0] == "DRAM"
    assert energy.report(wide, torch.rand(1, 512), memory=False).rows[0]["lives"][0] == ""
    assert energy.Prices("mine", 8, 1, 1, ((10, 1), (2e6, 2))).place(11) == "1.90735 MB"
    text = str(found)
    assert "weights, states, activity live in" in text
    assert "32 kB, 8 kB, 8 kB" in text
    assert "-, -, 8 kB" in text
    assert "lives" not in found.total


def test_static_power_flows_whatever_happens():
    prices = energy.Prices("mine", 8, 1, 1, ((1e9, 0),), static=2.0, step=0.5)
    net = snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9))
    found = energy.report(net, torch.zeros(10, 1, 4), prices)
    assert found.static == 2.0 * 0.5 * 10 * 1e6  # 1 mW for 1 ms is 1e6 pJ
    assert found.energy == found.static + found.total["energy"]


def test_a_report_prints_shows_and_is_plain_data():
    found = energy.report(small_net(), spikes(5, 2, 1, 6, 6))
    text = str(found)
    assert all(word in text for word in ("Conv2d", "45nm-fp32", "zeros are skipped"))
    assert found._repr_html_().count("<tr>") == 1 + 6 + 1
    assert json.loads(json.dumps(found.to_dict()))["energy"] == found.energy
    assert found.energy == pytest.approx(sum(row["energy"] for row in found.rows))


def test_cheaper_numbers_cost_less():
    net, x = small_net(), spikes(5, 2, 1, 6, 6)
    costs = [energy.report(net, x, name).energy for name in energy.PRICES]
    assert costs == sorted(costs, reverse=True)


class Odd(nn.Module):
    def forward(self, x):
        return x


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("net", "x", "options", "error", "words"),
    [
        (nn.Linear(4, 5), torch.ones(1, 4), {}, TypeError, "chain of layers.*Received Linear"),
        (nn.Sequential(Odd()), torch.ones(1, 4), {}, TypeError, "layer '0', Odd, is not known"),
        (nn.Sequential(nn.Linear(4, 5)), torch.ones(1, 4), {"prices": "45nm"}, ValueError, "mean"),
        (snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9)), torch.ones(2, 4), {}, ValueError, "time"),
        (snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9)), [1.0], {}, TypeError, "Tensor"),
        (
            nn.Sequential(nn.Linear(4, 5)),
            torch.ones(3, 2, 4),
            {},
            ValueError,
            "without an axis for",
        ),
    ],
)
def test_bad_input_is_answered(net, x, options, error, words):
    with pytest.raises(error, match=words):
        energy.report(net, x, **options)
