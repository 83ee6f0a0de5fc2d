"""Chapter 01: what its explorers show, and what its break-even line means."""

import numpy as np
import pytest
import torch
from torch import nn

import snnedu as snn
from snnedu.course.chapters.c01_hello_spikes.exercises import break_even
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


def test_the_break_even_explorer_takes_an_answer_in_another_form():
    def mine(inputs, outputs, steps, mac, add):
        return torch.tensor([break_even(inputs, outputs, steps, mac, add)])

    here = snn.break_even_explorer(mine).run()["here"]
    assert here == snn.break_even_explorer(break_even).run()["here"]
