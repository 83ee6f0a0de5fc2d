"""Every exercise: its stub stays open, its solution passes, each mistake gets its own reply."""

import itertools
from dataclasses import replace
from types import FunctionType

import pytest
import torch

import snnedu
from snnedu.course import attempt, check as checks, progress
from snnedu.course.attempt import Reply, Unsolved, WrongAnswer, random_numbers
from snnedu.course.diagnosis import alike, outcome, variants
from snnedu.course.exercise import all_exercises
from tests.course.also_right import ALSO_RIGHT
from tests.course.mutants import mutants

pytestmark = pytest.mark.house
EXERCISES = all_exercises()
SEEDS = (0, 1, 2)  # of the inputs
MISTAKES = [
    pytest.param(e, reply, wrong, id=f"{e.id}-{n}")
    for e in EXERCISES
    for n, (reply, wrong) in enumerate(variants(e.mistakes))
]
ACCEPTED = [
    pytest.param(e, answer, id=f"{e.id}-{n}")
    for e in EXERCISES
    for n, answer in enumerate(e.accepts)
]
by_id = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
by_id_of_functions = pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES if isinstance(e.solution, FunctionType)], ids=lambda e: e.id
)
by_id_compared = pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES if not e.check], ids=lambda e: e.id
)


def stub(*args, **kwargs):
    """What a learner has not touched yet."""


@by_id
def test_an_untouched_stub_is_open_and_the_solution_is_returned(exercise, capsys):
    answer = stub if callable(exercise.solution) else ...
    with pytest.raises(Unsolved):
        checks.verdict(exercise, None)
    if not isinstance(exercise.solution, type):
        assert checks.check(exercise.id, answer) is exercise.solution
        assert f"{exercise.id} is still open" in capsys.readouterr().out
    assert progress.solved() == set()


@by_id
def test_the_shown_solution_typed_by_a_learner_is_right_and_recorded(exercise, capsys):
    answer = typed(exercise, exercise.code())
    assert checks.check(exercise.id, answer) is answer
    assert capsys.readouterr().out.startswith(f"✅ {exercise.id} {exercise.title}")
    assert progress.solved() == {exercise.id}


@by_id
def test_the_solution_that_an_earlier_check_returned_is_no_answer(exercise, capsys):
    another_name = checks.check(exercise.id, None)
    capsys.readouterr()
    assert checks.check(exercise.id, another_name) is exercise.solution
    assert f"{exercise.id} is still open. This is our solution" in capsys.readouterr().out
    assert progress.solved() == set()


@pytest.mark.parametrize(("exercise", "answer"), ACCEPTED)
def test_a_right_answer_in_another_form_is_accepted_and_has_then_the_form_of_ours(exercise, answer):
    for seed in SEEDS:
        accepted, _ = checks.verdict(exercise, answer, seed)
        again, _ = checks.verdict(exercise, accepted, seed)
        assert again is accepted  # nothing was left to convert


@pytest.mark.parametrize(("exercise", "reply", "wrong"), MISTAKES)
def test_a_mistake_gets_exactly_its_reply(exercise, reply, wrong):
    for seed in SEEDS:
        with pytest.raises(WrongAnswer) as raised:
            checks.verdict(exercise, wrong, seed)
        assert str(raised.value) == reply


@by_id
def test_a_reply_does_not_repeat_that_it_is_not_right_yet(exercise):
    general = [exercise.otherwise] if isinstance(exercise.otherwise, str) else []
    assert not any(reply.startswith("Not yet") for reply in [*general, *exercise.mistakes])


@by_id
def test_wrong_answers_do_not_pass(exercise):
    for wrong, seed in itertools.product(exercise.wrong, SEEDS):
        assert_refused(exercise, wrong, seed)


def assert_refused(exercise, wrong, seed):
    with pytest.raises(Reply):
        checks.verdict(exercise, wrong, seed)


@by_id_compared
def test_the_cases_tell_all_mistakes_and_the_solution_apart(exercise):
    with random_numbers(0):
        given = list(exercise.cases())
    answers = [("", exercise.solution), *variants(exercise.mistakes)]
    results = [(reply, outcome(answer, given, exercise.run)) for reply, answer in answers]
    for (one, a), (other, b) in itertools.combinations(results, 2):
        if one != other and a is not None and b is not None:
            same = all(alike(x, y, exercise.rtol) for x, y in zip(a, b, strict=True))
            assert not same, f"{one!r} and {other!r} give the same numbers"


@by_id
def test_no_mutant_of_the_solution_passes(exercise, monkeypatch):
    monkeypatch.setattr(attempt, "SECONDS", 1.0)  # some loop for ever
    changed = [line for line, source in mutants(exercise.code()) if passes(exercise, source)]
    assert set(changed) == set(ALSO_RIGHT.get(exercise.id, {}))


def passes(exercise, source):
    silent = replace(exercise, mistakes={})  # which mistake it is takes most of the time
    try:
        checks.verdict(silent, typed(exercise, source), seed=1)
    except Exception:  # refused, or it does not even run
        return False
    return True


def typed(exercise, source):
    """Return what a learner has who types this source."""
    names: dict = {"torch": torch, "snn": snnedu}
    exec(source, names)
    return names[exercise.name]


@by_id_of_functions
@pytest.mark.parametrize("kept", ["all", "first"])
def test_results_of_an_earlier_check_do_not_pass(exercise, kept):
    """A lookup table, or a constant, is right for the inputs that it was made for."""
    results = []

    def watch(*args, **kwargs):
        results.append(exercise.solution(*args, **kwargs))
        return results[-1]

    checks.verdict(exercise, watch, seed=1)
    shown = itertools.cycle(results if kept == "all" else results[:1])
    assert_refused(exercise, lambda *args, **kwargs: next(shown), seed=2)


@by_id
def test_an_exercise_has_what_a_learner_needs(exercise):
    assert 2 <= len(exercise.hints) <= 3
    assert exercise.accepts
    assert exercise.name in exercise.code()
    texts = [*exercise.hints[:-1], *exercise.mistakes]
    body = exercise.code().rstrip().splitlines()[-1].strip()
    assert not any(body in text for text in texts), "a reply or early hint gives the answer away"


@by_id_of_functions
def test_a_function_has_eight_wrong_answers_at_least(exercise):
    assert len(variants(exercise.mistakes)) + len(exercise.wrong) >= 8


def test_ids_are_unique_and_in_order():
    ids = [exercise.id for exercise in EXERCISES]
    assert ids == sorted(set(ids))
