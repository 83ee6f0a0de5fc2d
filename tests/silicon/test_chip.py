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


def neurons_of_every_kind(size, reset, alpha, beta):
    how = {"threshold": 0.2, "reset_mechanism": reset}
    return {
        "Synaptic": snn.Synaptic(alpha, beta, **how),
        "RLeaky": snn.RLeaky(beta, linear_features=size, **how),
        "RSynaptic": snn.RSynaptic(alpha, beta, linear_features=size, **how),
        "RLeaky, one to one": snn.RLeaky(beta, V=0.3, all_to_all=False, **how),
        "RSynaptic, one to one": snn.RSynaptic(
            alpha, beta, V=torch.linspace(-0.5, 0.5, size), all_to_all=False, **how
        ),
    }


def has_our_reset(kind, reset):
    return reset != "zero" or "Synaptic" not in kind


@settings(max_examples=12)
@given(
    how=st.sampled_from(
        [
            (kind, reset)
            for kind in neurons_of_every_kind(1, "none", 0.5, 0.5)
            for reset in ("subtract", "zero", "none")
            if has_our_reset(kind, reset)
        ]
    ),
    alpha=st.floats(0, 1),
    beta=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_neurons_with_synapses_or_recurrence_spike_as_ours(how, alpha, beta, seed):
    kind, reset = how
    torch.manual_seed(seed)
    net = snn.Sequential(
        nn.Linear(16, 8), neurons_of_every_kind(8, reset, alpha, beta)[kind],
        nn.Linear(8, 4), neurons_of_every_kind(4, reset, alpha, beta)[kind],
    )  # fmt: skip
    found = snn.energy.on_chip(net, spikes(12, 2, 16, seed=seed))
    assert found.spikes["1"].any()
    assert found.differing <= 4  # of 288: sums on the threshold, and what they cause


def test_two_spikes_through_a_synapse_that_remembers_on_paper():
    # X = 1.5, .75, 1.875; with β = 0, U = X - S: 1.5, -.25, 1.875. Spikes 1 0 1.
    net = snn.Sequential(nn.Linear(1, 1, bias=False), snn.Synaptic(0.5, 0.0))
    with torch.no_grad():
        net[0].weight.fill_(1.5)
    x = torch.tensor([1.0, 0, 1]).view(3, 1, 1)
    ours, own = (snn.energy.on_chip(net, x, same_reset=same) for same in (True, False))
    assert ours.spikes["1"].flatten().tolist() == [1, 0, 1]
    # Each spike also goes to the neuron itself and to its relay; only the first comes back in time.
    assert (own.events, ours.events) == (2, 2 + 2 * 2 + 1)
    assert [row["name"] for row in ours.rows] == ["input", "1", "1.relay"]


def test_the_chips_own_reset_does_not_lose_the_next_input():
    net = snn.Sequential(
        nn.Linear(1, 1, bias=False),
        snn.RLeaky(0.5, V=0.0, all_to_all=False, reset_mechanism="zero"),
    )
    with torch.no_grad():
        net[0].weight.fill_(1.5)
    x = torch.ones(4, 1, 1)
    assert snn.energy.on_chip(net, x).spikes["1"].flatten().tolist() == [1, 0, 1, 0]
    own = snn.energy.on_chip(net, x, same_reset=False)
    assert own.spikes["1"].flatten().tolist() == [1, 1, 1, 1]
    assert own.differing == 2


def test_what_the_chip_cannot_reset_is_counted_as_differing():
    # X = 2.5, 3.75, 1.875, β = 0: ours stays at 0 in the step after the spike, the chip does not.
    neuron = snn.Synaptic(0.5, 0.0, threshold=2.0, reset_mechanism="zero")
    net = snn.Sequential(nn.Linear(1, 1, bias=False), neuron)
    with torch.no_grad():
        net[0].weight.fill_(2.5)
    x = torch.tensor([1.0, 1, 0]).view(3, 1, 1)
    found = snn.energy.on_chip(net, x)
    assert net(x)[0].flatten().tolist() == [1, 0, 0]
    assert found.spikes["1"].flatten().tolist() == [1, 1, 0]
    assert found.differing == 1


def delayed_nets():
    cells = {"threshold": 0.2}
    each = torch.arange(12) % 5
    return {
        "of the input": (snn.Delay(3), nn.Linear(16, 8), snn.Leaky(0.9, **cells)),
        "between layers": (
            nn.Linear(16, 12), snn.Leaky(0.9, **cells), snn.Delay(each, 9),
            nn.Linear(12, 6), snn.Leaky(0.8, **cells),
        ),
        "of currents with a bias": (nn.Linear(16, 12), snn.Delay(each), snn.Leaky(0.9, **cells)),
        "of currents that decay": (
            nn.Linear(16, 12), snn.Delay(each), snn.Synaptic(0.7, 0.9, **cells),
        ),
        "one after another": (
            snn.Delay(2), nn.Linear(16, 12), snn.Delay(each), snn.Leaky(0.9, **cells),
        ),
        "of each connection, longer than the input": (
            snn.DelayedLinear(16, 12, 10, learn_delay=False), snn.Synaptic(0.7, 0.9, **cells),
            snn.DelayedLinear(12, 5, 30, sigma=0), snn.RLeaky(0.9, linear_features=5, **cells),
        ),
        "wider than a step": (snn.DelayedLinear(16, 12, 6), snn.Leaky(0.9, **cells)),
        "before pooling": (
            nn.Unflatten(1, (1, 16)), nn.Conv1d(1, 3, 3, padding=1), snn.Leaky(0.9, **cells),
            snn.Delay(torch.arange(3).view(3, 1)), nn.AvgPool1d(2), nn.Flatten(),
            nn.Linear(24, 5), snn.Leaky(0.9, **cells),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("where", delayed_nets())
def test_delayed_spikes_are_ours(where):
    torch.manual_seed(1)
    net = snn.Sequential(*delayed_nets()[where])
    found = snn.energy.on_chip(net, spikes(20, 2, 16))
    assert found.differing <= 1
    assert all(0.02 < spk.mean() < 0.98 for spk in found.spikes.values())


def test_a_spike_that_waits_costs_no_more_on_paper():
    # It sets out in step 0, acts on our step 2, the chip's step 3: four neuron updates, one spike.
    net = one_connection(reset_mechanism="zero")
    net = snn.Sequential(snn.Delay(2), *net)
    x = torch.tensor([1.0, 0, 0]).view(3, 1, 1)
    found = snn.energy.on_chip(net, x)
    assert found.spikes["2"].flatten().tolist() == [0, 0, 1]
    assert found.parts == pytest.approx({
        "synapse": 35.5, "soma": 4 * (51.2 + 21.6) + 69.3, "network": 111.0,
    })  # fmt: skip
    assert (found.events, found.messages, found.steps, found.differing) == (1, 1, 4, 0)


def test_a_chip_starts_each_sample_with_nothing_on_its_way():
    net = snn.Sequential(snn.Delay(2), *one_connection())
    x = torch.tensor([[1.0, 1, 1], [0, 0, 0]]).T.unsqueeze(2)  # the first is still waiting
    assert snn.energy.on_chip(net, x).spikes["2"].squeeze(2).T.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_recurrence_runs_along_the_last_axis_of_the_features():
    torch.manual_seed(0)
    net = snn.Sequential(
        nn.Conv1d(1, 3, 3, padding=1), snn.RLeaky(0.9, linear_features=8, threshold=0.2),
        nn.Flatten(), nn.Linear(24, 4), snn.Leaky(0.9, threshold=0.2),
    )  # fmt: skip
    found = snn.energy.on_chip(net, spikes(12, 2, 1, 8))
    assert found.differing <= 1
    assert 0 < found.spikes["1"].mean() < 1


def test_the_maximum_of_spikes_is_an_or():
    torch.manual_seed(0)
    net = snn.Sequential(
        nn.Conv2d(1, 3, 3), snn.Leaky(0.9, threshold=0.3), nn.Dropout(0.5),
        nn.MaxPool2d(3, stride=2, padding=1), nn.Flatten(), nn.Linear(27, 5), snn.Leaky(0.8, 0.3),
    )  # fmt: skip
    x = spikes(10, 2, 1, 7, 7, share=0.1)
    found = snn.energy.on_chip(net, x)
    assert found.differing <= 1
    assert found.steps == 10 + 3
    assert list(found.spikes) == ["1", "6"]
    pooled = net[3](found.spikes["1"].view(20, 3, 5, 5)).sum().item() / 2
    assert [row["spikes"] for row in found.rows if row["name"] == "3"] == [pooled]
    assert 0 < found.spikes["6"].mean() < 1


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
        (with_layers(snn.Alpha(0.9, 0.8)), torch.ones(2, 1, 16), {}, TypeError, "Alpha"),
        (
            with_layers(snn.Residual(nn.Linear(4, 4)), snn.Leaky(0.9)), torch.ones(2, 1, 16), {},
            TypeError, "'1', Residual",
        ),
        (
            with_layers(snn.Leaky(0.9), snn.Delay(1), nn.MaxPool1d(2), snn.Leaky(0.9)),
            torch.ones(2, 1, 16), {}, TypeError, "'3', MaxPool1d, after Delay.*after the",
        ),
        (
            snn.Sequential(nn.Conv1d(1, 2, 3), nn.MaxPool1d(2), snn.Leaky(0.9)),
            torch.ones(2, 1, 1, 16), {}, TypeError, "'1', MaxPool1d, after Conv1d.*after the",
        ),
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
