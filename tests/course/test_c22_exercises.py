"""The exercises of 22: runs that are not the one asked for, and a speed-up that is rounded."""

import pytest
import torch

import snnedu as snn
from snnedu.course import check as checks
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c22_scaling_out import exercises
from snnedu.course.exercise import exercise

pytestmark = pytest.mark.house


def changed(*texts):
    """Return our solution with some texts, (old, new), changed."""
    names, source = {"torch": torch, "snn": snn}, exercise("22.3").code()
    for old, new in texts:
        assert old in source
        source = source.replace(old, new)
    exec(source, names)
    return names["my_run"]


NOT_ASKED = [
    ("32), snn.Leaky(beta)", "32), snn.Leaky(0.9)", "SAME_BETAS"),
    ("10), snn.Leaky(beta)", "10), snn.Leaky(0.9)", "SAME_BETAS"),
    ("(64, 32)", "(64, 32), snn.Leaky(beta), torch.nn.Linear(32, 32)", "LAYERS"),
    ("lr=0.03", "lr=0.05", "RATE"),
    ("expand(5,", "expand(20,", "SHOWN"),
    ("epochs=1", "epochs=5", "SHOWN"),
    ("torch.manual_seed(seed)", "pass", "NOT_REPEATED"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "reply"), NOT_ASKED)
def test_a_run_that_is_not_the_one_asked_for_is_named(old, new, reply):
    for seed in range(3):
        with pytest.raises(WrongAnswer) as raised:
            checks.verdict(exercise("22.3"), changed((old, new)), seed)
        assert str(raised.value) == getattr(exercises, reply)


def test_the_better_of_two_seeds_is_not_a_run():
    def better(beta, seed):
        return max(exercises.my_run(beta, seed), exercises.my_run(beta, seed + 1))

    with pytest.raises(WrongAnswer):
        checks.verdict(exercise("22.3"), better, 0)


def test_small_batches_are_right_as_well():
    checks.verdict(exercise("22.3"), changed(("epochs=1", "epochs=1, batch_size=32")), 0)


def test_a_decay_that_float32_rounds_the_other_way_is_the_one_asked_for():
    beta = 0.5187449932098389
    found, seen = exercises._watched(exercises.my_run, beta, 0, 0)
    exercises._refuse_run(beta, found, seen)


def test_a_decay_that_is_set_after_the_network_is_made_counts():
    later = "snn.Sequential(*layers)\n    net[1].beta = net[3].beta = torch.tensor(beta)"
    run = changed(("snn.Sequential(*layers)", later), ("snn.Leaky(beta)", "snn.Leaky(0.9)"))
    checks.verdict(exercise("22.3"), run, 0)


@pytest.mark.filterwarnings("ignore:The output layer")
def test_a_network_that_stays_silent_from_every_seed_has_used_its_seed():
    sgd = "optimizer=torch.optim.SGD(net.parameters(), lr=0.03)"
    with pytest.raises(WrongAnswer) as raised:
        checks.verdict(exercise("22.3"), changed(("lr=0.03", sgd)), 0)
    assert str(raised.value) == exercises.SAME_ANSWERS


def test_equal_accuracies_of_three_seeds_may_be_chance(monkeypatch):
    found = iter([0.5, 0.5, 0.5, 0.6, 0.5, 0.5, 0.7])
    monkeypatch.setattr(exercises, "_watched", lambda *_: (next(found), None))
    monkeypatch.setattr(exercises, "_refuse_run", lambda *_: None)
    exercises.check_run(lambda beta, seed: 0.0)


@pytest.mark.parametrize("digits", [0, 1])
def test_a_rounded_speed_up_is_told_so(digits):
    def rounded(*case):
        return round(exercises.my_speedup(*case), digits)

    with pytest.raises(WrongAnswer, match="Your numbers are rounded"):
        checks.verdict(exercise("22.2"), rounded, 0)


def test_a_rounded_accuracy_is_told_so():
    def rounded(beta, seed):
        return round(exercises.my_run(beta, seed), 2)

    with pytest.raises(WrongAnswer, match="without rounding"):
        checks.verdict(exercise("22.3"), rounded, 0)
