"""What 18 claims, on fewer seeds; and that its explorer counts as `energy.report` does."""

import itertools

import pytest
import torch
from torch import nn

import snnedu as snn
from snnedu.course.chapters.c18_energy import exercises, networks, papers
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house
TWO_SEEDS = {"range(8)": "range(2)"}


@pytest.fixture(scope="module")
def compared():
    """Return the names after all four kinds of networks are trained, with our solutions."""
    answers = {each.name: each.solution for each in map(exercise, ("18.1", "18.2", "18.3"))}
    cells = "setup train report share int8 rules steps frugal sober"
    return run_cells("18", cells, TWO_SEEDS, **answers)


def test_most_of_the_energy_is_memory(compared):
    assert 90 < compared["memory"] < 99
    assert 6 < compared["fall"] < 16


def test_the_rules_change_the_winner(compared):
    a, b, c = compared["ratios"].mean(0)
    assert a < b < 0.6 < 1 < c < 1.4


def test_with_fewer_steps_the_spiking_network_is_level_or_ahead(compared):
    four, three, two = compared["ratios"][:, 2], compared["quick"][3], compared["quick"][2]
    assert four.min() > 1
    assert 0.8 < three.mean() < 1.1
    assert two.max() < 0.9
    last = networks.encode(torch.linspace(0, 1, 17))[-1]
    assert not last.any()  # a step that brings no input: the reason to try three
    assert networks.encode(torch.linspace(0, 1, 17), 3)[-1].any()


def test_without_light_pixels_and_with_8_bits_the_dense_network_is_no_worse(compared):
    assert compared["fewer"] < compared["costs"]["dense"][:, 2].mean()
    assert compared["narrower"] > compared["ratios"][:, 2].mean() - 0.02


def test_a_price_on_spikes_wins_until_the_dense_network_pays_as_well(compared):
    assert compared["gain"].max() < 0.8
    assert compared["right"]["frugal"].mean() > compared["right"]["dense"].mean() - 3
    assert compared["after"] > 1.5
    operations = compared["costs"]["frugal"] / compared["costs"]["sober"]
    assert operations[:, 1].mean() < 0.65


def test_twice_the_price_costs_accuracy_on_both_sides(compared):
    def penalty(spikes):
        return 1e-5 * exercises.my_price(spikes, networks.FAN_OUTS)

    right = {name: each.mean() for name, each in compared["right"].items()}
    dense = [networks.right(networks.dense(seed, price=2e-4)) for seed in range(2)]
    spiking = [networks.right(networks.spiking(seed, penalty)) for seed in range(2)]
    assert sum(dense) / 2 < right["sober"] - 1
    assert sum(spiking) / 2 < right["frugal"] - 0.5


def test_the_traffic_of_the_exercise_is_that_of_the_report(compared):
    weights, sums, membranes = exercises.my_traffic(compared["x_rec"], 100)
    synapses, neurons = compared["report"].rows[:2]
    assert weights + 4 * 100 == pytest.approx(synapses["weights"])
    assert sums == pytest.approx(synapses["states"])
    assert membranes == neurons["states"]


def test_the_price_of_the_exercise_is_the_number_of_additions(compared):
    record = compared["spiking_nets"][0].record(compared["x_rec"])
    price = exercises.my_price({name: each.spk for name, each in record.items()}, networks.FAN_OUTS)
    counted = [row["ac"] for row in compared["report"].rows if row["name"] in ("2", "4")]
    assert price == pytest.approx(sum(counted) - 4 * 110)  # without biases


@pytest.mark.parametrize("answer", exercise("18.1").accepts, ids=range(4))
def test_an_accepted_count_prints_the_same(answer, compared, capsys):
    run_cells("18", "traffic", **compared | {"my_traffic": snn.check("18.1", answer)})
    assert "weights ≈ 3," in capsys.readouterr().out.replace("weights ≈ 2,", "weights ≈ 3,")


@pytest.mark.parametrize(
    ("id", "answer", "reply"),
    [
        ("18.1", lambda spk, n: dict(enumerate(exercises.my_traffic(spk, n))), "a dict"),
        ("18.1", lambda spk, n: [*exercises.my_traffic(spk, n)[:2], 8 * n], "to be 4"),
        (
            "18.1",  # as if each neuron read its sum, too
            lambda spk, n: [
                part + len(spk) * n * (k == 1)
                for k, part in enumerate(exercises.my_traffic(spk, n))
            ],
            "Your sums are not right, your weights and membranes are.",
        ),
        ("18.1", lambda spk, n: [1.0, 2.0, 3.0], "The three counts are not right."),
        (
            "18.3",
            lambda spikes, reach: exercises.my_price({k: s**2 for k, s in spikes.items()}, reach),
            "its gradient is not",
        ),
        ("18.2", lambda row: "none", "It is rounded"),
        ("18.3", lambda spikes, reach: sum(reach[k] * spikes[k].sum((0, 2)) for k in reach), "One"),
        ("18.3", lambda spikes, _: sum(s.sum() / s.shape[1] for s in spikes.values()), "fan-out"),
    ],
)
def test_a_natural_mistake_gets_its_own_reply(id, answer, reply, capsys):
    snn.check(id, answer)
    assert reply in capsys.readouterr().out


def test_operations_order_networks_of_one_kind_only(compared):
    names = run_cells("18", "pairs", **compared)
    assert max(names["within"]) < 35 < 60 < names["across"] < 90


def test_by_hand_the_chip_costs_what_it_costs_simulated(compared):
    pytest.importorskip("sanafe")
    few = compared | {"x_rec": compared["x_rec"][:, :10]}
    parts = run_cells("18", "by-hand", **few)["parts"]
    chip = snn.energy.on_chip(compared["spiking_nets"][0], few["x_rec"])
    assert chip.differing <= 1
    for name, simulated in {"Synapses": "synapse", "Neurons": "soma"}.items():
        assert parts[name] == pytest.approx(chip.parts[simulated], rel=0.06)
    # Not by hand: the way between cores, and spikes on their way at the end.
    assert parts["Messages"] < chip.parts["network"] < 1.25 * parts["Messages"]


def test_without_the_package_the_chip_cell_says_what_to_install(compared, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "sanafe", None)
    run_cells("18", "on-chip", **compared)
    assert "snnedu[chip]" in capsys.readouterr().out


def test_a_rule_that_is_never_named_is_said_to_be_missed(capsys):
    def without_updates(row):
        claims = {rule: x for rule, x in exercises.claims_of(row).items() if rule != "updates"}
        return min(claims, key=lambda rule: abs(claims[rule] - row["claim"]))

    snn.check("18.2", without_updates)
    assert 'All that you miss should be "updates".' in capsys.readouterr().out


def test_each_row_of_the_table_breaks_another_rule():
    named = [exercises.my_rule(row) for row in papers.TABLE.values()]
    assert sorted(named) == sorted(exercises.RULES)
    for row, rule in zip(papers.TABLE.values(), named, strict=True):
        assert exercises.claims_of(row)[rule] == pytest.approx(row["claim"], abs=0.006)


@pytest.mark.parametrize("prices", snn.energy.PRICES)
@pytest.mark.parametrize("outputs", [10, 200])
def test_the_explorer_costs_what_the_report_costs(prices, outputs):
    torch.manual_seed(0)
    x = (torch.rand(6, 20, 100) < 0.2).float()
    net = snn.Sequential(nn.Linear(100, outputs, bias=False), snn.Leaky(0.9, threshold=1e6))
    ink = torch.rand(20, 100) * (torch.rand(20, 100) < 0.5)
    dense = nn.Sequential(nn.Linear(100, outputs, bias=False))
    for rule, memory in (("operations and memory", True), ("operations only", False)):
        spiking, ann = (
            snn.energy.report(*given, prices, memory=memory).energy
            for given in ((net, x), (dense, ink))
        )
        setting = {"steps": 6, "rate": 100 * x.mean().item(), "outputs": outputs}
        busy = 100 * (ink != 0).double().mean().item()
        explorer = snn.energy_explorer()
        cost = explorer._function(**setting, busy=busy, prices=prices, rule=rule)["cost"]
        assert cost == pytest.approx(spiking / ann, rel=1e-5)


def test_at_the_break_even_rate_both_cost_the_same():
    explorer = snn.energy_explorer()
    for steps, outputs, busy in itertools.product((2, 5, 20), (10, 1000), (30, 100)):
        setting = {"steps": steps, "outputs": outputs, "busy": busy}
        here = float(explorer.run(**setting)["here"])
        if 0 < here < 100:
            cost = explorer._function(
                rate=here, prices="45nm-fp32", rule="operations and memory", **setting
            )["cost"]
            assert cost == pytest.approx(1)


def test_the_explorer_says_when_no_rate_breaks_even():
    compare = snn.energy_explorer()._function
    setting = {"rate": 20, "outputs": 100, "prices": "45nm-fp32", "rule": "operations and memory"}
    assert "cheaper at every rate" in compare(steps=1, busy=100, **setting)["limit"]
    assert "more expensive at every rate" in compare(steps=25, busy=5, **setting)["limit"]
    assert "would break even" in compare(steps=5, busy=100, **setting)["limit"]


def test_the_explorer_answers_its_question_and_at_every_corner():
    explorer = snn.energy_explorer()
    assert 8 < float(explorer.run(steps=5, busy=50)["here"]) < 12
    for setting in itertools.islice(explorer.extremes(), 20):
        assert explorer.run(**setting)
