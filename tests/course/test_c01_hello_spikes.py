"""Chapter 01: what its explorers show, what its break-even line means, which mistakes it names."""

from itertools import combinations, product

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

import snnedu as snn
from snnedu.course import check as checks
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c01_hello_spikes import pictures
from snnedu.course.chapters.c01_hello_spikes.exercises import break_even
from snnedu.course.exercise import exercise
from snnedu.widgets.panels import fill

pytestmark = pytest.mark.house


@pytest.fixture
def reader() -> snn.Explorer:
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(64, 20), snn.Leaky(0.9), nn.Linear(20, 10), snn.Leaky(0.9))
    return snn.digit_explorer(net, list(snn.data.digits()[1][0][:10]))


def test_the_digit_explorer_counts_what_it_draws(reader):
    out = reader.run(gain=2.0)
    assert 0 < out["output"].mean() < 1
    np.testing.assert_array_equal(out["count"], out["output"].sum(0))
    assert out["answer"] == out["count"].argmax()
    assert out["total"] > out["count"].sum()
    assert reader.run(gain=0.0)["ink"].max() == 0


def test_the_code_to_copy_runs_with_the_notebooks_names(reader):
    def copied(explorer):
        return fill(explorer.code, explorer.values, explorer.controls, as_code=True)

    line = snn.break_even_explorer(break_even)
    for zeros in (0, 30):
        line.values = {**line.values, "zeros": zeros}
        here = eval(copied(line), {"break_even": break_even}) / line.values["steps"]
        assert 100 * here == pytest.approx(float(line.run()["here"]), rel=1e-5)
    spk = eval(copied(reader), {"snn": snn, "one_of_each": list(snn.data.digits()[1][0][:10])})
    assert spk.shape == (25, 64)
    assert 0 < spk.mean() < 1


def test_on_the_break_even_line_both_layers_cost_the_same():
    explorer = snn.break_even_explorer(break_even)
    for steps, zeros in ((5, 0), (20, 0), (10, 50)):
        here = float(explorer.run(steps=steps, zeros=zeros)["here"])
        at_line = explorer._function(steps=steps, rate=here, price=5.1, zeros=zeros)["cost"]
        above = explorer._function(steps=steps, rate=here + 1, price=5.1, zeros=zeros)["cost"]
        assert 0 < here < 100
        assert at_line == pytest.approx(1, rel=1e-5)
        assert above > 1


def test_skipped_zeros_and_cheap_macs_leave_fewer_spikes_to_a_spiking_layer():
    explorer = snn.break_even_explorer(break_even)
    usual = float(explorer.run(steps=15)["here"])
    assert 0 <= float(explorer.run(steps=15, zeros=50)["here"]) < usual
    assert 0 < float(explorer.run(steps=15, price=2.0)["here"]) < usual


def test_the_break_even_explorer_says_when_no_rate_breaks_even():
    explorer = snn.break_even_explorer(break_even)
    for setting, limit in (
        ({"steps": 1}, "spikes are cheaper at every rate"),
        ({"steps": 25, "zeros": 90}, "spikes are more expensive at every rate"),
        ({"steps": 25}, "12.4 % would break even"),
    ):
        assert explorer.run(**setting)["limit"] == limit


@pytest.mark.parametrize(
    ("id", "line", "reply"),
    [
        ("01.1", "spk_rec.sum(1).argmax(0)", "You do not add over time"),
        ("01.1", "spk_rec.sum(-1).argmax(-1)", "You do not add over time"),
        ("01.1", "spk_rec.sum(2).argmax(0)", "You do not add over time"),
        ("01.1", "max(range(4), key=lambda c: spk_rec[:, :, c].sum())", "one number for the whole"),
        ("01.1", "spk_rec.sum((0, 1)).argmax()", "one number for the whole batch"),
        ("01.1", "spk_rec.sum((0, 1)).argmax(-1)", "add over time alone"),
        ("01.1", "spk_rec.sum(0).sum(0)", "You add over the samples, too"),
        ("01.1", "spk_rec.sum(2)", "still has the time axis. First add"),
        ("01.1", "spk_rec.argmax(0).argmax(-1)", "not the class that spiked most"),
        ("01.2", "spk_rec.sum((0, 2))", "These are the spikes"),
        ("01.2", "spk_rec.sum(0).mean(1) * fan_out", "You average over the neurons"),
        ("01.2", "spk_rec.mean(0).sum(1) * fan_out", "You average over time too"),
        ("01.2", "spk_rec.sum((1, 2)).mean() * fan_out", "You take the mean over the steps"),
        ("01.2", "spk_rec.sum()", "These are the spikes"),
        ("01.2", "spk_rec.numel() * fan_out", "count spikes"),
        ("01.3", "(i * o * mac - t * o * mac) / i * o * add", "in parentheses"),
        ("01.3", "(i * o * mac - t * mac) / (i * o * add)", "one for each output neuron"),
        ("01.3", "(i * o * mac - t * i * mac) / (i * o * add)", "You update the inputs"),
        ("01.3", "-((t - i) * mac // (i * add))", "Do not round"),
        ("01.3", "round((i - t) * mac / (i * add), 1)", "Do not round"),
        ("01.3", "round((i - t) * mac / (i * add), 2) + 0.002", "not exact. Do you round"),
        ("01.3", "(i - t) * 4.6 / (i * 0.9)", "numbers where the arguments belong"),
        ("01.3", "(6400 * mac - 2500 * mac) / (6400 * add)", "numbers where the arguments belong"),
        ("01.3", "(i * t * mac - t * mac) / (i * add * t)", "The dense layer runs once"),
        ("01.3", "(i * o * mac - t * o * mac) / add", "These are additions"),
        ("01.3", "i * o * mac - t * o * mac / (i * o * add)", "the whole difference in parenth"),
        ("01.3", "(i * o * mac - t * i * o * mac) / (i * o * add)", "one for each output neuron"),
        ("01.3", "(i * o * (mac + add) - t * o * mac) / (i * o * add)", "whole multiply-accum"),
        ("01.3", "(1 - t / 64) * mac / add", "numbers where the arguments belong"),
        ("01.3", "(t - i) * mac / (i * add)", "turn the difference round"),
        ("01.3", "100 * (i - t) * mac / (i * add * t)", "You divided by the steps"),
        ("01.3", "-((t - i) * mac // (i * add))", "do not count in whole spikes"),
        ("01.2", "spk_rec.sum((0, 2)).mean() * 10", "use the argument"),
        ("01.2", "spk_rec.sum((0, 2)).mean() * fan_out * 8", "multiply by the number of neurons"),
    ],
)
def test_a_natural_mistake_gets_a_reply_that_is_true_of_it(id, line, reply):
    names = {"01.1": "spk_rec", "01.2": "spk_rec, fan_out", "01.3": "i, o, t, mac, add"}
    with pytest.raises(WrongAnswer, match=reply):
        checks.verdict(exercise(id), eval(f"lambda {names[id]}: {line}"))


def test_the_break_even_explorer_takes_an_answer_in_another_form():
    def one_number(inputs, outputs, steps, mac, add):
        return torch.tensor([break_even(inputs, outputs, steps, mac, add)])

    def loop(inputs, outputs, steps, mac, add):
        dense = sum(outputs * mac for _ in range(inputs))
        updates = sum(outputs * mac for _ in range(steps))
        return (dense - updates) / (inputs * outputs * add)

    for mine, zeros in product((one_number, loop), (0, 30)):
        here = snn.break_even_explorer(mine).run(zeros=zeros)["here"]
        assert here == pytest.approx(snn.break_even_explorer(break_even).run(zeros=zeros)["here"])


def test_rows_of_the_readers_raster_start_on_top_as_the_bars_of_the_animation_do(reader):
    (raster,) = (panel for panel in reader.panels if panel.kind == "raster")
    assert raster.top_down


def test_numbers_in_the_picture_of_errors_meet_no_mark_and_no_other_number():
    steps = (1, 5, 10, 25)
    means = {
        "dense": [(0.963, 0.53)],
        "current": [(0.942, 0.47), (0.964, 0.56), (0.971, 0.68), (0.974, 1.03)],
        "coins": [(0.766, 0.08), (0.933, 0.39), (0.952, 0.77), (0.962, 1.91)],
    }
    spread = torch.tensor([[-0.008, 0.0], [0.008, 0.0]])
    results = {name: torch.tensor(places)[:, None] + spread for name, places in means.items()}
    ax = pictures.errors_over_energy(results, steps, alt="Errors over energy.")
    ax.figure.canvas.draw()
    numbers = [text.get_window_extent() for text in ax.texts]
    assert len(numbers) == 8
    assert not any(a.overlaps(b) for a, b in combinations(numbers, 2))
    marks = [place for line in ax.lines for place in ax.transData.transform(line.get_xydata())]
    assert not any(box.contains(*place) for box in numbers for place in marks)
    assert (
        ax.get_ylim()[0] < 100 * (1 - 0.974 - 0.008) < 100 * (1 - 0.766 + 0.008) < ax.get_ylim()[1]
    )
    plt.close(ax.figure)


def test_a_guess_of_all_additions_is_refused_where_those_for_each_mac_are_asked():
    with pytest.raises(ValueError, match="between 0 and 25 here"):
        snn.predict("01.p5", 57_000)
