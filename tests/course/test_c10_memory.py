"""What 10 claims, on one seed or two; and answers to its exercises that look unlike ours."""

import pytest
import torch
from torch import Tensor

import snnedu as snn
from snnedu.course import check as checks
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c10_memory import experiments as memory
from snnedu.course.chapters.c10_memory.explorers import traces
from snnedu.course.exercise import exercise
from snnedu.widgets.panels import fill
from tests.course.cells import run_cells

pytestmark = pytest.mark.house


def test_all_networks_of_a_task_have_nearly_the_same_number_of_parameters():
    for parameters, inputs, outputs in ((800, 10, 2), (400, 2, 4)):
        for name in memory.MEMORIES:
            net = memory.network(name, inputs, outputs, 40, parameters, 0.5, seed=0)
            assert 0.93 * parameters < sum(p.numel() for p in net.parameters()) <= parameters


def test_the_cue_is_in_the_first_steps_alone():
    x_rec, targets = memory.recall(400, torch.Generator().manual_seed(0))
    late = x_rec[4:-4, :, :8].mean((0, 2))
    assert (late[targets == 0].mean() - late[targets == 1].mean()).abs() < 0.01
    assert (x_rec[:4, targets == 1, 4:8] == 1).all()
    assert (x_rec[-4:, :, 8:] == 1).all()


def test_a_match_is_told_by_both_cues_and_by_neither_alone():
    x_rec, targets = memory.match(2000, torch.Generator().manual_seed(0))
    first, last = (x_rec[part, :, 4:8].amin((0, 2)) for part in (slice(4), slice(-4, None)))
    assert torch.equal((first == last).long(), targets)
    for cue in (first, last):
        assert abs(targets[cue == 1].float().mean() - targets[cue == 0].float().mean()) < 0.1
    assert (x_rec[:, :, 8:] == 0).all()
    assert 0.03 < x_rec[4:-4, :, :8].mean() < 0.07


def test_the_slow_variable_that_recalls_best_does_not_match_best():
    own, synapse, delays = (memory.match_score(name, 0) for name in ("own β", "synapse", "delays"))
    assert min(own, delays) > 0.93
    assert synapse < own - 0.05
    assert memory.match_score("β = 0.9", 0) < 0.65, "no memory, no match"


def test_only_the_gap_tells_the_class():
    x_rec, targets = memory.gap(400, torch.Generator().manual_seed(0))
    assert (x_rec.sum(0) == 1).all()  # one spike on each line
    first, second = x_rec[:, :, 0].argmax(0), x_rec[:, :, 1].argmax(0)
    assert torch.equal(second - first, torch.tensor(memory.GAPS)[targets])
    assert second.max() < memory.GAP - 1


def test_a_slow_membrane_with_subtraction_holds_the_cue_but_learns_slowly():
    """The text once said that the reset erases the memory; reset to zero and patience refute it."""
    names = ("β = 0.9", "own β", "own β, no reset", "own β, to zero", "synapse")
    fixed, own, free, zero, synapse = (memory.recall_score(name, 0) for name in names)
    assert 0.4 < fixed < 0.65
    assert fixed < own < 0.9
    assert min(free, zero, synapse) > 0.97
    assert memory.recall_score("own β", 0, rounds=400) > own + 0.1


class SeenReset(snn.Leaky):
    """A leaky neuron whose gradient flows through the subtraction, too, where `seen` is True."""

    seen = True

    def unroll(self, cur_rec, *_, **__):
        steps, mem = [], torch.zeros_like(cur_rec[0])
        spk = mem
        for cur in cur_rec:
            mem = self.beta.clamp(0, 1) * mem + cur - (spk if self.seen else spk.detach())
            spk = self.spike_grad(mem - 1)
            steps.append((spk, mem))
        return tuple(map(torch.stack, zip(*steps, strict=True)))


@pytest.mark.parametrize("seen", [True, False])
def test_subtraction_is_easy_to_train_where_the_gradient_sees_it(monkeypatch, seen):
    monkeypatch.setattr(SeenReset, "seen", seen)
    layers = memory.MEMORIES["own β"]
    monkeypatch.setitem(memory.MEMORIES, "own β", _with(SeenReset, layers))
    score = memory.recall_score("own β", 0)
    assert score > 0.97 if seen else score < 0.9


def _with(neuron, layers):
    def build(inputs, neurons, steps):
        linear, leaky = layers(inputs, neurons, steps)
        return [linear, neuron(leaky.beta, learn_beta=True)]

    return build


def test_which_memory_learns_gaps_best_depends_on_the_first_weights():
    found = {name: memory.gap_score(name, 0) for name in ("synapse", "delays", "recurrence")}
    assert min(found["synapse"], found["delays"]) > found["recurrence"] + 0.2
    lead = {
        gain: sum(
            memory.gap_score("synapse", s, gain=gain) - memory.gap_score("delays", s, gain=gain)
            for s in range(4)
        )
        for gain in (1.0, 3.0)
    }
    assert lead[1.0] < lead[3.0] - 0.2


def test_padding_changes_answers_unless_it_is_masked():
    train, test = memory.speech()
    scores = exercise("10.3").solution
    naive = run_cells("10", "t10-25", {"range(3)": "range(1)"}, train=train, test=test,
                      memory=memory, snn=snn, torch=torch)  # fmt: skip
    (net,), wrong = naive["nets"], naive["naive"]
    assert memory.heard(net, wrong, test) > 0.95
    assert memory.heard(net, wrong, test, 120) < 0.5
    net = memory.listen(memory.listener(0.9, 0), scores, train)
    assert memory.heard(net, scores, test) == memory.heard(net, scores, test, 120) > 0.94


def test_in_the_padding_the_biases_vote_and_mostly_for_one_speaker():
    train, (x_rec, speakers, lengths) = memory.speech()
    net = memory.listen(memory.listener(0.9, 0), lambda mem_rec, _: mem_rec.mean(0), train)
    x_rec = torch.cat([x_rec, torch.zeros(91, *x_rec.shape[1:])])
    own = snn.functional.length_mask(lengths, 120).unsqueeze(-1)
    with torch.no_grad():
        named = net(x_rec)[1].mean(0).argmax(1)
        spk_rec = net[1].unroll(net[0](x_rec) * own)[0]
        unbiased = net[4].unroll(net[3](spk_rec) - net[3].bias * ~own)[1].mean(0).argmax(1)
    assert named.bincount().max() > 0.85 * len(named)
    assert (unbiased == speakers).float().mean() > 0.94


def test_without_memory_the_speakers_are_named_as_well():
    train, test = memory.speech()
    scores = exercise("10.3").solution
    net = memory.listen(memory.listener(0.0, 0), scores, train)
    assert memory.heard(net, scores, test) > 0.95
    mixed = memory.mixed(test)
    assert not torch.equal(mixed[0], test[0])
    assert memory.heard(net, scores, mixed) == pytest.approx(
        memory.heard(net, scores, test), abs=0.01
    )


def test_a_delay_is_found_by_a_kernel_that_is_wide_first_and_narrow_later():
    learn = run_cells("10", "t10-39", torch=torch, snn=snn)["learn_delay"]
    narrow, wide, roomy, both = (
        learn(*way, seed=0)[-1]
        for way in ((0.5, False, 20), (7.0, False, 20), (7.0, False, 60), (7.0, True, 20))
    )
    assert narrow < 4
    assert wide > 15.5
    assert roomy == pytest.approx(15, abs=0.7)  # the line's end pushes the bell aside
    assert both == pytest.approx(15, abs=0.2)


@pytest.mark.parametrize("tau", [1, 20, 200])
def test_the_explorer_shows_the_closed_forms(tau):
    shown = traces(tau, jump=0.5, delay=100)
    left = torch.exp(torch.tensor(-1.0 / tau))
    assert shown["mem_left"] == pytest.approx((left**100).item(), rel=1e-3)
    assert shown["rise"].max() == pytest.approx(0.5, rel=1e-3)  # whatever τ is
    assert shown["rise_left"] == pytest.approx(0.5 * (left**99).item(), rel=1e-2, abs=1e-6)
    assert shown["late_left"] == 1
    assert shown["late"].sum() == 1


def test_the_code_to_copy_makes_the_three_memories_that_are_shown():
    one = snn.memory_explorer()
    names = {"snn": snn, "torch": torch}
    exec(fill(one.code, one.values, one.controls, as_code=True), names)
    cue = torch.zeros(200, 1, 1)
    cue[10] = 1.1
    spk_rec, _, ada_rec = names["adaptive"].unroll(cue)
    shown = one.run()
    assert spk_rec.sum() == 1
    assert names["adaptive"].adaptation * ada_rec.max() == pytest.approx(shown["rise"].max())
    late, _ = names["line"].unroll(cue.ceil() / 2)
    assert late[:, 0, 0].tolist() == list(shown["late"])
    assert names["leaky"].beta.item() == pytest.approx(0.951, abs=1e-3)


@pytest.mark.parametrize(
    "neuron",
    [
        lambda steps: snn.Leaky(0.85 ** (1 / steps)),  # as pen and paper say, rounded up
        lambda steps: snn.Leaky(0.86 ** (1 / steps)),
        lambda steps: snn.Leaky(0.97 ** (1 / steps)),
        lambda steps: snn.Synaptic(0.9 ** (1 / steps), 0.0),
        lambda steps: snn.Lapicque(R=10.0 * steps, C=1.0),
        lambda steps: snn.RLeaky(0.9 ** (1 / steps), V=0.0, all_to_all=False),
    ],
)
def test_another_neuron_that_remembers_is_right_and_the_next_cell_runs(neuron, capsys):
    for seed in range(6):
        checks.verdict(exercise("10.1"), neuron, seed)
    run_cells("10", "t10-06", torch=torch, my_memory=neuron)
    assert "[1, 0]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("neuron", "reply"),
    [
        (lambda steps: snn.Leaky(0.5 ** (1 / steps)), r"silent. By then 50% of a small input"),
        (lambda steps: snn.Leaky(0.84 ** (1 / steps)), r"just: 84.0% .* Leave them a margin"),
        (lambda steps: snn.Leaky(0.9 ** (1 / steps), threshold=2.0), r"90% .* What is yours\?"),
        (lambda steps: snn.Leaky(1.0), r"still fires: it has not forgotten"),
        (lambda steps: snn.Leaky(1 - 0.001 / steps), r"Its memory is too long"),
        (lambda steps: snn.Leaky(0.9), r"By then \d+% of a small input"),
        (lambda steps: snn.Leaky(0.9 ** (1 / steps), threshold=0.4), r"even if there was no cue"),
        (lambda steps: snn.Leaky(1 - 0.1 / steps, threshold=0.3), r"even if there was no cue"),
        (lambda steps: snn.Leaky(0.5 ** (1 / steps), threshold=0.7), r"another threshold"),
    ],
)
def test_a_wrong_memory_is_told_what_it_does(neuron, reply):
    with pytest.raises(WrongAnswer, match=reply):
        checks.verdict(exercise("10.1"), neuron, 0)


@pytest.mark.parametrize("id", ["10.2", "10.3"])
def test_an_answer_that_changes_its_input_learns_how_to_copy(id):
    def in_place(x, line):
        out = line[0].clone()
        line[:-1] = line[1:].clone()
        line[-1] = x
        return out, line

    def zero_padding(mem_rec, lengths):
        mem_rec[torch.arange(len(mem_rec))[:, None] >= lengths] = 0
        return mem_rec.sum(0) / lengths[:, None]

    answer = in_place if id == "10.2" else zero_padding
    with pytest.raises(WrongAnswer, match=r"changes its input.*x\.clone\(\)"):
        checks.verdict(exercise(id), answer, 0)


@pytest.mark.parametrize("cut", [Tensor.detach, Tensor.numpy, Tensor.tolist])
def test_scores_that_cut_the_gradient_are_refused_as_training_could_not_use_them(cut):
    def my_scores(mem_rec, lengths):
        means = [cut(mem_rec[:length, i].mean(0)) for i, length in enumerate(lengths.tolist())]
        return torch.stack([torch.as_tensor(mean) for mean in means])

    with pytest.raises(WrongAnswer, match="cut the gradient"):
        checks.verdict(exercise("10.3"), my_scores, 0)


def test_classes_in_place_of_scores_are_told_their_shape():
    def my_scores(mem_rec, lengths):
        return exercise("10.3").solution(mem_rec, lengths).argmax(-1)

    with pytest.raises(WrongAnswer, match=r"shape \[4, 3\]. Yours returns the shape \[4\]"):
        checks.verdict(exercise("10.3"), my_scores, 0)
