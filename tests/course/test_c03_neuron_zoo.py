"""What tutorial 03 depends on: every unknown neuron has one right name, and the zoo behaves."""

import numpy as np
import pytest
import torch

from snnedu.course.chapters.c03_neuron_zoo import exercises as ex03
from snnedu.widgets.models import BUILT_IN


def responses(neuron, ms: int) -> list[torch.Tensor]:
    spk_rec, *_ = neuron.unroll(torch.tensor([2.0, 10.0]).expand(10 * ms, 2))
    return [(spk.nonzero()[:, 0] + 1) * neuron.dt for spk in spk_rec.T]


@pytest.mark.parametrize("kind", ex03.RELATIVES)
@pytest.mark.parametrize("ms", [300, 500, 900])
def test_the_solution_names_every_relative_from_its_features(kind, ms):
    for number in range(len(ex03.RELATIVES[kind])):
        assert ex03.name_neuron(*responses(ex03._relative(kind, number), ms)) == kind


def test_learners_meet_all_kinds():
    numbers = [ex03.unknown_neuron(seed).constants for seed in range(200)]
    assert len({(n.a, n.b) for n in numbers}) == 3  # a and b are those of the kind
    named = {ex03.name_neuron(*responses(ex03.unknown_neuron(seed), 500)) for seed in range(5)}
    assert named == set(ex03.RELATIVES)


def test_my_synaptic_equals_the_librarys_synaptic():
    from snnedu.core.neurons import Synaptic

    cur_rec, syn, mem = torch.rand(50, 3), torch.zeros(3), torch.zeros(3)
    spk_rec, syn_rec, mem_rec = Synaptic(0.8, 0.7).unroll(cur_rec)
    assert 0 < spk_rec.mean() < 1
    for cur, *wanted in zip(cur_rec, spk_rec, syn_rec, mem_rec, strict=True):
        spk, syn, mem = ex03.my_synaptic(cur, syn, mem, 0.8, 0.7, 1.0)
        for ours, theirs in zip((spk, syn, mem), wanted, strict=True):
            torch.testing.assert_close(ours, theirs)


def test_in_the_zoo_two_tire_and_the_axon_ignores_a_slow_ramp():
    step, ramp = BUILT_IN["zoo"](), BUILT_IN["zoo"](drive="ramp")
    gaps = {
        n: np.diff(np.flatnonzero(step[f"{n}_spk"])) for n in ("leaky", "adaptive", "izhikevich")
    }
    assert np.ptp(gaps["leaky"]) == 0
    assert gaps["adaptive"][-1] > 1.3 * gaps["adaptive"][0]
    assert gaps["izhikevich"][-1] > 2 * gaps["izhikevich"][0]
    assert step["hodgkin_huxley_count"] > 0 == ramp["hodgkin_huxley_count"]
    assert min(ramp[f"{n}_count"] for n in ("leaky", "synaptic", "alpha", "adaptive")) > 0
    fires = np.flatnonzero(step["adaptive_spk"])
    assert (step["adaptive_mem"][fires] > step["adaptive_threshold"][fires]).all()
