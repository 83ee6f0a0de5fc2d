"""What 20 claims: what survives a file, what four frameworks give back, what a queue does."""

import itertools

import nir
import numpy as np
import pytest
import torch
from torch import nn

import snnedu as snn
from snnedu.course.chapters.c20_deployment import experiments
from snnedu.course.chapters.c20_deployment.explorers import FORMS, READERS, _exchanged
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house
ANSWERS = {each.name: each.solution for each in map(exercise, ("20.1", "20.2", "20.3"))}


@pytest.fixture(scope="module")
def trained():
    """Return the names after the first section, our solutions in the place of answers."""
    return run_cells("20", "setup train home stranger fast", **ANSWERS)


def test_the_file_comes_home_and_a_stranger_spikes_otherwise(trained):
    for layer in ("1", "3"):
        assert torch.equal(trained["original"][layer].spk, trained["again"][layer].spk)
    assert 15 < trained["hidden"] < 45
    assert trained["same"] > 93
    assert trained["right_fast"] < 40
    assert 0.8 < trained["silent"] < 1


@pytest.mark.parity
def test_a_linter_accepts_our_file_and_does_not_see_the_reset(tmp_path):
    mlir = pytest.importorskip("snn_mlir")
    torch.manual_seed(0)
    found = {}
    for reset in ("subtract", "zero"):
        net = experiments.make("digits", reset, seed=0)
        nir.write(tmp_path / f"{reset}.nir", snn.to_nir(net, dt=1e-3, quiet=True))
        found[reset] = mlir.check(tmp_path / f"{reset}.nir")
    assert all(report.ok and not report.findings for report in found.values())
    kinds = sorted(node.type for node in found["subtract"].nodes)
    assert kinds == ["Affine", "Affine", "Input", "LIF", "LIF", "Output"]


def test_without_metadata_the_reset_is_gone_and_the_graph_stays_whole(trained):
    assert {layer.reset_mechanism for layer in trained["stranger"][1::2]} == {"zero"}
    assert "dt" in trained["graph"].metadata
    torch.testing.assert_close(trained["stranger"][0].weight, trained["net"][0].weight)


@pytest.mark.parametrize("node", exercise("20.1").accepts, ids=range(3))
def test_an_accepted_node_is_that_of_the_file(node, trained):
    names = run_cells("20", "same-node", **(trained | {"my_node": snn.check("20.1", node)}))
    torch.testing.assert_close(names["tau"], torch.as_tensor(names["written"].tau))
    torch.testing.assert_close(names["r"], torch.as_tensor(names["written"].r))


@pytest.mark.parametrize("read", exercise("20.2").accepts, ids=range(3))
def test_an_accepted_reader_gives_the_spikes_of_ours(read, trained):
    names = run_cells("20", "mine", **(trained | {"my_read": snn.check("20.2", read)}))
    assert names["off"] < 2


def test_the_stored_table_says_what_the_text_says():
    rows = {row["graph"]: row for row in experiments.table()["rows"]}
    assert all(row["same"]["snnedu"] for row in rows.values())

    def alike(graph):
        return {name for name in experiments.READERS if rows[graph]["same"][name]}

    assert alike("Leaky, zero, 1 ms") == {"spikingjelly"}
    assert alike("Leaky, zero, 0.1 ms") == {"snntorch", "spikingjelly"}
    assert alike("Leaky, zero, 0.1 ms, r = 1") == {"snntorch", "norse", "spikingjelly"}
    assert alike("Leaky, zero, 1 ms, r = 1") == {"norse", "spikingjelly"}
    assert alike("Leaky, subtract, 0.1 ms") == set()
    subtract, zero = rows["Leaky, subtract, 0.1 ms"], rows["Leaky, zero, 0.1 ms"]
    assert subtract["found"]["spikingjelly"] == zero["spikes"] != subtract["spikes"]
    late = rows["Synaptic, zero, 0.1 ms"]["found"]
    assert late["snntorch"] == late["norse"] == late["spikingjelly"]


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_snntorch_still_reads_what_is_stored():
    from importlib.metadata import version

    pytest.importorskip("snntorch")
    exchange = pytest.importorskip("benchmarks.exchange")
    stored = experiments.table()
    if stored["versions"]["snntorch"] != version("snntorch"):
        pytest.skip("another snnTorch is installed")
    for row in stored["rows"]:
        written, x, spk = exchange.GRAPHS[row["graph"]]()
        assert int(spk.sum()) == row["spikes"]
        found = exchange._attempt(exchange._snntorch, written, 0.0, x)
        if isinstance(row["found"]["snntorch"], str):
            assert isinstance(found, str)
        else:
            assert torch.equal(found, spk) == row["same"]["snntorch"]


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_snntorch_reads_convolutions_and_fails_for_a_batch_alone():
    """The text says so: its Flatten takes the samples as well."""
    pytest.importorskip("snntorch")
    exchange = pytest.importorskip("benchmarks.exchange")
    written, x, spk = exchange.pictures(1e-4)
    one = experiments.in_snntorch(exchange._copied(written), x[:, :1])
    assert one is not None
    assert torch.equal(one.reshape(spk[:, :1].shape), spk[:, :1])
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        experiments.in_snntorch(exchange._copied(written), x)


def test_a_made_up_state_dict_is_that_of_snntorch():
    snntorch = pytest.importorskip("snntorch")
    net = experiments.make("digits", "zero", 0)
    theirs = nn.Sequential(*(
        layer if isinstance(layer, nn.Linear) else snntorch.Leaky(0.9, reset_mechanism="zero")
        for layer in net
    ))  # fmt: skip
    made, real = experiments.state_dict_of_snntorch(net), theirs.state_dict()
    assert len(made) == len(real)
    values = {key.replace("fc", "").replace("lif", ""): value for key, value in made.items()}
    for key, value in real.items():
        assert torch.equal(values[key], value)
        assert values[key].shape == value.shape


def test_the_table_is_shown_in_cells_that_do_not_break(capsys):
    experiments.show_table()
    printed = capsys.readouterr().out
    assert "error" in printed
    assert "snntorch 1.0.0" in printed
    html = experiments.Exchange()._repr_html_()
    assert html.count("<tr>") == 9
    assert "<td>77 =</td>" in html
    assert "<caption>Spikes of the last layer" in html


def test_spikingjelly_runs_recurrent_neurons_by_nirs_rules():
    exchange = pytest.importorskip("benchmarks.exchange")
    rows = {row["graph"]: row for row in experiments.table()["rows"]}
    graph, x, _ = exchange.GRAPHS["RLeaky, zero, 0.1 ms"]()
    (_, one, first, loop, two, second, again, _) = graph.nodes.values()
    spk = _recurrent_by_nir(
        _affine(two, _recurrent_by_nir(_affine(one, x), first, loop)), second, again
    )
    assert spk.sum() == rows["RLeaky, zero, 0.1 ms"]["found"]["spikingjelly"]


def _affine(node, x):
    return x @ torch.as_tensor(node.weight).T + torch.as_tensor(node.bias)


def _recurrent_by_nir(cur_rec, node, feedback):
    """Run Euler steps of 0.1 ms with a reset at once; spikes come back one step later."""
    tau, r = (torch.as_tensor(part).float() for part in (node.tau, node.r))
    mem, spikes = torch.zeros_like(cur_rec[0]), []
    for cur in cur_rec:
        cur = cur + _affine(feedback, spikes[-1]) if spikes else cur
        mem = mem + 1e-4 / tau * (r * cur - mem)
        spikes.append((mem > 1).float())
        mem = mem * (1 - spikes[-1])
    return torch.stack(spikes)


def test_a_slow_step_makes_seven_late_answers():
    names = run_cells("20", "setup queue", **ANSWERS)
    assert names["late"] == pytest.approx(7)
    assert names["delay"][50:58].tolist() == pytest.approx([5, 4.4, 3.8, 3.2, 2.6, 2, 1.4, 0.8])


@pytest.mark.parametrize("delays", exercise("20.3").accepts, ids=range(3))
def test_an_accepted_queue_draws_the_figure(delays, trained):
    names = trained | {"my_delays": snn.check("20.3", delays)}
    shorter = {"x_test[:80]": "x_test[:4]"}
    names = run_cells("20", "stream", shorter, **names)
    names = run_cells("20", "queue queue-figure", **names)
    assert names["late"] == pytest.approx(7)
    library = snn.silicon.streaming.delays(names["measured"], 1.0)
    assert np.allclose(names["answered"], library)


def test_the_step_runs_as_a_program(trained):
    names = run_cells("20", "stream program", {"x_test[:80]": "x_test[:8]"}, **(trained | ANSWERS))
    assert names["apart"] <= 2
    assert names["run"].state_bytes == 4 * 74


def test_training_for_the_target_wins_where_times_matter():
    times = np.array([experiments.four_ways("times", seed) for seed in range(2)])
    assert times[:, 3].mean() > times[:, 1].mean() + 5
    digits = np.array(experiments.four_ways("digits", 0))
    assert digits.min() > 90
    assert np.ptp(digits) < 5


def test_the_report_names_means_and_gaps(capsys):
    found = {
        "digits": np.array([[96.0, 95, 94, 96], [97, 94, 95, 97]]),
        "times": np.array([[80.0, 70, 79, 90], [82, 76, 84, 91]]),
    }
    experiments.report(found)
    printed = capsys.readouterr().out
    assert "as trained ≈ 81.0 %" in printed
    assert "above 0 in ≈ 2 of 2 seeds" in printed
    assert experiments.best(found["times"]) == "for the target from the start"


def test_the_figure_of_four_ways_tells_its_means():
    found = {name: np.array([[80.0, 70, 79, 90], [82, 76, 84, 91]]) for name in ("digits", "times")}
    figure = experiments.draw_ways(found)
    alt = figure._repr_mimebundle_()[0]["text/plain"]
    assert "exported ≈ 73.0 %, exported, trained on ≈ 81.5 %" in alt


# --- the explorer ---------------------------------------------------------------------------------

GIVEN = {"tau": 10.0, "reset_mechanism": "subtract", "r": FORMS[0], "reader": READERS[1], "dt": 1.0}


def seen(**settings):
    return _exchanged(**(GIVEN | settings))


def test_subtract_read_as_zero_fires_less_often():
    run = seen()
    strong = slice(5, 25)
    assert 0 < run["their_spk"][strong].sum() < run["spk"][strong].sum()


def test_at_a_short_time_constant_it_is_the_other_way_round():
    run = seen(tau=2.0)
    assert run["their_count"] > run["count"] > 0
    assert run["mem"].min() < 0 < run["their_mem"].min()


def test_all_spikes_can_survive_another_reset():
    assert seen(tau=5.0)["apart"] == 0  # so the quiz does not call a change sure


def test_at_half_the_time_step_the_weak_current_needs_six_steps_for_three():
    run = seen(dt=0.5)
    gaps = [run[name][35:50].nonzero().flatten().diff().tolist() for name in ("spk", "their_spk")]
    assert gaps == [[3, 3, 3, 3], [6, 6]]


@pytest.mark.parametrize("reset", ["zero", "none"])
def test_other_resets_survive(reset):
    run = seen(reset_mechanism=reset)
    assert run["apart"] == 0 < run["count"]


def test_our_reader_agrees_everywhere():
    for tau, reset, r, dt in itertools.product(
        (2.0, 40.0), ("subtract", "zero", "none"), FORMS, (0.1, 2.0)
    ):
        run = seen(tau=tau, reset_mechanism=reset, r=r, dt=dt, reader=READERS[0])
        assert run["apart"] == 0


def test_who_heeds_r_does_not_mind_how_it_is_written_and_who_ignores_it_needs_one():
    heeds = [seen(reset_mechanism="zero", r=r)["apart"] for r in FORMS]
    ignores = [seen(reset_mechanism="zero", r=r, reader=READERS[2])["apart"] for r in FORMS]
    assert heeds == [0, 0]
    assert ignores[0] > 0 == ignores[1]


def test_another_time_step_is_another_neuron():
    assert seen(reset_mechanism="zero", dt=0.5)["apart"] > 0
    slow = seen(reset_mechanism="zero", dt=0.1)  # each input counts a tenth
    assert slow["their_count"] < 0.3 * slow["count"]


def test_the_file_of_the_explorer_is_read_as_the_library_reads_it():
    import nir

    for dt, r in itertools.product((0.5, 1.0, 2.0), FORMS):
        weight, gain = (1.0, 10.0) if r == FORMS[0] else (10.0, 1.0)
        one = np.ones(1)
        graph = nir.NIRGraph.from_list(
            nir.Linear(weight * np.ones((1, 1))),
            nir.LIF(tau=0.01 * one, r=gain * one, v_leak=0 * one, v_threshold=one),
        )
        net = snn.from_nir(graph, dt=1e-3 * dt)
        run = seen(reset_mechanism="zero", dt=dt, r=r)
        spk, _ = net(run["cur"][:, None, None])
        assert torch.equal(spk[:, 0, 0], run["their_spk"])


def test_the_explorer_answers_at_every_corner():
    explorer = snn.exchange_explorer()
    for settings in itertools.islice(explorer.extremes(), 30):
        assert explorer.run(**settings)
