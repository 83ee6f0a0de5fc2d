"""Every exercise: its stub stays open, its solution passes, each wrong answer gets its reply."""

import pytest
import torch

import snnedu
from snnedu.course import check as checks, progress
from snnedu.course.attempt import Unsolved, WrongAnswer
from snnedu.course.exercise import all_exercises

EXERCISES = all_exercises()
WRONG = [(e, n) for e in EXERCISES for n in range(len(e.wrong))]
by_id = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)


def stub(*args, **kwargs):
    """What a learner has not touched yet."""


@by_id
def test_an_untouched_stub_is_open_and_the_reference_is_handed_back(exercise, capsys):
    answer = stub if callable(exercise.solution) else ...
    with pytest.raises(Unsolved):
        checks.verdict(exercise, None)
    if not isinstance(exercise.solution, type):
        assert checks.check(exercise.id, answer) is exercise.solution
        assert f"{exercise.id} is still open" in capsys.readouterr().out
    assert progress.solved() == set()


@by_id
def test_the_solution_is_right_and_recorded(exercise, capsys):
    assert checks.check(exercise.id, exercise.solution) is exercise.solution
    assert capsys.readouterr().out.startswith(f"✅ {exercise.id} {exercise.title}")
    assert progress.solved() == {exercise.id}


@pytest.mark.parametrize(("exercise", "n"), WRONG, ids=lambda v: getattr(v, "id", v))
def test_a_wrong_answer_gets_exactly_its_reply(exercise, n):
    answer, message = exercise.wrong[n]
    with pytest.raises(WrongAnswer) as reply:
        checks.verdict(exercise, answer)
    assert str(reply.value) == message


@by_id
def test_an_exercise_has_what_a_learner_needs(exercise):
    assert 2 <= len(exercise.hints) <= 3
    assert len(exercise.wrong) >= 3
    assert exercise.name in exercise.code()
    texts = [*exercise.hints[:-1], *(message for _, message in exercise.wrong)]
    body = exercise.code().rstrip().splitlines()[-1].strip()
    assert not any(body in text for text in texts), "a reply or early hint gives the answer away"


@by_id
def test_the_shown_solution_runs_in_a_notebook(exercise):
    names: dict = {"torch": torch, "snn": snnedu}
    exec(exercise.code(), names)
    checks.verdict(exercise, names[exercise.name])


def test_ids_are_unique_and_in_order():
    ids = [exercise.id for exercise in EXERCISES]
    assert ids == sorted(set(ids))
