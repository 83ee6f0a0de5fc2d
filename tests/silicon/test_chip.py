"""A network on a simulated chip: the same spikes, and energies that can be added up by hand."""

import json

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu.silicon.operations import count

pytest.importorskip("sanafe")


def spikes(*shape, share=0.4, seed=0):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share).float()


def small_net(seed=0, beta=0.9, **neurons):
    torch.manual_seed(seed)
    return snn.Sequential(
        nn.Linear(16, 12), snn.Leaky(beta, threshold=0.2, **neurons),
        nn.Linear(12, 8), snn.Leaky(beta, threshold=0.2, **neurons),
        nn.Linear(8, 4, bias=False), snn.Leaky(beta, threshold=0.2, **neurons),
    )  # fmt: skip


def one_connection(**neurons):
    net = snn.Sequential(nn.Linear(1, 1, bias=False), snn.Leaky(0.5, **neurons))
    with torch.no_grad():
        net[0].weight.fill_(1.5)
    return net


def test_one_spike_through_one_connection_on_paper():
    # Two steps on the chip: the spike sets out in the first, arrives and fires in the second.
    # Prices of Davies et al. 2018 as SANA-FE has them: message 111 pJ, synapse 35.5, neuron
    # 51.2 + 21.6 at each step, spike 69.3. Cores 0 and 1 share a tile: no hop.
    found = snn.energy.on_chip(one_connection(reset_mechanism="zero"), torch.ones(1, 1, 1))
    assert found.parts == pytest.approx({
        "synapse": 35.5, "soma": 2 * (51.2 + 21.6) + 69.3, "network": 111.0,
    })  # fmt: skip
    assert (found.events, found.messages, found.steps, found.differing) == (1, 1, 2, 0)
    assert found.energy == pytest.approx(sum(found.parts.values()))
    assert found.power == pytest.approx(found.energy * 1e-12 / (found.latency * 1e-3) * 1e3)


@settings(max_examples=6)
@given(
    reset=st.sampled_from(["subtract", "zero", "none"]),
    beta=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_spikes_are_ours_whatever_the_reset(reset, beta, seed):
    net, x = small_net(seed, beta, reset_mechanism=reset), spikes(12, 2, 16, seed=seed)
    found = snn.energy.on_chip(net, x)
    recorded = net.record(x)
    assert 0 < recorded["1"].spk.mean() < 1
    # not one, but a sum that lies on the threshold may round to either side
    assert found.differing <= 2
    assert sum(int((found.spikes[n] != recorded[n].spk).sum()) for n in recorded) <= 2


def test_each_neuron_has_its_own_leak_and_threshold():
    net = snn.Sequential(
        nn.Linear(16, 12),
        snn.Leaky(torch.linspace(0, 1, 12), threshold=torch.linspace(0.1, 0.9, 12)),
    )
    assert snn.energy.on_chip(net, spikes(20, 1, 16)).differing == 0


def test_numbers_that_training_drove_out_of_their_domain_count_as_they_are_used():
    net = small_net(learn_beta=True, learn_threshold=True)
    with torch.no_grad():
        net[1].beta.fill_(1.2)
        net[3].threshold.fill_(-0.4)
    assert snn.energy.on_chip(net, spikes(12, 2, 16)).differing == 0


def test_the_chips_own_reset_leaks_what_was_subtracted():
    # Both inputs fire the neuron: U = 1.5, 1.5 - 1 + .75 = 1.25. On the chip the 1 that was
    # subtracted has leaked to .5 as well: 1.5, .25 + 1.5 = 1.75. In step 3: .125 and .375.
    x = torch.tensor([1.0, 1, 0]).view(3, 1, 1)
    ours = snn.energy.on_chip(one_connection(), x)
    own = snn.energy.on_chip(one_connection(), x, same_reset=False)
    assert ours.spikes["1"].flatten().tolist() == [1, 1, 0]
    assert own.events == 2  # the connections to itself are gone, and cost nothing
    assert ours.events == 2 + 2
    assert ours.energy > own.energy


def test_the_chips_own_reset_gives_other_spikes_unless_nothing_leaks():
    x = spikes(25, 1, 16)
    assert snn.energy.on_chip(small_net(), x, same_reset=False).differing > 0
    assert snn.energy.on_chip(small_net(beta=1.0), x, same_reset=False).differing == 0


def test_synaptic_events_are_the_additions_that_are_counted():
    net, x = small_net(reset_mechanism="zero"), spikes(12, 2, 16)
    for layer in net:
        if isinstance(layer, nn.Linear):
            layer.bias = None  # pyright: ignore
    counted = sum(each.ac for each in count(net, x) if each.layer == "Linear")
    late = snn.energy.on_chip(net, x).events - counted
    # Hidden neurons may fire once more, while the last spikes travel on.
    assert 0 <= late <= 2 * 8 + 4


def test_convolutions_pooling_and_batch_norm_become_weights():
    torch.manual_seed(0)
    net = snn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), snn.Leaky(0.9, threshold=0.2),
        nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(27, 5), snn.Leaky(0.8, 0.3),
    )  # fmt: skip
    x = spikes(10, 2, 1, 6, 6)
    net(x)  # batch norm sees some data
    found = snn.energy.on_chip(net, x)
    assert net.training
    assert found.differing <= 1
    assert found.spikes["2"].shape == (10, 2, 108)
    assert found.spikes["2"].any()


def test_a_batch_is_a_mean():
    net, x = small_net(), spikes(12, 3, 16)
    together = snn.energy.on_chip(net, x)
    alone = [snn.energy.on_chip(net, x[:, i : i + 1]) for i in range(3)]
    assert together.energy == pytest.approx(sum(each.energy for each in alone) / 3)
    assert together.latency == pytest.approx(sum(each.latency for each in alone) / 3)
    assert together.messages == pytest.approx(sum(each.messages for each in alone) / 3)


def test_fewer_neurons_a_core_take_more_cores_and_the_same_spikes():
    net, x = small_net(), spikes(12, 1, 16)
    spread = snn.energy.on_chip(net, x, per_core=5)
    assert [row["neurons"] for row in spread.rows] == [5, 5, 5, 1, 5, 5, 2, 5, 3, 4]
    assert spread.differing == 0
    assert sum(row["spikes"] for row in spread.rows) == sum(
        row["spikes"] for row in snn.energy.on_chip(net, x).rows
    )
    assert spread.messages > snn.energy.on_chip(net, x).messages


def test_it_prints_shows_and_is_plain_data(capfd):
    found = snn.energy.on_chip(small_net(), spikes(4, 1, 16))
    assert capfd.readouterr().out == ""
    assert all(word in str(found) for word in ("core", "synaptic events", "Without static power"))
    assert found._repr_html_().count("<tr>") == 1 + 4
    assert json.loads(json.dumps(found.to_dict()))["energy"] == found.energy


def with_layers(*layers):
    return snn.Sequential(nn.Linear(16, 4), *layers)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("net", "x", "options", "error", "words"),
    [
        (nn.Sequential(nn.Linear(4, 5)), torch.ones(2, 1, 4), {}, TypeError, "Received Sequential"),
        (small_net(), torch.ones(2, 16), {}, ValueError, "time"),
        (small_net(), torch.full((2, 1, 16), 0.5), {}, ValueError, "0 and 1.*spikegen"),
        (small_net(), torch.ones(2, 1, 16), {"per_core": 2000}, ValueError, r"\[1, 1024\]"),
        (small_net(), torch.ones(2, 1, 16), {"per_core": 1.5}, TypeError, "whole number"),
        (with_layers(nn.ReLU(), snn.Leaky(0.9)), torch.ones(2, 1, 16), {}, TypeError, "'1', ReLU"),
        (with_layers(snn.Synaptic(0.9, 0.8)), torch.ones(2, 1, 16), {}, TypeError, "Synaptic"),
        (
            snn.Sequential(nn.Linear(16, 200), snn.Leaky(0.9)), torch.ones(2, 1, 16),
            {"per_core": 1}, ValueError, "'1' does not fit",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_answered(net, x, options, error, words):
    with pytest.raises(error, match=words):
        snn.energy.on_chip(net, x, **options)


def test_without_sanafe_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sanafe", None)
    with pytest.raises(ModuleNotFoundError, match=r"`on_chip` needs `sanafe`.*snnedu\[chip\]"):
        snn.energy.on_chip(small_net(), spikes(4, 1, 16))
