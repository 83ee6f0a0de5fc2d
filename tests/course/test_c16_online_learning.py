"""What 16 claims, on one seed; and its explorer against the formula of the trace."""

import pytest
import torch

import snnedu as snn
from snnedu.course import check as checks
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c16_online_learning import experiments
from snnedu.course.chapters.c16_online_learning.explorers import DRIVE, INPUT, trace_explorer
from snnedu.course.exercise import exercise

pytestmark = pytest.mark.house


def test_the_cues_decide_and_the_noise_does_not():
    x_rec, sides = experiments.cue_task(300, torch.Generator().manual_seed(0))
    lines = x_rec[:15]
    left, right = lines[..., :4].sum((0, 2)), lines[..., 4:8].sum((0, 2))
    assert ((right > left).long() == sides).float().mean() > 0.99
    late = x_rec[15:-4, :, :8].mean((0, 2))
    assert (late[sides == 0].mean() - late[sides == 1].mean()).abs() < 0.01
    assert (x_rec[-4:, :, 8:] == 1).all()
    assert 0.4 < sides.float().mean() < 0.6


def test_an_even_number_of_cues_is_refused():
    with pytest.raises(ValueError, match=r"`cues` must be odd.* Received 4"):
        experiments.cue_task(2, torch.Generator(), cues=4)


def test_each_utterance_is_heard_once_in_either_order():
    for order in ("mixed", "by speaker"):
        heard = list(experiments.utterances(order, 0))
        speakers = torch.cat([who for _, who, _ in heard])
        assert torch.equal(speakers.bincount(), torch.full((9,), 30))
        assert (speakers.diff().min() >= 0) == (order == "by speaker")
        assert all(len(x_rec) == lengths.max() for x_rec, _, lengths in heard)


def test_traces_recall_a_cue_and_rules_without_a_past_do_not():
    assert experiments.train_cues("eprop", 0, 0.015, rounds=50, cues=1) > 0.9
    assert experiments.train_cues("sltt", 0, 0.04, rounds=50, cues=1) < 0.85


def test_speech_in_order_is_forgotten():
    mixed, ordered = (
        experiments.hear_once("eprop", order, 0, 0.003, at_once=True)
        for order in ("mixed", "by speaker")
    )
    assert mixed.mean() > ordered.mean() + 0.3
    assert (ordered > 0.5).sum() <= 2


def test_memory_grows_with_bptt_alone():
    short, long = (
        {rule: experiments.kilobytes(rule, steps) for rule in ("bptt", "eprop", "sltt")}
        for steps in (10, 40)
    )
    assert long["bptt"] > 3.5 * short["bptt"]
    for rule in ("eprop", "sltt"):
        assert long[rule] == pytest.approx(short[rule], rel=0.01)


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.98])
def test_the_explorer_shows_the_trace_of_the_formula(beta):
    one = trace_explorer()
    one.neuron, one.beta, one.signal = "leaky", beta, 50
    shown = one.run()
    mem, u = torch.as_tensor(shown["mem"]), torch.zeros(())
    for t, trace in enumerate(shown["trace"]):
        u = beta * u + (t in INPUT)
        slope = snn.surrogate.atan().derivative(mem[t] - 1)
        assert float(trace) == pytest.approx((slope * u).item(), rel=1e-3, abs=1e-6)
    assert shown["worth"] == pytest.approx(float(shown["trace"][50]))
    assert DRIVE < 1


def test_a_tired_neuron_has_a_negative_trace_at_last():
    one = trace_explorer(ask="16.p1")
    one.neuron = "adaptive"
    assert one.run()["worth"] < -0.01
    one.neuron = "leaky"
    assert 0 < one.run()["worth"] < 0.05


@pytest.mark.parametrize(
    ("cut", "reply"),
    [
        ("V @ spk - spk.detach()", "nothing is cut"),
        ("(V @ spk).detach() - spk.detach()", "V get no gradient"),
        ("V @ spk.detach() - spk", "through the reset"),
        (
            "V.detach() @ spk - spk.detach()",
            "Cut the spikes before they are multiplied by V, not V",
        ),
    ],
)
def test_a_cut_at_another_place_is_named(cut, reply):
    names = {"torch": torch}
    source = exercise("16.3").code().replace("V @ spk.detach() - spk.detach()", cut)
    exec(source, names)
    with pytest.raises(WrongAnswer, match=reply):
        checks.verdict(exercise("16.3"), names["my_cut"], 0)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("beta * p + own + V @ p", "second axis"),
        ("beta * (p + own + others)", "all three terms"),
    ],
)
def test_a_wrong_step_of_rtrl_is_named(line, reply):
    names = {"torch": torch}
    source = exercise("16.2").code().replace("beta * p + own + others", line)
    assert line in source
    exec(source, names)
    with pytest.raises(WrongAnswer, match=reply):
        checks.verdict(exercise("16.2"), names["my_rtrl"], 0)


@pytest.mark.parametrize("guess", ["BPTT", "e-prop", "Both alike"])
def test_no_reply_to_a_guess_contradicts_the_outcome(guess, capsys):
    snn.predict("16.p4", guess)
    snn.outcome("16.p4", "e-prop")
    said = capsys.readouterr().out
    assert "here that helped" not in said
    assert "made no difference" not in said


def test_the_explorer_offers_no_code_that_a_notebook_cannot_run():
    assert trace_explorer().code == ""


def test_the_wait_may_be_longer_and_a_clipped_gradient_learns_otherwise():
    short, long = (
        experiments.cue_task(4, torch.Generator().manual_seed(0), wait=wait)[0] for wait in (8, 20)
    )
    assert len(long) == len(short) + 12
    free, cut = list[float](), list[float]()
    for norms, clip in ((free, float("inf")), (cut, 1e-3)):
        more = {"rounds": 3, "cues": 1, "wait": 2, "clip": clip, "norms": norms}
        experiments.train_cues("bptt", 0, 0.015, **more)
    assert free[0] == cut[0] > 0  # of the same new network
    assert free[1:] != cut[1:]


def test_networks_that_learn_side_by_side_are_those_that_learn_alone():
    alone, together = list[float](), list[float]()
    more = {"rounds": 3, "cues": 1, "wait": 2, "clip": 0.1}
    found = [experiments.train_cues("bptt", seed, 0.05, **more, norms=alone) for seed in (0, 1)]
    both = experiments.train_all("bptt", (0, 1), 0.05, **more, norms=together)
    assert together == pytest.approx([*alone[::3], *alone[1::3], *alone[2::3]], rel=1e-3)
    assert both.tolist() == pytest.approx(found, abs=0.02)
    assert max(alone) > 0.1  # some were clipped
    assert experiments.train_all("bptt", [0], 0.05, rounds=1, cues=1, random=True) > 0
    assert experiments.train_all("sltt", [0], 0.05, rounds=1, cues=1) > 0


def test_the_gradients_of_eprop_and_bptt_are_alike_in_a_new_network():
    found = torch.stack([experiments.likeness(seed) for seed in range(3)])
    assert (found > 0.2).all()
    assert (found < 0.99).all()
