"""Checks answer within seconds whatever a learner's function does; hints, solutions, quizzes."""

import sys
import time

import pytest
import torch

from snnedu.course import attempt, checks, progress
from snnedu.course.exercises import Option, Question
from snnedu.course.quiz import quiz


def loops_for_ever(spk_rec):
    while True:
        pass


def swallows_everything(spk_rec):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def sleeps_in_c(spk_rec):
    time.sleep(30)


def raises(spk_rec):
    return spk_rec / "zero"


def changes_its_input(spk_rec):
    spk_rec += 1
    return spk_rec.sum(0)


def returns_a_million(spk_rec):
    return torch.zeros(2_000_000)


def forgets_to_return(spk_rec):
    counts = spk_rec.sum(0)  # noqa: F841


def exits(spk_rec):
    sys.exit()


@pytest.mark.parametrize(
    ("function", "reply"),
    [
        (loops_for_ever, "still running after"),
        (swallows_everything, "still running after"),
        (sleeps_in_c, "still running after"),
        (raises, 'raised TypeError in the line `return spk_rec / "zero"`'),
        (changes_its_input, "changes its input"),
        (returns_a_million, "returned 2,000,000 elements"),
        (forgets_to_return, "returns nothing"),
        (exits, "ends Python"),
        (42, "A function is needed here. Received int"),
        (lambda: 1, "raised TypeError"),
        (lambda spk_rec: "many", "cannot be compared"),
        (lambda spk_rec: torch.zeros(3), "cannot be compared"),
        (lambda spk_rec: torch.zeros(5), "The counts are not right"),
        (lambda spk_rec: [], "cannot be compared"),
    ],
)
def test_whatever_a_function_does_the_notebook_goes_on(function, reply, monkeypatch, capsys):
    monkeypatch.setattr(attempt, "SECONDS", 0.5)
    start = time.monotonic()
    reference = checks.check("00.1", function)
    assert time.monotonic() - start < 5
    assert reference is checks.exercise("00.1").solution
    out = capsys.readouterr().out
    assert "00.1 is not right yet" in out
    assert reply in out


def test_prints_are_shown_in_part_and_never_flood(capsys):
    def chatty(spk_rec):
        for _ in range(100_000):
            print("hello")
        return spk_rec.sum(0)

    checks.check("00.1", chatty)
    out = capsys.readouterr().out
    assert "Your code printed: hello" in out
    assert "characters more" in out
    assert len(out) < 1000


def test_a_check_leaves_the_learners_random_numbers_alone():
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    checks.check("00.1", lambda spk_rec: spk_rec.sum(0))
    assert torch.equal(torch.rand(3), wanted)


def test_hints_come_one_by_one_and_are_remembered(capsys):
    checks.hint("00.1")
    first = capsys.readouterr().out
    checks.hint("00.1")
    second = capsys.readouterr().out
    assert "1. " in first
    assert "2. " not in first
    assert "2. " in second
    for _ in range(3):
        checks.hint("00.1")
    assert 'snn.solution("00.1")' in capsys.readouterr().out
    assert progress.hints_taken()["00.1"] == 3


def test_solutions_are_shown_unless_withheld(monkeypatch, tmp_path, capsys):
    checks.solution("00.1")
    assert "def count_spikes(spk_rec" in capsys.readouterr().out
    monkeypatch.setenv("SNNEDU_SOLUTIONS", "withheld")
    checks.solution("00.1")
    assert "withheld for this class" in capsys.readouterr().out
    monkeypatch.delenv("SNNEDU_SOLUTIONS")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "solutions-withheld").touch()
    checks.solution("00.1")
    assert "withheld for this class" in capsys.readouterr().out


def test_progress_counts_what_is_solved(capsys):
    checks.check("00.1", lambda spk_rec: spk_rec.sum(0))
    capsys.readouterr()
    checks.progress()
    assert capsys.readouterr().out.splitlines()[1] == "tutorial 00  ●"


def test_variants_differ_between_learners_and_exercises(monkeypatch):
    seeds = set()
    for learner in ("1", "2"):
        monkeypatch.setenv("SNNEDU_LEARNER", learner)
        seeds |= {checks.variant("02.3"), checks.variant("02.1")}
        assert checks.variant("02.3") == checks.variant("02.3")
    assert len(seeds) == 4


def test_each_option_of_a_quiz_gets_its_reply_and_is_stored():
    asked = quiz("00")
    _, choice, reply = asked.children
    for option in asked.questions[0].options:
        choice.value = option.text
        assert option.feedback.split("'")[0] in reply.value
        assert ("✅" in reply.value) == option.right
    answers = [event.value for event in progress.events() if event.kind == "answer"]
    assert answers == [option.text for option in asked.questions[0].options]


def test_a_quiz_without_a_front_end_shows_everything_but_the_answer():
    data, _ = quiz("00")._repr_mimebundle_()
    for text in (data["text/plain"], data["text/html"]):
        assert "25 steps of time, 10 neurons" in text
        assert "Time always comes first here" not in text
        assert "✅" not in text


@pytest.mark.bad_input
@pytest.mark.parametrize("id", ["00.9", "77.1", "", None])
def test_an_unknown_exercise_is_said(id):
    with pytest.raises(ValueError, match="must be one of"):
        checks.check(id, None)


@pytest.mark.bad_input
def test_a_question_without_a_right_option_is_said():
    with pytest.raises(ValueError, match="one right option"):
        Question("?", (Option("a", "b"),))


def test_a_class_that_is_not_written_yet_is_open(capsys):
    class MySpike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)

    assert checks.check("06.2", MySpike) is checks.exercise("06.2").solution
    assert "06.2 is still open" in capsys.readouterr().out
